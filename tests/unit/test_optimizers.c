/* Optimisers and learning-rate schedules against PyTorch, in double precision. The vectors were made by
 * tests/reference/make_optimizer_vectors.py, which says what is computed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>

#include "engine/clipping.h"
#include "engine/optimizers.h"
#include "engine/schedules.h"
#include "reference_file.h"

enum { STEPS = 20, SIZE = 6, RATES = 60, EPOCH = 10 };

static const double lr = 0.05, tolerance = 1e-10;

typedef struct optimizer_case {
    const char *name;
    optimizer_spec spec;
} optimizer_case;

/* Two tensors, of which the weights of the first layer are parameters 0 and 1. */
static model two_layers(real *w, real *g) {
    return (model){
        .kernels = kernels_select(),
        .layer_count = 2,
        .layers = {{.weight_reals = 2, .parameter_reals = 5}, {.parameter_offset = 5, .parameter_reals = 1}},
        .parameter_reals = SIZE,
        .parameters = w,
        .gradients = g};
}

/* Walk down the parabola of the script and compare every position. */
static void check_optimizer(FILE *file, const optimizer_case *c) {
    double expected[STEPS * SIZE], w[SIZE], g[SIZE];
    assert_int_equal(read_vector(file, c->name, expected, STEPS * SIZE), STEPS * SIZE);
    const model m = two_layers(w, g);
    unsigned char state[4096] __attribute__((aligned(ARENA_ALIGNMENT))) = {0};
    arena memory = {.memory = state, .capacity = sizeof state};
    optimizer o;
    optimizer_carve(&o, &c->spec, &m, &memory);
    for (int k = 0; k < SIZE; k++)
        w[k] = 1 - k / 3.0;
    for (int step = 0; step < STEPS; step++) {
        for (int k = 0; k < SIZE; k++)
            g[k] = (k + 1) * (w[k] - k / 2.0);
        optimizer_step(&o, &m, lr, (uint64_t)step + 1);
        for (int k = 0; k < SIZE; k++)
            if (!(fabs(w[k] - expected[step * SIZE + k]) < tolerance))
                fail_msg("%s, step %d: w[%d] = %.12g instead of %.12g", c->name, step, k, w[k],
                         expected[step * SIZE + k]);
    }
}

typedef struct schedule_case {
    const char *name;
    schedule_spec spec;
} schedule_case;

static void check_schedule(FILE *file, const schedule_case *c) {
    double expected[RATES];
    assert_int_equal(read_vector(file, c->name, expected, RATES), RATES);
    for (int step = 0; step < RATES; step++) {
        double rate = schedule_rate(&c->spec, lr, (uint64_t)step, step / EPOCH);
        if (!(fabs(rate - expected[step]) < tolerance))
            fail_msg("%s, step %d: %.12g instead of %.12g", c->name, step, rate, expected[step]);
    }
}

#define ADAM(of) .kind = (of), .beta1 = 0.9, .beta2 = 0.99, .epsilon = 1e-3
#define RMSPROP .kind = OPTIMIZER_RMSPROP, .rho = 0.9, .epsilon = 1e-3

#define COSINE .kind = SCHEDULE_COSINE
#define LINEAR .kind = SCHEDULE_LINEAR
#define ONE_CYCLE .kind = SCHEDULE_ONE_CYCLE
#define PER_STEP .per = SCHEDULE_PER_STEP
#define PER_EPOCH .per = SCHEDULE_PER_EPOCH
#define WARM(counts, share) .warmup = (counts), .warmup_start = (share)

