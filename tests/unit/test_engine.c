/* Training from end to end: what it records, that it learns, and that its result is a function of its
 * arguments. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/engine.h"
#include "networks.h"
#include "train_once.h"

enum { TRAIN = 600, TEST = 200, SIDE = 16, PIXELS = 3 * SIDE * SIDE, EPOCHS = 6, STEPS = 19 * EPOCHS };

/* A value per step, one per second epoch, one per epoch. */
enum { VALUES = STEPS + EPOCHS / 2 + EPOCHS };

static uint8_t pixels[(TRAIN + TEST) * PIXELS], labels[TRAIN + TEST];

static dataset small_images(void) {
    const synthetic_spec spec = {
        .shape = {3, SIDE, SIDE}, .classes = 4, .train_count = TRAIN, .test_count = TEST};
    synthetic_images(&spec, 1, 0, TRAIN + TEST, pixels, labels);
    return (dataset){
        .shape = spec.shape,
        .classes = spec.classes,
        .train = {.count = TRAIN, .pixels = pixels, .labels = labels},
        .test = {.count = TEST, .pixels = pixels + TRAIN * PIXELS, .labels = labels + TRAIN},
    };
}

static training_spec small_training(void) {
    return (training_spec){
        .normalize = {.channels = 3, .mean = {0.5, 0.5, 0.5}, .std = {0.25, 0.25, 0.25}},
        .model = {.layer_count = 6,
                  .layers = {CONV(8, 3, 3, 1, 1, 1, 1),
                             RELU,
                             POOL(2, 2, 2, 2),
                             {.kind = LAYER_FLATTEN},
                             DENSE(16),
                             DENSE(4)}},
        .optimizer = {.lr = 0.05, .momentum = 0.9},
        .epochs = EPOCHS,
        .batch = 32,
        .shuffle = true,
        .records = {[RECORD_TRAIN_LOSS] = {.every = 1, .unit = RECORD_PER_STEP},
                    [RECORD_TEST_LOSS] = {.every = 2, .unit = RECORD_PER_EPOCH},
                    [RECORD_TEST_ACCURACY] = {.every = 1, .unit = RECORD_PER_EPOCH}},
    };
}

typedef struct result {
    training_report report;
    float values[VALUES];
} result;

static void train(const training_spec *spec, const dataset *data, uint64_t coordinates, arena *memory,
                  training_stop stop, void *context, result *r) {
    error_info error;
    r->report = (training_report){.values = r->values};
    assert_int_equal(train_once(spec, data, 5, coordinates, memory,
                                &(training_control){.stop = stop, .context = context}, &r->report, &error),
                     STATUS_OK);
}

static void a_plan_counts_steps_parameters_and_values(void **state) {
    (void)state;
    const dataset data = small_images();
    const training_spec spec = small_training();
    training_plan plan;
    error_info error;
    assert_int_equal(engine_plan(&spec, &data, &plan, &error), STATUS_OK);
    assert_int_equal(plan.steps_per_epoch, 19); /* 18 of 32 and one of 24 */
    assert_int_equal(plan.steps, STEPS);
    assert_int_equal(plan.parameters, 8 * 27 + 8 + 16 * 512 + 16 + 4 * 16 + 4);
    assert_int_equal(plan.records.variable_count, 3);
    assert_int_equal(plan.records.variables[0].count, STEPS);
    assert_int_equal(plan.records.variables[1].count, EPOCHS / 2);
    assert_int_equal(plan.records.variables[2].count, EPOCHS);
    assert_int_equal(plan.records.value_count, VALUES);
    const double conv = 2.0 * 8 * 27 * SIDE * SIDE, dense = 2.0 * 16 * 512, last = 2.0 * 4 * 16;
    const double forward = conv + dense + last, backward = conv + 2 * dense + 2 * last;
    assert_true(fabs(plan.flops_per_step - 32 * (forward + backward)) < 1);
    assert_true(
        fabs(plan.flops - (EPOCHS * 1.0 * TRAIN * (forward + backward) + EPOCHS * 1.0 * TEST * forward)) < 1);
}

static void training_learns_and_fills_every_value(void **state) {
    (void)state;
    const dataset data = small_images();
    const training_spec spec = small_training();
    arena memory = {0};
    result r;
    train(&spec, &data, 1, &memory, NULL, NULL, &r);
    assert_int_equal(r.report.outcome, TRAINING_DONE);
    assert_int_equal(r.report.steps_taken, STEPS);
    for (int i = 0; i < VALUES; i++)
        assert_true(isfinite(r.values[i]));
    assert_true(fabs(r.values[0] - log(4)) < 0.3);      /* the first loss is that of guessing */
    assert_true(r.values[VALUES - 1] > 60);             /* percent; guessing gives 25 */
    assert_true(r.values[STEPS + 2] < r.values[STEPS]); /* test loss falls */
    arena_release(&memory);
}

