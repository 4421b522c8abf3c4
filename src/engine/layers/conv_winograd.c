/* Winograd's F(2×2, 3×3): convolutions of 3 × 3 and stride 1 with 2.25 times fewer multiplications (Lavin and
 * Gray, "Fast algorithms for convolutional neural networks", CVPR 2016). A tile of 2 × 2 outputs y needs 4 ×
 * 4 inputs x:
 *
 *   y  = Aᵀ [Σ_c (G w Gᵀ) ⊙ (Bᵀ x B)] A
 *   dw = Gᵀ [Σ_tiles (Bᵀ x B) ⊙ (A dy Aᵀ)] G     (the transpose of the above in w)
 *
 * so that each of the 16 elements of a tile becomes a matrix product over channels. dx is the same as y with
 * the turned weights. A few rows of tiles at a time, so that planes and weights stay in L2.
 *
 * Workspace: u, the weights' planes [16][o / PANEL][c][o % PANEL]; ut, the turned weights' planes
 * [16][c / PANEL][o][c % PANEL]; du, the gradient of u. */
#include "engine/layers/conv.h"

#include <string.h>

enum { PLANES = 16, TILES = 32 }; /* TILES: at a time, but at least one row */

/* With fewer channels on both sides the transforms cost more than they save. */
enum { FEWEST_CHANNELS = 16 };

/* One correlation: image (in) framed by `pad` zeros, 3 × 3 weights, image (out). */
typedef struct correlation {
    tensor_shape in, out;
    int pad_height, pad_width;
} correlation;

static correlation forward_correlation(const layer *l) {
    return (correlation){l->in, l->out, l->spec.padding_height, l->spec.padding_width};
}

/* dx from dy: the frame that turns `same` into `same`, `valid` into `full`. */
static correlation backward_correlation(const layer *l) {
    return (correlation){l->out, l->in, 2 - l->spec.padding_height, 2 - l->spec.padding_width};
}

static int tile_rows(const correlation *c) {
    return (c->out.height + 1) / 2;
}

static int tile_columns(const correlation *c) {
    return (c->out.width + 1) / 2;
}

/* Rows of tiles that are transformed together. */
static int chunk_rows(const correlation *c) {
    int rows = TILES / tile_columns(c);
    rows = rows < tile_rows(c) ? rows : tile_rows(c);
    return rows > 0 ? rows : 1;
}

/* As large as whole tiles need. */
static frame correlation_frame(const correlation *c) {
    return (frame){.height = 2 * tile_rows(c) + 2, .width = 2 * tile_columns(c) + 2};
}

static size_t padded(int channels) {
    return panel_count((size_t)channels) * PANEL;
}

static size_t u_reals(const layer *l) {
    return PLANES * padded(l->spec.filters) * (size_t)l->in.channels;
}

static size_t ut_reals(const layer *l) {
    return PLANES * padded(l->in.channels) * (size_t)l->spec.filters;
}

/* A frame, the planes of its tiles and the planes of the outputs. */
static size_t correlation_scratch(const correlation *c) {
    const size_t tiles = (size_t)(chunk_rows(c) * tile_columns(c));
    return frame_reals(correlation_frame(c), c->in.channels) +
           PLANES * tiles * ((size_t)c->in.channels + padded(c->out.channels));
}

static bool suits(const layer *l) {
    const layer_spec *s = &l->spec;
    return s->kernel_height == 3 && s->kernel_width == 3 && s->stride_height == 1 && s->stride_width == 1 &&
           s->padding_height <= 2 && s->padding_width <= 2 && l->in.channels >= FEWEST_CHANNELS &&
           s->filters >= FEWEST_CHANNELS;
}

static void setup(layer *l) {
    const correlation forward = forward_correlation(l), backward = backward_correlation(l);
    const size_t scratch[2] = {correlation_scratch(&forward), correlation_scratch(&backward)};
    l->workspace_reals = 2 * u_reals(l) + ut_reals(l);
    l->scratch_reals = scratch[0] > scratch[1] ? scratch[0] : scratch[1];
}

