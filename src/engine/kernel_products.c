/* The products of convolutions and dense layers, as the layers ask for them, for kernel_work.c: 3 × 3
 * kernels over images of 8 rows of 24 outputs, dense layers over 96 samples. */
#include "engine/kernel_work.h"
#include "engine/layers/layer.h"

enum { HEIGHT = 8, WIDTH = 24, KERNEL_SIZE = 3, FRAME_HEIGHT = HEIGHT + 2, FRAME_WIDTH = WIDTH + 2 };
enum { FEW = PANEL, SAMPLES = 96, INPUTS = 256 };

/* Columns that the vectors of `product` compute for a layer with this many. */
static int computed_columns(const kernel_set *kernels, int columns) {
    const int lanes = kernels->lanes;
    return (columns + lanes - 1) / lanes * lanes;
}

/* Columns of panel `panel` and of the one that the layers multiply together with it. */
enum { PANELS_TOGETHER = 2 };

static int columns_together(int columns, int panel) {
    const int left = columns - panel * PANEL, most = PANELS_TOGETHER * PANEL;
    return left < most ? left : most;
}

/* ---- Convolutions ------------------------------------------------------------------------------ */

typedef struct convolution {
    int channels, filters;
    size_t in, out, weights; /* reals: of a framed image, of its outputs, of a panel of filters */
    int images;
} convolution;

static convolution convolution_of(int channels, int filters) {
    convolution c = {.channels = channels, .filters = filters};
    c.in = (size_t)(FRAME_HEIGHT * FRAME_WIDTH * channels);
    c.out = (size_t)(HEIGHT * WIDTH * filters);
    c.weights = (size_t)(KERNEL_SIZE * KERNEL_SIZE * channels * PANEL);
    c.images = work_repeats(c.in + c.out);
    return c;
}

static work_done convolution_done(const convolution *c, int columns) {
    const double outputs = (double)c->images * columns * HEIGHT * WIDTH;
    return work_products(outputs, KERNEL_SIZE * KERNEL_SIZE * c->channels,
                         c->images * (double)(c->in + c->out));
}

static void convolve_image(const work_arrays *w, const convolution *c, const real *x, real *y) {
    for (int panel = 0; panel * PANEL < c->filters; panel += PANELS_TOGETHER) {
        product p = {
            .rows = WIDTH,
            .columns = columns_together(c->filters, panel),
            .segments = KERNEL_SIZE,
            .length = KERNEL_SIZE * c->channels,
            .a_segment = FRAME_WIDTH * c->channels,
            .a_row = c->channels,
            .a_step = 1,
            .b = w->b + (size_t)panel * c->weights,
            .b_panel = (ptrdiff_t)c->weights,
            .b_segment = KERNEL_SIZE * c->channels * PANEL,
            .b_step = PANEL,
            .c_panel = PANEL,
            .c_row = c->filters,
            .bias = w->d,
        };
        for (int row = 0; row < HEIGHT; row++) {
            p.a = x + row * p.a_segment;
            p.c = y + row * WIDTH * c->filters + panel * PANEL;
            w->kernels->product(&p);
        }
    }
}

static work_done convolve(const work_arrays *w, int channels, int filters) {
    const convolution c = convolution_of(channels, filters);
    for (size_t i = 0; i < (size_t)c.images; i++)
        convolve_image(w, &c, w->a + i * c.in, w->c + i * c.out);
    return convolution_done(&c, computed_columns(w->kernels, filters));
}

work_done work_convolve(const work_arrays *w, int channels) {
    return convolve(w, channels, FEW);
}

work_done work_convolve_filters(const work_arrays *w, int channels) {
    return convolve(w, FEW, channels);
}

/* y: the gradient of the outputs, (pixel, filter) where filters fill panels, else [panel][pixel][PANEL]. */
static void add_weight_gradient(const work_arrays *w, const convolution *c, const real *x, const real *y) {
    const bool whole = c->filters % PANEL == 0;
    const int step = whole ? c->filters : PANEL;
    for (int panel = 0; panel * PANEL < c->filters; panel += whole ? PANELS_TOGETHER : 1) {
        product p = {
            .rows = KERNEL_SIZE * c->channels,
            .columns = whole ? columns_together(c->filters, panel)
                             : whole_lanes(w->kernels, panel_columns((size_t)c->filters, (size_t)panel)),
            .segments = HEIGHT,
            .length = WIDTH,
            .a_segment = FRAME_WIDTH * c->channels,
            .a_row = 1,
            .a_step = c->channels,
            .b = y + panel * PANEL * (whole ? 1 : HEIGHT * WIDTH),
            .b_panel = PANEL,
            .b_segment = WIDTH * step,
            .b_step = step,
            .c_panel = (ptrdiff_t)c->weights,
            .c_row = PANEL,
            .accumulate = true,
        };
        for (int row = 0; row < KERNEL_SIZE; row++) {
            p.a = x + row * p.a_segment;
            p.c = w->b + (size_t)panel * c->weights + (size_t)(row * p.rows * PANEL);
            w->kernels->product(&p);
        }
    }
}

