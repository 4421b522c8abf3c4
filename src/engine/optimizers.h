/* Optimisers: one loop over the model's parameter block. Private to the engine.
 * optimizers.c has a row for every kind, with its formula. */
#ifndef ENGINE_OPTIMIZERS_H
#define ENGINE_OPTIMIZERS_H

#include "engine/model.h"

typedef struct optimizer {
    optimizer_spec spec;
    size_t count;         /* reals of the parameter block */
    real *first, *second; /* (count) state; NULL where the kind has none */
    real *clipped;        /* (count) the gradient of the last step as it was used; NULL: as it is */
    double *point;        /* (count) full-batch kinds: the present point of the search … */
    real *best;           /* … and the best point that it has seen */
} optimizer;

/* Those of full_batch.h: they have no steps of their own. */
bool optimizer_is_full_batch(optimizer_kind kind);

/* The states that it keeps. */
bool optimizer_keeps_first(const optimizer_spec *spec);
bool optimizer_keeps_second(const optimizer_spec *spec);

/* Take the state's memory from `a` (measuring or real), uninitialised: it must be zero at the start. */
void optimizer_carve(optimizer *o, const optimizer_spec *spec, const model *m, arena *a);

/* The numbers of update number `step`, from 1, at learning rate `lr`, and what it works on. */
void optimizer_prepare(const optimizer *o, const model *m, double lr, uint64_t step, update *u);

/* Update number `step`, from 1, of the model's parameters from its gradients, at learning rate `lr`. The
 * gradients stay as they are when they are clipped. */
void optimizer_step(const optimizer *o, const model *m, double lr, uint64_t step);

#endif
