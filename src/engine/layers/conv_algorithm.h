/* The formulas of convolution, and the algorithms that compute them. Private to conv*.c.
 *
 *   y[oy, ox, o] = b[o] + Σ_{ky, kx, c} x[oy·sh + ky − ph, ox·sw + kx − pw, c] · W[o, c, ky, kx]
 *
 *   dW[o, c, ky, kx] = Σ_{oy, ox} dy[oy, ox, o] · x[oy·sh + ky − ph, ox·sw + kx − pw, c]
 *   dx[y, x, c]      = Σ_{ky, kx, o} dy[(y + ph − ky) / sh, (x + pw − kx) / sw, o] · W[o, c, ky, kx]
 *                      over the quotients that are whole numbers inside dy
 *
 * W is stored as panels [o / PANEL][ky][kx][c][o % PANEL], then b padded to whole panels. */
#ifndef ENGINE_LAYERS_CONV_ALGORITHM_H
#define ENGINE_LAYERS_CONV_ALGORITHM_H

#include "engine/layers/conv_frame.h"

/* One way to compute the sums above; the bias gradient is the layer's own. */
typedef struct conv_algorithm {
    bool (*suits)(const layer *l);
    /* Fill the layer's workspace_reals and scratch_reals. */
    void (*setup)(layer *l);
    /* As in layer_ops; NULL where there is nothing to do. */
    void (*forward_begin)(const layer *l, const layer_pass *pass);
    void (*forward)(const layer *l, const layer_pass *pass);
    void (*backward_begin)(const layer *l, const layer_pass *pass);
    void (*backward)(const layer *l, const layer_pass *pass);
    void (*backward_end)(const layer *l, const layer_pass *pass);
} conv_algorithm;

extern const conv_algorithm conv_direct, conv_planes, conv_winograd;

#endif
