/* Does a job fit its data? */
#include <stdlib.h>

#include "io/job/axes_option.h"
#include "io/job/axis_values.h"
#include "io/job/cell_plan.h"
#include "io/job/faults.h"
#include "io/job/keys.h"
#include "io/job/table.h"
#include "io/job/variants.h"
#include "io/job/where.h"

static status prefix_fault(const tree_node *tree, fault f, error_info *error) {
    char key[FAULT_KEY_SIZE];
    job_fault_key(f, key);
    return job_prefix_key(tree, key, error);
}

/* ---- Checking ---------------------------------------------------------------------------------- */

/* An axis may set one key and make another meaningless: both are named. */
static status prefix_axis(const job *j, int axis, size_t value, fault f, error_info *error) {
    const job_axis *source = &j->details->axes[axis];
    char key[FAULT_KEY_SIZE], set[JOB_AXIS_KEYS_SIZE];
    job_axis_keys(j, axis, set);
    job_fault_key(f, key);
    if (key[0] != '\0' && !job_key_is_within(set, key))
        error_prefix(error, "%s: ", key);
    return job_prefix_place(axis_value_place(source, value), set, error);
}

/* Are all cells left out that have the labels of a variant and, on `axis` (-1: none), this value? */
static bool is_left_out(const job *j, size_t variant, int axis, size_t value) {
    size_t index[GRID_MAX_AXES];
    bool fixed[GRID_MAX_AXES];
    job_variant_position(j, variant, index);
    for (int i = 0; i < j->grid.axis_count; i++)
        fixed[i] = i == axis || j->grid.axes[i].kind == AXIS_LABEL;
    if (axis >= 0)
        index[axis] = value;
    return job_where_covers(j, index, fixed);
}

static status check_axis(const job *j, size_t variant, int axis, const dataset *data, cell_plan *m,
                         error_info *error) {
    for (size_t i = 0; i < j->grid.axes[axis].count; i++) {
        if (!job_variant_has(j, variant, axis, i) || is_left_out(j, variant, axis, i))
            continue;
        m->spec = j->details->variants[variant];
        job_apply_number(j, axis, i, &m->spec);
        if (engine_plan(&m->spec, data, &m->plan, error) != STATUS_OK)
            return prefix_axis(j, axis, i, m->plan.fault, error);
    }
    return STATUS_OK;
}

/* Integers are taken for classes unless the job says otherwise. */
static void advise(const job *j, const training_spec *spec, const dataset *data, fault f, error_info *error) {
    const bool own = DATA_OWN >> j->data.source & 1;
    if (own && j->data.task == TASK_AUTO && f.subject == FAULT_LAYER && data->classes > 2 &&
        LOSSES_OF_NUMBERS >> spec->loss.kind & 1)
        error_append(error, "; to predict the integers as numbers: data.task: regression");
}

static status check_variant(const job *j, size_t variant, const dataset *data, training_plan *plan,
                            cell_plan *m, error_info *error) {
    const training_spec *spec = &j->details->variants[variant];
    if (engine_plan(spec, data, plan, error) != STATUS_OK) {
        advise(j, spec, data, plan->fault, error);
        RETURN_IF_FAILED(job_variant_select(j, variant, error));
        return prefix_fault(j->details->tree, plan->fault, error);
    }
    for (int axis = 0; axis < j->grid.axis_count; axis++)
        if (j->grid.axes[axis].kind == AXIS_NUMBER)
            RETURN_IF_FAILED(check_axis(j, variant, axis, data, m, error));
    return STATUS_OK;
}

status job_check(const job *j, const dataset *data, training_plan *plan, error_info *error) {
    cell_plan *m = malloc(sizeof *m);
    if (m == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory");
    status result = check_variant(j, 0, data, plan != NULL ? plan : &m->plan, m, error);
    for (size_t variant = 1; result == STATUS_OK && variant < job_variant_count(j); variant++)
        if (!is_left_out(j, variant, -1, 0))
            result = check_variant(j, variant, data, &m->plan, m, error);
    free(m);
    return result;
}
