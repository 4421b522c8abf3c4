/* Points that the engine draws itself. Private to the engine.
 *
 *   xor              (x₁, x₂) = c + spread·(g₁, g₂): c one of (±1, ±1), each as likely, g standard normal;
 *                    label 1 where the signs of c₁ and c₂ differ, else 0
 *   absolute_value   x uniform in [−spread, spread), target |x| */
#ifndef ENGINE_DATA_POINTS_H
#define ENGINE_DATA_POINTS_H

#include "engine/engine.h"

/* Take memory for the points of all splits of `data` from `a`, draw them and point the splits there. While
 * `a` measures, the memory is counted and nothing is drawn. */
void points_draw(dataset *data, uint64_t seed, uint64_t coordinates, arena *a);

#endif
