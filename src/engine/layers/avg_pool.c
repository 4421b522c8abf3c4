/* Average-pooling, as torch.nn.AvgPool2d: y[oy, ox, c] = mean over the window of
 * x[oy·sh + ky − ph, ox·sw + kx − pw, c], which is 0 outside the image and counts there, too; rows and
 * columns that do not fill a window are left out. */
#include "engine/layers/pool_frame.h"

#include <string.h>

static size_t row_reals(const layer *l) {
    return (size_t)pool_framed(l).width * (size_t)l->in.channels;
}

static status setup(layer *l, size_t batch, error_info *error) {
    RETURN_IF_FAILED(layer_setup_pooling(l, batch, error));
    l->scratch_reals = row_reals(l) + pool_frame_reals(l);
    return STATUS_OK;
}

static real share(const layer *l) {
    return 1 / (real)(l->spec.kernel_height * l->spec.kernel_width);
}

/* y (OW, C) from the sum of the rows under it, row (W, C). */
static void sum_columns(const layer *l, const real *restrict row, real *restrict y) {
    const int channels = l->in.channels;
    for (int ox = 0; ox < l->out.width; ox++, row += l->spec.stride_width * channels, y += channels) {
        for (int c = 0; c < channels; c++)
            y[c] = row[c] * share(l);
        for (int kx = 1; kx < l->spec.kernel_width; kx++)
            for (int c = 0; c < channels; c++)
                y[c] += row[kx * channels + c] * share(l);
    }
}

static void forward_image(const layer *l, const real *x, real *y, real *restrict sum) {
    const size_t width = row_reals(l);
    for (int oy = 0; oy < l->out.height; oy++, y += (size_t)l->out.width * (size_t)l->in.channels) {
        const real *rows = x + (size_t)(oy * l->spec.stride_height) * width;
        memcpy(sum, rows, width * sizeof *sum);
        for (int ky = 1; ky < l->spec.kernel_height; ky++)
            for (size_t i = 0; i < width; i++)
                sum[i] += rows[(size_t)ky * width + i];
        sum_columns(l, sum, y);
    }
}

/* What a row of dy (OW, C) gives to each row under it, row (W, C). */
static void spread_columns(const layer *l, const real *restrict dy, real *restrict row) {
    const int channels = l->in.channels;
    memset(row, 0, row_reals(l) * sizeof *row);
    for (int ox = 0; ox < l->out.width; ox++, row += l->spec.stride_width * channels, dy += channels)
        for (int kx = 0; kx < l->spec.kernel_width; kx++)
            for (int c = 0; c < channels; c++)
                row[kx * channels + c] += dy[c] * share(l);
}

static void backward_image(const layer *l, const real *dy, real *dx, real *restrict spread) {
    const size_t width = row_reals(l);
    memset(dx, 0, shape_size(pool_framed(l)) * sizeof *dx);
    for (int oy = 0; oy < l->out.height; oy++, dy += (size_t)l->out.width * (size_t)l->in.channels) {
        spread_columns(l, dy, spread);
        real *rows = dx + (size_t)(oy * l->spec.stride_height) * width;
        for (size_t ky = 0; ky < (size_t)l->spec.kernel_height; ky++)
            for (size_t i = 0; i < width; i++)
                rows[ky * width + i] += spread[i];
    }
}

static void forward(const layer *l, const layer_pass *pass) {
    const size_t in = shape_size(l->in), out = shape_size(l->out);
    real *row = pass->scratch, *frame = row + row_reals(l);
    for (size_t n = 0; n < pass->count; n++)
        forward_image(l, pool_frame(l, 0, pass->input + n * in, frame), pass->output + n * out, row);
}

static void backward(const layer *l, const layer_pass *pass) {
    const size_t in = shape_size(l->in), out = shape_size(l->out);
    real *row = pass->scratch, *frame = row + row_reals(l);
    for (size_t n = 0; pass->d_input != NULL && n < pass->count; n++) {
        real *dx = pass->d_input + n * in, *framed = pool_frame_gradient(l, frame, dx);
        backward_image(l, pass->d_output + n * out, framed, row);
        pool_unframe(l, framed, dx);
    }
}

const layer_ops layer_avg_pool = {
    .spatial = true,
    .windowed = true,
    .setup = setup,
    .forward = forward,
    .backward = backward,
};
