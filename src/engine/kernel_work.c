#include "engine/kernel_work.h"

static bool any_count(int channels) {
    return channels > 0;
}

/* Repeated work that moves `values` values a time, `bytes` bytes for each. */
static work_done moved(int times, size_t values, double bytes) {
    const double count = times * (double)values;
    return (work_done){.values = count, .bytes = bytes * count};
}

/* ---- Values one by one ------------------------------------------------------------------------- */

enum { READ_WRITE = 2 * sizeof(real), READ_READ_WRITE = 3 * sizeof(real) };
enum { VALUES = 20 << 10 };

static work_done relu(const work_arrays *w, int channels) {
    (void)channels;
    w->kernels->relu(VALUES, w->a, w->c);
    return moved(1, VALUES, READ_WRITE);
}

static work_done relu_backward(const work_arrays *w, int channels) {
    (void)channels;
    w->kernels->relu_backward(VALUES, w->a, w->b, w->c);
    return moved(1, VALUES, READ_READ_WRITE);
}

static work_done tanh_values(const work_arrays *w, int channels) {
    (void)channels;
    w->kernels->tanh(VALUES, w->a, w->c);
    return moved(1, VALUES, READ_WRITE);
}

static work_done sigmoid(const work_arrays *w, int channels) {
    (void)channels;
    w->kernels->sigmoid(VALUES, 1, w->a, w->c);
    return moved(1, VALUES, READ_WRITE);
}

/* ---- Updates ----------------------------------------------------------------------------------- */

/* Gradients of both signs and a small step: parameters stay small however often this is called. */
static update small_update(const work_arrays *w) {
    return (update){
        .n = WORK_TOUCHED / 4,
        .w = w->a,
        .g = w->b,
        .first = w->c,
        .second = w->d,
        .lr = (real)1e-6,
        .decay1 = (real)0.9,
        .decay2 = (real)0.999,
        .fresh1 = (real)0.1,
        .fresh2 = (real)1e-3,
        .correction = 1,
        .epsilon = (real)1e-7,
    };
}

static work_done sgd(const work_arrays *w, int channels) {
    (void)channels;
    const update u = small_update(w);
    w->kernels->sgd(&u);
    return moved(1, u.n, 5 * sizeof(real));
}

static work_done nesterov(const work_arrays *w, int channels) {
    (void)channels;
    update u = small_update(w);
    u.nesterov = true;
    w->kernels->sgd(&u);
    return moved(1, u.n, 5 * sizeof(real));
}

static work_done adam(const work_arrays *w, int channels) {
    (void)channels;
    const update u = small_update(w);
    w->kernels->adam(&u);
    return moved(1, u.n, 7 * sizeof(real));
}

static work_done adamw(const work_arrays *w, int channels) {
    (void)channels;
    update u = small_update(w);
    u.decoupled = true;
    w->kernels->adam(&u);
    return moved(1, u.n, 7 * sizeof(real));
}

static work_done rmsprop(const work_arrays *w, int channels) {
    (void)channels;
    update u = small_update(w);
    u.first = NULL;
    w->kernels->rmsprop(&u);
    return moved(1, u.n, 5 * sizeof(real));
}

static work_done rmsprop_momentum(const work_arrays *w, int channels) {
    (void)channels;
    const update u = small_update(w);
    w->kernels->rmsprop(&u);
    return moved(1, u.n, 7 * sizeof(real));
}

/* ---- Pixels ------------------------------------------------------------------------------------ */

enum { SIDE = 24 };

static size_t image_reals(int channels) {
    return (size_t)(SIDE * SIDE * channels);
}

static pooling pooling_of(int channels, int kernel, int stride) {
    const int out = (SIDE - kernel) / stride + 1;
    return (pooling){
        .channels = channels,
        .height = SIDE,
        .width = SIDE,
        .out_height = out,
        .out_width = out,
        .kernel_height = kernel,
        .kernel_width = kernel,
        .stride_height = stride,
        .stride_width = stride,
    };
}

static size_t pooled(const pooling *p) {
    return (size_t)(p->out_height * p->out_width * p->channels);
}

/* Reads x, writes y and a byte for each y. */
static work_done pool(const work_arrays *w, int channels, int kernel) {
    const pooling p = pooling_of(channels, kernel, 2);
    const size_t in = image_reals(channels), out = pooled(&p);
    const int images = work_repeats(in + 2 * out);
    for (size_t i = 0; i < (size_t)images; i++)
        w->kernels->max_pool(&p, w->a + i * in, w->c + i * out, w->bytes + i * out);
    return moved(images, in, sizeof(real) + (sizeof(real) + 1) * (double)out / (double)in);
}