/* ---- Weights ----------------------------------------------------------------------------------- */

/* out = G (g0 g1 g2), G = [1 0 0; ½ ½ ½; ½ −½ ½; 0 0 1] */
static void transform_weight_row(real g0, real g1, real g2, real out[4]) {
    out[0] = g0;
    out[1] = (g0 + g1 + g2) / 2;
    out[2] = (g0 - g1 + g2) / 2;
    out[3] = g2;
}

/* The planes G g Gᵀ of one 3 × 3 filter, `plane` apart. */
static void transform_weight(const real g[9], real *u, size_t plane) {
    real rows[3][4], out[4];
    for (int j = 0; j < 3; j++)
        transform_weight_row(g[j], g[3 + j], g[6 + j], rows[j]);
    for (int a = 0; a < 4; a++) {
        transform_weight_row(rows[0][a], rows[1][a], rows[2][a], out);
        for (int b = 0; b < 4; b++)
            u[(size_t)(4 * a + b) * plane] = out[b];
    }
}

/* out = Gᵀ (u0 u1 u2 u3) */
static void return_weight_row(real u0, real u1, real u2, real u3, real out[3]) {
    out[0] = u0 + (u1 + u2) / 2;
    out[1] = (u1 - u2) / 2;
    out[2] = (u1 + u2) / 2 + u3;
}

/* g = Gᵀ u G, the transpose of transform_weight. */
static void return_weight(const real *u, size_t plane, real g[9]) {
    real rows[4][3], out[3];
    for (int b = 0; b < 4; b++) {
        const real *column = u + (size_t)b * plane;
        return_weight_row(column[0], column[4 * plane], column[8 * plane], column[12 * plane], rows[b]);
    }
    for (int j = 0; j < 3; j++) {
        return_weight_row(rows[0][j], rows[1][j], rows[2][j], rows[3][j], out);
        for (int k = 0; k < 3; k++)
            g[3 * j + k] = out[k];
    }
}

/* Place of (c, o) in a plane of u, of (o, c) in a plane of ut. */
static size_t plane_place(size_t rows, size_t row, size_t column) {
    return (column / PANEL * rows + row) * PANEL + column % PANEL;
}

static void forward_begin(const layer *l, const layer_pass *pass) {
    const size_t channels = (size_t)l->in.channels, filters = (size_t)l->spec.filters;
    const size_t plane = u_reals(l) / PLANES;
    memset(pass->workspace, 0, u_reals(l) * sizeof(real));
    for (size_t c = 0; c < channels; c++)
        for (size_t o = 0; o < filters; o++) {
            real g[9];
            for (size_t place = 0; place < 9; place++)
                g[place] = pass->parameters[conv_weight_place(l, place, c, o)];
            transform_weight(g, pass->workspace + plane_place(channels, c, o), plane);
        }
}

static void backward_begin(const layer *l, const layer_pass *pass) {
    const size_t channels = (size_t)l->in.channels, filters = (size_t)l->spec.filters;
    const size_t plane = ut_reals(l) / PLANES;
    real *ut = pass->workspace + u_reals(l);
    memset(ut, 0, (ut_reals(l) + u_reals(l)) * sizeof(real)); /* du follows */
    if (pass->d_input == NULL)
        return;
    for (size_t o = 0; o < filters; o++)
        for (size_t c = 0; c < channels; c++) {
            real g[9];
            for (size_t place = 0; place < 9; place++)
                g[place] = pass->parameters[conv_weight_place(l, 8 - place, c, o)];
            transform_weight(g, ut + plane_place(filters, o, c), plane);
        }
}

static void backward_end(const layer *l, const layer_pass *pass) {
    const size_t channels = (size_t)l->in.channels, filters = (size_t)l->spec.filters;
    const real *du = pass->workspace + u_reals(l) + ut_reals(l);
    for (size_t c = 0; c < channels; c++)
        for (size_t o = 0; o < filters; o++) {
            real g[9];
            return_weight(du + plane_place(channels, c, o), u_reals(l) / PLANES, g);
            for (size_t place = 0; place < 9; place++)
                pass->d_parameters[conv_weight_place(l, place, c, o)] += g[place];
        }
}

