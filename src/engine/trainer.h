/* One training with all its memory. Private to the engine: engine_train and engine_bench are built on it.
 *
 * All that changes from step to step and is needed later is in three places: `progress`, the `kept` blocks,
 * and the recorded values. A checkpoint is made of these three (checkpoint.h). */
#ifndef ENGINE_TRAINER_H
#define ENGINE_TRAINER_H

#include "engine/data/batch.h"
#include "engine/losses.h"
#include "engine/model.h"
#include "engine/monitor.h"
#include "engine/optimizers.h"
#include "engine/record/probe.h"
#include "engine/record/tally.h"
#include "engine/schedules.h"

/* What to do next. */
typedef enum training_stage {
    STAGE_STEP,
    STAGE_NOTE_STEP,  /* record what is due after a step, */
    STAGE_NOTE_EPOCH, /* after an epoch, */
    STAGE_NOTE_END,   /* and at the end */
    STAGE_COUNT
} training_stage;

typedef struct training_progress {
    training_stage stage;
    training_outcome outcome; /* TRAINING_DONE while all is well; never TRAINING_STOPPED */
    uint64_t steps;           /* taken */
    uint64_t epoch;           /* that is running, from 0: the number of those done */
    uint64_t position;        /* in the epoch's order: samples that were trained on */
    loss_sums last_batch;     /* before its update */
    loss_sums last_epoch;     /* of the batches so far */
    double lr;                /* of the last step; NaN for a full-batch optimiser */
    uint64_t norm_step;       /* that gradient_norm belongs to; 0: none yet */
    double gradient_norm;
    double seconds; /* trained before the last checkpoint */
} training_progress;

/* Parameters, the layers' state, the optimiser's, the monitor's, the tallies of batch and epoch: a block
 * each, because the bytes between blocks are poisoned. */
typedef struct kept_block {
    void *bytes; /* (size) */
    size_t size; /* 0: this training has none */
} kept_block;

enum { KEPT_BLOCKS = 10 };

typedef struct trainer {
    const training_spec *spec;
    const dataset *data;
    dataset points; /* what `data` points to when the points are the training's own */
    fault fault;    /* of a specification that is refused */
    model model;
    loss_function loss;
    optimizer optimizer;
    monitor monitor;
    schedule schedule;
    recorder recorder;
    tallies metrics;
    training_progress progress;
    kept_block kept[KEPT_BLOCKS];
    size_t kept_bytes;  /* of all of them */
    size_t bytes;       /* that trainer_begin takes */
    training_stop stop; /* may be NULL */
    void *stop_context;
    bool stopped;
    double started;             /* clock_seconds() */
    int companions;             /* that are trained together with it and share its time */
    uint64_t seed, coordinates; /* name the random streams */
    input_transform transform;
    bool order_drawn;      /* of epoch number progress.epoch */
    uint32_t *order;       /* (train.count) of the epoch */
    bool augments;         /* training images are changed */
    uint8_t *mirrored;     /* (train.count) of the epoch; NULL: no sample ever is */
    batch_targets targets; /* (capacity) of the batch */
} trainer;

/* Samples of a step: the whole training set for a full-batch optimiser. */
size_t trainer_batch(const training_spec *spec, const dataset *data);

/* Samples of an epoch that are trained on: all, or those of whole batches. */
size_t trainer_epoch_samples(const training_spec *spec, const dataset *data);

/* Steps of an epoch. */
size_t trainer_epoch_steps(const training_spec *spec, const dataset *data);

/* Build the model without its memory; `spec` and `data` are borrowed. STATUS_USAGE leaves t->fault. */
status trainer_build(trainer *t, const training_spec *spec, const dataset *data, error_info *error);

/* Take all memory of a built trainer from `memory`, which grows as needed, and draw the initial
 * parameters. */
status trainer_begin(trainer *t, uint64_t seed, uint64_t coordinates, arena *memory, error_info *error);

/* The same in memory that is reserved for it, t->bytes of it. */
void trainer_start(trainer *t, uint64_t seed, uint64_t coordinates, arena *memory);

/* The order of the training samples in the running epoch, and which of them are mirrored. */
void trainer_draw_order(trainer *t);

/* Load a batch of `count` samples from position `first` of the epoch's order. */
void trainer_load_batch(trainer *t, size_t first, size_t count);

/* Forward, loss, backward on the loaded batch: the gradient of its cost, and the sums. A loss that is not
 * finite ends the training and has no gradient. */
loss_sums trainer_differentiate(trainer *t, size_t count);

/* The same and an update; returns the sums from before it. */
loss_sums trainer_step(trainer *t, size_t count);

/* Load samples of a split from `first` on, as many as the model takes at once, and run the model on them in
 * evaluation mode; returns how many. */
size_t trainer_forward(trainer *t, const dataset_split *split, size_t first);

/* Call the caller's stop function; true when the training must end at once. */
bool trainer_is_stopped(trainer *t);

/* True while nothing went wrong, and the training was not stopped and has time left. Called before every
 * step. */
bool trainer_may_step(trainer *t);

/* Seconds of training up to now, those before a checkpoint included; of a group its share. */
double trainer_seconds(const trainer *t);

/* Sums over a whole split in evaluation mode, or over a part of it when the training is stopped meanwhile;
 * `sums` receives its samples, too, and may have no memory. */
loss_sums trainer_evaluate(trainer *t, const dataset_split *split, tally *sums);

#endif
