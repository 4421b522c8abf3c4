/* Images with the padding of a pooling layer around them. Private to the pooling layers. */
#ifndef ENGINE_LAYERS_POOL_FRAME_H
#define ENGINE_LAYERS_POOL_FRAME_H

#include "engine/layers/layer.h"

/* Of the input with its padding. */
tensor_shape pool_framed(const layer *l);

/* Reals that hold it; 0 without padding. */
size_t pool_frame_reals(const layer *l);

/* x with `outside` around it, in `frame`; x itself without padding. */
const real *pool_frame(const layer *l, real outside, const real *x, real *frame);

/* Where the gradient of the framed input is to be computed: `frame`, or dx itself without padding. */
real *pool_frame_gradient(const layer *l, real *frame, real *dx);

/* What of it belongs to x → dx. */
void pool_unframe(const layer *l, const real *framed, real *dx);

#endif
