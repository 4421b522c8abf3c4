/* The specification of a training: plain data, filled by the job file. Part of engine.h. */
#ifndef ENGINE_SPEC_H
#define ENGINE_SPEC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/name_table.h"
#include "engine/dataset.h"
#include "engine/limits.h"
#include "engine/record.h"

/* The kinds of layers: X(enumerator, name in jobs and messages). layers/NAME.c has what each computes. */
#define LAYER_KINDS(X)                                                                                       \
    X(DENSE, dense)                                                                                          \
    X(CONV, conv)                                                                                            \
    X(MAX_POOL, max_pool)                                                                                    \
    X(AVG_POOL, avg_pool)                                                                                    \
    X(BATCH_NORM, batch_norm)                                                                                \
    X(DROPOUT, dropout)                                                                                      \
    X(RELU, relu)                                                                                            \
    X(LEAKY_RELU, leaky_relu)                                                                                \
    X(TANH, tanh)                                                                                            \
    X(SIGMOID, sigmoid)                                                                                      \
    X(SCALED_SIGMOID, scaled_sigmoid)                                                                        \
    X(SOFTMAX, softmax)                                                                                      \
    X(IDENTITY, identity)                                                                                    \
    X(FLATTEN, flatten)                                                                                      \
    X(ELU, elu)                                                                                              \
    X(GELU, gelu)                                                                                            \
    X(SILU, silu)                                                                                            \
    X(SOFTPLUS, softplus)                                                                                    \
    X(LAYER_NORM, layer_norm)                                                                                \
    X(GROUP_NORM, group_norm)                                                                                \
    X(GLOBAL_AVG_POOL, global_avg_pool)                                                                      \
    X(RESIDUAL, residual)

typedef enum layer_kind {
#define X(kind, name) LAYER_##kind,
    LAYER_KINDS(X) LAYER_KIND_COUNT
#undef X
} layer_kind;

extern const name_table layer_names; /* by layer_kind */

typedef enum initializer_kind {
    INIT_DEFAULT, /* of a layer: as the model's; of the model's weights: INIT_PYTORCH; of its biases: the same
                     when its weights are INIT_PYTORCH, else 0 */
    INIT_PYTORCH, /* uniform in ±1/√fan_in, biases too */
    INIT_GLOROT_UNIFORM, /* ±gain·√(6 / (fan_in + fan_out)) */
    INIT_GLOROT_NORMAL,  /* standard deviation gain·√(2 / (fan_in + fan_out)) */
    INIT_HE_NORMAL,      /* standard deviation √(2 / fan_in) */
    INIT_NORMAL,         /* standard deviation `scale` */
    INIT_UNIFORM,        /* ±scale */
    INIT_CONSTANT,       /* scale */
    INIT_ORTHOGONAL,     /* weights only: gain times a random matrix whose rows or columns are orthonormal */
    INIT_TRUNCATED_NORMAL,    /* normal, standard deviation `scale`, within 2 of them */
    INIT_KERAS_GLOROT_NORMAL, /* truncated, with the standard deviation of INIT_GLOROT_NORMAL */
    INIT_KERAS_HE_NORMAL,     /* the same of INIT_HE_NORMAL */
    INIT_KIND_COUNT
} initializer_kind;

extern const name_table initializer_names; /* by initializer_kind */

/* Sets of kinds are bits, 1 << kind. */
enum {
    INITIALIZERS_WITH_SCALE =
        1 << INIT_NORMAL | 1 << INIT_UNIFORM | 1 << INIT_CONSTANT | 1 << INIT_TRUNCATED_NORMAL,
    INITIALIZERS_WITH_GAIN = 1 << INIT_GLOROT_UNIFORM | 1 << INIT_GLOROT_NORMAL | 1 << INIT_ORTHOGONAL,
    INITIALIZERS_OF_WEIGHTS = 1 << INIT_ORTHOGONAL, /* not of biases */
};

