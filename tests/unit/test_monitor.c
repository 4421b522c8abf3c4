/* Trainings that watch a number: when they end, which parameters they end with, and what they record of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/engine.h"
#include "engine/monitor.h"
#include "networks.h"
#include "reference_file.h"
#include "train_once.h"

enum { TRAIN = 40, HELD_OUT = 60, SIDE = 5, PIXELS = SIDE * SIDE, CLASSES = 3, EPOCHS = 40 };
enum { STEPS_PER_EPOCH = 3, STEPS = EPOCHS * STEPS_PER_EPOCH, MOST_VALUES = 20000 };

static uint8_t pixels[(TRAIN + HELD_OUT) * PIXELS], labels[TRAIN + HELD_OUT];

static dataset small_images(void) {
    const synthetic_spec spec = {.shape = {1, SIDE, SIDE}, .classes = CLASSES};
    synthetic_images(&spec, 1, 0, TRAIN + HELD_OUT, pixels, labels);
    return (dataset){
        .shape = spec.shape,
        .classes = CLASSES,
        .train = {.count = TRAIN, .pixels = pixels, .labels = labels},
        .validation = {.count = HELD_OUT, .pixels = pixels + TRAIN * PIXELS, .labels = labels + TRAIN},
    };
}

static const record_spec per_step = {.every = 2, .unit = RECORD_PER_STEP},
                         per_epoch = {.every = 1, .unit = RECORD_PER_EPOCH},
                         at_end = {.every = 1, .unit = RECORD_AT_END};

/* Overfits: the loss of held-out images falls, rises and is noisy. */
static training_spec overfitting(void) {
    training_spec s = {
        .model = {.layer_count = 5, .layers = {DENSE(12), BATCH_NORM, RELU, DROPOUT(0.3), DENSE(CLASSES)}},
        .optimizer = {.kind = OPTIMIZER_ADAM, .lr = 0.02, .beta1 = 0.9, .beta2 = 0.99, .epsilon = 1e-8},
        .epochs = EPOCHS,
        .batch = 16,
        .shuffle = true,
        .monitor = {.number = MONITOR_VALIDATION_LOSS},
    };
    s.records[RECORD_TRAIN_LOSS] = per_step;
    s.records[RECORD_TRAIN_ACCURACY] = s.records[RECORD_LEARNING_RATE] = per_epoch;
    s.records[RECORD_VALIDATION_LOSS] = s.records[RECORD_VALIDATION_ACCURACY] = per_epoch;
    s.records[RECORD_PARAMETERS] = s.records[RECORD_BATCH_NORM] = at_end;
    return s;
}

/* ---- A training and its values ----------------------------------------------------------------- */

typedef struct result {
    record_layout layout;
    training_report report;
    float values[MOST_VALUES];
} result;

static void train(const training_spec *spec, result *r) {
    const dataset data = small_images();
    training *planned;
    arena memory = {0};
    error_info error = {0};
    if (training_open(&planned, spec, &data, &error) != STATUS_OK)
        fail_msg("%s", error.text);
    r->layout = training_planned(planned)->records;
    assert_in_range(r->layout.value_count, 1, MOST_VALUES);
    assert_int_equal(training_planned(planned)->shape, 0);
    r->report = (training_report){.values = r->values};
    assert_int_equal(engine_train(planned, 5, 1, &memory, &(training_control){0}, &r->report, &error),
                     STATUS_OK);
    assert_int_equal(r->report.outcome, TRAINING_DONE);
    training_close(&planned);
    arena_release(&memory);
}

static const record_variable *variable(const record_layout *layout, const char *name) {
    for (int i = 0; i < layout->variable_count; i++)
        if (strcmp(layout->variables[i].name, name) == 0)
            return &layout->variables[i];
    fail_msg("there is no %s", name);
    return NULL;
}

static const float *values_of(const result *r, const char *name) {
    return r->values + variable(&r->layout, name)->offset;
}

