/* Winograd's F(4×4, r×r), r = 3 or 5: convolutions of stride 1 with 4 or 6.25 times fewer multiplications
 * (Lavin and Gray, "Fast algorithms for convolutional neural networks", CVPR 2016). A tile of m × m outputs
 * y, m = 4, needs n × n inputs x, n = m + r − 1:
 *
 *   y  = Aᵀ [Σ_c (G w Gᵀ) ⊙ (Bᵀ x B)] A
 *   dw = Gᵀ [Σ_tiles (Bᵀ x B) ⊙ (A dy Aᵀ)] G     (the transpose of the above in w)
 *   dx = B [Σ_o (G w Gᵀ) ⊙ (A dy Aᵀ)] Bᵀ         (in x; tiles overlap, and add up)
 *
 * so that each of the n² elements of a tile becomes a matrix product over channels. kernels/winograd.c has B
 * and V; A = V for a size of m, G = N⁻¹ V for a size of r with N = diag(B_k(p_k)), 1 at ∞.
 *
 * Workspace: u = G w Gᵀ, planes [n²][o / PANEL][c][o % PANEL]; ut, the same for products over o,
 * [n²][c / PANEL][o][c % PANEL]; du, the gradient of u. Scratch: the framed x and dx; some rows of tiles:
 * planes v [n²][tiles][c] and m [n²][tiles][padded o]. */
#include "engine/layers/conv_algorithm.h"

#include <string.h>

enum { TILE = 4, MOST_KERNEL = 5 };
enum { CHUNK_REALS = 1 << 16 }; /* of v and m, so that they stay in L2; but at least one row of tiles */

/* Smaller savings are lost to the transforms. */
static const double least_saving = 2.5;

/* 1 / N of the points 0, ±1, ±2, (±½,) ∞ */
static const real scales_of_6[] = {(real)1 / 4, -(real)1 / 6, -(real)1 / 6, (real)1 / 24, (real)1 / 24, 1};
static const real scales_of_8[] = {-1,           -(real)2 / 9,  -(real)2 / 9,  (real)1 / 90,
                                   (real)1 / 90, (real)32 / 45, (real)32 / 45, 1};

/* How a layer is cut into tiles. */
typedef struct tiling {
    int kernel, points; /* r, n */
    size_t planes;      /* n² */
    int rows, columns;  /* of tiles */
    int chunk_rows;     /* rows of tiles that are transformed together */
    size_t images;      /* that are transformed together, where their rows are */
    frame f;            /* the input as large as whole tiles need */
    size_t channels, filters, padded_filters;
    size_t u_reals, ut_reals;
} tiling;

static int smaller(int a, int b) {
    return a < b ? a : b;
}

static size_t larger(size_t a, size_t b) {
    return a > b ? a : b;
}

static size_t padded(size_t channels) {
    return panel_count(channels) * PANEL;
}

static tiling tile_layer(const layer *l) {
    const int r = l->spec.kernel_height, n = TILE + r - 1;
    const size_t channels = (size_t)l->in.channels, filters = (size_t)l->spec.filters;
    tiling t = {
        .kernel = r,
        .points = n,
        .planes = (size_t)(n * n),
        .rows = (l->out.height + TILE - 1) / TILE,
        .columns = (l->out.width + TILE - 1) / TILE,
        .channels = channels,
        .filters = filters,
        .padded_filters = padded(filters),
    };
    const size_t row_reals = t.planes * (size_t)t.columns * (channels + t.padded_filters);
    const int most_rows = smaller((int)larger(CHUNK_REALS / row_reals, 1), t.rows);
    const int chunks = (t.rows + most_rows - 1) / most_rows;
    t.chunk_rows = (t.rows + chunks - 1) / chunks;
    t.images = larger(CHUNK_REALS / (row_reals * (size_t)t.rows), 1);
    t.f = (frame){.height = TILE * t.rows + r - 1, .width = TILE * t.columns + r - 1};
    t.u_reals = t.planes * t.padded_filters * channels;
    t.ut_reals = t.planes * padded(channels) * filters;
    return t;
}

