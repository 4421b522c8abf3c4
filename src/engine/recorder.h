/* The recorder: writes what a training records into its report. Private to the engine. */
#ifndef ENGINE_RECORDER_H
#define ENGINE_RECORDER_H

#include "engine/records.h"
#include "engine/trainer.h"

typedef struct recorder {
    trainer *trainer;
    const record_layout *layout;
    float *values; /* (layout->value_count) of the report */
} recorder;

/* What a moment of the training offers to the records. */
typedef struct moment {
    record_unit unit;
    long done;       /* steps or epochs */
    loss_sums train; /* of the batch, or of all batches of the epoch */
} moment;

/* Nothing is recorded yet: every value is NaN. */
void recorder_open(recorder *r, trainer *t, const record_layout *layout, float *values);

/* Write every record that is due. */
void recorder_note(const recorder *r, const moment *now);

#endif
