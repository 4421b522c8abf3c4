/* The training engine: specification → plan → training → report.
 *
 * This is the engine's only public header; dataset.h, layer_path.h, record.h and spec.h are parts of it. The
 * engine trains one network, layers in a row and residual blocks of them, on one in-memory data set with one
 * thread, and knows nothing of MPI, HDF5, YAML, ranks or grids. What it computes is a function of the
 * specification, the data and the two numbers that name the random streams.
 *
 * Axis letters used throughout: N samples of a batch, C channels, H rows, W columns, O outputs, K inputs. */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"
#include "engine/dataset.h"
#include "engine/layer_path.h"
#include "engine/limits.h"
#include "engine/record.h"
#include "engine/spec.h"

/* The engine's number type. The library is built in float; a second build in double (reference kernels only)
 * serves the gradient checks. */
#ifdef ENGINE_DOUBLE
typedef double real;
#else
typedef float real;
#endif

/* Counts changes of the numerics: raised whenever a training of the same specification, data, seed and kernel
 * set can end with bits that differ from before, or a checkpoint changes its meaning. Results and checkpoints
 * of different numbers are not mixed. 1: releases that did not record it. */
enum { ENGINE_NUMERICS = 3 };

/* ---- Plan: what a specification means ---------------------------------------------------------- */

/* What a refused specification was refused for. */
typedef enum fault_subject {
    FAULT_NONE,
    FAULT_DATA,   /* the data set */
    FAULT_LAYERS, /* the model's layers as a whole */
    FAULT_LAYER,  /* one of them: `index` is its layer_path */
    FAULT_FIELD,  /* a field of training_spec: `index` is its offset */
} fault_subject;

typedef struct fault {
    fault_subject subject;
    size_t index;
} fault;

typedef struct training_plan {
    fault fault;           /* of a refused specification; everything else is then undefined */
    size_t parameters;     /* learnable numbers */
    size_t memory_bytes;   /* arena for parameters, gradients, optimiser state, activations */
    int steps_per_epoch;   /* ⌈train.count / batch⌉, or ⌊ ⌋ where the last short batch is dropped */
    long steps;            /* in all */
    double flops;          /* of a whole training with its evaluations; a multiply-add counts as two */
    double flops_per_step; /* one full batch: forward, backward, update */
    uint64_t shape;        /* trainings of the same shape can be a group; 0: this one is trained alone */
    record_layout records;
} training_plan;

/* Check the specification against the data's shape and work out what it means. With STATUS_USAGE the message
 * says what is wrong, and plan->fault which part of the specification. Only data->shape, classes and the
 * counts are used. */
status engine_plan(const training_spec *spec, const dataset *data, training_plan *plan, error_info *error);

/* A planned specification and its model, which is built once: ready to be trained. */
typedef struct training training;

/* Plan as engine_plan does. *out borrows `spec` and `data`; the caller closes it; NULL on failure. */
status training_open(training **out, const training_spec *spec, const dataset *data, error_info *error);

/* Plan another specification in the memory of one that is no longer needed: thousands of small cells a second
 * must not wait for memory from the system. After a failure it can only be planned again or closed. */
status training_replace(training *t, const training_spec *spec, const dataset *data, error_info *error);

/* Owned by the training. */
const training_plan *training_planned(const training *t);

/* Accepts NULL. */
void training_close(training **t);

/* What one layer of a specification makes of a sample. */
typedef struct layer_summary {
    layer_path path;
    layer_kind kind;
    tensor_shape out;
    size_t parameters;
    double flops; /* of a forward pass */
} layer_summary;

/* Summarise every layer: out (model.layer_count), in the order of the specification. STATUS_USAGE as
 * engine_plan. */
status engine_layers(const training_spec *spec, const dataset *data, layer_summary out[ENGINE_MAX_LAYERS],
                     error_info *error);

/* ---- Training ---------------------------------------------------------------------------------- */

