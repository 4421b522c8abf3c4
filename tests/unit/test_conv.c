/* The ways to compute a convolution against its formulas in double precision, over random shapes and for
 * every kernel set: their errors stay within a small multiple of those of direct convolution. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "engine/layers/conv_algorithm.h"

enum { SHAPES = 40, RESULTS = 3 };

static const double largest_error = 1e-5; /* ‖found − exact‖ / ‖exact‖ of every shape */
static const char *const names[RESULTS] = {"y", "dw", "dx"};

/* A layer with its numbers, and y, dw (as stored) and dx by the formulas of conv.h. */
typedef struct conv_case {
    layer l;
    size_t batch;
    float *x, *dy, *parameters;
    size_t counts[RESULTS];
    double *exact[RESULTS];
} conv_case;

static int between(random_stream *stream, int low, int high) {
    return low + (int)random_below(stream, (uint32_t)(high - low + 1));
}

static void *zeros(size_t count, size_t size) {
    void *values = calloc(count, size);
    assert_non_null(values);
    return values;
}

static float *random_values(random_stream *stream, size_t count) {
    float *values = zeros(count, sizeof *values);
    for (size_t i = 0; i < count; i++)
        values[i] = (float)random_normal(stream);
    return values;
}

static layer layer_of(layer_spec spec, tensor_shape in) {
    layer l = {.ops = &layer_conv, .spec = spec, .in = in};
    l.spec.kind = LAYER_CONV;
    l.spec.bias = true;
    l.spec.stride_height = spec.stride_height > 1 ? spec.stride_height : 1;
    l.spec.stride_width = spec.stride_width > 1 ? spec.stride_width : 1;
    error_info error;
    assert_int_equal(layer_conv.setup(&l, 1, &error), STATUS_OK);
    return l;
}

static layer random_winograd_layer(random_stream *stream) {
    const int kernel = between(stream, 0, 1) ? 3 : 5;
    const layer_spec spec = {.filters = WINOGRAD_CHANNELS * between(stream, 1, 5),
                             .kernel_height = kernel,
                             .kernel_width = kernel,
                             .padding_height = between(stream, 0, 4),
                             .padding_width = between(stream, 0, 4)};
    return layer_of(spec, (tensor_shape){.channels = WINOGRAD_CHANNELS * between(stream, 1, 5),
                                         .height = between(stream, kernel, 20),
                                         .width = between(stream, kernel, 20)});
}

static layer random_planes_layer(random_stream *stream) {
    const int kernel_height = between(stream, 1, 6), kernel_width = between(stream, 1, PLANES_WIDEST);
    const layer_spec spec = {.filters = between(stream, 1, 7),
                             .kernel_height = kernel_height,
                             .kernel_width = kernel_width,
                             .padding_height = between(stream, 0, kernel_height - 1),
                             .padding_width = between(stream, 0, kernel_width - 1)};
    return layer_of(spec, (tensor_shape){.channels = between(stream, 1, 2),
                                         .height = between(stream, kernel_height, 40),
                                         .width = between(stream, kernel_width, 80)});
}

/* Strides, dilations and paddings of a layer that fits. */
static layer finish_grouped(random_stream *stream, layer_spec spec, int channels) {
    spec.kernel_height = between(stream, 1, 5);
    spec.kernel_width = between(stream, 1, 5);
    spec.stride_height = between(stream, 1, 3);
    spec.stride_width = between(stream, 1, 3);
    spec.dilation_height = between(stream, 1, 3);
    spec.dilation_width = between(stream, 1, 3);
    spec.padding_height = between(stream, 0, 4);
    spec.padding_width = between(stream, 0, 4);
    return layer_of(spec, (tensor_shape){.channels = channels,
                                         .height = between(stream, 13, 20),
                                         .width = between(stream, 13, 20)});
}

static layer random_grouped_layer(random_stream *stream) {
    const int groups = between(stream, 1, 4);
    const layer_spec spec = {.groups = groups, .filters = groups * between(stream, 1, 40)};
    return finish_grouped(stream, spec, groups * between(stream, 1, 40));
}