static work_done pool_2(const work_arrays *w, int channels) {
    return pool(w, channels, 2);
}

static work_done pool_3(const work_arrays *w, int channels) {
    return pool(w, channels, 3);
}

/* The winners are any of the first four places of the window. */
static work_done pool_backward(const work_arrays *w, int channels, int kernel) {
    const pooling p = pooling_of(channels, kernel, 2);
    const size_t in = image_reals(channels), out = pooled(&p);
    const int images = work_repeats(in + 2 * out);
    for (size_t i = 0; i < (size_t)images; i++)
        w->kernels->max_pool_backward(&p, w->c + i * out, w->bytes + i * out, w->a + i * in);
    return moved(images, in, sizeof(real) + (sizeof(real) + 1) * (double)out / (double)in);
}

static work_done pool_2_backward(const work_arrays *w, int channels) {
    return pool_backward(w, channels, 2);
}

static work_done pool_3_backward(const work_arrays *w, int channels) {
    return pool_backward(w, channels, 3);
}

static work_done transpose(const work_arrays *w, int channels) {
    (void)channels;
    for (int i = 0; i < VALUES; i += PANEL * PANEL)
        w->kernels->transpose(w->a + i, w->c + i);
    return moved(1, VALUES, READ_WRITE);
}

static work_done column_sums(const work_arrays *w, int channels) {
    const size_t rows = WORK_TOUCHED / (size_t)channels;
    w->kernels->column_sums(rows, (size_t)channels, w->a, w->c);
    return moved(1, rows * (size_t)channels, sizeof(real));
}

static work_done scale_bytes(const work_arrays *w, int channels) {
    const size_t reals = image_reals(channels);
    const int images = work_repeats(reals);
    for (size_t i = 0; i < (size_t)images; i++)
        w->kernels->scale_bytes(SIDE * SIDE, channels, w->bytes + i * reals, w->b, w->d, w->c + i * reals);
    return moved(images, reals, sizeof(real) + 1);
}

/* ---- Winograd's transforms --------------------------------------------------------------------- */

enum { TILE = 4 };

static bool winograd_count(int channels) {
    return channels % WINOGRAD_CHANNELS == 0;
}

/* One row of tiles of an image of n rows, each TILE pixels after the one before. An odd number of them, so
 * that planes do not follow each other at a power of two. */
typedef struct tile_row {
    int tiles;
    winograd_tile tile;
} tile_row;

static tile_row tiles_of(int channels, int points) {
    const int reals = points * (points + TILE) * channels, tiles = (work_repeats((size_t)reals) - 1) | 1;
    return (tile_row){
        .tiles = tiles,
        .tile = {.points = points,
                 .size = TILE,
                 .channels = channels,
                 .row = (ptrdiff_t)(TILE * tiles + points) * channels,
                 .pixel = channels,
                 .plane = (ptrdiff_t)tiles * channels,
                 .rows = TILE,
                 .columns = TILE},
    };
}

/* Of elements of the planes: each is read or written once, and so are `pixels` pixels of each tile. */
static work_done transformed(const tile_row *r, int pixels) {
    const int planes = r->tile.points * r->tile.points;
    return moved(r->tiles, (size_t)(planes * r->tile.channels), sizeof(real) * (1 + (double)pixels / planes));
}

/* Calls `transform` for every tile of a row: `image` and `planes` move on from tile to tile. */
#define FOR_TILES(r, image, planes, transform)                                                               \
    for (ptrdiff_t i = 0; i < (r).tiles; i++) {                                                              \
        real *image = w->a + i * TILE * (r).tile.pixel, *planes = w->c + i * (r).tile.channels;              \
        transform;                                                                                           \
    }

static work_done winograd_input(const work_arrays *w, int channels, int points) {
    const tile_row r = tiles_of(channels, points);
    FOR_TILES(r, x, v, w->kernels->winograd_input(&r.tile, x, v))
    return transformed(&r, points * TILE);
}

static work_done winograd_input_6(const work_arrays *w, int channels) {
    return winograd_input(w, channels, 6);
}

static work_done winograd_input_8(const work_arrays *w, int channels) {
    return winograd_input(w, channels, 8);
}

static work_done winograd_input_transposed(const work_arrays *w, int channels, int points) {
    const tile_row r = tiles_of(channels, points);
    FOR_TILES(r, x, v, w->kernels->winograd_input_transposed(&r.tile, v, x))
    return transformed(&r, 2 * points * TILE);
}

static work_done winograd_input_transposed_6(const work_arrays *w, int channels) {
    return winograd_input_transposed(w, channels, 6);
}

