#include "engine/record/records.h"

#include <math.h>
#include <string.h>

#include "engine/record/row.h"

const record_row *record_row_of(record_quantity q) {
    static const record_row *const rows[] = {
#define X(quantity, name) [RECORD_##quantity] = &record_##name,
        RECORD_QUANTITIES(X)
#undef X
    };
    return rows[q];
}

bool record_is_accuracy(record_quantity q) {
    return measure_is_accuracy(record_row_of(q)->measure);
}

bool record_is_best_high(record_quantity q) {
    return record_is_accuracy(q) || record_row_of(q)->measure == MEASURE_R2;
}

/* ---- Layout ------------------------------------------------------------------------------------ */

static status check_quantity(const builder *b, record_quantity q) {
    static const char *const names[] = {
        [SET_TRAIN] = "training", [SET_VALIDATION] = "validation", [SET_TEST] = "test"};
    const sample_set set = b->row->set;
    const dataset_split *split = record_split(b->data, set);
    const bool classes = b->data->classes > 0, labels = LOSSES_OF_LABELS >> b->spec->loss.kind & 1;
    if (b->spec->records[q].unit == RECORD_PER_STEP && b->spec->epochs == 0)
        return record_refuse(b, RECORD_FIELD(q, every),
                             "per step, but 0 epochs have no steps; accepted: per epoch, or at the end");
    if (split != NULL && split->count == 0)
        return record_refuse(
            b, RECORD_FIELD(q, every),
            "the data set has no %s set; accepted: never, or data with one, see the keys data.%s…",
            names[set], names[set]);
    if (b->row->measure == MEASURE_ACCURACY && !classes && !labels)
        return record_refuse(b, RECORD_FIELD(q, every), "a regression has no classes");
    if (b->row->of_classes && !classes)
        return record_refuse(b, RECORD_FIELD(q, every), "samples without classes have no true class");
    if (b->row->of_numbers && (classes || labels))
        return record_refuse(b, RECORD_FIELD(q, every),
                             "samples of classes or labels have no numbers to predict; accepted: never, or a "
                             "regression");
    return STATUS_OK;
}

static status add_quantity(builder *b, record_quantity q) {
    b->row = record_row_of(q);
    RETURN_IF_FAILED(check_quantity(b, q));
    return b->row->add(b, q);
}

status record_layout_make(record_layout *layout, const training_spec *spec, const dataset *data,
                          const model *m, long steps, fault *refused, error_info *error) {
    memset(layout, 0, sizeof *layout);
    builder b = {.spec = spec,
                 .data = data,
                 .model = m,
                 .steps = steps,
                 .layout = layout,
                 .fault = refused,
                 .error = error};
    for (int q = 0; q < RECORD_QUANTITY_COUNT; q++)
        if (spec->records[q].every > 0)
            RETURN_IF_FAILED(add_quantity(&b, (record_quantity)q));
    const status result = record_layout_place(layout, error);
    if (result != STATUS_OK)
        *refused = (fault){FAULT_FIELD, RECORD_FIELD(record_layout_largest(layout)->quantity, every)};
    return result;
}

/* ---- Cost -------------------------------------------------------------------------------------- */

/* How often a set is evaluated for its numbers: those of one unit are taken at the same moments. */
static double evaluations(const record_layout *layout, sample_set set) {
    double most[] = {[RECORD_AXIS_STEP] = 0, [RECORD_AXIS_EPOCH] = 0, [RECORD_AXIS_NONE] = 0};
    for (int i = 0; i < layout->variable_count; i++) {
        const record_variable *v = &layout->variables[i];
        const record_row *row = record_row_of(v->quantity);
        if (row->set == set && row->measure != MEASURE_NONE)
            most[v->axis] = fmax(most[v->axis], (double)v->count);
    }
    return most[RECORD_AXIS_STEP] + most[RECORD_AXIS_EPOCH] + most[RECORD_AXIS_NONE];
}

/* Of one moment of an array. */
static double array_flops(const record_variable *v, const record_spec *r, size_t test_samples, double forward,
                          double backward) {
    const record_row *row = record_row_of(v->quantity);
    const double each = row->differentiates ? forward + backward : forward;
    return row->samples != NULL ? row->samples(v, r, test_samples) * each : 0;
}

double record_flops(const training_spec *spec, const dataset *data, const record_layout *layout,
                    double forward, double backward) {
    double flops = 0;
    for (sample_set set = SET_TRAIN; set < SET_COUNT; set++)
        flops += evaluations(layout, set) * (double)record_split(data, set)->count * forward;
    for (int i = 0; i < layout->variable_count; i++) {
        const record_variable *v = &layout->variables[i];
        flops += (double)v->count *
                 array_flops(v, &spec->records[v->quantity], data->test.count, forward, backward);
    }
    return flops;
}
