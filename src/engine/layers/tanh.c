/* Hyperbolic tangent: y = tanh x, dx = dy (1 − y²). */
#include "engine/layers/layer.h"

static void forward(const layer *l, const layer_pass *pass) {
    pass->kernels->tanh(pass->count * shape_size(l->in), pass->input, pass->output);
}

static void backward(const layer *l, const layer_pass *pass) {
    const size_t n = pass->d_input != NULL ? pass->count * shape_size(l->in) : 0;
    for (size_t i = 0; i < n; i++)
        pass->d_input[i] = pass->d_output[i] * (1 - pass->output[i] * pass->output[i]);
}

const layer_ops layer_tanh = {
    .elementwise = true,
    .keeps_output = true,
    .setup = layer_setup_elementwise,
    .forward = forward,
    .backward = backward,
};
