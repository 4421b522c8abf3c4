/* Elementary functions as polynomials, so that the compiler can work on whole vectors; within 3 units in the
 * last place of the library's. The polynomials are those of Moshier's Cephes library (expf, tanhf). */
#include "engine/kernels/set.h"

#include <stdint.h>
#include <string.h>

/* 2ⁿ·m for the n in the low bits of `shifted`, see exponential. */
static inline float scale_by_power(float m, float shifted) {
    uint32_t power, bits;
    memcpy(&power, &shifted, sizeof power);
    memcpy(&bits, &m, sizeof bits);
    bits += power << 23;
    memcpy(&m, &bits, sizeof m);
    return m;
}

/* exp x = 2ⁿ exp r with n = ⌊x / ln 2⌉, |r| ≤ ln 2 / 2, ln 2 in two parts. Adding 1.5·2²³ rounds to an
 * integer and leaves it in the low bits. Arguments are kept where the result is a normal number; NaN stays
 * NaN. */
static inline float exponential(float x) {
    const float round = 0x1.8p23f;
    x = x > 88.0f ? 88.0f : x;
    x = x < -87.0f ? -87.0f : x;
    float shifted = x * 1.44269504f + round, n = shifted - round;
    float r = x - n * 0.693359375f + n * 2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    return scale_by_power(p * r * r + r + 1, shifted);
}

/* Near 0 an odd polynomial, elsewhere ±(1 − 2 / (exp 2|x| + 1)). */
static inline float tangent(float x) {
    float size = x < 0 ? -x : x, z = x * x;
    float p = -5.70498872745e-3f;
    p = p * z + 2.06390887954e-2f;
    p = p * z - 5.37397155531e-2f;
    p = p * z + 1.33314422036e-1f;
    p = p * z - 3.33332819422e-1f;
    float small = p * z * x + x, large = 1 - 2 / (exponential(2 * size) + 1);
    large = x < 0 ? -large : large;
    return size < 0.625f ? small : large;
}

/* Values go through a block of their own: x and y may be the same, which the compiler must not need to know.
 * All blocks but the last have a size that it does know, and are copied through registers. */
enum { BLOCK = 64 };

static inline void tanh_block(float scale, float block[BLOCK]) {
    (void)scale;
    for (int i = 0; i < BLOCK; i++)
        block[i] = tangent(block[i]);
}

static inline void sigmoid_block(float scale, float block[BLOCK]) {
    for (int i = 0; i < BLOCK; i++)
        block[i] = 1 / (1 + exponential(-scale * block[i]));
}

static inline __attribute__((always_inline)) void map_blocks(size_t n, const float *x, float *y, float scale,
                                                             void (*map)(float scale, float block[BLOCK])) {
    float block[BLOCK] = {0};
    for (; n >= BLOCK; n -= BLOCK, x += BLOCK, y += BLOCK) {
        memcpy(block, x, sizeof block);
        map(scale, block);
        memcpy(y, block, sizeof block);
    }
    memcpy(block, x, n * sizeof *x);
    map(scale, block);
    memcpy(y, block, n * sizeof *y);
}

static void tanh_values(size_t n, const float *x, float *y) {
    map_blocks(n, x, y, 1, tanh_block);
}

static void sigmoid_values(size_t n, float scale, const float *x, float *y) {
    map_blocks(n, x, y, scale, sigmoid_block);
}

void KERNEL(fill_elementary)(kernel_set *set) {
    set->tanh = tanh_values;
    set->sigmoid = sigmoid_values;
}
