/* Depthwise convolution: one filter for each channel. Vectors run over channels, which are padded to whole
 * ones where there are fewer. Both gradients take dy in a frame of zeros. Of the rows of dx those with the
 * same rest r of (y + ph) / sh see the rows r, r + sh, … of the kernel, J of them, and columns likewise. With
 * those in reverse, j' = J − 1 − j,
 *
 *   dx[y, …] = Σ_{j', …} W[r + sh·j, …] · framed[(y + ph − r) / sh + (j' − (J − 1))·dh, …]
 *   dW[r + sh·j, …] = Σ_{y, …} x[y, …] · framed[the same]
 *
 * Such a part of dx, by the rests of rows and columns, is here called a phase; without strides it is all of
 * it. Strides with dilation are left to conv_grouped.c.
 *
 * Workspace: weights [ky][kx][c] and then the bias; in the backward pass the reversed ones of all phases, and
 * then their gradient in the same order. */
#include "engine/layers/conv_algorithm.h"

#include <string.h>

static bool suits(const layer *l) {
    const layer_spec *s = &l->spec;
    const bool height = s->stride_height == 1 || s->dilation_height == 1;
    const bool width = s->stride_width == 1 || s->dilation_width == 1;
    return l->in.channels == s->filters && conv_groups(s) == s->filters && height && width;
}

/* Channels as the kernels of this set take them. */
static size_t padded_channels(const layer *l, const kernel_set *kernels) {
    const size_t lanes = (size_t)kernels->lanes, channels = (size_t)l->in.channels;
    return (channels + lanes - 1) / lanes * lanes;
}

static size_t places_of(const layer *l) {
    return (size_t)l->spec.kernel_height * (size_t)l->spec.kernel_width;
}

/* ---- Phases, in one direction ------------------------------------------------------------------ */

typedef struct direction {
    int size, out, kernel, stride, padding, dilation;
} direction;

static direction rows_of(const layer *l) {
    const layer_spec *s = &l->spec;
    return (direction){.size = l->in.height,
                       .out = l->out.height,
                       .kernel = s->kernel_height,
                       .stride = s->stride_height,
                       .padding = s->padding_height,
                       .dilation = s->dilation_height};
}

static direction columns_of(const layer *l) {
    const layer_spec *s = &l->spec;
    return (direction){.size = l->in.width,
                       .out = l->out.width,
                       .kernel = s->kernel_width,
                       .stride = s->stride_width,
                       .padding = s->padding_width,
                       .dilation = s->dilation_width};
}

/* Zeros before dy in its frame: as far as the longest phase reaches. */
static int margin_of(direction d) {
    return ((d.kernel + d.stride - 1) / d.stride - 1) * d.dilation;
}

/* Of the frame: dy, or as far as the last pixel of dx reaches. */
static int framed_size(direction d) {
    const int reached = (d.size - 1 + d.padding) / d.stride + 1;
    return margin_of(d) + (reached > d.out ? reached : d.out);
}

/* One rest: `count` pixels of dx, from `first` on, a stride apart; `places` of the kernel, from `rest` on;
 * the frame's pixel under the first of both. */
typedef struct phase {
    int rest, first, count, places, under;
} phase;

static phase phase_of(direction d, int rest) {
    const int first = ((rest - d.padding) % d.stride + d.stride) % d.stride;
    const int places = d.kernel > rest ? (d.kernel - rest + d.stride - 1) / d.stride : 0;
    return (phase){
        .rest = rest,
        .first = first,
        .count = d.size > first ? (d.size - first + d.stride - 1) / d.stride : 0,
        .places = places,
        .under = (first + d.padding - rest) / d.stride + margin_of(d) - (places - 1) * d.dilation,
    };
}

/* ---- Images in frames -------------------------------------------------------------------------- */

/* An image in a frame of zeros, whose pixels have `channels` reals. */
typedef struct placement {
    tensor_shape shape;
    frame f;
    int top, left;
    size_t channels;
} placement;

static placement place_input(const layer *l, size_t channels) {
    return (placement){l->in, conv_input_frame(l), l->spec.padding_height, l->spec.padding_width, channels};
}

/* Only with padded channels. */
static placement place_alone(tensor_shape shape, size_t channels) {
    return (placement){shape, {shape.height, shape.width}, 0, 0, channels};
}

/* dy in the frame of the gradients. */
static placement place_gradient(const layer *l, size_t channels) {
    const direction rows = rows_of(l), columns = columns_of(l);
    const frame f = {framed_size(rows), framed_size(columns)};
    return (placement){l->out, f, margin_of(rows), margin_of(columns), channels};
}

static size_t placed_reals(const placement *p) {
    return frame_reals(p->f, (int)p->channels);
}

static real *put_zeros(real *to, size_t reals) {
    memset(to, 0, reals * sizeof *to);
    return to + reals;
}

