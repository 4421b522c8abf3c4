#include "engine/real.h"

size_t real_largest(const real *z, size_t count) {
    size_t best = 0;
    for (size_t i = 1; i < count; i++)
        best = z[i] > z[best] ? i : best;
    return best;
}

real real_softmax(const real *z, size_t count, real *p) {
    const size_t m = real_largest(z, count);
    const real largest = z[m];
    double others = 0; /* without exp 0 = 1 of the largest */
    for (size_t i = 0; i < count; i++) {
        p[i] = real_exp(z[i] - largest);
        others += i != m ? (double)p[i] : 0;
    }
    const real sum = (real)(1 + others);
    for (size_t i = 0; i < count; i++)
        p[i] /= sum;
    return (real)log1p(others);
}
