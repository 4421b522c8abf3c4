#include "engine/optimizers.h"

#include <string.h>

void optimizer_carve(optimizer *o, const optimizer_spec *spec, const model *m, arena *a) {
    *o = (optimizer){.spec = *spec, .count = m->parameter_reals};
    o->velocity = arena_take(a, o->count * sizeof(real));
    if (o->velocity != NULL)
        memset(o->velocity, 0, o->count * sizeof(real));
}

void optimizer_step(const optimizer *o, const model *m) {
    switch (o->spec.kind) {
    case OPTIMIZER_SGD:
        m->kernels->sgd(o->count, m->parameters, o->velocity, m->gradients, (real)o->spec.lr,
                        (real)o->spec.momentum);
        break;
    }
}
