#include "engine/optimizers.h"

#include <math.h>

bool optimizer_is_full_batch(optimizer_kind kind) {
    return kind == OPTIMIZER_TRUNCATED_NEWTON || kind == OPTIMIZER_LBFGS;
}

void optimizer_carve(optimizer *o, const optimizer_spec *spec, const model *m, arena *a) {
    *o = (optimizer){.spec = *spec, .count = m->parameter_reals};
    if (optimizer_is_full_batch(spec->kind)) {
        o->point = arena_take(a, o->count * sizeof *o->point);
        o->best = arena_take(a, o->count * sizeof *o->best);
        return;
    }
    if (spec->kind != OPTIMIZER_RMSPROP)
        o->first = arena_take(a, o->count * sizeof(real));
    if (spec->kind == OPTIMIZER_ADAM || spec->kind == OPTIMIZER_RMSPROP)
        o->second = arena_take(a, o->count * sizeof(real));
}

/* The bias corrections, and ε as the kernel has it: √v · correction + ε. Keras's rate lr √c₂ / c₁ and
 * denominator √v + ε are ours with ε / √c₂. */
static void correct_adam(const optimizer *o, uint64_t step, double lr, update *u) {
    const double c1 = 1 - pow(o->spec.beta1, (double)step), c2 = 1 - pow(o->spec.beta2, (double)step);
    u->lr = (real)(lr / c1);
    u->correction = (real)(1 / sqrt(c2));
    if (o->spec.epsilon_style == EPSILON_KERAS)
        u->epsilon = (real)(o->spec.epsilon / sqrt(c2));
}

void optimizer_step(const optimizer *o, const model *m, double lr, uint64_t step) {
    update u = {
        .n = o->count,
        .w = m->parameters,
        .g = m->gradients,
        .first = o->first,
        .second = o->second,
        .lr = (real)lr,
        .weight_decay = (real)o->spec.weight_decay,
        .epsilon = (real)o->spec.epsilon,
    };
    switch (o->spec.kind) {
    case OPTIMIZER_SGD:
    case OPTIMIZER_NESTEROV:
        u.decay1 = (real)o->spec.momentum;
        u.nesterov = o->spec.kind == OPTIMIZER_NESTEROV;
        m->kernels->sgd(&u);
        break;
    case OPTIMIZER_ADAM:
        u.decay1 = (real)o->spec.beta1;
        u.decay2 = (real)o->spec.beta2;
        u.fresh1 = (real)(1 - o->spec.beta1);
        u.fresh2 = (real)(1 - o->spec.beta2);
        correct_adam(o, step, lr, &u);
        m->kernels->adam(&u);
        break;
    case OPTIMIZER_RMSPROP:
        u.decay2 = (real)o->spec.rho;
        u.fresh2 = (real)(1 - o->spec.rho);
        u.epsilon_inside = o->spec.epsilon_style == EPSILON_KERAS;
        m->kernels->rmsprop(&u);
        break;
    case OPTIMIZER_TRUNCATED_NEWTON: /* full_batch.c has their loop */
    case OPTIMIZER_LBFGS:
        break;
    }
}