/* A row of pixels with padded channels; returns the end. */
static real *place_row(const placement *p, const real *x, real *to) {
    const size_t channels = (size_t)p->shape.channels, width = (size_t)p->shape.width;
    if (p->channels == channels) {
        memcpy(to, x, width * channels * sizeof *x);
        return to + width * channels;
    }
    for (size_t i = 0; i < width; i++, x += channels) {
        memcpy(to, x, channels * sizeof *x);
        to = put_zeros(to + channels, p->channels - channels);
    }
    return to;
}

static void place_image(const placement *p, const real *x, real *to) {
    const size_t row = (size_t)p->f.width * p->channels, left = (size_t)p->left * p->channels;
    const size_t right = row - left - (size_t)p->shape.width * p->channels;
    to = put_zeros(to, (size_t)p->top * row);
    for (int y = 0; y < p->shape.height; y++, x += (size_t)p->shape.width * (size_t)p->shape.channels)
        to = put_zeros(place_row(p, x, put_zeros(to, left)), right);
    put_zeros(to, (size_t)(p->f.height - p->top - p->shape.height) * row);
}

/* x in its frame, in `scratch`; x itself where it fills the frame. */
static const real *placed(const placement *p, const real *x, real *scratch) {
    const bool fills = p->f.height == p->shape.height && p->f.width == p->shape.width;
    if (fills && p->channels == (size_t)p->shape.channels)
        return x;
    place_image(p, x, scratch);
    return scratch;
}

/* Padded pixels into an image. */
static void take_image(const real *padded, size_t channels_padded, tensor_shape shape, real *x) {
    const size_t channels = (size_t)shape.channels, pixels = shape_size(shape) / channels;
    for (size_t i = 0; i < pixels; i++)
        memcpy(x + i * channels, padded + i * channels_padded, channels * sizeof *x);
}

/* For any set of kernels: no vector is wider than a panel. Forward: the input in its frame, and y; backward:
 * dy in its frame, x and dx. */
static void setup(layer *l) {
    const size_t channels = panel_count((size_t)l->in.channels) * PANEL;
    const placement framed = place_input(l, channels), gradient = place_gradient(l, channels);
    const placement in = place_alone(l->in, channels), out = place_alone(l->out, channels);
    const size_t forward = placed_reals(&framed) + placed_reals(&out);
    const size_t backward = placed_reals(&gradient) + 2 * placed_reals(&in);
    l->workspace_reals = 2 * places_of(l) * channels + channels;
    l->scratch_reals = forward > backward ? forward : backward;
}

/* ---- Forward ----------------------------------------------------------------------------------- */

/* `channels` reals and zeros as far as `padded`; returns the end. */
static real *pad_row(const real *row, size_t channels, size_t padded, real *to) {
    memcpy(to, row, channels * sizeof *to);
    return put_zeros(to + channels, padded - channels);
}

static void forward_begin(const layer *l, const layer_pass *pass) {
    const size_t channels = (size_t)l->in.channels, padded = padded_channels(l, pass->kernels);
    real *to = pass->workspace;
    for (size_t place = 0; place < places_of(l); place++)
        to = pad_row(pass->parameters + place * channels, channels, padded, to);
    pad_row(pass->parameters + l->weight_reals, channels, padded, to);
}

/* From the input in its frame to y. */
static depthwise forward_sum(const layer *l, const layer_pass *pass) {
    const layer_spec *s = &l->spec;
    const ptrdiff_t pixel = (ptrdiff_t)padded_channels(l, pass->kernels);
    const ptrdiff_t row = conv_input_frame(l).width * pixel;
    return (depthwise){
        .channels = (int)pixel,
        .height = l->out.height,
        .width = l->out.width,
        .kernel_height = s->kernel_height,
        .kernel_width = s->kernel_width,
        .x_row = s->stride_height * row,
        .x_pixel = s->stride_width * pixel,
        .place_row = s->dilation_height * row,
        .place_pixel = s->dilation_width * pixel,
        .y_row = l->out.width * pixel,
        .y_pixel = pixel,
        .w = pass->workspace,
    };
}

