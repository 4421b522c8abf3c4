/* Metrics against their definitions in scikit-learn, sample by sample: of a network whose outputs are its
 * inputs, in double precision; what is recorded is float. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/random.h"
#include "engine/engine.h"
#include "networks.h"
#include "train_once.h"

/* More samples than the model takes at once. */
enum { K = 6, TRAIN = 40, VALIDATION = 30, TEST = 300, STORED = TRAIN + VALIDATION + TEST, BATCH = 16 };
enum { MOST_VALUES = 4000, TOP = 3 };

static float features[STORED * K], targets[STORED * K], start[K * K + K];
static uint8_t labels[STORED];

/* Class 4 never occurs but is predicted, class 5 neither. Outputs in steps of a quarter: many are equal. */
static int draw_data(void **state) {
    (void)state;
    random_stream stream = random_stream_open(3, 0, RANDOM_SYNTHETIC, 0);
    for (int i = 0; i < STORED * K; i++) {
        features[i] = (float)(round(4 * random_normal(&stream)) / 4) - (i % K == 5 ? 100 : 0);
        targets[i] = features[i] + (float)random_normal(&stream);
    }
    for (int i = 0; i < STORED; i++)
        labels[i] = (uint8_t)(random_below(&stream, 10) % 4);
    for (int i = 0; i < K; i++)
        start[i * K + i] = 1;
    return 0;
}

static dataset_split split_from(int first, int count, bool regression) {
    return (dataset_split){.count = (size_t)count,
                           .features = features + first * K,
                           .labels = regression ? NULL : labels + first,
                           .targets = regression ? targets + first * K : NULL};
}

static dataset drawn_data(bool regression) {
    return (dataset){.shape = {K, 1, 1},
                     .classes = regression ? 0 : K,
                     .target_count = regression ? K : 0,
                     .train = split_from(0, TRAIN, regression),
                     .validation = split_from(TRAIN, VALIDATION, regression),
                     .test = split_from(TRAIN + VALIDATION, TEST, regression)};
}

/* The identity, which learns nothing: sets are the same at all times. */
static training_spec identity(bool regression) {
    return (training_spec){
        .model = {.start = {.count = K * K + K, .values = start}, .layer_count = 1, .layers = {DENSE(K)}},
        .loss = {.kind = regression ? LOSS_SQUARED_ERROR : LOSS_CROSS_ENTROPY},
        .epochs = 2,
        .batch = BATCH,
    };
}

static const record_spec at_end = {.every = 1, .unit = RECORD_AT_END, .k = TOP},
                         per_epoch = {.every = 1, .unit = RECORD_PER_EPOCH, .k = TOP},
                         per_step = {.every = 1, .unit = RECORD_PER_STEP, .k = TOP};

typedef struct trained {
    training_plan plan;
    training_report report;
    float values[MOST_VALUES];
} trained;

/* Static memory; one training at a time. */
static const trained *train(const training_spec *spec, const dataset *data) {
    static trained t;
    error_info error = {0};
    arena memory = {0};
    t.report = (training_report){.values = t.values};
    if (engine_plan(spec, data, &t.plan, &error) != STATUS_OK)
        fail_msg("%s", error.text);
    assert_true(t.plan.records.value_count <= MOST_VALUES);
    assert_int_equal(train_once(spec, data, 1, 2, &memory, &(training_control){0}, &t.report, &error),
                     STATUS_OK);
    arena_release(&memory);
    return &t;
}

static const record_variable *variable(const trained *t, record_quantity q) {
    for (int i = 0; i < t->plan.records.variable_count; i++)
        if (t->plan.records.variables[i].quantity == q)
            return &t->plan.records.variables[i];
    fail_msg("there is no record %s", name_at(&record_names, q));
    return NULL;
}

static const float *values_of(const trained *t, record_quantity q) {
    return t->values + variable(t, q)->offset;
}

static void assert_near(double value, double expected) {
    if (!(fabs(value - expected) <= 1e-6 * (1 + fabs(expected))))
        fail_msg("%.9g, expected %.9g", value, expected);
}

/* ---- The definitions --------------------------------------------------------------------------- */

