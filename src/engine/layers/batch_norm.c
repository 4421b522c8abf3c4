/* Batch normalisation (Ioffe and Szegedy 2015), per channel over samples and pixels; a dense layer's outputs
 * are channels of one pixel. With μ, σ² (divided by n) of the batch in training, the running ones in
 * evaluation:
 *
 *   x̂ = (x − μ) / √(σ² + ε)    y = γ x̂ + β
 *   dβ = Σ dy    dγ = Σ dy x̂    dx = γ / √(σ² + ε) · (dy − dβ / n − x̂ dγ / n)
 *
 * in evaluation, where the statistics do not depend on x, dx = γ / √(σ² + ε) · dy.
 *
 * Running statistics: r ← momentum·r + (1 − momentum)·batch, with σ² divided by n − 1 as in PyTorch, whose
 * own `momentum` is 1 − ours; ours is Keras's. Parameters: γ (C), then β (C). State: running mean (C),
 * variance (C). Workspace: mean (C), 1/√(σ² + ε) (C) of the last pass. */
#include "engine/layers/channel_rows.h"

#include <math.h>

enum { ROWS = 4 };

static status setup(layer *l, size_t batch, error_info *error) {
    l->parameter_count = l->parameter_reals = 2 * channels_of(l);
    l->state_reals = 2 * channels_of(l);
    l->workspace_reals = 2 * channels_of(l);
    l->scratch_reals = channel_rows_reals(l, ROWS) + 2 * channels_of(l);
    return layer_setup_elementwise(l, batch, error);
}

static size_t parameter_place(const layer *l, size_t natural) {
    (void)l;
    return natural;
}

/* γ = 1, β = 0, running mean 0, running variance 1 */
static void reset(const layer *l, real *parameters, real *state) {
    for (size_t c = 0; c < channels_of(l); c++) {
        parameters[c] = state[channels_of(l) + c] = 1;
        parameters[channels_of(l) + c] = state[c] = 0;
    }
}

/* Mean and inverse deviation of the batch into workspace, and a step of the running statistics. */
static void take_batch_statistics(const layer *l, const layer_pass *pass) {
    const size_t channels = channels_of(l);
    const real n = (real)(pass->count * pixels_of(l));
    const real keep = (real)l->spec.momentum, fresh = (real)(1 - l->spec.momentum);
    real *mean = pass->workspace, *deviation = mean + channels;
    channel_sums(l, pass, pass->input, NULL, NULL, NULL, mean);
    for (size_t c = 0; c < channels; c++)
        mean[c] /= n;
    channel_sums(l, pass, pass->input, mean, pass->input, mean, deviation);
    for (size_t c = 0; c < channels; c++) {
        real *running_mean = &pass->state[c], *running_variance = &pass->state[channels + c];
        real unbiased = n > 1 ? deviation[c] / (n - 1) : deviation[c];
        *running_mean = keep * *running_mean + fresh * mean[c];
        *running_variance = keep * *running_variance + fresh * unbiased;
        deviation[c] = 1 / (real)sqrt((double)(deviation[c] / n) + l->spec.epsilon);
    }
}

static void take_running_statistics(const layer *l, const layer_pass *pass) {
    const size_t channels = channels_of(l);
    for (size_t c = 0; c < channels; c++) {
        pass->workspace[c] = pass->state[c];
        pass->workspace[channels + c] = 1 / (real)sqrt((double)pass->state[channels + c] + l->spec.epsilon);
    }
}

static void forward(const layer *l, const layer_pass *pass) {
    const size_t channels = channels_of(l);
    const real *gamma = pass->parameters, *beta = gamma + channels;
    const real *mean = pass->workspace, *inverse = mean + channels;
    if (pass->mode->training)
        take_batch_statistics(l, pass);
    else
        take_running_statistics(l, pass);
    real *gain = channel_row(l, pass, ROWS);
    for (size_t c = 0; c < channels; c++)
        gain[c] = gamma[c] * inverse[c];
    channel_scale(pass->count * shape_size(l->in), channel_row_values(l), pass->input,
                  channel_repeat(l, pass, 0, mean), channel_repeat(l, pass, 1, gain),
                  channel_repeat(l, pass, 2, beta), pass->output);
}

/* dx = gain (dy − base − (x − mean) slope); x, dy, dx (values), the others one row */
static void return_values(size_t values, size_t width, const real *x, const real *dy, const real *rows[ROWS],
                          real *restrict dx) {
    const real *gain = rows[0], *base = rows[1], *mean = rows[2], *slope = rows[3];
    for (size_t first = 0; first < values; first += width) {
        const size_t count = values - first < width ? values - first : width;
        for (size_t i = 0; i < count; i++)
            dx[first + i] = gain[i] * (dy[first + i] - base[i] - (x[first + i] - mean[i]) * slope[i]);
    }
}

/* d_gamma, d_beta (C) are overwritten. */
static void input_gradient(const layer *l, const layer_pass *pass, real *d_gamma, real *d_beta) {
    const size_t channels = channels_of(l), values = pass->count * shape_size(l->in);
    const real *gamma = pass->parameters, *mean = pass->workspace, *inverse = mean + channels;
    const real share = pass->mode->training ? 1 / (real)(pass->count * pixels_of(l)) : 0;
    const real *rows[ROWS] = {[2] = channel_repeat(l, pass, 2, mean)};
    for (size_t c = 0; c < channels; c++)
        d_beta[c] *= share;
    rows[1] = channel_repeat(l, pass, 1, d_beta);
    for (size_t c = 0; c < channels; c++)
        d_gamma[c] *= share * inverse[c];
    rows[3] = channel_repeat(l, pass, 3, d_gamma);
    for (size_t c = 0; c < channels; c++)
        d_gamma[c] = gamma[c] * inverse[c];
    rows[0] = channel_repeat(l, pass, 0, d_gamma);
    return_values(values, channel_row_values(l), pass->input, pass->d_output, rows, pass->d_input);
}

static void backward(const layer *l, const layer_pass *pass) {
    const size_t channels = channels_of(l);
    const real *mean = pass->workspace, *inverse = mean + channels;
    real *d_gamma = channel_row(l, pass, ROWS), *d_beta = d_gamma + channels;
    channel_sums(l, pass, pass->d_output, NULL, NULL, NULL, d_beta);
    channel_sums(l, pass, pass->d_output, NULL, pass->input, mean, d_gamma);
    for (size_t c = 0; c < channels; c++) {
        d_gamma[c] *= inverse[c];
        pass->d_parameters[c] += d_gamma[c];
        pass->d_parameters[channels + c] += d_beta[c];
    }
    if (pass->d_input != NULL)
        input_gradient(l, pass, d_gamma, d_beta);
}

const layer_ops layer_batch_norm = {
    .keeps_input = true,
    .takes_variance = true,
    .setup = setup,
    .reset = reset,
    .parameter_place = parameter_place,
    .forward = forward,
    .backward = backward,
};
