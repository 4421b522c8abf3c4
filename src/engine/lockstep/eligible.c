/* Which networks are trained in lockstep, and which of them have the same shape. */
#include "base/random.h"
#include "engine/clipping.h"
#include "engine/lockstep/lane_kernels.h"
#include "engine/lockstep/lockstep.h"

/* Inputs and outputs of a layer: with more, a network fills vectors by itself. */
enum { MOST_VALUES = 32 };

static bool is_small(tensor_shape shape) {
    return shape_values(shape) <= MOST_VALUES;
}

static bool accepts_layers(const model *m) {
    for (int i = 0; i < m->layer_count; i++) {
        const layer *l = &m->layers[i];
        if (!(LOCKSTEP_LAYERS >> l->spec.kind & 1) || !is_small(l->in) || !is_small(l->out))
            return false;
    }
    return true;
}

/* One that watches a number may end before its companions, and with other parameters; one that changes its
 * images cannot share batches with them. */
static bool accepts_training(const trainer *t) {
    return t->spec->epochs > 0 && t->spec->monitor.number == MONITOR_NONE && !t->augments;
}

/* The terms of cross-entropy and binary cross-entropy of a softmax have no lane kernel. */
static bool accepts_loss(const loss_function *l) {
    const bool softmax = l->spec.kind == LOSS_BINARY_CROSS_ENTROPY && l->link == LINK_SOFTMAX;
    const bool plain =
        l->spec.entropy_weight == 0 && l->spec.label_smoothing == 0 && l->spec.class_weight_count == 0;
    return LOCKSTEP_LOSSES >> l->spec.kind & 1 && plain && !softmax;
}

/* A clipped gradient has no lane kernel. */
static bool accepts_optimizer(const optimizer_spec *o) {
    return LOCKSTEP_OPTIMIZERS >> o->kind & 1 && !clips_gradient(o);
}

/* Lanes count what is right in a batch, and no other metrics. */
static bool is_eligible(const trainer *t) {
    lane_kernels kernels;
    return accepts_training(t) && accepts_optimizer(&t->spec->optimizer) && accepts_layers(&t->model) &&
           accepts_loss(&t->loss) && !tally_is_needed(t->spec, SET_BATCH) && lane_kernels_select(&kernels);
}

/* ---- The shape --------------------------------------------------------------------------------- */

static void add(uint64_t *hash, uint64_t value) {
    const uint64_t words[2] = {*hash, value};
    *hash = hash_bytes(words, sizeof words);
}

/* A coefficient of 0 adds no term: bits would depend on whether another lane has one. */
static void add_layers(uint64_t *hash, const trainer *t) {
    add(hash, (uint64_t)t->model.layer_count);
    for (int i = 0; i < t->model.layer_count; i++) {
        const layer *l = &t->model.layers[i];
        const double l2 = l->spec.own_l2 ? l->spec.l2 : t->spec->loss.l2;
        const bool dense = l->spec.kind == LAYER_DENSE;
        add(hash, (uint64_t)l->spec.kind << 32 | (uint64_t)l->position);
        add(hash, shape_size(l->in) << 32 | shape_size(l->out));
        add(hash, dense && l->spec.bias ? 1 : 0);
        add(hash, dense && l2 != 0 ? 1 : 0);
    }
}

static void add_record(uint64_t *hash, const record_spec *r) {
    add(hash, (uint64_t)r->every << 32 | (uint64_t)r->unit);
    add(hash, (uint64_t)r->layer_count << 32 | (uint64_t)(unsigned)r->stride);
    add(hash, (uint64_t)r->sample_count << 32 | (uint64_t)(unsigned)r->points);
}

/* Only when something is recorded matters: what it is, is for each trainer to know. */
static void add_records(uint64_t *hash, const training_spec *spec) {
    for (int q = 0; q < RECORD_QUANTITY_COUNT; q++)
        if (spec->records[q].every > 0) {
            add(hash, (uint64_t)q);
            add_record(hash, &spec->records[q]);
        }
}

uint64_t lockstep_shape(const trainer *t) {
    const training_spec *s = t->spec;
    uint64_t hash = 1;
    if (!is_eligible(t))
        return 0;
    add_layers(&hash, t);
    add_records(&hash, s);
    add(&hash, (uint64_t)s->epochs << 32 | (uint64_t)s->batch);
    add(&hash, (uint64_t)s->last_batch << 32 | (uint64_t)s->shuffle << 1 | (s->mirror > 0));
    add(&hash, (uint64_t)s->loss.kind << 32 | (uint64_t)t->loss.link);
    add(&hash, (uint64_t)s->loss.over_outputs << 32 | (uint64_t)s->loss.over_samples);
    add(&hash, (uint64_t)s->optimizer.kind << 32 | (uint64_t)s->optimizer.epsilon_style);
    add(&hash, (uint64_t)s->optimizer.decay << 1 | optimizer_keeps_first(&s->optimizer));
    add(&hash, (uint64_t)t->data->train.count);
    return hash != 0 ? hash : 1;
}
