#include "engine/losses.h"

#include <assert.h>

#include "engine/real.h"

static bool is_in(loss_kind kind, unsigned set) {
    return set >> kind & 1;
}

/* Target k of sample n. */
static real target_of(const loss_function *l, const batch_targets *targets, size_t n, int k) {
    if (l->classes == 0)
        return targets->values[n * (size_t)l->outputs + (size_t)k];
    return l->outputs == 1 ? targets->labels[n] : targets->labels[n] == k;
}

/* ---- Losses of one sample ---------------------------------------------------------------------- */

/* H(p) is taken with log(p + ε), as in the experiment that the term comes from. */
static const real entropy_epsilon = (real)1e-8;

/* λ·H(p), H(p) = −Σ p log(p + ε); adds its gradient on the logits to dz:
 * dH/dp_i = s_i = −log(p_i + ε) − p_i / (p_i + ε), and through the softmax dH/dz_i = p_i (s_i − Σ_j p_j s_j).
 * `largest` is that of p and log_largest its logarithm. A p that is nearly 1 has no digits left for its
 * logarithm, and all s would be cancelled by the mean: both are taken from the largest. */
static real entropy_term(const real *p, int classes, size_t largest, real log_largest, real weight,
                         real *dz) {
    const real m = p[largest], log_m = log_largest + real_log1p(entropy_epsilon / m);
    const real slope_m = -log_m - m / (m + entropy_epsilon);
    real entropy = -m * log_m, mean = 0, slope[ENGINE_MAX_CLASSES]; /* slope: less slope_m */
    for (int i = 0; i < classes; i++) {
        const bool other = (size_t)i != largest;
        const real log_p = real_log(p[i] + entropy_epsilon);
        entropy -= other ? p[i] * log_p : 0;
        slope[i] = other ? -log_p - p[i] / (p[i] + entropy_epsilon) - slope_m : 0;
        mean += p[i] * slope[i];
    }
    for (int i = 0; dz != NULL && i < classes; i++)
        dz[i] += weight * p[i] * (slope[i] - mean);
    return weight * entropy;
}

/* p_i − [i = y], to the last digits where p_y is nearly 1. */
static void subtract_label(const real *p, int count, int y, real *dz) {
    real others = 0;
    for (int i = 0; i < count; i++) {
        dz[i] = p[i];
        others += i != y ? p[i] : 0;
    }
    dz[y] = -others;
}

/* −log p_y = log Σ exp(z − max z) + (max z − z_y) with gradient p − onehot(y), plus the entropy term where λ
 * ≠ 0. */
static real cross_entropy(const loss_function *l, const real *z, const batch_targets *targets, size_t n,
                          real *dz) {
    real p[ENGINE_MAX_CLASSES];
    const int label = targets->labels[n];
    const size_t largest = real_largest(z, (size_t)l->outputs);
    const real log_sum = real_softmax(z, (size_t)l->outputs, p);
    real loss = log_sum + (z[largest] - z[label]);
    if (dz != NULL)
        subtract_label(p, l->outputs, label, dz);
    if (l->spec.entropy_weight != 0)
        loss += entropy_term(p, l->outputs, largest, -log_sum, (real)l->spec.entropy_weight, dz);
    return loss;
}

static real class_weight(const loss_function *l, int label) {
    return l->spec.class_weight_count > 0 ? (real)l->spec.class_weights[label] : 1;
}

/* PyTorch's CrossEntropyLoss(weight=w, label_smoothing=ε): cross_entropy_loss_label_smoothing in
 * aten/src/ATen/native/LossNLL.cpp of version 1.13, with K classes and a = ε / K:
 *
 *   (1 − ε)·w_y·(−log p_y) + a·Σ_c w_c·(−log p_c),  −log p_c = log Σ exp(z − max z) + (max z − z_c)
 *   dz_i = (1 − ε)·w_y·(p_i − [i = y]) + a·(p_i·Σ_c w_c − w_i)
 *
 * The entropy term has the weight of the label, as the rest of the sample's loss. */
static real weighted_cross_entropy(const loss_function *l, const real *z, const batch_targets *targets,
                                   size_t n, real *dz) {
    const int label = targets->labels[n], classes = l->outputs;
    const real weight = class_weight(l, label), own = (real)(1 - l->spec.label_smoothing) * weight,
               share = (real)(l->spec.label_smoothing / classes);
    real p[ENGINE_MAX_CLASSES], sum = 0;
    const size_t largest = real_largest(z, (size_t)classes);
    const real log_sum = real_softmax(z, (size_t)classes, p);
    real loss = own * (log_sum + (z[largest] - z[label]));
    for (int i = 0; i < classes; i++) {
        loss += share > 0 ? share * class_weight(l, i) * (log_sum + (z[largest] - z[i])) : 0;
        sum += class_weight(l, i);
    }
    if (dz != NULL)
        subtract_label(p, classes, label, dz);
    for (int i = 0; dz != NULL && i < classes; i++)
        dz[i] = own * dz[i] + share * (sum * p[i] - class_weight(l, i));
    if (l->spec.entropy_weight != 0)
        loss += entropy_term(p, classes, largest, -log_sum, (real)l->spec.entropy_weight * weight, dz);
    return loss;
}