static float value_of(const result *r, const char *name) {
    assert_int_equal(variable(&r->layout, name)->axis, RECORD_AXIS_NONE);
    return *values_of(r, name);
}

static float final_of(const result *r, const char *name) {
    return record_final(variable(&r->layout, name), r->values);
}

static void assert_same_values(const result *a, const result *b, const char *name, size_t count) {
    assert_memory_equal(values_of(a, name), values_of(b, name), count * sizeof(float));
}

/* ---- The rule ---------------------------------------------------------------------------------- */

/* What Keras' EarlyStopping makes of a curve (keras/callbacks.py, on_epoch_end): wait += 1; if
 * monitor_op(current − min_delta, best): best = current, wait = 0; if wait ≥ patience: stop. */
typedef struct verdict {
    size_t recordings, best; /* until it stops; place of the best */
} verdict;

static verdict keras_rule(const float *curve, size_t count, bool highest, int patience, double min_delta) {
    const double sign = highest ? 1 : -1;
    double best = -INFINITY;
    verdict v = {.recordings = count};
    int wait = 0;
    for (size_t i = 0; i < count; i++) {
        wait++;
        if (sign * (double)curve[i] - min_delta > best) {
            best = sign * (double)curve[i];
            v.best = i;
            wait = 0;
        }
        if (patience > 0 && wait >= patience) {
            v.recordings = i + 1;
            break;
        }
    }
    return v;
}

typedef struct rule_case {
    monitored_number number;
    const char *name;
    bool highest;
    int every;
    record_unit unit;
    int patience;
    double min_delta;
} rule_case;

static const rule_case rule_cases[] = {
    {MONITOR_VALIDATION_LOSS, "validation_loss", false, 1, RECORD_PER_EPOCH, 1, 0},
    {MONITOR_VALIDATION_LOSS, "validation_loss", false, 1, RECORD_PER_EPOCH, 4, 0},
    {MONITOR_VALIDATION_LOSS, "validation_loss", false, 2, RECORD_PER_EPOCH, 2, 0.05},
    {MONITOR_VALIDATION_LOSS, "validation_loss", false, 2, RECORD_PER_STEP, 5, 0},
    {MONITOR_VALIDATION_LOSS, "validation_loss", false, 3, RECORD_PER_STEP, 3, 0.01},
    {MONITOR_VALIDATION_ACCURACY, "validation_accuracy", true, 1, RECORD_PER_EPOCH, 3, 0},
    {MONITOR_VALIDATION_ACCURACY, "validation_accuracy", true, 1, RECORD_PER_EPOCH, 5, 3},
    {MONITOR_TRAIN_SET_LOSS, "train_set_loss", false, 1, RECORD_PER_EPOCH, 1, 0},
};

static training_spec spec_of(const rule_case *c) {
    training_spec s = overfitting();
    s.records[RECORD_VALIDATION_LOSS] = s.records[RECORD_VALIDATION_ACCURACY] = (record_spec){0};
    s.records[name_find(&record_names, c->name)] = (record_spec){.every = c->every, .unit = c->unit};
    s.monitor = (monitor_spec){.number = c->number, .min_delta = c->min_delta};
    return s;
}

static void check_rule(const rule_case *c) {
    static result whole, early;
    training_spec s = spec_of(c);
    train(&s, &whole);
    const record_variable *curve = variable(&whole.layout, c->name);
    const verdict v =
        keras_rule(values_of(&whole, c->name), curve->count, c->highest, c->patience, c->min_delta);
    assert_in_range(v.recordings, 2, curve->count - 1);
    s.monitor.patience = c->patience;
    train(&s, &early);

    const long steps = (long)v.recordings * curve->every * (c->unit == RECORD_PER_STEP ? 1 : STEPS_PER_EPOCH);
    assert_int_equal(early.report.steps_taken, steps);
    assert_same_values(&whole, &early, c->name, v.recordings);
    for (size_t i = v.recordings; i < curve->count; i++)
        assert_true(isnan(values_of(&early, c->name)[i]));
    char best[64];
    snprintf(best, sizeof best, "best_%s", c->name);
    assert_true(value_of(&early, best) == values_of(&whole, c->name)[v.best]);
    assert_true(value_of(&early, c->unit == RECORD_PER_STEP ? "best_step" : "best_epoch") ==
                (float)((long)(v.best + 1) * curve->every));
    assert_true(value_of(&early, "steps_planned") == (float)STEPS);
    assert_true(final_of(&early, c->name) == values_of(&whole, c->name)[v.recordings - 1]);
}