static void the_result_depends_on_seed_and_coordinates_alone(void **state) {
    (void)state;
    const dataset data = small_images();
    const training_spec spec = small_training();
    training_spec other = spec;
    other.model.layers[0].filters = 3;
    arena fresh = {0}, used = {0};
    static result a, b, c, unrelated;
    train(&spec, &data, 1, &fresh, NULL, NULL, &a);
    train(&other, &data, 9, &used, NULL, NULL, &unrelated); /* leaves its numbers in the memory */
    train(&spec, &data, 1, &used, NULL, NULL, &b);
    train(&spec, &data, 2, &used, NULL, NULL, &c);
    assert_memory_equal(a.values, b.values, VALUES * sizeof(float));
    assert_memory_not_equal(a.values, c.values, VALUES * sizeof(float));
    arena_release(&fresh);
    arena_release(&used);
}

static void an_infinite_loss_ends_the_training_and_keeps_its_curve(void **state) {
    (void)state;
    const dataset data = small_images();
    training_spec spec = small_training();
    spec.optimizer.lr = 1e30;
    arena memory = {0};
    result r;
    train(&spec, &data, 1, &memory, NULL, NULL, &r);
    assert_int_equal(r.report.outcome, TRAINING_DIVERGED);
    assert_in_range(r.report.steps_taken, 2, 10);
    assert_true(isfinite(r.values[0]));
    assert_false(isfinite(r.values[r.report.steps_taken - 1]));
    for (int i = (int)r.report.steps_taken; i < VALUES; i++)
        assert_true(isnan(r.values[i]));
    arena_release(&memory);
}

/* The last update of all destroys the parameters: only the evaluation after it can see that. */
static void an_infinite_test_loss_counts_as_diverged(void **state) {
    (void)state;
    const dataset data = small_images();
    training_spec spec = small_training();
    spec.schedule =
        (schedule_spec){.kind = SCHEDULE_FACTORS_AT, .factor = 1e35, .count = 1, .values = {STEPS - 1}};
    arena memory = {0};
    result r;
    train(&spec, &data, 1, &memory, NULL, NULL, &r);
    assert_int_equal(r.report.steps_taken, STEPS);
    assert_true(isfinite(r.values[STEPS - 1]));
    assert_int_equal(r.report.outcome, TRAINING_DIVERGED);
    arena_release(&memory);
}

static bool stop_at_zero(void *context) {
    int *left = context;
    return (*left)-- == 0;
}

static void a_stop_ends_the_training_before_the_next_step(void **state) {
    (void)state;
    const dataset data = small_images();
    const training_spec spec = small_training();
    arena memory = {0};
    result r;
    int steps = 13;
    train(&spec, &data, 1, &memory, stop_at_zero, &steps, &r);
    assert_int_equal(r.report.outcome, TRAINING_STOPPED);
    assert_int_equal(r.report.steps_taken, 13);

    steps = 19 + 1; /* in the evaluation after the first epoch: between its two batches */
    train(&spec, &data, 1, &memory, stop_at_zero, &steps, &r);
    assert_int_equal(r.report.outcome, TRAINING_STOPPED);
    assert_int_equal(r.report.steps_taken, 19);
    arena_release(&memory);
}

/* The entropy term at λ: mean loss grows by λ · H, and H of an untrained network is about log 4. */
static void the_entropy_term_is_added_to_the_loss(void **state) {
    (void)state;
    const dataset data = small_images();
    training_spec spec = small_training();
    arena memory = {0};
    static result without, with;
    train(&spec, &data, 1, &memory, NULL, NULL, &without);
    spec.loss.entropy_weight = 0.1;
    train(&spec, &data, 1, &memory, NULL, NULL, &with);
    double entropy = (with.values[0] - without.values[0]) / 0.1;
    assert_true(entropy > 0.8 * log(4) && entropy <= log(4) + 1e-4);
    arena_release(&memory);
}

