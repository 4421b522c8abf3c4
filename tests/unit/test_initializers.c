/* Initial parameters follow their distributions or are those given, and dropout drops the share that it
 * should. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "engine/initializers.h"
#include "model_memory.h"
#include "networks.h"
#include "statistics.h"

/* A convolution and a dense layer with different numbers of inputs and outputs. */
static const model_spec network = {.layer_count = 4,
                                   .layers = {CONV(24, 5, 3, 1, 1, 0, 0), DROPOUT(0.3), DENSE(40), DENSE(3)}};
static const tensor_shape input = {8, 12, 9};

enum { CONV_FAN_IN = 8 * 15, CONV_FAN_OUT = 24 * 15, DENSE_FAN_IN = 24 * 8 * 7, DENSE_FAN_OUT = 40 };

static void build(model *m, const model_spec *spec, tensor_shape shape, size_t batch, arena *memory) {
    error_info error;
    assert_int_equal(model_build(m, spec, spec->layer_count - 1, shape, batch, &error), STATUS_OK);
    take_model_memory(m, memory);
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
    build(&m, &network, input, 1, &memory);
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
    build(&m, &network, input, 1, &memory);
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

/* Biases are few: those of one layer of many outputs, under a network that says otherwise. */
static void biases_and_layers_follow_initialisers_of_their_own(void **state) {
    (void)state;
    enum { OUTPUTS = 3000 };
    const layer_init_spec model_init = {{INIT_CONSTANT, 7}, {INIT_CONSTANT, 8}};
    model_spec spec = {.init = model_init, .layer_count = 2, .layers = {DENSE(OUTPUTS), DENSE(2)}};
    spec.layers[0].init = (layer_init_spec){{INIT_NORMAL, 0.5}, {INIT_UNIFORM, 0.25}};
    arena memory = {0};
    model m;
    build(&m, &spec, (tensor_shape){1, 1, 1}, 1, &memory);
    initialize_parameters(&m, &spec, 31, 0);
    double weights[OUTPUTS], biases[OUTPUTS];
    const layer *first = &m.layers[0], *last = &m.layers[1];
    for (size_t i = 0; i < OUTPUTS; i++) {
        weights[i] = m.parameters[first->ops->parameter_place(first, i)] / 0.5;
        biases[i] = m.parameters[first->ops->parameter_place(first, OUTPUTS + i)] / 0.25;
    }
    assert_true(kolmogorov_smirnov(weights, OUTPUTS, normal_cdf) < 1.95);
    assert_true(kolmogorov_smirnov(biases, OUTPUTS, symmetric_cdf) < 1.95);
    for (size_t n = 0; n < last->parameter_count; n++)
        assert_true(m.parameters[last->parameter_offset + last->ops->parameter_place(last, n)] ==
                    (n < last->weight_count ? 7 : 8));
    arena_release(&memory);
}

/* Biases of layers that draw their weights by Glorot's rule, as Keras does, start at 0. */
static void biases_start_at_zero_unless_weights_are_drawn_as_pytorch_does(void **state) {
    (void)state;
    model_spec spec = {.layer_count = 2, .layers = {DENSE(40), DENSE(30)}};
    spec.layers[1].init.weights.kind = INIT_GLOROT_UNIFORM;
    arena memory = {0};
    model m;
    build(&m, &spec, (tensor_shape){3, 1, 1}, 1, &memory);
    initialize_parameters(&m, &spec, 31, 0);
    for (int i = 0; i < 2; i++) {
        const layer *l = &m.layers[i];
        for (size_t n = l->weight_count; n < l->parameter_count; n++)
            assert_true((m.parameters[l->parameter_offset + l->ops->parameter_place(l, n)] == 0) == (i == 1));
    }
    arena_release(&memory);
}

/* ---- A start from given parameters ------------------------------------------------------------- */

enum { START = 2 * 5 * 3 * 2 + 5 + 2 * 5 + 5 * 2 * 4 * 17 + 17 };

/* A convolution, batch normalisation and a dense layer on 2 × 4 × 5: START parameters. */
static model_spec started_model(start_spec start) {
    return (model_spec){
        .start = start, .layer_count = 3, .layers = {CONV(5, 3, 2, 1, 1, 0, 0), BATCH_NORM, DENSE(17)}};
}

static const tensor_shape started_input = {2, 4, 5};

static void a_start_is_the_given_vector_in_natural_order_moved_along_directions(void **state) {
    (void)state;
    float values[START], directions[2 * START];
    for (int i = 0; i < START; i++) {
        values[i] = (float)i;
        directions[i] = (float)(i % 7);
        directions[START + i] = (float)(i % 11);
    }
    for (int moved = 0; moved <= 2; moved++) {
        const model_spec spec = started_model((start_spec){.count = START,
                                                           .values = values,
                                                           .direction_count = moved,
                                                           .directions = directions,
                                                           .shift = {0.5, -2}});
        arena memory = {0};
        model m;
        real natural[START];
        build(&m, &spec, started_input, 1, &memory);
        assert_int_equal(m.parameter_count, START);
        initialize_parameters(&m, &spec, 1, 0);
        model_get_parameters(&m, m.parameters, natural);
        for (int i = 0; i < START; i++)
            assert_true(natural[i] == i + (moved > 0 ? 0.5 * (i % 7) : 0) - (moved > 1 ? 2 * (i % 11) : 0));
        for (size_t i = 0; i < m.state_reals; i++)
            assert_true(m.state[i] == (i < m.state_reals / 2 ? 0 : 1)); /* running means and variances */
        arena_release(&memory);
    }
}

static void a_start_of_another_model_is_refused_with_both_counts(void **state) {
    (void)state;
    const float values[START + 1] = {0};
    const uint8_t label = 0;
    const float features[2 * 4 * 5] = {0};
    const dataset data = {
        .shape = started_input, .classes = 17, .train = {.count = 1, .features = features, .labels = &label}};
    training_plan plan;
    error_info error;
    for (size_t count = START - 1; count <= START + 1; count++) {
        const training_spec spec = {
            .model = started_model((start_spec){.count = count, .values = values}), .epochs = 1, .batch = 1};
        char counts[80];
        snprintf(counts, sizeof counts, "%zu initial parameters, but the model has %d", count, START);
        const status code = engine_plan(&spec, &data, &plan, &error);
        assert_int_equal(code, count == START ? STATUS_OK : STATUS_USAGE);
        if (code != STATUS_OK)
            assert_non_null(strstr(error.text, counts));
    }
}

/* ---- Dropout ----------------------------------------------------------------------------------- */

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
    build(&m, &network, input, BATCH, &memory);
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
        cmocka_unit_test(biases_and_layers_follow_initialisers_of_their_own),
        cmocka_unit_test(biases_start_at_zero_unless_weights_are_drawn_as_pytorch_does),
        cmocka_unit_test(a_start_is_the_given_vector_in_natural_order_moved_along_directions),
        cmocka_unit_test(a_start_of_another_model_is_refused_with_both_counts),
        cmocka_unit_test(dropout_keeps_its_share_and_differs_from_step_to_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
