#include "engine/real.h"

real real_softmax(const real *z, size_t count, real *p) {
    real largest = z[0], sum = 0;
    for (size_t i = 1; i < count; i++)
        largest = z[i] > largest ? z[i] : largest;
    for (size_t i = 0; i < count; i++)
        sum += p[i] = real_exp(z[i] - largest);
    for (size_t i = 0; i < count; i++)
        p[i] /= sum;
    return largest + real_log(sum);
}
