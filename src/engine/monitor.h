/* Watches a number as it is recorded: which of its values was the best, when the training ends early, and a
 * copy of the best parameters, and what becomes of the learning rate. Private to the engine.
 *
 * The rule of Keras (EarlyStopping): a value is better when it is below the best so far by more than
 * min_delta, or above it of an accuracy; the training ends after `patience` recordings in a row that are not
 * better. The rule of the schedule plateau is PyTorch's, and counts by itself. */
#ifndef ENGINE_MONITOR_H
#define ENGINE_MONITOR_H

#include "engine/model.h"

/* What later recordings are compared with: part of a checkpoint, whose bytes may be any. */
typedef struct monitor_past {
    double best;         /* value so far */
    uint64_t waited;     /* recordings since */
    uint64_t ended;      /* not 0: it has waited long enough */
    double rate;         /* of the optimiser, as the schedule plateau has lowered it, which has its own … */
    double plateau_best; /* … best value, … */
    uint64_t bad;        /* … recordings since, and … */
    uint64_t cooldown;   /* … those to come that do not count */
} monitor_past;

typedef struct monitor {
    const training_spec *spec;
    bool highest;       /* is the best value; else the lowest */
    monitor_past *past; /* NULL: nothing is watched */
    real *parameters;   /* (parameter_reals) the best; NULL: not kept */
    real *state;        /* (state_reals) the layers' with them; NULL: the same, or they have none */
    size_t parameter_reals, state_reals;
} monitor;

/* The quantity that a number is, other than MONITOR_NONE. */
record_quantity monitor_quantity(monitored_number number);

/* Take the memory from `a` (measuring or real), uninitialised. */
void monitor_carve(monitor *w, const training_spec *spec, const model *m, arena *a);

/* Nothing was recorded yet. Only when something is watched, like monitor_judge. */
void monitor_start(monitor *w, bool highest);

/* The next value of the number; true: it is the best so far. */
bool monitor_judge(monitor *w, double value);

/* The learning rate that schedules start from. */
double monitor_rate(const monitor *w);

/* The training should take no further step. */
bool monitor_ends(const monitor *w);

/* Copy what the best moment had, if it is to be kept, and copy it back, if there was one. */
void monitor_keep(const monitor *w, const model *m);
void monitor_restore(const monitor *w, const model *m);

#endif