typedef struct initializer_spec {
    initializer_kind kind;
    double scale; /* INITIALIZERS_WITH_SCALE */
    double gain;  /* INITIALIZERS_WITH_GAIN, of weights; 0: 1 */
} initializer_spec;

/* How the parameters of a dense or convolution layer start. */
typedef struct layer_init_spec {
    initializer_spec weights, biases;
} layer_init_spec;

/* conv: padding_height and padding_width may be PADDING_SAME: the output has the size of the input; for odd
 * kernels with stride 1 only. */
enum { PADDING_SAME = -1 };

/* How gelu is computed, with PyTorch's names `none` and `tanh`; layers/gelu.c has both. */
typedef enum gelu_approximation { GELU_EXACT, GELU_TANH } gelu_approximation;

extern const name_table gelu_approximation_names; /* by gelu_approximation */

typedef struct layer_spec {
    layer_kind kind;
    int units;                         /* dense: outputs */
    int filters;                       /* conv: output channels */
    int kernel_height, kernel_width;   /* conv, pooling */
    int stride_height, stride_width;   /* conv, pooling */
    int padding_height, padding_width; /* conv, pooling: added on each side; zeros, or −∞ for max_pool */
    int dilation_height, dilation_width; /* conv: from one place of the kernel to the next; 0: 1 */
    bool bias;                           /* dense, conv */
    bool own_l2;                         /* dense, conv: l2 below in place of the loss's */
    double l2;                           /* coefficient c of the penalty c·Σ w² over the layer's weights */
    layer_init_spec init;                /* dense, conv */
    double slope;                        /* leaky_relu: y = slope·x for x < 0 */
    double alpha;                        /* elu: y tends to −alpha for x → −∞ */
    double rate;                         /* dropout: share of values that are dropped */
    double momentum;                     /* batch_norm: weight of the old running statistics */
    double epsilon;                      /* batch_norm, layer_norm, group_norm: added to variances */
    int groups;                          /* group_norm: of channels; conv: of channels and filters; 0: 1 */
    gelu_approximation approximate;      /* gelu */
    double beta, threshold; /* softplus: log(1 + exp(beta·x)) / beta, or x where beta·x > threshold */
    int inner, shortcut;    /* residual: this many of the layers after it are within it, then this many on its
                               shortcut; 0: the shortcut is the identity */
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
    int layer_count; /* those within residual blocks too, which follow their block */
    layer_spec layers[ENGINE_MAX_LAYERS];
} model_spec;

/* losses.c has the formulas. */
typedef enum loss_kind {
    LOSS_CROSS_ENTROPY,        /* of logits; a softmax that ends the model is part of it */
    LOSS_BINARY_CROSS_ENTROPY, /* of probabilities: the model ends with sigmoid, scaled_sigmoid or softmax. Of
                                  classes, or of several labels: targets of 0 and 1, one for each output */
    LOSS_SQUARED_ERROR,        /* of outputs */
    LOSS_HUBER,                /* the same */
    LOSS_MAE,                  /* the same */
    LOSS_BINARY_CROSS_ENTROPY_WITH_LOGITS, /* as LOSS_BINARY_CROSS_ENTROPY, of a model without the sigmoid at
                                              its end */
    LOSS_KIND_COUNT
} loss_kind;

extern const name_table loss_names; /* by loss_kind */

/* What the targets of a data set without classes may be, for which losses. */
enum {
    LOSSES_OF_NUMBERS = 1 << LOSS_SQUARED_ERROR | 1 << LOSS_HUBER | 1 << LOSS_MAE,
    LOSSES_OF_LABELS = 1 << LOSS_BINARY_CROSS_ENTROPY |
                       1 << LOSS_BINARY_CROSS_ENTROPY_WITH_LOGITS, /* several labels: 0 or 1 each */
    LOSSES_OVER_OUTPUTS = LOSSES_OF_NUMBERS | LOSSES_OF_LABELS,    /* sums or means over the outputs */
};

