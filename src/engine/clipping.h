/* Clipping of the gradient that an optimiser takes. Private to the engine. */
#ifndef ENGINE_CLIPPING_H
#define ENGINE_CLIPPING_H

#include "engine/engine.h"

bool clips_gradient(const optimizer_spec *spec);

/* The norm of a gradient, ‖g‖₂; g (count), zeros that pad it included. The same bits wherever g has the same:
 * see clipping.c. */
double gradient_norm(size_t count, const real *g);

/* g (count), the gradient of the cost with respect to all parameters → clipped (count), first by its norm,
 * then value by value. */
void clip_gradient(const optimizer_spec *spec, size_t count, const real *g, real *clipped);

#endif