/* Multiplications of direct convolution, per channel and filter, as a multiple of those of this one. */
static double saving(const layer *l) {
    const tiling t = tile_layer(l);
    const double outputs = (double)l->out.height * l->out.width, tiles = (double)t.rows * t.columns;
    return t.kernel * t.kernel * outputs / ((double)t.planes * tiles);
}

static bool suits(const layer *l) {
    const layer_spec *s = &l->spec;
    return (s->kernel_height == 3 || s->kernel_height == 5) && s->kernel_width == s->kernel_height &&
           s->stride_height == 1 && s->stride_width == 1 && l->in.channels % WINOGRAD_CHANNELS == 0 &&
           s->filters % WINOGRAD_CHANNELS == 0 && saving(l) >= least_saving;
}

static void setup(layer *l) {
    const tiling t = tile_layer(l);
    const size_t tiles = t.images * (size_t)t.chunk_rows * (size_t)t.columns;
    l->workspace_reals = 2 * t.u_reals + t.ut_reals;
    l->scratch_reals =
        2 * frame_reals(t.f, l->in.channels) + t.planes * tiles * (t.channels + t.padded_filters);
}

/* ---- Weights ----------------------------------------------------------------------------------- */

/* u = N⁻¹ u N⁻¹ */
static void scale_planes(const tiling *t, real *u) {
    const real *scales = t->points == 6 ? scales_of_6 : scales_of_8;
    const size_t plane = t->u_reals / t->planes;
    for (int a = 0; a < t->points; a++)
        for (int b = 0; b < t->points; b++, u += plane)
            for (size_t i = 0; i < plane; i++)
                u[i] *= scales[a] * scales[b];
}

/* The weights of one c and a panel of filters: an image of r × r pixels of PANEL channels. */
static winograd_tile weight_tile(const tiling *t, size_t pixel) {
    return (winograd_tile){
        .points = t->points,
        .size = t->kernel,
        .channels = PANEL,
        .row = t->kernel * (ptrdiff_t)pixel,
        .pixel = (ptrdiff_t)pixel,
        .plane = (ptrdiff_t)(t->u_reals / t->planes),
        .rows = t->kernel,
        .columns = t->kernel,
    };
}

static void forward_begin(const layer *l, const layer_pass *pass) {
    const tiling t = tile_layer(l);
    const winograd_tile tile = weight_tile(&t, t.channels * PANEL);
    real *u = pass->workspace;
    for (size_t o = 0; o < t.filters; o += PANEL)
        for (size_t c = 0; c < t.channels; c++, u += PANEL)
            pass->kernels->winograd_evaluate(&tile, pass->parameters + conv_weight_place(l, 0, c, o), u);
    scale_planes(&t, pass->workspace);
}

/* One plane: u [o / PANEL][c][o % PANEL] → ut [c / PANEL][o][c % PANEL] */
static void transpose_plane(const tiling *t, const kernel_set *kernels, const real *u, real *ut) {
    if (t->channels % PANEL == 0 && t->filters % PANEL == 0) {
        for (size_t o = 0; o < t->filters; o += PANEL)
            for (size_t c = 0; c < t->channels; c += PANEL)
                kernels->transpose(u + o * t->channels + c * PANEL, ut + c * t->filters + o * PANEL);
        return;
    }
    for (size_t o = 0; o < t->filters; o++)
        for (size_t c = 0; c < t->channels; c++)
            ut[(c / PANEL * t->filters + o) * PANEL + c % PANEL] =
                u[(o / PANEL * t->channels + c) * PANEL + o % PANEL];
}

static void backward_begin(const layer *l, const layer_pass *pass) {
    const tiling t = tile_layer(l);
    const real *u = pass->workspace;
    real *ut = pass->workspace + t.u_reals;
    memset(ut, 0, (t.ut_reals + t.u_reals) * sizeof *ut); /* du follows */
    for (size_t k = 0; k < t.planes && pass->d_input != NULL; k++)
        transpose_plane(&t, pass->kernels, u + k * (t.u_reals / t.planes), ut + k * (t.ut_reals / t.planes));
}