typedef enum reduction { REDUCE_MEAN, REDUCE_SUM } reduction;

extern const name_table reduction_names; /* by reduction */

typedef struct loss_spec {
    loss_kind kind;
    double entropy_weight;  /* cross_entropy, λ: adds λ · H(softmax(logits)) to the loss of a sample */
    double delta;           /* huber: where it turns from a parabola into a line, above 0 */
    reduction over_outputs; /* LOSSES_OVER_OUTPUTS */
    reduction over_samples; /* of a batch or a set */
    double l2; /* cost = loss + Σ over dense and conv layers of l2·Σ w² (weights, not biases) */
    double label_smoothing; /* cross_entropy, ε: the target has the share 1 − ε of the label and ε of all
                               classes alike */
    int class_weight_count; /* cross_entropy: as many as classes; 0: none, all weigh 1 */
    double class_weights[ENGINE_MAX_CLASSES]; /* the mean over samples divides by the sum of theirs */
} loss_spec;

typedef enum optimizer_kind {
    OPTIMIZER_SGD,
    OPTIMIZER_NESTEROV,
    OPTIMIZER_ADAM,
    OPTIMIZER_RMSPROP,
    OPTIMIZER_TRUNCATED_NEWTON, /* full batch, through NLopt; see full_batch.h */
    OPTIMIZER_LBFGS,            /* the same */
    OPTIMIZER_ADAMW,
    OPTIMIZER_KIND_COUNT
} optimizer_kind;

extern const name_table optimizer_names; /* by optimizer_kind */

/* All training samples at once. */
enum { OPTIMIZERS_FULL_BATCH = 1 << OPTIMIZER_TRUNCATED_NEWTON | 1 << OPTIMIZER_LBFGS };

/* Which optimisers use what. */
enum {
    OPTIMIZERS_WITH_MOMENTUM = 1 << OPTIMIZER_SGD | 1 << OPTIMIZER_NESTEROV | 1 << OPTIMIZER_RMSPROP,
    OPTIMIZERS_WITH_BETAS = 1 << OPTIMIZER_ADAM | 1 << OPTIMIZER_ADAMW,
    OPTIMIZERS_WITH_EPSILON = OPTIMIZERS_WITH_BETAS | 1 << OPTIMIZER_RMSPROP,
};

/* Where ε is added (optimizers.c). */
typedef enum epsilon_style { EPSILON_PYTORCH, EPSILON_KERAS } epsilon_style;

extern const name_table epsilon_style_names; /* by epsilon_style */

/* Which parameters decay: all, or the weights of dense and conv layers, not biases nor what norms learn. */
typedef enum decay_scope { DECAY_ALL, DECAY_WEIGHTS } decay_scope;

extern const name_table decay_scope_names; /* by decay_scope */

typedef struct optimizer_spec {
    optimizer_kind kind;
    double lr;
    double momentum;     /* OPTIMIZERS_WITH_MOMENTUM: μ */
    double weight_decay; /* times the parameter: added to the gradient; adamw: times lr, taken off the
                            parameter */
    double beta1, beta2; /* OPTIMIZERS_WITH_BETAS */
    double rho;          /* rmsprop */
    double epsilon;      /* OPTIMIZERS_WITH_EPSILON */
    epsilon_style epsilon_style;
    decay_scope decay;
    double clip_norm, clip_value; /* of the gradient of the cost (clipping.h); 0: it is not clipped */
} optimizer_spec;

typedef enum schedule_kind {
    SCHEDULE_CONSTANT,
    SCHEDULE_STEP_DECAY, /* lr · factor^⌊count / every⌋ */
    SCHEDULE_FACTORS_AT, /* lr · factor for every listed count that has been reached */
    SCHEDULE_SEQUENCE,   /* the listed rates, `every` counts each, then the last; in place of lr */
    SCHEDULE_CYCLICAL,   /* see schedules.c; in place of lr */
    SCHEDULE_COSINE,     /* the same, like all that follow, of lr */
    SCHEDULE_LINEAR,
    SCHEDULE_EXPONENTIAL, /* lr · factor^count */
    SCHEDULE_ONE_CYCLE,   /* lr is the highest rate */
    SCHEDULE_PLATEAU,     /* lr, times factor whenever the monitored number does not improve: monitor.h */
    SCHEDULE_KIND_COUNT
} schedule_kind;