static work_done winograd_input_transposed_8(const work_arrays *w, int channels) {
    return winograd_input_transposed(w, channels, 8);
}

static work_done winograd_evaluate(const work_arrays *w, int channels, int points) {
    const tile_row r = tiles_of(channels, points);
    FOR_TILES(r, y, m, w->kernels->winograd_evaluate(&r.tile, y, m))
    return transformed(&r, TILE * TILE);
}

static work_done winograd_evaluate_6(const work_arrays *w, int channels) {
    return winograd_evaluate(w, channels, 6);
}

static work_done winograd_evaluate_8(const work_arrays *w, int channels) {
    return winograd_evaluate(w, channels, 8);
}

static work_done winograd_evaluate_transposed(const work_arrays *w, int channels, int points) {
    const tile_row r = tiles_of(channels, points);
    FOR_TILES(r, y, m, w->kernels->winograd_evaluate_transposed(&r.tile, m, w->d, y))
    return transformed(&r, TILE * TILE);
}

static work_done winograd_evaluate_transposed_6(const work_arrays *w, int channels) {
    return winograd_evaluate_transposed(w, channels, 6);
}

static work_done winograd_evaluate_transposed_8(const work_arrays *w, int channels) {
    return winograd_evaluate_transposed(w, channels, 8);
}

/* ---- Planes ------------------------------------------------------------------------------------ */

enum { PLANES_SIZE = 5, PLANES_ROW = 4 * PANEL, PLANES_MOST = 7 }; /* most: as conv_planes.c */

static bool planes_count(int channels) {
    return channels <= PLANES_MOST;
}

static plane_correlation correlation_of(const work_arrays *w, int inputs, int outputs) {
    return (plane_correlation){
        .inputs = inputs,
        .outputs = outputs,
        .height = SIDE,
        .width = SIDE,
        .kernel_height = PLANES_SIZE,
        .kernel_width = PLANES_SIZE,
        .x = w->a,
        .x_plane = (SIDE + PLANES_SIZE) * PLANES_ROW,
        .x_row = PLANES_ROW,
        .y = w->c,
        .y_plane = SIDE * PLANES_ROW,
        .y_row = PLANES_ROW,
        .w = w->b,
        .bias = w->d,
        .dw = w->b,
    };
}

static work_done correlated(int inputs, int outputs) {
    return work_products((double)SIDE * SIDE * outputs, PLANES_SIZE * PLANES_SIZE * inputs,
                         (double)SIDE * SIDE * (inputs + outputs));
}

static work_done correlate_inputs(const work_arrays *w, int channels) {
    const plane_correlation p = correlation_of(w, channels, 1);
    w->kernels->correlate_planes(&p);
    return correlated(channels, 1);
}

static work_done correlate_outputs(const work_arrays *w, int channels) {
    const plane_correlation p = correlation_of(w, 1, channels);
    w->kernels->correlate_planes(&p);
    return correlated(1, channels);
}

static work_done correlate_gradient(const work_arrays *w, int channels) {
    const plane_correlation p = correlation_of(w, 1, channels);
    w->kernels->correlate_planes_gradient(&p);
    return work_products((double)PLANES_SIZE * PLANES_SIZE * channels, SIDE * SIDE,
                         (double)SIDE * SIDE * (1 + channels));
}

/* ---- Small dense layers ------------------------------------------------------------------------ */

enum { WIDE_INPUTS = 1024, WIDE_SAMPLES = 16 };

static bool tiny_count(int channels) {
    return channels <= TINY;
}

/* As many outputs as inputs. */
static work_done tiny_forward(const work_arrays *w, int channels) {
    const size_t samples = WORK_TOUCHED / (size_t)(2 * channels);
    w->kernels->tiny_forward(samples, channels, channels, w->a, w->b, w->d, w->c);
    const double values = (double)samples * channels;
    return work_products(values, channels, 2 * values);
}

static work_done tiny_backward(const work_arrays *w, int channels) {
    const size_t samples = WORK_TOUCHED / (size_t)(3 * channels);
    const tiny_gradient g = {.count = samples,
                             .inputs = channels,
                             .outputs = channels,
                             .x = w->a,
                             .dy = w->c,
                             .w = w->b,
                             .dw = w->b + WORK_REALS / 2,
                             .db = w->b + WORK_REALS / 4,
                             .dx = w->d};
    w->kernels->tiny_backward(&g);
    const double values = (double)samples * channels;
    return work_products(values, 2 * channels, 3 * values); /* dx, dw and db */
}

