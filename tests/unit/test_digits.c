/* What single precision must not lose: losses and gradients against their formulas in double precision where
 * outputs are large, alike or confident; first steps of optimisers whose decay is nearly 1. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <float.h>
#include <math.h>

#include "engine/losses.h"
#include "engine/optimizers.h"
#include "networks.h"

enum { CLASSES = 2 };

static const double tolerance = 4 * FLT_EPSILON;

static void assert_digits(double found, double expected) {
    if (!(fabs(found - expected) <= tolerance * fabs(expected)))
        fail_msg("%.9g instead of %.9g", found, expected);
}

static loss_function open_loss(loss_spec spec, layer_kind end, int outputs, int classes) {
    const model_spec network = {.layer_count = 2, .layers = {DENSE(outputs), {.kind = end}}};
    loss_function loss;
    assert_int_equal(loss_open(&loss, &spec, &network, classes, NULL), STATUS_OK);
    loss.outputs = outputs;
    return loss;
}

/* Outputs that have a large number in common, or differ much; exact in single precision. */
static const float pairs[][CLASSES] = {{1e8f, 1e8f}, {1e6f, 1e6f}, {1e4f, 1e4f}, {-1e8f, -1e8f},
                                       {30, 16},     {30, 17},     {0, 14},      {1e4f, 9990.f},
                                       {-30, -55},   {2, 1},       {0.25f, 0.5f}};
enum { PAIRS = sizeof pairs / sizeof *pairs };

/* −log p_0 and the gradient −(1 − p_0), 1 − p_0, of the difference d of the outputs. */
static void cross_entropy_keeps_its_digits(void **state) {
    (void)state;
    const loss_function loss = open_loss((loss_spec){.kind = LOSS_CROSS_ENTROPY}, LAYER_SOFTMAX, 2, 2);
    for (int i = 0; i < PAIRS; i++)
        for (uint8_t label = 0; label < 2; label++) {
            const double d = (double)pairs[i][label] - (double)pairs[i][1 - label];
            float dz[CLASSES];
            const loss_sums sums =
                loss_evaluate(&loss, pairs[i], &(batch_targets){.labels = &label}, 1, 1, dz);
            assert_digits(sums.loss, d > 0 ? log1p(exp(-d)) : log1p(exp(d)) - d);
            assert_digits((double)dz[label], -1 / (1 + exp(d)));
            assert_digits((double)dz[1 - label], 1 / (1 + exp(d)));
            assert_digits((double)loss_probability(&loss, pairs[i], label), 1 / (1 + exp(-d)));
        }
}

/* H = −Σ p log p up to 10⁻⁸: with p_0 = σ(d), dH/dd = −d p_0 p_1. */
static void the_entropy_keeps_its_digits(void **state) {
    (void)state;
    const loss_spec spec = {.kind = LOSS_CROSS_ENTROPY, .entropy_weight = 1};
    const loss_function with = open_loss(spec, LAYER_SOFTMAX, 2, 2);
    for (int i = 0; i < PAIRS; i++) {
        const double d = (double)pairs[i][0] - (double)pairs[i][1], e = 1e-8;
        const double p = 1 / (1 + exp(-d)), q = 1 / (1 + exp(d));
        const double log_p = log(p + e), log_q = log(q + e), entropy = -p * log_p - q * log_q;
        const double slope = p * q * (-log_p - p / (p + e) + log_q + q / (q + e)); /* dH/dd */
        uint8_t label = 0;
        float dz[CLASSES];
        const double loss = loss_evaluate(&with, pairs[i], &(batch_targets){.labels = &label}, 1, 1, dz).loss;
        assert_digits(loss, (d > 0 ? log1p(exp(-d)) : log1p(exp(d)) - d) + entropy);
        if (!(fabs((double)dz[0] - (slope - q)) <= tolerance * (fabs(slope) + q)))
            fail_msg("%.9g instead of %.9g", (double)dz[0], slope - q);
    }
}

/* Of one output; the softmax of two agrees with twice the sigmoid of their difference. */
static void binary_cross_entropy_keeps_its_digits(void **state) {
    (void)state;
    static const float outputs[] = {-60, -30, -14, -1, 0, 0.5f, 13, 20, 60};
    const loss_spec spec = {.kind = LOSS_BINARY_CROSS_ENTROPY, .over_outputs = REDUCE_SUM};
    const loss_function one = open_loss(spec, LAYER_SIGMOID, 1, 2);
    const loss_function two = open_loss(spec, LAYER_SOFTMAX, 2, 2);
    for (size_t i = 0; i < sizeof outputs / sizeof *outputs; i++)
        for (uint8_t label = 0; label < 2; label++) {
            const float u = outputs[i], z[CLASSES] = {1e4f, 1e4f + u};
            const double d = label == 1 ? (double)u : -(double)u, difference = (double)(z[1] - z[0]);
            const double d2 = label == 1 ? difference : -difference;
            float dz;
            const batch_targets targets = {.labels = &label};
            const double loss = loss_evaluate(&one, &u, &targets, 1, 1, &dz).loss;
            assert_digits(loss, d > 0 ? log1p(exp(-d)) : log1p(exp(d)) - d);
            assert_digits((double)dz, (label == 1 ? -1 : 1) / (1 + exp(d)));
            assert_digits((double)loss_probability(&one, &u, label), 1 / (1 + exp(-d)));
            assert_digits(loss_evaluate(&two, z, &targets, 1, 1, NULL).loss,
                          2 * (d2 > 0 ? log1p(exp(-d2)) : log1p(exp(d2)) - d2));
        }
}

/* ---- Optimisers -------------------------------------------------------------------------------- */

/* The first move of a parameter at 0 whose gradient is 1. */
static double first_move(const optimizer_spec *spec, const kernel_set *kernels) {
    real w[PANEL] = {0}, g[PANEL], first[PANEL] = {0}, second[PANEL] = {0};
    for (int i = 0; i < PANEL; i++)
        g[i] = 1;
    const model m = {.kernels = kernels, .parameters = w, .gradients = g};
    const optimizer o = {.spec = *spec, .count = PANEL, .first = first, .second = second};
    optimizer_step(&o, &m, spec->lr, 1);
    return (double)w[PANEL - 1];
}

static void first_steps_keep_their_digits(void **state) {
    (void)state;
    static const double decays[] = {0, 0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999, 0.999999};
    for (const kernel_set *const *set = kernels_available(); *set != NULL; set++)
        for (size_t i = 0; i < sizeof decays / sizeof *decays; i++) {
            const double decay = decays[i];
            optimizer_spec adam = {
                .kind = OPTIMIZER_ADAM, .lr = 1e-3, .beta1 = 0.9, .beta2 = decay, .epsilon = 1e-30};
            assert_digits(first_move(&adam, *set), -1e-3);
            adam.beta1 = decay;
            assert_digits(first_move(&adam, *set), -1e-3);
            const optimizer_spec rmsprop = {
                .kind = OPTIMIZER_RMSPROP, .lr = 1e-3, .rho = decay, .epsilon = 1e-30};
            assert_digits(first_move(&rmsprop, *set), -1e-3 / sqrt(1 - decay));
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cross_entropy_keeps_its_digits),
        cmocka_unit_test(the_entropy_keeps_its_digits),
        cmocka_unit_test(binary_cross_entropy_keeps_its_digits),
        cmocka_unit_test(first_steps_keep_their_digits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