extern const name_table schedule_names; /* by schedule_kind */

/* Which schedules use what. */
enum {
    SCHEDULES_WITH_LR = 1 << SCHEDULE_CONSTANT | 1 << SCHEDULE_STEP_DECAY | 1 << SCHEDULE_FACTORS_AT |
                        1 << SCHEDULE_COSINE | 1 << SCHEDULE_LINEAR | 1 << SCHEDULE_EXPONENTIAL |
                        1 << SCHEDULE_ONE_CYCLE | 1 << SCHEDULE_PLATEAU, /* optimizer_spec's */
    SCHEDULES_WITH_FACTOR = 1 << SCHEDULE_STEP_DECAY | 1 << SCHEDULE_FACTORS_AT | 1 << SCHEDULE_EXPONENTIAL |
                            1 << SCHEDULE_PLATEAU,
    SCHEDULES_WITH_EVERY = 1 << SCHEDULE_STEP_DECAY | 1 << SCHEDULE_SEQUENCE,
    SCHEDULES_WITH_VALUES = 1 << SCHEDULE_FACTORS_AT | 1 << SCHEDULE_SEQUENCE,
    SCHEDULES_WITH_CYCLES = 1 << SCHEDULE_CYCLICAL,
    SCHEDULES_WITH_MIN_LR = 1 << SCHEDULE_COSINE | 1 << SCHEDULE_PLATEAU, /* the lowest rate */
    SCHEDULES_WITH_LENGTH = 1 << SCHEDULE_COSINE | 1 << SCHEDULE_LINEAR | 1 << SCHEDULE_ONE_CYCLE,
    SCHEDULES_PER_EPOCH = 1 << SCHEDULE_STEP_DECAY | 1 << SCHEDULE_SEQUENCE | 1 << SCHEDULE_PLATEAU |
                          1 << SCHEDULE_COSINE | 1 << SCHEDULE_LINEAR |
                          1 << SCHEDULE_EXPONENTIAL, /* unless schedule_per says else */
};

/* What a schedule counts. SCHEDULE_PER_AUTO: epochs for SCHEDULES_PER_EPOCH, steps for the others. */
typedef enum schedule_per { SCHEDULE_PER_AUTO, SCHEDULE_PER_STEP, SCHEDULE_PER_EPOCH } schedule_per;

extern const name_table schedule_per_names; /* by schedule_per */

/* The amplitude of a cyclical schedule: constant, halved after every cycle, times gamma^step. */
typedef enum cycle_policy { CYCLE_TRIANGULAR, CYCLE_TRIANGULAR2, CYCLE_EXP_RANGE } cycle_policy;

extern const name_table cycle_policy_names; /* by cycle_policy */

/* Of a plateau: improvement is by a share of the best value, or by an amount. */
typedef enum threshold_mode { THRESHOLD_REL, THRESHOLD_ABS } threshold_mode;

extern const name_table threshold_mode_names; /* by threshold_mode */

/* The learning rate over time. A *count* is a step or an epoch, as `per` says; they count from 0, and the
 * schedule's own from the end of the warm-up. */
