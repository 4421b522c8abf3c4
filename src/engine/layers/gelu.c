/* Gaussian error linear unit (Hendrycks and Gimpel 2016), as torch.nn.GELU: exact,
 *
 *   y = x Φ(x)    dx = dy (Φ(x) + x φ(x))    Φ(x) = (1 + erf(x / √2)) / 2, φ(x) = exp(−x² / 2) / √(2π)
 *
 * or, with approximate: tanh, y = x (1 + tanh u) / 2 = x σ(2u), u = √(2/π) (x + 0.044715 x³):
 *
 *   dx = dy σ (1 + x (1 − σ) · 2 √(2/π) (1 + 3 · 0.044715 x²)) */
#include "engine/layers/layer.h"

static void forward(const layer *l, const layer_pass *pass) {
    const bool exact = l->spec.approximate == GELU_EXACT;
    const kernel_set *k = pass->kernels;
    (exact ? k->gelu : k->gelu_tanh)(pass->count * shape_size(l->in), pass->input, pass->output);
}

static void backward(const layer *l, const layer_pass *pass) {
    const bool exact = l->spec.approximate == GELU_EXACT;
    const kernel_set *k = pass->kernels;
    if (pass->d_input != NULL)
        (exact ? k->gelu_backward : k->gelu_tanh_backward)(pass->count * shape_size(l->in), pass->input,
                                                           pass->d_output, pass->d_input);
}

const layer_ops layer_gelu = {
    .elementwise = true,
    .keeps_input = true,
    .setup = layer_setup_elementwise,
    .forward = forward,
    .backward = backward,
};
