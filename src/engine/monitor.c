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
    *w->past = (monitor_past){.best = highest ? -INFINITY : INFINITY};
}

bool monitor_judge(monitor *w, double value) {
    const monitor_spec *s = &w->spec->monitor;
    monitor_past *p = w->past;
    const bool better = w->highest ? value - s->min_delta > p->best : value + s->min_delta < p->best;
    p->best = better ? value : p->best;
    p->waited = better ? 0 : p->waited + 1;
    p->ended = s->patience > 0 && p->waited >= (uint64_t)s->patience;
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