typedef struct schedule_spec {
    schedule_kind kind;
    double factor;                  /* SCHEDULES_WITH_FACTOR */
    int every;                      /* SCHEDULES_WITH_EVERY: counts */
    int count;                      /* SCHEDULES_WITH_VALUES: of these */
    double values[ENGINE_MAX_LIST]; /* factors_at: counts; sequence: rates */
    cycle_policy policy;            /* cyclical */
    double base, max;               /* cyclical: lowest and highest rate */
    int half_cycle;                 /* cyclical: counts from lowest to highest */
    double gamma;                   /* cyclical, exp_range */
    schedule_per per;
    int warmup;                          /* counts before the schedule; 0: none */
    double warmup_start;                 /* the share of the rate that a warm-up starts with */
    int length;                          /* SCHEDULES_WITH_LENGTH: counts; 0: all that the warm-up leaves */
    int period, multiplier;              /* cosine: counts up to the first restart (0: there is none), and by
                                            what each later period is longer than the one before */
    double start, end;                   /* linear: shares of lr */
    double rise;                         /* one_cycle: share of the length in which the rate rises */
    double div_factor, final_div_factor; /* one_cycle: highest / first rate, first / last rate */
    int patience, cooldown;              /* plateau: recordings */
    double threshold;                    /* plateau: how much improvement is one */
    threshold_mode threshold_mode;       /* plateau */
    double min_lr;                       /* SCHEDULES_WITH_MIN_LR */
} schedule_spec;

/* x ← (stored / divide + offset − mean[c]) / std[c], unless the data set is standardised by feature. */
typedef struct normalize_spec {
    double divide; /* 0: 255 for pixels, 1 for features */
    double offset;
    int channels; /* of mean and std; 0: none; 1: the same for all channels */
    double mean[ENGINE_MAX_LIST];
    double std[ENGINE_MAX_LIST];
} normalize_spec;

/* How training images are changed, drawn again every epoch; data/augment.h has the order. */
typedef struct augment_spec {
    int padding; /* crop: black pixels on each side, before a crop of the original size; 0: none */
    double flip_horizontal, flip_vertical; /* probabilities */
    int cutout;                            /* side of the square that becomes 0; 0: none */
} augment_spec;

/* The numbers that a training can watch as it records them: X(quantity, name in jobs). */
#define MONITORED_NUMBERS(X) RECORD_BATCH_NUMBERS(X) RECORD_SET_NUMBERS(X)

typedef enum monitored_number {
    MONITOR_NONE,
#define X(quantity, name) MONITOR_##quantity,
    MONITORED_NUMBERS(X) MONITORED_NUMBER_COUNT
#undef X
} monitored_number;

extern const name_table monitor_names; /* by monitored_number */

/* The parameters that a training ends with. */
typedef enum kept_parameters { KEEP_LAST, KEEP_BEST } kept_parameters;

extern const name_table keep_names; /* by kept_parameters */

/* What a training does with a number that it watches; monitor.h has the rules. */
typedef struct monitor_spec {
    monitored_number number; /* recorded per step or per epoch; MONITOR_NONE: the rest is 0 */
    int patience;            /* ends after this many recordings in a row that are not better; 0: never */
    double min_delta;        /* better means by more than this */
    kept_parameters keep;    /* KEEP_BEST: those of the best recording, for what is recorded at the end */
} monitor_spec;

/* What becomes of the last batch of an epoch when it is shorter than the others. */
typedef enum last_batch { LAST_BATCH_KEEP, LAST_BATCH_DROP } last_batch;

extern const name_table last_batch_names; /* by last_batch */

typedef struct training_spec {
    normalize_spec normalize;
    model_spec model;
    loss_spec loss;
    optimizer_spec optimizer;
    schedule_spec schedule;
    augment_spec augment;
    double mirror; /* probability that a training image is flipped left to right, drawn again every epoch */
    int epochs;    /* 0: nothing is trained, what is recorded per epoch is recorded once; with a full-batch
                      optimiser the greatest number of evaluations of the cost */
    int batch;     /* samples per step */
    last_batch last_batch;
    bool shuffle;       /* a new order of the samples every epoch; else as stored */
    double max_seconds; /* the training ends before the next step once it has taken this long; 0: no limit */
    monitor_spec monitor;
    record_spec records[RECORD_QUANTITY_COUNT];
} training_spec;

#endif