/* Add dw (r × r, PANEL) of channel c and the panel of filter o. */
static void add_weight_gradient(const layer *l, const layer_pass *pass, size_t c, size_t o, const real *dw) {
    const size_t places = (size_t)l->spec.kernel_height * (size_t)l->spec.kernel_width;
    const int columns = panel_columns((size_t)l->spec.filters, o / PANEL);
    for (size_t place = 0; place < places; place++, dw += PANEL) {
        real *to = pass->d_parameters + conv_weight_place(l, place, c, o);
        for (int j = 0; j < columns; j++)
            to[j] += dw[j];
    }
}

static void backward_end(const layer *l, const layer_pass *pass) {
    const tiling t = tile_layer(l);
    const winograd_tile tile = weight_tile(&t, PANEL);
    real *du = pass->workspace + t.u_reals + t.ut_reals;
    scale_planes(&t, du);
    for (size_t o = 0; o < t.filters; o += PANEL)
        for (size_t c = 0; c < t.channels; c++, du += PANEL) {
            real dw[MOST_KERNEL * MOST_KERNEL * PANEL];
            pass->kernels->winograd_evaluate_transposed(&tile, du, NULL, dw);
            add_weight_gradient(l, pass, c, o, dw);
        }
}

/* ---- Images ------------------------------------------------------------------------------------ */

/* Some rows of tiles of one image, or all those of several images. */
typedef struct tile_chunk {
    int first, rows; /* rows of tiles */
    size_t images;
    size_t image_tiles, tiles; /* of an image, of all */
} tile_chunk;

static tile_chunk chunk_of(const tiling *t, int first, size_t images) {
    const int rows = smaller(t->chunk_rows, t->rows - first);
    const size_t image_tiles = (size_t)(rows * t->columns);
    return (tile_chunk){first, rows, images, image_tiles, images * image_tiles};
}

static winograd_tile input_tile(const tiling *t, const tile_chunk *chunk) {
    const ptrdiff_t channels = (ptrdiff_t)t->channels;
    return (winograd_tile){
        .points = t->points,
        .channels = (int)channels,
        .row = t->f.width * channels,
        .pixel = channels,
        .plane = (ptrdiff_t)chunk->tiles * channels,
    };
}

/* framed → v */
static void transform_inputs(const tiling *t, const kernel_set *kernels, const tile_chunk *chunk,
                             const real *framed, real *v) {
    const winograd_tile tile = input_tile(t, chunk);
    for (int y = chunk->first; y < chunk->first + chunk->rows; y++)
        for (int x = 0; x < t->columns; x++, v += t->channels)
            kernels->winograd_input(&tile, framed + TILE * (y * tile.row + x * tile.pixel), v);
}

/* v → its share of framed */
static void add_inputs(const tiling *t, const kernel_set *kernels, const tile_chunk *chunk, const real *v,
                       real *framed) {
    const winograd_tile tile = input_tile(t, chunk);
    for (int y = chunk->first; y < chunk->first + chunk->rows; y++)
        for (int x = 0; x < t->columns; x++, v += t->channels)
            kernels->winograd_input_transposed(&tile, v, framed + TILE * (y * tile.row + x * tile.pixel));
}

/* Tile (y, x) of an image of outputs. */
static winograd_tile output_tile(const tiling *t, const tile_chunk *chunk, tensor_shape image, int y, int x) {
    return (winograd_tile){
        .points = t->points,
        .size = TILE,
        .channels = image.channels,
        .row = (ptrdiff_t)image.width * image.channels,
        .pixel = image.channels,
        .plane = (ptrdiff_t)(chunk->tiles * t->padded_filters),
        .rows = smaller(image.height - TILE * y, TILE),
        .columns = smaller(image.width - TILE * x, TILE),
    };
}

