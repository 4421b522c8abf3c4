/* Layer normalisation (Ba, Kiros, Hinton 2016) over all n = C·H·W values of a sample, as torch.nn.LayerNorm
 * of the shape of a sample. With μ and σ² (divided by n) of the sample, in training and evaluation:
 *
 *   x̂ = (x − μ) / √(σ² + ε)    y = γ x̂ + β
 *   dβ = Σ dy    dγ = Σ dy x̂    (over samples)
 *   dx = (γ dy − Σ γ dy / n − x̂ Σ γ dy x̂ / n) / √(σ² + ε)    (over the values of the sample)
 *
 * Parameters: γ (H, W, C), then β (H, W, C), stored like the values; their natural order is (C, H, W). Saved:
 * μ and 1/√(σ² + ε) of every sample. */
#include "engine/layers/layer.h"

static status setup(layer *l, size_t batch, error_info *error) {
    l->parameter_count = l->parameter_reals = 2 * shape_size(l->in);
    l->saved_bytes = 2 * sizeof(real);
    return layer_setup_elementwise(l, batch, error);
}

static size_t parameter_place(const layer *l, size_t natural) {
    const size_t values = shape_size(l->in), channels = (size_t)l->in.channels, pixels = values / channels;
    const size_t part = natural / values, value = natural % values;
    return part * values + value % pixels * channels + value / pixels;
}

/* γ = 1, β = 0 */
static void reset(const layer *l, real *parameters, real *state) {
    (void)state;
    const size_t values = shape_size(l->in);
    for (size_t i = 0; i < values; i++) {
        parameters[i] = 1;
        parameters[values + i] = 0;
    }
}

static real *statistics_of(const layer *l, const layer_pass *pass, size_t sample) {
    return (real *)(void *)(pass->saved + sample * l->saved_bytes);
}

static void forward(const layer *l, const layer_pass *pass) {
    const size_t values = shape_size(l->in);
    const real *gamma = pass->parameters, *beta = gamma + values;
    for (size_t n = 0; n < pass->count; n++)
        pass->kernels->layer_norm(values, l->spec.epsilon, pass->input + n * values, gamma, beta,
                                  pass->output + n * values, statistics_of(l, pass, n));
}

static void backward(const layer *l, const layer_pass *pass) {
    const size_t values = shape_size(l->in);
    for (size_t n = 0; n < pass->count; n++) {
        const real *statistics = statistics_of(l, pass, n);
        const layer_norm_gradient g = {
            .n = values,
            .x = pass->input + n * values,
            .dy = pass->d_output + n * values,
            .gamma = pass->parameters,
            .mean = statistics[0],
            .inverse = statistics[1],
            .d_gamma = pass->d_parameters,
            .d_beta = pass->d_parameters + values,
            .dx = pass->d_input != NULL ? pass->d_input + n * values : NULL,
        };
        pass->kernels->layer_norm_backward(&g);
    }
}

const layer_ops layer_layer_norm = {
    .spatial = true,
    .keeps_input = true,
    .setup = setup,
    .reset = reset,
    .parameter_place = parameter_place,
    .forward = forward,
    .backward = backward,
};
