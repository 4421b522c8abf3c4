/* Sigmoid linear unit, or swish (Elfwing, Uchibe, Doya 2017), as torch.nn.SiLU: with σ = 1 / (1 + exp(−x)),
 *
 *   y = x σ    dx = dy σ (1 + x (1 − σ)) */
#include "engine/layers/layer.h"

static void forward(const layer *l, const layer_pass *pass) {
    pass->kernels->silu(pass->count * shape_size(l->in), pass->input, pass->output);
}

static void backward(const layer *l, const layer_pass *pass) {
    if (pass->d_input != NULL)
        pass->kernels->silu_backward(pass->count * shape_size(l->in), pass->input, pass->d_output,
                                     pass->d_input);
}

const layer_ops layer_silu = {
    .elementwise = true,
    .keeps_input = true,
    .setup = layer_setup_elementwise,
    .forward = forward,
    .backward = backward,
};
