/* Truncated Newton and L-BFGS: they find optima that are known by another route, spend no more evaluations
 * than they may, and end as other trainings do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "base/random.h"
#include "engine/engine.h"
#include "networks.h"
#include "train_once.h"

enum { SAMPLES = 200, INPUTS = 5, UNKNOWNS = INPUTS + 1, CLASSES = 3, LIMIT = 60 };

static const double l2 = 0.01;
static const optimizer_kind kinds[] = {OPTIMIZER_TRUNCATED_NEWTON, OPTIMIZER_LBFGS};
enum { KINDS = sizeof kinds / sizeof *kinds };

static float features[SAMPLES * INPUTS], targets[SAMPLES];
static uint8_t labels[SAMPLES];

/* A linear function of normal features with noise; the labels are its terciles, roughly. */
static int draw_samples(void **state) {
    (void)state;
    random_stream stream = random_stream_open(3, 0, RANDOM_SYNTHETIC, 0);
    for (int n = 0; n < SAMPLES; n++) {
        double target = 0.5 + random_normal(&stream);
        for (int k = 0; k < INPUTS; k++) {
            const double x = random_normal(&stream);
            features[n * INPUTS + k] = (float)x;
            target += (k - 1.5) * x;
        }
        targets[n] = (float)target;
        labels[n] = target < -1 ? 0 : target < 2 ? 1 : 2;
    }
    return 0;
}

static dataset regression(void) {
    return (dataset){.shape = {1, 1, INPUTS},
                     .target_count = 1,
                     .train = {.count = SAMPLES, .features = features, .targets = targets}};
}

static dataset classification(void) {
    return (dataset){.shape = {1, 1, INPUTS},
                     .classes = CLASSES,
                     .train = {.count = SAMPLES, .features = features, .labels = labels}};
}

/* One dense layer with a penalty: convex, with one optimum. */
static training_spec linear_model(optimizer_kind kind, loss_kind loss, int outputs) {
    return (training_spec){
        .model = {.layer_count = 1, .layers = {DENSE(outputs)}},
        .loss = {.kind = loss, .l2 = l2},
        .optimizer.kind = kind,
        .epochs = LIMIT,
        .records = {[RECORD_TRAIN_COST] = {.every = 1, .unit = RECORD_PER_STEP},
                    [RECORD_GRADIENT_NORM] = {.every = 1, .unit = RECORD_PER_EPOCH, .layer_count = 1},
                    [RECORD_PARAMETERS] = {.every = 1, .unit = RECORD_AT_END}},
    };
}

typedef struct result {
    training_report report;
    const float *costs, *norms, *parameters;
    float values[2 * LIMIT + CLASSES * UNKNOWNS];
} result;

static void train(const training_spec *spec, const dataset *data, training_stop stop, void *context,
                  result *r) {
    arena memory = {0};
    error_info error;
    r->report = (training_report){.values = r->values};
    assert_int_equal(train_once(spec, data, 1, 0, &memory,
                                &(training_control){.stop = stop, .context = context}, &r->report, &error),
                     STATUS_OK);
    r->costs = r->values;
    r->norms = r->costs + spec->epochs;
    r->parameters = r->norms + spec->epochs;
    arena_release(&memory);
}

/* Solve the symmetric positive definite a x = b (n) by elimination; x takes the place of b. */
static void solve(int n, double a[][UNKNOWNS], double *b) {
    for (int k = 0; k < n; k++)
        for (int i = 0; i < n; i++) {
            const double factor = i != k ? a[i][k] / a[k][k] : 0;
            for (int j = 0; j < n; j++)
                a[i][j] -= factor * a[k][j];
            b[i] -= factor * b[k];
        }
    for (int k = 0; k < n; k++)
        b[k] /= a[k][k];
}

/* (XᵀX / N + l2 D) θ = Xᵀt / N with a column of ones for the bias, which has no penalty: D_bias = 0. */
static void normal_equations(double *theta) {
    double a[UNKNOWNS][UNKNOWNS] = {0};
    memset(theta, 0, UNKNOWNS * sizeof *theta);
    for (int n = 0; n < SAMPLES; n++) {
        double x[UNKNOWNS] = {[INPUTS] = 1};
        for (int k = 0; k < INPUTS; k++)
            x[k] = features[n * INPUTS + k];
        for (int i = 0; i < UNKNOWNS; i++) {
            theta[i] += x[i] * targets[n] / SAMPLES;
            for (int j = 0; j < UNKNOWNS; j++)
                a[i][j] += x[i] * x[j] / SAMPLES;
        }
    }
    for (int k = 0; k < INPUTS; k++)
        a[k][k] += l2;
    solve(UNKNOWNS, a, theta);
}

static void least_squares_agree_with_the_normal_equations(void **state) {
    (void)state;
    const dataset data = regression();
    double theta[UNKNOWNS];
    normal_equations(theta);
    for (int i = 0; i < KINDS; i++) {
        const training_spec spec = linear_model(kinds[i], LOSS_SQUARED_ERROR, 1);
        result r;
        train(&spec, &data, NULL, NULL, &r);
        assert_int_equal(r.report.outcome, TRAINING_DONE);
        for (int k = 0; k < UNKNOWNS; k++)
            assert_true(fabs(r.parameters[k] - theta[k]) < 1e-3);
    }
}