static int predicted(const float *z) {
    int best = 0;
    for (int k = 1; k < K; k++)
        best = z[k] > z[best] ? k : best;
    return best;
}

/* Is the label chosen when the likeliest class, of equals the first, is taken away TOP − 1 times? */
static bool is_among_top(const float *z, int label) {
    float left[K];
    memcpy(left, z, sizeof left);
    for (int i = 0; i < TOP; i++) {
        const int best = predicted(left);
        if (best == label)
            return true;
        left[best] = -INFINITY;
    }
    return false;
}

typedef struct metrics {
    double top, balanced, f1, matrix[K][K];
} metrics;

/* Samples first … first + count − 1. */
static metrics find_metrics(int first, int count) {
    metrics m = {0};
    int occurring = 0, known = 0;
    for (int n = first; n < first + count; n++) {
        m.top += 100.0 * is_among_top(features + n * K, labels[n]) / count;
        m.matrix[labels[n]][predicted(features + n * K)]++;
    }
    for (int c = 0; c < K; c++) {
        double true_positive = 0, false_positive = 0, false_negative = 0;
        for (int n = first; n < first + count; n++) {
            const bool is = labels[n] == c, says = predicted(features + n * K) == c;
            true_positive += is && says;
            false_positive += !is && says;
            false_negative += is && !says;
        }
        const double occurs = true_positive + false_negative, says = true_positive + false_positive;
        const double precision = says > 0 ? true_positive / says : 0;
        const double recall = occurs > 0 ? true_positive / occurs : 0;
        m.balanced += recall;
        m.f1 += precision + recall > 0 ? 2 * precision * recall / (precision + recall) : 0;
        occurring += occurs > 0;
        known += occurs + says > 0;
    }
    m.balanced *= 100.0 / occurring;
    m.f1 *= 100.0 / known;
    return m;
}

/* The four records of a set, from `q` on, at moment number `at`. */
static void assert_metrics(const trained *t, record_quantity q, size_t at, int first, int count) {
    const metrics m = find_metrics(first, count);
    assert_near(values_of(t, q)[at], m.top);
    assert_near(values_of(t, q + 1)[at], m.balanced);
    assert_near(values_of(t, q + 2)[at], m.f1);
    for (size_t i = 0; i < K * K; i++)
        assert_near(values_of(t, q + 3)[at * K * K + i], m.matrix[i / K][i % K]);
}

/* ---- Classes ----------------------------------------------------------------------------------- */

static const record_quantity of_sets[] = {RECORD_TRAIN_SET_TOP_K_ACCURACY, RECORD_VALIDATION_TOP_K_ACCURACY,
                                          RECORD_TEST_TOP_K_ACCURACY};
static const int firsts[] = {0, TRAIN, TRAIN + VALIDATION}, counts[] = {TRAIN, VALIDATION, TEST};

static void record(training_spec *spec, record_quantity q, int count, record_spec r) {
    for (int i = 0; i < count; i++)
        spec->records[(int)q + i] = r;
}

static void sets_of_classes_are_measured(void **state) {
    (void)state;
    const dataset data = drawn_data(false);
    training_spec spec = identity(false);
    for (int i = 0; i < 3; i++)
        record(&spec, of_sets[i], 4, i == 1 ? per_epoch : at_end);
    const trained *t = train(&spec, &data);
    for (int i = 0; i < 3; i++)
        assert_metrics(t, of_sets[i], i == 1, firsts[i], counts[i]);
    const record_variable *matrix = variable(t, RECORD_TEST_CONFUSION_MATRIX);
    assert_string_equal(matrix->dims[0].name, "true_class");
    assert_string_equal(matrix->dims[1].name, "predicted_class");
    assert_string_equal(matrix->units, "1");
    assert_string_equal(variable(t, RECORD_TEST_MACRO_F1)->units, "percent");
    assert_string_equal(variable(t, RECORD_TEST_TOP_K_ACCURACY)->long_name, "top-3 accuracy on the test set");
    assert_string_equal(variable(t, RECORD_TEST_R2 - 4)->name, "test_balanced_accuracy");
}

