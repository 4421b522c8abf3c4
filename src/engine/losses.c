#include "engine/losses.h"

#include "engine/real.h"

/* ---- What the loss is of ----------------------------------------------------------------------- */

static output_link link_of(layer_kind kind) {
    switch (kind) {
    case LAYER_SIGMOID:
        return LINK_SIGMOID;
    case LAYER_SCALED_SIGMOID:
        return LINK_SCALED_SIGMOID;
    case LAYER_SOFTMAX:
        return LINK_SOFTMAX;
    default:
        return LINK_IDENTITY;
    }
}

/* Layers up to the last one that does something. */
static int effective_layers(const model_spec *model) {
    int count = model->layer_count;
    while (count > 0 && (model->layers[count - 1].kind == LAYER_IDENTITY ||
                         model->layers[count - 1].kind == LAYER_FLATTEN))
        count--;
    return count;
}

status loss_open(loss_function *l, const loss_spec *spec, const model_spec *model, int classes,
                 error_info *error) {
    const int layers = effective_layers(model);
    const output_link end = layers > 0 ? link_of(model->layers[layers - 1].kind) : LINK_IDENTITY;
    *l = (loss_function){.spec = *spec, .model_layers = layers, .classes = classes};
    switch (spec->kind) {
    case LOSS_CROSS_ENTROPY: /* of logits, whether the softmax is written or not */
        l->link = LINK_SOFTMAX;
        l->model_layers -= end == LINK_SOFTMAX;
        break;
    case LOSS_BINARY_CROSS_ENTROPY:
        if (end == LINK_IDENTITY)
            return error_set(
                error, STATUS_USAGE,
                "binary_cross_entropy of a model that ends with layer %d; accepted: a last layer "
                "sigmoid, scaled_sigmoid or softmax",
                layers - 1);
        l->link = end;
        l->model_layers--;
        break;
    case LOSS_SQUARED_ERROR:
        break;
    }
    return STATUS_OK;
}

/* Number k of what the outputs of sample n should be. */
static real target_of(const loss_function *l, const batch_targets *targets, size_t n, int k) {
    if (l->classes == 0)
        return targets->values[n * (size_t)l->outputs + (size_t)k];
    return l->outputs == 1 ? targets->labels[n] : targets->labels[n] == k;
}

/* ---- Losses of one sample ---------------------------------------------------------------------- */

/* The loss of sample n, whose outputs are z (K); dz (K) receives its gradient, or is NULL. */
typedef real (*sample_loss)(const loss_function *l, const real *z, const batch_targets *targets, size_t n,
                            real *dz);

/* H(p) is taken with log(p + ε), as in the experiment that the term comes from. */
static const real entropy_epsilon = (real)1e-8;

/* λ·H(p), H(p) = −Σ p log(p + ε); adds its gradient on the logits to dz:
 * dH/dp_i = −log(p_i + ε) − p_i / (p_i + ε), and through the softmax dH/dz_i = p_i (dH/dp_i − Σ_j p_j
 * dH/dp_j). */
static real entropy_term(const real *p, int classes, real weight, real *dz) {
    real entropy = 0, mean = 0, slope[ENGINE_MAX_CLASSES];
    for (int i = 0; i < classes; i++) {
        real log_p = real_log(p[i] + entropy_epsilon);
        entropy -= p[i] * log_p;
        slope[i] = -log_p - p[i] / (p[i] + entropy_epsilon);
        mean += p[i] * slope[i];
    }
    if (dz != NULL)
        for (int i = 0; i < classes; i++)
            dz[i] += weight * p[i] * (slope[i] - mean);
    return weight * entropy;
}

/* −log p_y = log Σ exp z − z_y with gradient p − onehot(y), plus the entropy term where λ ≠ 0. */
static real cross_entropy(const loss_function *l, const real *z, const batch_targets *targets, size_t n,
                          real *dz) {
    real p[ENGINE_MAX_CLASSES];
    const int label = targets->labels[n];
    real loss = real_softmax(z, (size_t)l->outputs, p) - z[label];
    if (dz != NULL) {
        for (int i = 0; i < l->outputs; i++)
            dz[i] = p[i];
        dz[label] -= 1;
    }
    if (l->spec.entropy_weight != 0)
        loss += entropy_term(p, l->outputs, (real)l->spec.entropy_weight, dz);
    return loss;
}

/* With p = σ(u), u = s z: −y log p − (1 − y) log(1 − p) = max(u, 0) − u y + log(1 + exp(−|u|)), gradient on z
 * s (p − y). */
static real logistic_loss(const loss_function *l, const real *z, const batch_targets *targets, size_t n,
                          real *dz) {
    const real s = l->link == LINK_SCALED_SIGMOID ? 2 : 1;
    real loss = 0;
    for (int k = 0; k < l->outputs; k++) {
        const real u = s * z[k], y = target_of(l, targets, n, k);
        loss += (u > 0 ? u : 0) - u * y + real_log1p(real_exp(-real_abs(u)));
        if (dz != NULL)
            dz[k] = s * (real_sigmoid(u) - y);
    }
    return loss;
}

