/* Global average-pooling, as torch.nn.AdaptiveAvgPool2d(1): y[c] = Σ x[h, w, c] / (H W) over all pixels, and
 * dx[h, w, c] = dy[c] / (H W). */
#include "engine/layers/layer.h"

#include <string.h>

static size_t pixels_of(const layer *l) {
    return (size_t)l->in.height * (size_t)l->in.width;
}

static status setup(layer *l, size_t batch, error_info *error) {
    (void)batch, (void)error;
    l->out = (tensor_shape){.channels = l->in.channels, .height = 1, .width = 1};
    return STATUS_OK;
}

static void forward(const layer *l, const layer_pass *pass) {
    const size_t channels = (size_t)l->in.channels, pixels = pixels_of(l);
    memset(pass->output, 0, pass->count * channels * sizeof *pass->output);
    for (size_t n = 0; n < pass->count; n++) {
        real *y = pass->output + n * channels;
        pass->kernels->column_sums(pixels, channels, pass->input + n * pixels * channels, y);
        for (size_t c = 0; c < channels; c++)
            y[c] /= (real)pixels;
    }
}

static void backward(const layer *l, const layer_pass *pass) {
    const size_t channels = (size_t)l->in.channels, pixels = pixels_of(l);
    real *restrict dx = pass->d_input;
    for (size_t n = 0; dx != NULL && n < pass->count; n++) {
        const real *dy = pass->d_output + n * channels;
        for (size_t i = 0; i < pixels; i++, dx += channels)
            for (size_t c = 0; c < channels; c++)
                dx[c] = dy[c] / (real)pixels;
    }
}

const layer_ops layer_global_avg_pool = {
    .spatial = true,
    .windowed = true,
    .setup = setup,
    .forward = forward,
    .backward = backward,
};
