/* What the algorithms of convolution share. Private to conv*.c.
 *
 *   y[oy, ox, o] = b[o] + Σ_{ky, kx, c} x[oy·sh + ky − ph, ox·sw + kx − pw, c] · W[o, c, ky, kx]
 *
 *   dW[o, c, ky, kx] = Σ_{oy, ox} dy[oy, ox, o] · x[oy·sh + ky − ph, ox·sw + kx − pw, c]
 *   dx[y, x, c]      = Σ_{ky, kx, o} dy[(y + ph − ky) / sh, (x + pw − kx) / sw, o] · W[o, c, ky, kx]
 *                      over the quotients that are whole numbers inside dy
 *
 * W is stored as panels [o / PANEL][ky][kx][c][o % PANEL], then b padded to whole panels. */
#ifndef ENGINE_LAYERS_CONV_H
#define ENGINE_LAYERS_CONV_H

#include "engine/layers/layer.h"

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

/* Terms of one output: KH·KW·C. */
size_t conv_terms(const layer *l);

/* Element (place, c, o) of the weights as stored, place = ky·KW + kx. */
static inline size_t conv_weight_place(const layer *l, size_t place, size_t c, size_t o) {
    const size_t channels = (size_t)l->in.channels;
    return (o / PANEL * conv_terms(l) + place * channels + c) * PANEL + o % PANEL;
}

/* A frame of zeros (height, width, channels). */
typedef struct frame {
    int height, width;
} frame;

static inline size_t frame_reals(frame f, int channels) {
    return (size_t)f.height * (size_t)f.width * (size_t)channels;
}

/* The input with its padding. */
static inline frame conv_input_frame(const layer *l) {
    return (frame){.height = l->in.height + 2 * l->spec.padding_height,
                   .width = l->in.width + 2 * l->spec.padding_width};
}

/* Is the input as large as frame f, so that it needs none? */
bool conv_fills_frame(const layer *l, frame f);
/* Input x with the layer's padding in a frame of zeros: in `scratch`, or x itself where it fills the frame.
 */
const real *conv_frame_input(const layer *l, frame f, const real *x, real *scratch);
/* Take it out of its frame again. */
void conv_unframe_input(const layer *l, frame f, const real *framed, real *x);

#endif
