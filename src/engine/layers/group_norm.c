/* Group normalisation (Wu and He 2018), as torch.nn.GroupNorm: the channels of a sample in groups of C / G,
 * each normalised over its n = C / G · H · W values. With μ and σ² (divided by n) of the group, in training
 * and evaluation:
 *
 *   x̂ = (x − μ) / √(σ² + ε)    y = γ x̂ + β
 *   dβ = Σ dy    dγ = Σ dy x̂    (over samples and pixels)
 *   dx = (γ dy − Σ γ dy / n − x̂ Σ γ dy x̂ / n) / √(σ² + ε)    (over the values of the group)
 *
 * Parameters: γ (C), then β (C). Saved: μ (C) and 1/√(σ² + ε) (C) of every sample. */
#include <math.h>

#include "engine/layers/channel_rows.h"

/* Rows of the scratch, then what belongs to the channels. */
enum { ROWS = 4, SUMS = 2 };

static size_t group_channels(const layer *l) {
    return channels_of(l) / (size_t)l->spec.groups;
}

static status setup(layer *l, size_t batch, error_info *error) {
    if (l->spec.groups < 1 || l->in.channels % l->spec.groups != 0)
        return error_set(error, STATUS_USAGE,
                         "%d groups do not divide %d channels; accepted: a divisor of the number of channels",
                         l->spec.groups, l->in.channels);
    l->parameter_count = l->parameter_reals = 2 * channels_of(l);
    l->saved_bytes = 2 * channels_of(l) * sizeof(real);
    l->scratch_reals = channel_rows_reals(l, ROWS) + SUMS * channels_of(l);
    return layer_setup_elementwise(l, batch, error);
}

static size_t parameter_place(const layer *l, size_t natural) {
    (void)l;
    return natural;
}

/* γ = 1, β = 0 */
static void reset(const layer *l, real *parameters, real *state) {
    (void)state;
    for (size_t c = 0; c < channels_of(l); c++) {
        parameters[c] = 1;
        parameters[channels_of(l) + c] = 0;
    }
}

/* One sample of a pass, which channel_sums takes for the whole. */
static layer_pass pass_of_sample(const layer *l, const layer_pass *pass, size_t n) {
    const size_t values = shape_size(l->in);
    layer_pass sample = *pass;
    sample.count = 1;
    sample.input += n * values;
    sample.saved += n * l->saved_bytes;
    return sample;
}

static real *statistics_of(const layer_pass *sample) {
    return (real *)(void *)sample->saved;
}

/* sums (C): each becomes the mean of its group over channels and pixels, weighted by `weights` (C) or not. */
static void average_groups(const layer *l, const real *weights, real *sums) {
    const size_t together = group_channels(l);
    for (size_t first = 0; first < channels_of(l); first += together) {
        double total = 0;
        for (size_t c = first; c < first + together; c++)
            total += (double)sums[c] * (weights != NULL ? (double)weights[c] : 1);
        for (size_t c = first; c < first + together; c++)
            sums[c] = (real)(total / (double)(together * pixels_of(l)));
    }
}

static void forward_sample(const layer *l, const layer_pass *sample, real *y) {
    const size_t channels = channels_of(l);
    const real *x = sample->input, *gamma = sample->parameters, *beta = gamma + channels;
    real *mean = statistics_of(sample), *inverse = mean + channels, *gain = channel_row(l, sample, ROWS);
    channel_sums(l, sample, x, NULL, NULL, NULL, mean);
    average_groups(l, NULL, mean);
    channel_sums(l, sample, x, mean, x, mean, inverse);
    average_groups(l, NULL, inverse);
    for (size_t c = 0; c < channels; c++) {
        inverse[c] = (real)(1 / sqrt((double)inverse[c] + l->spec.epsilon));
        gain[c] = gamma[c] * inverse[c];
    }
    channel_scale(shape_size(l->in), channel_row_values(l), x, channel_repeat(l, sample, 0, mean),
                  channel_repeat(l, sample, 1, gain), channel_repeat(l, sample, 2, beta), y);
}

static void forward(const layer *l, const layer_pass *pass) {
    for (size_t n = 0; n < pass->count; n++) {
        const layer_pass sample = pass_of_sample(l, pass, n);
        forward_sample(l, &sample, pass->output + n * shape_size(l->in));
    }
}

/* dx = gain dy − base − (x − mean) slope; x, dy, dx (values), the others one row */
static void return_values(size_t values, size_t width, const real *x, const real *dy, const real *rows[ROWS],
                          real *restrict dx) {
    const real *gain = rows[0], *base = rows[1], *mean = rows[2], *slope = rows[3];
    for (size_t first = 0; first < values; first += width) {
        const size_t count = values - first < width ? values - first : width;
        for (size_t i = 0; i < count; i++)
            dx[first + i] = gain[i] * dy[first + i] - base[i] - (x[first + i] - mean[i]) * slope[i];
    }
}

/* plain, weighted (C): Σ dy and Σ dy (x − μ) over the pixels; they are overwritten. */
static void input_gradient(const layer *l, const layer_pass *sample, const real *dy, real *plain,
                           real *weighted, real *dx) {
    const size_t channels = channels_of(l);
    const real *gamma = sample->parameters, *mean = statistics_of(sample), *inverse = mean + channels;
    average_groups(l, gamma, plain);
    average_groups(l, gamma, weighted);
    for (size_t c = 0; c < channels; c++) {
        plain[c] *= inverse[c];
        weighted[c] *= inverse[c] * inverse[c] * inverse[c];
    }
    const real *rows[ROWS] = {[1] = channel_repeat(l, sample, 1, plain),
                              [2] = channel_repeat(l, sample, 2, mean),
                              [3] = channel_repeat(l, sample, 3, weighted)};
    for (size_t c = 0; c < channels; c++)
        plain[c] = gamma[c] * inverse[c];
    rows[0] = channel_repeat(l, sample, 0, plain);
    return_values(shape_size(l->in), channel_row_values(l), sample->input, dy, rows, dx);
}

static void backward(const layer *l, const layer_pass *pass) {
    const size_t channels = channels_of(l), values = shape_size(l->in);
    real *plain = channel_row(l, pass, ROWS), *weighted = plain + channels;
    for (size_t n = 0; n < pass->count; n++) {
        const layer_pass sample = pass_of_sample(l, pass, n);
        const real *dy = pass->d_output + n * values, *mean = statistics_of(&sample),
                   *inverse = mean + channels;
        channel_sums(l, &sample, dy, NULL, NULL, NULL, plain);
        channel_sums(l, &sample, dy, NULL, sample.input, mean, weighted);
        for (size_t c = 0; c < channels; c++) {
            pass->d_parameters[c] += weighted[c] * inverse[c];
            pass->d_parameters[channels + c] += plain[c];
        }
        if (pass->d_input != NULL)
            input_gradient(l, &sample, dy, plain, weighted, pass->d_input + n * values);
    }
}

const layer_ops layer_group_norm = {
    .spatial = true,
    .keeps_input = true,
    .setup = setup,
    .reset = reset,
    .parameter_place = parameter_place,
    .forward = forward,
    .backward = backward,
};