/* ---- Images ------------------------------------------------------------------------------------ */

/* Some rows of tiles of one image. */
typedef struct tile_chunk {
    int first, rows; /* rows of tiles */
    size_t tiles;
} tile_chunk;

static tile_chunk next_chunk(const correlation *c, int first) {
    int rows = chunk_rows(c) < tile_rows(c) - first ? chunk_rows(c) : tile_rows(c) - first;
    return (tile_chunk){first, rows, (size_t)(rows * tile_columns(c))};
}

static winograd_tile image_tile(tensor_shape image, size_t plane, int row, int column) {
    return (winograd_tile){
        .channels = image.channels,
        .image_row = (ptrdiff_t)image.width * image.channels,
        .plane = (ptrdiff_t)plane,
        .rows = image.height - 2 * row < 2 ? 1 : 2,
        .columns = image.width - 2 * column < 2 ? 1 : 2,
    };
}

/* framed → v [16][tiles][channels] */
static void transform_inputs(const correlation *c, const kernel_set *kernels, const tile_chunk *chunk,
                             const real *framed, real *v) {
    const int channels = c->in.channels;
    const ptrdiff_t row = (ptrdiff_t)correlation_frame(c).width * channels;
    const winograd_tile tile = {
        .channels = channels, .image_row = row, .plane = (ptrdiff_t)chunk->tiles * channels};
    for (int y = chunk->first; y < chunk->first + chunk->rows; y++)
        for (int x = 0; x < tile_columns(c); x++, v += channels)
            kernels->winograd_input(&tile, framed + 2 * y * row + 2 * x * channels, v);
}

/* m [16][tiles][channels] → out, its rows of the chunk */
static void transform_outputs(const correlation *c, const kernel_set *kernels, const tile_chunk *chunk,
                              const real *m, const real *bias, real *out) {
    const ptrdiff_t channels = c->out.channels, row = c->out.width * channels;
    for (int y = chunk->first; y < chunk->first + chunk->rows; y++)
        for (int x = 0; x < tile_columns(c); x++, m += channels) {
            const winograd_tile tile = image_tile(c->out, chunk->tiles * (size_t)channels, y, x);
            kernels->winograd_output(&tile, m, bias, out + 2 * y * row + 2 * x * channels);
        }
}

/* m[k] = v[k] u[k] for the 16 planes: (tiles, in) × (in, out) */
static void multiply_planes(const correlation *c, const kernel_set *kernels, size_t tiles, const real *v,
                            const real *u, real *m) {
    const size_t in = (size_t)c->in.channels, out = (size_t)c->out.channels;
    for (size_t k = 0; k < PLANES; k++)
        for (size_t panel = 0; panel < panel_count(out); panel++)
            kernels->product(&(product){
                .rows = (int)tiles,
                .columns = panel_columns(out, panel),
                .segments = 1,
                .length = (int)in,
                .a = v + k * tiles * in,
                .a_row = (ptrdiff_t)in,
                .a_step = 1,
                .b = u + (k * panel_count(out) + panel) * in * PANEL,
                .b_step = PANEL,
                .c = m + k * tiles * out + panel * PANEL,
                .c_row = (ptrdiff_t)out,
            });
}

static void correlate(const correlation *c, const kernel_set *kernels, const real *image, const real *u,
                      const real *bias, real *scratch, real *out) {
    const frame f = correlation_frame(c);
    real *framed = scratch, *v = framed + frame_reals(f, c->in.channels);
    conv_frame_image(image, c->in, f, c->pad_height, c->pad_width, framed);
    for (int first = 0; first < tile_rows(c); first += chunk_rows(c)) {
        const tile_chunk chunk = next_chunk(c, first);
        real *m = v + PLANES * chunk.tiles * (size_t)c->in.channels;
        transform_inputs(c, kernels, &chunk, framed, v);
        multiply_planes(c, kernels, chunk.tiles, v, u, m);
        transform_outputs(c, kernels, &chunk, m, bias, out);
    }
}

