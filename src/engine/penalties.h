/* L2 penalties: cost = loss + Σ over dense and conv layers of c·Σ w², over a layer's weights w, not its
 * biases; c is the layer's own l2 or the loss's. The gradient with respect to w is 2 c w. Private to the
 * engine. */
#ifndef ENGINE_PENALTIES_H
#define ENGINE_PENALTIES_H

#include "engine/model.h"

/* What the cost adds to the loss. */
double penalty_value(const model *m, const loss_spec *loss);

/* Add the gradient of the penalty to the model's gradients. */
void penalty_add_gradient(const model *m, const loss_spec *loss);

#endif
