/* The functions of the mathematical library for the engine's number type, σ and softmax. Private to the
 * engine.
 */
#ifndef ENGINE_REAL_H
#define ENGINE_REAL_H

#include <float.h>
#include <math.h>

#include "engine/engine.h"

#ifdef ENGINE_DOUBLE
#define real_exp exp
#define real_log log
#define real_erfc erfc
#define real_log1p log1p
#define real_abs fabs
#define real_sqrt sqrt
#define real_tanh tanh
#define real_epsilon DBL_EPSILON
#else
#define real_exp expf
#define real_log logf
#define real_erfc erfcf
#define real_log1p log1pf
#define real_abs fabsf
#define real_sqrt sqrtf
#define real_tanh tanhf
#define real_epsilon FLT_EPSILON
#endif

/* σ(x) */
static inline real real_sigmoid(real x) {
    return 1 / (1 + real_exp(-x));
}

/* The first of the largest of z (count). */
size_t real_largest(const real *z, size_t count);

/* p = softmax(z), stable: p_i = exp(z_i − max z) / Σ_j exp(z_j − max z); z and p (count), p may be z. Returns
 * log Σ exp(z − max z), to the last digits however small it is: log Σ exp z would lose them in max z. */
real real_softmax(const real *z, size_t count, real *p);

#endif
