/* Losses in lanes; losses.c has the formulas. */
#include "engine/lockstep/lane_tables.h"

INLINE const float *outputs_of(const lane_loss *l, const float *tensor, size_t n, int part) {
    return tensor + n * (size_t)l->outputs * LANES + part;
}

/* Add the loss of a sample to the sums, in double precision. */
INLINE void add_loss(double *sum, vector loss) {
    for (int lane = 0; lane < VECTOR_LANES; lane++)
        sum[lane] += (double)loss[lane];
}

INLINE void add_correct(int32_t *correct, mask right) {
    mask sum;
    memcpy(&sum, correct, sizeof sum);
    sum -= right;
    memcpy(correct, &sum, sizeof sum);
}

/* Is the first of the largest z where the targets have their one? */
INLINE mask finds_class(const lane_loss *l, const float *z, const float *t) {
    vector best = load(z), is_right = load(t);
    for (int k = 1; k < l->outputs; k++) {
        const vector value = load(z + k * LANES);
        const mask better = value > best;
        best = choose(better, value, best);
        is_right = choose(better, load(t + k * LANES), is_right);
    }
    return is_right > 0.5f;
}

/* The right class of one sample, or its right labels. */
INLINE void count_correct(const lane_loss *l, const float *z, const float *t, int32_t *correct) {
    if (l->classes && l->outputs > 1)
        add_correct(correct, finds_class(l, z, t));
    else if (l->classes || l->labels)
        for (int k = 0; k < l->outputs; k++)
            add_correct(correct, (load(z + k * LANES) > l->half) == (load(t + k * LANES) > 0.5f));
}

/* For every sample and vector of lanes: LOSS(l, z, t, dz, part), which returns the loss and sets dz before it
 * is scaled. */
#define EACH_SAMPLE(name, loss)                                                                              \
    static void name(const lane_loss *l) {                                                                   \
        const vector scale = all(l->scale);                                                                  \
        for (int part = 0; part < l->lanes; part += VECTOR_LANES)                                            \
            for (size_t n = 0; n < l->count; n++) {                                                          \
                const float *z = outputs_of(l, l->z, n, part), *t = outputs_of(l, l->targets, n, part);      \
                float *dz = l->dz + n * (size_t)l->outputs * LANES + part;                                   \
                add_loss(l->sum + part, loss(l, z, t, dz, part));                                            \
                count_correct(l, z, t, l->correct + part);                                                   \
                for (int k = 0; k < l->outputs; k++)                                                         \
                    store(dz + k * LANES, load(dz + k * LANES) * scale);                                     \
            }                                                                                                \
    }

INLINE vector squared_error_of(const lane_loss *l, const float *z, const float *t, float *dz, int part) {
    (void)part;
    vector loss = all(0);
    for (int k = 0; k < l->outputs; k++) {
        const vector difference = load(z + k * LANES) - load(t + k * LANES);
        loss += difference * difference;
        store(dz + k * LANES, 2 * difference);
    }
    return loss;
}

INLINE vector huber_of(const lane_loss *l, const float *z, const float *t, float *dz, int part) {
    const vector delta = load(l->delta + part);
    vector loss = all(0);
    for (int k = 0; k < l->outputs; k++) {
        const vector difference = load(z + k * LANES) - load(t + k * LANES), size = size_of(difference);
        const mask is_far = size > delta;
        const vector edge = choose(difference > 0, delta, -delta);
        loss += choose(is_far, delta * (size - delta / 2), difference * difference / 2);
        store(dz + k * LANES, choose(is_far, edge, difference));
    }
    return loss;
}

INLINE vector logistic_of(const lane_loss *l, const float *z, const float *t, float *dz, int part) {
    (void)part;
    const vector s = all(l->link_scale);
    vector loss = all(0);
    for (int k = 0; k < l->outputs; k++) {
        const vector u = s * load(z + k * LANES), y = load(t + k * LANES);
        loss += choose(u > 0, u, all(0)) - u * y + logarithm_plus_1(exponential(-size_of(u)));
        store(dz + k * LANES, s * ((1 - y) * sigmoid_of(u) - y * sigmoid_of(-u)));
    }
    return loss;
}

/* −log p_y = log Σ exp(z − max z) + (max z − z_y), gradient p − onehot(y), to the last digits where p_y is
 * nearly 1: that of y is minus the sum of the others. dz holds exp(z − max z) meanwhile. */
INLINE vector cross_entropy_of(const lane_loss *l, const float *z, const float *t, float *dz, int part) {
    (void)part;
    const int count = l->outputs;
    vector most = load(z), others = all(0), wrong = all(0), own = all(0);
    for (int k = 1; k < count; k++)
        most = larger(load(z + k * LANES), most);
    mask found = ~(most <= INFINITY); /* the first of the largest counts as 1, which log1p adds; NaN: none */
    for (int k = 0; k < count; k++) {
        const vector value = load(z + k * LANES), power = exponential(value - most);
        const mask first = (value == most) & ~found;
        found |= first;
        others += where(~first, power);
        own = choose(load(t + k * LANES) > 0.5f, value, own);
        store(dz + k * LANES, power);
    }
    const vector sum = 1 + others;
    for (int k = 0; k < count; k++) {
        const vector p = load(dz + k * LANES) / sum;
        wrong += where(load(t + k * LANES) <= 0.5f, p);
        store(dz + k * LANES, p);
    }
    for (int k = 0; k < count; k++)
        store(dz + k * LANES, choose(load(t + k * LANES) > 0.5f, -wrong, load(dz + k * LANES)));
    return logarithm_plus_1(others) + (most - own);
}

EACH_SAMPLE(squared_error, squared_error_of)
EACH_SAMPLE(huber, huber_of)
EACH_SAMPLE(logistic, logistic_of)
EACH_SAMPLE(cross_entropy, cross_entropy_of)

void LANE_KERNEL(fill_lane_losses)(lane_kernels *k) {
    k->squared_error = squared_error;
    k->huber = huber;
    k->logistic = logistic;
    k->cross_entropy = cross_entropy;
}
