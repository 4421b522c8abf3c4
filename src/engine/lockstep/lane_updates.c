/* One step of an optimiser in lanes; optimizers.c has the formulas. Lanes that are not alive keep their
 * values. */
#include "engine/lockstep/lane_tables.h"

/* The numbers of one vector of lanes. */
typedef struct rates {
    mask alive;
    vector lr, weight_decay, decay1, decay2, fresh1, fresh2, correction, inside, outside;
} rates;

INLINE rates rates_of(const lane_update *u, int part) {
    const vector epsilon = load(u->epsilon + part), none = all(0);
    return (rates){.alive = load_mask(u->alive + part),
                   .lr = load(u->lr + part),
                   .weight_decay = load(u->weight_decay + part),
                   .decay1 = load(u->decay1 + part),
                   .decay2 = load(u->decay2 + part),
                   .fresh1 = load(u->fresh1 + part),
                   .fresh2 = load(u->fresh2 + part),
                   .correction = load(u->correction + part),
                   .inside = u->epsilon_inside ? epsilon : none,
                   .outside = u->epsilon_inside ? none : epsilon};
}

/* The gradient with weight decay. */
INLINE vector decayed(const rates *r, vector w, vector g) {
    return g + r->weight_decay * w;
}

INLINE void keep_alive(const rates *r, float *to, vector fresh, vector old) {
    store(to, choose(r->alive, fresh, old));
}

static void sgd(const lane_update *u) {
    for (int part = 0; part < u->lanes; part += VECTOR_LANES) {
        const rates r = rates_of(u, part);
        for (size_t at = (size_t)part; at < u->count * LANES; at += LANES) {
            const vector w = load(u->w + at), g = decayed(&r, w, load(u->g + at)), v = load(u->first + at);
            const vector velocity = r.decay1 * v + g;
            const vector direction = u->nesterov ? g + r.decay1 * velocity : velocity;
            keep_alive(&r, u->first + at, velocity, v);
            keep_alive(&r, u->w + at, w - r.lr * direction, w);
        }
    }
}

/* `decoupled` is a constant: a loop for each. */
INLINE void adam_step(const lane_update *u, const bool decoupled) {
    for (int part = 0; part < u->lanes; part += VECTOR_LANES) {
        const rates r = rates_of(u, part);
        for (size_t at = (size_t)part; at < u->count * LANES; at += LANES) {
            const vector w = load(u->w + at), gradient = load(u->g + at);
            const vector g = decoupled ? gradient : decayed(&r, w, gradient);
            const vector kept = decoupled ? w - r.weight_decay * w : w;
            const vector m = load(u->first + at), v = load(u->second + at);
            const vector first = r.decay1 * m + r.fresh1 * g;
            const vector second = r.decay2 * v + r.fresh2 * g * g;
            keep_alive(&r, u->first + at, first, m);
            keep_alive(&r, u->second + at, second, v);
            keep_alive(&r, u->w + at, kept - r.lr * first / (root(second) * r.correction + r.outside), w);
        }
    }
}

static void adam(const lane_update *u) {
    if (u->decoupled)
        adam_step(u, true);
    else
        adam_step(u, false);
}

static void rmsprop_momentum(const lane_update *u) {
    for (int part = 0; part < u->lanes; part += VECTOR_LANES) {
        const rates r = rates_of(u, part);
        for (size_t at = (size_t)part; at < u->count * LANES; at += LANES) {
            const vector w = load(u->w + at), g = decayed(&r, w, load(u->g + at));
            const vector b = load(u->first + at), v = load(u->second + at);
            const vector second = r.decay2 * v + r.fresh2 * g * g;
            const vector first = r.decay1 * b + g / (root(second + r.inside) + r.outside);
            keep_alive(&r, u->first + at, first, b);
            keep_alive(&r, u->second + at, second, v);
            keep_alive(&r, u->w + at, w - r.lr * first, w);
        }
    }
}

static void rmsprop(const lane_update *u) {
    if (u->first != NULL) {
        rmsprop_momentum(u);
        return;
    }
    for (int part = 0; part < u->lanes; part += VECTOR_LANES) {
        const rates r = rates_of(u, part);
        for (size_t at = (size_t)part; at < u->count * LANES; at += LANES) {
            const vector w = load(u->w + at), g = decayed(&r, w, load(u->g + at)), v = load(u->second + at);
            const vector second = r.decay2 * v + r.fresh2 * g * g;
            keep_alive(&r, u->second + at, second, v);
            keep_alive(&r, u->w + at, w - r.lr * g / (root(second + r.inside) + r.outside), w);
        }
    }
}

/* For all lanes: what belongs to no network is not looked at. */
static void add_penalty(size_t count, const float *slope, const float *w, float *g) {
    for (int part = 0; part < LANES; part += VECTOR_LANES) {
        const vector s = load(slope + part);
        for (size_t at = (size_t)part; at < count * LANES; at += LANES)
            store(g + at, load(g + at) + s * load(w + at));
    }
}

void LANE_KERNEL(fill_lane_updates)(lane_kernels *k) {
    k->sgd = sgd;
    k->adam = adam;
    k->rmsprop = rmsprop;
    k->add_penalty = add_penalty;
}