static work_done weight_gradient(const work_arrays *w, int channels, int filters) {
    convolution c = convolution_of(channels, filters);
    c.out = HEIGHT * WIDTH * PANEL * panel_count((size_t)filters);
    c.images = work_repeats(c.in + c.out);
    for (size_t i = 0; i < (size_t)c.images; i++)
        add_weight_gradient(w, &c, w->a + i * c.in, w->c + i * c.out);
    const double sums =
        (double)c.images * computed_columns(w->kernels, filters) * KERNEL_SIZE * KERNEL_SIZE * channels;
    return work_products(sums, HEIGHT * WIDTH, c.images * (double)(c.in + c.out));
}

work_done work_weight_gradient(const work_arrays *w, int channels) {
    return weight_gradient(w, channels, FEW);
}

work_done work_weight_gradient_filters(const work_arrays *w, int channels) {
    return weight_gradient(w, FEW, channels);
}

/* Rows 2 … 7 of the framed input, which all rows of the kernel reach; rows overlap where they are added. */
enum { FULL_ROWS = HEIGHT - 2 };

static void add_input_gradient(const work_arrays *w, const convolution *c, const real *y, real *x) {
    const size_t terms = (size_t)(KERNEL_SIZE * c->channels);
    const ptrdiff_t block = c->filters * PANEL, row = FRAME_WIDTH * c->channels;
    for (size_t panel = 0; panel < panel_count(terms); panel++) {
        product p = {
            .rows = WIDTH,
            .columns = whole_lanes(w->kernels, panel_columns(terms, panel)),
            .segments = KERNEL_SIZE,
            .length = c->filters,
            .a_segment = -WIDTH * c->filters,
            .a_row = c->filters,
            .a_step = 1,
            .b = w->b + (ptrdiff_t)panel * KERNEL_SIZE * block,
            .b_segment = block,
            .b_step = PANEL,
            .c_row = c->channels,
            .accumulate = true,
        };
        for (int r = 2; r < 2 + FULL_ROWS; r++) {
            p.a = y + r * WIDTH * c->filters;
            p.c = x + r * row + (ptrdiff_t)panel * PANEL;
            w->kernels->product(&p);
        }
    }
}

work_done work_input_gradient(const work_arrays *w, int channels) {
    const convolution c = convolution_of(channels, FEW);
    const int columns = computed_columns(w->kernels, KERNEL_SIZE * channels);
    for (size_t i = 0; i < (size_t)c.images; i++)
        add_input_gradient(w, &c, w->c + i * c.out, w->a + i * c.in);
    return work_products((double)c.images * columns * FULL_ROWS * WIDTH, KERNEL_SIZE * FEW,
                         c.images * (double)(2 * c.in + c.out));
}

/* ---- Dense layers ------------------------------------------------------------------------------ */

static work_done dense(const work_arrays *w, int inputs, int units) {
    const size_t in = (size_t)(SAMPLES * inputs), out = (size_t)(SAMPLES * units);
    const int batches = work_repeats(in + out);
    for (int i = 0; i < batches; i++)
        w->kernels->product(&(product){
            .rows = SAMPLES,
            .columns = units,
            .segments = 1,
            .length = inputs,
            .a = w->a + (size_t)i * in,
            .a_row = inputs,
            .a_step = 1,
            .b = w->b,
            .b_panel = inputs * PANEL,
            .b_step = PANEL,
            .c = w->c + (size_t)i * out,
            .c_panel = PANEL,
            .c_row = units,
            .bias = w->d,
        });
    return work_products((double)batches * SAMPLES * computed_columns(w->kernels, units), inputs,
                         batches * (double)(in + out));
}

work_done work_dense_inputs(const work_arrays *w, int channels) {
    return dense(w, channels, FEW);
}

work_done work_dense_units(const work_arrays *w, int channels) {
    return dense(w, INPUTS, channels);
}