/* m → out, its rows of the chunk */
static void transform_outputs(const tiling *t, const kernel_set *kernels, const tile_chunk *chunk,
                              const real *m, const real *bias, tensor_shape image, real *out) {
    for (int y = chunk->first; y < chunk->first + chunk->rows; y++)
        for (int x = 0; x < t->columns; x++, m += t->padded_filters) {
            const winograd_tile tile = output_tile(t, chunk, image, y, x);
            kernels->winograd_evaluate_transposed(&tile, m, bias,
                                                  out + TILE * (y * tile.row + x * tile.pixel));
        }
}

/* dy → dm */
static void transform_gradients(const tiling *t, const kernel_set *kernels, const tile_chunk *chunk,
                                tensor_shape image, const real *dy, real *dm) {
    for (int y = chunk->first; y < chunk->first + chunk->rows; y++)
        for (int x = 0; x < t->columns; x++, dm += t->padded_filters) {
            const winograd_tile tile = output_tile(t, chunk, image, y, x);
            kernels->winograd_evaluate(&tile, dy + TILE * (y * tile.row + x * tile.pixel), dm);
        }
}

/* m[k] = v[k] u[k] for all planes: (tiles, c) × (c, o) */
static void multiply_inputs(const tiling *t, const kernel_set *kernels, size_t tiles, const real *v,
                            const real *u, real *m) {
    for (size_t k = 0; k < t->planes; k++)
        kernels->product(&(product){
            .rows = (int)tiles,
            .columns = whole_lanes(kernels, (int)t->filters),
            .segments = 1,
            .length = (int)t->channels,
            .a = v + k * tiles * t->channels,
            .a_row = (ptrdiff_t)t->channels,
            .a_step = 1,
            .b = u + k * (t->u_reals / t->planes),
            .b_panel = (ptrdiff_t)t->channels * PANEL,
            .b_step = PANEL,
            .c = m + k * tiles * t->padded_filters,
            .c_panel = PANEL,
            .c_row = (ptrdiff_t)t->padded_filters,
        });
}

/* dv[k] = dm[k] ut[k]: (tiles, o) × (o, c) */
static void multiply_gradients(const tiling *t, const kernel_set *kernels, size_t tiles, const real *dm,
                               const real *ut, real *dv) {
    for (size_t k = 0; k < t->planes; k++)
        kernels->product(&(product){
            .rows = (int)tiles,
            .columns = (int)t->channels,
            .segments = 1,
            .length = (int)t->filters,
            .a = dm + k * tiles * t->padded_filters,
            .a_row = (ptrdiff_t)t->padded_filters,
            .a_step = 1,
            .b = ut + k * (t->ut_reals / t->planes),
            .b_panel = (ptrdiff_t)t->filters * PANEL,
            .b_step = PANEL,
            .c = dv + k * tiles * t->channels,
            .c_panel = PANEL,
            .c_row = (ptrdiff_t)t->channels,
        });
}

/* du[k] += v[k]ᵀ dm[k]: (c, tiles) × (tiles, o). Columns that only pad dm are not zeros, nor are du's. */
static void add_products(const tiling *t, const kernel_set *kernels, size_t tiles, const real *v,
                         const real *dm, real *du) {
    for (size_t k = 0; k < t->planes; k++)
        kernels->product(&(product){
            .rows = (int)t->channels,
            .columns = whole_lanes(kernels, (int)t->filters),
            .segments = 1,
            .length = (int)tiles,
            .a = v + k * tiles * t->channels,
            .a_row = 1,
            .a_step = (ptrdiff_t)t->channels,
            .b = dm + k * tiles * t->padded_filters,
            .b_panel = PANEL,
            .b_step = (ptrdiff_t)t->padded_filters,
            .c = du + k * (t->u_reals / t->planes),
            .c_panel = (ptrdiff_t)t->channels * PANEL,
            .c_row = PANEL,
            .accumulate = true,
        });
}

