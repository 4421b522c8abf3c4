/* The recorder: writes what a training records into its report. Private to the engine. */
#ifndef ENGINE_RECORD_RECORDER_H
#define ENGINE_RECORD_RECORDER_H

#include "engine/record/records.h"
#include "engine/trainer.h"

/* Nothing is recorded yet: every value is NaN. */
void recorder_open(trainer *t, const record_layout *layout, float *values);

/* Write every record that is due. When the training is stopped meanwhile, what was written is invalid; it can
 * be written again. */
void recorder_note(trainer *t, const moment *now);

/* Note in t->progress what later records may need of the last step's gradient, which no checkpoint keeps. */
void recorder_settle(trainer *t);

#endif
