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

void KERNEL(fill_elementary)(kernel_set *set) {
    set->tanh = tanh_values;
    set->sigmoid = sigmoid_values;
}