static void forward(const layer *l, const layer_pass *pass) {
    const correlation c = forward_correlation(l);
    const size_t in = shape_size(l->in), out = shape_size(l->out);
    for (size_t n = 0; n < pass->count; n++)
        correlate(&c, pass->kernels, pass->input + n * in, pass->workspace,
                  pass->parameters + l->weight_reals, pass->scratch, pass->output + n * out);
}

/* dy → dm [16][out / PANEL][tiles][PANEL] */
static void transform_gradients(const correlation *c, const kernel_set *kernels, const tile_chunk *chunk,
                                const real *dy, real *dm) {
    const ptrdiff_t channels = c->out.channels, row = c->out.width * channels;
    const ptrdiff_t panel_step = (ptrdiff_t)chunk->tiles * PANEL;
    for (int y = chunk->first; y < chunk->first + chunk->rows; y++)
        for (int x = 0; x < tile_columns(c); x++, dm += PANEL) {
            const winograd_tile tile = image_tile(c->out, chunk->tiles * padded(c->out.channels), y, x);
            kernels->winograd_gradient(&tile, dy + 2 * y * row + 2 * x * channels, panel_step, dm);
        }
}

/* du[k] += v[k]ᵀ dm[k]: (in, tiles) × (tiles, out) */
static void multiply_gradients(const correlation *c, const kernel_set *kernels, size_t tiles, const real *v,
                               const real *dm, real *du) {
    const size_t in = (size_t)c->in.channels, panels = panel_count((size_t)c->out.channels);
    for (size_t k = 0; k < PLANES; k++)
        for (size_t panel = 0; panel < panels; panel++)
            kernels->product(&(product){
                .rows = (int)in,
                .columns = PANEL,
                .segments = 1,
                .length = (int)tiles,
                .a = v + k * tiles * in,
                .a_row = 1,
                .a_step = (ptrdiff_t)in,
                .b = dm + (k * panels + panel) * tiles * PANEL,
                .b_step = PANEL,
                .c = du + (k * panels + panel) * in * PANEL,
                .c_row = PANEL,
                .accumulate = true,
            });
}

static void weight_gradient(const correlation *c, const kernel_set *kernels, const real *image,
                            const real *dy, real *scratch, real *du) {
    const frame f = correlation_frame(c);
    real *framed = scratch, *v = framed + frame_reals(f, c->in.channels);
    conv_frame_image(image, c->in, f, c->pad_height, c->pad_width, framed);
    for (int first = 0; first < tile_rows(c); first += chunk_rows(c)) {
        const tile_chunk chunk = next_chunk(c, first);
        real *dm = v + PLANES * chunk.tiles * (size_t)c->in.channels;
        transform_inputs(c, kernels, &chunk, framed, v);
        transform_gradients(c, kernels, &chunk, dy, dm);
        multiply_gradients(c, kernels, chunk.tiles, v, dm, du);
    }
}

static void backward(const layer *l, const layer_pass *pass) {
    const correlation weights = forward_correlation(l), inputs = backward_correlation(l);
    const size_t in = shape_size(l->in), out = shape_size(l->out);
    real *ut = pass->workspace + u_reals(l), *du = ut + ut_reals(l);
    for (size_t n = 0; n < pass->count; n++) {
        const real *dy = pass->d_output + n * out;
        weight_gradient(&weights, pass->kernels, pass->input + n * in, dy, pass->scratch, du);
        if (pass->d_input != NULL)
            correlate(&inputs, pass->kernels, dy, ut, NULL, pass->scratch, pass->d_input + n * in);
    }
}

const conv_algorithm conv_winograd = {
    .suits = suits,
    .setup = setup,
    .forward_begin = forward_begin,
    .forward = forward,
    .backward_begin = backward_begin,
    .backward = backward,
    .backward_end = backward_end,
};