static int largest(const real *z, int count) {
    int best = 0;
    for (int i = 1; i < count; i++)
        best = z[i] > z[best] ? i : best;
    return best;
}

/* q = softmax of z without its entry `left_out`, where q is 0; returns the logarithm of the sum of the rest.
 */
static real softmax_without(const real *z, int count, int left_out, real *q) {
    for (int i = 0; i < count; i++)
        q[i] = i == left_out ? -INFINITY : z[i];
    return real_softmax(q, (size_t)count, q);
}

/* −log p_y − Σ_{k ≠ y} log(1 − p_k) with p = softmax(z). log(1 − p_k) = log Σ_{j ≠ k} exp z_j − log Σ_j exp
 * z_j, whose gradient is q⁽ᵏ⁾ − p, q⁽ᵏ⁾ = softmax of z without z_k. Only the largest p, at m, can come near
 * 1; for the others log(1 − p_k) is well conditioned as it stands and, with r_k = p_k / (1 − p_k),
 * p_i − q⁽ᵏ⁾_i = −p_i r_k (i ≠ k), p_k (i = k). Summed up, with r_y = r_m = 0:
 *
 *   dz_i = p_i − y_i + r_i − p_i Σ_k r_k + [m ≠ y] (p_i − q⁽ᵐ⁾_i) */
static real softmax_against_rest(const loss_function *l, const real *z, const batch_targets *targets,
                                 size_t n, real *dz) {
    const int count = l->outputs, y = targets->labels[n], m = largest(z, count);
    real p[ENGINE_MAX_CLASSES], q[ENGINE_MAX_CLASSES], r[ENGINE_MAX_CLASSES], odds = 0;
    const real log_sum = real_softmax(z, (size_t)count, p);
    real loss = log_sum - z[y];
    if (m != y)
        loss += log_sum - softmax_without(z, count, m, q);
    for (int k = 0; k < count; k++) {
        const bool counts = k != y && k != m;
        r[k] = counts ? p[k] / (1 - p[k]) : 0;
        odds += r[k];
        loss -= counts ? real_log1p(-p[k]) : 0;
    }
    for (int i = 0; dz != NULL && i < count; i++)
        dz[i] = p[i] - (i == y) + r[i] - p[i] * odds + (m != y ? p[i] - q[i] : 0);
    return loss;
}

static real squared_error(const loss_function *l, const real *z, const batch_targets *targets, size_t n,
                          real *dz) {
    real loss = 0;
    for (int k = 0; k < l->outputs; k++) {
        const real difference = z[k] - target_of(l, targets, n, k);
        loss += difference * difference;
        if (dz != NULL)
            dz[k] = 2 * difference;
    }
    return loss;
}

static sample_loss function_of(const loss_function *l) {
    if (l->spec.kind == LOSS_CROSS_ENTROPY)
        return cross_entropy;
    if (l->spec.kind == LOSS_SQUARED_ERROR)
        return squared_error;
    return l->link == LINK_SOFTMAX ? softmax_against_rest : logistic_loss;
}

/* ---- Batches ----------------------------------------------------------------------------------- */

loss_sums loss_evaluate(const loss_function *l, const real *z, const batch_targets *targets, size_t count,
                        double scale, real *dz) {
    const sample_loss loss_of = function_of(l);
    const bool mean = l->spec.kind != LOSS_CROSS_ENTROPY && l->spec.over_outputs == REDUCE_MEAN;
    const double share = mean ? 1.0 / l->outputs : 1;
    const real factor = (real)(share * scale);
    const size_t size = (size_t)l->outputs;
    loss_sums sums = {.samples = count};
    for (size_t n = 0; n < count; n++, z += size) {
        sums.loss += share * (double)loss_of(l, z, targets, n, dz);
        sums.correct += l->classes > 0 && loss_class(l, z) == targets->labels[n];
        for (size_t k = 0; dz != NULL && k < size; k++)
            *dz++ *= factor;
    }
    return sums;
}

double loss_scale(const loss_spec *spec, size_t samples) {
    return spec->over_samples == REDUCE_MEAN ? 1.0 / (double)samples : 1;
}

double loss_value(const loss_spec *spec, loss_sums sums) {
    return sums.loss * loss_scale(spec, sums.samples);
}

void loss_outputs(const loss_function *l, const real *z, size_t count, real *out) {
    const size_t size = (size_t)l->outputs;
    const real s = l->link == LINK_SCALED_SIGMOID ? 2 : 1;
    for (size_t n = 0; l->link == LINK_SOFTMAX && n < count; n++)
        real_softmax(z + n * size, size, out + n * size);
    for (size_t i = 0; l->link != LINK_SOFTMAX && i < count * size; i++)
        out[i] = l->link == LINK_IDENTITY ? z[i] : real_sigmoid(s * z[i]);
}

int loss_class(const loss_function *l, const real *z) {
    const real half = l->link == LINK_IDENTITY ? (real)0.5 : 0; /* σ(0) = ½ */
    return l->outputs == 1 ? z[0] > half : largest(z, l->outputs);
}