/* Batches of 16, 16 and 8 in stored order; an epoch, and the end, are all of them. */
static void batches_and_epochs_are_measured(void **state) {
    (void)state;
    const dataset data = drawn_data(false);
    training_spec spec = identity(false);
    record(&spec, RECORD_TRAIN_TOP_K_ACCURACY, 4, per_step);
    const trained *t = train(&spec, &data);
    for (int step = 0; step < 6; step++)
        assert_metrics(t, RECORD_TRAIN_TOP_K_ACCURACY, (size_t)step, step % 3 * BATCH,
                       step % 3 < 2 ? BATCH : 8);
    record(&spec, RECORD_TRAIN_TOP_K_ACCURACY, 4, per_epoch);
    t = train(&spec, &data);
    assert_metrics(t, RECORD_TRAIN_TOP_K_ACCURACY, 0, 0, TRAIN);
    assert_metrics(t, RECORD_TRAIN_TOP_K_ACCURACY, 1, 0, TRAIN);
    record(&spec, RECORD_TRAIN_TOP_K_ACCURACY, 4, at_end);
    assert_metrics(train(&spec, &data), RECORD_TRAIN_TOP_K_ACCURACY, 0, 0, TRAIN);
}

/* Every evaluation of a full-batch optimiser is an epoch of one batch. */
static void full_batches_are_epochs(void **state) {
    (void)state;
    const dataset data = drawn_data(false);
    training_spec spec = identity(false);
    spec.optimizer.kind = OPTIMIZER_LBFGS;
    spec.epochs = 3;
    spec.records[RECORD_TRAIN_CONFUSION_MATRIX] = per_epoch;
    const trained *t = train(&spec, &data);
    for (int at = 0; at < t->report.steps_taken; at++) {
        double sum = 0;
        for (int i = 0; i < K * K; i++)
            sum += (double)values_of(t, RECORD_TRAIN_CONFUSION_MATRIX)[at * K * K + i];
        assert_near(sum, TRAIN);
    }
}

static void without_training_batches_have_no_metrics(void **state) {
    (void)state;
    const dataset data = drawn_data(false);
    training_spec spec = identity(false);
    spec.epochs = 0;
    record(&spec, RECORD_TRAIN_TOP_K_ACCURACY, 4, per_epoch);
    record(&spec, RECORD_TEST_TOP_K_ACCURACY, 4, per_epoch);
    const trained *t = train(&spec, &data);
    for (int i = 0; i < 4; i++)
        assert_true(isnan(*values_of(t, RECORD_TRAIN_TOP_K_ACCURACY + i)));
    assert_metrics(t, RECORD_TEST_TOP_K_ACCURACY, 0, firsts[2], TEST);
}

/* One output above 0 says class 1. */
static void one_output_tells_two_classes(void **state) {
    (void)state;
    static const float line[2] = {1, 0}, x[8] = {-1, -2, -3, 1, 2, -4, 5, -6};
    static const uint8_t y[8] = {0, 0, 1, 1, 0, 0, 1, 0};
    const dataset_split split = {.count = 8, .features = x, .labels = y};
    const dataset data = {.shape = {1, 1, 1}, .classes = 2, .train = split, .test = split};
    training_spec spec = {.model = {.start = {.count = 2, .values = line},
                                    .layer_count = 2,
                                    .layers = {DENSE(1), LAYER(SIGMOID)}},
                          .loss = {.kind = LOSS_BINARY_CROSS_ENTROPY},
                          .batch = 1};
    record(&spec, RECORD_TEST_TOP_K_ACCURACY, 4, at_end);
    for (int k = 1; k <= 2; k++) {
        spec.records[RECORD_TEST_TOP_K_ACCURACY].k = k;
        const trained *t = train(&spec, &data);
        static const float matrix[4] = {4, 1, 1, 2};
        assert_memory_equal(values_of(t, RECORD_TEST_CONFUSION_MATRIX), matrix, sizeof matrix);
        assert_near(*values_of(t, RECORD_TEST_TOP_K_ACCURACY), k == 1 ? 75 : 100);
        assert_near(*values_of(t, RECORD_TEST_BALANCED_ACCURACY), 50 * (4.0 / 5 + 2.0 / 3));
        assert_near(*values_of(t, RECORD_TEST_MACRO_F1), 50 * (8.0 / 10 + 4.0 / 6));
    }
}

