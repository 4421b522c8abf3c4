/* The engine for other programs: its keys are those of the job file, and it does what the engine does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "io/job/key_tables.h"
#include "io/job/table.h"
#include "library/mpisweep_engine.h"
#include "library/settings.h"
#include "networks.h"

/* ---- Keys -------------------------------------------------------------------------------------- */

static void check_names(const setting *s, const option *o) {
    if (o->choices == NULL || s->names->count != o->choices->count)
        fail_msg("%s: other choices than in the job file", s->key);
    for (size_t i = 0; i < s->names->count; i++)
        assert_string_equal(name_at(s->names, i), name_at(o->choices, i));
}

/* The number that a default of the job file stands for. */
static double preset_of(const option *o, const setting *s) {
    if (o->default_text == NULL || o->default_text[0] == '\0')
        return NAN;
    if (s->type == SETTING_CHOICE)
        return (double)name_find(o->choices, o->default_text);
    return s->type == SETTING_BOOLEAN ? strcmp(o->default_text, "true") == 0 : atof(o->default_text);
}

static void check_row(const setting *s, const option *o, size_t offset) {
    if (o == NULL)
        fail_msg("%s: the job file has no such key", s->key);
    if (s->offset + offset != o->offset)
        fail_msg("%s: another field than that of the job file", s->key);
    if (s->type == SETTING_CHOICE)
        check_names(s, o);
    else if (s->type != SETTING_BOOLEAN && (s->minimum != o->min || s->maximum != o->max))
        fail_msg("%s: %g to %g, in the job file %g to %g", s->key, s->minimum, s->maximum, o->min, o->max);
    const double preset = preset_of(o, s);
    if (s->type != SETTING_LIST && preset != s->preset && !(isnan(preset) && isnan(s->preset)))
        fail_msg("%s: preset %g, in the job file %g", s->key, s->preset, preset);
}

static void the_keys_of_a_training_are_those_of_the_job_file(void **state) {
    (void)state;
    for (size_t i = 0; i < training_settings.count; i++) {
        const setting *s = &training_settings.rows[i];
        check_row(s, option_find(&job_table, s->key), offsetof(job, base));
    }
}

/* What the library leaves out, or has functions for. */
static bool is_elsewhere(const char *key) {
    return strncmp(key, "record.", 7) == 0 || strcmp(key, "model.layers") == 0 ||
           strcmp(key, "model.init_file") == 0 || strncmp(key, "model.shift", 11) == 0;
}

static void every_key_of_a_training_is_there(void **state) {
    (void)state;
    for (size_t i = 0; i < job_table.count; i++) {
        const option *o = &job_table.options[i];
        const bool of_training =
            o->offset >= offsetof(job, base) && o->offset < offsetof(job, base) + sizeof(training_spec);
        if (of_training && !is_elsewhere(o->key) && setting_find(&training_settings, o->key) == NULL)
            fail_msg("%s is missing", o->key);
    }
}

/* Defaults that are none of the settings' numbers: strides of 0, which are completed, and sizes. */
static void check_layer_row(const key_table *layer, const setting *s) {
    const option *o = option_find(layer->keys, s->key);
    if (o == NULL)
        fail_msg("%s: the job file has no key %s", layer->name, s->key);
    assert_int_equal(s->offset, o->offset);
    if (o->type != &option_boolean && o->type != &option_padding)
        assert_true(s->minimum == o->min && s->maximum == o->max);
    if (strcmp(s->key, "stride") != 0 && o->type != &option_padding) {
        const double preset = preset_of(o, s);
        if (preset != s->preset && !(isnan(preset) && isnan(s->preset)))
            fail_msg("%s.%s: preset %g, in the job file %g", layer->name, s->key, s->preset, preset);
    }
}

static void the_keys_of_layers_are_those_of_the_job_file(void **state) {
    (void)state;
    key_table table;
    for (int t = 0, kind = 0; job_key_table(t, &table); t++) {
        if (table.help == NULL)
            continue;
        for (size_t i = 0; i < layer_settings.count; i++) {
            const setting *s = &layer_settings.rows[i];
            if ((s->layers >> kind & 1) && strchr(s->key, '.') == NULL)
                check_layer_row(&table, s);
        }
        kind++;
    }
}

/* ---- Training ---------------------------------------------------------------------------------- */

enum { SAMPLES = 200, EPOCHS = 20 };

/* Points of the plane, labelled by the quadrant's sign; drawn by a fixed rule. */
static float points[SAMPLES][2];
static uint8_t labels[SAMPLES];
static mpisweep_data data;

