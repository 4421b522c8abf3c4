/* Names of what is compiled once per kernel set: KERNEL(x) is x_avx2, x_reference … Private to the kernels.
 */
#ifndef ENGINE_KERNELS_SET_H
#define ENGINE_KERNELS_SET_H

#include "engine/kernels/kernels.h"

#define KERNEL_PASTE_(name, set) name##_##set
#define KERNEL_PASTE(name, set) KERNEL_PASTE_(name, set)
#define KERNEL(name) KERNEL_PASTE(name, KERNEL_SET)

extern const kernel_set KERNEL(plain_kernels);
void KERNEL(fill_kernels)(kernel_set *set, const char *name);

void KERNEL(tiny_forward)(size_t count, int k, int o, const real *x, const real *w, const real *bias,
                          real *y);
void KERNEL(tiny_backward)(const tiny_gradient *g);

void KERNEL(fill_column_sums)(kernel_set *set);
void KERNEL(fill_elementary)(kernel_set *set);
void KERNEL(fill_pooling)(kernel_set *set);

void KERNEL(gelu)(size_t n, const real *x, real *y);
void KERNEL(gelu_backward)(size_t n, const real *x, const real *dy, real *dx);
void KERNEL(gelu_tanh)(size_t n, const real *x, real *y);
void KERNEL(gelu_tanh_backward)(size_t n, const real *x, const real *dy, real *dx);
void KERNEL(silu)(size_t n, const real *x, real *y);
void KERNEL(silu_backward)(size_t n, const real *x, const real *dy, real *dx);
void KERNEL(softplus)(size_t n, softplus_shape shape, const real *x, real *y);
void KERNEL(softplus_backward)(size_t n, softplus_shape shape, const real *x, const real *dy, real *dx);

void KERNEL(layer_norm)(size_t n, double epsilon, const real *x, const real *gamma, const real *beta, real *y,
                        real statistics[2]);
void KERNEL(layer_norm_backward)(const layer_norm_gradient *g);

void KERNEL(winograd_input)(const winograd_tile *t, const real *x, real *v);
void KERNEL(winograd_input_transposed)(const winograd_tile *t, const real *v, real *x);
void KERNEL(winograd_evaluate)(const winograd_tile *t, const real *y, real *m);
void KERNEL(winograd_evaluate_transposed)(const winograd_tile *t, const real *m, const real *bias, real *y);

void KERNEL(correlate_planes)(const plane_correlation *p);
void KERNEL(correlate_planes_gradient)(const plane_correlation *p);

void KERNEL(depthwise)(const depthwise *d);
void KERNEL(depthwise_gradient)(const depthwise *d);

/* What kernels.h asks of callers, for asserts. */
static inline bool product_is_valid(const product *p) {
    return p->rows >= 0 && p->columns > 0 && p->segments >= 0 && p->length >= 0 && p->a != NULL &&
           p->b != NULL && p->c != NULL;
}

static inline bool tiny_is_valid(int inputs, int outputs) {
    return inputs > 0 && inputs <= TINY && outputs > 0 && outputs <= TINY;
}

static inline bool pooling_is_valid(const pooling *p) {
    return p->channels > 0 && p->stride_height > 0 && p->stride_width > 0 &&
           (p->out_height - 1) * p->stride_height + p->kernel_height <= p->height &&
           (p->out_width - 1) * p->stride_width + p->kernel_width <= p->width;
}

/* Do the windows cover every pixel exactly once? */
static inline bool windows_tile(const pooling *p) {
    return p->stride_height == p->kernel_height && p->stride_width == p->kernel_width &&
           p->out_height * p->stride_height == p->height && p->out_width * p->stride_width == p->width;
}

static inline bool planes_are_valid(const plane_correlation *p) {
    return p->inputs > 0 && p->outputs > 0 && p->kernel_height > 0 && p->kernel_width > 0 &&
           p->kernel_width <= PLANES_WIDEST && p->x != NULL && p->y != NULL;
}

static inline bool depthwise_is_valid(const depthwise *d, int lanes) {
    return d->channels > 0 && d->channels % lanes == 0 && d->kernel_height > 0 && d->kernel_width > 0 &&
           d->x != NULL;
}

static inline bool winograd_is_valid(const winograd_tile *t) {
    return (t->points == 6 || t->points == 8) && t->channels > 0 && t->channels % WINOGRAD_CHANNELS == 0;
}

#endif
