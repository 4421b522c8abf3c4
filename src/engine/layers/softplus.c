/* Softplus (Dugas et al. 2001), as torch.nn.Softplus(beta, threshold):
 *
 *   y = log(1 + exp(β x)) / β, dx = dy σ(β x)    where β x ≤ threshold
 *   y = x, dx = dy                               elsewhere */
#include "engine/layers/layer.h"

static softplus_shape shape_of(const layer *l) {
    return (softplus_shape){.beta = (real)l->spec.beta, .threshold = (real)l->spec.threshold};
}

static void forward(const layer *l, const layer_pass *pass) {
    pass->kernels->softplus(pass->count * shape_size(l->in), shape_of(l), pass->input, pass->output);
}

static void backward(const layer *l, const layer_pass *pass) {
    if (pass->d_input != NULL)
        pass->kernels->softplus_backward(pass->count * shape_size(l->in), shape_of(l), pass->input,
                                         pass->d_output, pass->d_input);
}

const layer_ops layer_softplus = {
    .elementwise = true,
    .keeps_input = true,
    .setup = layer_setup_elementwise,
    .forward = forward,
    .backward = backward,
};
