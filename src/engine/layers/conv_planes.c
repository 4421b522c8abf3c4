/* Convolution of few channels by few filters: panels of filters would be mostly empty, so images are split
 * into one plane per channel and vectors run along their rows. The input gradient is the same correlation
 * over dy within its frame, with the weights rotated:
 *
 *   dx[c, y, x] = Σ_{o, ky', kx'} W[o, c, KH − 1 − ky', KW − 1 − kx'] · framed[o, y + ph + ky', x + pw + kx']
 *
 * where pixel (oy, ox) of dy is at (KH − 1 + oy, KW − 1 + ox) of `framed`. */
#include "engine/layers/conv_algorithm.h"

#include <string.h>

/* Beyond these the panels of conv_direct.c are full enough. */
enum { MOST_CHANNELS = 2, MOST_FILTERS = 7 };

/* Planes side by side, (count, height, row): rows are padded so that whole panels may be read from any pixel.
 */
typedef struct planes {
    size_t count, height, row;
} planes;

static planes planes_of(int count, frame f) {
    const size_t width = (size_t)f.width;
    return (planes){(size_t)count, (size_t)f.height, (panel_count(width) + 1) * PANEL};
}

static size_t plane_reals(planes p) {
    return p.height * p.row;
}

static size_t planes_reals(planes p) {
    return p.count * plane_reals(p);
}

/* The padded input, the output, dy in its frame and dx. */
static planes input_planes(const layer *l) {
    return planes_of(l->in.channels, conv_input_frame(l));
}

static planes output_planes(const layer *l) {
    return planes_of(l->spec.filters, (frame){l->out.height, l->out.width});
}

static planes framed_planes(const layer *l) {
    const int height = l->out.height + 2 * (l->spec.kernel_height - 1);
    return planes_of(l->spec.filters, (frame){height, l->out.width + 2 * (l->spec.kernel_width - 1)});
}

static planes gradient_planes(const layer *l) {
    return planes_of(l->in.channels, (frame){l->in.height, l->in.width});
}

static bool suits(const layer *l) {
    const layer_spec *s = &l->spec;
    return s->stride_height == 1 && s->stride_width == 1 && l->in.channels <= MOST_CHANNELS &&
           s->filters <= MOST_FILTERS && s->kernel_width <= PLANES_WIDEST &&
           s->padding_height < s->kernel_height && s->padding_width < s->kernel_width;
}

/* Workspace: weights and their gradient, (O, C, KH, KW) or rotated (C, O, KH, KW). */
static void setup(layer *l) {
    l->workspace_reals = 2 * l->weight_count;
    const size_t forward = planes_reals(input_planes(l)) + planes_reals(output_planes(l));
    const size_t backward =
        planes_reals(input_planes(l)) + planes_reals(framed_planes(l)) + planes_reals(gradient_planes(l));
    l->scratch_reals = forward > backward ? forward : backward;
}

/* Where element (y, x, c) of an image is: y·row + x·pixel + c·channel. */
typedef struct strides {
    size_t row, pixel, channel;
} strides;

static strides image_strides(tensor_shape shape) {
    const size_t channels = (size_t)shape.channels;
    return (strides){.row = (size_t)shape.width * channels, .pixel = channels, .channel = 1};
}

static strides plane_strides(planes p) {
    return (strides){.row = p.row, .pixel = 1, .channel = plane_reals(p)};
}

/* `channels` is a constant where the compiler can then unroll. */
static inline __attribute__((always_inline)) void copy_row(size_t width, const size_t channels, strides from,
                                                           const real *restrict x, strides to,
                                                           real *restrict y) {
    for (size_t i = 0; i < width; i++, x += from.pixel, y += to.pixel)
        for (size_t c = 0; c < channels; c++)
            y[c * to.channel] = x[c * from.channel];
}

/* Copy an image from one layout to another. */
static void copy_image(tensor_shape shape, strides from, const real *x, strides to, real *y) {
    const size_t width = (size_t)shape.width;
    for (int row = 0; row < shape.height; row++, x += from.row, y += to.row)
        switch (shape.channels) {
        case 1:
            copy_row(width, 1, from, x, to, y);
            break;
        case 6:
            copy_row(width, 6, from, x, to, y);
            break;
        default:
            copy_row(width, (size_t)shape.channels, from, x, to, y);
        }
}

/* Image x (shape) into the interior of planes, its first pixel at (top, left). */
static void take_apart(const real *x, tensor_shape shape, planes p, int top, int left, real *to) {
    copy_image(shape, image_strides(shape), x, plane_strides(p), to + (size_t)top * p.row + (size_t)left);
}

/* Planes (C, H, row) into image x (H, W, C). */
static void put_together(const real *from, planes p, tensor_shape shape, real *x) {
    copy_image(shape, plane_strides(p), from, image_strides(shape), x);
}

