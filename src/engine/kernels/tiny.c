/* Dense layers of up to TINY inputs and outputs, where the product's panels would be mostly empty. Sizes are
 * constants of the loops, which the compiler then unrolls and vectorises over samples. */
#include "engine/kernels/set.h"
#include <assert.h>

#define INLINE static inline __attribute__((always_inline))

enum { LANES = 8 }; /* partial sums of the weight gradient */

INLINE void forward(size_t count, const int k, const int o, const real *restrict x, const real *restrict w,
                    const real *restrict bias, real *restrict y) {
    for (size_t n = 0; n < count; n++)
        for (int j = 0; j < o; j++) {
            real sum = bias != NULL ? bias[j] : 0;
            for (int i = 0; i < k; i++)
                sum += x[n * (size_t)k + (size_t)i] * w[i * TINY + j];
            y[n * (size_t)o + (size_t)j] = sum;
        }
}

/* dw[i, j] += Σ_n x[n, i] dy[n, j]; with x NULL, dw[j] += Σ_n dy[n, j] and k is 1 */
INLINE void add_gradient(size_t count, const int k, const int o, const real *restrict x,
                         const real *restrict dy, real *restrict dw) {
    real sums[TINY][TINY][LANES];
    for (int i = 0; i < k; i++)
        for (int j = 0; j < o; j++)
            for (int lane = 0; lane < LANES; lane++)
                sums[i][j][lane] = 0;
    size_t n = 0;
    for (; n + LANES <= count; n += LANES)
        for (int i = 0; i < k; i++)
            for (int j = 0; j < o; j++)
                for (size_t lane = 0; lane < LANES; lane++)
                    sums[i][j][lane] += (x != NULL ? x[(n + lane) * (size_t)k + (size_t)i] : 1) *
                                        dy[(n + lane) * (size_t)o + (size_t)j];
    for (; n < count; n++)
        for (int i = 0; i < k; i++)
            for (int j = 0; j < o; j++)
                sums[i][j][0] +=
                    (x != NULL ? x[n * (size_t)k + (size_t)i] : 1) * dy[n * (size_t)o + (size_t)j];
    for (int i = 0; i < k; i++)
        for (int j = 0; j < o; j++)
            for (int lane = 0; lane < LANES; lane++)
                dw[i * TINY + j] += sums[i][j][lane];
}

INLINE void input_gradient(size_t count, const int k, const int o, const real *restrict dy,
                           const real *restrict w, real *restrict dx) {
    for (size_t n = 0; n < count; n++)
        for (int i = 0; i < k; i++) {
            real sum = 0;
            for (int j = 0; j < o; j++)
                sum += dy[n * (size_t)o + (size_t)j] * w[i * TINY + j];
            dx[n * (size_t)k + (size_t)i] = sum;
        }
}

INLINE void backward(const tiny_gradient *g, const int k, const int o) {
    add_gradient(g->count, k, o, g->x, g->dy, g->dw);
    if (g->dx != NULL)
        input_gradient(g->count, k, o, g->dy, g->w, g->dx);
}

/* Every pair of sizes. */
#define PAIRS(X)                                                                                             \
    X(1, 1)                                                                                                  \
    X(1, 2)                                                                                                  \
    X(1, 3)                                                                                                  \
    X(1, 4) X(2, 1) X(2, 2) X(2, 3) X(2, 4) X(3, 1) X(3, 2) X(3, 3) X(3, 4) X(4, 1) X(4, 2) X(4, 3) X(4, 4)

void KERNEL(tiny_forward)(size_t count, int k, int o, const real *x, const real *w, const real *bias,
                          real *y) {
    assert(tiny_is_valid(k, o));
    switch (k * (TINY + 1) + o) {
#define X(inputs, outputs)                                                                                   \
    case (inputs) * (TINY + 1) + (outputs):                                                                  \
        forward(count, inputs, outputs, x, w, bias, y);                                                      \
        break;
        PAIRS(X)
#undef X
    }
}

/* db[j] += Σ_n dy[n, j] */
static void add_bias_gradient(const tiny_gradient *g) {
    switch (g->outputs) {
#define X(outputs)                                                                                           \
    case outputs:                                                                                            \
        add_gradient(g->count, 1, outputs, NULL, g->dy, g->db);                                              \
        break;
        X(1)
        X(2)
        X(3)
        X(4)
#undef X
    }
}

void KERNEL(tiny_backward)(const tiny_gradient *g) {
    assert(tiny_is_valid(g->inputs, g->outputs));
    switch (g->inputs * (TINY + 1) + g->outputs) {
#define X(inputs, outputs)                                                                                   \
    case (inputs) * (TINY + 1) + (outputs):                                                                  \
        backward(g, inputs, outputs);                                                                        \
        break;
        PAIRS(X)
#undef X
    }
    if (g->db != NULL)
        add_bias_gradient(g);
}
