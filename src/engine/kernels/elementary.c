/* Elementary functions as polynomials, so that the compiler can work on whole vectors; within 3 units in the
 * last place of the library's. The polynomial is that of Moshier's Cephes library (expf). */
#include "engine/kernels/set.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

/* x = n ln 2 + r, |r| ≤ ln 2 / 2, with ln 2 in two parts. Adding 1.5·2²³ rounds to an integer and leaves it
 * in the low bits of `shifted`. */
typedef struct reduced {
    float r, shifted;
} reduced;

static inline reduced reduce(float x) {
    const float round = 0x1.8p23f;
    const float shifted = x * 1.44269504f + round, n = shifted - round;
    return (reduced){.r = x - n * 0.693359375f + n * 2.12194440e-4f, .shifted = shifted};
}

/* exp r − 1 for a reduced r */
static inline float exponential_less_1(float r) {
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    return p * r * r + r;
}

/* 2ⁿ·m for the n in the low bits of `shifted`. */
static inline float scale_by_power(float m, float shifted) {
    uint32_t power, bits;
    memcpy(&power, &shifted, sizeof power);
    memcpy(&bits, &m, sizeof bits);
    bits += power << 23;
    memcpy(&m, &bits, sizeof m);
    return m;
}

/* Arguments are kept where the result is a normal number; NaN stays NaN. */
static inline float exponential(float x) {
    x = x > 88.0f ? 88.0f : x;
    x = x < -87.0f ? -87.0f : x;
    const reduced part = reduce(x);
    return scale_by_power(exponential_less_1(part.r) + 1, part.shifted);
}

/* ±e / (e + 2) with e = exp 2|x| − 1 = 2ⁿ (exp r − 1) + (2ⁿ − 1), which is exact to the last digits near 0,
 * too. Beyond the largest argument kept it is 1. */
static inline float tangent(float x) {
    float size = fabsf(x);
    size = size > 10.0f ? 10.0f : size;
    const reduced part = reduce(2 * size);
    const float power = scale_by_power(1, part.shifted);
    const float e = power * exponential_less_1(part.r) + (power - 1);
    return copysignf(e / (e + 2), x);
}

/* In place, or the compiler would have to know whether x and y overlap. */
static inline void copy_values(size_t n, const float *x, float *y) {
    if (x != y)
        memcpy(y, x, n * sizeof *y);
}

static void tanh_values(size_t n, const float *x, float *y) {
    copy_values(n, x, y);
    for (size_t i = 0; i < n; i++)
        y[i] = tangent(y[i]);
}

static void sigmoid_values(size_t n, float scale, const float *x, float *y) {
    copy_values(n, x, y);
    for (size_t i = 0; i < n; i++)
        y[i] = 1 / (1 + exponential(-scale * y[i]));
}

/* ---- Smooth activations: layers/gelu.c, silu.c, softplus.c ------------------------------------- */

/* exp(−size) for size ≥ 0; 0 where that is no normal number */
static inline float decay(float size) {
    const float e = exponential(-size);
    return size > 87.0f ? 0 : e;
}

/* σ(x) and 1 − σ(x), each with all its digits */
typedef struct shares {
    float below, above;
} shares;

static inline shares shares_at(float x) {
    const float e = decay(fabsf(x)), larger = 1 / (1 + e), smaller = e * larger;
    return (shares){.below = x < 0 ? smaller : larger, .above = x < 0 ? larger : smaller};
}

/* Φ(x) = 1 − Φ(−x), and Φ(x) = exp(−x²/2)·t·Q(t) for x < 0 with t = 1 / (1 + |x| / √8); Q is within 5e-8 of
 * its value up to |x| = 14, where the exponential is 0. `e` is exp(−x²/2). */
