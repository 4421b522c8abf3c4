/* Direct convolution, without im2col: in a channel-last image the kx·C values under a kernel row are
 * contiguous, so one row of outputs is one product of KH segments of KW·C terms. The input gradient is the
 * transpose of that: a row of dx is the sum over the kernel rows that reach it of products of a row of dy and
 * the weights [(kx, c) / PANEL][ky][o][(kx, c) % PANEL], each of whose rows is added to the KW·C values it
 * came from.
 */
#include "engine/layers/conv_algorithm.h"

#include <string.h>

/* Panels of one product, whose weights stay in L1. */
enum { PANELS_TOGETHER = 2 };

/* Columns of panel `panel` and those that go with it, out of `columns`. */
static int columns_together(size_t columns, size_t panel) {
    const size_t left = columns - panel * PANEL, most = PANELS_TOGETHER * PANEL;
    return (int)(left < most ? left : most);
}

static size_t filters(const layer *l) {
    return (size_t)l->spec.filters;
}

static size_t out_pixels(const layer *l) {
    return (size_t)l->out.height * (size_t)l->out.width;
}

static bool suits(const layer *l) {
    (void)l;
    return true;
}

/* Values of the input under one row of the kernel. */
static size_t row_terms(const layer *l) {
    return (size_t)l->spec.kernel_width * (size_t)l->in.channels;
}

/* A framed image, and what the last panel of its last row reaches beyond it. */
static size_t framed_reals(const layer *l) {
    return frame_reals(conv_input_frame(l), l->in.channels) + PANEL;
}

static void setup(layer *l) {
    l->workspace_reals = panel_count(row_terms(l)) * PANEL * (size_t)l->spec.kernel_height * filters(l);
    /* one framed input, its gradient, one panel of dy */
    l->scratch_reals = 2 * framed_reals(l) + PANEL * out_pixels(l);
}

static void forward_image(const layer *l, const layer_pass *pass, const real *framed, real *y) {
    const frame f = conv_input_frame(l);
    const ptrdiff_t channels = l->in.channels, row = f.width * channels;
    const size_t o = filters(l), k = conv_terms(l);
    const real *bias = pass->parameters + l->weight_reals;
    for (size_t panel = 0; panel < panel_count(o); panel += PANELS_TOGETHER) {
        product p = {
            .rows = l->out.width,
            .columns = columns_together(o, panel),
            .segments = l->spec.kernel_height,
            .length = l->spec.kernel_width * l->in.channels,
            .a_segment = row,
            .a_row = l->spec.stride_width * channels,
            .a_step = 1,
            .b = pass->parameters + panel * k * PANEL,
            .b_panel = (ptrdiff_t)k * PANEL,
            .b_segment = (ptrdiff_t)l->spec.kernel_width * channels * PANEL,
            .b_step = PANEL,
            .c_panel = PANEL,
            .c_row = (ptrdiff_t)o,
            .bias = bias + panel * PANEL,
        };
        for (int oy = 0; oy < l->out.height; oy++) {
            p.a = framed + oy * l->spec.stride_height * row;
            p.c = y + (size_t)oy * (size_t)l->out.width * o + panel * PANEL;
            pass->kernels->product(&p);
        }
    }
}

static void forward(const layer *l, const layer_pass *pass) {
    const size_t in = shape_size(l->in), out = shape_size(l->out);
    for (size_t n = 0; n < pass->count; n++) {
        const real *framed = conv_frame_input(l, conv_input_frame(l), pass->input + n * in, pass->scratch);
        forward_image(l, pass, framed, pass->output + n * out);
    }
}

/* Element n = (kx, c) of the weights under kernel row ky of filter o, or 0 beyond the last. */
static real row_weight(const layer *l, const real *parameters, size_t ky, size_t n, size_t o) {
    const size_t channels = (size_t)l->in.channels, place = ky * (size_t)l->spec.kernel_width + n / channels;
    return n < row_terms(l) ? parameters[conv_weight_place(l, place, n % channels, o)] : 0;
}

/* Transpose the weights once per step: workspace [(kx, c) / PANEL][ky][o][(kx, c) % PANEL]. */
static void backward_begin(const layer *l, const layer_pass *pass) {
    if (pass->d_input == NULL)
        return;
    real *to = pass->workspace;
    for (size_t panel = 0; panel < panel_count(row_terms(l)); panel++)
        for (size_t ky = 0; ky < (size_t)l->spec.kernel_height; ky++)
            for (size_t o = 0; o < filters(l); o++)
                for (size_t j = 0; j < PANEL; j++)
                    *to++ = row_weight(l, pass->parameters, ky, panel * PANEL + j, o);
}

