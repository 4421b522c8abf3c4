#include "io/job/where.h"

#include <stdlib.h>
#include <string.h>

#include "io/job/axis_values.h"

enum { START_SIZE = 40, NAME_SIZE = 128, LIST_SIZE = GRID_MAX_AXES * (GRID_NAME_SIZE + 2) };

static status out_of_memory(error_info *error) {
    return error_set(error, STATUS_INTERNAL, "out of memory for sweep.where");
}

/* ---- The option -------------------------------------------------------------------------------- */

static status read_nothing(const option *o, const char *name, const tree_node *node, void *object,
                           error_info *error) {
    (void)o, (void)name, (void)node, (void)object, (void)error;
    return STATUS_OK;
}

static void accepted_where(const option *o, char *text, size_t size) {
    (void)o;
    snprintf(text, size, "a list of combinations, such as [{lr: 0.1, batch: [32, 64]}]");
}

/* It is not written: it changes which cells are trained, but no result. */
const option_type option_where = {.read = read_nothing, .accepted = accepted_where, .may_be_none = true};

/* ---- Reading ----------------------------------------------------------------------------------- */

static status no_such_axis(const job *j, const char *name, const tree_node *entry, error_info *error) {
    char known[LIST_SIZE] = "";
    size_t used = 0;
    for (int axis = 0; axis < j->grid.axis_count; axis++)
        used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", axis > 0 ? ", " : "",
                                 j->grid.axes[axis].name);
    return tree_error(error, entry->key_place, "%s: there is no such axis; accepted: %s", name,
                      used > 0 ? known : "nothing, because the sweep has no axes");
}

static int find_axis(const job *j, const char *name) {
    int axis = 0;
    while (axis < j->grid.axis_count && strcmp(j->grid.axes[axis].name, name) != 0)
        axis++;
    return axis;
}

/* A label in the words of the file, else as a value of the key is written there. */
static void value_name(const grid_axis *axis, const tree_node *value, char name[NAME_SIZE]) {
    snprintf(name, NAME_SIZE, "%s", value->text);
    for (size_t i = 0; axis->kind == AXIS_LABEL && i < axis->count; i++)
        if (strcmp(axis->labels[i], value->text) == 0)
            return;
    if (axis->kind == AXIS_LABEL)
        axis_values_label(value, name, AXIS_LABEL_SIZE);
}

static status add_value(const grid_axis *axis, const char *name, const tree_node *value, bool *chosen,
                        error_info *error) {
    char wanted[NAME_SIZE], place[ERROR_TEXT_SIZE];
    if (value->kind != TREE_SCALAR) {
        tree_describe(value, wanted, sizeof wanted);
        return tree_error(error, value->place, "%s: %s; accepted: a value of the axis, or a list of them",
                          name, wanted);
    }
    value_name(axis, value, wanted);
    if (grid_choose_value(axis, wanted, chosen, error) == STATUS_OK)
        return STATUS_OK;
    tree_place_text(value->place, place, sizeof place);
    return error_prefix(error, "%s: %s: ", place, name);
}

/* One entry of a combination: an axis, and one value or a list of them. */
static status read_entry(const job *j, job_rule *rule, const char *start, const tree_node *entry,
                         error_info *error) {
    char name[NAME_SIZE];
    snprintf(name, sizeof name, "%s.%.60s", start, entry->key);
    const int index = find_axis(j, entry->key);
    if (index == j->grid.axis_count)
        return no_such_axis(j, name, entry, error);
    const grid_axis *axis = &j->grid.axes[index];
    bool *chosen = rule->chosen[index] = calloc(axis->count, sizeof *chosen);
    if (chosen == NULL)
        return out_of_memory(error);
    const bool listed = entry->kind == TREE_LIST && entry->count > 0;
    if (!listed)
        return add_value(axis, name, entry, chosen, error);
    for (const tree_node *value = entry->first; value != NULL; value = value->next)
        RETURN_IF_FAILED(add_value(axis, name, value, chosen, error));
    return STATUS_OK;
}

static status read_rule(const job *j, job_rule *rule, size_t number, const tree_node *item,
                        error_info *error) {
    char name[START_SIZE], found[100];
    snprintf(name, sizeof name, "sweep.where[%zu]", number);
    tree_describe(item, found, sizeof found);
    if (item->kind != TREE_MAP || item->count == 0)
        return tree_error(error, item->place,
                          "%s: %s; accepted: a map of axes to values, such as {lr: 0.1, batch: [32, 64]}",
                          name, found);
    for (const tree_node *entry = item->first; entry != NULL; entry = entry->next)
        RETURN_IF_FAILED(read_entry(j, rule, name, entry, error));
    return STATUS_OK;
}

static bool leaves_all_out(const job *j) {
    const size_t cells = grid_cells(&j->grid);
    for (size_t cell = 0; cell < cells; cell++)
        if (!job_leaves_out(j, cell))
            return false;
    return true;
}

status job_where_read(job *j, error_info *error) {
    static const option where = {.type = &option_where};
    job_details *d = j->details;
    const tree_node *node = tree_find(d->tree, "sweep.where");
    if (node == NULL || tree_is_none(node) || (node->kind == TREE_LIST && node->count == 0))
        return STATUS_OK;
    if (node->kind != TREE_LIST)
        return option_refuse(&where, "sweep.where", node, error);
    d->rules = calloc(node->count + 1, sizeof *d->rules);
    if (d->rules == NULL)
        return out_of_memory(error);
    for (const tree_node *item = node->first; item != NULL; item = item->next, d->rule_count++)
        RETURN_IF_FAILED(read_rule(j, &d->rules[d->rule_count], d->rule_count, item, error));
    if (leaves_all_out(j))
        return tree_error(error, node->place,
                          "sweep.where: leaves out all %zu cells; accepted: combinations that leave some",
                          grid_cells(&j->grid));
    return STATUS_OK;
}

void job_where_destroy(job *j) {
    job_details *d = j->details;
    for (size_t i = 0; d->rules != NULL && i <= d->rule_count; i++) /* there is one more than was read */
        for (int axis = 0; axis < GRID_MAX_AXES; axis++)
            free(d->rules[i].chosen[axis]);
    free(d->rules);
}

/* ---- Cells ------------------------------------------------------------------------------------- */

bool job_where_covers(const job *j, const size_t index[GRID_MAX_AXES], const bool fixed[GRID_MAX_AXES]) {
    for (size_t i = 0; i < j->details->rule_count; i++) {
        const job_rule *rule = &j->details->rules[i];
        bool covers = true;
        for (int axis = 0; axis < j->grid.axis_count && covers; axis++)
            covers = rule->chosen[axis] == NULL || (fixed[axis] && rule->chosen[axis][index[axis]]);
        if (covers)
            return true;
    }
    return false;
}

bool job_leaves_out(const job *j, size_t cell) {
    static const bool fixed[GRID_MAX_AXES] = {true, true, true, true, true, true, true, true};
    size_t index[GRID_MAX_AXES];
    if (j->details->rule_count == 0)
        return false;
    grid_cell_index(&j->grid, cell, index);
    return job_where_covers(j, index, fixed);
}

size_t job_drop_left_out(const job *j, bool *selected) {
    const size_t cells = grid_cells(&j->grid);
    size_t dropped = 0;
    for (size_t cell = 0; cell < cells; cell++)
        if (selected[cell] && job_leaves_out(j, cell)) {
            selected[cell] = false;
            dropped++;
        }
    return dropped;
}
