#include "engine/monitor.h"

#include <assert.h>
#include <math.h>
#include <string.h>

static const char *const names[] = {[MONITOR_NONE] = "none",
#define X(quantity, name) [MONITOR_##quantity] = #name,
                                    MONITORED_NUMBERS(X)
#undef X
};

const name_table monitor_names = NAME_TABLE(names);

record_quantity monitor_quantity(monitored_number number) {
    static const record_quantity quantities[] = {
#define X(quantity, name) [MONITOR_##quantity] = RECORD_##quantity,
        MONITORED_NUMBERS(X)
#undef X
    };
    assert(number > MONITOR_NONE && number < MONITORED_NUMBER_COUNT);
    return quantities[number];
}

void monitor_carve(monitor *w, const training_spec *spec, const model *m, arena *a) {
    const monitor_spec *s = &spec->monitor;
    const bool watches = s->number != MONITOR_NONE, keeps = watches && s->keep == KEEP_BEST;
    *w = (monitor){.spec = spec, .parameter_reals = m->parameter_reals, .state_reals = m->state_reals};
    if (watches)
        w->past = arena_take(a, sizeof *w->past);
    if (keeps)
        w->parameters = arena_take(a, m->parameter_reals * sizeof *w->parameters);
    if (keeps && m->state_reals > 0)
        w->state = arena_take(a, m->state_reals * sizeof *w->state);
}

void monitor_start(monitor *w, bool highest) {
    w->highest = highest;
    *w->past = (monitor_past){.rate = w->spec->optimizer.lr};
    w->past->best = w->past->plateau_best = highest ? -INFINITY : INFINITY;
}

/* ---- The schedule plateau ---------------------------------------------------------------------- */

/* PyTorch 1.13, torch.optim.lr_scheduler.ReduceLROnPlateau, is_better:
 *   rel: a < best · (1 − threshold), or a > best · (1 + threshold) where the highest is best
 *   abs: a < best − threshold, or a > best + threshold */
static bool improves(const monitor *w, double value) {
    const schedule_spec *s = &w->spec->schedule;
    const double sign = w->highest ? 1 : -1, best = w->past->plateau_best;
    const double limit =
        s->threshold_mode == THRESHOLD_REL ? best * (1 + sign * s->threshold) : best + sign * s->threshold;
    return w->highest ? value > limit : value < limit;
}

/* The same, _reduce_lr: lr ← max(lr · factor, min_lr), unless that changes it by 10⁻⁸ or less. */
static void lower_rate(const schedule_spec *s, double *rate) {
    const double lower = fmax(*rate * s->factor, s->min_lr);
    if (*rate - lower > 1e-8)
        *rate = lower;
}

/* The same, step. */
static void judge_plateau(monitor *w, double value) {
    const schedule_spec *s = &w->spec->schedule;
    monitor_past *p = w->past;
    const bool better = improves(w, value);
    p->plateau_best = better ? value : p->plateau_best;
    p->bad = better ? 0 : p->bad + 1;
    if (p->cooldown > 0) {
        p->cooldown--;
        p->bad = 0;
    }
    if (p->bad > (uint64_t)s->patience) {
        lower_rate(s, &p->rate);
        p->cooldown = (uint64_t)s->cooldown;
        p->bad = 0;
    }
}

double monitor_rate(const monitor *w) {
    return w->past != NULL ? w->past->rate : w->spec->optimizer.lr;
}

/* ---- The best, and the end --------------------------------------------------------------------- */

bool monitor_judge(monitor *w, double value) {
    const monitor_spec *s = &w->spec->monitor;
    monitor_past *p = w->past;
    const bool better = w->highest ? value - s->min_delta > p->best : value + s->min_delta < p->best;
    p->best = better ? value : p->best;
    p->waited = better ? 0 : p->waited + 1;
    p->ended = s->patience > 0 && p->waited >= (uint64_t)s->patience;
    if (w->spec->schedule.kind == SCHEDULE_PLATEAU)
        judge_plateau(w, value);
    return better;
}

bool monitor_ends(const monitor *w) {
    return w->past != NULL && w->past->ended != 0;
}

void monitor_keep(const monitor *w, const model *m) {
    if (w->parameters != NULL)
        memcpy(w->parameters, m->parameters, w->parameter_reals * sizeof *w->parameters);
    if (w->state != NULL)
        memcpy(w->state, m->state, w->state_reals * sizeof *w->state);
}

void monitor_restore(const monitor *w, const model *m) {
    if (w->past == NULL || isinf(w->past->best))
        return;
    if (w->parameters != NULL)
        memcpy(m->parameters, w->parameters, w->parameter_reals * sizeof *w->parameters);
    if (w->state != NULL)
        memcpy(m->state, w->state, w->state_reals * sizeof *w->state);
}
