/* Learning rates over time. Private to the engine. */
#ifndef ENGINE_SCHEDULES_H
#define ENGINE_SCHEDULES_H

#include "engine/engine.h"

/* A schedule in a training whose length is known. */
typedef struct schedule {
    schedule_spec spec; /* its length is known, too */
    double lr;          /* the optimiser's */
    bool per_epoch;     /* it counts epochs, else steps */
} schedule;

/* `epochs` of `steps_per_epoch` steps. */
void schedule_open(schedule *s, const schedule_spec *spec, double lr, int epochs, size_t steps_per_epoch);

/* The rate of step `step` in epoch `epoch`, both from 0; schedules.c has a row for every kind. */
double schedule_rate(const schedule *s, uint64_t step, uint64_t epoch);

/* Whether the rate may change during a training. */
bool schedule_varies(const schedule_spec *spec);

#endif