static void forward_begin(const layer *l, const layer_pass *pass) {
    const size_t channels = (size_t)l->in.channels, places = conv_terms(l) / channels;
    real *to = pass->workspace;
    for (size_t o = 0; o < (size_t)l->spec.filters; o++)
        for (size_t c = 0; c < channels; c++)
            for (size_t place = 0; place < places; place++)
                *to++ = pass->parameters[conv_weight_place(l, place, c, o)];
}

/* x (C planes) → y (O planes), and the strides of both. */
static plane_correlation forward_correlation(const layer *l, planes y) {
    const planes x = input_planes(l);
    return (plane_correlation){
        .inputs = l->in.channels,
        .outputs = l->spec.filters,
        .height = l->out.height,
        .width = l->out.width,
        .kernel_height = l->spec.kernel_height,
        .kernel_width = l->spec.kernel_width,
        .x_plane = (ptrdiff_t)plane_reals(x),
        .x_row = (ptrdiff_t)x.row,
        .y_plane = (ptrdiff_t)plane_reals(y),
        .y_row = (ptrdiff_t)y.row,
    };
}

static void forward(const layer *l, const layer_pass *pass) {
    const planes in = input_planes(l), out = output_planes(l);
    real *x = pass->scratch, *y = x + planes_reals(in);
    memset(x, 0, planes_reals(in) * sizeof *x);
    plane_correlation p = forward_correlation(l, out);
    p.x = x;
    p.y = y;
    p.w = pass->workspace;
    p.bias = pass->parameters + l->weight_reals;
    for (size_t n = 0; n < pass->count; n++) {
        take_apart(pass->input + n * shape_size(l->in), l->in, in, l->spec.padding_height,
                   l->spec.padding_width, x);
        pass->kernels->correlate_planes(&p);
        put_together(y, out, l->out, pass->output + n * shape_size(l->out));
    }
}

static void backward_begin(const layer *l, const layer_pass *pass) {
    const size_t channels = (size_t)l->in.channels, places = conv_terms(l) / channels;
    real *to = pass->workspace;
    for (size_t c = 0; c < channels; c++)
        for (size_t o = 0; o < (size_t)l->spec.filters; o++)
            for (size_t place = 0; place < places; place++)
                *to++ = pass->parameters[conv_weight_place(l, places - 1 - place, c, o)];
    memset(to, 0, l->weight_count * sizeof *to);
}

/* framed dy (O planes) → dx (C planes). */
static plane_correlation gradient_correlation(const layer *l, const layer_pass *pass, const real *framed,
                                              real *dx) {
    const planes from = framed_planes(l), to = gradient_planes(l);
    return (plane_correlation){
        .inputs = l->spec.filters,
        .outputs = l->in.channels,
        .height = l->in.height,
        .width = l->in.width,
        .kernel_height = l->spec.kernel_height,
        .kernel_width = l->spec.kernel_width,
        .x = framed + (size_t)l->spec.padding_height * from.row + (size_t)l->spec.padding_width,
        .x_plane = (ptrdiff_t)plane_reals(from),
        .x_row = (ptrdiff_t)from.row,
        .y = dx,
        .y_plane = (ptrdiff_t)plane_reals(to),
        .y_row = (ptrdiff_t)to.row,
        .w = pass->workspace,
    };
}

static void backward(const layer *l, const layer_pass *pass) {
    const planes in = input_planes(l), framed = framed_planes(l);
    const int top = l->spec.kernel_height - 1, left = l->spec.kernel_width - 1;
    real *x = pass->scratch, *dy = x + planes_reals(in), *dx = dy + planes_reals(framed);
    memset(x, 0, (size_t)(dx - x) * sizeof *x);
    plane_correlation weights = forward_correlation(l, framed);
    weights.x = x;
    weights.y = dy + (size_t)top * framed.row + (size_t)left;
    weights.dw = pass->workspace + l->weight_count;
    const plane_correlation inputs = gradient_correlation(l, pass, dy, dx);
    for (size_t n = 0; n < pass->count; n++) {
        take_apart(pass->input + n * shape_size(l->in), l->in, in, l->spec.padding_height,
                   l->spec.padding_width, x);
        take_apart(pass->d_output + n * shape_size(l->out), l->out, framed, top, left, dy);
        pass->kernels->correlate_planes_gradient(&weights);
        if (pass->d_input == NULL)
            continue;
        pass->kernels->correlate_planes(&inputs);
        put_together(dx, gradient_planes(l), l->in, pass->d_input + n * shape_size(l->in));
    }
}

static void backward_end(const layer *l, const layer_pass *pass) {
    const size_t channels = (size_t)l->in.channels, places = conv_terms(l) / channels;
    const real *dw = pass->workspace + l->weight_count;
    for (size_t o = 0; o < (size_t)l->spec.filters; o++)
        for (size_t c = 0; c < channels; c++)
            for (size_t place = 0; place < places; place++)
                pass->d_parameters[conv_weight_place(l, place, c, o)] += *dw++;
}

const conv_algorithm conv_planes = {
    .suits = suits,
    .setup = setup,
    .forward_begin = forward_begin,
    .forward = forward,
    .backward_begin = backward_begin,
    .backward = backward,
    .backward_end = backward_end,
};
