/* Logistic sigmoids: y = 1 / (1 + exp(−s x)), dx = dy s y (1 − y), with s = 1 (sigmoid) or 2
 * (scaled_sigmoid). */
#include "engine/layers/layer.h"

static void forward_scaled(const layer *l, const layer_pass *pass, real scale) {
    pass->kernels->sigmoid(pass->count * shape_size(l->in), scale, pass->input, pass->output);
}

static void backward_scaled(const layer *l, const layer_pass *pass, real scale) {
    const size_t n = pass->d_input != NULL ? pass->count * shape_size(l->in) : 0;
    for (size_t i = 0; i < n; i++)
        pass->d_input[i] = pass->d_output[i] * scale * pass->output[i] * (1 - pass->output[i]);
}

static void sigmoid_forward(const layer *l, const layer_pass *pass) {
    forward_scaled(l, pass, 1);
}

static void sigmoid_backward(const layer *l, const layer_pass *pass) {
    backward_scaled(l, pass, 1);
}

static void scaled_forward(const layer *l, const layer_pass *pass) {
    forward_scaled(l, pass, 2);
}

static void scaled_backward(const layer *l, const layer_pass *pass) {
    backward_scaled(l, pass, 2);
}

const layer_ops layer_sigmoid = {
    .elementwise = true,
    .keeps_output = true,
    .link = LINK_SIGMOID,
    .setup = layer_setup_elementwise,
    .forward = sigmoid_forward,
    .backward = sigmoid_backward,
};

const layer_ops layer_scaled_sigmoid = {
    .elementwise = true,
    .keeps_output = true,
    .link = LINK_SCALED_SIGMOID,
    .setup = layer_setup_elementwise,
    .forward = scaled_forward,
    .backward = scaled_backward,
};
