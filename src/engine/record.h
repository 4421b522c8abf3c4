/* What a training records, and how it is laid out. Part of engine.h. */
#ifndef ENGINE_RECORD_H
#define ENGINE_RECORD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/name_table.h"
#include "base/status.h"
#include "engine/limits.h"

/* What a training can record: X(enumerator, name in jobs and results files). The numbers first, one per
 * moment; then the arrays:
 *
 *   train_loss         of the batch before its update; of an epoch that of all its samples, each with the
 *                      parameters before the update by its batch; at the end the last epoch's
 *   train_cost         the same, with the penalties
 *   train_accuracy     percent, the same; of several labels the share of labels that are right
 *   learning_rate      of the step, or of the last step of the epoch
 *   gradient_norm      ‖gradient of the cost‖₂ of a layer's weights, of the last step's batch
 *   train_set_…        over the whole training set, in evaluation mode
 *   validation_…, test_…   the same of these sets
 *   parameters         (parameter), all in natural order
 *   weights            of each listed layer, (out, in), or (out, in, row, column) of a convolution and of a
 *                      dense layer whose input is an image
 *   test_gradient      of the mean loss over the test set, each listed layer's weights; every `stride`-th
 *                      value in natural order
 *   batch_norm         of each listed batch-norm layer, or of all of them: gamma, beta, running mean
 *                      and variance
 *   test_probability   (sample) that the model gives the true class
 *   test_prediction    (sample) predicted class, the (first) output of a regression, or the probability of
 *                      the (first) of several labels
 *   test_target        (sample) true class, or the (first) target of a regression
 *   test_input         (sample, feature) as they are stored, before any normalisation
 *   grid_output        (y, x, output) outputs over a grid of points of a plane of two features
 *   feature_maps       (sample, channel, row, column) outputs of a layer for listed test samples
 *
 * and metrics, of the same samples as the accuracies: train_…, train_set_…, validation_…, test_…
 *
 *   …_top_k_accuracy     percent of the samples whose class is among the k likeliest
 *   …_balanced_accuracy  percent, the mean over classes of the share of their samples that is right
 *   …_macro_f1           percent, the mean over classes of F1
 *   …_confusion_matrix   (true class, predicted class) samples
 *   …_mae, …_r2          mean absolute error and coefficient of determination of a regression
 */
