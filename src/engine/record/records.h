/* Records: which values a training keeps, and where. Private to the engine. */
#ifndef ENGINE_RECORD_RECORDS_H
#define ENGINE_RECORD_RECORDS_H

#include "engine/losses.h"
#include "engine/model.h"

/* The samples that a number describes. */
typedef enum sample_set { SET_NONE, SET_BATCH, SET_TRAIN, SET_VALIDATION, SET_TEST, SET_COUNT } sample_set;

/* What is measured on them. */
typedef enum measure {
    MEASURE_NONE,
    MEASURE_LOSS,
    MEASURE_COST,
    MEASURE_ACCURACY,
    MEASURE_TOP_K_ACCURACY, /* from here on of a tally (tally.h) */
    MEASURE_BALANCED_ACCURACY,
    MEASURE_MACRO_F1,
    MEASURE_CONFUSION,
    MEASURE_MAE,
    MEASURE_R2,
    MEASURE_COUNT
} measure;

/* In percent: the higher the better. */
static inline bool measure_is_accuracy(measure m) {
    return m == MEASURE_ACCURACY || m == MEASURE_TOP_K_ACCURACY || m == MEASURE_BALANCED_ACCURACY ||
           m == MEASURE_MACRO_F1;
}

/* A set that is evaluated; NULL for SET_NONE and SET_BATCH. */
const dataset_split *record_split(const dataset *data, sample_set set);

/* The arrays of a report for a training of this many steps. STATUS_USAGE and its `fault` for an impossible
 * record. */
status record_layout_make(record_layout *layout, const training_spec *spec, const dataset *data,
                          const model *m, long steps, fault *fault, error_info *error);

/* Add a variable. STATUS_USAGE when there are too many. */
status record_layout_append(record_layout *layout, const record_variable *v, error_info *error);

/* The variable that has the most values; there is at least one. */
const record_variable *record_layout_largest(const record_layout *layout);

/* Give every variable its place in the block, once all shapes are final. STATUS_USAGE when a cell would
 * record more than fits into a message. */
status record_layout_place(record_layout *layout, error_info *error);

/* What a moment of the training offers to the records. */
typedef struct moment {
    record_unit unit;
    long done;       /* steps or epochs */
    loss_sums train; /* of the batch, or of all batches of the epoch */
} moment;

/* Is a record due after `done` steps (or epochs, or at the end)? */
bool record_due(const record_spec *r, record_unit unit, long done);

/* FLOPs of all that a layout has recorded, without the training itself, when one sample takes `forward` and
 * `backward`. */
double record_flops(const training_spec *spec, const dataset *data, const record_layout *layout,
                    double forward, double backward);

#endif
