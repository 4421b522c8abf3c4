/* Optimisers: one loop over the model's parameter block. Private to the engine. */
#ifndef ENGINE_OPTIMIZERS_H
#define ENGINE_OPTIMIZERS_H

#include "engine/model.h"

typedef struct optimizer {
    optimizer_spec spec;
    size_t count;   /* reals of the parameter block */
    real *velocity; /* (count), v of momentum */
} optimizer;

/* Take the state's memory from `a` (measuring or real), zeroed. */
void optimizer_carve(optimizer *o, const optimizer_spec *spec, const model *m, arena *a);

/* One update of the model's parameters from its gradients. */
void optimizer_step(const optimizer *o, const model *m);

#endif
