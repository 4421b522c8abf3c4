/* Dense layers in lanes: y = f(x Wᵀ + b) and its gradients, W (O, K). f is the ReLU or leaky ReLU that
 * follows, if one does. Layers of up to SMALL inputs and outputs keep everything but the samples in
 * registers. */
#include "engine/lockstep/lane_tables.h"
#include "engine/lockstep/vectors.h"

enum { SMALL = 4, TILE = 4 };

INLINE vector fuse(lane_fused f, vector slope, vector z) {
    if (f == FUSED_RELU)
        return choose(z < 0, all(0), z); /* NaN stays NaN */
    if (f == FUSED_LEAKY_RELU)
        return choose(z > 0, z, slope * z);
    return z;
}

/* The gradient of z from that of y = f(z). */
INLINE vector fuse_backward(lane_fused f, vector slope, vector y, vector dy) {
    if (f == FUSED_RELU)
        return where(y > 0, dy);
    if (f == FUSED_LEAKY_RELU)
        return choose(y > 0, dy, slope * dy);
    return dy;
}

INLINE vector slope_of(const lane_dense *d, int part) {
    return d->fused == FUSED_LEAKY_RELU ? load(d->slope + part) : all(0);
}

/* Set `to`, or add to it. */
INLINE void accumulate(bool fresh, float *to, vector sum) {
    store(to, fresh ? sum : load(to) + sum);
}

/* ---- Small layers: k inputs, o outputs, constants of every call -------------------------------- */

INLINE void small_forward(const lane_dense *d, int part, const int k, const int o) {
    const lane_fused fused = d->fused;
    const vector slope = slope_of(d, part);
    const float *x = d->x + part;
    float *y = d->y + part;
    vector w[SMALL][SMALL], b[SMALL];
    for (int j = 0; j < o; j++) {
        b[j] = d->b != NULL ? load(d->b + j * LANES + part) : all(0);
        for (int i = 0; i < k; i++)
            w[j][i] = load(d->w + (j * k + i) * LANES + part);
    }
    for (size_t n = d->count; n > 0; n--, x += k * LANES, y += o * LANES)
        for (int j = 0; j < o; j++) {
            vector sum = w[j][0] * load(x);
            for (int i = 1; i < k; i++)
                sum += w[j][i] * load(x + i * LANES);
            store(y + j * LANES, fuse(fused, slope, sum + b[j]));
        }
}

INLINE void small_backward(const lane_dense *d, int part, const int k, const int o) {
    const lane_fused fused = d->fused;
    const bool passes_on = d->dx != NULL;
    const vector slope = slope_of(d, part);
    const float *x = d->x + part, *y = d->y + part, *dy = d->dy + part;
    float *dx = passes_on ? d->dx + part : NULL;
    vector w[SMALL][SMALL], dw[SMALL][SMALL], db[SMALL];
    for (int j = 0; j < o; j++) {
        db[j] = all(0);
        for (int i = 0; i < k; i++) {
            w[j][i] = load(d->w + (j * k + i) * LANES + part);
            dw[j][i] = all(0);
        }
    }
    for (size_t n = d->count; n > 0; n--, x += k * LANES, y += o * LANES, dy += o * LANES) {
        vector dz[SMALL];
        for (int j = 0; j < o; j++) {
            dz[j] = fuse_backward(fused, slope, load(y + j * LANES), load(dy + j * LANES));
            db[j] += dz[j];
            for (int i = 0; i < k; i++)
                dw[j][i] += dz[j] * load(x + i * LANES);
        }
        if (!passes_on)
            continue;
        for (int i = 0; i < k; i++) {
            vector sum = dz[0] * w[0][i];
            for (int j = 1; j < o; j++)
                sum += dz[j] * w[j][i];
            store(dx + i * LANES, sum);
        }
        dx += k * LANES;
    }
    for (int j = 0; j < o; j++) {
        if (d->db != NULL)
            accumulate(d->fresh, d->db + j * LANES + part, db[j]);
        for (int i = 0; i < k; i++)
            accumulate(d->fresh, d->dw + (j * k + i) * LANES + part, dw[j][i]);
    }
}

/* ---- Other layers: tiles of outputs and inputs, constants of every call ------------------------ */

INLINE void forward_tile(const lane_dense *d, int part, int first, const int outputs) {
    const int k = d->inputs;
    const vector slope = slope_of(d, part);
    const float *w = d->w + first * k * LANES + part, *x = d->x + part;
    float *y = d->y + first * LANES + part;
    for (size_t n = d->count; n > 0; n--, x += k * LANES, y += d->outputs * LANES) {
        vector sum[TILE];
        for (int j = 0; j < outputs; j++)
            sum[j] = all(0);
        for (int i = 0; i < k; i++) {
            const vector value = load(x + i * LANES);
            for (int j = 0; j < outputs; j++)
                sum[j] += load(w + (j * k + i) * LANES) * value;
        }
        for (int j = 0; j < outputs; j++) {
            const vector b = d->b != NULL ? load(d->b + (first + j) * LANES + part) : all(0);
            store(y + j * LANES, fuse(d->fused, slope, sum[j] + b));
        }
    }
}