/* dW[o, ky, (kx, c)] += Σ_{oy, ox} dy[oy, ox, o] · framed[oy·sh + ky, ox·sw + kx, c] for one image. */
static void weight_gradient(const layer *l, const layer_pass *pass, const real *framed, const real *dy,
                            real *panel_scratch) {
    const frame f = conv_input_frame(l);
    const ptrdiff_t channels = l->in.channels, row = f.width * channels;
    const size_t o = filters(l), k = conv_terms(l), pixels = out_pixels(l);
    const bool whole_panels = o % PANEL == 0;
    for (size_t panel = 0; panel < panel_count(o); panel += whole_panels ? PANELS_TOGETHER : 1) {
        const real *dy_panel = dy + panel * PANEL;
        if (!whole_panels) {
            pack_panel(dy, pixels, o, panel, panel_scratch);
            dy_panel = panel_scratch;
        }
        const ptrdiff_t dy_step = whole_panels ? (ptrdiff_t)o : PANEL;
        product p = {
            .rows = l->spec.kernel_width * l->in.channels,
            .columns = whole_panels ? columns_together(o, panel)
                                    : whole_lanes(pass->kernels, panel_columns(o, panel)),
            .segments = l->out.height,
            .length = l->out.width,
            .a_segment = l->spec.stride_height * row,
            .a_row = 1,
            .a_step = l->spec.stride_width * channels,
            .b = dy_panel,
            .b_panel = PANEL,
            .b_segment = l->out.width * dy_step,
            .b_step = dy_step,
            .c_panel = (ptrdiff_t)k * PANEL,
            .c_row = PANEL,
            .accumulate = true,
        };
        for (int ky = 0; ky < l->spec.kernel_height; ky++) {
            p.a = framed + ky * row;
            p.c = pass->d_parameters +
                  (panel * k + (size_t)(ky * l->spec.kernel_width * l->in.channels)) * PANEL;
            pass->kernels->product(&p);
        }
    }
}

static int smaller(int a, int b) {
    return a < b ? a : b;
}

/* Kernel rows that reach row `y` of the framed input: ky = first, first + stride, … Of them, the first comes
 * from row `oy` of dy, each further one from the row above. */
typedef struct reach {
    int first, count, oy;
} reach;

static reach rows_reaching(const layer *l, int y) {
    const int stride = l->spec.stride_height, last_row = l->out.height - 1;
    const int oy = smaller(y / stride, last_row), first = y - oy * stride;
    const int within_kernel =
        first < l->spec.kernel_height ? (l->spec.kernel_height - 1 - first) / stride + 1 : 0;
    return (reach){.first = first, .count = smaller(within_kernel, oy + 1), .oy = oy};
}

/* framed[y, (ox·sw + kx), c] += Σ_{ky, o} dy[(y − ky) / sh, ox, o] · W[o, c, ky, kx] for one image and all y.
 */
static void input_gradient(const layer *l, const layer_pass *pass, const real *dy, real *framed) {
    const frame f = conv_input_frame(l);
    const ptrdiff_t o = l->spec.filters, channels = l->in.channels, block = o * PANEL;
    for (size_t panel = 0; panel < panel_count(row_terms(l)); panel++) {
        const real *weights = pass->workspace + (ptrdiff_t)panel * l->spec.kernel_height * block;
        product p = {
            .rows = l->out.width,
            .columns = whole_lanes(pass->kernels, panel_columns(row_terms(l), panel)),
            .length = l->spec.filters,
            .a_segment = -l->out.width * o,
            .a_row = o,
            .a_step = 1,
            .b_segment = l->spec.stride_height * block,
            .b_step = PANEL,
            .c_row = l->spec.stride_width * channels,
            .accumulate = true,
        };
        const int top = l->spec.padding_height;
        for (int y = top; y < top + l->in.height; y++) {
            const reach r = rows_reaching(l, y);
            if (r.count == 0)
                continue;
            p.segments = r.count;
            p.a = dy + r.oy * l->out.width * o;
            p.b = weights + r.first * block;
            p.c = framed + (ptrdiff_t)y * f.width * channels + panel * PANEL;
            pass->kernels->product(&p);
        }
    }
}

static void backward(const layer *l, const layer_pass *pass) {
    const size_t in = shape_size(l->in), out = shape_size(l->out);
    const frame f = conv_input_frame(l);
    real *input_scratch = pass->scratch, *gradient_scratch = input_scratch + framed_reals(l);
    real *panel_scratch = gradient_scratch + framed_reals(l);
    for (size_t n = 0; n < pass->count; n++) {
        const real *dy = pass->d_output + n * out;
        const real *framed = conv_frame_input(l, f, pass->input + n * in, input_scratch);
        weight_gradient(l, pass, framed, dy, panel_scratch);
        if (pass->d_input == NULL)
            continue;
        memset(gradient_scratch, 0, framed_reals(l) * sizeof *gradient_scratch);
        input_gradient(l, pass, dy, gradient_scratch);
        conv_unframe_input(l, f, gradient_scratch, pass->d_input + n * in);
    }
}

const conv_algorithm conv_direct = {
    .suits = suits,
    .setup = setup,
    .forward = forward,
    .backward_begin = backward_begin,
    .backward = backward,
};
