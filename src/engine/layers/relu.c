/* ReLU: y = max(x, 0); dx = dy where y > 0 (the derivative at 0 is taken as 0). */
#include "engine/layers/layer.h"

static status setup(layer *l, size_t batch, error_info *error) {
    (void)batch, (void)error;
    l->out = l->in;
    return STATUS_OK;
}

static void forward(const layer *l, const layer_pass *pass) {
    pass->kernels->relu(pass->count * shape_size(l->in), pass->input, pass->output);
}

static void backward(const layer *l, const layer_pass *pass) {
    if (pass->d_input != NULL)
        pass->kernels->relu_backward(pass->count * shape_size(l->in), pass->output, pass->d_output,
                                     pass->d_input);
}

const layer_ops layer_relu = {
    .name = "relu",
    .elementwise = true,
    .keeps_output = true,
    .setup = setup,
    .forward = forward,
    .backward = backward,
};
