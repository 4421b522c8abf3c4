/* Leaky ReLU: y = x for x > 0, else slope·x; the derivative at 0 is slope. With slope ≥ 0 the sign of y gives
 * that of x. */
#include "engine/layers/layer.h"

static void forward(const layer *l, const layer_pass *pass) {
    const size_t n = pass->count * shape_size(l->in);
    const real slope = (real)l->spec.slope;
    for (size_t i = 0; i < n; i++)
        pass->output[i] = pass->input[i] > 0 ? pass->input[i] : slope * pass->input[i];
}

static void backward(const layer *l, const layer_pass *pass) {
    const size_t n = pass->d_input != NULL ? pass->count * shape_size(l->in) : 0;
    const real slope = (real)l->spec.slope;
    for (size_t i = 0; i < n; i++)
        pass->d_input[i] = pass->output[i] > 0 ? pass->d_output[i] : slope * pass->d_output[i];
}

const layer_ops layer_leaky_relu = {
    .elementwise = true,
    .keeps_output = true,
    .setup = layer_setup_elementwise,
    .forward = forward,
    .backward = backward,
};