typedef enum training_outcome {
    TRAINING_DONE,
    TRAINING_DIVERGED,  /* a loss became NaN or infinite; values recorded until then are kept */
    TRAINING_TIMED_OUT, /* it took longer than max_seconds; the same */
    TRAINING_STOPPED,   /* the caller's stop function returned true; the values are invalid */
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

/* Called before every step and every batch of an evaluation; return true to end the training at once. */
typedef bool (*training_stop)(void *context);

/* Called between steps; return true when the training, or all of its group, should leave a checkpoint and
 * continue. `planned` is the training, or one of the group. */
typedef bool (*training_due)(void *context, const training *planned);

/* Receives the checkpoint of a training that continues: `size` bytes at the start of `keep`, valid during the
 * call. */
typedef void (*training_kept)(void *context, const training *planned, size_t size);

/* How a training can be ended and resumed. All may be zero. */
typedef struct training_control {
    training_stop stop;
    void *context;
    training_due due;   /* NULL: it leaves a checkpoint only when it is stopped; else `keep` is needed … */
    training_kept kept; /* … and this. Without memory for a checkpoint it is not called */
    const void *checkpoint; /* (checkpoint_size) from which to resume. It is read before `stop` is called */
    size_t checkpoint_size;
    arena
        *keep; /* receives at its start the checkpoint of a training that is stopped; NULL: none is wanted */
} training_control;

/* The share of its steps that a training has taken, 0 to 1; in a group, at its last record or end of an
 * epoch. */
double training_share_done(const training *t);

/* Train once. `memory` is reused from call to call (zero-initialise it before the first); `seed` and
 * `coordinates` name the random streams. Local, one thread. A training that was stopped and resumes from its
 * checkpoint, with the same specification, data, other arguments and kernels, ends with the same steps and
 * values as one that was never stopped, bit for bit. A full-batch optimiser leaves no checkpoint before its
 * search is over, and is not asked whether one is due. STATUS_INTERNAL: out of memory. */
status engine_train(training *planned, uint64_t seed, uint64_t coordinates, arena *memory,
                    const training_control *control, training_report *report, error_info *error);

/* ---- Groups ------------------------------------------------------------------------------------ */

/* Small networks of one shape (training_plan) are trained together, each in a lane of the vectors; values and
 * checkpoints are the same, bit for bit, whatever the group. */
enum { ENGINE_GROUP = 16 };

typedef struct training_member {
    training *planned;
    uint64_t coordinates;   /* name its random streams */
    const void *checkpoint; /* (checkpoint_size) as in training_control */
    size_t checkpoint_size;
    training_report report; /* with `values` on entry */
} training_member;

typedef struct group_control {
    training_stop stop; /* ends all of the group; asked once per step of all. May be NULL */
    void *context;
    training_due due;   /* as in training_control; asked once per step of all */
    training_kept kept; /* called for every member that is still training */
    arena *keep;        /* as in training_control, valid during `ended` */
    /* Called for every member as soon as its report is complete; its values are no longer used afterwards.
     * May be NULL. */
    void (*ended)(void *context, const training_member *member);
} group_control;

/* Train up to ENGINE_GROUP members (count) of one shape, other than 0, as engine_train does each of them. A
 * member's time is its share of the group's, but its limit counts all of it. */
status engine_train_group(training_member *members, int count, uint64_t seed, arena *memory,
                          const group_control *control, error_info *error);

/* ---- Kernel sets and measurement --------------------------------------------------------------- */

/* Name of the kernel set in use ("reference", "portable", "avx2", "avx512"): the best that this process may
 * use, unless engine_kernels_use has chosen another. */
const char *engine_kernels(void);

/* The sets that this process may use, a bit for each: those that its CPU can run, or only the one that the
 * environment variable MPISWEEP_KERNELS names. Bits mean the same in all processes of one program; of two
 * sets the one with the lower bit is better. */
uint32_t engine_kernels_usable(void);

/* The name that a bit (0, 1, …) stands for; NULL after the last. */
const char *engine_kernels_name(int bit);

/* Use the set of that bit, which is usable, in all that is planned from now on. No other thread may run. */
void engine_kernels_use(int bit);

/* Does MPISWEEP_KERNELS name the set? */
bool engine_kernels_forced(void);

/* STATUS_USAGE when MPISWEEP_KERNELS names a set that does not exist or that this CPU lacks. */
status engine_kernels_check(error_info *error);

/* What one core can do with the kernel set in use, per second. */
typedef struct machine_peaks {
    double flops;        /* fused multiply-adds from registers, two each */
    double bytes;        /* read from memory one after the other */
    double cached_bytes; /* read and written by a copy within L2, together */
} machine_peaks;

/* Measure them; takes a fraction of a second and 64 MiB for that time. */
status engine_peaks(machine_peaks *peaks, error_info *error);

typedef struct layer_time {
    char name[64];                            /* "0 conv", with its path */
    double forward_seconds, backward_seconds; /* per step, minimum over blocks */
    double flops_forward, flops_backward;     /* per step */
    double bytes_forward, bytes_backward;     /* per step, at least: tensors and parameters once each way */
} layer_time;

typedef struct engine_times {
    double step_seconds;     /* one training step with a full batch, minimum over blocks */
    double median_seconds;   /* the same, median */
    double evaluate_seconds; /* forward pass of one batch, minimum over blocks */
    double gather_seconds, loss_seconds, update_seconds; /* parts of a step, minimum over blocks */
    int layer_count;
    layer_time layers[ENGINE_MAX_LAYERS];
} engine_times;

/* Time training steps of `spec` on this core: five blocks of `steps` after three to warm up. */
status engine_bench(const training_spec *spec, const dataset *data, int steps, arena *memory,
                    engine_times *times, error_info *error);

enum { KERNEL_CHANNEL_COUNTS = 12 };

/* The counts of channels that kernels are timed with: 1, 3, 4, ... 100. */
extern const int engine_kernel_channels[KERNEL_CHANNEL_COUNTS];

/* A kernel costs too much where a value takes more than this many times as long as with the best count. */
enum { KERNEL_MOST_RELATIVE = 2 };

/* One kernel with one count of channels. */
typedef struct kernel_time {
    int channels;        /* 0: the kernel does not know channels */
    double seconds;      /* per value, minimum over blocks */
    double relative;     /* to the least of the row */
    double flops, bytes; /* per value: arithmetic, and what is read and written at least */
} kernel_time;

/* One kernel doing one kind of work, with every count of channels that it takes. */
typedef struct kernel_times {
    const char *kernel; /* its name in the table of kernels */
    const char *shape;  /* which work, "" where there is only one */
    const char *value;  /* what is counted: "multiply-add", "value of x" ... */
    int count;
    kernel_time times[KERNEL_CHANNEL_COUNTS];
} kernel_times;

/* How many rows there are. */
int engine_kernel_rows(void);

/* Time row `index` of the kernel set in use on data that stay in a core's L2 cache: `blocks` blocks of a
 * millisecond for each count, alternating, and once more when one of them costs too much. The texts of *out
 * are static. STATUS_INTERNAL: out of memory. */
status engine_bench_kernel(int index, int blocks, kernel_times *out, error_info *error);

#endif
