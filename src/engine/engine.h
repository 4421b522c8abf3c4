/* The training engine: specification → plan → training → report.
 *
 * This is the engine's only public header. The engine trains one sequential network on one in-memory data set
 * with one thread, and knows nothing of MPI, HDF5, YAML, ranks or trials. What it computes is a function of
 * the specification, the data and the two numbers that name the random streams.
 *
 * Axis letters used throughout: N samples of a batch, C channels, H rows, W columns, O outputs, K inputs. */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"

/* The engine's number type. The library is built in float; a second build in double (reference kernels only)
 * serves the gradient checks. */
#ifdef ENGINE_DOUBLE
typedef double real;
#else
typedef float real;
#endif

enum {
    ENGINE_MAX_LAYERS = 64,
    ENGINE_MAX_RECORDS = 32,
    ENGINE_MAX_CLASSES = 256, /* labels are stored as bytes */
};

/* ---- Specification: plain data, filled by the job file ----------------------------------------- */

typedef struct tensor_shape {
    int channels, height, width; /* a flat vector of K values is (K, 1, 1) */
} tensor_shape;

typedef enum layer_kind {
    LAYER_DENSE,
    LAYER_CONV,
    LAYER_MAX_POOL,
    LAYER_AVG_POOL,
    LAYER_BATCH_NORM,
    LAYER_DROPOUT,
    LAYER_RELU,
    LAYER_LEAKY_RELU,
    LAYER_TANH,
    LAYER_SIGMOID,
    LAYER_SCALED_SIGMOID, /* 1 / (1 + exp(−2z)) */
    LAYER_SOFTMAX,
    LAYER_IDENTITY,
    LAYER_FLATTEN,
    LAYER_KIND_COUNT
} layer_kind;

typedef struct layer_spec {
    layer_kind kind;
    int units;                         /* dense: outputs */
    int filters;                       /* conv: output channels */
    int kernel_height, kernel_width;   /* conv, pooling */
    int stride_height, stride_width;   /* conv, pooling */
    int padding_height, padding_width; /* conv: zeros added on each side */
    bool bias;                         /* dense */
    double slope;                      /* leaky_relu: y = slope·x for x < 0 */
    double rate;                       /* dropout: share of values that are dropped */
    double momentum, epsilon; /* batch_norm: weight of the old running statistics; added to variances */
} layer_spec;

typedef enum initializer_kind {
    INIT_PYTORCH,        /* weights and biases uniform in ±1/√fan_in; the others leave biases at `bias` */
    INIT_GLOROT_UNIFORM, /* ±√(6 / (fan_in + fan_out)) */
    INIT_GLOROT_NORMAL,  /* standard deviation √(2 / (fan_in + fan_out)) */
    INIT_HE_NORMAL,      /* standard deviation √(2 / fan_in) */
    INIT_NORMAL,         /* standard deviation `scale` */
    INIT_UNIFORM,        /* ±scale */
    INIT_CONSTANT,       /* scale */
} initializer_kind;

/* How the weights and biases of dense and convolution layers start. */
typedef struct initializer_spec {
    initializer_kind kind;
    double scale;
    double bias;
} initializer_spec;

typedef struct model_spec {
    initializer_spec init;
    int layer_count;
    layer_spec layers[ENGINE_MAX_LAYERS];
} model_spec;

typedef enum loss_kind { LOSS_CROSS_ENTROPY } loss_kind;

typedef struct loss_spec {
    loss_kind kind;
    double entropy_weight; /* λ: adds λ · mean over the batch of H(softmax(logits)) */
} loss_spec;

typedef enum optimizer_kind {
    OPTIMIZER_SGD,
    OPTIMIZER_NESTEROV,
    OPTIMIZER_ADAM,
    OPTIMIZER_RMSPROP,
} optimizer_kind;

/* Where ε stands (optimizers.h). */
typedef enum epsilon_style { EPSILON_PYTORCH, EPSILON_KERAS } epsilon_style;

