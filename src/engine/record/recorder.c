#include "engine/record/recorder.h"

#include <math.h>

#include "engine/record/layers.h"
#include "engine/record/row.h"

void recorder_open(trainer *t, const record_layout *layout, float *values) {
    t->recorder.layout = layout;
    t->recorder.values = values;
    for (size_t i = 0; i < layout->value_count; i++)
        values[i] = NAN;
}

void recorder_settle(trainer *t) {
    record_settle_gradient_norm(t);
}

void recorder_note(trainer *t, const moment *now) {
    const record_layout *layout = t->recorder.layout;
    note n = {.trainer = t, .moment = now};
    for (int i = 0; i < layout->variable_count && !t->stopped; i++) {
        const record_variable *v = &layout->variables[i];
        if (v->role != ROLE_RECORDED || !record_due(&t->spec->records[v->quantity], now->unit, now->done))
            continue;
        const size_t place = v->axis == RECORD_AXIS_NONE ? 0 : (size_t)((now->done - v->first) / v->every);
        n.row = record_row_of(v->quantity);
        n.of = record_measurement(v->quantity);
        n.row->write(&n, v, t->recorder.values + v->offset + place * record_moment_size(v));
    }
}