static void trainings_end_by_the_rule(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof rule_cases / sizeof rule_cases[0]; i++)
        check_rule(&rule_cases[i]);
}

/* Without patience nothing changes but what is recorded in addition. */
static void watching_alone_changes_nothing(void **state) {
    (void)state;
    static result watched, plain;
    training_spec s = overfitting();
    train(&s, &watched);
    s.monitor = (monitor_spec){0};
    train(&s, &plain);
    assert_int_equal(plain.layout.variable_count, 8 + 2);
    assert_int_equal(watched.layout.variable_count, plain.layout.variable_count + 5);
    assert_memory_equal(plain.values, watched.values, plain.layout.value_count * sizeof(float));
    assert_int_equal(watched.report.steps_taken, STEPS);
}

/* Its companions would go on, with other parameters. */
static void a_training_that_watches_is_not_in_lockstep(void **state) {
    (void)state;
    const dataset data = {.shape = {4, 1, 1}, .classes = 3, .train.count = 10};
    static training_plan plan;
    training_spec s = {.model = {.layer_count = 1, .layers = {DENSE(3)}}, .epochs = 2, .batch = 4};
    s.records[RECORD_TRAIN_LOSS] = per_epoch;
    assert_int_equal(engine_plan(&s, &data, &plan, NULL), STATUS_OK);
    assert_true(plan.shape != 0);
    s.monitor.number = MONITOR_TRAIN_LOSS;
    assert_int_equal(engine_plan(&s, &data, &plan, NULL), STATUS_OK);
    assert_true(plan.shape == 0);
}

/* ---- The best ---------------------------------------------------------------------------------- */

/* Random streams are named by epochs and steps: a training of `best` epochs ends where the best moment of a
 * longer one was. */
static void the_best_parameters_are_kept(void **state) {
    (void)state;
    static result kept, shorter;
    training_spec s = overfitting();
    s.monitor.patience = 6;
    s.monitor.keep = KEEP_BEST;
    train(&s, &kept);
    const float best = value_of(&kept, "best_epoch");
    assert_in_range(best, 2, EPOCHS - 7);
    assert_int_equal(kept.report.steps_taken, ((long)best + 6) * STEPS_PER_EPOCH);
    s.epochs = (int)best;
    s.monitor = (monitor_spec){0};
    train(&s, &shorter);
    assert_same_values(&shorter, &kept, "parameters", variable(&kept.layout, "parameters")->dims[0].length);
    static const char *const parts[] = {"gamma", "beta", "mean", "variance"};
    for (int i = 0; i < 4; i++) {
        char name[64];
        snprintf(name, sizeof name, "batch_norm_1_%s", parts[i]);
        assert_same_values(&shorter, &kept, name, 12);
    }
    static const char *const numbers[] = {"validation_loss", "validation_accuracy", "train_accuracy"};
    for (int i = 0; i < 3; i++) {
        char name[64];
        snprintf(name, sizeof name, "best_%s", numbers[i]);
        assert_true(final_of(&kept, numbers[i]) == final_of(&shorter, numbers[i]));
        assert_true(value_of(&kept, name) == final_of(&shorter, numbers[i]));
        assert_true(values_of(&kept, numbers[i])[(int)best + 5] != final_of(&kept, numbers[i]));
    }
    assert_true(final_of(&kept, "train_loss") != final_of(&shorter, "train_loss")); /* other moments */
}

