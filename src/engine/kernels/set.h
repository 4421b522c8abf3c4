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

void KERNEL(fill_elementary)(kernel_set *set);

void KERNEL(winograd_input)(const winograd_tile *t, const real *x, real *v);
void KERNEL(winograd_input_transposed)(const winograd_tile *t, const real *v, real *x);
void KERNEL(winograd_evaluate)(const winograd_tile *t, const real *y, real *m);
void KERNEL(winograd_evaluate_transposed)(const winograd_tile *t, const real *m, const real *bias, real *y);

void KERNEL(correlate_planes)(const plane_correlation *p);
void KERNEL(correlate_planes_gradient)(const plane_correlation *p);

#endif