static void a_bad_specification_is_refused_with_the_layer(void **state) {
    (void)state;
    const dataset data = small_images();
    training_spec spec = small_training();
    training_plan plan;
    error_info error;
    spec.model.layers[2] = (layer_spec)POOL(17, 17, 1, 1);
    assert_int_equal(engine_plan(&spec, &data, &plan, &error), STATUS_USAGE);
    assert_non_null(strstr(error.text, "layer 2 (max_pool)"));
    spec = small_training();
    spec.model.layers[5].units = 5;
    assert_int_equal(engine_plan(&spec, &data, &plan, &error), STATUS_USAGE);
    assert_non_null(strstr(error.text, "5 × 1 × 1 outputs"));
    spec = small_training();
    spec.model = (model_spec){.layer_count = 1, .layers = {{.kind = LAYER_FLATTEN}}};
    assert_int_equal(engine_plan(&spec, &data, &plan, &error), STATUS_USAGE);
    spec = small_training();
    spec.normalize.channels = 2;
    assert_int_equal(engine_plan(&spec, &data, &plan, &error), STATUS_USAGE);
}

/* ---- Vectors and images ------------------------------------------------------------------------ */

static void assert_refused(const training_spec *spec, const dataset *data, fault_subject subject,
                           size_t index, const char *message) {
    training_plan plan;
    error_info error = {0};
    assert_int_equal(engine_plan(spec, data, &plan, &error), STATUS_USAGE);
    if (strstr(error.text, message) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", error.text, message);
    assert_int_equal(plan.fault.subject, subject);
    assert_int_equal(plan.fault.index, index);
}

static void windows_after_flatten_are_refused(void **state) {
    (void)state;
    const dataset data = small_images();
    static const layer_spec windows[] = {CONV(2, 1, 1, 1, 1, 0, 0), POOL(1, 1, 1, 1), AVG_POOL(1, 1, 1, 1),
                                         LAYER(GLOBAL_AVG_POOL)};
    static const layer_spec flatten = {.kind = LAYER_FLATTEN}, dense = DENSE(4), relu = RELU;
    for (size_t i = 0; i < sizeof windows / sizeof *windows; i++) {
        training_spec spec = small_training();
        spec.model = (model_spec){.layer_count = 4, .layers = {flatten, relu, windows[i], dense}};
        assert_refused(&spec, &data, FAULT_LAYER, 2, "comes after flatten (layer 0)");
        spec.model = (model_spec){.layer_count = 4, .layers = {flatten, dense, windows[i], dense}};
        assert_refused(&spec, &data, FAULT_LAYER, 2, "comes after flatten (layer 0)");
    }
}

/* After a convolution of eight channels. */
static void sizes_that_do_not_fit_are_refused(void **state) {
    (void)state;
    const dataset data = small_images();
    static const struct {
        layer_spec layer;
        const char *message;
    } cases[] = {
        {PADDED(MAX_POOL, 3, 2, 1, 1, 1, 2),
         "a padding of 1 × 2 around windows of 3 × 2; accepted: up to half"},
        {PADDED(AVG_POOL, 2, 2, 1, 1, 2, 0), "a padding of 2 × 0 around windows of 2 × 2"},
        {GROUPED(8, 3, 3, 1, 0, 1, 1, 3),
         "3 groups of 8 channels and 8 filters; accepted: a number that divides"},
        {GROUPED(6, 3, 3, 1, 0, 1, 1, 4), "4 groups of 8 channels and 6 filters"},
        {GROUPED(4, 3, 3, 1, 0, 1, 50, 1), "a kernel of 3 × 101 does not fit"},
        {GROUP_NORM(3), "3 groups do not divide 8 channels"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        training_spec spec = small_training();
        spec.model.layers[1] = cases[i].layer;
        assert_refused(&spec, &data, FAULT_LAYER, 1, cases[i].message);
    }
}

static void outputs_in_rows_and_columns_are_refused(void **state) {
    (void)state;
    const dataset data = small_images();
    training_spec spec = small_training();
    spec.model = (model_spec){.layer_count = 1, .layers = {CONV(2, 16, 15, 1, 1, 0, 0)}};
    assert_refused(&spec, &data, FAULT_LAYER, 0, "outputs in rows and columns, 2 × 1 × 2");
    spec.model =
        (model_spec){.layer_count = 2, .layers = {CONV(2, 16, 15, 1, 1, 0, 0), {.kind = LAYER_FLATTEN}}};
    training_plan plan;
    assert_int_equal(engine_plan(&spec, &data, &plan, NULL), STATUS_OK);
}

/* The vector is in the order channel, row, column, with a statistic for each of its values. */
static void flatten_gives_natural_order(void **state) {
    (void)state;
    enum { VALUES_OF_ALL = 2 * PIXELS + 4 * PIXELS };
    static float values[VALUES_OF_ALL];
    const dataset data = small_images();
    training_spec spec = small_training();
    spec.model = (model_spec){.layer_count = 3,
                              .layers = {{.kind = LAYER_FLATTEN},
                                         {.kind = LAYER_BATCH_NORM, .momentum = 0.5, .epsilon = 1e-12},
                                         DENSE(4)}};
    spec.normalize = (normalize_spec){.divide = 1};
    spec.epochs = 0;
    memset(spec.records, 0, sizeof spec.records);
    spec.records[RECORD_FEATURE_MAPS] = (record_spec){.every = 1,
                                                      .unit = RECORD_AT_END,
                                                      .layer_count = 2,
                                                      .layers = {0, 1},
                                                      .sample_count = 1,
                                                      .samples = {7}};
    spec.records[RECORD_BATCH_NORM] = (record_spec){.every = 1, .unit = RECORD_AT_END};
    arena memory = {0};
    training_report report = {.values = values};
    training_plan plan;
    assert_int_equal(engine_plan(&spec, &data, &plan, NULL), STATUS_OK);
    assert_int_equal(plan.parameters, 2 * PIXELS + 4 * PIXELS + 4);
    assert_int_equal(plan.records.value_count, VALUES_OF_ALL);
    assert_int_equal(train_once(&spec, &data, 0, 0, &memory, &(training_control){0}, &report, NULL),
                     STATUS_OK);
    for (int i = 0; i < plan.records.variable_count; i++) {
        const record_variable *v = &plan.records.variables[i];
        assert_int_equal(record_moment_size(v), PIXELS);
        for (size_t k = 0; v->quantity == RECORD_FEATURE_MAPS && k < PIXELS; k++)
            assert_true(values[v->offset + k] == (float)data.test.pixels[7 * PIXELS + k]);
    }
    arena_release(&memory);
}

/* ---- The last batch ---------------------------------------------------------------------------- */

static void a_short_last_batch_is_kept_or_dropped(void **state) {
    (void)state;
    const dataset data = small_images();
    training_spec spec = small_training(), whole = spec;
    spec.shuffle = whole.shuffle = false;
    spec.last_batch = LAST_BATCH_DROP;
    training_plan plan;
    assert_int_equal(engine_plan(&spec, &data, &plan, NULL), STATUS_OK);
    assert_int_equal(plan.steps_per_epoch, 18);
    assert_int_equal(plan.steps, 18 * EPOCHS);
    dataset shorter = data;
    shorter.train.count = 18 * 32;
    arena memory = {0};
    static result dropped, exact;
    train(&spec, &data, 1, &memory, NULL, NULL, &dropped);
    train(&whole, &shorter, 1, &memory, NULL, NULL, &exact);
    assert_int_equal(dropped.report.steps_taken, 18 * EPOCHS);
    assert_memory_equal(dropped.values, exact.values, (18 * EPOCHS + EPOCHS / 2 + EPOCHS) * sizeof(float));
    arena_release(&memory);
    spec.batch = TRAIN + 1;
    assert_refused(&spec, &data, FAULT_FIELD, offsetof(training_spec, last_batch),
                   "600 training samples do not fill a batch of 601");
}

/* One for each class, and not all 0. */
static void class_weights_fit_the_classes(void **state) {
    (void)state;
    const dataset data = small_images();
    training_spec spec = small_training();
    training_plan plan;
    spec.loss.kind = LOSS_CROSS_ENTROPY;
    spec.loss.class_weight_count = data.classes - 1;
    assert_refused(&spec, &data, FAULT_FIELD, offsetof(training_spec, loss.class_weights),
                   "3 weights, but the data set has 4 classes");
    spec.loss.class_weight_count = data.classes;
    assert_refused(&spec, &data, FAULT_FIELD, offsetof(training_spec, loss.class_weights),
                   "no class weighs anything");
    spec.loss.class_weights[3] = 1;
    assert_int_equal(engine_plan(&spec, &data, &plan, NULL), STATUS_OK);
}

/* One value per channel has no variance. */
static void batch_normalization_needs_two_values(void **state) {
    (void)state;
    static const struct {
        int batch, after; /* the layer that it follows */
        last_batch last;
        const char *refusal; /* NULL: accepted */
    } cases[] = {
        {599, 4, LAST_BATCH_KEEP, "the last of the batches of 599 of 600 training samples is one sample"},
        {599, 4, LAST_BATCH_DROP, NULL},
        {599, 0, LAST_BATCH_KEEP, NULL}, /* many pixels */
        {598, 4, LAST_BATCH_KEEP, NULL},
        {1, 4, LAST_BATCH_KEEP, "batches of one sample"},
        {1, 4, LAST_BATCH_DROP, "batches of one sample"},
        {1, 0, LAST_BATCH_KEEP, NULL},
    };
    const dataset data = small_images();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        training_spec spec = small_training();
        training_plan plan;
        spec.batch = cases[i].batch;
        spec.last_batch = cases[i].last;
        layer_spec *after = &spec.model.layers[cases[i].after];
        memmove(after + 2, after + 1, (size_t)(5 - cases[i].after) * sizeof *after);
        after[1] = (layer_spec)BATCH_NORM;
        spec.model.layer_count++;
        if (cases[i].refusal != NULL)
            assert_refused(&spec, &data, FAULT_FIELD, offsetof(training_spec, batch), cases[i].refusal);
        else
            assert_int_equal(engine_plan(&spec, &data, &plan, NULL), STATUS_OK);
        spec.epochs = 0;
        memset(spec.records, 0, sizeof spec.records);
        assert_int_equal(engine_plan(&spec, &data, &plan, NULL), STATUS_OK);
    }
}

/* ---- Bounds ------------------------------------------------------------------------------------ */

static void bounds_of_the_engine_are_kept(void **state) {
    (void)state;
    const dataset data = small_images();
    training_spec spec = small_training();
    spec.model.layer_count = ENGINE_MAX_LAYERS + 1;
    assert_refused(&spec, &data, FAULT_LAYERS, 0, "129 layers; accepted: 1 to 128");
    spec = small_training();
    spec.model.layer_count = ENGINE_MAX_LAYERS;
    for (int i = 6; i < ENGINE_MAX_LAYERS; i++)
        spec.model.layers[i] = (layer_spec){.kind = LAYER_TANH};
    spec.epochs = 1;
    arena memory = {0};
    static result all;
    train(&spec, &data, 1, &memory, NULL, NULL, &all);
    assert_int_equal(all.report.outcome, TRAINING_DONE);
    arena_release(&memory);
    spec = small_training();
    spec.normalize.channels = ENGINE_MAX_LIST + 1;
    assert_refused(&spec, &data, FAULT_FIELD, offsetof(training_spec, normalize.mean), "17 values");
    spec = small_training();
    spec.schedule = (schedule_spec){.kind = SCHEDULE_SEQUENCE, .every = 1, .count = ENGINE_MAX_LIST + 1};
    assert_refused(&spec, &data, FAULT_FIELD, offsetof(training_spec, schedule.values),
                   "17 values; accepted: 1");
    spec.schedule.count = 0;
    assert_refused(&spec, &data, FAULT_FIELD, offsetof(training_spec, schedule.values),
                   "0 values; accepted: 1");
    spec.schedule = (schedule_spec){.kind = SCHEDULE_STEP_DECAY};
    assert_refused(&spec, &data, FAULT_FIELD, offsetof(training_spec, schedule.every), "every 0 epochs");
    spec.schedule = (schedule_spec){.kind = SCHEDULE_CYCLICAL};
    assert_refused(&spec, &data, FAULT_FIELD, offsetof(training_spec, schedule.half_cycle), "0 steps");
    spec = small_training();
    spec.records[RECORD_WEIGHTS] =
        (record_spec){.every = 1, .unit = RECORD_AT_END, .layer_count = ENGINE_MAX_LIST + 1};
    assert_refused(&spec, &data, FAULT_FIELD, offsetof(training_spec, records[RECORD_WEIGHTS].layers),
                   "17 layers; accepted: up to 16");
    spec = small_training();
    spec.records[RECORD_FEATURE_MAPS] = (record_spec){
        .every = 1, .unit = RECORD_AT_END, .layer_count = 1, .sample_count = ENGINE_MAX_LIST + 1};
    assert_refused(&spec, &data, FAULT_FIELD, offsetof(training_spec, records[RECORD_FEATURE_MAPS].samples),
                   "17 samples; accepted: up to 16");
    spec = small_training();
    spec.batch = 1;
    spec.epochs = 1000000000;
    assert_refused(&spec, &data, FAULT_FIELD, offsetof(training_spec, epochs),
                   "steps; accepted: up to 2147483647");
    spec = small_training();
    spec.model.layers[0] = (layer_spec)CONV(1000000000, 3, 3, 1, 1, 1, 1);
    assert_refused(&spec, &data, FAULT_LAYER, 0, "values; accepted");
    spec = small_training();
    spec.model.layers[4].units = 2000000000;
    spec.model.layers[5].units = 2000000000;
    assert_refused(&spec, &data, FAULT_LAYER, 4, "values; accepted");
}

/* `same` means explicit zeros: not one bit differs, for every odd kernel, square or not. */
static void same_padding_is_half_the_kernel(void **state) {
    (void)state;
    const dataset data = small_images();
    arena memory = {0};
    static const int kernels[][2] = {{1, 1}, {3, 3}, {5, 5}, {7, 3}, {1, 5}};
    for (size_t i = 0; i < sizeof kernels / sizeof kernels[0]; i++) {
        const int height = kernels[i][0], width = kernels[i][1];
        training_spec same = small_training(), explicit = small_training();
        same.epochs = explicit.epochs = 2;
        same.model.layers[0] = (layer_spec)CONV(4, height, width, 1, 1, PADDING_SAME, PADDING_SAME);
        explicit.model.layers[0] =
            (layer_spec)CONV(4, height, width, 1, 1, (height - 1) / 2, (width - 1) / 2);
        static result a, b;
        train(&same, &data, 1, &memory, NULL, NULL, &a);
        train(&explicit, &data, 1, &memory, NULL, NULL, &b);
        assert_memory_equal(a.values, b.values, 2 * 19 * sizeof(float));
    }
    arena_release(&memory);
}

static void same_padding_wants_odd_kernels_and_stride_1(void **state) {
    (void)state;
    const dataset data = small_images();
    static const layer_spec wrong[] = {
        CONV(4, 2, 3, 1, 1, PADDING_SAME, PADDING_SAME), CONV(4, 3, 4, 1, 1, PADDING_SAME, PADDING_SAME),
        CONV(4, 3, 3, 2, 1, PADDING_SAME, PADDING_SAME), CONV(4, 3, 3, 1, 2, PADDING_SAME, PADDING_SAME)};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        training_spec spec = small_training();
        training_plan plan;
        error_info error = {0};
        spec.model.layers[0] = wrong[i];
        assert_int_equal(engine_plan(&spec, &data, &plan, &error), STATUS_USAGE);
        assert_non_null(strstr(error.text, "layer 0"));
        assert_non_null(strstr(error.text, "accepted: odd kernels, stride 1"));
    }
}

