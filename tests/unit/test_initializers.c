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

/* Of a standard normal within ±2. */
static double truncated_cdf(double x) {
    const double least = normal_cdf(-2);
    return x < -2 ? 0 : x > 2 ? 1 : (normal_cdf(x) - least) / (1 - 2 * least);
}

/* The standard deviation of a standard normal within ±2: √(1 − 4 φ(2) / (1 − 2 Φ(−2))). */
static double truncated_deviation(void) {
    return sqrt(1 - 4 * exp(-2) / sqrt(2 * M_PI) / (1 - 2 * normal_cdf(-2)));
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
        {{{INIT_GLOROT_NORMAL, 0, 0}, {INIT_CONSTANT, 0.5, 0}},
         normal_cdf,
         sqrt(2 / conv_sum),
         sqrt(2 / dense_sum)},
        {{.weights.kind = INIT_HE_NORMAL}, normal_cdf, sqrt(2.0 / CONV_FAN_IN), sqrt(2.0 / DENSE_FAN_IN)},
        {{.weights = {INIT_NORMAL, 0.125, 0}}, normal_cdf, 0.125, 0.125},
        {{{INIT_UNIFORM, 3, 0}, {INIT_CONSTANT, -1, 0}}, symmetric_cdf, 3, 3},
        {{.weights = {INIT_GLOROT_UNIFORM, 0, 1.5}},
         symmetric_cdf,
         1.5 * sqrt(6 / conv_sum),
         1.5 * sqrt(6 / dense_sum)},
        {{.weights = {INIT_GLOROT_NORMAL, 0, 0.5}},
         normal_cdf,
         0.5 * sqrt(2 / conv_sum),
         0.5 * sqrt(2 / dense_sum)},
        {{.weights = {INIT_TRUNCATED_NORMAL, 0.125, 0}}, truncated_cdf, 0.125, 0.125},
        {{.weights.kind = INIT_KERAS_GLOROT_NORMAL},
         truncated_cdf,
         sqrt(2 / conv_sum) / truncated_deviation(),
         sqrt(2 / dense_sum) / truncated_deviation()},
        {{.weights.kind = INIT_KERAS_HE_NORMAL},
         truncated_cdf,
         sqrt(2.0 / CONV_FAN_IN) / truncated_deviation(),
         sqrt(2.0 / DENSE_FAN_IN) / truncated_deviation()},
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
    initialize_parameters(&m, &(model_spec){.init = {{INIT_CONSTANT, 0.25, 0}, {INIT_CONSTANT, 2, 0}}}, 31,
                          0);
    model_get_parameters(&m, m.parameters, natural);
    for (size_t i = 0; i < m.layers[0].parameter_count; i++)
        assert_true(natural[i] == (i < m.layers[0].weight_count ? 0.25 : 2));
    free(natural);
    arena_release(&memory);
}

/* ---- Orthogonal matrices ----------------------------------------------------------------------- */

enum { MOST_WEIGHTS = 40 * 24 * 8 * 7 };

/* The weights of a layer as a matrix: rows (O) of K. */
static void read_weights(const layer *l, const model *m, double *w) {
    const real *parameters = m->parameters + l->parameter_offset;
    for (size_t n = 0; n < l->weight_count; n++)
        w[n] = parameters[l->ops->parameter_place(l, n)];
}

/* Of rows, or columns where there are fewer. */
static double product_of(const double *w, size_t rows, size_t columns, size_t a, size_t b) {
    double sum = 0;
    for (size_t k = 0; k < (rows <= columns ? columns : rows); k++)
        sum += rows <= columns ? w[a * columns + k] * w[b * columns + k]
                               : w[k * columns + a] * w[k * columns + b];
    return sum;
}

/* Rows (or columns) are orthonormal, times the gain, and the k-th of them is a combination of the first k
 * that were drawn, with a positive share of its own: a QR decomposition that is unique. */
static void check_orthogonal(const model *drawn, const model *m, int index, double gain) {
    static double a[MOST_WEIGHTS], q[MOST_WEIGHTS];
    const layer *l = &m->layers[index];
    const size_t rows = (size_t)l->out.channels, columns = l->weight_count / rows;
    const size_t count = rows < columns ? rows : columns;
    assert_in_range(l->weight_count, 1, MOST_WEIGHTS);
    read_weights(&drawn->layers[index], drawn, a);
    read_weights(l, m, q);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < count; k++)
            assert_true(fabs(product_of(q, rows, columns, i, k) - (i == k ? gain * gain : 0)) < 1e-12);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < count; k++) {
            double r = 0; /* of vector i of Q and vector k of A */
            for (size_t n = 0; n < l->weight_count / count; n++)
                r += rows <= columns ? q[i * columns + n] * a[k * columns + n]
                                     : q[n * columns + i] * a[n * columns + k];
            assert_true(i == k ? r > 0 : i < k || fabs(r) < 1e-10);
        }
}