static void tiled_forward(const lane_dense *d, int part) {
    int j = 0;
    for (; j + TILE <= d->outputs; j += TILE)
        forward_tile(d, part, j, TILE);
    for (; j < d->outputs; j++)
        forward_tile(d, part, j, 1);
}

/* dy → the gradient of x Wᵀ + b, and its sums. */
static void tiled_bias_gradient(const lane_dense *d, int part) {
    const int o = d->outputs;
    const vector slope = slope_of(d, part);
    for (int j = 0; j < o; j++) {
        vector sum = all(0);
        for (size_t n = 0; n < d->count; n++) {
            const size_t at = (n * (size_t)o + (size_t)j) * LANES + (size_t)part;
            const vector dz = fuse_backward(d->fused, slope, load(d->y + at), load(d->dy + at));
            store(d->dy + at, dz);
            sum += dz;
        }
        if (d->db != NULL)
            accumulate(d->fresh, d->db + j * LANES + part, sum);
    }
}

/* dW[j, i] = Σ_n dy[n, j] x[n, i] */
INLINE void gradient_tile(const lane_dense *d, int part, int first, int input, const int outputs,
                          const int inputs) {
    const int k = d->inputs, o = d->outputs;
    const float *x = d->x + input * LANES + part, *dy = d->dy + first * LANES + part;
    vector sum[TILE][TILE];
    for (int j = 0; j < outputs; j++)
        for (int i = 0; i < inputs; i++)
            sum[j][i] = all(0);
    for (size_t n = d->count; n > 0; n--, x += k * LANES, dy += o * LANES)
        for (int j = 0; j < outputs; j++) {
            const vector dz = load(dy + j * LANES);
            for (int i = 0; i < inputs; i++)
                sum[j][i] += dz * load(x + i * LANES);
        }
    for (int j = 0; j < outputs; j++)
        for (int i = 0; i < inputs; i++)
            accumulate(d->fresh, d->dw + ((first + j) * k + input + i) * LANES + part, sum[j][i]);
}

INLINE void gradient_row(const lane_dense *d, int part, int first, const int outputs) {
    int i = 0;
    for (; i + TILE <= d->inputs; i += TILE)
        gradient_tile(d, part, first, i, outputs, TILE);
    for (; i < d->inputs; i++)
        gradient_tile(d, part, first, i, outputs, 1);
}

/* dx[n, i] = Σ_j dy[n, j] W[j, i] */
INLINE void input_tile(const lane_dense *d, int part, int input, const int inputs) {
    const int k = d->inputs, o = d->outputs;
    const float *w = d->w + input * LANES + part, *dy = d->dy + part;
    float *dx = d->dx + input * LANES + part;
    for (size_t n = d->count; n > 0; n--, dy += o * LANES, dx += k * LANES) {
        vector sum[TILE];
        for (int i = 0; i < inputs; i++)
            sum[i] = all(0);
        for (int j = 0; j < o; j++) {
            const vector dz = load(dy + j * LANES);
            for (int i = 0; i < inputs; i++)
                sum[i] += dz * load(w + (j * k + i) * LANES);
        }
        for (int i = 0; i < inputs; i++)
            store(dx + i * LANES, sum[i]);
    }
}

static void tiled_backward(const lane_dense *d, int part) {
    tiled_bias_gradient(d, part);
    int j = 0, i = 0;
    for (; j + TILE <= d->outputs; j += TILE)
        gradient_row(d, part, j, TILE);
    for (; j < d->outputs; j++)
        gradient_row(d, part, j, 1);
    for (; d->dx != NULL && i + TILE <= d->inputs; i += TILE)
        input_tile(d, part, i, TILE);
    for (; d->dx != NULL && i < d->inputs; i++)
        input_tile(d, part, i, 1);
}

/* ---- All layers -------------------------------------------------------------------------------- */

/* Every pair of small sizes. */
#define ROW(X, k) X(k, 1) X(k, 2) X(k, 3) X(k, 4)
#define PAIRS(X) ROW(X, 1) ROW(X, 2) ROW(X, 3) ROW(X, 4)

static int pair_of(const lane_dense *d) {
    return d->inputs <= SMALL && d->outputs <= SMALL ? d->inputs * (SMALL + 1) + d->outputs : 0;
}

static void forward(const lane_dense *d) {
    for (int part = 0; part < d->lanes; part += VECTOR_LANES)
        switch (pair_of(d)) {
#define X(k, o)                                                                                              \
    case (k) * (SMALL + 1) + (o):                                                                            \
        small_forward(d, part, k, o);                                                                        \
        break;
            PAIRS(X)
#undef X
        default:
            tiled_forward(d, part);
        }
}

static void backward(const lane_dense *d) {
    for (int part = 0; part < d->lanes; part += VECTOR_LANES)
        switch (pair_of(d)) {
#define X(k, o)                                                                                              \
    case (k) * (SMALL + 1) + (o):                                                                            \
        small_backward(d, part, k, o);                                                                       \
        break;
            PAIRS(X)
#undef X
        default:
            tiled_backward(d, part);
        }
}

void LANE_KERNEL(fill_lane_dense)(lane_kernels *k) {
    k->dense_forward = forward;
    k->dense_backward = backward;
}
