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
    ENGINE_MAX_VARIABLES = 96,
    ENGINE_MAX_CLASSES = 256, /* labels are stored as bytes */
    ENGINE_MAX_LIST = 16,
};

/* Counts changes of the numerics: raised whenever a training of the same specification, data, seed and kernel
 * set can end with other bits than before, or a checkpoint means something else. Results and checkpoints of
 * another number are not mixed. 1: releases that did not record it. */
enum { ENGINE_NUMERICS = 2 };

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

typedef enum initializer_kind {
    INIT_DEFAULT, /* of a layer: as the model's; of the model's weights: INIT_PYTORCH; of its biases: the same
                     when its weights are INIT_PYTORCH, else 0 */
    INIT_PYTORCH, /* uniform in ±1/√fan_in, biases too */
    INIT_GLOROT_UNIFORM, /* ±√(6 / (fan_in + fan_out)) */
    INIT_GLOROT_NORMAL,  /* standard deviation √(2 / (fan_in + fan_out)) */
    INIT_HE_NORMAL,      /* standard deviation √(2 / fan_in) */
    INIT_NORMAL,         /* standard deviation `scale` */
    INIT_UNIFORM,        /* ±scale */
    INIT_CONSTANT,       /* scale */
} initializer_kind;

typedef struct initializer_spec {
    initializer_kind kind;
    double scale;
} initializer_spec;

/* How the parameters of a dense or convolution layer start. */
typedef struct layer_init_spec {
    initializer_spec weights, biases;
} layer_init_spec;

/* conv: padding_height and padding_width may be PADDING_SAME: the output has the size of the input; for odd
 * kernels with stride 1 only. */
enum { PADDING_SAME = -1 };

typedef struct layer_spec {
    layer_kind kind;
    int units;                         /* dense: outputs */
    int filters;                       /* conv: output channels */
    int kernel_height, kernel_width;   /* conv, pooling */
    int stride_height, stride_width;   /* conv, pooling */
    int padding_height, padding_width; /* conv: zeros added on each side */
    bool bias;                         /* dense */
    bool own_l2;                       /* dense, conv: l2 below in place of the loss's */
    double l2;                         /* coefficient c of the penalty c·Σ w² over the layer's weights */
    layer_init_spec init;              /* dense, conv */
    double slope;                      /* leaky_relu: y = slope·x for x < 0 */
    double rate;                       /* dropout: share of values that are dropped */
    double momentum, epsilon; /* batch_norm: weight of the old running statistics; added to variances */
} layer_spec;

/* Parameters from elsewhere, all layers in natural order (layers in order; weight, then bias, or γ, then β).
 * Borrowed: they outlive every training. The start is values + shift[0]·directions[0] +
 * shift[1]·directions[1].
 */
typedef struct start_spec {
    size_t count;            /* 0: parameters are drawn */
    const float *values;     /* (count) */
    int direction_count;     /* 0 to 2 */
    const float *directions; /* (direction_count, count) */
    double shift[2];
} start_spec;

typedef struct model_spec {
    layer_init_spec init;
    start_spec start;
    int layer_count;
    layer_spec layers[ENGINE_MAX_LAYERS];
} model_spec;

/* losses.h has the formulas. */
typedef enum loss_kind {
    LOSS_CROSS_ENTROPY,        /* of logits; a softmax that ends the model is part of it */
    LOSS_BINARY_CROSS_ENTROPY, /* of probabilities: the model ends with sigmoid, scaled_sigmoid or softmax. Of
                                  classes, or of several labels: targets of 0 and 1, one for each output */
    LOSS_SQUARED_ERROR,        /* of outputs */
} loss_kind;

typedef enum reduction { REDUCE_MEAN, REDUCE_SUM } reduction;

typedef struct loss_spec {
    loss_kind kind;
    double entropy_weight;  /* cross_entropy, λ: adds λ · H(softmax(logits)) to the loss of a sample */
    reduction over_outputs; /* binary_cross_entropy, squared_error */
    reduction over_samples; /* of a batch or a set */
    double l2; /* cost = loss + Σ over dense and conv layers of l2·Σ w² (weights, not biases) */
} loss_spec;

typedef enum optimizer_kind {
    OPTIMIZER_SGD,
    OPTIMIZER_NESTEROV,
    OPTIMIZER_ADAM,
    OPTIMIZER_RMSPROP,
    OPTIMIZER_TRUNCATED_NEWTON, /* full batch, through NLopt; see full_batch.h */
    OPTIMIZER_LBFGS,            /* the same */
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
    RECORD_PARAMETERS,       /* (parameter), all in natural order */
    RECORD_WEIGHTS,          /* of each listed layer, (out, in), or (out, in, row, column) of a convolution
                                and of a dense layer that looks at an image */
    RECORD_TEST_GRADIENT,    /* of the mean loss over the test set, each listed layer's weights; every
                                `stride`-th value in natural order */
    RECORD_BATCH_NORM,       /* of each listed batch-norm layer, or of all that there are: gamma, beta,
                                running mean and variance */
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
    int samples[ENGINE_MAX_LIST]; /* feature_maps: places in the test set */
    double from, to;              /* grid_output: of both features */
    int points;                   /* grid_output: per feature, from and to included */
} record_spec;