static inline float normal_share(float x, float e) {
    const float t = 1 / (1 + 0.35355339f * fabsf(x));
    float q = -2.953452025e-2f;
    q = q * t + 1.422876703e-1f;
    q = q * t - 2.436003235e-1f;
    q = q * t + 1.390339879e-1f;
    q = q * t - 1.331309899e-2f;
    q = q * t + 1.013435405e-1f;
    q = q * t + 1.215518564e-1f;
    q = q * t + 1.411876574e-1f;
    q = q * t + 1.410432088e-1f;
    const float tail = e * t * q;
    return x < 0 ? tail : 1 - tail;
}

static void gelu(size_t n, const float *restrict x, float *restrict y) {
    for (size_t i = 0; i < n; i++)
        y[i] = x[i] * normal_share(x[i], decay(x[i] * x[i] / 2));
}

static void gelu_backward(size_t n, const float *restrict x, const float *dy, float *dx) {
    copy_values(n, dy, dx);
    for (size_t i = 0; i < n; i++) {
        const float e = decay(x[i] * x[i] / 2);
        dx[i] *= normal_share(x[i], e) + x[i] * 0.39894228f * e;
    }
}

static const float linear = 1.59576912f, cubic = 0.0713548163f;

static void gelu_tanh(size_t n, const float *restrict x, float *restrict y) {
    for (size_t i = 0; i < n; i++)
        y[i] = x[i] * shares_at(x[i] * (linear + cubic * x[i] * x[i])).below;
}

static void gelu_tanh_backward(size_t n, const float *restrict x, const float *dy, float *dx) {
    copy_values(n, dy, dx);
    for (size_t i = 0; i < n; i++) {
        const float square = x[i] * x[i];
        const shares s = shares_at(x[i] * (linear + cubic * square));
        dx[i] *= s.below * (1 + x[i] * s.above * (linear + 3 * cubic * square));
    }
}

static void silu(size_t n, const float *restrict x, float *restrict y) {
    for (size_t i = 0; i < n; i++)
        y[i] = x[i] * shares_at(x[i]).below;
}

static void silu_backward(size_t n, const float *restrict x, const float *dy, float *dx) {
    copy_values(n, dy, dx);
    for (size_t i = 0; i < n; i++) {
        const shares s = shares_at(x[i]);
        dx[i] *= s.below * (1 + x[i] * s.above);
    }
}

/* log(1 + e) for 0 ≤ e ≤ 1: 2 artanh s with s = e / (2 + e), by a polynomial in s² */
static inline float logarithm_of_1_plus(float e) {
    const float s = e / (2 + e), square = s * s;
    float p = 2.441306508e-1f;
    p = p * square + 2.139325148e-1f;
    p = p * square + 2.862072203e-1f;
    p = p * square + 3.999869091e-1f;
    p = p * square + 6.666667931e-1f;
    p = p * square + 2;
    return s * p;
}

static void softplus(size_t n, softplus_shape shape, const float *restrict x, float *restrict y) {
    const float beta = shape.beta, threshold = shape.threshold;
    for (size_t i = 0; i < n; i++) {
        const float v = beta * x[i], above = v > 0 ? v : 0;
        const float soft = (above + logarithm_of_1_plus(decay(fabsf(v)))) / beta;
        y[i] = v > threshold ? x[i] : soft;
    }
}

static void softplus_backward(size_t n, softplus_shape shape, const float *restrict x, const float *dy,
                              float *dx) {
    const float beta = shape.beta, threshold = shape.threshold;
    copy_values(n, dy, dx);
    for (size_t i = 0; i < n; i++) {
        const float v = beta * x[i], s = shares_at(v).below;
        dx[i] *= v > threshold ? 1 : s;
    }
}

void KERNEL(fill_elementary)(kernel_set *set) {
    set->tanh = tanh_values;
    set->sigmoid = sigmoid_values;
    set->gelu = gelu;
    set->gelu_backward = gelu_backward;
    set->gelu_tanh = gelu_tanh;
    set->gelu_tanh_backward = gelu_tanh_backward;
    set->silu = silu;
    set->silu_backward = silu_backward;
    set->softplus = softplus;
    set->softplus_backward = softplus_backward;
}
