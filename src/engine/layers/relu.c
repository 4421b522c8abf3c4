/* ReLU: y = max(x, 0); dx = dy where y > 0 (the derivative at 0 is taken as 0). */
#include "engine/layers/layer.h"

static void forward(const layer *l, const layer_pass *pass) {
    pass->kernels->relu(pass->count * shape_size(l->in), pass->input, pass->output);
}

static void backward(const layer *l, const layer_pass *pass) {
    if (pass->d_input != NULL)
        pass->kernels->relu_backward(pass->count * shape_size(l->in), pass->output, pass->d_output,
                                     pass->d_input);
}

const layer_ops layer_relu = {
    .elementwise = true,
    .keeps_output = true,
    .setup = layer_setup_elementwise,
    .forward = forward,
    .backward = backward,
};
