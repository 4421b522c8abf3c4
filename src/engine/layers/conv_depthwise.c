/* Depthwise convolution: one filter for each channel. Vectors run over channels, which are padded to whole
 * ones where there are fewer. The input gradient is the same sum over dy, spread by the strides in a frame of
 * zeros, with the kernel rotated:
 *
 *   dx[y, x, c] = Σ_{ky', kx'} W[c, KH − 1 − ky', KW − 1 − kx'] · spread[y + ky'·dh, x + kx'·dw, c]
 *
 * where dy[oy, ox] is at (oy·sh − ph + (KH − 1)·dh, ox·sw − pw + (KW − 1)·dw) of `spread`, or outside it.
 *
 * Workspace: weights [ky][kx][c], rotated in the backward pass, and then the bias, or the gradient of the
 * weights. */
#include "engine/layers/conv_algorithm.h"

#include <string.h>

static bool suits(const layer *l) {
    return l->in.channels == l->spec.filters && conv_groups(&l->spec) == l->spec.filters;
}

/* Channels as the kernels of this set take them. */
static size_t padded_channels(const layer *l, const kernel_set *kernels) {
    const size_t lanes = (size_t)kernels->lanes, channels = (size_t)l->in.channels;
    return (channels + lanes - 1) / lanes * lanes;
}

static size_t places_of(const layer *l) {
    return (size_t)l->spec.kernel_height * (size_t)l->spec.kernel_width;
}

/* dy spread by the strides. */
static frame spread_frame(const layer *l) {
    const layer_spec *s = &l->spec;
    return (frame){.height = l->in.height + (s->kernel_height - 1) * s->dilation_height,
                   .width = l->in.width + (s->kernel_width - 1) * s->dilation_width};
}

static size_t frame_pixels(frame f) {
    return (size_t)f.height * (size_t)f.width;
}

/* For any set of kernels: no vector is wider than a panel. The frames, and an image of each shape. */
static void setup(layer *l) {
    const size_t channels = panel_count((size_t)l->in.channels) * PANEL;
    const frame in = {l->in.height, l->in.width}, out = {l->out.height, l->out.width};
    l->workspace_reals = 2 * places_of(l) * channels + channels;
    l->scratch_reals = channels * (frame_pixels(conv_input_frame(l)) + frame_pixels(spread_frame(l)) +
                                   frame_pixels(in) + frame_pixels(out));
}

/* ---- Images in frames -------------------------------------------------------------------------- */

/* Pixel (y, x) of an image of `shape` is pixel (top + y·step_height, left + x·step_width) of the frame, whose
 * pixels have `channels` reals. */
typedef struct placement {
    tensor_shape shape;
    frame f;
    int top, left, step_height, step_width;
    size_t channels;
} placement;

static bool is_inside(int place, int size) {
    return place >= 0 && place < size;
}

/* One row of the image into a row of the frame; at once where pixels follow each other in both. */
static void place_row(const placement *p, const real *x, real *to) {
    const size_t channels = (size_t)p->shape.channels;
    if (p->step_width == 1 && p->channels == channels) {
        const int first = p->left < 0 ? -p->left : 0, room = p->f.width - p->left;
        const int end = p->shape.width < room ? p->shape.width : room;
        if (end > first)
            memcpy(to + (size_t)(p->left + first) * channels, x + (size_t)first * channels,
                   (size_t)(end - first) * channels * sizeof *x);
        return;
    }
    for (int i = 0; i < p->shape.width; i++) {
        const int column = p->left + i * p->step_width;
        if (is_inside(column, p->f.width))
            memcpy(to + (size_t)column * p->channels, x + (size_t)i * channels, channels * sizeof *x);
    }
}

/* The image's pixels into a frame that is zero elsewhere; those outside are left out. */
static void place_image(const placement *p, const real *x, real *to) {
    const size_t frame_row = (size_t)p->f.width * p->channels;
    const size_t own_row = (size_t)p->shape.width * (size_t)p->shape.channels;
    for (int y = 0; y < p->shape.height; y++, x += own_row) {
        const int row = p->top + y * p->step_height;
        if (is_inside(row, p->f.height))
            place_row(p, x, to + (size_t)row * frame_row);
    }
}

static placement place_input(const layer *l, size_t channels) {
    return (placement){.shape = l->in,
                       .f = conv_input_frame(l),
                       .top = l->spec.padding_height,
                       .left = l->spec.padding_width,
                       .step_height = 1,
                       .step_width = 1,
                       .channels = channels};
}

static placement place_output(const layer *l, size_t channels) {
    return (placement){.shape = l->out,
                       .f = {l->out.height, l->out.width},
                       .step_height = 1,
                       .step_width = 1,
                       .channels = channels};
}

static placement place_spread(const layer *l, size_t channels) {
    const layer_spec *s = &l->spec;
    return (placement){.shape = l->out,
                       .f = spread_frame(l),
                       .top = (s->kernel_height - 1) * s->dilation_height - s->padding_height,
                       .left = (s->kernel_width - 1) * s->dilation_width - s->padding_width,
                       .step_height = s->stride_height,
                       .step_width = s->stride_width,
                       .channels = channels};
}

static size_t placed_reals(const placement *p) {
    return frame_pixels(p->f) * p->channels;
}

/* Does the image fill its frame, so that it can be taken as it is? */
static bool is_same(const placement *p) {
    return p->f.height == p->shape.height && p->f.width == p->shape.width && p->top == 0 && p->left == 0 &&
           p->step_height == 1 && p->step_width == 1 && p->channels == (size_t)p->shape.channels;
}

static const real *placed(const placement *p, const real *x, real *scratch) {
    if (is_same(p))
        return x;
    place_image(p, x, scratch);
    return scratch;
}