static int make_points(void **state) {
    (void)state;
    for (int i = 0; i < SAMPLES; i++) {
        points[i][0] = (float)(i * 37 % 101) / 50 - 1;
        points[i][1] = (float)(i * 53 % 89) / 44 - 1;
        labels[i] = (points[i][0] > 0) != (points[i][1] > 0);
    }
    data = (mpisweep_data){.channels = 2,
                           .height = 1,
                           .width = 1,
                           .classes = 2,
                           .train = {.count = SAMPLES, .features = points[0], .labels = labels},
                           .test = {.count = SAMPLES, .features = points[0], .labels = labels}};
    return 0;
}

static mpisweep_training *open_network(void) {
    mpisweep_training *t = mpisweep_create();
    assert_non_null(t);
    assert_int_equal(mpisweep_set_data(t, &data), MPISWEEP_OK);
    assert_int_equal(mpisweep_add_layer(t, "dense"), MPISWEEP_OK);
    assert_int_equal(mpisweep_set_layer(t, "units", 12), MPISWEEP_OK);
    assert_int_equal(mpisweep_add_layer(t, "tanh"), MPISWEEP_OK);
    assert_int_equal(mpisweep_add_layer(t, "dense"), MPISWEEP_OK);
    assert_int_equal(mpisweep_set_layer(t, "units", 2), MPISWEEP_OK);
    assert_int_equal(mpisweep_choose(t, "optimizer.kind", "adam"), MPISWEEP_OK);
    assert_int_equal(mpisweep_set(t, "optimizer.lr", 0.05), MPISWEEP_OK);
    assert_int_equal(mpisweep_set(t, "train.epochs", EPOCHS), MPISWEEP_OK);
    assert_int_equal(mpisweep_set(t, "train.batch", 20), MPISWEEP_OK);
    assert_int_equal(mpisweep_record(t, "train_loss", 1, MPISWEEP_EPOCHS), MPISWEEP_OK);
    assert_int_equal(mpisweep_record(t, "test_accuracy", 1, MPISWEEP_AT_END), MPISWEEP_OK);
    assert_int_equal(mpisweep_record(t, "parameters", 1, MPISWEEP_AT_END), MPISWEEP_OK);
    return t;
}

static void it_trains_as_the_engine_does(void **state) {
    (void)state;
    mpisweep_training *t = open_network();
    training_spec spec = {
        .model = {.layer_count = 3, .layers = {DENSE(12), LAYER(TANH), DENSE(2)}},
        .optimizer = {OPTIMIZER_ADAM, .lr = 0.05, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8},
        .epochs = EPOCHS,
        .batch = 20,
        .shuffle = true};
    spec.records[RECORD_TRAIN_LOSS] = (record_spec){.every = 1, .unit = RECORD_PER_EPOCH};
    const dataset same = {.shape = {2, 1, 1},
                          .classes = 2,
                          .train = {.count = SAMPLES, .features = points[0], .labels = labels}};
    float expected[EPOCHS];
    training_report report = {.values = expected};
    training *planned;
    arena memory = {0};
    assert_int_equal(training_open(&planned, &spec, &same, NULL), STATUS_OK);
    assert_int_equal(engine_train(planned, 5, 6, &memory, &(training_control){0}, &report, NULL), STATUS_OK);
    assert_int_equal(mpisweep_train(t, 5, 6), MPISWEEP_OK);
    size_t count;
    const float *loss = mpisweep_values(t, "train_loss", &count);
    assert_int_equal(count, EPOCHS);
    assert_memory_equal(loss, expected, sizeof expected);
    assert_true(mpisweep_last(t, "train_loss") == expected[EPOCHS - 1]);
    assert_true(mpisweep_last(t, "test_accuracy") > 90);
    assert_int_equal(mpisweep_steps(t), EPOCHS * 10);
    assert_int_equal(mpisweep_parameters(t), 2 * 12 + 12 + 12 * 2 + 2);
    training_close(&planned);
    arena_release(&memory);
    mpisweep_destroy(&t);
    assert_null(t);
}

static void parameters_can_be_given_back(void **state) {
    (void)state;
    mpisweep_training *t = open_network();
    size_t count;
    assert_int_equal(mpisweep_train(t, 1, 2), MPISWEEP_OK);
    const float accuracy = mpisweep_last(t, "test_accuracy"),
                *trained = mpisweep_values(t, "parameters", &count);
    assert_int_equal(count, mpisweep_parameters(t));
    mpisweep_training *other = open_network();
    assert_int_equal(mpisweep_start_from(other, trained, count), MPISWEEP_OK);
    assert_int_equal(mpisweep_set(other, "train.epochs", 0), MPISWEEP_OK);
    assert_int_equal(mpisweep_train(other, 9, 9), MPISWEEP_OK);
    assert_true(mpisweep_last(other, "test_accuracy") == accuracy);
    assert_int_equal(mpisweep_start_from(other, trained, count - 1), MPISWEEP_OK);
    assert_int_equal(mpisweep_train(other, 9, 9), MPISWEEP_REFUSED);
    mpisweep_destroy(&other);
    mpisweep_destroy(&t);
}