static layer random_depthwise_layer(random_stream *stream) {
    const int channels = between(stream, 2, 40);
    return finish_grouped(stream, (layer_spec){.groups = channels, .filters = channels}, channels);
}

/* One algorithm and its layers. */
typedef struct way {
    const conv_algorithm *algorithm;
    layer (*random_layer)(random_stream *stream);
    double largest_multiple; /* of the error of direct convolution, over all shapes */
} way;

/* The terms of one position of the kernel under one output pixel. */
static void add_exact_terms(conv_case *c, size_t place, size_t pixel, size_t under) {
    const size_t channels = (size_t)c->l.in.channels, filters = (size_t)c->l.spec.filters;
    const size_t groups = (size_t)conv_groups(&c->l.spec), own = channels / groups;
    const size_t places = conv_terms(&c->l) / own;
    for (size_t o = 0; o < filters; o++)
        for (size_t i = 0; i < own; i++) {
            const size_t w = layer_conv.parameter_place(&c->l, (o * own + i) * places + place);
            const size_t x = under * channels + o / (filters / groups) * own + i, y = pixel * filters + o;
            c->exact[0][y] += (double)c->parameters[w] * (double)c->x[x];
            c->exact[1][w] += (double)c->dy[y] * (double)c->x[x];
            c->exact[2][x] += (double)c->parameters[w] * (double)c->dy[y];
        }
}

static void add_exact_place(conv_case *c, size_t n, int place) {
    const layer_spec *s = &c->l.spec;
    const tensor_shape in = c->l.in, out = c->l.out;
    const int top = place / s->kernel_width * s->dilation_height - s->padding_height;
    const int left = place % s->kernel_width * s->dilation_width - s->padding_width;
    for (int pixel = 0; pixel < out.height * out.width; pixel++) {
        const int y = pixel / out.width * s->stride_height + top;
        const int x = pixel % out.width * s->stride_width + left;
        if (y >= 0 && y < in.height && x >= 0 && x < in.width)
            add_exact_terms(c, (size_t)place, n * (size_t)(out.height * out.width) + (size_t)pixel,
                            n * (size_t)(in.height * in.width) + (size_t)(y * in.width + x));
    }
}

static void compute_exactly(conv_case *c) {
    for (size_t n = 0; n < c->batch; n++)
        for (int place = 0; place < c->l.spec.kernel_height * c->l.spec.kernel_width; place++)
            add_exact_place(c, n, place);
}

/* A random layer that suits this algorithm; no biases. */
static conv_case open_case(const way *w, random_stream *stream) {
    conv_case c = {.batch = (size_t)between(stream, 1, 2)};
    do
        c.l = w->random_layer(stream);
    while (!w->algorithm->suits(&c.l));
    c.counts[0] = c.batch * shape_size(c.l.out);
    c.counts[1] = c.l.weight_reals;
    c.counts[2] = c.batch * shape_size(c.l.in);
    c.x = random_values(stream, c.counts[2]);
    c.dy = random_values(stream, c.counts[0]);
    c.parameters = zeros(c.l.parameter_reals, sizeof *c.parameters);
    for (size_t i = 0; i < c.l.weight_count; i++)
        c.parameters[layer_conv.parameter_place(&c.l, i)] = (float)random_normal(stream);
    for (int i = 0; i < RESULTS; i++)
        c.exact[i] = zeros(c.counts[i], sizeof *c.exact[i]);
    compute_exactly(&c);
    return c;
}

static void close_case(conv_case *c) {
    free(c->x);
    free(c->dy);
    free(c->parameters);
    for (int i = 0; i < RESULTS; i++)
        free(c->exact[i]);
}

/* y, dw and dx by one algorithm; the caller frees them. */
static void run(const conv_case *c, const conv_algorithm *algorithm, const kernel_set *kernels,
                float *results[RESULTS]) {
    layer l = c->l;
    algorithm->setup(&l);
    for (int i = 0; i < RESULTS; i++)
        results[i] = zeros(i == 1 ? l.parameter_reals : c->counts[i], sizeof(float));
    const layer_pass pass = {
        .kernels = kernels,
        .count = c->batch,
        .input = c->x,
        .output = results[0],
        .d_output = c->dy,
        .d_parameters = results[1],
        .d_input = results[2],
        .parameters = c->parameters,
        .workspace = zeros(l.workspace_reals, sizeof(float)),
        .scratch = zeros(l.scratch_reals, sizeof(float)),
    };
    if (algorithm->forward_begin != NULL)
        algorithm->forward_begin(&l, &pass);
    algorithm->forward(&l, &pass);
    algorithm->backward_begin(&l, &pass);
    algorithm->backward(&l, &pass);
    if (algorithm->backward_end != NULL)
        algorithm->backward_end(&l, &pass);
    free(pass.workspace);
    free(pass.scratch);
}