#define RECORD_METRICS(X, SET, set)                                                                          \
    X(SET##_TOP_K_ACCURACY, set##_top_k_accuracy)                                                            \
    X(SET##_BALANCED_ACCURACY, set##_balanced_accuracy)                                                      \
    X(SET##_MACRO_F1, set##_macro_f1)                                                                        \
    X(SET##_CONFUSION_MATRIX, set##_confusion_matrix)                                                        \
    X(SET##_MAE, set##_mae)                                                                                  \
    X(SET##_R2, set##_r2)

/* Losses, costs and accuracies: of batches, and of whole sets. */
#define RECORD_BATCH_NUMBERS(X)                                                                              \
    X(TRAIN_LOSS, train_loss)                                                                                \
    X(TRAIN_COST, train_cost)                                                                                \
    X(TRAIN_ACCURACY, train_accuracy)

#define RECORD_SET_NUMBERS(X)                                                                                \
    X(TRAIN_SET_LOSS, train_set_loss)                                                                        \
    X(TRAIN_SET_COST, train_set_cost)                                                                        \
    X(TRAIN_SET_ACCURACY, train_set_accuracy)                                                                \
    X(VALIDATION_LOSS, validation_loss)                                                                      \
    X(VALIDATION_COST, validation_cost)                                                                      \
    X(VALIDATION_ACCURACY, validation_accuracy)                                                              \
    X(TEST_LOSS, test_loss)                                                                                  \
    X(TEST_COST, test_cost)                                                                                  \
    X(TEST_ACCURACY, test_accuracy)

#define RECORD_QUANTITIES(X)                                                                                 \
    RECORD_BATCH_NUMBERS(X)                                                                                  \
    X(LEARNING_RATE, learning_rate)                                                                          \
    X(GRADIENT_NORM, gradient_norm)                                                                          \
    RECORD_SET_NUMBERS(X)                                                                                    \
    X(PARAMETERS, parameters)                                                                                \
    X(WEIGHTS, weights)                                                                                      \
    X(TEST_GRADIENT, test_gradient)                                                                          \
    X(BATCH_NORM, batch_norm)                                                                                \
    X(TEST_PROBABILITY, test_probability)                                                                    \
    X(TEST_PREDICTION, test_prediction)                                                                      \
    X(TEST_TARGET, test_target)                                                                              \
    X(TEST_INPUT, test_input)                                                                                \
    X(GRID_OUTPUT, grid_output)                                                                              \
    X(FEATURE_MAPS, feature_maps)                                                                            \
    RECORD_METRICS(X, TRAIN, train)                                                                          \
    RECORD_METRICS(X, TRAIN_SET, train_set)                                                                  \
    RECORD_METRICS(X, VALIDATION, validation)                                                                \
    RECORD_METRICS(X, TEST, test)

typedef enum record_quantity {
#define X(quantity, name) RECORD_##quantity,
    RECORD_QUANTITIES(X) RECORD_QUANTITY_COUNT
#undef X
} record_quantity;

extern const name_table record_names; /* by record_quantity */

/* In percent, an accuracy or F1: the higher the better. */
bool record_is_accuracy(record_quantity q);

/* The higher the better: what is an accuracy, and R². Of other numbers the lower, as far as they can be
 * judged. */
bool record_is_best_high(record_quantity q);

typedef enum record_unit {
    RECORD_PER_STEP,
    RECORD_PER_EPOCH,
    RECORD_AT_END, /* once, when the training is done */
} record_unit;

/* A layer's name in a number: layer_path.h. That of a layer of the model's own list is its place there. */
typedef int layer_path;

typedef struct record_spec {
    int every; /* a value after every `every` steps or epochs (1 at the end); 0: not recorded */
    record_unit unit;
    int layer_count; /* 0 for batch_norm: all such layers */
    layer_path layers[ENGINE_MAX_LIST];
    int stride; /* test_gradient */
    int k;      /* of a top-k accuracy */
    int sample_count;
    int samples[ENGINE_MAX_LIST]; /* feature_maps: positions in the test set */
    double from, to;              /* grid_output: of both features */
    int points;                   /* grid_output: per feature, from and to inclusive */
} record_spec;

typedef enum record_axis { RECORD_AXIS_STEP, RECORD_AXIS_EPOCH, RECORD_AXIS_NONE } record_axis;

enum { RECORD_MAX_RANK = 4, RECORD_NAME_SIZE = 64, RECORD_LONG_NAME_SIZE = 128 };

/* One dimension of a recorded array, with coordinates first, first + step, … Within a layout the same name
 * means the same coordinates. */
typedef struct record_dimension {
    char name[RECORD_NAME_SIZE]; /* "weights_0_output", "test_sample" */
    size_t length;
    double first, step;
} record_dimension;

/* The name of the variable of ROLE_PLANNED_STEPS. */
#define RECORD_STEPS_PLANNED "steps_planned"

/* Where the values of a variable come from. */
typedef enum record_role {
    ROLE_RECORDED,      /* its quantity */
    ROLE_BEST_MOMENT,   /* steps or epochs after which the number that is watched was best */
    ROLE_BEST_VALUE,    /* its quantity at that moment */
    ROLE_PLANNED_STEPS, /* steps of the training if it does not end early */
} record_role;

/* One array of a report: `count` moments of a number (rank 0) or an array each. Curves are recorded after
 * coordinate `first`, first + every, … */
typedef struct record_variable {
    record_quantity quantity;
    record_role role;
    layer_path layer;                      /* of which it is; else 0 */
    int part;                              /* batch_norm: 0 gamma, 1 beta, 2 mean, 3 variance */
    char name[RECORD_NAME_SIZE];           /* "train_loss", "weights_0" */
    char long_name[RECORD_LONG_NAME_SIZE]; /* "training loss of the batch" */
    const char *units;                     /* "percent" or "1" */
    record_axis axis;
    int first, every;
    size_t count; /* of moments; 1 for RECORD_AXIS_NONE */
    int rank;
    record_dimension dims[RECORD_MAX_RANK];
    size_t offset;  /* of the first value in the report's block */
    bool has_final; /* a curve: after its moments there is one more value, that of the best of them, whose
                       parameters the training ends with */
} record_variable;

typedef struct record_layout {
    int variable_count;
    record_variable variables[ENGINE_MAX_VARIABLES];
    size_t value_count; /* floats of the whole block */
} record_layout;

/* Floats of one moment of a variable. */
size_t record_moment_size(const record_variable *v);

/* The value of a number that describes what a training ends with: the last that was recorded, or that of the
 * best moment; NaN when none was. `values` is the report's block. */
float record_final(const record_variable *v, const float *values);

/* Widen `into`, which may be empty, so that it has room for what `other` describes: variables by name, the
 * greater of every length; an array of lower rank counts as one with further dimensions of length 1.
 * STATUS_USAGE when a variable differs in anything else, or there are too many. */
status record_layout_merge(record_layout *into, const record_layout *other, error_info *error);

/* Copy a block of values to its places in a wider layout (out: (to->value_count)); NaN everywhere else. */
void record_copy(const record_layout *from, const float *values, const record_layout *to, float *out);

#endif
