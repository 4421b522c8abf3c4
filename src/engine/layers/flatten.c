/* Flatten: the values of an image (C, H, W) as a vector (C·H·W) in the order channel, row, column, as in
 * PyTorch. Images are stored channel-last, so that the values change places:
 *
 *   y[(c H + h) W + w] = x[h, w, c]    dx[h, w, c] = dy[(c H + h) W + w] */
#include "engine/layers/layer.h"

#include <limits.h>

static status setup(layer *l, size_t batch, error_info *error) {
    (void)batch;
    const size_t values = shape_size(l->in);
    if (values > INT_MAX)
        return error_set(error, STATUS_USAGE, "%zu values; accepted: up to %d", values, INT_MAX);
    l->out = (tensor_shape){.channels = (int)values, .height = 1, .width = 1};
    return STATUS_OK;
}

/* out (columns, rows) = in (rows, columns), transposed */
static void turn(const real *restrict in, size_t rows, size_t columns, real *restrict out) {
    for (size_t c = 0; c < columns; c++)
        for (size_t r = 0; r < rows; r++)
            out[c * rows + r] = in[r * columns + c];
}

static void forward(const layer *l, const layer_pass *pass) {
    const size_t channels = (size_t)l->in.channels, size = shape_size(l->in), pixels = size / channels;
    for (size_t n = 0; n < pass->count; n++)
        turn(pass->input + n * size, pixels, channels, pass->output + n * size);
}

static void backward(const layer *l, const layer_pass *pass) {
    const size_t channels = (size_t)l->in.channels, size = shape_size(l->in), pixels = size / channels;
    for (size_t n = 0; pass->d_input != NULL && n < pass->count; n++)
        turn(pass->d_output + n * size, channels, pixels, pass->d_input + n * size);
}

const layer_ops layer_flatten = {
    .spatial = true,
    .keeps_values = true,
    .setup = setup,
    .forward = forward,
    .backward = backward,
};
