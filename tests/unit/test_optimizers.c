/* Optimisers and learning-rate schedules against PyTorch, in double precision. The vectors were made by
 * tests/reference/make_optimizer_vectors.py, which says what is computed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>

#include "engine/optimizers.h"
#include "engine/schedules.h"
#include "reference_file.h"

enum { STEPS = 20, SIZE = 6, RATES = 60, EPOCH = 10 };

static const double lr = 0.05, tolerance = 1e-10;

typedef struct optimizer_case {
    const char *name;
    optimizer_spec spec;
} optimizer_case;

/* Walk down the parabola of the script and compare every position. */
static void check_optimizer(FILE *file, const optimizer_case *c) {
    double expected[STEPS * SIZE], w[SIZE], g[SIZE];
    assert_int_equal(read_vector(file, c->name, expected, STEPS * SIZE), STEPS * SIZE);
    model m = {.kernels = kernels_select(), .parameter_reals = SIZE, .parameters = w, .gradients = g};
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
        cmocka_unit_test(a_sequence_holds_each_rate_for_its_epochs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