/* The images of one chunk or, where that has only some of its rows, one image. */
static void forward_images(const layer *l, const layer_pass *pass, const tiling *t, size_t images,
                           const real *x, real *y) {
    const size_t in = shape_size(l->in), out = shape_size(l->out);
    const real *framed = NULL, *bias = pass->parameters + l->weight_reals;
    real *v = pass->scratch + frame_reals(t->f, l->in.channels);
    for (int first = 0; first < t->rows; first += t->chunk_rows) {
        const tile_chunk chunk = chunk_of(t, first, images);
        real *m = v + t->planes * chunk.tiles * t->channels;
        for (size_t n = 0; n < images; n++) {
            if (first == 0)
                framed = conv_frame_input(l, t->f, x + n * in, pass->scratch);
            transform_inputs(t, pass->kernels, &chunk, framed, v + n * chunk.image_tiles * t->channels);
        }
        multiply_inputs(t, pass->kernels, chunk.tiles, v, pass->workspace, m);
        for (size_t n = 0; n < images; n++)
            transform_outputs(t, pass->kernels, &chunk, m + n * chunk.image_tiles * t->padded_filters, bias,
                              l->out, y + n * out);
    }
}

static size_t images_from(const tiling *t, const layer_pass *pass, size_t first) {
    return pass->count - first < t->images ? pass->count - first : t->images;
}

static void forward(const layer *l, const layer_pass *pass) {
    const tiling t = tile_layer(l);
    const size_t in = shape_size(l->in), out = shape_size(l->out);
    for (size_t n = 0; n < pass->count; n += t.images)
        forward_images(l, pass, &t, images_from(&t, pass, n), pass->input + n * in, pass->output + n * out);
}

/* dv → dx of one image, its rows of the chunk. */
static void add_input_gradient(const layer *l, const layer_pass *pass, const tiling *t,
                               const tile_chunk *chunk, const real *dv, real *dx) {
    const size_t framed_reals = frame_reals(t->f, l->in.channels);
    const bool in_place = conv_fills_frame(l, t->f);
    real *d_framed = in_place ? dx : pass->scratch + framed_reals;
    if (chunk->first == 0)
        memset(d_framed, 0, framed_reals * sizeof *d_framed);
    add_inputs(t, pass->kernels, chunk, dv, d_framed);
    if (!in_place && chunk->first + chunk->rows == t->rows)
        conv_unframe_input(l, t->f, d_framed, dx);
}

/* As forward_images; dx may be NULL. */
static void backward_images(const layer *l, const layer_pass *pass, const tiling *t, size_t images,
                            const real *x, const real *dy, real *dx) {
    const size_t in = shape_size(l->in), out = shape_size(l->out);
    const real *framed = NULL;
    real *v = pass->scratch + 2 * frame_reals(t->f, l->in.channels);
    real *ut = pass->workspace + t->u_reals, *du = ut + t->ut_reals;
    for (int first = 0; first < t->rows; first += t->chunk_rows) {
        const tile_chunk chunk = chunk_of(t, first, images);
        const size_t v_image = chunk.image_tiles * t->channels,
                     m_image = chunk.image_tiles * t->padded_filters;
        real *dm = v + t->planes * chunk.tiles * t->channels;
        for (size_t n = 0; n < images; n++) {
            if (first == 0)
                framed = conv_frame_input(l, t->f, x + n * in, pass->scratch);
            transform_inputs(t, pass->kernels, &chunk, framed, v + n * v_image);
            transform_gradients(t, pass->kernels, &chunk, l->out, dy + n * out, dm + n * m_image);
        }
        add_products(t, pass->kernels, chunk.tiles, v, dm, du);
        if (dx == NULL)
            continue;
        multiply_gradients(t, pass->kernels, chunk.tiles, dm, ut, v);
        for (size_t n = 0; n < images; n++)
            add_input_gradient(l, pass, t, &chunk, v + n * v_image, dx + n * in);
    }
}

static void backward(const layer *l, const layer_pass *pass) {
    const tiling t = tile_layer(l);
    const size_t in = shape_size(l->in), out = shape_size(l->out);
    for (size_t n = 0; n < pass->count; n += t.images)
        backward_images(l, pass, &t, images_from(&t, pass, n), pass->input + n * in, pass->d_output + n * out,
                        pass->d_input != NULL ? pass->d_input + n * in : NULL);
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
