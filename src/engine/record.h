/* What a training records, and how it is laid out. Part of engine.h. */
#ifndef ENGINE_RECORD_H
#define ENGINE_RECORD_H

#include <stddef.h>

#include "base/status.h"
#include "engine/limits.h"

/* What a training can record. The numbers first, one per moment; then the arrays. */
typedef enum record_quantity {
    RECORD_TRAIN_LOSS,     /* of the batch before its update; of an epoch that of all its samples, each with
                              the parameters before the update by its batch; at the end the last epoch's */
    RECORD_TRAIN_COST,     /* the same, with the penalties */
    RECORD_TRAIN_ACCURACY, /* percent, the same; of several labels the share of labels that are right */
    RECORD_LEARNING_RATE,  /* of the step, or of the last step of the epoch */
    RECORD_GRADIENT_NORM,  /* ‖gradient of the cost‖₂ of a layer's weights, of the last step's batch */
    RECORD_TRAIN_SET_LOSS, /* over the whole training set, in evaluation mode */
    RECORD_TRAIN_SET_COST,
    RECORD_TRAIN_SET_ACCURACY,
    RECORD_VALIDATION_LOSS,
    RECORD_VALIDATION_COST,
    RECORD_VALIDATION_ACCURACY,
    RECORD_TEST_LOSS,
    RECORD_TEST_COST,
    RECORD_TEST_ACCURACY,
    RECORD_PARAMETERS, /* (parameter), all in natural order */
    RECORD_WEIGHTS,    /* of each listed layer, (out, in), or (out, in, row, column) of a convolution and of a
                          dense layer whose input is an image */
    RECORD_TEST_GRADIENT, /* of the mean loss over the test set, each listed layer's weights; every
                             `stride`-th value in natural order */
    RECORD_BATCH_NORM,    /* of each listed batch-norm layer, or of all of them: gamma, beta, running mean and
                             variance */
    RECORD_TEST_PROBABILITY, /* (sample) that the model gives the true class */
    RECORD_TEST_PREDICTION,  /* (sample) predicted class, the (first) output of a regression, or the
                                probability of the (first) of several labels */
    RECORD_TEST_TARGET,      /* (sample) true class, or the (first) target of a regression */
    RECORD_TEST_INPUT,       /* (sample, feature) as they are stored, before any normalisation */
    RECORD_GRID_OUTPUT,      /* (y, x, output) outputs over a grid of points of a plane of two features */
    RECORD_FEATURE_MAPS,     /* (sample, channel, row, column) outputs of a layer for listed test samples */
    RECORD_QUANTITY_COUNT
} record_quantity;

typedef enum record_unit {
    RECORD_PER_STEP,
    RECORD_PER_EPOCH,
    RECORD_AT_END, /* once, when the training is done */
} record_unit;

typedef struct record_spec {
    int every; /* a value after every `every` steps or epochs (1 at the end); 0: not recorded */
    record_unit unit;
    int layer_count; /* 0 for batch_norm: all such layers */
    int layers[ENGINE_MAX_LIST];
    int stride; /* test_gradient */
    int sample_count;
    int samples[ENGINE_MAX_LIST]; /* feature_maps: positions in the test set */
    double from, to;              /* grid_output: of both features */
    int points;                   /* grid_output: per feature, from and to inclusive */
} record_spec;

typedef enum record_axis { RECORD_AXIS_STEP, RECORD_AXIS_EPOCH, RECORD_AXIS_NONE } record_axis;

enum { RECORD_MAX_RANK = 4, RECORD_NAME_SIZE = 48, RECORD_LONG_NAME_SIZE = 128 };

/* One dimension of a recorded array, with coordinates first, first + step, … Within a layout the same name
 * means the same coordinates. */
typedef struct record_dimension {
    char name[RECORD_NAME_SIZE]; /* "weights_0_output", "test_sample" */
    size_t length;
    double first, step;
} record_dimension;

/* One array of a report: `count` moments of a number (rank 0) or an array each. Curves are recorded after
 * coordinate `first`, first + every, … */
typedef struct record_variable {
    record_quantity quantity;
    int layer;                             /* its number in the specification's list; else 0 */
    int part;                              /* batch_norm: 0 gamma, 1 beta, 2 mean, 3 variance */
    char name[RECORD_NAME_SIZE];           /* "train_loss", "weights_0" */
    char long_name[RECORD_LONG_NAME_SIZE]; /* "training loss of the batch" */
    const char *units;                     /* "percent" or "1" */
    record_axis axis;
    int first, every;
    size_t count; /* of moments; 1 for RECORD_AXIS_NONE */
    int rank;
    record_dimension dims[RECORD_MAX_RANK];
    size_t offset; /* of the first value in the report's block */
} record_variable;

typedef struct record_layout {
    int variable_count;
    record_variable variables[ENGINE_MAX_VARIABLES];
    size_t value_count; /* floats of the whole block */
} record_layout;

/* Floats of one moment of a variable. */
size_t record_moment_size(const record_variable *v);

/* The last value of a number that was recorded; NaN when none was. `values` is the report's block. */
float record_final(const record_variable *v, const float *values);

/* Widen `into`, which may be empty, so that it has room for what `other` describes: variables by name, the
 * greater of every length; an array of lower rank counts as one with further dimensions of length 1.
 * STATUS_USAGE when a variable differs in anything else, or there are too many. */
status record_layout_merge(record_layout *into, const record_layout *other, error_info *error);

/* Copy a block of values to its places in a wider layout (out: (to->value_count)); NaN everywhere else. */
void record_copy(const record_layout *from, const float *values, const record_layout *to, float *out);

#endif
