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

enum { STEPS = 20, SIZE = 6, RATES = 60, EPOCH = 10, EPOCHS = RATES / EPOCH };

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
    schedule s;
    schedule_open(&s, &c->spec, lr, EPOCHS, EPOCH);
    assert_int_equal(read_vector(file, c->name, expected, RATES), RATES);
    for (int step = 0; step < RATES; step++) {
        double rate = schedule_rate(&s, (uint64_t)step, (uint64_t)step / EPOCH);
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
        {"cosine", {COSINE, PER_STEP}},
        {"cosine_epochs", {COSINE, .min_lr = 1e-3}},
        {"cosine_beyond", {COSINE, PER_STEP, .length = 23, .min_lr = 1e-3}},
        {"restarts", {COSINE, PER_STEP, .period = 7, .multiplier = 1, .min_lr = 1e-3}},
        {"restarts_longer", {COSINE, PER_STEP, .period = 4, .multiplier = 2}},
        {"restarts_epochs", {COSINE, .period = 1, .multiplier = 3}},
        {"linear", {LINEAR, PER_STEP, .start = 1}},
        {"linear_short", {LINEAR, .start = 0.5, .end = 0.1, .length = 4}},
        {"exponential", {.kind = SCHEDULE_EXPONENTIAL, PER_STEP, .factor = 0.9}},
        {"exponential_epochs", {.kind = SCHEDULE_EXPONENTIAL, .factor = 0.5}},
        {"one_cycle", {ONE_CYCLE, .rise = 0.3, .div_factor = 25, .final_div_factor = 1e4}},
        {"one_cycle_keys", {ONE_CYCLE, .length = 61, .rise = 0.6, .div_factor = 4, .final_div_factor = 50}},
        {"step_decay_steps", {.kind = SCHEDULE_STEP_DECAY, PER_STEP, .factor = 0.1, .every = 13}},
        {"factors_at_epochs",
         {.kind = SCHEDULE_FACTORS_AT, PER_EPOCH, .factor = 0.1, .count = 2, .values = {1, 4}}},
        {"warm_constant", {.kind = SCHEDULE_CONSTANT, WARM(11, 0.01)}},
        {"warm_cosine", {COSINE, PER_STEP, WARM(7, 0.1)}},
        {"warm_cosine_epochs", {COSINE, WARM(2, 0.1)}},
        {"warm_restarts", {COSINE, PER_STEP, .period = 10, .multiplier = 2, WARM(5, 0.1)}},
        {"warm_linear", {LINEAR, PER_STEP, .start = 0.8, .end = 0.2, .length = 30, WARM(20, 0.1)}},
        {"warm_exponential", {.kind = SCHEDULE_EXPONENTIAL, .factor = 0.7, WARM(3, 0.1)}},
        {"warm_step_decay", {.kind = SCHEDULE_STEP_DECAY, .factor = 0.1, .every = 2, WARM(2, 0.1)}},
        {"warm_factors_at",
         {.kind = SCHEDULE_FACTORS_AT, .factor = 0.1, .count = 2, .values = {15, 40}, WARM(5, 0.1)}},
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
    schedule opened;
    schedule_open(&opened, &s, lr, EPOCHS, EPOCH);
    for (uint64_t epoch = 0; epoch < 8; epoch++)
        assert_true(schedule_rate(&opened, 0, epoch) == expected[epoch]);
}

static double rate_of(const schedule_spec *spec, uint64_t step, uint64_t epoch) {
    schedule s;
    schedule_open(&s, spec, lr, EPOCHS, EPOCH);
    return schedule_rate(&s, step, epoch);
}

/* Schedules without lr rise to their first rate; the schedule begins after the warm-up. */
static void a_warm_up_leads_to_the_first_rate(void **state) {
    (void)state;
    const schedule_spec rates = {
        .kind = SCHEDULE_SEQUENCE, .every = 2, .count = 2, .values = {0.4, 0.1}, WARM(2, 0.5)};
    const double expected[] = {0.2, 0.3, 0.4, 0.4, 0.1, 0.1};
    for (uint64_t epoch = 0; epoch < 6; epoch++)
        assert_true(fabs(rate_of(&rates, 0, epoch) - expected[epoch]) < 1e-15);
}

/* At its top in the middle of the last step, and after its end, where PyTorch stops. */
static void one_cycle_has_no_gaps(void **state) {
    (void)state;
    schedule_spec s = {ONE_CYCLE, .length = 4, .rise = 1, .div_factor = 10, .final_div_factor = 10};
    assert_true(fabs(rate_of(&s, 3, 0) - lr) < 1e-15);
    assert_true(fabs(rate_of(&s, 4, 0) - lr / 100) < 1e-15);
    s.rise = 0.25; /* the top is step 0 */
    assert_true(fabs(rate_of(&s, 0, 0) - lr) < 1e-15);
    assert_true(fabs(rate_of(&s, 3, 0) - lr / 100) < 1e-15);
    assert_true(fabs(rate_of(&s, 1000, 0) - lr / 100) < 1e-15);
}

/* A warm-up as long as the training leaves a schedule of one count, which is never reached. */
static void a_warm_up_may_take_all_of_a_training(void **state) {
    (void)state;
    const schedule_spec s = {COSINE, WARM(EPOCHS, 0.5)};
    assert_true(fabs(rate_of(&s, 0, EPOCHS - 1) - lr * (0.5 + 0.5 * (EPOCHS - 1) / EPOCHS)) < 1e-15);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(optimizers_and_schedules_follow_pytorch),
        cmocka_unit_test(the_norm_of_a_gradient_is_that_of_all_its_values),
        cmocka_unit_test(clipping_keeps_what_is_no_number),
        cmocka_unit_test(a_sequence_holds_each_rate_for_its_epochs),
        cmocka_unit_test(a_warm_up_leads_to_the_first_rate),
        cmocka_unit_test(one_cycle_has_no_gaps),
        cmocka_unit_test(a_warm_up_may_take_all_of_a_training),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
