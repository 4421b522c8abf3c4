/* Softmax over the values of a sample: y = softmax(x), dx_i = y_i (dy_i − Σ_j dy_j y_j). */
#include "engine/layers/layer.h"
#include "engine/real.h"

static void forward(const layer *l, const layer_pass *pass) {
    const size_t k = shape_size(l->in);
    for (size_t n = 0; n < pass->count; n++)
        real_softmax(pass->input + n * k, k, pass->output + n * k);
}

static void backward(const layer *l, const layer_pass *pass) {
    const size_t k = shape_size(l->in);
    for (size_t n = 0; pass->d_input != NULL && n < pass->count; n++) {
        const real *y = pass->output + n * k, *dy = pass->d_output + n * k;
        real *dx = pass->d_input + n * k, sum = 0;
        for (size_t i = 0; i < k; i++)
            sum += dy[i] * y[i];
        for (size_t i = 0; i < k; i++)
            dx[i] = y[i] * (dy[i] - sum);
    }
}

const layer_ops layer_softmax = {
    .elementwise = true, /* in the engine's sense: same shape, may work in place */
    .keeps_output = true,
    .link = LINK_SOFTMAX,
    .setup = layer_setup_elementwise,
    .forward = forward,
    .backward = backward,
};
