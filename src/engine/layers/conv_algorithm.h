/* The formulas of convolution, and the algorithms that compute them. Private to conv*.c.
 *
 *   y[oy, ox, o] = b[o] + Σ_{ky, kx, c} x[oy·sh + ky·dh − ph, ox·sw + kx·dw − pw, c] · W[o, c, ky, kx]
 *
 *   dW[o, c, ky, kx] = Σ_{oy, ox} dy[oy, ox, o] · x[oy·sh + ky·dh − ph, ox·sw + kx·dw − pw, c]
 *   dx[y, x, c]      = Σ_{ky, kx, o} dy[(y + ph − ky·dh) / sh, (x + pw − kx·dw) / sw, o] · W[o, c, ky, kx]
 *                      over the quotients that are whole numbers inside dy
 *
 * With G groups, c runs over the C / G channels of the group of o, and o over the O / G filters of that of c.
 * W is stored as panels [o / PANEL][ky][kx][c][o % PANEL]; with groups or dilation as rows [ky][kx][c][o] and
 * the zeros that a panel may read beyond the last. Then b, padded to whole panels and as far. A layer without
 * bias has zeros there. */
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

/* The last two take what is not plain: conv_depthwise one filter for each channel, conv_grouped all. */
extern const conv_algorithm conv_direct, conv_planes, conv_winograd, conv_depthwise, conv_grouped;

#endif