static void forward(const layer *l, const layer_pass *pass) {
    const size_t channels = padded_channels(l, pass->kernels);
    const bool whole = channels == (size_t)l->in.channels;
    const placement in = place_input(l, channels);
    real *framed = pass->scratch, *padded = framed + placed_reals(&in);
    depthwise d = forward_sum(l, pass);
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

/* ---- Backward ---------------------------------------------------------------------------------- */

/* The place in the kernel of place (i, j) of a phase. */
static size_t phase_place(const layer *l, phase rows, phase columns, int i, int j) {
    const int ky = rows.rest + i * l->spec.stride_height, kx = columns.rest + j * l->spec.stride_width;
    return (size_t)(ky * l->spec.kernel_width + kx);
}

/* The weights of a phase, reversed; returns the end. */
static real *reverse_weights(const layer *l, const layer_pass *pass, phase rows, phase columns, real *to) {
    const size_t channels = (size_t)l->in.channels, padded = padded_channels(l, pass->kernels);
    for (int i = rows.places - 1; i >= 0; i--)
        for (int j = columns.places - 1; j >= 0; j--)
            to = pad_row(pass->parameters + phase_place(l, rows, columns, i, j) * channels, channels, padded,
                         to);
    return to;
}

static void backward_begin(const layer *l, const layer_pass *pass) {
    const direction rows = rows_of(l), columns = columns_of(l);
    real *to = pass->workspace;
    for (int i = 0; i < rows.stride; i++)
        for (int j = 0; j < columns.stride; j++)
            to = reverse_weights(l, pass, phase_of(rows, i), phase_of(columns, j), to);
    put_zeros(to, places_of(l) * padded_channels(l, pass->kernels));
}

/* One phase, from dy in its frame to dx, or from both to dW. */
static depthwise phase_sum(const layer *l, const layer_pass *pass, phase rows, phase columns,
                           const real *framed) {
    const ptrdiff_t pixel = (ptrdiff_t)padded_channels(l, pass->kernels);
    const ptrdiff_t row = framed_size(columns_of(l)) * pixel;
    return (depthwise){
        .channels = (int)pixel,
        .height = rows.count,
        .width = columns.count,
        .kernel_height = rows.places,
        .kernel_width = columns.places,
        .x = framed + rows.under * row + columns.under * pixel,
        .x_row = row,
        .x_pixel = pixel,
        .place_row = l->spec.dilation_height * row,
        .place_pixel = l->spec.dilation_width * pixel,
        .y_row = l->spec.stride_height * l->in.width * pixel,
        .y_pixel = l->spec.stride_width * pixel,
    };
}

/* Images with padded channels. */
typedef struct gradient_images {
    const real *framed, *x; /* dy in its frame */
    real *dx;               /* or NULL */
} gradient_images;

/* One image. Where strides are larger than the kernel, there are phases without weights. */
static void add_gradients(const layer *l, const layer_pass *pass, const gradient_images *images) {
    const direction rows = rows_of(l), columns = columns_of(l);
    const size_t pixel = padded_channels(l, pass->kernels), weights = places_of(l) * pixel;
    const real *w = pass->workspace;
    if (images->dx != NULL && (rows.stride > rows.kernel || columns.stride > columns.kernel))
        put_zeros(images->dx, pixel * (size_t)l->in.height * (size_t)l->in.width);
    for (int i = 0; i < rows.stride; i++)
        for (int j = 0; j < columns.stride; j++) {
            const phase r = phase_of(rows, i), c = phase_of(columns, j);
            const size_t first = (size_t)(r.first * l->in.width + c.first) * pixel;
            if (r.places == 0 || c.places == 0)
                continue;
            depthwise d = phase_sum(l, pass, r, c, images->framed);
            d.dy = images->x + first;
            d.dw = pass->workspace + weights + (w - pass->workspace);
            pass->kernels->depthwise_gradient(&d);
            d.y = images->dx != NULL ? images->dx + first : NULL;
            d.w = w;
            if (d.y != NULL)
                pass->kernels->depthwise(&d);
            w += (size_t)(r.places * c.places) * pixel;
        }
}

static void backward(const layer *l, const layer_pass *pass) {
    const size_t channels = padded_channels(l, pass->kernels), in_size = shape_size(l->in);
    const bool whole = channels == (size_t)l->in.channels;
    const placement gradient = place_gradient(l, channels), in = place_alone(l->in, channels);
    real *dy_framed = pass->scratch, *x_padded = dy_framed + placed_reals(&gradient);
    real *dx_padded = x_padded + placed_reals(&in);
    for (size_t n = 0; n < pass->count; n++) {
        real *dx = pass->d_input != NULL ? pass->d_input + n * in_size : NULL;
        const gradient_images images = {
            .framed = placed(&gradient, pass->d_output + n * shape_size(l->out), dy_framed),
            .x = placed(&in, pass->input + n * in_size, x_padded),
            .dx = dx != NULL && !whole ? dx_padded : dx,
        };
        add_gradients(l, pass, &images);
        if (dx != NULL && !whole)
            take_image(dx_padded, channels, l->in, dx);
    }
}

/* The gradient of a phase, reversed; returns the end. */
static const real *add_reversed(const layer *l, const layer_pass *pass, phase rows, phase columns,
                                const real *dw) {
    const size_t channels = (size_t)l->in.channels, padded = padded_channels(l, pass->kernels);
    for (int i = rows.places - 1; i >= 0; i--)
        for (int j = columns.places - 1; j >= 0; j--, dw += padded) {
            real *to = pass->d_parameters + phase_place(l, rows, columns, i, j) * channels;
            for (size_t c = 0; c < channels; c++)
                to[c] += dw[c];
        }
    return dw;
}

static void backward_end(const layer *l, const layer_pass *pass) {
    const direction rows = rows_of(l), columns = columns_of(l);
    const real *dw = pass->workspace + places_of(l) * padded_channels(l, pass->kernels);
    for (int i = 0; i < rows.stride; i++)
        for (int j = 0; j < columns.stride; j++)
            dw = add_reversed(l, pass, phase_of(rows, i), phase_of(columns, j), dw);
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
