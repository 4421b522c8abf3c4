/* y = x. Models leave it out; it holds the place of a layer that an axis removes. */
#include "engine/layers/layer.h"

const layer_ops layer_identity = {.elementwise = true, .keeps_values = true};
