/* Direct convolution, without im2col: in a channel-last image the kx·C values under a kernel row are
 * contiguous, so one row of outputs is one product of KH segments of KW·C terms. The input gradient is the
 * same product over the framed (and, with a stride, spread) dy with the turned weights [c /
 * PANEL][ky'][kx'][o][c % PANEL], ky' = KH − 1 − ky. */
#include "engine/layers/conv.h"

#include <string.h>

/* dy as the input gradient reads it: kernel − 1 zeros on every side, stride − 1 zeros between pixels; as
 * large as the padded input needs, even where no window starts. */
static frame gradient_frame(const layer *l) {
    frame f = conv_input_frame(l);
    return (frame){.height = f.height + l->spec.kernel_height - 1,
                   .width = f.width + l->spec.kernel_width - 1};
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

static void setup(layer *l) {
    const size_t channels = (size_t)l->in.channels;
    l->workspace_reals = panel_count(channels) * PANEL * conv_terms(l) / channels * filters(l);
    /* one framed input, one framed gradient, one panel of a gradient */
    l->scratch_reals = frame_reals(conv_input_frame(l), l->in.channels) +
                       frame_reals(gradient_frame(l), l->spec.filters) + PANEL * out_pixels(l);
}

/* The image x inside its padding; x itself where there is none. */
static const real *framed_input(const layer *l, const real *x, real *scratch) {
    const int top = l->spec.padding_height, left = l->spec.padding_width;
    if (top == 0 && left == 0)
        return x;
    conv_frame_image(x, l->in, conv_input_frame(l), top, left, scratch);
    return scratch;
}

static void forward_image(const layer *l, const layer_pass *pass, const real *framed, real *y) {
    const frame f = conv_input_frame(l);
    const ptrdiff_t channels = l->in.channels, row = f.width * channels;
    const size_t o = filters(l), k = conv_terms(l);
    const real *bias = pass->parameters + l->weight_reals;
    for (size_t panel = 0; panel < panel_count(o); panel++) {
        product p = {
            .rows = l->out.width,
            .columns = panel_columns(o, panel),
            .segments = l->spec.kernel_height,
            .length = l->spec.kernel_width * l->in.channels,
            .a_segment = row,
            .a_row = l->spec.stride_width * channels,
            .a_step = 1,
            .b = pass->parameters + panel * k * PANEL,
            .b_segment = (ptrdiff_t)l->spec.kernel_width * channels * PANEL,
            .b_step = PANEL,
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
        const real *framed = framed_input(l, pass->input + n * in, pass->scratch);
        forward_image(l, pass, framed, pass->output + n * out);
    }
}

/* Turn the weights once per step: workspace [c / PANEL][ky'][kx'][o][c % PANEL], padded with zeros. */
static void backward_begin(const layer *l, const layer_pass *pass) {
    if (pass->d_input == NULL)
        return;
    const size_t channels = (size_t)l->in.channels, places = conv_terms(l) / channels;
    real *to = pass->workspace;
    for (size_t panel = 0; panel < panel_count(channels); panel++)
        for (size_t place = 0; place < places; place++)
            for (size_t o = 0; o < filters(l); o++, to += PANEL)
                for (size_t j = 0; j < PANEL; j++) {
                    const size_t c = panel * PANEL + j, turned = places - 1 - place;
                    to[j] = c < channels ? pass->parameters[conv_weight_place(l, turned, c, o)] : 0;
                }
}

/* dW[o, ky, (kx, c)] += Σ_{oy, ox} dy[oy, ox, o] · framed[oy·sh + ky, ox·sw + kx, c] for one image. */
static void weight_gradient(const layer *l, const layer_pass *pass, const real *framed, const real *dy,
                            real *panel_scratch) {
    const frame f = conv_input_frame(l);
    const ptrdiff_t channels = l->in.channels, row = f.width * channels;
    const size_t o = filters(l), k = conv_terms(l), pixels = out_pixels(l);
    const bool whole_panels = o % PANEL == 0;
    for (size_t panel = 0; panel < panel_count(o); panel++) {
        const real *dy_panel = dy + panel * PANEL;
        if (!whole_panels) {
            pack_panel(dy, pixels, o, panel, panel_scratch);
            dy_panel = panel_scratch;
        }
        const ptrdiff_t dy_step = whole_panels ? (ptrdiff_t)o : PANEL;
        product p = {
            .rows = l->spec.kernel_width * l->in.channels,
            .columns = whole_lanes(pass->kernels, panel_columns(o, panel)),
            .segments = l->out.height,
            .length = l->out.width,
            .a_segment = l->spec.stride_height * row,
            .a_row = 1,
            .a_step = l->spec.stride_width * channels,
            .b = dy_panel,
            .b_segment = l->out.width * dy_step,
            .b_step = dy_step,
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

/* dy (OH, OW, O) into its frame: pixel (oy, ox) at (KH − 1 + oy·sh, KW − 1 + ox·sw). */
static void frame_gradient(const layer *l, const real *dy, real *framed) {
    const frame f = gradient_frame(l);
    const size_t o = filters(l);
    memset(framed, 0, frame_reals(f, l->spec.filters) * sizeof *framed);
    for (int oy = 0; oy < l->out.height; oy++) {
        real *row =
            framed + (size_t)(l->spec.kernel_height - 1 + oy * l->spec.stride_height) * (size_t)f.width * o;
        for (int ox = 0; ox < l->out.width; ox++, dy += o)
            memcpy(row + (size_t)(l->spec.kernel_width - 1 + ox * l->spec.stride_width) * o, dy,
                   o * sizeof *dy);
    }
}

static int larger(int a, int b) {
    return a > b ? a : b;
}

static int smaller(int a, int b) {
    return a < b ? a : b;
}

static void input_gradient(const layer *l, const layer_pass *pass, const real *framed, real *dx) {
    const frame f = gradient_frame(l);
    const ptrdiff_t o = l->spec.filters, row = f.width * o;
    const size_t channels = (size_t)l->in.channels;
    const ptrdiff_t kernel_row = l->spec.kernel_width * o; /* terms per segment */
    const int top = l->spec.kernel_height - 1; /* rows of the frame from … to that are not zero */
    const int bottom = top + (l->out.height - 1) * l->spec.stride_height;
    for (size_t panel = 0; panel < panel_count(channels); panel++) {
        const real *weights = pass->workspace + (ptrdiff_t)panel * l->spec.kernel_height * kernel_row * PANEL;
        product p = {
            .rows = l->in.width,
            .columns = panel_columns(channels, panel),
            .length = (int)kernel_row,
            .a_segment = row,
            .a_row = o,
            .a_step = 1,
            .b_segment = kernel_row * PANEL,
            .b_step = PANEL,
            .c_row = (ptrdiff_t)channels,
        };
        for (int y = 0; y < l->in.height; y++) {
            const int above = y + l->spec.padding_height; /* row of the frame under the first kernel row */
            const int first = larger(top - above, 0), last = smaller(bottom - above, top);
            p.segments = larger(last - first + 1, 0);
            p.a = framed + (above + first) * row + l->spec.padding_width * o;
            p.b = weights + first * p.b_segment;
            p.c = dx + (size_t)y * (size_t)l->in.width * channels + panel * PANEL;
            pass->kernels->product(&p);
        }
    }
}

static void backward(const layer *l, const layer_pass *pass) {
    const size_t in = shape_size(l->in), out = shape_size(l->out);
    real *input_scratch = pass->scratch;
    real *panel_scratch = input_scratch + frame_reals(conv_input_frame(l), l->in.channels);
    real *gradient_scratch = panel_scratch + PANEL * out_pixels(l);
    for (size_t n = 0; n < pass->count; n++) {
        const real *dy = pass->d_output + n * out;
        const real *framed = framed_input(l, pass->input + n * in, input_scratch);
        weight_gradient(l, pass, framed, dy, panel_scratch);
        if (pass->d_input == NULL)
            continue;
        frame_gradient(l, dy, gradient_scratch);
        input_gradient(l, pass, gradient_scratch, pass->d_input + n * in);
    }
}

const conv_algorithm conv_direct = {
    .suits = suits,
    .setup = setup,
    .forward = forward,
    .backward_begin = backward_begin,
    .backward = backward,
};
