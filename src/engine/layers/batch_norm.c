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
#include "engine/layers/layer.h"

#include <math.h>
#include <string.h>

static size_t channels_of(const layer *l) {
    return (size_t)l->in.channels;
}

static size_t pixels_of(const layer *l) {
    return (size_t)l->in.height * (size_t)l->in.width;
}

static status setup(layer *l, size_t batch, error_info *error) {
    l->parameter_count = l->parameter_reals = 2 * channels_of(l);
    l->state_reals = 2 * channels_of(l);
    l->workspace_reals = 2 * channels_of(l);
    l->scratch_reals = 2 * channels_of(l);
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

/* sums (C) = Σ over samples and pixels of (x − shift)^power, power 1 or 2; sample by sample, so that long
 * sums keep their accuracy. shift may be NULL for 0. */
static void channel_sums(const layer *l, const layer_pass *pass, const real *shift, int power, real *sums) {
    const size_t channels = channels_of(l), pixels = pixels_of(l);
    real *sample = pass->scratch;
    memset(sums, 0, channels * sizeof *sums);
    for (size_t n = 0; n < pass->count; n++) {
        const real *x = pass->input + n * pixels * channels;
        memset(sample, 0, channels * sizeof *sample);
        for (size_t i = 0; i < pixels; i++, x += channels)
            for (size_t c = 0; c < channels; c++) {
                real value = shift != NULL ? x[c] - shift[c] : x[c];
                sample[c] += power == 2 ? value * value : value;
            }
        for (size_t c = 0; c < channels; c++)
            sums[c] += sample[c];
    }
}

/* Mean and inverse deviation of the batch into workspace, and a step of the running statistics. */
static void take_batch_statistics(const layer *l, const layer_pass *pass) {
    const size_t channels = channels_of(l);
    const real n = (real)(pass->count * pixels_of(l)), keep = (real)l->spec.momentum;
    real *mean = pass->workspace, *deviation = mean + channels;
    channel_sums(l, pass, NULL, 1, mean);
    for (size_t c = 0; c < channels; c++)
        mean[c] /= n;
    channel_sums(l, pass, mean, 2, deviation);
    for (size_t c = 0; c < channels; c++) {
        real *running_mean = &pass->state[c], *running_variance = &pass->state[channels + c];
        real unbiased = n > 1 ? deviation[c] / (n - 1) : deviation[c];
        *running_mean = keep * *running_mean + (1 - keep) * mean[c];
        *running_variance = keep * *running_variance + (1 - keep) * unbiased;
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
    const size_t channels = channels_of(l), rows = pass->count * pixels_of(l);
    const real *gamma = pass->parameters, *beta = gamma + channels;
    const real *mean = pass->workspace, *inverse = mean + channels;
    if (pass->mode->training)
        take_batch_statistics(l, pass);
    else
        take_running_statistics(l, pass);
    for (size_t i = 0; i < rows; i++)
        for (size_t c = 0; c < channels; c++) {
            size_t at = i * channels + c;
            pass->output[at] = gamma[c] * ((pass->input[at] - mean[c]) * inverse[c]) + beta[c];
        }
}

/* d_gamma, d_beta (C) = Σ dy x̂, Σ dy of the batch */
static void parameter_sums(const layer *l, const layer_pass *pass, real *d_gamma, real *d_beta) {
    const size_t channels = channels_of(l), rows = pass->count * pixels_of(l);
    const real *mean = pass->workspace, *inverse = mean + channels;
    memset(d_gamma, 0, channels * sizeof *d_gamma);
    memset(d_beta, 0, channels * sizeof *d_beta);
    for (size_t i = 0; i < rows; i++)
        for (size_t c = 0; c < channels; c++) {
            size_t at = i * channels + c;
            d_beta[c] += pass->d_output[at];
            d_gamma[c] += pass->d_output[at] * ((pass->input[at] - mean[c]) * inverse[c]);
        }
}

static void input_gradient(const layer *l, const layer_pass *pass, const real *d_gamma, const real *d_beta) {
    const size_t channels = channels_of(l), rows = pass->count * pixels_of(l);
    const real *gamma = pass->parameters, *mean = pass->workspace, *inverse = mean + channels;
    const real share = pass->mode->training ? 1 / (real)rows : 0;
    for (size_t i = 0; i < rows; i++)
        for (size_t c = 0; c < channels; c++) {
            size_t at = i * channels + c;
            real normalized = (pass->input[at] - mean[c]) * inverse[c];
            real pull = share * (d_beta[c] + normalized * d_gamma[c]);
            pass->d_input[at] = gamma[c] * inverse[c] * (pass->d_output[at] - pull);
        }
}

static void backward(const layer *l, const layer_pass *pass) {
    const size_t channels = channels_of(l);
    real *d_gamma = pass->scratch, *d_beta = d_gamma + channels;
    parameter_sums(l, pass, d_gamma, d_beta);
    for (size_t i = 0; i < 2 * channels; i++)
        pass->d_parameters[i] += pass->scratch[i];
    if (pass->d_input != NULL)
        input_gradient(l, pass, d_gamma, d_beta);
}

const layer_ops layer_batch_norm = {
    .name = "batch_norm",
    .keeps_input = true,
    .setup = setup,
    .reset = reset,
    .parameter_place = parameter_place,
    .forward = forward,
    .backward = backward,
};
