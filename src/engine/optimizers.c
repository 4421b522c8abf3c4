#include "engine/optimizers.h"

#include <math.h>

#include "engine/clipping.h"

typedef struct optimizer_row {
    const char *name;
    bool first, second; /* the states that it keeps */
    /* Complete the update number `t`, from 1, and run it; NULL: full_batch.c has the loop. */
    void (*prepare)(const optimizer *o, double lr, uint64_t t, update *u);
    void (*run)(const kernel_set *kernels, const update *u);
} optimizer_row;

/* ---- Steps ------------------------------------------------------------------------------------- */

static void prepare_sgd(const optimizer *o, double lr, uint64_t t, update *u) {
    (void)lr, (void)t;
    u->decay1 = (real)o->spec.momentum;
}

static void prepare_nesterov(const optimizer *o, double lr, uint64_t t, update *u) {
    u->nesterov = true;
    prepare_sgd(o, lr, t, u);
}

static void run_sgd(const kernel_set *kernels, const update *u) {
    kernels->sgd(u);
}

/* The bias corrections, and ε as the kernel has it: √v · correction + ε. Keras's rate lr √c₂ / c₁ and
 * denominator √v + ε are ours with ε / √c₂. */
static void correct_adam(const optimizer *o, double lr, uint64_t t, update *u) {
    const double c1 = 1 - pow(o->spec.beta1, (double)t), c2 = 1 - pow(o->spec.beta2, (double)t);
    u->lr = (real)(lr / c1);
    u->correction = (real)(1 / sqrt(c2));
    if (o->spec.epsilon_style == EPSILON_KERAS)
        u->epsilon = (real)(o->spec.epsilon / sqrt(c2));
}

static void prepare_adam(const optimizer *o, double lr, uint64_t t, update *u) {
    u->decay1 = (real)o->spec.beta1;
    u->decay2 = (real)o->spec.beta2;
    u->fresh1 = (real)(1 - o->spec.beta1);
    u->fresh2 = (real)(1 - o->spec.beta2);
    correct_adam(o, lr, t, u);
}

/* lr λ is rounded once: of 1 − lr λ few digits of the rate would be left. */
static void prepare_adamw(const optimizer *o, double lr, uint64_t t, update *u) {
    u->decoupled = true;
    u->weight_decay = (real)(lr * o->spec.weight_decay);
    prepare_adam(o, lr, t, u);
}

static void run_adam(const kernel_set *kernels, const update *u) {
    kernels->adam(u);
}

static void prepare_rmsprop(const optimizer *o, double lr, uint64_t t, update *u) {
    (void)lr, (void)t;
    u->decay1 = (real)o->spec.momentum;
    u->decay2 = (real)o->spec.rho;
    u->fresh2 = (real)(1 - o->spec.rho);
    u->epsilon_inside = o->spec.epsilon_style == EPSILON_KERAS;
}

static void run_rmsprop(const kernel_set *kernels, const update *u) {
    kernels->rmsprop(u);
}

/* ---- The optimisers ---------------------------------------------------------------------------- */

/* g is the gradient plus weight_decay · w; states start at 0; t counts steps from 1. As in PyTorch 1.13:
 *
 *   sgd        v ← μ v + g        w ← w − lr v
 *   nesterov   v ← μ v + g        w ← w − lr (g + μ v)
 *   adam       m ← β₁ m + (1 − β₁) g    v ← β₂ v + (1 − β₂) g²
 *              w ← w − lr m / (1 − β₁ᵗ) / (√v / √(1 − β₂ᵗ) + ε)
 *   adamw      w ← w − lr weight_decay w, then as adam with the gradient alone for g (torch.optim.AdamW)
 *   rmsprop    v ← ρ v + (1 − ρ) g²     b ← μ b + g / (√v + ε)     w ← w − lr b
 *
 * With Keras's ε: adam has w ← w − lr √(1 − β₂ᵗ) / (1 − β₁ᵗ) m / (√v + ε), rmsprop b ← μ b + g / √(v + ε).
 * With decay: weights, weight_decay is 0 for all parameters but the weights of dense and conv layers.
 */