/* Errors of y, dw and dx, relative to their norms. */
static void measure(const conv_case *c, const conv_algorithm *algorithm, const kernel_set *kernels,
                    double errors[RESULTS]) {
    float *results[RESULTS];
    run(c, algorithm, kernels, results);
    for (int i = 0; i < RESULTS; i++) {
        double difference = 0, norm = 0;
        for (size_t j = 0; j < c->counts[i]; j++) {
            difference += pow((double)results[i][j] - c->exact[i][j], 2);
            norm += pow(c->exact[i][j], 2);
        }
        errors[i] = sqrt(difference / norm);
        free(results[i]);
    }
}

static void compare_with_direct(const way *w) {
    random_stream stream = random_stream_open(31, 0, RANDOM_SYNTHETIC, 0);
    double direct_sum[RESULTS] = {0}, sum[RESULTS] = {0};
    for (int shape = 0; shape < SHAPES; shape++) {
        conv_case c = open_case(w, &stream);
        for (const kernel_set *const *set = kernels_available(); *set != NULL; set++) {
            double direct[RESULTS], found[RESULTS];
            measure(&c, &conv_direct, *set, direct);
            measure(&c, w->algorithm, *set, found);
            for (int i = 0; i < RESULTS; i++) {
                if (!(found[i] < largest_error))
                    fail_msg("%s, %d × %d: error of %s %.3g", (*set)->name, c.l.spec.kernel_height,
                             c.l.spec.kernel_width, names[i], found[i]);
                direct_sum[i] += direct[i];
                sum[i] += found[i];
            }
        }
        close_case(&c);
    }
    for (int i = 0; i < RESULTS; i++) {
        print_message("%s: %.1f times the error of direct convolution\n", names[i], sum[i] / direct_sum[i]);
        assert_true(sum[i] < w->largest_multiple * direct_sum[i]);
    }
}

static void winograd_is_nearly_as_exact_as_direct(void **state) {
    (void)state;
    compare_with_direct(&(way){&conv_winograd, random_winograd_layer, 12});
}

static void planes_are_as_exact_as_direct(void **state) {
    (void)state;
    compare_with_direct(&(way){&conv_planes, random_planes_layer, 2});
}

/* Where there is no direct convolution to compare with. */
static void check_errors(const way *w) {
    random_stream stream = random_stream_open(32, 0, RANDOM_SYNTHETIC, 0);
    for (int shape = 0; shape < SHAPES; shape++) {
        conv_case c = open_case(w, &stream);
        for (const kernel_set *const *set = kernels_available(); *set != NULL; set++) {
            double found[RESULTS];
            measure(&c, w->algorithm, *set, found);
            for (int i = 0; i < RESULTS; i++)
                if (!(found[i] < largest_error))
                    fail_msg("%s, %d × %d, %d groups: error of %s %.3g", (*set)->name, c.l.spec.kernel_height,
                             c.l.spec.kernel_width, c.l.spec.groups, names[i], found[i]);
        }
        close_case(&c);
    }
}

static void groups_and_dilations_are_exact(void **state) {
    (void)state;
    check_errors(&(way){&conv_grouped, random_grouped_layer, 0});
}

static void depthwise_is_exact(void **state) {
    (void)state;
    check_errors(&(way){&conv_depthwise, random_depthwise_layer, 0});
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(winograd_is_nearly_as_exact_as_direct),
                                       cmocka_unit_test(planes_are_as_exact_as_direct),
                                       cmocka_unit_test(groups_and_dilations_are_exact),
                                       cmocka_unit_test(depthwise_is_exact)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