/* Padded pixels into an image. */
static void take_image(const real *padded, size_t padded_reals, tensor_shape shape, real *x) {
    const size_t channels = (size_t)shape.channels, pixels = shape_size(shape) / channels;
    for (size_t i = 0; i < pixels; i++)
        memcpy(x + i * channels, padded + i * padded_reals, channels * sizeof *x);
}

/* ---- Passes ------------------------------------------------------------------------------------ */

/* Rows of `count` channels into rows of `padded`, in order or reversed; returns the end. */
static real *pad_rows(const real *rows, size_t count, size_t channels, size_t padded, bool reversed,
                      real *to) {
    for (size_t i = 0; i < count; i++, to += padded) {
        memset(to, 0, padded * sizeof *to);
        memcpy(to, rows + (reversed ? count - 1 - i : i) * channels, channels * sizeof *to);
    }
    return to;
}

/* The sum for y (height, width) from the image at x. */
static depthwise correlation(const layer *l, const layer_pass *pass, tensor_shape y, frame under) {
    const size_t channels = padded_channels(l, pass->kernels);
    const ptrdiff_t pixel = (ptrdiff_t)channels, row = under.width * pixel;
    return (depthwise){
        .channels = (int)channels,
        .height = y.height,
        .width = y.width,
        .kernel_height = l->spec.kernel_height,
        .kernel_width = l->spec.kernel_width,
        .x_row = row,
        .x_pixel = pixel,
        .place_row = l->spec.dilation_height * row,
        .place_pixel = l->spec.dilation_width * pixel,
        .w = pass->workspace,
    };
}

/* Of the forward pass, whose outputs are `stride` apart. */
static depthwise strided_correlation(const layer *l, const layer_pass *pass) {
    depthwise d = correlation(l, pass, l->out, conv_input_frame(l));
    d.x_row *= l->spec.stride_height;
    d.x_pixel *= l->spec.stride_width;
    return d;
}

static void forward_begin(const layer *l, const layer_pass *pass) {
    const size_t channels = (size_t)l->in.channels, padded = padded_channels(l, pass->kernels);
    real *bias = pad_rows(pass->parameters, places_of(l), channels, padded, false, pass->workspace);
    pad_rows(pass->parameters + l->weight_reals, 1, channels, padded, false, bias);
}

static void forward(const layer *l, const layer_pass *pass) {
    const size_t channels = padded_channels(l, pass->kernels);
    const bool whole = channels == (size_t)l->in.channels;
    const placement in = place_input(l, channels);
    real *framed = pass->scratch, *padded = framed + placed_reals(&in);
    memset(framed, 0, placed_reals(&in) * sizeof *framed);
    depthwise d = strided_correlation(l, pass);
    d.bias = pass->workspace + places_of(l) * channels;
    for (size_t n = 0; n < pass->count; n++) {
        real *y = pass->output + n * shape_size(l->out);
        d.x = placed(&in, pass->input + n * shape_size(l->in), framed);
        d.y = whole ? y : padded;
        pass->kernels->depthwise(&d);
        if (!whole)
            take_image(padded, channels, l->out, y);
    }
}

static void backward_begin(const layer *l, const layer_pass *pass) {
    const size_t padded = padded_channels(l, pass->kernels);
    real *dw =
        pad_rows(pass->parameters, places_of(l), (size_t)l->in.channels, padded, true, pass->workspace);
    memset(dw, 0, places_of(l) * padded * sizeof *dw);
}

/* dx of one image from dy spread in its frame. */
static void input_gradient(const layer *l, const layer_pass *pass, const real *spread, real *padded,
                           real *dx) {
    const size_t channels = padded_channels(l, pass->kernels);
    const bool whole = channels == (size_t)l->in.channels;
    depthwise d = correlation(l, pass, l->in, spread_frame(l));
    d.x = spread;
    d.y = whole ? dx : padded;
    pass->kernels->depthwise(&d);
    if (!whole)
        take_image(padded, channels, l->in, dx);
}

static void backward(const layer *l, const layer_pass *pass) {
    const size_t channels = padded_channels(l, pass->kernels);
    const placement in = place_input(l, channels), out = place_output(l, channels);
    const placement apart = place_spread(l, channels);
    real *framed = pass->scratch, *spread = framed + placed_reals(&in);
    real *dy_padded = spread + placed_reals(&apart), *dx_padded = dy_padded + placed_reals(&out);
    memset(pass->scratch, 0, (size_t)(dx_padded - pass->scratch) * sizeof *framed);
    depthwise d = strided_correlation(l, pass);
    d.dw = pass->workspace + places_of(l) * channels;
    for (size_t n = 0; n < pass->count; n++) {
        const real *dy = pass->d_output + n * shape_size(l->out);
        d.x = placed(&in, pass->input + n * shape_size(l->in), framed);
        d.dy = placed(&out, dy, dy_padded);
        pass->kernels->depthwise_gradient(&d);
        if (pass->d_input != NULL)
            input_gradient(l, pass, placed(&apart, dy, spread), dx_padded,
                           pass->d_input + n * shape_size(l->in));
    }
}

static void backward_end(const layer *l, const layer_pass *pass) {
    const size_t channels = (size_t)l->in.channels, padded = padded_channels(l, pass->kernels);
    const real *dw = pass->workspace + places_of(l) * padded;
    for (size_t place = 0; place < places_of(l); place++)
        for (size_t c = 0; c < channels; c++)
            pass->d_parameters[place * channels + c] += dw[place * padded + c];
}

const conv_algorithm conv_depthwise = {
    .suits = suits,
    .setup = setup,
    .forward_begin = forward_begin,
    .forward = forward,
    .backward_begin = backward_begin,
    .backward = backward,
    .backward_end = backward_end,
};