static int stop_at_zero(void *context) {
    return (*(int *)context)-- == 0;
}

static void it_can_be_stopped_and_diverge(void **state) {
    (void)state;
    int left = 7;
    mpisweep_training *t = open_network();
    mpisweep_on_step(t, stop_at_zero, &left);
    assert_int_equal(mpisweep_train(t, 0, 0), MPISWEEP_STOPPED);
    assert_null(mpisweep_values(t, "train_loss", NULL));
    mpisweep_on_step(t, NULL, NULL);
    mpisweep_choose(t, "optimizer.kind", "sgd");
    mpisweep_choose(t, "loss.kind", "squared_error");
    mpisweep_set(t, "optimizer.lr", 1000);
    assert_int_equal(mpisweep_train(t, 0, 0), MPISWEEP_DIVERGED);
    assert_non_null(mpisweep_values(t, "train_loss", NULL));
    mpisweep_destroy(&t);
}

static void features_can_be_standardised(void **state) {
    (void)state;
    static float large[SAMPLES][2];
    for (int i = 0; i < SAMPLES; i++) {
        large[i][0] = 1e4f + 1e3f * points[i][0];
        large[i][1] = 1e-3f * points[i][1];
    }
    mpisweep_data scaled = data;
    scaled.train.features = scaled.test.features = large[0];
    mpisweep_training *t = open_network();
    assert_int_equal(mpisweep_set_data(t, &scaled), MPISWEEP_OK);
    assert_int_equal(mpisweep_train(t, 5, 6), MPISWEEP_OK);
    assert_true(mpisweep_last(t, "test_accuracy") < 80);
    assert_int_equal(mpisweep_set(t, "data.normalize.per_feature", 1), MPISWEEP_OK);
    assert_int_equal(mpisweep_train(t, 5, 6), MPISWEEP_OK);
    assert_true(mpisweep_last(t, "test_accuracy") > 90);
    mpisweep_destroy(&t);
}

static void images_of_bytes_go_through_convolutions(void **state) {
    (void)state;
    static uint8_t pixels[60][6][6], kinds[60];
    for (int i = 0; i < 60; i++)
        for (int row = 0; row < 6; row++)
            for (int column = 0; column < 6; column++)
                pixels[i][row][column] =
                    (uint8_t)(((kinds[i] = (uint8_t)(i % 2)) ? row : column) % 2 * (200 + i % 50));
    const mpisweep_data images = {.channels = 1,
                                  .height = 6,
                                  .width = 6,
                                  .classes = 2,
                                  .train = {.count = 60, .pixels = pixels[0][0], .labels = kinds}};
    mpisweep_training *t = mpisweep_create();
    mpisweep_set_data(t, &images);
    mpisweep_add_layer(t, "conv");
    mpisweep_set_layer(t, "filters", 4);
    mpisweep_set_layer(t, "kernel", 3);
    mpisweep_set_layer(t, "padding", -1);
    mpisweep_add_layer(t, "relu");
    mpisweep_add_layer(t, "max_pool");
    mpisweep_set_layer(t, "kernel", 2);
    mpisweep_add_layer(t, "dense");
    mpisweep_set_layer(t, "units", 2);
    mpisweep_set(t, "optimizer.lr", 0.1);
    mpisweep_set(t, "train.epochs", 10);
    mpisweep_set(t, "train.batch", 10);
    mpisweep_record(t, "train_set_accuracy", 1, MPISWEEP_AT_END);
    mpisweep_record(t, "weights", 1, MPISWEEP_AT_END);
    mpisweep_record_layers(t, "weights", (int[]){0}, 1);
    assert_int_equal(mpisweep_train(t, 0, 0), MPISWEEP_OK);
    size_t count;
    assert_non_null(mpisweep_values(t, "weights_0", &count));
    assert_int_equal(count, 4 * 3 * 3);
    assert_int_equal(mpisweep_parameters(t),
                     4 * 9 + 4 + 4 * 3 * 3 * 2 + 2); /* the window moves by its size */
    assert_true(mpisweep_last(t, "train_set_accuracy") > 95);
    mpisweep_destroy(&t);
}

/* ---- Mistakes ---------------------------------------------------------------------------------- */

#define ASSERT_REFUSED(call, part)                                                                           \
    do {                                                                                                     \
        assert_int_equal(call, MPISWEEP_REFUSED);                                                            \
        if (strstr(mpisweep_message(t), part) == NULL)                                                       \
            fail_msg("%s: %s", part, mpisweep_message(t));                                                   \
    } while (0)

