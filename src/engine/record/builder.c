/* Names of quantities, and variables of a layout in the making. */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "engine/record/row.h"

static const char *const names[] = {
#define X(quantity, name) [RECORD_##quantity] = #name,
    RECORD_QUANTITIES(X)
#undef X
};

const name_table record_names = NAME_TABLE(names);

status record_refuse(const builder *b, size_t field, const char *format, ...) {
    char text[ERROR_TEXT_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    *b->fault = (fault){FAULT_FIELD, field};
    return error_set(b->error, STATUS_USAGE, "%s", text);
}

status record_append(const builder *b, const record_variable *v) {
    *b->fault = (fault){FAULT_FIELD, RECORD_FIELD(v->quantity, every)};
    return record_layout_append(b->layout, v, b->error);
}

/* When a quantity is recorded. Without training, what belongs to epochs is recorded once, after epoch 0. */
static void set_moments(const builder *b, const record_spec *r, record_variable *v) {
    const bool untrained = b->spec->epochs == 0;
    v->first = v->every = r->every;
    switch (r->unit) {
    case RECORD_PER_STEP:
        v->axis = RECORD_AXIS_STEP;
        v->count = (size_t)(b->steps / r->every);
        break;
    case RECORD_PER_EPOCH:
        v->axis = RECORD_AXIS_EPOCH;
        v->first = untrained ? 0 : r->every;
        v->count = untrained ? 1 : (size_t)(b->spec->epochs / r->every);
        break;
    case RECORD_AT_END:
        v->axis = RECORD_AXIS_NONE;
        v->count = 1;
        break;
    }
}

record_variable record_new_variable(const builder *b, record_quantity q) {
    record_variable v = {.quantity = q, .units = measure_is_accuracy(b->row->measure) ? "percent" : "1"};
    set_moments(b, &b->spec->records[q], &v);
    snprintf(v.name, sizeof v.name, "%s", name_at(&record_names, q));
    const char *samples = b->row->set != SET_BATCH      ? ""
                          : v.axis == RECORD_AXIS_EPOCH ? " over the epoch"
                                                        : " of the batch";
    snprintf(v.long_name, sizeof v.long_name, "%s%s", b->row->long_name, samples);
    return v;
}

record_dimension *record_add_dimension(record_variable *v, const char *name, size_t length) {
    assert(v->rank < RECORD_MAX_RANK);
    record_dimension *d = &v->dims[v->rank++];
    *d = (record_dimension){.length = length, .step = 1};
    snprintf(d->name, sizeof d->name, "%s", name);
    return d;
}

record_dimension *record_add_own_dimension(record_variable *v, const char *name, size_t length) {
    char own[RECORD_NAME_SIZE];
    snprintf(own, sizeof own, "%.30s_%s", v->name, name);
    return record_add_dimension(v, own, length);
}