/* Cells that keep the best and cells that do not share a layout. */
static void final_values_survive_a_wider_layout(void **state) {
    (void)state;
    static result r[2];
    static record_layout wide;
    static float out[MOST_VALUES];
    training_spec s = overfitting();
    s.monitor.patience = 6;
    memset(&wide, 0, sizeof wide);
    for (int i = 0; i < 2; i++) {
        s.monitor.keep = i == 0 ? KEEP_LAST : KEEP_BEST;
        s.epochs = i == 0 ? EPOCHS + 3 : EPOCHS;
        train(&s, &r[i]);
        assert_int_equal(record_layout_merge(&wide, &r[i].layout, NULL), STATUS_OK);
    }
    assert_true(final_of(&r[0], "validation_loss") > final_of(&r[1], "validation_loss"));
    for (int i = 0; i < 2; i++) {
        record_copy(&r[i].layout, r[i].values, &wide, out);
        assert_true(record_final(variable(&wide, "validation_loss"), out) ==
                    final_of(&r[i], "validation_loss"));
        assert_true(record_final(variable(&wide, "train_loss"), out) == final_of(&r[i], "train_loss"));
    }
}

static void without_epochs_the_start_is_best(void **state) {
    (void)state;
    static result r;
    training_spec s = overfitting();
    s.epochs = 0;
    s.records[RECORD_TRAIN_LOSS] = (record_spec){0};
    s.monitor.patience = 1;
    s.monitor.keep = KEEP_BEST;
    train(&s, &r);
    assert_true(value_of(&r, "best_epoch") == 0);
    assert_true(value_of(&r, "best_validation_loss") == final_of(&r, "validation_loss"));
}

/* ---- The schedule plateau ---------------------------------------------------------------------- */

enum { MOST_NUMBERS = 60 };

typedef struct plateau_case {
    const char *name;
    bool highest;
    schedule_spec schedule;
} plateau_case;

/* As in make_plateau_vectors.py. */
static const plateau_case plateau_cases[] = {
    {"rel", false, {.factor = 0.1, .patience = 3, .threshold = 1e-4}},
    {"rel_threshold", false, {.factor = 0.5, .patience = 1, .threshold = 0.02, .cooldown = 3}},
    {"abs", false, {.factor = 0.7, .threshold = 0.01, .threshold_mode = THRESHOLD_ABS, .min_lr = 0.003}},
    {"max_rel", true, {.factor = 0.3, .patience = 2, .threshold = 0.01}},
    {"max_abs",
     true,
     {.factor = 0.5, .patience = 2, .threshold = 0.5, .threshold_mode = THRESHOLD_ABS, .cooldown = 1}},
    {"tiny", false, {.factor = 0.01, .patience = 2, .threshold = 0.5}},
};

static void check_plateau(const plateau_case *c, const double *numbers, const double *rates, int count) {
    training_spec s = {.optimizer.lr = 0.05, .schedule = c->schedule};
    s.schedule.kind = SCHEDULE_PLATEAU;
    monitor_past past;
    monitor w = {.spec = &s, .past = &past};
    monitor_start(&w, c->highest);
    assert_true(monitor_rate(&w) == 0.05);
    for (int i = 0; i < count; i++) {
        monitor_judge(&w, c->highest ? -100 * numbers[i] : numbers[i]);
        if (fabs(monitor_rate(&w) - rates[i]) > 1e-15 * rates[i])
            fail_msg("%s: %.17g after number %d, PyTorch has %.17g", c->name, monitor_rate(&w), i, rates[i]);
    }
}