typedef struct optimizer_spec {
    optimizer_kind kind;
    double lr;
    double momentum;     /* sgd, nesterov: μ */
    double weight_decay; /* added to the gradient, times the parameter; all kinds */
    double beta1, beta2; /* adam */
    double rho;          /* rmsprop */
    double epsilon;      /* adam, rmsprop */
    epsilon_style epsilon_style;
} optimizer_spec;

typedef enum schedule_kind {
    SCHEDULE_CONSTANT,
    SCHEDULE_STEP_DECAY, /* lr · factor^⌊epoch / every⌋ */
    SCHEDULE_FACTORS_AT, /* lr · factor for every listed step that has been reached */
    SCHEDULE_SEQUENCE,   /* the listed rates, `every` epochs each, then the last; in place of lr */
    SCHEDULE_CYCLICAL,   /* see schedules.h; in place of lr */
} schedule_kind;

/* The amplitude of a cyclical schedule: constant, halved after every cycle, times gamma^step. */
typedef enum cycle_policy { CYCLE_TRIANGULAR, CYCLE_TRIANGULAR2, CYCLE_EXP_RANGE } cycle_policy;

enum { ENGINE_MAX_LIST = 16 };

/* The learning rate over time; steps and epochs count from 0. */
typedef struct schedule_spec {
    schedule_kind kind;
    double factor;                  /* step_decay, factors_at */
    int every;                      /* step_decay, sequence: epochs */
    int count;                      /* of values */
    double values[ENGINE_MAX_LIST]; /* factors_at: steps; sequence: rates */
    cycle_policy policy;            /* cyclical */
    double base, max;               /* cyclical: lowest and highest rate */
    int half_cycle;                 /* cyclical: steps from lowest to highest */
    double gamma;                   /* cyclical, exp_range */
} schedule_spec;

typedef enum record_quantity {
    RECORD_TRAIN_LOSS,     /* loss of the batch, before its update */
    RECORD_TRAIN_ACCURACY, /* percent of the batch, before its update */
    RECORD_LEARNING_RATE,  /* of the step, or of the last step of the epoch */
    RECORD_TEST_LOSS,      /* over the whole test set */
    RECORD_TEST_ACCURACY,  /* percent of the test set */
    RECORD_QUANTITY_COUNT
} record_quantity;

typedef enum record_unit { RECORD_PER_STEP, RECORD_PER_EPOCH } record_unit;

typedef struct record_spec {
    record_quantity quantity;
    record_unit unit;
    int every; /* a value after every `every` steps or epochs; 0: not recorded */
} record_spec;

/* x ← (pixel / 255 − mean[c]) / std[c] */
typedef struct normalize_spec {
    int channels; /* 0: pixel / 255 only */
    double mean[ENGINE_MAX_LIST];
    double std[ENGINE_MAX_LIST];
} normalize_spec;

typedef struct training_spec {
    normalize_spec normalize;
    model_spec model;
    loss_spec loss;
    optimizer_spec optimizer;
    schedule_spec schedule;
    int epochs;
    int batch; /* samples per step; the last, shorter batch of an epoch is kept */
    int record_count;
    record_spec records[ENGINE_MAX_RECORDS];
} training_spec;

/* ---- Data -------------------------------------------------------------------------------------- */

/* Images as they are stored on disk: bytes, channel planes. The engine only reads them; they may lie in
 * memory shared by several processes. */
typedef struct dataset_split {
    size_t count;
    const uint8_t *pixels; /* (count, C, H, W) */
    const uint8_t *labels; /* (count), each < classes */
} dataset_split;

typedef struct dataset {
    tensor_shape shape;
    int classes;
    dataset_split train, test;
} dataset;

/* The built-in synthetic images: 10 classes of coloured textures with shifted position, changing contrast and
 * noise; learnable, but not at any learning rate. Deterministic in (seed, index of the image). */
typedef struct synthetic_spec {
    tensor_shape shape;
    int classes;
    size_t train_count, test_count;
} synthetic_spec;

/* Fill pixels (count, C, H, W) and labels (count) with images first … first + count − 1 of the stream; labels
 * go round the classes. Test images are those after the training images. */