/* With p = σ(u), u = s z: −y log p − (1 − y) log(1 − p) = max(u, 0) − u y + log(1 + exp(−|u|)), gradient on z
 * s (p − y) = s ((1 − y) σ(u) − y σ(−u)), which keeps its digits where p is nearly y. */
static real logistic_loss(const loss_function *l, const real *z, const batch_targets *targets, size_t n,
                          real *dz) {
    const real s = l->link == LINK_SCALED_SIGMOID ? 2 : 1;
    real loss = 0;
    for (int k = 0; k < l->outputs; k++) {
        const real u = s * z[k], y = target_of(l, targets, n, k);
        loss += (u > 0 ? u : 0) - u * y + real_log1p(real_exp(-real_abs(u)));
        if (dz != NULL)
            dz[k] = s * ((1 - y) * real_sigmoid(u) - y * real_sigmoid(-u));
    }
    return loss;
}

/* q = softmax of z without its largest entry z_m, where q is 0; returns log Σ_{j ≠ m} exp(z_j − z_m). */
static real softmax_without(const real *z, int count, int m, real *q) {
    for (int i = 0; i < count; i++)
        q[i] = i == m ? -INFINITY : z[i];
    const real second = q[real_largest(q, (size_t)count)];
    return real_softmax(q, (size_t)count, q) + (second - z[m]);
}

/* −log p_y − Σ_{k ≠ y} log(1 − p_k) with p = softmax(z). log(1 − p_k) = log Σ_{j ≠ k} exp z_j − log Σ_j exp
 * z_j, whose gradient is q⁽ᵏ⁾ − p, q⁽ᵏ⁾ = softmax of z without z_k. Only the largest p, at m, can come near
 * 1; for the others log(1 − p_k) is well conditioned as written and, with r_k = p_k / (1 − p_k),
 * p_i − q⁽ᵏ⁾_i = −p_i r_k (i ≠ k), p_k (i = k). Summed up, with r_y = r_m = 0:
 *
 *   dz_i = p_i − y_i + r_i − p_i Σ_k r_k + [m ≠ y] (p_i − q⁽ᵐ⁾_i) */
