/* The kernels: the inner loops that all time is spent in, behind one table per instruction set.
 *
 * The plain C set is complete and is the reference; vector sets override it entry by entry. All sets compute
 * the same sums in the same order and differ in rounding only (fused multiply-add). */
#ifndef ENGINE_KERNELS_KERNELS_H
#define ENGINE_KERNELS_KERNELS_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/engine.h"

/* Outputs are computed in panels of this many columns, whatever the vector width: weights are stored as
 * [panel][k][PANEL], padded with zeros, so that the layout of parameters does not depend on the kernel set.
 */
enum { PANEL = 16 };

/* The product that convolution and dense layers consist of, any number of panels wide:
 *
 *   c[r, q, j] = Σ_{s < segments} Σ_{t < length} a[s·a_segment + r·a_row + t·a_step]
 *                                              · b[q·b_panel + s·b_segment + t·b_step + j]   + bias[q·PANEL +
 * j]
 *
 * for r < rows and q·PANEL + j < columns, j < PANEL; c[r, q, j] is at c[q·c_panel + r·c_row + j]. bias is
 * added last, or NULL; when `accumulate`, the sums without bias are added to c, row after row: the rows of a
 * product of one panel may then overlap. Rows of b have PANEL readable columns, whatever `columns` is. With
 * overlapping rows of `a` (a_row < length) this is a convolution along an image row without im2col; with
 * a_row = 1 and a_step the pixel stride it is the gradient of the weights. */
typedef struct product {
    int rows, columns;
    int segments, length;
    const real *a;
    ptrdiff_t a_segment, a_row, a_step;
    const real *b;
    ptrdiff_t b_panel, b_segment, b_step; /* b_panel and c_panel: of more than one panel */
    real *c;
    ptrdiff_t c_panel, c_row;
    const real *bias; /* (columns, in whole panels) or NULL */
    bool accumulate;
} product;

/* Dense layers of at most TINY inputs and outputs have kernels of their own. */
enum { TINY = 4 };

/* Gradients of y = x Wᵀ + b: w and dw [inputs][TINY], the stored weights. */
typedef struct tiny_gradient {
    size_t count;
    int inputs, outputs;
    const real *x, *dy, *w; /* (count, inputs), (count, outputs) */
    real *dw, *db;          /* added to; db (outputs) or NULL */
    real *dx;               /* (count, inputs) or NULL */
} tiny_gradient;

/* Max-pooling of one image: x (H, W, C) → y (OH, OW, C); `winner` (OH, OW, C) receives which place of the
 * window (row by row) held the maximum, the first of equals; NaN wins, as in PyTorch. */
typedef struct pooling {
    int channels, height, width; /* C, H, W of x */
    int out_height, out_width;
    int kernel_height, kernel_width, stride_height, stride_width;
} pooling;

/* Channels of Winograd's transforms come in multiples of this. */
enum { WINOGRAD_CHANNELS = 8 };

/* One tile of Winograd's F(4×4, r×r) (Lavin and Gray, "Fast algorithms for convolutional neural networks",
 * CVPR 2016): n × n inputs, n = 3 + r, that become n² planes, element (a, b) of the tile in plane a·n + b.
 * kernels/winograd.c has the matrices B and V. */
typedef struct winograd_tile {
    int points, size;     /* n, 6 or 8; the side of y below: 4, or r = 3 or 5 */
    int channels;         /* a multiple of WINOGRAD_CHANNELS */
    ptrdiff_t row, pixel; /* from one row or pixel of the image to the next */
    ptrdiff_t plane;      /* from one plane to the next */
    int rows, columns;    /* of y, those inside the image; the others count as zeros */
} winograd_tile;

/* Correlation of planes: x, y and w hold planes of rows,
 *
 *   y[o, i, j] = bias[o] + Σ_{c, ky, kx} w[o, c, ky, kx] · x[c, i + ky, j + kx]
 *   dw[o, c, ky, kx] += Σ_{i, j} y[o, i, j] · x[c, i + ky, j + kx]
 *
 * for i < height, j < width; ky < KH, kx < KW ≤ PLANES_WIDEST. Rows of y have room for `width` rounded up to
 * whole panels, and beyond `width` zeros when the gradient reads them; rows of x have finite numbers as far
 * as that and KW require. */
