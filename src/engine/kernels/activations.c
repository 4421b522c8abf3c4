/* The plain kernels of smooth activations, by the mathematical library; the formulas are those of
 * layers/gelu.c, silu.c and softplus.c. */
#include "engine/kernels/set.h"
#include "engine/real.h"

static const real root_half = (real)0.70710678118654752, density_at_0 = (real)0.39894228040143268;
static const real linear = (real)1.5957691216057308, cubic = (real)0.071354816272600249;

/* Φ(x), from the side where it has all its digits */
static inline real normal_share(real x) {
    return real_erfc(-x * root_half) / 2;
}

/* y′ of y = x σ(v), where v′ is `slope`; 1 − σ with all its digits */
static inline real gate_slope(real x, real v, real slope) {
    return real_sigmoid(v) * (1 + x * real_sigmoid(-v) * slope);
}

void KERNEL(gelu)(size_t n, const real *x, real *y) {
    for (size_t i = 0; i < n; i++)
        y[i] = x[i] * normal_share(x[i]);
}

void KERNEL(gelu_backward)(size_t n, const real *x, const real *dy, real *dx) {
    for (size_t i = 0; i < n; i++)
        dx[i] = dy[i] * (normal_share(x[i]) + x[i] * density_at_0 * real_exp(-x[i] * x[i] / 2));
}

void KERNEL(gelu_tanh)(size_t n, const real *x, real *y) {
    for (size_t i = 0; i < n; i++)
        y[i] = x[i] * real_sigmoid(x[i] * (linear + cubic * x[i] * x[i]));
}

void KERNEL(gelu_tanh_backward)(size_t n, const real *x, const real *dy, real *dx) {
    for (size_t i = 0; i < n; i++) {
        const real square = x[i] * x[i];
        dx[i] = dy[i] * gate_slope(x[i], x[i] * (linear + cubic * square), linear + 3 * cubic * square);
    }
}

void KERNEL(silu)(size_t n, const real *x, real *y) {
    for (size_t i = 0; i < n; i++)
        y[i] = x[i] * real_sigmoid(x[i]);
}

void KERNEL(silu_backward)(size_t n, const real *x, const real *dy, real *dx) {
    for (size_t i = 0; i < n; i++)
        dx[i] = dy[i] * gate_slope(x[i], x[i], 1);
}

void KERNEL(softplus)(size_t n, softplus_shape shape, const real *x, real *y) {
    for (size_t i = 0; i < n; i++) {
        const real v = shape.beta * x[i];
        y[i] =
            v > shape.threshold ? x[i] : ((v > 0 ? v : 0) + real_log1p(real_exp(-real_abs(v)))) / shape.beta;
    }
}

void KERNEL(softplus_backward)(size_t n, softplus_shape shape, const real *x, const real *dy, real *dx) {
    for (size_t i = 0; i < n; i++) {
        const real v = shape.beta * x[i];
        dx[i] = v > shape.threshold ? dy[i] : dy[i] * real_sigmoid(v);
    }
}