/* x ← (stored / divide + offset − mean[c]) / std[c], unless the data set is standardised by feature. */
typedef struct normalize_spec {
    double divide; /* 0: 255 for pixels, 1 for features */
    double offset;
    int channels; /* of mean and std; 0: none; 1: the same for all channels */
    double mean[ENGINE_MAX_LIST];
    double std[ENGINE_MAX_LIST];
} normalize_spec;

/* What becomes of the last batch of an epoch when it is shorter than the others. */
typedef enum last_batch { LAST_BATCH_KEEP, LAST_BATCH_DROP } last_batch;

typedef struct training_spec {
    normalize_spec normalize;
    model_spec model;
    loss_spec loss;
    optimizer_spec optimizer;
    schedule_spec schedule;
    double mirror; /* probability that a training image is turned left to right, drawn anew every epoch */
    int epochs;    /* 0: nothing is trained, what is recorded per epoch is recorded once; with a full-batch
                      optimiser the greatest number of evaluations of the cost */
    int batch;     /* samples per step */
    last_batch last_batch;
    bool shuffle;       /* a new order of the samples every epoch; else as stored */
    double max_seconds; /* the training ends before the next step once it has taken so long; 0: no limit */
    record_spec records[RECORD_QUANTITY_COUNT];
} training_spec;

/* ---- Data -------------------------------------------------------------------------------------- */

/* Samples as they are stored: images of bytes (channel planes) or numbers, with labels or with targets. The
 * engine only reads them; they may lie in memory shared by several processes. Several splits may share one
 * store. */
typedef struct dataset_split {
    size_t count;
    const uint32_t *index; /* (count) place in the store of each sample; NULL: 0 … count − 1 */
    const uint8_t *pixels; /* (stored, C, H, W), or NULL and … */
    const float *features; /* … (stored, C, H, W) */
    const uint8_t *labels; /* (stored), each < classes; NULL for a regression */
    const float *targets; /* (stored, target_count); NULL for a classification. Several labels: 0 and 1, which
                             is for the caller to check */
} dataset_split;

/* Points of the plane or the line, drawn by the engine (points.h has the distributions). */
typedef enum point_kind { POINTS_NONE, POINTS_XOR, POINTS_ABSOLUTE_VALUE } point_kind;

typedef struct point_spec {
    point_kind kind;
    size_t train_count, validation_count, test_count;
    double spread; /* xor: standard deviation of a cluster; absolute_value: x is uniform in ±spread */
    bool per_cell; /* every training draws its own points; else all of a job have the same */
} point_spec;

typedef struct dataset {
    tensor_shape shape;
    int classes;                             /* of the labels; 0: a regression, or several labels */
    int target_count;                        /* numbers per sample of a regression, or labels */
    const float *feature_mean, *feature_std; /* (C, H, W) of the stored values of the training set: samples
                                                are standardised by feature; NULL: by normalize_spec */
    dataset_split train, validation, test;
    point_spec points; /* unless POINTS_NONE: what the splits' counts stand for; their pointers are NULL */
} dataset;

/* Of every one of the `size` stored values of a sample the mean over the split and the standard deviation
 * (divisor: the number of samples; 1 where it would be 0); mean and std (size). */
void dataset_statistics(const dataset_split *split, size_t size, float *mean, float *std);

/* How many samples are held out: Σ over the classes of round(fraction · class_counts[c]). A random hold-out
 * knows one class, of all samples. */
size_t hold_out_count(double fraction, const size_t class_counts[], int classes);

/* Draw which of `count` samples are held out, in each class of `labels` (count) the same share; of all alike
 * when labels is NULL. Fills train and held_out (as many as hold_out_count says, and the rest) in ascending
 * order. */
void hold_out_draw(double fraction, const uint8_t *labels, size_t count, uint64_t seed, uint32_t *train,
                   uint32_t *held_out);

/* The built-in synthetic images: 10 classes of coloured textures with shifted position, changing contrast and
 * noise; learnable, but not at any learning rate. Deterministic in (seed, index of the image). */
enum { SYNTHETIC_MAX_CHANNELS = 16 };

typedef struct synthetic_spec {
    tensor_shape shape; /* of at most SYNTHETIC_MAX_CHANNELS channels */
    int classes;
    size_t train_count, test_count;
} synthetic_spec;

/* Fill pixels (count, C, H, W) and labels (count) with images first … first + count − 1 of the stream; labels
 * go round the classes. Test images are those after the training images. */
void synthetic_images(const synthetic_spec *spec, uint64_t seed, size_t first, size_t count, uint8_t *pixels,
                      uint8_t *labels);

/* ---- Plan: what a specification means ---------------------------------------------------------- */

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
    int layer;                             /* that it is of, in the specification's list; else 0 */
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
 * STATUS_USAGE when a variable differs in more, or there are too many. */
