/* The lanes of a group: all its networks' numbers interleaved, and steps of all at once. Private to lockstep.
 */
#ifndef ENGINE_LOCKSTEP_LANES_H
#define ENGINE_LOCKSTEP_LANES_H

#include "engine/lockstep/lane_kernels.h"
#include "engine/trainer.h"

/* A layer in lanes. Values are counted as in lane_kernels.h. */
typedef struct lane_layer {
    const layer *source; /* of any of the networks: sizes and kinds are the same in all */
    bool passes_on;      /* the gradient of its input is needed */
    lane_dense dense;    /* LAYER_DENSE; else … */
    lane_elementwise elementwise;
    lane_elementwise_function forward, backward;
    size_t weights;      /* LAYER_DENSE: how many; the first of `parameters` … */
    size_t first;        /* … is number `first` */
    bool penalised;      /* … and they are */
    float *penalty;      /* (1) 2 c, the slope of the penalty */
    float *number;       /* (1) slope or alpha */
    double *coefficient; /* (LANES) c */
} lane_layer;

/* The numbers of an optimiser, (1) each. */
typedef struct lane_rates {
    float *lr, *weight_decay, *decay1, *decay2, *fresh1, *fresh2, *correction, *epsilon;
    float *none; /* 0: of parameters that do not decay */
} lane_rates;

/* Samples in lanes, in the order of their epoch. */
typedef struct lane_window {
    size_t capacity, first, count; /* samples; those that are there: first … first + count − 1 */
    uint64_t epoch;                /* that they belong to */
    int32_t *lanes;                /* (LANES) −1: has them */
    float *inputs, *targets;       /* (capacity, K), (capacity, O) */
    bool shared;                   /* all networks have the same samples in the same order */
    bool repeats;                  /* every epoch has the same order */
} lane_window;

typedef struct lanes {
    lane_kernels kernels;
    int count;                /* networks */
    trainer *trainers[LANES]; /* (count) */
    int layer_count;
    lane_layer layers[ENGINE_MAX_LAYERS];
    size_t values;                                  /* parameters of a network */
    uint32_t *places;                               /* (values) of each in a trainer's blocks */
    float *parameters, *gradients, *first, *second; /* (values) */
    size_t inputs, outputs;                         /* of a network */
    uint32_t *input_places;                         /* (inputs) of each in a trainer's batch */
    size_t block;                                   /* samples that pass through the layers at a time */
    lane_window window;
    float *output_gradient, *other_gradient; /* (block, widest) */
    lane_loss loss;
    lane_loss_function evaluate;
    double loss_share; /* of the mean over outputs: 1 / outputs; else 1 */
    lane_rates rates;
    double *numbers_of_step; /* (LANES) learning rate of the last step */
    bool rates_vary;         /* from step to step */
    int32_t *alive;          /* (LANES) −1: takes part in the steps */
    int used;                /* lanes up to the last one that does */
    /* (LANES) each: the last batch, and what the epoch has so far */
    double *batch_loss, *epoch_loss, *batch_penalty, *epoch_penalty;
    int32_t *batch_correct;
    int64_t *epoch_correct;
} lanes;

/* Prepare lanes for trainers of one shape, which have begun. Memory is from `a`; while that measures, one
 * trainer is enough, and it need not have begun. */
void lanes_open(lanes *s, trainer *const trainers[], int count, arena *a);

/* Copy a network's parameters and the optimiser's state into its lane, and back. */
void lanes_load(lanes *s, int lane);
void lanes_store(const lanes *s, int lane);

/* Take up to `steps` steps of the networks that are alive, which are all as far as each other; no epoch ends
 * before the last one. Returns how many were taken: fewer when `stop` returns true before a step, or after a
 * step in which a network diverged. The progress of the networks is updated, outcomes included, but not their
 * parameters. */
size_t lanes_run(lanes *s, size_t steps, bool (*stop)(void *context), void *context);

#endif
