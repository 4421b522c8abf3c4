/* Vectors as wide as the registers of the set that is being compiled, of numbers at any address; one number
 * each in the reference set. Private to the kernels. */
#ifndef ENGINE_KERNELS_LANES_H
#define ENGINE_KERNELS_LANES_H

#include <string.h>

#include "engine/real.h"

#define INLINE static inline __attribute__((always_inline))

#ifdef VECTOR_BYTES
enum { LANES = VECTOR_BYTES / sizeof(real) };
#else
enum { LANES = 1 };
#endif

typedef real vector __attribute__((vector_size(LANES * sizeof(real))));
typedef real unaligned_vector
    __attribute__((vector_size(LANES * sizeof(real)), aligned(sizeof(real)), may_alias));

INLINE vector load(const real *from) {
    return *(const unaligned_vector *)from;
}

INLINE void store(real *to, vector v) {
    *(unaligned_vector *)to = v;
}

#endif