/* ---- Numbers ----------------------------------------------------------------------------------- */

static void assert_regression(const trained *t, record_quantity mae, size_t at, int first, int count) {
    double absolute = 0, r2 = 0;
    for (int k = 0; k < K; k++) {
        double mean = 0, residual = 0, total = 0;
        for (int n = first; n < first + count; n++) {
            const double error = (double)features[n * K + k] - (double)targets[n * K + k];
            mean += (double)targets[n * K + k];
            absolute += fabs(error) / count / K;
            residual += error * error;
        }
        for (int n = first; n < first + count; n++)
            total += pow((double)targets[n * K + k] - mean / count, 2);
        r2 += total > 0 ? (1 - residual / total) / K : residual == 0 ? 1.0 / K : 0;
    }
    assert_near(values_of(t, mae)[at], absolute);
    assert_near(values_of(t, mae + 1)[at], r2);
}

/* A target that is the same in all test samples counts 1 when it is met, else 0. */
static void regressions_are_measured(void **state) {
    (void)state;
    const dataset data = drawn_data(true);
    training_spec spec = identity(true);
    record(&spec, RECORD_TEST_MAE, 2, at_end);
    record(&spec, RECORD_TRAIN_MAE, 2, per_step);
    record(&spec, RECORD_TRAIN_SET_MAE, 2, per_epoch);
    for (int variant = 0; variant < 3; variant++) {
        for (int n = firsts[2]; variant > 0 && n < STORED; n++) {
            targets[n * K] = 7.125F;
            features[n * K] = variant == 1 ? 7.125F : 7;
        }
        const trained *t = train(&spec, &data);
        assert_regression(t, RECORD_TEST_MAE, 0, firsts[2], TEST);
        assert_regression(t, RECORD_TRAIN_SET_MAE, 1, 0, TRAIN);
        for (int step = 0; step < 6; step++)
            assert_regression(t, RECORD_TRAIN_MAE, (size_t)step, step % 3 * BATCH, step % 3 < 2 ? BATCH : 8);
    }
    assert_false(record_is_accuracy(RECORD_TEST_R2));
    assert_true(record_is_best_high(RECORD_TEST_R2) && !record_is_best_high(RECORD_TEST_MAE));
}

/* ---- Refusals ---------------------------------------------------------------------------------- */

static void assert_refused(bool regression, record_quantity q, int k, size_t field, const char *text) {
    const dataset data = drawn_data(regression);
    training_spec spec = identity(regression);
    training_plan plan;
    error_info error = {0};
    spec.records[q] = at_end;
    spec.records[q].k = k;
    assert_int_equal(engine_plan(&spec, &data, &plan, &error), STATUS_USAGE);
    assert_int_equal(plan.fault.subject, FAULT_FIELD);
    assert_int_equal(plan.fault.index, offsetof(training_spec, records) + q * sizeof(record_spec) + field);
    if (strstr(error.text, text) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", text, error.text);
}

static void metrics_fit_their_data(void **state) {
    (void)state;
    const size_t k = offsetof(record_spec, k), every = offsetof(record_spec, every);
    assert_refused(false, RECORD_TEST_TOP_K_ACCURACY, K + 1, k, "7 of 6 classes; accepted: 1 to 6");
    assert_refused(false, RECORD_TRAIN_TOP_K_ACCURACY, 0, k, "0 of 6 classes");
    assert_refused(false, RECORD_TRAIN_R2, 1, every, "accepted: never, or a regression");
    assert_refused(true, RECORD_VALIDATION_MACRO_F1, 1, every, "have no true class");
    assert_refused(true, RECORD_TRAIN_CONFUSION_MATRIX, 1, every, "have no true class");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sets_of_classes_are_measured),
        cmocka_unit_test(batches_and_epochs_are_measured),
        cmocka_unit_test(full_batches_are_epochs),
        cmocka_unit_test(without_training_batches_have_no_metrics),
        cmocka_unit_test(one_output_tells_two_classes),
        cmocka_unit_test(regressions_are_measured),
        cmocka_unit_test(metrics_fit_their_data),
    };
    return cmocka_run_group_tests(tests, draw_data, NULL);
}
