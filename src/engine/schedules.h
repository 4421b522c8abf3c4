/* Learning rates over time. Private to the engine. */
#ifndef ENGINE_SCHEDULES_H
#define ENGINE_SCHEDULES_H

#include "engine/engine.h"

/* The rate of step `step` in epoch `epoch`, both from 0. Cyclical schedules (Smith, "Cyclical learning rates
 * for training neural networks", 2017), s = half_cycle, t = step:
 *
 *   cycle = ⌊1 + t / (2s)⌋    x = |t / s − 2 cycle + 1|    rate = base + (max − base) max(0, 1 − x) scale
 *
 * with scale 1 (triangular), 1 / 2^(cycle − 1) (triangular2), gamma^t (exp_range). */
double schedule_rate(const schedule_spec *s, double lr, uint64_t step, int epoch);

#endif
