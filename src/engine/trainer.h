/* One training with all its memory. Private to the engine: engine_train and engine_bench are made of it. */
#ifndef ENGINE_TRAINER_H
#define ENGINE_TRAINER_H

#include "engine/data/batch.h"
#include "engine/losses.h"
#include "engine/model.h"
#include "engine/optimizers.h"
#include "engine/recorder.h"

struct trainer {
    const training_spec *spec;
    const dataset *data;
    dataset points; /* what `data` points to when the points are the training's own */
    model model;
    loss_function loss;
    optimizer optimizer;
    recorder recorder;
    training_outcome outcome; /* TRAINING_DONE while all is well */
    training_stop stop;       /* may be NULL */
    void *stop_context;
    uint64_t seed, coordinates; /* name the random streams */
    uint64_t steps;             /* taken */
    int epoch;                  /* from 0 */
    double lr;                  /* of the last step; NaN for a full-batch optimiser */
    input_transform *transform;
    uint32_t *order;       /* (train.count) of the epoch */
    uint8_t *mirrored;     /* (train.count) of the epoch; NULL: no sample ever is */
    batch_targets targets; /* (capacity) of the batch */
};

/* Samples of a step: the whole training set for a full-batch optimiser. */
size_t trainer_batch(const training_spec *spec, const dataset *data);

/* Build the model, take all memory from `memory`, which grows as needed, and draw the initial parameters. */
status trainer_open(trainer *t, const training_spec *spec, const dataset *data, uint64_t seed,
                    uint64_t coordinates, arena *memory, error_info *error);

/* Build the model without its memory: `bytes` is what trainer_open takes. */
status trainer_measure(trainer *t, const training_spec *spec, const dataset *data, size_t *bytes,
                       error_info *error);

/* A new order of the training samples, and a new choice of those that are mirrored; epochs count from 0. */
void trainer_begin_epoch(trainer *t, int epoch);

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

/* Ask the caller's stop function; true when the training is to end. */
bool trainer_is_stopped(trainer *t);

/* Sums over a whole split in evaluation mode, or over a part of it when the training is stopped meanwhile. */
loss_sums trainer_evaluate(trainer *t, const dataset_split *split);

#endif
