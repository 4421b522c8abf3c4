/* Vectors of lanes and elementary functions of them. Private to the kernels of lockstep, which are compiled
 * once per kernel set with VECTOR_BYTES, the width of a register, and KERNEL_SET. */
#ifndef ENGINE_LOCKSTEP_VECTORS_H
#define ENGINE_LOCKSTEP_VECTORS_H

#ifdef __SSE2__
#include <immintrin.h>
#endif
#include <math.h>
#include <string.h>

#include "engine/lockstep/lane_kernels.h"

#define LANE_PASTE_(name, set) name##_##set
#define LANE_PASTE(name, set) LANE_PASTE_(name, set)
#define LANE_KERNEL(name) LANE_PASTE(name, KERNEL_SET)
#define INLINE static inline __attribute__((always_inline))

typedef float vector __attribute__((vector_size(VECTOR_BYTES)));
typedef int32_t mask __attribute__((vector_size(VECTOR_BYTES))); /* of each lane all bits or none */

enum { VECTOR_LANES = VECTOR_BYTES / sizeof(float) };

INLINE vector load(const float *from) {
    vector v;
    memcpy(&v, __builtin_assume_aligned(from, VECTOR_BYTES), sizeof v);
    return v;
}

INLINE void store(float *to, vector v) {
    memcpy(__builtin_assume_aligned(to, VECTOR_BYTES), &v, sizeof v);
}

INLINE mask load_mask(const int32_t *from) {
    mask m;
    memcpy(&m, __builtin_assume_aligned(from, VECTOR_BYTES), sizeof m);
    return m;
}

INLINE vector all(float value) {
    return value - (vector){0};
}

/* a where m, else b */
INLINE vector choose(mask m, vector a, vector b) {
    return (vector)((m & (mask)a) | (~m & (mask)b));
}

/* a where m, else 0 */
INLINE vector where(mask m, vector a) {
    return (vector)(m & (mask)a);
}

INLINE vector larger(vector a, vector b) {
    return choose(a > b, a, b);
}

INLINE vector size_of(vector x) {
    return (vector)((mask)x & 0x7fffffff);
}

INLINE vector root(vector x) {
#if VECTOR_BYTES == 64 && defined(__AVX512F__)
    return (vector)_mm512_sqrt_ps((__m512)x);
#elif VECTOR_BYTES == 32 && defined(__AVX__)
    return (vector)_mm256_sqrt_ps((__m256)x);
#elif VECTOR_BYTES == 16 && defined(__SSE2__)
    return (vector)_mm_sqrt_ps((__m128)x);
#else
    for (int lane = 0; lane < VECTOR_LANES; lane++)
        x[lane] = sqrtf(x[lane]);
    return x;
#endif
}

/* ---- Elementary functions ---------------------------------------------------------------------- */

/* As in kernels/elementary.c, in vectors: Moshier's Cephes library (expf, logf). */

/* x = n ln 2 + r, |r| ≤ ln 2 / 2; n is in the low bits of `shifted`. */
typedef struct reduced {
    vector r, shifted;
} reduced;

INLINE reduced reduce(vector x) {
    const float round = 0x1.8p23f;
    const vector shifted = x * 1.44269504f + round, n = shifted - round;
    return (reduced){.r = x - n * 0.693359375f + n * 2.12194440e-4f, .shifted = shifted};
}

/* exp r − 1 for a reduced r */
INLINE vector exponential_less_1(vector r) {
    vector p = 1.3981999507e-3f + r * 1.9875691500e-4f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    return p * r * r + r;
}

/* 2ⁿ·m for the n in the low bits of `shifted`. */
INLINE vector scale_by_power(vector m, vector shifted) {
    return (vector)((mask)m + ((mask)shifted << 23));
}

/* Arguments are kept where the result is a normal number; NaN stays NaN. */
INLINE vector kept_argument(vector x, float most) {
    x = choose(x > most, all(most), x);
    return choose(x < -87.0f, all(-87.0f), x);
}

INLINE vector exponential(vector x) {
    const reduced part = reduce(kept_argument(x, 88.0f));
    return scale_by_power(exponential_less_1(part.r) + 1, part.shifted);
}

/* exp x − 1 for x ≤ 0, exact to the last digits near 0, too: 2ⁿ (exp r − 1) + (2ⁿ − 1) */
INLINE vector exponential_minus_1(vector x) {
    const reduced part = reduce(kept_argument(x, 88.0f));
    const vector power = scale_by_power(all(1), part.shifted);
    return power * exponential_less_1(part.r) + (power - 1);
}

INLINE vector tangent(vector x) {
    vector size = size_of(x);
    size = choose(size > 10.0f, all(10.0f), size);
    const vector e = exponential_minus_1(2 * size), t = e / (e + 2);
    return (vector)(((mask)x & INT32_MIN) | (mask)t);
}

INLINE vector sigmoid_of(vector x) {
    return 1 / (1 + exponential(-x));
}

/* log x for a normal x > 0 */
INLINE vector logarithm(vector x) {
    mask exponent = (((mask)x >> 23) & 0xff) - 126;
    vector m = (vector)(((mask)x & 0x007fffff) | 0x3f000000); /* in [½, 1) */
    const mask low = m < 0.707106781186547524f;
    exponent += low; /* −1 where low */
    m = m + where(low, m) - 1;
    const vector e = __builtin_convertvector(exponent, vector), z = m * m;
    vector p = -1.1514610310e-1f + m * 7.0376836292e-2f;
    p = p * m + 1.1676998740e-1f;
    p = p * m - 1.2420140846e-1f;
    p = p * m + 1.4249322787e-1f;
    p = p * m - 1.6668057665e-1f;
    p = p * m + 2.0000714765e-1f;
    p = p * m - 2.4999993993e-1f;
    p = p * m + 3.3333331174e-1f;
    return (m + (p * m * z - e * 2.12194440e-4f - 0.5f * z)) + e * 0.693359375f;
}

/* log (1 + x) for x ≥ 0, to the last digits of small x: with u = 1 + x rounded, log u · x / (u − 1). */
INLINE vector logarithm_plus_1(vector x) {
    const vector u = 1 + x, d = u - 1;
    const mask tiny = d == 0;
    return choose(tiny, x, logarithm(u) * (x / choose(tiny, all(1), d)));
}

#endif
