/* Sobol's sequence with the primitive polynomials and direction numbers of S. Joe and F. Y. Kuo,
 * "Constructing Sobol sequences with better two-dimensional projections", SIAM Journal on Scientific
 * Computing 30 (2008), 2635–2654: the first dimensions of their file new-joe-kuo-6.21201. */
#include "base/sobol.h"

#include <assert.h>

enum { BITS = 32, MOST_DEGREE = 6 };

/* A primitive polynomial over GF(2), x^degree + a_1 x^(degree−1) + … + 1, whose inner coefficients are the
 * bits of `inner`, a_1 first; and the first odd numbers m of its recurrence. */
typedef struct polynomial {
    int degree;
    uint32_t inner;
    uint32_t m[MOST_DEGREE];
} polynomial;

/* Of dimensions 1, 2, …; dimension 0 is van der Corput's sequence. */
static const polynomial polynomials[SOBOL_DIMENSIONS - 1] = {
    {1, 0, {1}},
    {2, 1, {1, 3}},
    {3, 1, {1, 3, 1}},
    {3, 2, {1, 1, 1}},
    {4, 1, {1, 1, 3, 3}},
    {4, 4, {1, 3, 5, 13}},
    {5, 2, {1, 1, 5, 5, 17}},
    {5, 4, {1, 1, 5, 5, 5}},
    {5, 7, {1, 1, 7, 11, 19}},
    {5, 11, {1, 1, 5, 1, 1}},
    {5, 13, {1, 1, 1, 3, 11}},
    {5, 14, {1, 3, 5, 5, 31}},
    {6, 1, {1, 3, 3, 9, 7, 49}},
    {6, 13, {1, 1, 1, 15, 21, 21}},
    {6, 16, {1, 3, 1, 13, 27, 49}},
};

/* Direction numbers times 2^32: v_k = m_k 2^(32−k), and from k = degree on
 * v_k = v_(k−d) ^ v_(k−d) >> d ^ a_1 v_(k−1) ^ … ^ a_(d−1) v_(k−d+1). */
static void find_directions(const polynomial *p, uint32_t v[BITS]) {
    for (int k = 0; k < p->degree; k++)
        v[k] = p->m[k] << (BITS - 1 - k);
    for (int k = p->degree; k < BITS; k++) {
        v[k] = v[k - p->degree] ^ v[k - p->degree] >> p->degree;
        for (int i = 1; i < p->degree; i++)
            if (p->inner >> (p->degree - 1 - i) & 1)
                v[k] ^= v[k - i];
    }
}

uint32_t sobol_point(int dimension, uint32_t index) {
    assert(dimension >= 0 && dimension < SOBOL_DIMENSIONS);
    uint32_t v[BITS] = {0}, point = 0;
    if (dimension == 0)
        for (int k = 0; k < BITS; k++)
            v[k] = 1u << (BITS - 1 - k);
    else
        find_directions(&polynomials[dimension - 1], v);
    uint32_t gray = index ^ index >> 1;
    for (int k = 0; gray != 0; k++, gray >>= 1)
        if (gray & 1)
            point ^= v[k];
    return point;
}