static real softmax_against_rest(const loss_function *l, const real *z, const batch_targets *targets,
                                 size_t n, real *dz) {
    const int count = l->outputs, y = targets->labels[n], m = (int)real_largest(z, (size_t)count);
    real p[ENGINE_MAX_CLASSES], q[ENGINE_MAX_CLASSES], r[ENGINE_MAX_CLASSES], odds = 0;
    const real log_sum = real_softmax(z, (size_t)count, p); /* of exp(z − z_m) */
    real loss = log_sum + (z[m] - z[y]);
    if (m != y)
        loss += log_sum - softmax_without(z, count, m, q);
    for (int k = 0; k < count; k++) {
        const bool counts = k != y && k != m;
        r[k] = counts ? p[k] / (1 - p[k]) : 0;
        odds += r[k];
        loss -= counts ? real_log1p(-p[k]) : 0;
    }
    if (dz != NULL)
        subtract_label(p, count, y, dz);
    for (int i = 0; dz != NULL && i < count; i++)
        dz[i] += r[i] - p[i] * odds + (m != y ? p[i] - q[i] : 0);
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

/* Its gradient is the difference, cut off at ±δ. */
static real huber(const loss_function *l, const real *z, const batch_targets *targets, size_t n, real *dz) {
    const real delta = (real)l->spec.delta;
    real loss = 0;
    for (int k = 0; k < l->outputs; k++) {
        const real difference = z[k] - target_of(l, targets, n, k), size = real_abs(difference);
        const real slope = size > delta ? (difference > 0 ? delta : -delta) : difference;
        loss += size > delta ? delta * (size - delta / 2) : difference * difference / 2;
        if (dz != NULL)
            dz[k] = slope;
    }
    return loss;
}

/* PyTorch's L1Loss; its gradient is the sign, 0 at 0. */
static real absolute_error(const loss_function *l, const real *z, const batch_targets *targets, size_t n,
                           real *dz) {
    real loss = 0;
    for (int k = 0; k < l->outputs; k++) {
        const real difference = z[k] - target_of(l, targets, n, k);
        loss += real_abs(difference);
        if (dz != NULL)
            dz[k] = (real)((difference > 0) - (difference < 0));
    }
    return loss;
}

/* ---- The losses -------------------------------------------------------------------------------- */

/* How a model ends. */
typedef struct model_end {
    int layers;       /* up to the last one that changes values, which … */
    output_link link; /* … is this */
    layer_path last;  /* of the whole model */
} model_end;

typedef struct loss_row {
    const char *name;
    /* Find the link, the model's layers and the loss of a sample; before it, all layers and no link. */
    status (*open)(loss_function *l, const model_end *end, error_info *error);
} loss_row;

static model_end end_of(const model_spec *model) {
    int last = layer_before(model, model->layer_count);
    const layer_path path = layer_path_of(model, last);
    while (last >= 0 && layer_ops_of(model->layers[last].kind)->keeps_values)
        last = layer_before(model, last);
    if (last < 0)
        return (model_end){0, LINK_IDENTITY, path};
    return (model_end){layer_end(model, last), layer_ops_of(model->layers[last].kind)->link, path};
}

/* Of logits, whether the softmax is written or not. */
static status open_cross_entropy(loss_function *l, const model_end *end, error_info *error) {
    (void)error;
    const bool plain = l->spec.label_smoothing == 0 && l->spec.class_weight_count == 0;
    l->of_sample = plain ? cross_entropy : weighted_cross_entropy;
    l->link = LINK_SOFTMAX;
    if (end->link == LINK_SOFTMAX)
        l->model_layers = end->layers - 1;
    return STATUS_OK;
}

static status open_binary_cross_entropy(loss_function *l, const model_end *end, error_info *error) {
    if (end->link == LINK_IDENTITY)
        return error_set(error, STATUS_USAGE,
                         "binary_cross_entropy of a model that ends with layer %s; accepted: a last layer "
                         "sigmoid, scaled_sigmoid or softmax, or the loss binary_cross_entropy_with_logits",
                         layer_path_write(end->last).text);
    l->of_sample = end->link == LINK_SOFTMAX ? softmax_against_rest : logistic_loss;
    l->link = end->link;
    l->model_layers = end->layers - 1;
    return STATUS_OK;
}

static status open_with_logits(loss_function *l, const model_end *end, error_info *error) {
    if (end->link != LINK_IDENTITY)
        return error_set(error, STATUS_USAGE,
                         "binary_cross_entropy_with_logits of a model that ends with probabilities, in layer "
                         "%d; accepted: a model without it, or the loss binary_cross_entropy",
                         end->layers - 1);
    l->of_sample = logistic_loss;
    l->link = LINK_SIGMOID;
    return STATUS_OK;
}

static status open_huber(loss_function *l, const model_end *end, error_info *error) {
    (void)end, (void)error;
    l->of_sample = huber;
    return STATUS_OK;
}

static status open_squared_error(loss_function *l, const model_end *end, error_info *error) {
    (void)end, (void)error;
    l->of_sample = squared_error;
    return STATUS_OK;
}

static status open_absolute_error(loss_function *l, const model_end *end, error_info *error) {
    (void)end, (void)error;
    l->of_sample = absolute_error;
    return STATUS_OK;
}

/* The loss of a sample, with the letters of losses.h:
 *
 *   cross_entropy         −log p_label + λ·H(p),  H(p) = −Σ p log(p + 10⁻⁸)            p = softmax(z)
 *                         (with weights of classes or label smoothing see weighted_cross_entropy)
 *   binary_cross_entropy  −Σ_k [y_k log p_k + (1 − y_k) log(1 − p_k)]   p = σ(z), σ(2z) or softmax(z)
 *   squared_error         Σ_k (z_k − t_k)²           t: the targets of a regression, or y
 *   huber                 Σ_k h(z_k − t_k),  h(d) = d²/2 for |d| ≤ δ, else δ (|d| − δ/2)
 *   mae                   Σ_k |z_k − t_k|
 *   binary_cross_entropy_with_logits   as binary_cross_entropy, p = σ(z)
 */
static const loss_row rows[LOSS_KIND_COUNT] = {
    [LOSS_CROSS_ENTROPY] = {"cross_entropy", open_cross_entropy},
    [LOSS_BINARY_CROSS_ENTROPY] = {"binary_cross_entropy", open_binary_cross_entropy},
    [LOSS_SQUARED_ERROR] = {"squared_error", open_squared_error},
    [LOSS_HUBER] = {"huber", open_huber},
    [LOSS_MAE] = {"mae", open_absolute_error},
    [LOSS_BINARY_CROSS_ENTROPY_WITH_LOGITS] = {"binary_cross_entropy_with_logits", open_with_logits},
};

const name_table loss_names = NAME_TABLE(rows);

status loss_open(loss_function *l, const loss_spec *spec, const model_spec *model, int classes,
                 error_info *error) {
    const model_end end = end_of(model);
    *l = (loss_function){.spec = *spec, .model_layers = model->layer_count, .classes = classes};
    return rows[spec->kind].open(l, &end, error);
}

/* ---- Batches ----------------------------------------------------------------------------------- */

/* How much the outputs of sample n predict correctly: its class, or the number of its labels. */
static size_t count_correct(const loss_function *l, const real *z, const batch_targets *targets, size_t n) {
    if (l->classes > 0)
        return loss_class(l, z) == targets->labels[n];
    size_t correct = 0;
    for (int k = 0; is_in(l->spec.kind, LOSSES_OF_LABELS) && k < l->outputs; k++)
        correct += (z[k] > 0) == (target_of(l, targets, n, k) > (real)0.5); /* σ(0) = ½ */
    return correct;
}

double loss_share(const loss_function *l) {
    const bool mean = is_in(l->spec.kind, LOSSES_OVER_OUTPUTS) && l->spec.over_outputs == REDUCE_MEAN;
    return mean ? 1.0 / l->outputs : 1;
}

loss_sums loss_evaluate(const loss_function *l, const real *z, const batch_targets *targets, size_t count,
                        double scale, real *dz) {
    assert(is_in(l->spec.kind, LOSSES_OF_NUMBERS) || l->classes == 0 || l->outputs <= ENGINE_MAX_CLASSES);
    const double share = loss_share(l);
    const real factor = (real)(share * scale);
    const size_t size = (size_t)l->outputs;
    loss_sums sums = {.samples = count, .weight = loss_weight(l, targets->labels, count)};
    for (size_t n = 0; n < count; n++, z += size) {
        sums.loss += share * (double)l->of_sample(l, z, targets, n, dz);
        sums.correct += count_correct(l, z, targets, n);
        for (size_t k = 0; dz != NULL && k < size; k++)
            *dz++ *= factor;
    }
    return sums;
}

double loss_weight(const loss_function *l, const uint8_t *labels, size_t count) {
    double sum = 0;
    if (l->spec.class_weight_count == 0)
        return (double)count;
    for (size_t n = 0; n < count; n++)
        sum += l->spec.class_weights[labels[n]];
    return sum;
}

double loss_scale(const loss_spec *spec, double weight) {
    return spec->over_samples == REDUCE_MEAN ? 1.0 / weight : 1;
}

double loss_value(const loss_spec *spec, loss_sums sums) {
    return sums.loss * loss_scale(spec, sums.weight);
}

double loss_accuracy(const loss_function *l, loss_sums sums) {
    const double each = l->classes > 0 ? 1 : l->outputs;
    return 100.0 * (double)sums.correct / (each * (double)sums.samples);
}

void loss_outputs(const loss_function *l, const real *z, size_t count, real *out) {
    const size_t size = (size_t)l->outputs;
    const real s = l->link == LINK_SCALED_SIGMOID ? 2 : 1;
    for (size_t n = 0; l->link == LINK_SOFTMAX && n < count; n++)
        real_softmax(z + n * size, size, out + n * size);
    for (size_t i = 0; l->link != LINK_SOFTMAX && i < count * size; i++)
        out[i] = l->link == LINK_IDENTITY ? z[i] : real_sigmoid(s * z[i]);
}

real loss_probability(const loss_function *l, const real *z, int label) {
    if (l->outputs > 1) {
        real p[ENGINE_MAX_CLASSES]; /* as many outputs as classes */
        assert(l->outputs <= ENGINE_MAX_CLASSES);
        loss_outputs(l, z, 1, p);
        return p[label];
    }
    const real s = l->link == LINK_SCALED_SIGMOID ? 2 : 1, sign = label == 1 ? 1 : -1;
    if (l->link == LINK_IDENTITY)
        return label == 1 ? z[0] : 1 - z[0];
    return real_sigmoid(sign * s * z[0]); /* 1 − σ(u) = σ(−u) */
}

int loss_class(const loss_function *l, const real *z) {
    const real half = l->link == LINK_IDENTITY ? (real)0.5 : 0; /* σ(0) = ½ */
    return l->outputs == 1 ? z[0] > half : (int)real_largest(z, (size_t)l->outputs);
}

void loss_sums_add(loss_sums *total, loss_sums more) {
    total->loss += more.loss;
    total->weight += more.weight;
    total->penalty += more.penalty;
    total->correct += more.correct;
    total->samples += more.samples;
}