static void softmax_regression_ends_where_the_gradient_is_zero(void **state) {
    (void)state;
    const dataset data = classification();
    for (int i = 0; i < KINDS; i++) {
        const training_spec spec = linear_model(kinds[i], LOSS_CROSS_ENTROPY, CLASSES);
        result r;
        train(&spec, &data, NULL, NULL, &r);
        assert_int_equal(r.report.outcome, TRAINING_DONE);
        assert_true(r.norms[r.report.steps_taken - 1] < 1e-3 * r.norms[0]);
    }
}

/* Whatever the limit is: it is kept, and the last values are those of the best point. */
static void the_last_evaluation_within_the_limit_is_of_the_best_point(void **state) {
    (void)state;
    const dataset data = classification();
    for (int i = 0; i < KINDS; i++)
        for (int limit = 1; limit <= LIMIT; limit += limit < 10 ? 1 : 25) {
            training_spec spec = linear_model(kinds[i], LOSS_CROSS_ENTROPY, CLASSES);
            spec.epochs = limit;
            result r;
            train(&spec, &data, NULL, NULL, &r);
            assert_in_range(r.report.steps_taken, 1, limit);
            for (long step = 0; step < limit; step++)
                if (step < r.report.steps_taken)
                    assert_true(r.costs[r.report.steps_taken - 1] <= r.costs[step]);
                else
                    assert_true(isnan(r.costs[step]));
        }
}

static void results_are_the_same_bit_for_bit(void **state) {
    (void)state;
    const dataset data = classification();
    for (int i = 0; i < KINDS; i++) {
        const training_spec spec = linear_model(kinds[i], LOSS_CROSS_ENTROPY, CLASSES);
        result a, b;
        train(&spec, &data, NULL, NULL, &a);
        train(&spec, &data, NULL, NULL, &b);
        assert_memory_equal(a.values, b.values, sizeof a.values);
    }
}

static bool stop_at_zero(void *context) {
    int *left = context;
    return (*left)-- == 0;
}

static void a_stop_ends_the_search_before_the_next_evaluation(void **state) {
    (void)state;
    const dataset data = classification();
    for (int i = 0; i < KINDS; i++) {
        const training_spec spec = linear_model(kinds[i], LOSS_CROSS_ENTROPY, CLASSES);
        int evaluations = 7;
        result r;
        train(&spec, &data, stop_at_zero, &evaluations, &r);
        assert_int_equal(r.report.outcome, TRAINING_STOPPED);
        assert_int_equal(r.report.steps_taken, 7);
    }
}

/* Features so large that the first step leads to a cost beyond the range of float. */
static void a_cost_that_is_not_finite_ends_the_search_as_diverged(void **state) {
    (void)state;
    dataset data = regression();
    float large[SAMPLES * INPUTS];
    for (int i = 0; i < SAMPLES * INPUTS; i++)
        large[i] = 1e12F * features[i];
    data.train.features = large;
    for (int i = 0; i < KINDS; i++) {
        const training_spec spec = linear_model(kinds[i], LOSS_SQUARED_ERROR, 1);
        result r;
        train(&spec, &data, NULL, NULL, &r);
        assert_int_equal(r.report.outcome, TRAINING_DIVERGED);
        assert_in_range(r.report.steps_taken, 2, LIMIT);
        for (long step = 0; step < LIMIT; step++)
            assert_true(isfinite(r.costs[step]) == (step + 1 < r.report.steps_taken));
    }
}

static void what_changes_the_cost_from_one_evaluation_to_the_next_is_refused(void **state) {
    (void)state;
    const dataset data = classification();
    const training_spec plain = linear_model(OPTIMIZER_LBFGS, LOSS_CROSS_ENTROPY, CLASSES);
    training_spec specs[] = {plain, plain, plain};
    specs[0].model = (model_spec){.layer_count = 2, .layers = {DROPOUT(0.5), DENSE(CLASSES)}};
    specs[1].mirror = 0.5;
    specs[2].optimizer.weight_decay = 1e-3;
    training_plan plan;
    error_info error;
    assert_int_equal(engine_plan(&plain, &data, &plan, &error), STATUS_OK);
    assert_int_equal(plan.steps, LIMIT);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(engine_plan(&specs[i], &data, &plan, &error), STATUS_USAGE);
        assert_non_null(strstr(error.text, "lbfgs"));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(least_squares_agree_with_the_normal_equations),
        cmocka_unit_test(softmax_regression_ends_where_the_gradient_is_zero),
        cmocka_unit_test(the_last_evaluation_within_the_limit_is_of_the_best_point),
        cmocka_unit_test(results_are_the_same_bit_for_bit),
        cmocka_unit_test(a_stop_ends_the_search_before_the_next_evaluation),
        cmocka_unit_test(a_cost_that_is_not_finite_ends_the_search_as_diverged),
        cmocka_unit_test(what_changes_the_cost_from_one_evaluation_to_the_next_is_refused),
    };
    return cmocka_run_group_tests(tests, draw_samples, NULL);
}
