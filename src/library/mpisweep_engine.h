/* The training engine of mpisweep for other programs: one network of layers in a row, data in memory, one
 * thread.
 *
 *     mpisweep_training *t = mpisweep_create();
 *     mpisweep_set_data(t, &data);
 *     mpisweep_add_layer(t, "dense");
 *     mpisweep_set_layer(t, "units", 3);
 *     mpisweep_set(t, "optimizer.lr", 0.1);      keys, choices, ranges and defaults are those of the job file
 *     mpisweep_set(t, "train.epochs", 10);       (docs/job-format.md, man 5 mpisweep-job)
 *     mpisweep_set(t, "train.batch", 32);
 *     mpisweep_record(t, "test_accuracy", 1, MPISWEEP_EPOCHS);
 *     if (mpisweep_train(t, 0, 0) != MPISWEEP_OK)
 *         puts(mpisweep_message(t));
 *     accuracy = mpisweep_last(t, "test_accuracy");
 *     mpisweep_destroy(&t);
 *
 * What is computed depends on what is set, the data, the two numbers that mpisweep_train gets and the kernel
 * set; the same on the same gives the same bits. Different trainings may run in different threads.
 *
 * Link with libmpisweep_engine and what `pkg-config --libs --static mpisweep_engine` names: NLopt and libm.
 * The interface follows semantic versioning: within a major version, functions, keys and fields are added,
 * and none is changed or removed; recompile for a new version. */
#ifndef MPISWEEP_ENGINE_H
#define MPISWEEP_ENGINE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How a function ended. */
typedef enum mpisweep_status {
    MPISWEEP_OK,
    MPISWEEP_REFUSED,   /* what is asked for is not possible: mpisweep_message says what, and what would be */
    MPISWEEP_NO_MEMORY, /* or a defect of the library, which the message names */
    MPISWEEP_DIVERGED,  /* a loss became NaN or infinite; values recorded until then are kept */
    MPISWEEP_TIMED_OUT, /* it took longer than train.max_seconds; the same */
    MPISWEEP_STOPPED,   /* the caller's function ended it; nothing is recorded */
} mpisweep_status;

typedef enum mpisweep_unit { MPISWEEP_STEPS, MPISWEEP_EPOCHS, MPISWEEP_AT_END } mpisweep_unit;

/* Samples of one set. All zero: there is no such set. */
typedef struct mpisweep_samples {
    size_t count;
    const float *features; /* (count, channels, height, width), or NULL and … */
    const uint8_t *pixels; /* … (count, channels, height, width), which are divided by 255 */
    const uint8_t *labels; /* (count), each below `classes`; NULL: there are targets */
    const float *targets;  /* (count, target_count) */
} mpisweep_samples;

typedef struct mpisweep_data {
    int channels, height, width; /* of a sample; K features are (K, 1, 1) */
    int classes;                 /* 1 to 256; 0: numbers are predicted … */
    int target_count;            /* … this many for each sample */
    mpisweep_samples train, validation, test;
} mpisweep_data;

typedef struct mpisweep_training mpisweep_training;

/* "1.0.0" */
const char *mpisweep_engine_version(void);

/* The kernel set in use: "avx512", "avx2", "portable" or "reference". */
const char *mpisweep_engine_kernels(void);

/* A training with the defaults of the job file, without data and layers. NULL: out of memory. */
mpisweep_training *mpisweep_create(void);

/* Sets *t to NULL; accepts NULL in it. */
void mpisweep_destroy(mpisweep_training **t);

/* What the last failure was, one line; "" before the first. Valid until the next call. */
const char *mpisweep_message(const mpisweep_training *t);

/* The arrays are borrowed, and must outlive every training on them; the structure is copied. */
mpisweep_status mpisweep_set_data(mpisweep_training *t, const mpisweep_data *data);

/* A number: mpisweep_set(t, "optimizer.momentum", 0.9). Booleans are 0 or 1. */
mpisweep_status mpisweep_set(mpisweep_training *t, const char *key, double value);

/* A list of at most 16 numbers: data.normalize.mean and std (of the same length), schedule.steps,
 * schedule.rates. */
mpisweep_status mpisweep_set_list(mpisweep_training *t, const char *key, const double *values, size_t count);

/* One of several names: mpisweep_choose(t, "optimizer.kind", "adam"). */
mpisweep_status mpisweep_choose(mpisweep_training *t, const char *key, const char *name);

/* A layer after those that there are, of a kind that the job file knows: "dense", "conv", "relu" … */
mpisweep_status mpisweep_add_layer(mpisweep_training *t, const char *kind);

/* A number of the layer that was added last: units, filters, rate … kernel, stride, padding and dilation set
 * both directions; with .height or .width, one of them. A padding of -1 keeps the size of the image. */
mpisweep_status mpisweep_set_layer(mpisweep_training *t, const char *key, double value);

/* One of several names, of that layer: mpisweep_choose_layer(t, "approximate", "tanh"). */
mpisweep_status mpisweep_choose_layer(mpisweep_training *t, const char *key, const char *name);

/* Record a quantity of the job file after every `every` steps or epochs, or once at the end (every = 1). */
mpisweep_status mpisweep_record(mpisweep_training *t, const char *quantity, int every, mpisweep_unit unit);

/* The layers, counted from 0, of which a recorded quantity is wanted: weights, gradient_norm … */
mpisweep_status mpisweep_record_layers(mpisweep_training *t, const char *quantity, const int *layers,
                                       size_t count);

/* Of how many classes a top-k accuracy is; 5 unless it is set. */
mpisweep_status mpisweep_record_k(mpisweep_training *t, const char *quantity, int k);

/* Start from these parameters, in the order that the quantity "parameters" has; they are borrowed. With
 * train.epochs 0, a network is only evaluated. NULL: draw them. */
mpisweep_status mpisweep_start_from(mpisweep_training *t, const float *parameters, size_t count);

/* Called before every step with `context`; training ends when it returns other than 0. NULL: none. */
void mpisweep_on_step(mpisweep_training *t, int (*stop)(void *context), void *context);

/* Train from the start. The random streams (first parameters, order of the samples, dropout) are named by the
 * two numbers: change `stream` for an independent repeat. May be called again, also after changes. */
mpisweep_status mpisweep_train(mpisweep_training *t, uint64_t seed, uint64_t stream);

/* What the last training recorded, in order, the last axis fastest: *count values, NaN where none was
 * recorded; owned by the training until the next one. `name` is a quantity, or for a layer's the name that
 * the results file gives it, such as "weights_0". NULL and 0: nothing of that name. `count` may be NULL. */
const float *mpisweep_values(const mpisweep_training *t, const char *name, size_t *count);

/* The last value that was recorded of a number; NaN: none. */
float mpisweep_last(const mpisweep_training *t, const char *name);

/* Of the last training: steps that were taken, and learnable numbers of the network. */
long mpisweep_steps(const mpisweep_training *t);
size_t mpisweep_parameters(const mpisweep_training *t);

#ifdef __cplusplus
}
#endif
#endif
