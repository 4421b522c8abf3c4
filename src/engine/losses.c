#include "engine/losses.h"

#include "engine/real.h"

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

static int largest_class(const real *z, int classes) {
    int best = 0;
    for (int i = 1; i < classes; i++)
        best = z[i] > z[best] ? i : best;
    return best;
}

/* Cross-entropy −log p_y = log Σ exp z − z_y with gradient p − onehot(y), plus the entropy term where λ ≠ 0.
 */
static real cross_entropy(const loss_spec *spec, const real *z, int label, int classes, real *dz) {
    real p[ENGINE_MAX_CLASSES];
    real loss = real_softmax(z, (size_t)classes, p) - z[label];
    if (dz != NULL) {
        for (int i = 0; i < classes; i++)
            dz[i] = p[i];
        dz[label] -= 1;
    }
    if (spec->entropy_weight != 0)
        loss += entropy_term(p, classes, (real)spec->entropy_weight, dz);
    return loss;
}

loss_sums loss_evaluate(const loss_spec *spec, const real *logits, const uint8_t *labels, size_t count,
                        int classes, real *d_logits) {
    loss_sums sums = {.samples = count};
    for (size_t n = 0; n < count; n++) {
        const real *z = logits + n * (size_t)classes;
        real *dz = d_logits != NULL ? d_logits + n * (size_t)classes : NULL;
        sums.loss += (double)cross_entropy(spec, z, labels[n], classes, dz);
        sums.correct += largest_class(z, classes) == labels[n];
        for (int i = 0; dz != NULL && i < classes; i++)
            dz[i] /= (real)count;
    }
    return sums;
}