void synthetic_images(const synthetic_spec *spec, uint64_t seed, size_t first, size_t count, uint8_t *pixels,
                      uint8_t *labels);

/* ---- Plan: what a specification means ---------------------------------------------------------- */

typedef enum record_axis { RECORD_AXIS_STEP, RECORD_AXIS_EPOCH } record_axis;

/* One array of a report. A curve has one axis; values are recorded after coordinate `every`, 2·every, … */
typedef struct record_variable {
    const char *name;      /* "train_loss"; the results file adds "_curve" and the final value */
    const char *long_name; /* "cross-entropy loss of the training batch" */
    const char *units;     /* "percent" or "1" */
    record_axis axis;
    int every;
    size_t count;  /* number of values */
    size_t offset; /* of the first value in the report's block */
} record_variable;

typedef struct record_layout {
    int variable_count;
    record_variable variables[ENGINE_MAX_RECORDS];
    size_t value_count; /* floats of the whole block */
} record_layout;

typedef struct training_plan {
    size_t parameters;     /* learnable numbers */
    size_t memory_bytes;   /* arena for parameters, gradients, optimiser state, activations */
    int steps_per_epoch;   /* ⌈train.count / batch⌉ */
    long steps;            /* in all */
    double flops;          /* of a whole training with its evaluations; a multiply-add counts two */
    double flops_per_step; /* one full batch: forward, backward, update */
    record_layout records;
} training_plan;

/* Check the specification against the data's shape and work out what it means. STATUS_USAGE names the layer
 * (counted from 0) and the shapes when they do not fit. Only data->shape, classes and the counts are used. */
status engine_plan(const training_spec *spec, const dataset *data, training_plan *plan, error_info *error);

/* ---- Training ---------------------------------------------------------------------------------- */

typedef enum training_outcome {
    TRAINING_DONE,
    TRAINING_DIVERGED, /* a loss became NaN or infinite; values recorded until then are kept */
    TRAINING_STOPPED,  /* the caller's stop function said so; the report is of no use */
} training_outcome;

typedef struct training_report {
    training_outcome outcome;
    long steps_taken;
    float *values; /* (records.value_count), caller's memory; NaN where nothing was recorded */
} training_report;

/* Asked before every step and every batch of an evaluation; return true to end the training at once. May be
 * NULL. */
typedef bool (*training_stop)(void *context);

/* Train once. `memory` is reused from call to call (zero-initialise it before the first); `seed` and
 * `coordinates` name the random streams. Local, one thread. Fails with STATUS_USAGE for a specification that
 * engine_plan refuses and STATUS_INTERNAL when memory is not to be had. */
status engine_train(const training_spec *spec, const dataset *data, uint64_t seed, uint64_t coordinates,
                    arena *memory, training_stop stop, void *stop_context, training_report *report,
                    error_info *error);

/* ---- Kernel sets and measurement --------------------------------------------------------------- */

/* Name of the kernel set in use ("reference", "portable", "avx2", "avx512"): the best that the CPU has, or
 * the one that the environment variable MPISWEEP_KERNELS names. */
const char *engine_kernels(void);

/* STATUS_USAGE when MPISWEEP_KERNELS names a set that does not exist or that this CPU lacks. */
status engine_kernels_check(error_info *error);

typedef struct layer_time {
    char name[32]; /* "0 conv", as in the specification */
    double forward_seconds, backward_seconds, flops_forward, flops_backward; /* per step */
} layer_time;

typedef struct engine_times {
    double step_seconds;     /* one training step with a full batch, minimum over blocks */
    double median_seconds;   /* the same, median */
    double evaluate_seconds; /* forward pass of one batch, minimum over blocks */
    double gather_seconds, loss_seconds, update_seconds; /* parts of a step, mean */
    int layer_count;
    layer_time layers[ENGINE_MAX_LAYERS];
} engine_times;

/* Time training steps of `spec` on this core: five blocks of `steps` after three to warm up. */
status engine_bench(const training_spec *spec, const dataset *data, int steps, arena *memory,
                    engine_times *times, error_info *error);

#endif
