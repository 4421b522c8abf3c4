/* Records: which values a training keeps, and where. Private to the engine. */
#ifndef ENGINE_RECORDS_H
#define ENGINE_RECORDS_H

#include "engine/engine.h"

/* The arrays of a report for a training of so many steps and epochs. */
void record_layout_fill(record_layout *layout, const training_spec *spec, long steps, int epochs);

/* Is record r of the specification due after `done` steps (or epochs)? */
bool record_due(const record_spec *r, record_unit unit, long done);

#endif