static void optimizers_and_schedules_follow_pytorch(void **state) {
    (void)state;
    const optimizer_case optimizers[] = {
        {"sgd", {.kind = OPTIMIZER_SGD}},
        {"momentum", {.kind = OPTIMIZER_SGD, .momentum = 0.9}},
        {"nesterov", {.kind = OPTIMIZER_NESTEROV, .momentum = 0.9}},
        {"weight_decay", {.kind = OPTIMIZER_SGD, .momentum = 0.9, .weight_decay = 0.1}},
        {"adam", {.kind = OPTIMIZER_ADAM, .beta1 = 0.9, .beta2 = 0.99, .epsilon = 1e-3}},
        {"rmsprop", {.kind = OPTIMIZER_RMSPROP, .rho = 0.9, .epsilon = 1e-3}},
        {"adam_keras",
         {.kind = OPTIMIZER_ADAM,
          .beta1 = 0.9,
          .beta2 = 0.99,
          .epsilon = 1e-3,
          .epsilon_style = EPSILON_KERAS}},
        {"rmsprop_keras",
         {.kind = OPTIMIZER_RMSPROP, .rho = 0.9, .epsilon = 1e-3, .epsilon_style = EPSILON_KERAS}},
        {"adamw", {ADAM(OPTIMIZER_ADAMW), .weight_decay = 0.1}},
        {"adamw_keras", {ADAM(OPTIMIZER_ADAMW), .weight_decay = 0.1, .epsilon_style = EPSILON_KERAS}},
        {"rmsprop_momentum", {RMSPROP, .momentum = 0.8, .weight_decay = 0.05}},
        {"sgd_decay_weights",
         {.kind = OPTIMIZER_SGD, .momentum = 0.9, .weight_decay = 0.1, .decay = DECAY_WEIGHTS}},
        {"adamw_decay_weights", {ADAM(OPTIMIZER_ADAMW), .weight_decay = 0.1, .decay = DECAY_WEIGHTS}},
        {"rmsprop_decay_weights", {RMSPROP, .momentum = 0.8, .weight_decay = 0.1, .decay = DECAY_WEIGHTS}},
        {"clip_norm", {.kind = OPTIMIZER_SGD, .momentum = 0.9, .clip_norm = 5}},
        {"clip_value", {.kind = OPTIMIZER_SGD, .momentum = 0.9, .clip_value = 2}},
        {"clip_both",
         {ADAM(OPTIMIZER_ADAM), .weight_decay = 0.1, .decay = DECAY_WEIGHTS, .clip_norm = 6,
          .clip_value = 2}},
    };
    const schedule_case schedules[] = {
        {"step_decay", {.kind = SCHEDULE_STEP_DECAY, .factor = 0.1, .every = 2}},
        {"factors_at", {.kind = SCHEDULE_FACTORS_AT, .factor = 0.1, .count = 2, .values = {15, 40}}},
        {"triangular", {.kind = SCHEDULE_CYCLICAL, .base = 1e-3, .max = 1e-1, .half_cycle = 7}},
        {"triangular2",
         {.kind = SCHEDULE_CYCLICAL,
          .policy = CYCLE_TRIANGULAR2,
          .base = 1e-3,
          .max = 1e-1,
          .half_cycle = 7}},
        {"exp_range",
         {.kind = SCHEDULE_CYCLICAL,
          .policy = CYCLE_EXP_RANGE,
          .base = 1e-3,
          .max = 1e-1,
          .half_cycle = 7,
          .gamma = 0.97}},
    };
    FILE *file = fopen(REFERENCE_DIRECTORY "/optimizer_vectors.txt", "r");
    assert_non_null(file);
    for (size_t i = 0; i < sizeof optimizers / sizeof *optimizers; i++)
        check_optimizer(file, &optimizers[i]);
    for (size_t i = 0; i < sizeof schedules / sizeof *schedules; i++)
        check_schedule(file, &schedules[i]);
    fclose(file);
}

/* The order of the sum is part of the result: more values than there are sums, and some left. */
static void the_norm_of_a_gradient_is_that_of_all_its_values(void **state) {
    (void)state;
    enum { COUNT = 16 * 3 + 5 };
    real g[COUNT];
    double squares = 0;
    for (int i = 0; i < COUNT; i++) {
        g[i] = (i + 1) * (i % 2 == 0 ? (real)0.5 : (real)-0.25);
        squares += (double)g[i] * (double)g[i];
    }
    assert_true(fabs(gradient_norm(COUNT, g) - sqrt(squares)) < 1e-12 * squares);
    assert_true(gradient_norm(3, g) == sqrt(0.25 + 0.25 + 2.25));
}

static void clipping_keeps_what_is_no_number(void **state) {
    (void)state;
    const optimizer_spec by_norm = {.clip_norm = 1}, by_value = {.clip_value = 1};
    const real g[2] = {(real)NAN, 3}, infinite[2] = {(real)INFINITY, 3};
    real clipped[2];
    clip_gradient(&by_norm, 2, g, clipped);
    assert_true(isnan(clipped[0]) && isnan(clipped[1]));
    clip_gradient(&by_norm, 2, infinite, clipped);
    assert_true(isnan(clipped[0]) && clipped[1] == 0);
    clip_gradient(&by_value, 2, g, clipped);
    assert_true(isnan(clipped[0]) && clipped[1] == 1);
}

static void a_sequence_holds_each_rate_for_its_epochs(void **state) {
    (void)state;
    const schedule_spec s = {.kind = SCHEDULE_SEQUENCE, .every = 2, .count = 3, .values = {1e-3, 1e-2, 1e-1}};
    const double expected[] = {1e-3, 1e-3, 1e-2, 1e-2, 1e-1, 1e-1, 1e-1, 1e-1};
    for (int epoch = 0; epoch < 8; epoch++)
        assert_true(schedule_rate(&s, lr, 0, epoch) == expected[epoch]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(optimizers_and_schedules_follow_pytorch),
        cmocka_unit_test(the_norm_of_a_gradient_is_that_of_all_its_values),
        cmocka_unit_test(clipping_keeps_what_is_no_number),
        cmocka_unit_test(a_sequence_holds_each_rate_for_its_epochs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
