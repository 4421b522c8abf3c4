/* What the cells of a job record: one layout with room for them all. */
#include <stdlib.h>
#include <string.h>

#include "io/job/cell_plan.h"
#include "io/job/faults.h"
#include "io/job/table.h"
#include "io/job/where.h"

/* Can the values of this axis make cells record other arrays, or more or fewer values? */
static bool shapes_records(const job *j, int axis) {
    const job_axis *source = &j->details->axes[axis];
    if (j->grid.axes[axis].kind != AXIS_NUMBER)
        return j->grid.axes[axis].kind == AXIS_LABEL;
    for (int k = 0; source->number == NULL && k < source->key_count; k++)
        if (source->draws->keys[k].words != NULL || source->draws->keys[k].number->shapes_records)
            return true;
    return source->number != NULL && source->number->shapes_records;
}

/* The next combination of values of those axes, the last axis fastest; false when there are no more. */
static bool next_combination(const job *j, size_t index[GRID_MAX_AXES]) {
    for (int axis = j->grid.axis_count - 1; axis >= 0; axis--) {
        if (shapes_records(j, axis) && ++index[axis] < j->grid.axes[axis].count)
            return true;
        index[axis] = 0;
    }
    return false;
}

/* A combination of values may be impossible although each value works with the keys outside sweep. */
static status prefix_cell(const job *j, size_t cell, fault f, error_info *error) {
    char place[ERROR_TEXT_SIZE], name[ERROR_TEXT_SIZE / 2], key[FAULT_KEY_SIZE];
    job_fault_key(f, key);
    if (key[0] != '\0')
        error_prefix(error, "%s: ", key);
    tree_place_text(tree_find(j->details->tree, "sweep")->place, place, sizeof place);
    grid_cell_text(&j->grid, cell, name, sizeof name);
    return error_prefix(error, "%s: sweep: cell %s: ", place, name);
}

/* Are all cells left out that have the values of this one on the axes that matter here? */
static bool is_left_out(const job *j, size_t cell) {
    size_t index[GRID_MAX_AXES];
    bool fixed[GRID_MAX_AXES] = {false};
    for (int axis = 0; axis < j->grid.axis_count; axis++)
        fixed[axis] = shapes_records(j, axis);
    grid_cell_index(&j->grid, cell, index);
    return job_where_covers(j, index, fixed);
}

/* Cells that are left out have room, too: sweep.where may change. They may be impossible. */
static status merge_cell(const job *j, const dataset *data, size_t cell, cell_plan *m, record_layout *layout,
                         error_info *error) {
    job_cell_spec(j, cell, &m->spec);
    status result = engine_plan(&m->spec, data, &m->plan, error);
    if (result == STATUS_OK)
        result = record_layout_merge(layout, &m->plan.records, error);
    if (result == STATUS_USAGE && is_left_out(j, cell)) {
        if (error != NULL)
            *error = (error_info){0};
        return STATUS_OK;
    }
    return result == STATUS_OK || j->grid.axis_count == 0 ? result
                                                          : prefix_cell(j, cell, m->plan.fault, error);
}

/* Where the record of a quantity is written. */
static tree_place record_place(const job *j, record_quantity q) {
    const tree_node *section = tree_find(j->details->tree, "record");
    const tree_node *entry = tree_find(section, name_at(&record_names, q));
    return (entry != NULL ? entry : section)->place;
}

static bool has_quantity(const record_layout *layout, record_quantity quantity) {
    for (int i = 0; i < layout->variable_count; i++)
        if (layout->variables[i].quantity == quantity)
            return true;
    return false;
}

/* Every requested record must be recorded by some cell. A single model may lack batch normalisation. */
static status check_recorded(const job *j, const record_layout *layout, error_info *error) {
    if (j->base.records[RECORD_BATCH_NORM].every > 0 && !has_quantity(layout, RECORD_BATCH_NORM))
        return tree_error(error, record_place(j, RECORD_BATCH_NORM),
                          "record.batch_norm: no model of the job has a batch_norm layer");
    for (int i = 0; i < layout->variable_count; i++) {
        const record_variable *v = &layout->variables[i];
        if (v->count == 0)
            return tree_error(error, record_place(j, v->quantity),
                              "record: %s is never recorded: every %d %s is more than any cell has", v->name,
                              v->every, v->axis == RECORD_AXIS_STEP ? "steps" : "epochs");
    }
    return STATUS_OK;
}

status job_layout(const job *j, const dataset *data, record_layout *layout, error_info *error) {
    size_t index[GRID_MAX_AXES] = {0};
    cell_plan *m = malloc(sizeof *m);
    if (m == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory");
    memset(layout, 0, sizeof *layout);
    status result;
    do
        result = merge_cell(j, data, grid_index_cell(&j->grid, index), m, layout, error);
    while (result == STATUS_OK && next_combination(j, index));
    free(m);
    return result == STATUS_OK ? check_recorded(j, layout, error) : result;
}
