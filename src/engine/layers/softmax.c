/* Softmax over the values of a sample: y_i = exp(x_i − max x) / Σ_j exp(x_j − max x),
 * dx_i = y_i (dy_i − Σ_j dy_j y_j). */
#include <math.h>

#include "engine/layers/layer.h"

#ifdef ENGINE_DOUBLE
#define real_exp exp
#else
#define real_exp expf
#endif

static void forward(const layer *l, const layer_pass *pass) {
    const size_t k = shape_size(l->in);
    for (size_t n = 0; n < pass->count; n++) {
        const real *x = pass->input + n * k;
        real *y = pass->output + n * k, largest = x[0], sum = 0;
        for (size_t i = 1; i < k; i++)
            largest = x[i] > largest ? x[i] : largest;
        for (size_t i = 0; i < k; i++)
            sum += y[i] = real_exp(x[i] - largest);
        for (size_t i = 0; i < k; i++)
            y[i] /= sum;
    }
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
    .name = "softmax",
    .elementwise = true, /* in the engine's sense: same shape, may work in place */
    .keeps_output = true,
    .setup = layer_setup_elementwise,
    .forward = forward,
    .backward = backward,
};
