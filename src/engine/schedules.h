/* Learning rates over time. Private to the engine. */
#ifndef ENGINE_SCHEDULES_H
#define ENGINE_SCHEDULES_H

#include "engine/engine.h"

/* The rate of step `step` in epoch `epoch`, both from 0, where `lr` is the optimiser's or has been lowered
 * since (monitor_rate); schedules.c has a row for every kind. */
double schedule_rate(const schedule_spec *s, double lr, uint64_t step, int epoch);

#endif