static void mistakes_are_refused_by_name(void **state) {
    (void)state;
    mpisweep_training *t = open_network();
    ASSERT_REFUSED(mpisweep_set(t, "optimizer.lrr", 1),
                   "no key \"optimizer.lrr\"; nearest known: optimizer.lr");
    ASSERT_REFUSED(mpisweep_set(t, "optimizer.lr", -1),
                   "optimizer.lr: -1; accepted: a number from 0 to 1000");
    ASSERT_REFUSED(mpisweep_set(t, "optimizer.lr", NAN), "optimizer.lr: ");
    ASSERT_REFUSED(mpisweep_set(t, "train.epochs", 1.5), "train.epochs: 1.5; accepted: a whole number");
    ASSERT_REFUSED(mpisweep_set(t, "loss.kind", 1), "loss.kind: takes a name");
    ASSERT_REFUSED(mpisweep_choose(t, "loss.kind", "hubert"),
                   "accepted: cross_entropy, binary_cross_entropy");
    ASSERT_REFUSED(mpisweep_choose(t, "optimizer.lr", "adam"), "takes numbers");
    ASSERT_REFUSED(mpisweep_set_list(t, "optimizer.lr", (double[]){1}, 1), "a single value");
    ASSERT_REFUSED(mpisweep_set_list(t, "schedule.steps", (double[]){1}, 17), "at most 16");
    ASSERT_REFUSED(mpisweep_add_layer(t, "dens"), "no kind of layer \"dens\"");
    ASSERT_REFUSED(mpisweep_add_layer(t, "residual"), "cannot be built here");
    ASSERT_REFUSED(mpisweep_set_layer(t, "kernel", 3), "a layer of the kind dense has no such key");
    ASSERT_REFUSED(mpisweep_choose_layer(t, "units", "many"), "a number (mpisweep_set_layer)");
    ASSERT_REFUSED(mpisweep_record(t, "test_acuracy", 1, MPISWEEP_STEPS), "nearest known: test_accuracy");
    ASSERT_REFUSED(mpisweep_record_layers(t, "weights", (int[]){128}, 1), "layers from 0 to 127");
    mpisweep_data wrong = data;
    wrong.classes = 1;
    ASSERT_REFUSED(mpisweep_set_data(t, &wrong), "train: label 1 of sample");
    wrong = (mpisweep_data){.channels = 2, .height = 1, .width = 1, .classes = 2};
    ASSERT_REFUSED(mpisweep_set_data(t, &wrong), "train: no samples");
    assert_int_equal(mpisweep_train(t, 0, 0), MPISWEEP_OK); /* nothing of it was taken */
    mpisweep_destroy(&t);
}

static void what_is_not_set_is_named(void **state) {
    (void)state;
    mpisweep_training *t = mpisweep_create();
    ASSERT_REFUSED(mpisweep_train(t, 0, 0), "no data");
    mpisweep_set_data(t, &data);
    ASSERT_REFUSED(mpisweep_train(t, 0, 0), "train.epochs is not set");
    mpisweep_set(t, "train.epochs", 1);
    ASSERT_REFUSED(mpisweep_train(t, 0, 0), "train.batch is not set");
    mpisweep_set(t, "train.batch", 1);
    ASSERT_REFUSED(mpisweep_train(t, 0, 0), "optimizer.lr is not set");
    mpisweep_choose(t, "schedule.kind", "sequence");
    mpisweep_set(t, "schedule.every", 1);
    ASSERT_REFUSED(mpisweep_train(t, 0, 0), "schedule.rates is not set");
    mpisweep_set_list(t, "schedule.rates", (double[]){0.1, 0.01}, 2);
    ASSERT_REFUSED(mpisweep_train(t, 0, 0), "0 layers; accepted: 1 to 128");
    mpisweep_add_layer(t, "dense");
    ASSERT_REFUSED(mpisweep_train(t, 0, 0), "layer 0, dense: units is not set");
    mpisweep_set_layer(t, "units", 2);
    assert_int_equal(mpisweep_train(t, 0, 0), MPISWEEP_OK);
    mpisweep_destroy(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_keys_of_a_training_are_those_of_the_job_file),
        cmocka_unit_test(every_key_of_a_training_is_there),
        cmocka_unit_test(the_keys_of_layers_are_those_of_the_job_file),
        cmocka_unit_test(it_trains_as_the_engine_does),
        cmocka_unit_test(parameters_can_be_given_back),
        cmocka_unit_test(it_can_be_stopped_and_diverge),
        cmocka_unit_test(features_can_be_standardised),
        cmocka_unit_test(images_of_bytes_go_through_convolutions),
        cmocka_unit_test(mistakes_are_refused_by_name),
        cmocka_unit_test(what_is_not_set_is_named),
    };
    return cmocka_run_group_tests(tests, make_points, NULL);
}
