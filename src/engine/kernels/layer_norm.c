/* Layer normalisation of one sample. Sums are kept in as many numbers as fill vectors, a few hundred values
 * at a time, and added up in double: a mean may be much smaller than its terms. */
#include "engine/kernels/set.h"
#include "engine/real.h"

enum { SUMS = 32, TOGETHER = 32 * SUMS };

static inline size_t count_together(size_t left) {
    return left < TOGETHER ? left : TOGETHER;
}

static inline double total_of(const real sums[SUMS], real rest) {
    double total = (double)rest;
    for (size_t j = 0; j < SUMS; j++)
        total += (double)sums[j];
    return total;
}

/* Σ x */
static double sum_values(size_t n, const real *restrict x) {
    double total = 0;
    for (size_t first = 0; first < n; first += TOGETHER, x += TOGETHER) {
        const size_t count = count_together(n - first);
        real sums[SUMS] = {0}, rest = 0;
        size_t i = 0;
        for (; i + SUMS <= count; i += SUMS)
            for (size_t j = 0; j < SUMS; j++)
                sums[j] += x[i + j];
        for (; i < count; i++)
            rest += x[i];
        total += total_of(sums, rest);
    }
    return total;
}

/* Σ (x − mean)² */
static double sum_squares(size_t n, const real *restrict x, real mean) {
    double total = 0;
    for (size_t first = 0; first < n; first += TOGETHER, x += TOGETHER) {
        const size_t count = count_together(n - first);
        real sums[SUMS] = {0}, rest = 0;
        size_t i = 0;
        for (; i + SUMS <= count; i += SUMS)
            for (size_t j = 0; j < SUMS; j++)
                sums[j] += (x[i + j] - mean) * (x[i + j] - mean);
        for (; i < count; i++)
            rest += (x[i] - mean) * (x[i] - mean);
        total += total_of(sums, rest);
    }
    return total;
}

void KERNEL(layer_norm)(size_t n, double epsilon, const real *x, const real *gamma, const real *beta,
                        real *restrict y, real statistics[2]) {
    const real mean = (real)(sum_values(n, x) / (double)n);
    const real inverse = (real)(1 / sqrt(sum_squares(n, x, mean) / (double)n + epsilon));
    for (size_t i = 0; i < n; i++)
        y[i] = (x[i] - mean) * inverse * gamma[i] + beta[i];
    statistics[0] = mean;
    statistics[1] = inverse;
}

static void add_parameter_gradients(const layer_norm_gradient *g) {
    const real *restrict x = g->x, *restrict dy = g->dy;
    real *restrict d_gamma = g->d_gamma, *restrict d_beta = g->d_beta;
    const real mean = g->mean, inverse = g->inverse;
    for (size_t i = 0; i < g->n; i++) {
        d_gamma[i] += dy[i] * (x[i] - mean) * inverse;
        d_beta[i] += dy[i];
    }
}

/* Σ γ dy and Σ γ dy (x − μ) */
typedef struct gradient_sums {
    double plain, weighted;
} gradient_sums;

static gradient_sums sum_gradients(size_t n, const layer_norm_gradient *g) {
    const real *restrict x = g->x, *restrict dy = g->dy, *restrict gamma = g->gamma, mean = g->mean;
    gradient_sums total = {0};
    for (size_t first = 0; first < n; first += TOGETHER, x += TOGETHER, dy += TOGETHER, gamma += TOGETHER) {
        const size_t count = count_together(n - first);
        real plain[SUMS] = {0}, weighted[SUMS] = {0}, rest = 0, weighted_rest = 0;
        size_t i = 0;
        for (; i + SUMS <= count; i += SUMS)
            for (size_t j = 0; j < SUMS; j++) {
                const real term = gamma[i + j] * dy[i + j];
                plain[j] += term;
                weighted[j] += term * (x[i + j] - mean);
            }
        for (; i < count; i++) {
            rest += gamma[i] * dy[i];
            weighted_rest += gamma[i] * dy[i] * (x[i] - mean);
        }
        total.plain += total_of(plain, rest);
        total.weighted += total_of(weighted, weighted_rest);
    }
    return total;
}

void KERNEL(layer_norm_backward)(const layer_norm_gradient *g) {
    const size_t n = g->n;
    add_parameter_gradients(g);
    if (g->dx == NULL)
        return;
    const gradient_sums sums = sum_gradients(n, g);
    const real mean = g->mean, inverse = g->inverse, base = (real)(sums.plain / (double)n);
    const real slope = (real)(sums.weighted / (double)n) * inverse * inverse;
    const real *restrict x = g->x, *restrict dy = g->dy, *restrict gamma = g->gamma;
    real *restrict dx = g->dx;
    for (size_t i = 0; i < n; i++)
        dx[i] = inverse * (gamma[i] * dy[i] - base - (x[i] - mean) * slope);
}