enum { PLANES_WIDEST = 5 };

typedef struct plane_correlation {
    int inputs, outputs, height, width, kernel_height, kernel_width;
    const real *x;
    ptrdiff_t x_plane, x_row; /* from one plane or row to the next */
    real *y;
    ptrdiff_t y_plane, y_row;
    const real *w;    /* (outputs, inputs, KH, KW) */
    const real *bias; /* (outputs) or NULL */
    real *dw;         /* (outputs, inputs, KH, KW) */
} plane_correlation;

/* y = log(1 + exp(beta·x)) / beta, or x where beta·x > threshold */
typedef struct softplus_shape {
    real beta, threshold;
} softplus_shape;

/* Gradients of layer normalisation for one sample; layers/layer_norm.c has the formulas. */
typedef struct layer_norm_gradient {
    size_t n;                    /* values of a sample */
    const real *x, *dy, *gamma;  /* (n) */
    real mean, inverse;          /* μ and 1 / √(σ² + ε) */
    real *d_gamma, *d_beta, *dx; /* (n): the first two are added to; dx may be NULL */
} layer_norm_gradient;

/* Depthwise convolution of one image,
 *
 *   y[i, j, c] = bias[c] + Σ_{ky, kx} w[ky, kx, c] · x[i, j, ky, kx, c]
 *   dw[ky, kx, c] += Σ_{i, j} dy[i, j, c] · x[i, j, ky, kx, c]
 *
 * for i < height, j < width, ky < KH, kx < KW; c < channels, a multiple of the set's lanes. The places are
 * i·x_row + j·x_pixel + ky·place_row + kx·place_pixel + c in x, i·y_row + j·y_pixel + c in y and dy. */
typedef struct depthwise {
    int channels, height, width, kernel_height, kernel_width;
    const real *x;
    ptrdiff_t x_row, x_pixel, place_row, place_pixel;
    const real *w, *bias; /* (KH, KW, channels); (channels) or NULL */
    real *y;
    const real *dy;
    ptrdiff_t y_row, y_pixel;
    real *dw; /* (KH, KW, channels) */
} depthwise;

/* One optimiser step over n parameters; optimizers.c has the formulas. */
typedef struct update {
    size_t n;
    real *w;              /* (n) parameters */
    const real *g;        /* (n) gradients */
    real *first, *second; /* (n) state: velocity or first moment, of rmsprop NULL without momentum; second
                             moment */
    real lr, weight_decay;
    real decay1, decay2; /* μ, or β₁ and β₂, or μ and ρ */
    real fresh1, fresh2; /* 1 − β₁, 1 − β₂, 1 − ρ, rounded once: from decay they would lose their digits */
    real correction; /* adam: 1 / √(1 − β₂ᵗ), with 1 / (1 − β₁ᵗ) in lr */
    real epsilon;
    bool nesterov, epsilon_inside;
    bool decoupled; /* adam: weight_decay, with the rate in it, is taken off w, not added to g */
} update;

