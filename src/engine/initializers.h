/* Initial parameters. Private to the engine. */
#ifndef ENGINE_INITIALIZERS_H
#define ENGINE_INITIALIZERS_H

#include "engine/model.h"

/* Reset the state of all layers and set all parameters of `m`: drawn layer by layer in natural order, each
 * layer (by its position in the specification) from a stream of its own, or as spec->start has them. The
 * gradients, which are zero, are used meanwhile. */
void initialize_parameters(const model *m, const model_spec *spec, uint64_t seed, uint64_t coordinates);

#endif