status record_layout_merge(record_layout *into, const record_layout *other, error_info *error);

/* Copy a block of values to its places in a wider layout (out: (to->value_count)); NaN everywhere else. */
void record_copy(const record_layout *from, const float *values, const record_layout *to, float *out);

/* What a refused specification was refused for. */
typedef enum fault_subject {
    FAULT_NONE,
    FAULT_DATA,   /* the data set */
    FAULT_LAYERS, /* the model's layers as a whole */
    FAULT_LAYER,  /* one of them: `index` in the list */
    FAULT_FIELD,  /* a field of training_spec: `index` is its offset */
} fault_subject;

typedef struct fault {
    fault_subject subject;
    size_t index;
} fault;

typedef struct training_plan {
    fault fault;           /* of a specification that is refused, all else is undefined then */
    size_t parameters;     /* learnable numbers */
    size_t memory_bytes;   /* arena for parameters, gradients, optimiser state, activations */
    int steps_per_epoch;   /* ⌈train.count / batch⌉, or ⌊ ⌋ where the last short batch is dropped */
    long steps;            /* in all */
    double flops;          /* of a whole training with its evaluations; a multiply-add counts two */
    double flops_per_step; /* one full batch: forward, backward, update */
    record_layout records;
} training_plan;

/* Check the specification against the data's shape and work out what it means. STATUS_USAGE says what is
 * wrong in words, and plan->fault of what. Only data->shape, classes and the counts are used. */
status engine_plan(const training_spec *spec, const dataset *data, training_plan *plan, error_info *error);

/* What one layer of a specification makes of a sample. */
typedef struct layer_summary {
    layer_kind kind;
    tensor_shape out;
    size_t parameters;
    double flops; /* of a forward pass */
} layer_summary;

/* Sum every layer up: out (model.layer_count), in the order of the specification. STATUS_USAGE as
 * engine_plan. */
status engine_layers(const training_spec *spec, const dataset *data, layer_summary out[ENGINE_MAX_LAYERS],
                     error_info *error);

/* ---- Training ---------------------------------------------------------------------------------- */

typedef enum training_outcome {
    TRAINING_DONE,
    TRAINING_DIVERGED,  /* a loss became NaN or infinite; values recorded until then are kept */
    TRAINING_TIMED_OUT, /* it took longer than max_seconds; the same */
    TRAINING_STOPPED,   /* the caller's stop function said so; the values are of no use */
} training_outcome;

typedef struct training_report {
    training_outcome outcome;
    long steps_taken;
    double seconds;         /* of training, those before a checkpoint included */
    float *values;          /* (records.value_count), caller's memory; NaN where nothing was recorded */
    bool resumed;           /* from the checkpoint; false: it does not fit this training, or there is none */
    long steps_before;      /* the checkpoint */
    size_t checkpoint_size; /* bytes of the checkpoint that it leaves; 0: none */
} training_report;

/* Asked before every step and every batch of an evaluation; return true to end the training at once. */
typedef bool (*training_stop)(void *context);

/* How a training can be ended and resumed. All may be zero. */
typedef struct training_control {
    training_stop stop;
    void *context;
    const void *checkpoint; /* (checkpoint_size) from which to go on. It is read before `stop` is asked */
    size_t checkpoint_size;
    arena
        *keep; /* receives at its start the checkpoint of a training that is stopped; NULL: none is wanted */
} training_control;

/* Train once. `memory` is reused from call to call (zero-initialise it before the first); `seed` and
 * `coordinates` name the random streams. Local, one thread. A training that was stopped and resumes from its
 * checkpoint, with the same other arguments and kernels, ends with the same steps and values as one that was
 * never stopped, bit for bit. A full-batch optimiser leaves no checkpoint before its search is over. Fails
 * with STATUS_USAGE for a specification that engine_plan refuses and STATUS_INTERNAL when memory is not to be
 * had. */
status engine_train(const training_spec *spec, const dataset *data, uint64_t seed, uint64_t coordinates,
                    arena *memory, const training_control *control, training_report *report,
                    error_info *error);

/* ---- Kernel sets and measurement --------------------------------------------------------------- */

/* Name of the kernel set in use ("reference", "portable", "avx2", "avx512"): the best that the CPU has, or
 * the one that the environment variable MPISWEEP_KERNELS names. */
const char *engine_kernels(void);

/* STATUS_USAGE when MPISWEEP_KERNELS names a set that does not exist or that this CPU lacks. */
status engine_kernels_check(error_info *error);

/* What one core can do with the kernel set in use, per second. */
typedef struct machine_peaks {
    double flops; /* fused multiply-adds from registers, two each */
    double bytes; /* read from memory one after the other */
} machine_peaks;

/* Measure them; takes a fraction of a second and 64 MiB for that time. */
status engine_peaks(machine_peaks *peaks, error_info *error);

typedef struct layer_time {
    char name[32]; /* "0 conv", as in the specification */
    double forward_seconds, backward_seconds, flops_forward, flops_backward; /* per step */
    double bytes_forward, bytes_backward; /* per step, at least: tensors and parameters once each way */
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