static void a_plateau_is_that_of_pytorch(void **state) {
    (void)state;
    double numbers[MOST_NUMBERS], rates[MOST_NUMBERS];
    FILE *file = fopen(REFERENCE_DIRECTORY "/plateau_vectors.txt", "r");
    assert_non_null(file);
    const int count = read_vector(file, "numbers", numbers, MOST_NUMBERS);
    for (size_t i = 0; i < sizeof plateau_cases / sizeof plateau_cases[0]; i++) {
        assert_int_equal(read_vector(file, plateau_cases[i].name, rates, MOST_NUMBERS), count);
        check_plateau(&plateau_cases[i], numbers, rates, count);
    }
    fclose(file);
}

/* A rate that was lowered after an epoch is that of the next. */
static void a_training_takes_the_rates_of_its_plateau(void **state) {
    (void)state;
    static result r;
    training_spec s = overfitting();
    s.schedule = (schedule_spec){.kind = SCHEDULE_PLATEAU, .factor = 0.5, .patience = 1, .threshold = 1e-4};
    train(&s, &r);
    monitor_past past;
    monitor w = {.spec = &s, .past = &past};
    monitor_start(&w, false);
    for (int epoch = 0; epoch < EPOCHS; epoch++) {
        assert_true(values_of(&r, "learning_rate")[epoch] == (float)monitor_rate(&w));
        monitor_judge(&w, (double)values_of(&r, "validation_loss")[epoch]);
    }
    assert_true(monitor_rate(&w) < 0.02 / 4);
}

/* ---- What is refused --------------------------------------------------------------------------- */

static void assert_refused(const training_spec *s, size_t field, const char *text) {
    const dataset data = small_images();
    static training_plan plan;
    error_info error = {0};
    assert_int_equal(engine_plan(s, &data, &plan, &error), STATUS_USAGE);
    if (strstr(error.text, text) == NULL)
        fail_msg("%s", error.text);
    assert_int_equal(plan.fault.subject, FAULT_FIELD);
    assert_int_equal(plan.fault.index, field);
}

static void what_is_not_recorded_cannot_be_watched(void **state) {
    (void)state;
    const size_t number = offsetof(training_spec, monitor.number);
    training_spec s = overfitting();
    s.records[RECORD_VALIDATION_LOSS] = (record_spec){0};
    assert_refused(&s, number, "validation_loss is not recorded; accepted");
    s.records[RECORD_VALIDATION_LOSS] = at_end;
    assert_refused(&s, number, "validation_loss is recorded once, at the end");
    s.monitor = (monitor_spec){.patience = 2};
    assert_refused(&s, number, "need a number that is watched");
    s.monitor = (monitor_spec){.keep = KEEP_BEST};
    assert_refused(&s, number, "need a number that is watched");
    s = overfitting();
    s.monitor.patience = -1;
    assert_refused(&s, offsetof(training_spec, monitor.patience), "-1 recordings");
    s.monitor = (monitor_spec){0};
    s.schedule.kind = SCHEDULE_PLATEAU;
    assert_refused(&s, offsetof(training_spec, schedule.kind), "plateau needs a number that is watched");
    s = overfitting();
    s.schedule = (schedule_spec){.kind = SCHEDULE_PLATEAU, .cooldown = -2};
    assert_refused(&s, offsetof(training_spec, schedule.patience), "a cooldown of -2");
    s = overfitting();
    s.model.layers[3] = (layer_spec)RELU;
    s.optimizer = (optimizer_spec){.kind = OPTIMIZER_LBFGS};
    assert_refused(&s, number, "searches end by themselves");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trainings_end_by_the_rule),
        cmocka_unit_test(watching_alone_changes_nothing),
        cmocka_unit_test(a_training_that_watches_is_not_in_lockstep),
        cmocka_unit_test(the_best_parameters_are_kept),
        cmocka_unit_test(final_values_survive_a_wider_layout),
        cmocka_unit_test(without_epochs_the_start_is_best),
        cmocka_unit_test(a_plateau_is_that_of_pytorch),
        cmocka_unit_test(a_training_takes_the_rates_of_its_plateau),
        cmocka_unit_test(what_is_not_recorded_cannot_be_watched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
