/* What `mpisweep bench --kernels` times: one call of a row of the table below does one kind of work with one
 * kernel, on arrays that stay in L2. Private to the engine. */
#ifndef ENGINE_KERNEL_WORK_H
#define ENGINE_KERNEL_WORK_H

#include "engine/kernels/kernels.h"

/* Reals of each array below, and how many one call should touch, whatever the count of channels: 160 KiB. */
enum { WORK_REALS = 1 << 16, WORK_TOUCHED = 40 << 10 };

typedef struct work_arrays {
    const kernel_set *kernels;
    real *a, *b, *c, *d;  /* (WORK_REALS) each, small numbers of both signs */
    unsigned char *bytes; /* (WORK_REALS) of 0 to 3 */
} work_arrays;

/* What a call did: values as the row counts them, arithmetic, bytes read and written at least. */
typedef struct work_done {
    double values, flops, bytes;
} work_done;

typedef struct kernel_work {
    const char *kernel, *shape, *value; /* as in kernel_times of engine.h */
    bool (*takes)(int channels);        /* NULL: the kernel does not know channels, and gets 0 */
    work_done (*run)(const work_arrays *w, int channels);
} kernel_work;

/* All kernels but `burn`, grouped by kernel. */
extern const kernel_work kernel_works[];
extern const int kernel_work_count;

/* `sums` sums of `terms` products each, from and to this many reals. Values are multiply-adds; a sum, which
 * has to begin and to be stored, counts as one more. */
static inline work_done work_products(double sums, int terms, double reals) {
    return (work_done){
        .values = sums * (terms + 1), .flops = 2 * sums * terms, .bytes = (double)sizeof(real) * reals};
}

/* The rows' functions for `product`, which kernel_products.c has. Columns that only fill a vector count, too,
 * because the vector computes them. */
work_done work_convolve(const work_arrays *w, int channels);         /* by 16 filters */
work_done work_convolve_filters(const work_arrays *w, int channels); /* 16 channels by this many filters */
work_done work_weight_gradient(const work_arrays *w, int channels);
work_done work_weight_gradient_filters(const work_arrays *w, int channels);
work_done work_input_gradient(const work_arrays *w, int channels); /* of 16 filters */
work_done work_dense_inputs(const work_arrays *w, int channels);   /* 16 units */
work_done work_dense_units(const work_arrays *w, int channels);    /* 256 inputs */

/* Those of kernel_layers.c. */
work_done work_gelu(const work_arrays *w, int channels);
work_done work_gelu_backward(const work_arrays *w, int channels);
work_done work_gelu_tanh(const work_arrays *w, int channels);
work_done work_gelu_tanh_backward(const work_arrays *w, int channels);
work_done work_silu(const work_arrays *w, int channels);
work_done work_silu_backward(const work_arrays *w, int channels);
work_done work_softplus(const work_arrays *w, int channels);
work_done work_softplus_backward(const work_arrays *w, int channels);
work_done work_layer_norm(const work_arrays *w, int channels); /* 64 values per channel */
work_done work_layer_norm_backward(const work_arrays *w, int channels);
work_done work_depthwise(const work_arrays *w, int channels);
work_done work_depthwise_gradient(const work_arrays *w, int channels);

/* How many times a call repeats work that touches this many reals. */
static inline int work_repeats(size_t reals) {
    return reals < WORK_TOUCHED ? (int)(WORK_TOUCHED / reals) : 1;
}

#endif
