/* The recorder: writes what a training records into its report. Private to the engine. */
#ifndef ENGINE_RECORDER_H
#define ENGINE_RECORDER_H

#include "engine/losses.h"
#include "engine/records.h"

typedef struct trainer trainer;

typedef struct recorder {
    const record_layout *layout;
    float *values; /* (layout->value_count) of the report */
    arena probe;   /* memory for the layers whose feature maps are recorded */
    float *points; /* (points, 2) a row of the grid whose outputs are recorded */
} recorder;

/* What a moment of the training offers to the records. */
typedef struct moment {
    record_unit unit;
    long done;       /* steps or epochs */
    loss_sums train; /* of the batch, or of all batches of the epoch */
} moment;

/* Take the recorder's memory from `a` (measuring or real). */
void recorder_carve(recorder *r, const training_spec *spec, const dataset *data, arena *a);

/* Nothing is recorded yet: every value is NaN. */
void recorder_open(trainer *t, const record_layout *layout, float *values);

/* Write every record that is due. What was written is of no use when the training is stopped meanwhile; it
 * can be written again. */
void recorder_note(trainer *t, const moment *now);

/* Note in t->progress what later records may want to know of the last step's gradient, which no checkpoint
 * keeps. */
void recorder_settle(trainer *t);

#endif