static const optimizer_row rows[OPTIMIZER_KIND_COUNT] = {
    [OPTIMIZER_SGD] = {"sgd", .first = true, .prepare = prepare_sgd, .run = run_sgd},
    [OPTIMIZER_NESTEROV] = {"nesterov", .first = true, .prepare = prepare_nesterov, .run = run_sgd},
    [OPTIMIZER_ADAM] = {"adam", .first = true, .second = true, .prepare = prepare_adam, .run = run_adam},
    [OPTIMIZER_RMSPROP] = {"rmsprop", .second = true, .prepare = prepare_rmsprop, .run = run_rmsprop},
    [OPTIMIZER_TRUNCATED_NEWTON] = {.name = "truncated_newton"},
    [OPTIMIZER_LBFGS] = {.name = "lbfgs"},
    [OPTIMIZER_ADAMW] = {"adamw", .first = true, .second = true, .prepare = prepare_adamw, .run = run_adam},
};

const name_table optimizer_names = NAME_TABLE(rows);

static const char *const decay_scope_list[] = {[DECAY_ALL] = "all", [DECAY_WEIGHTS] = "weights"};
const name_table decay_scope_names = NAME_TABLE(decay_scope_list);

bool optimizer_is_full_batch(optimizer_kind kind) {
    return OPTIMIZERS_FULL_BATCH >> kind & 1;
}

bool optimizer_keeps_first(const optimizer_spec *spec) {
    return rows[spec->kind].first || (spec->kind == OPTIMIZER_RMSPROP && spec->momentum != 0);
}

bool optimizer_keeps_second(const optimizer_spec *spec) {
    return rows[spec->kind].second;
}

void optimizer_carve(optimizer *o, const optimizer_spec *spec, const model *m, arena *a) {
    *o = (optimizer){.spec = *spec, .count = m->parameter_reals};
    if (optimizer_is_full_batch(spec->kind)) {
        o->point = arena_take(a, o->count * sizeof *o->point);
        o->best = arena_take(a, o->count * sizeof *o->best);
    }
    if (optimizer_keeps_first(spec))
        o->first = arena_take(a, o->count * sizeof(real));
    if (optimizer_keeps_second(spec))
        o->second = arena_take(a, o->count * sizeof(real));
    if (clips_gradient(spec))
        o->clipped = arena_take(a, o->count * sizeof(real));
}

void optimizer_prepare(const optimizer *o, const model *m, double lr, uint64_t step, update *u) {
    *u = (update){
        .n = o->count,
        .w = m->parameters,
        .g = m->gradients,
        .first = o->first,
        .second = o->second,
        .lr = (real)lr,
        .weight_decay = (real)o->spec.weight_decay,
        .epsilon = (real)o->spec.epsilon,
    };
    rows[o->spec.kind].prepare(o, lr, step, u);
}

/* The step of `count` parameters from number `first` on. */
static void run_part(const optimizer *o, const model *m, const update *all, size_t first, size_t count,
                     bool decays) {
    update u = *all;
    u.n = count;
    u.w += first;
    u.g += first;
    u.first += u.first != NULL ? first : 0;
    u.second += u.second != NULL ? first : 0;
    u.weight_decay = decays ? u.weight_decay : 0;
    if (count > 0)
        rows[o->spec.kind].run(m->kernels, &u);
}

static void run_by_layers(const optimizer *o, const model *m, const update *all) {
    for (int i = 0; i < m->layer_count; i++) {
        const layer *l = &m->layers[i];
        const size_t weights = l->weight_reals, others = l->parameter_reals - weights;
        run_part(o, m, all, l->parameter_offset, weights, true);
        run_part(o, m, all, l->parameter_offset + weights, others, false);
    }
}

void optimizer_step(const optimizer *o, const model *m, double lr, uint64_t step) {
    update u;
    optimizer_prepare(o, m, lr, step, &u);
    if (o->clipped != NULL) {
        clip_gradient(&o->spec, o->count, m->gradients, o->clipped);
        u.g = o->clipped;
    }
    if (o->spec.decay == DECAY_WEIGHTS && o->spec.weight_decay != 0)
        run_by_layers(o, m, &u);
    else
        rows[o->spec.kind].run(m->kernels, &u);
}
