/* Average-pooling: y[oy, ox, c] = mean over the window of x[oy·sh + ky, ox·sw + kx, c]; no padding, rows and
 * columns that do not fill a window are left out. */
#include "engine/layers/layer.h"

#include <string.h>

/* The pixel of x (or dx) under place (ky, kx) of the window of output (oy, ox). */
static size_t pixel(const layer *l, int oy, int ox, int place) {
    const int y = oy * l->spec.stride_height + place / l->spec.kernel_width;
    const int x = ox * l->spec.stride_width + place % l->spec.kernel_width;
    return ((size_t)y * (size_t)l->in.width + (size_t)x) * (size_t)l->in.channels;
}

static void forward_image(const layer *l, const real *x, real *y) {
    const int places = l->spec.kernel_height * l->spec.kernel_width, channels = l->in.channels;
    for (int oy = 0; oy < l->out.height; oy++)
        for (int ox = 0; ox < l->out.width; ox++, y += channels) {
            memset(y, 0, (size_t)channels * sizeof *y);
            for (int place = 0; place < places; place++) {
                const real *from = x + pixel(l, oy, ox, place);
                for (int c = 0; c < channels; c++)
                    y[c] += from[c];
            }
            for (int c = 0; c < channels; c++)
                y[c] /= (real)places;
        }
}

static void backward_image(const layer *l, const real *dy, real *dx) {
    const int places = l->spec.kernel_height * l->spec.kernel_width, channels = l->in.channels;
    memset(dx, 0, shape_size(l->in) * sizeof *dx);
    for (int oy = 0; oy < l->out.height; oy++)
        for (int ox = 0; ox < l->out.width; ox++, dy += channels)
            for (int place = 0; place < places; place++) {
                real *to = dx + pixel(l, oy, ox, place);
                for (int c = 0; c < channels; c++)
                    to[c] += dy[c] / (real)places;
            }
}

static void forward(const layer *l, const layer_pass *pass) {
    const size_t in = shape_size(l->in), out = shape_size(l->out);
    for (size_t n = 0; n < pass->count; n++)
        forward_image(l, pass->input + n * in, pass->output + n * out);
}

static void backward(const layer *l, const layer_pass *pass) {
    const size_t in = shape_size(l->in), out = shape_size(l->out);
    for (size_t n = 0; pass->d_input != NULL && n < pass->count; n++)
        backward_image(l, pass->d_output + n * out, pass->d_input + n * in);
}

const layer_ops layer_avg_pool = {
    .name = "avg_pool",
    .spatial = true,
    .setup = layer_setup_pooling,
    .forward = forward,
    .backward = backward,
};