typedef struct kernel_set {
    const char *name;
    int lanes; /* floats of a vector: product takes as long for any columns up to a multiple of this */
    void (*product)(const product *p);
    /* As many fused multiply-adds as the core can do in `rounds` rounds; returns how many flops those were.
     * The result is added to `kept`, or the compiler would leave them all out. */
    double (*burn)(long rounds, volatile real *kept);
    /* y = x Wᵀ + bias for k inputs and o outputs: x (count, k), w [k][TINY], bias (o) or NULL, y (count, o)
     */
    void (*tiny_forward)(size_t count, int k, int o, const real *x, const real *w, const real *bias, real *y);
    void (*tiny_backward)(const tiny_gradient *g);
    /* The same for many inputs, w (o, k): sums in double, rounded once at the end */
    void (*wide_forward)(size_t count, size_t k, size_t o, const real *x, const real *w, const real *bias,
                         real *y);
    /* y = max(x, 0), keeping NaN; n values; y may be x */
    void (*relu)(size_t n, const real *x, real *y);
    /* dx = dy where y > 0, else 0; dx may be dy */
    void (*relu_backward)(size_t n, const real *y, const real *dy, real *dx);
    /* y = tanh x and y = 1 / (1 + exp(−scale·x)); n values; y may be x */
    void (*tanh)(size_t n, const real *x, real *y);
    void (*sigmoid)(size_t n, real scale, const real *x, real *y);
    /* y of layers/gelu.c, silu.c and softplus.c, and dx = dy·y′(x); n values; y is not x, dx may be dy */
    void (*gelu)(size_t n, const real *x, real *y);
    void (*gelu_backward)(size_t n, const real *x, const real *dy, real *dx);
    void (*gelu_tanh)(size_t n, const real *x, real *y);
    void (*gelu_tanh_backward)(size_t n, const real *x, const real *dy, real *dx);
    void (*silu)(size_t n, const real *x, real *y);
    void (*silu_backward)(size_t n, const real *x, const real *dy, real *dx);
    void (*softplus)(size_t n, softplus_shape shape, const real *x, real *y);
    void (*softplus_backward)(size_t n, softplus_shape shape, const real *x, const real *dy, real *dx);
    /* y = (x − μ) / √(σ² + ε) · γ + β over the n values of a sample; statistics: μ, 1 / √(σ² + ε) */
    void (*layer_norm)(size_t n, double epsilon, const real *x, const real *gamma, const real *beta, real *y,
                       real statistics[2]);
    void (*layer_norm_backward)(const layer_norm_gradient *g);
    void (*max_pool)(const pooling *p, const real *x, real *y, unsigned char *winner);
    /* dx (H, W, C) = the sum of dy over the windows that a pixel won, 0 where it won none */
    void (*max_pool_backward)(const pooling *p, const real *dy, const unsigned char *winner, real *dx);
    /* v = Bᵀ x B: x, the n × n pixels under a tile → v (n² planes, channels) */
    void (*winograd_input)(const winograd_tile *t, const real *x, real *v);
    /* x += B v Bᵀ */
    void (*winograd_input_transposed)(const winograd_tile *t, const real *v, real *x);
    /* m = V y Vᵀ: y (size × size pixels) → m (n² planes, channels) */
    void (*winograd_evaluate)(const winograd_tile *t, const real *y, real *m);
    /* y = Vᵀ m V + bias; bias (channels) or NULL */
    void (*winograd_evaluate_transposed)(const winograd_tile *t, const real *m, const real *bias, real *y);
    void (*correlate_planes)(const plane_correlation *p);
    void (*correlate_planes_gradient)(const plane_correlation *p);
    void (*depthwise)(const depthwise *d);
    void (*depthwise_gradient)(const depthwise *d);
    /* y[j, i] = x[i, j]: x and y (PANEL, PANEL) */
    void (*transpose)(const real *x, real *y);
    /* sums[j] += Σ_r x[r·columns + j]: x (rows, columns) */
    void (*column_sums)(size_t rows, size_t columns, const real *x, real *sums);
    /* y[i, c] = x[c, i]·gain[c] + shift[c]: x, planes (channels, n) → y (n, channels); gain, shift (channels)
     */
    void (*scale_bytes)(size_t n, int channels, const unsigned char *x, const real *gain, const real *shift,
                        real *y);
    /* The updates of optimizers.c */
    void (*sgd)(const update *u);
    void (*adam)(const update *u);
    void (*rmsprop)(const update *u);
} kernel_set;

/* The set in use, as engine_kernels names it. */
const kernel_set *kernels_select(void);

/* All sets that were compiled in and that this CPU can run, best first; NULL-terminated. */
const kernel_set *const *kernels_available(void);

#endif
