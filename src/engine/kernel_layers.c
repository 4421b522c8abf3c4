/* What the kernels of single layers are timed on: activations, layer normalisation, depthwise
 * convolution. */
#include "engine/kernel_work.h"
#include "engine/layers/layer.h"

enum { VALUES = 20 << 10 };

/* `arrays` of values that are read or written. */
static work_done moved_values(int arrays) {
    return (work_done){.values = VALUES, .bytes = (double)arrays * VALUES * sizeof(real)};
}

#define ACTIVATION(name)                                                                                     \
    work_done work_##name(const work_arrays *w, int channels) {                                              \
        (void)channels;                                                                                      \
        w->kernels->name(VALUES, w->a, w->c);                                                                \
        return moved_values(2);                                                                              \
    }                                                                                                        \
    work_done work_##name##_backward(const work_arrays *w, int channels) {                                   \
        (void)channels;                                                                                      \
        w->kernels->name##_backward(VALUES, w->a, w->b, w->c);                                               \
        return moved_values(3);                                                                              \
    }
ACTIVATION(gelu)
ACTIVATION(gelu_tanh)
ACTIVATION(silu)

static const softplus_shape usual_softplus = {.beta = 1, .threshold = 20};

work_done work_softplus(const work_arrays *w, int channels) {
    (void)channels;
    w->kernels->softplus(VALUES, usual_softplus, w->a, w->c);
    return moved_values(2);
}

work_done work_softplus_backward(const work_arrays *w, int channels) {
    (void)channels;
    w->kernels->softplus_backward(VALUES, usual_softplus, w->a, w->b, w->c);
    return moved_values(3);
}

/* ---- Layer normalisation, of samples with this many channels of 8 × 8 pixels --------------------- */

enum { PIXELS = 64 };

work_done work_layer_norm(const work_arrays *w, int channels) {
    const size_t n = (size_t)channels * PIXELS;
    const int samples = work_repeats(2 * n);
    real statistics[2];
    for (size_t i = 0; i < (size_t)samples; i++)
        w->kernels->layer_norm(n, 1e-5, w->a + i * n, w->b, w->d, w->c + i * n, statistics);
    return (work_done){.values = (double)samples * (double)n,
                       .bytes = 2.0 * samples * (double)(n * sizeof(real))};
}

work_done work_layer_norm_backward(const work_arrays *w, int channels) {
    const size_t n = (size_t)channels * PIXELS, half = WORK_REALS / 2;
    const int samples = work_repeats(3 * n);
    for (size_t i = 0; i < (size_t)samples; i++) {
        const layer_norm_gradient g = {.n = n,
                                       .x = w->a + i * n,
                                       .dy = w->b + i * n,
                                       .gamma = w->a,
                                       .mean = 0,
                                       .inverse = 1,
                                       .d_gamma = w->d,
                                       .d_beta = w->d + half,
                                       .dx = w->c + i * n};
        w->kernels->layer_norm_backward(&g);
    }
    return (work_done){.values = (double)samples * (double)n,
                       .bytes = 3.0 * samples * (double)(n * sizeof(real))};
}

/* ---- Depthwise convolution, 3 × 3 -------------------------------------------------------------- */

enum { SIDE = 24, SIZE = 3 };

/* Channels are padded to whole vectors, as the layer pads them. */
static depthwise depthwise_of(const work_arrays *w, int channels) {
    const int padded = whole_lanes(w->kernels, channels), width = WORK_TOUCHED / 2 / SIDE / padded;
    return (depthwise){.channels = padded,
                       .height = SIDE,
                       .width = width - SIZE,
                       .kernel_height = SIZE,
                       .kernel_width = SIZE,
                       .x = w->a,
                       .x_row = width * padded,
                       .x_pixel = padded,
                       .place_row = width * padded,
                       .place_pixel = padded,
                       .w = w->b,
                       .bias = w->d,
                       .y = w->c,
                       .y_row = width * padded,
                       .y_pixel = padded,
                       .dy = w->c,
                       .dw = w->b};
}

static work_done convolved(const depthwise *d, int channels) {
    const double pixels = (double)d->height * d->width;
    return work_products(pixels * channels, SIZE * SIZE, 2 * pixels * channels);
}

work_done work_depthwise(const work_arrays *w, int channels) {
    const depthwise d = depthwise_of(w, channels);
    w->kernels->depthwise(&d);
    return convolved(&d, channels);
}

work_done work_depthwise_gradient(const work_arrays *w, int channels) {
    const depthwise d = depthwise_of(w, channels);
    w->kernels->depthwise_gradient(&d);
    return convolved(&d, channels);
}