/* More inputs than outputs, and fewer; as many. */
static void orthogonal_weights_are_the_q_of_normal_ones(void **state) {
    (void)state;
    const model_spec spec = {
        .layer_count = 5, .layers = {CONV(24, 5, 3, 1, 1, 0, 0), DENSE(40), DENSE(7), DENSE(7), DENSE(33)}};
    const double gain = 1.5;
    model m, drawn;
    arena memory = {0}, other = {0};
    build(&m, &spec, input, 1, &memory);
    build(&drawn, &spec, input, 1, &other);
    model_spec orthogonal = spec, normal = spec;
    orthogonal.init.weights = (initializer_spec){INIT_ORTHOGONAL, 0, gain};
    normal.init.weights = (initializer_spec){INIT_NORMAL, 1, 0};
    initialize_parameters(&m, &orthogonal, 31, 4);
    initialize_parameters(&drawn, &normal, 31, 4);
    for (int i = 0; i < spec.layer_count; i++)
        check_orthogonal(&drawn, &m, i, gain);
    for (size_t n = 0; n < m.parameter_reals; n++)
        assert_true(m.gradients[n] == 0);
    arena_release(&memory);
    arena_release(&other);
}

/* Every entry of a random rotation or reflection of space is uniform in ±1, as a coordinate of a point of the
 * sphere is (Archimedes); without the signs of R, those of the last vectors would not be. */
static void orthogonal_weights_are_uniform(void **state) {
    (void)state;
    enum { N = 3, DRAWS = 1000 };
    static double entries[N * N][DRAWS];
    const model_spec spec = {.init.weights.kind = INIT_ORTHOGONAL, .layer_count = 1, .layers = {DENSE(N)}};
    model m;
    arena memory = {0};
    build(&m, &spec, (tensor_shape){N, 1, 1}, 1, &memory);
    for (int draw = 0; draw < DRAWS; draw++) {
        double w[N * N];
        initialize_parameters(&m, &spec, 31, (uint64_t)draw);
        read_weights(&m.layers[0], &m, w);
        for (int i = 0; i < N * N; i++)
            entries[i][draw] = w[i];
    }
    for (int i = 0; i < N * N; i++)
        assert_true(kolmogorov_smirnov(entries[i], DRAWS, symmetric_cdf) < 1.95);
    arena_release(&memory);
}

static void biases_cannot_be_orthogonal(void **state) {
    (void)state;
    const uint8_t label = 0;
    const float features[4] = {0};
    const dataset data = {
        .shape = {4, 1, 1}, .classes = 2, .train = {.count = 1, .features = features, .labels = &label}};
    training_spec spec = {.model = {.layer_count = 2, .layers = {DENSE(3), DENSE(2)}}, .batch = 1};
    training_plan plan;
    error_info error;
    spec.model.init.weights.kind = INIT_ORTHOGONAL;
    assert_int_equal(engine_plan(&spec, &data, &plan, &error), STATUS_OK);
    spec.model.layers[1].init.biases.kind = INIT_ORTHOGONAL;
    assert_int_equal(engine_plan(&spec, &data, &plan, &error), STATUS_USAGE);
    assert_true(plan.fault.subject == FAULT_LAYER && plan.fault.index == 1);
    spec.model.init.biases.kind = INIT_ORTHOGONAL;
    assert_int_equal(engine_plan(&spec, &data, &plan, &error), STATUS_USAGE);
    assert_int_equal(plan.fault.index, offsetof(training_spec, model.init.biases.kind));
    assert_non_null(strstr(error.text, "biases have no matrix that could be orthogonal"));
}

/* ---- Biases ------------------------------------------------------------------------------------ */

/* Biases are few: those of one layer of many outputs, under a network that says otherwise. */
static void biases_and_layers_follow_initialisers_of_their_own(void **state) {
    (void)state;
    enum { OUTPUTS = 3000 };
    const layer_init_spec model_init = {{INIT_CONSTANT, 7, 0}, {INIT_CONSTANT, 8, 0}};
    model_spec spec = {.init = model_init, .layer_count = 2, .layers = {DENSE(OUTPUTS), DENSE(2)}};
    spec.layers[0].init = (layer_init_spec){{INIT_NORMAL, 0.5, 0}, {INIT_UNIFORM, 0.25, 0}};
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
        cmocka_unit_test(orthogonal_weights_are_the_q_of_normal_ones),
        cmocka_unit_test(orthogonal_weights_are_uniform),
        cmocka_unit_test(biases_cannot_be_orthogonal),
        cmocka_unit_test(pytorch_draws_biases_too_and_constant_draws_nothing),
        cmocka_unit_test(biases_and_layers_follow_initialisers_of_their_own),
        cmocka_unit_test(biases_start_at_zero_unless_weights_are_drawn_as_pytorch_does),
        cmocka_unit_test(a_start_is_the_given_vector_in_natural_order_moved_along_directions),
        cmocka_unit_test(a_start_of_another_model_is_refused_with_both_counts),
        cmocka_unit_test(dropout_keeps_its_share_and_differs_from_step_to_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
