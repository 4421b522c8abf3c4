#include "engine/record/best.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>

/* ---- Layout ------------------------------------------------------------------------------------ */

static const char *watched_name(const training_spec *spec) {
    return name_at(&monitor_names, spec->monitor.number);
}

static status refuse(const builder *b, const char *what) {
    return record_refuse(b, offsetof(training_spec, monitor.number),
                         "%s %s; accepted: a number that is recorded per step or per epoch",
                         watched_name(b->spec), what);
}

static status check(const builder *b) {
    const record_spec *r = &b->spec->records[monitor_quantity(b->spec->monitor.number)];
    if (r->every == 0)
        return refuse(b, "is not recorded");
    return r->unit == RECORD_AT_END ? refuse(b, "is recorded once, at the end") : STATUS_OK;
}

/* The curve of the number that is watched; check has found that there is one. */
static const record_variable *watched_curve(const record_layout *layout, const training_spec *spec) {
    const record_quantity q = monitor_quantity(spec->monitor.number);
    const record_variable *v = layout->variables;
    while (v->quantity != q || v->role != ROLE_RECORDED)
        v++;
    assert(v < layout->variables + layout->variable_count);
    return v;
}

/* Numbers that are recorded whenever this one is. */
static bool has_same_moments(const record_variable *v, const record_variable *watched) {
    return v->role == ROLE_RECORDED && v->axis == watched->axis && v->first == watched->first &&
           v->every == watched->every && record_measurement(v->quantity)->measure != MEASURE_NONE;
}

static record_variable once_per_cell(const builder *b, record_role role) {
    return (record_variable){.quantity = monitor_quantity(b->spec->monitor.number),
                             .role = role,
                             .units = "1",
                             .axis = RECORD_AXIS_NONE,
                             .first = 1,
                             .every = 1,
                             .count = 1};
}

static status add_best_moment(const builder *b, record_axis axis) {
    record_variable v = once_per_cell(b, ROLE_BEST_MOMENT);
    snprintf(v.name, sizeof v.name, axis == RECORD_AXIS_STEP ? "best_step" : "best_epoch");
    snprintf(v.long_name, sizeof v.long_name, "%s after which %s was best",
             axis == RECORD_AXIS_STEP ? "steps" : "epochs", watched_name(b->spec));
    return record_append(b, &v);
}

static status add_planned_steps(const builder *b) {
    record_variable v = once_per_cell(b, ROLE_PLANNED_STEPS);
    snprintf(v.name, sizeof v.name, RECORD_STEPS_PLANNED);
    snprintf(v.long_name, sizeof v.long_name, "optimiser steps of a training that does not end early");
    return record_append(b, &v);
}

static status add_best_value(const builder *b, const record_variable *of) {
    record_variable v = once_per_cell(b, ROLE_BEST_VALUE);
    v.quantity = of->quantity;
    v.layer = of->layer;
    v.units = of->units;
    snprintf(v.name, sizeof v.name, "best_%.40s", of->name);
    snprintf(v.long_name, sizeof v.long_name, "%.80s when %s was best", of->long_name, watched_name(b->spec));
    return record_append(b, &v);
}

status record_add_best(builder *b) {
    record_layout *layout = b->layout;
    const int recorded = layout->variable_count;
    if (b->spec->monitor.number == MONITOR_NONE)
        return STATUS_OK;
    RETURN_IF_FAILED(check(b));
    const record_variable watched = *watched_curve(layout, b->spec);
    RETURN_IF_FAILED(add_best_moment(b, watched.axis));
    RETURN_IF_FAILED(add_planned_steps(b));
    for (int i = 0; i < recorded; i++) {
        record_variable *v = &layout->variables[i];
        if (!has_same_moments(v, &watched))
            continue;
        v->has_final = b->spec->monitor.keep == KEEP_BEST;
        RETURN_IF_FAILED(add_best_value(b, v));
    }
    return STATUS_OK;
}

/* ---- Values ------------------------------------------------------------------------------------ */

static size_t place_of(const record_variable *v, const moment *now) {
    return (size_t)((now->done - v->first) / v->every);
}

static long planned_steps(const trainer *t) {
    const size_t batch = trainer_batch(t->spec, t->data), samples = trainer_epoch_samples(t->spec, t->data);
    return (long)((samples + batch - 1) / batch) * t->spec->epochs;
}

/* The value that a curve of the layout has at this moment. */
static float value_now(const trainer *t, const record_variable *of, const moment *now) {
    const record_layout *layout = t->recorder.layout;
    for (int i = 0; i < layout->variable_count; i++) {
        const record_variable *v = &layout->variables[i];
        if (v->role == ROLE_RECORDED && v->quantity == of->quantity && v->layer == of->layer)
            return t->recorder.values[v->offset + place_of(v, now)];
    }
    return NAN;
}

static float best_value(const trainer *t, const record_variable *v, const moment *now) {
    switch (v->role) {
    case ROLE_BEST_MOMENT:
        return (float)now->done;
    case ROLE_PLANNED_STEPS:
        return (float)planned_steps(t);
    case ROLE_BEST_VALUE:
    case ROLE_RECORDED:
        break;
    }
    return value_now(t, v, now);
}

static void write_best(trainer *t, const moment *now) {
    const record_layout *layout = t->recorder.layout;
    for (int i = 0; i < layout->variable_count; i++) {
        const record_variable *v = &layout->variables[i];
        float *values = t->recorder.values + v->offset;
        if (v->role != ROLE_RECORDED)
            *values = best_value(t, v, now);
        else if (v->has_final)
            values[v->count * record_moment_size(v)] = value_now(t, v, now);
    }
}

void record_note_best(trainer *t, const moment *now) {
    if (t->monitor.past == NULL)
        return;
    const record_variable *watched = watched_curve(t->recorder.layout, t->spec);
    if (!record_due(&t->spec->records[watched->quantity], now->unit, now->done))
        return;
    if (monitor_judge(&t->monitor, (double)t->recorder.values[watched->offset + place_of(watched, now)])) {
        write_best(t, now);
        monitor_keep(&t->monitor, &t->model);
    }
}
