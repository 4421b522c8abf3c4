/* Optimisers: one loop over the model's parameter block. Private to the engine.
 *
 * g is the gradient plus weight_decay · w; states start at 0; t counts steps from 1. As in PyTorch 1.13:
 *
 *   sgd        v ← μ v + g        w ← w − lr v
 *   nesterov   v ← μ v + g        w ← w − lr (g + μ v)
 *   adam       m ← β₁ m + (1 − β₁) g    v ← β₂ v + (1 − β₂) g²
 *              w ← w − lr m / (1 − β₁ᵗ) / (√v / √(1 − β₂ᵗ) + ε)
 *   rmsprop    v ← ρ v + (1 − ρ) g²     w ← w − lr g / (√v + ε)
 *
 * With Keras's ε: adam has w ← w − lr √(1 − β₂ᵗ) / (1 − β₁ᵗ) m / (√v + ε), rmsprop w ← w − lr g / √(v + ε).
 */
#ifndef ENGINE_OPTIMIZERS_H
#define ENGINE_OPTIMIZERS_H

#include "engine/model.h"

typedef struct optimizer {
    optimizer_spec spec;
    size_t count;         /* reals of the parameter block */
    real *first, *second; /* (count) state; NULL where the kind has none */
    double *point;        /* (count) full-batch kinds: the present point of the search … */
    real *best;           /* … and the best point that it has seen */
} optimizer;

/* Truncated Newton and L-BFGS (full_batch.h): they have no steps of their own. */
bool optimizer_is_full_batch(optimizer_kind kind);

/* Take the state's memory from `a` (measuring or real), uninitialised: it must be zero at the start. */
void optimizer_carve(optimizer *o, const optimizer_spec *spec, const model *m, arena *a);

/* Update number `step`, from 1, of the model's parameters from its gradients, at learning rate `lr`. */
void optimizer_step(const optimizer *o, const model *m, double lr, uint64_t step);

#endif