static work_done wide_forward(const work_arrays *w, int channels) {
    w->kernels->wide_forward(WIDE_SAMPLES, WIDE_INPUTS, (size_t)channels, w->a, w->b, w->d, w->c);
    return work_products(WIDE_SAMPLES * channels, WIDE_INPUTS, WIDE_SAMPLES * WIDE_INPUTS);
}

/* ---- The table --------------------------------------------------------------------------------- */

const kernel_work kernel_works[] = {
    {"product", "convolution, by channels", "multiply-add", any_count, work_convolve},
    {"product", "convolution, by filters", "multiply-add", any_count, work_convolve_filters},
    {"product", "gradient of weights, by channels", "multiply-add", any_count, work_weight_gradient},
    {"product", "gradient of weights, by filters", "multiply-add", any_count, work_weight_gradient_filters},
    {"product", "gradient of inputs, by channels", "multiply-add", any_count, work_input_gradient},
    {"product", "dense, by inputs", "multiply-add", any_count, work_dense_inputs},
    {"product", "dense, by units", "multiply-add", any_count, work_dense_units},
    {"tiny_forward", "", "multiply-add", tiny_count, tiny_forward},
    {"tiny_backward", "", "multiply-add", tiny_count, tiny_backward},
    {"wide_forward", "by outputs", "multiply-add", tiny_count, wide_forward},
    {"relu", "", "value of x", NULL, relu},
    {"relu_backward", "", "value of dx", NULL, relu_backward},
    {"tanh", "", "value of x", NULL, tanh_values},
    {"sigmoid", "", "value of x", NULL, sigmoid},
    {"gelu", "", "value of x", NULL, work_gelu},
    {"gelu_backward", "", "value of dx", NULL, work_gelu_backward},
    {"gelu_tanh", "", "value of x", NULL, work_gelu_tanh},
    {"gelu_tanh_backward", "", "value of dx", NULL, work_gelu_tanh_backward},
    {"silu", "", "value of x", NULL, work_silu},
    {"silu_backward", "", "value of dx", NULL, work_silu_backward},
    {"softplus", "", "value of x", NULL, work_softplus},
    {"softplus_backward", "", "value of dx", NULL, work_softplus_backward},
    {"layer_norm", "8 x 8 pixels", "value of x", any_count, work_layer_norm},
    {"layer_norm_backward", "8 x 8 pixels", "value of dx", any_count, work_layer_norm_backward},
    {"max_pool", "2 x 2", "value of x", any_count, pool_2},
    {"max_pool", "3 x 3, stride 2", "value of x", any_count, pool_3},
    {"max_pool_backward", "2 x 2", "value of dx", any_count, pool_2_backward},
    {"max_pool_backward", "3 x 3, stride 2", "value of dx", any_count, pool_3_backward},
    {"winograd_input", "3 x 3", "value of v", winograd_count, winograd_input_6},
    {"winograd_input", "5 x 5", "value of v", winograd_count, winograd_input_8},
    {"winograd_input_transposed", "3 x 3", "value of v", winograd_count, winograd_input_transposed_6},
    {"winograd_input_transposed", "5 x 5", "value of v", winograd_count, winograd_input_transposed_8},
    {"winograd_evaluate", "3 x 3", "value of m", winograd_count, winograd_evaluate_6},
    {"winograd_evaluate", "5 x 5", "value of m", winograd_count, winograd_evaluate_8},
    {"winograd_evaluate_transposed", "3 x 3", "value of m", winograd_count, winograd_evaluate_transposed_6},
    {"winograd_evaluate_transposed", "5 x 5", "value of m", winograd_count, winograd_evaluate_transposed_8},
    {"correlate_planes", "by channels", "multiply-add", planes_count, correlate_inputs},
    {"correlate_planes", "by filters", "multiply-add", planes_count, correlate_outputs},
    {"correlate_planes_gradient", "by filters", "multiply-add", planes_count, correlate_gradient},
    {"depthwise", "3 x 3", "multiply-add", any_count, work_depthwise},
    {"depthwise_gradient", "3 x 3", "multiply-add", any_count, work_depthwise_gradient},
    {"transpose", "", "value of x", NULL, transpose},
    {"column_sums", "", "value of x", any_count, column_sums},
    {"scale_bytes", "", "value of y", any_count, scale_bytes},
    {"sgd", "momentum", "parameter", NULL, sgd},
    {"sgd", "nesterov", "parameter", NULL, nesterov},
    {"adam", "", "parameter", NULL, adam},
    {"adam", "decoupled", "parameter", NULL, adamw},
    {"rmsprop", "", "parameter", NULL, rmsprop},
    {"rmsprop", "momentum", "parameter", NULL, rmsprop_momentum},
};

const int kernel_work_count = sizeof kernel_works / sizeof kernel_works[0];