static void synthetic_images_depend_on_seed_and_index_alone(void **state) {
    (void)state;
    const synthetic_spec spec = {.shape = {3, SIDE, SIDE}, .classes = 4};
    uint8_t all[20 * PIXELS], part[5 * PIXELS], other[20 * PIXELS], classes[20];
    synthetic_images(&spec, 1, 0, 20, all, classes);
    synthetic_images(&spec, 2, 0, 20, other, classes);
    synthetic_images(&spec, 1, 10, 5, part, classes);
    assert_memory_equal(all + 10 * PIXELS, part, sizeof part);
    assert_memory_not_equal(all, other, sizeof all);
    assert_int_equal(classes[3], 13 % 4);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plan_counts_steps_parameters_and_values),
        cmocka_unit_test(training_learns_and_fills_every_value),
        cmocka_unit_test(the_result_depends_on_seed_and_coordinates_alone),
        cmocka_unit_test(an_infinite_loss_ends_the_training_and_keeps_its_curve),
        cmocka_unit_test(an_infinite_test_loss_counts_as_diverged),
        cmocka_unit_test(a_stop_ends_the_training_before_the_next_step),
        cmocka_unit_test(the_entropy_term_is_added_to_the_loss),
        cmocka_unit_test(a_bad_specification_is_refused_with_the_layer),
        cmocka_unit_test(windows_after_flatten_are_refused),
        cmocka_unit_test(sizes_that_do_not_fit_are_refused),
        cmocka_unit_test(outputs_in_rows_and_columns_are_refused),
        cmocka_unit_test(flatten_gives_natural_order),
        cmocka_unit_test(a_short_last_batch_is_kept_or_dropped),
        cmocka_unit_test(class_weights_fit_the_classes),
        cmocka_unit_test(batch_normalization_needs_two_values),
        cmocka_unit_test(bounds_of_the_engine_are_kept),
        cmocka_unit_test(same_padding_is_half_the_kernel),
        cmocka_unit_test(same_padding_wants_odd_kernels_and_stride_1),
        cmocka_unit_test(synthetic_images_depend_on_seed_and_index_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
