/* Initial weights follow their distributions, and dropout drops the share that it should. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "engine/initializers.h"
#include "networks.h"
#include "statistics.h"

/* A convolution and a dense layer with different numbers of inputs and outputs. */
static const model_spec network = {.layer_count = 4,
                                   .layers = {CONV(24, 5, 3, 1, 1, 0, 0), DROPOUT(0.3), DENSE(40), DENSE(3)}};
static const tensor_shape input = {8, 12, 9};

enum { CONV_FAN_IN = 8 * 15, CONV_FAN_OUT = 24 * 15, DENSE_FAN_IN = 24 * 8 * 7, DENSE_FAN_OUT = 40 };

static void build(model *m, arena *memory, size_t batch) {
    error_info error;
    arena measure = {0};
    assert_int_equal(model_build(m, &network, network.layer_count, input, batch, &error), STATUS_OK);
    model_carve(m, &measure);
    assert_int_equal(arena_reserve(memory, measure.used, &error), STATUS_OK);
    model_carve(m, memory);
}

/* Weights of a layer divided by `width` follow `cdf`, and its biases are all `bias`. */
static void check_layer(const layer *l, const real *natural, double width, double (*cdf)(double),
                        double bias) {
    double *x = malloc(l->weight_count * sizeof *x);
    assert_non_null(x);
    for (size_t i = 0; i < l->weight_count; i++)
        x[i] = natural[i] / width;
    assert_true(kolmogorov_smirnov(x, l->weight_count, cdf) < 1.95);
    for (size_t i = l->weight_count; i < l->parameter_count; i++)
        assert_true(natural[i] == bias);
    free(x);
}

static double symmetric_cdf(double x) {
    return x < -1 ? 0 : x > 1 ? 1 : (x + 1) / 2;
}

typedef struct initializer_case {
    layer_init_spec spec;
    double (*cdf)(double);
    double conv_width, dense_width;
} initializer_case;

static void weights_follow_their_distributions(void **state) {
    (void)state;
    const double conv_sum = CONV_FAN_IN + CONV_FAN_OUT, dense_sum = DENSE_FAN_IN + DENSE_FAN_OUT;
    const initializer_case cases[] = {
        {{.weights.kind = INIT_GLOROT_UNIFORM}, symmetric_cdf, sqrt(6 / conv_sum), sqrt(6 / dense_sum)},
        {{{INIT_GLOROT_NORMAL, 0}, {INIT_CONSTANT, 0.5}},
         normal_cdf,
         sqrt(2 / conv_sum),
         sqrt(2 / dense_sum)},
        {{.weights.kind = INIT_HE_NORMAL}, normal_cdf, sqrt(2.0 / CONV_FAN_IN), sqrt(2.0 / DENSE_FAN_IN)},
        {{.weights = {INIT_NORMAL, 0.125}}, normal_cdf, 0.125, 0.125},
        {{{INIT_UNIFORM, 3}, {INIT_CONSTANT, -1}}, symmetric_cdf, 3, 3},
    };
    model m;
    arena memory = {0};
    build(&m, &memory, 1);
    real *natural = malloc(m.parameter_count * sizeof *natural);
    assert_non_null(natural);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const initializer_case *c = &cases[i];
        initialize_parameters(&m, &(model_spec){.init = c->spec}, 31, i);
        model_get_parameters(&m, m.parameters, natural);
        check_layer(&m.layers[0], natural, c->conv_width, c->cdf, c->spec.biases.scale);
        check_layer(&m.layers[2], natural + m.layers[0].parameter_count, c->dense_width, c->cdf,
                    c->spec.biases.scale);
    }
    free(natural);
    arena_release(&memory);
}

static void pytorch_draws_biases_too_and_constant_draws_nothing(void **state) {
    (void)state;
    model m;
    arena memory = {0};
    build(&m, &memory, 1);
    real *natural = malloc(m.parameter_count * sizeof *natural);
    assert_non_null(natural);
    initialize_parameters(&m, &(model_spec){0}, 31, 0);
    model_get_parameters(&m, m.parameters, natural);
    layer all = m.layers[0];
    all.weight_count = all.parameter_count;
    check_layer(&all, natural, 1 / sqrt(CONV_FAN_IN), symmetric_cdf, 0);
    initialize_parameters(&m, &(model_spec){.init = {{INIT_CONSTANT, 0.25}, {INIT_CONSTANT, 2}}}, 31, 0);
    model_get_parameters(&m, m.parameters, natural);
    for (size_t i = 0; i < m.layers[0].parameter_count; i++)
        assert_true(natural[i] == (i < m.layers[0].weight_count ? 0.25 : 2));
    free(natural);
    arena_release(&memory);
}

enum { BATCH = 50 };

/* The mask of the dropout layer in one step; returns how many values it keeps. */
static size_t count_kept(model *m, uint64_t step, uint8_t *mask) {
    const layer *l = &m->layers[1];
    const size_t size = BATCH * shape_size(l->in);
    model_forward(m, BATCH, (pass_mode){.training = true, .seed = 1, .coordinates = 2, .step = step});
    memcpy(mask, m->saved[1], size);
    size_t kept = 0;
    for (size_t i = 0; i < size; i++)
        kept += mask[i];
    return kept;
}

static void dropout_keeps_its_share_and_differs_from_step_to_step(void **state) {
    (void)state;
    model m;
    arena memory = {0};
    build(&m, &memory, BATCH);
    initialize_parameters(&m, &(model_spec){0}, 31, 0);
    for (size_t i = 0; i < BATCH * shape_size(input); i++)
        model_input(&m)[i] = 1;
    const size_t size = BATCH * shape_size(m.layers[1].in);
    uint8_t *first = malloc(3 * size), *second = first + size, *again = second + size;
    assert_non_null(first);
    const double n = (double)size, expected = 0.7 * n;
    double kept = (double)count_kept(&m, 0, first), kept_next = (double)count_kept(&m, 1, second);
    count_kept(&m, 0, again);
    assert_memory_equal(first, again, size);
    /* χ² with one degree of freedom: 10.83 at 0.999 */
    assert_true((kept - expected) * (kept - expected) / (n * 0.7 * 0.3) < 10.83);
    assert_true((kept_next - expected) * (kept_next - expected) / (n * 0.7 * 0.3) < 10.83);
    /* independent masks agree in a share of 0.7² + 0.3² */
    double agree = 0;
    for (size_t i = 0; i < size; i++)
        agree += first[i] == second[i];
    assert_true((agree - 0.58 * n) * (agree - 0.58 * n) / (n * 0.58 * 0.42) < 10.83);
    free(first);
    arena_release(&memory);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weights_follow_their_distributions),
        cmocka_unit_test(pytorch_draws_biases_too_and_constant_draws_nothing),
        cmocka_unit_test(dropout_keeps_its_share_and_differs_from_step_to_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
