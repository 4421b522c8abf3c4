/* What a training that watches a number records of its best moment. Private to the engine. */
#ifndef ENGINE_RECORD_BEST_H
#define ENGINE_RECORD_BEST_H

#include "engine/record/row.h"

/* Check the number that is watched, and add the variables of its best moment, once all others are there:
 * best_epoch or best_step, steps_planned, and best_NAME for every number that is recorded at the same
 * moments. STATUS_USAGE and its fault for a number that is not recorded. */
status record_add_best(builder *b);

/* After everything that is due at this moment was recorded: judge the number, and record and keep its best
 * moment if this is it. */
void record_note_best(trainer *t, const moment *now);

#endif
