#include "io/job/variants.h"
#include "io/option/tree_edit.h"
#include "io/option/yaml_tree.h"

#include <stdlib.h>
#include <string.h>

#include "io/job/axis_values.h"
#include "io/job/data.h"
#include "io/job/keys.h"
#include "io/job/table.h"

enum { NUMBER_SIZE = 32 };

size_t job_variant_count(const job *j) {
    size_t count = 1;
    for (int axis = 0; axis < j->grid.axis_count; axis++)
        if (j->grid.axes[axis].kind == AXIS_LABEL)
            count *= j->grid.axes[axis].count;
    return count;
}

size_t job_variant_of(const job *j, const size_t index[GRID_MAX_AXES]) {
    size_t variant = 0;
    for (int axis = 0; axis < j->grid.axis_count; axis++)
        if (j->grid.axes[axis].kind == AXIS_LABEL)
            variant = variant * j->grid.axes[axis].count + index[axis];
    return variant;
}

static status put_key(const job *j, const job_axis *axis, size_t index, int k, error_info *error) {
    const char *key = axis->keys[k]->text;
    const tree_node *value = axis_value_of_key(axis, index, k);
    if (value == NULL)
        return job_key_remove(j->details->tree, key, axis_value_place(axis, index), error);
    tree_node *copy;
    status result = tree_copy(&copy, value, error);
    if (result == STATUS_OK)
        return job_key_replace(j->details->tree, key, copy, error);
    tree_destroy(&copy);
    return result;
}

static status put_value(const job *j, const job_axis *axis, size_t index, error_info *error) {
    for (int k = 0; k < axis->key_count; k++)
        RETURN_IF_FAILED(put_key(j, axis, index, k, error));
    return STATUS_OK;
}

status job_variant_select(const job *j, size_t variant, error_info *error) {
    for (int i = j->grid.axis_count - 1; i >= 0; i--) {
        const grid_axis *axis = &j->grid.axes[i];
        if (axis->kind != AXIS_LABEL)
            continue;
        RETURN_IF_FAILED(put_value(j, &j->details->axes[i], variant % axis->count, error));
        variant /= axis->count;
    }
    return STATUS_OK;
}

/* The first value of a number axis is used for a key that is not written anywhere else. */
static status put_missing_number(const job *j, int index, error_info *error) {
    const job_axis *axis = &j->details->axes[index];
    const tree_node *key = axis->keys[0];
    if (job_key_find(j->details->tree, key->text) != NULL)
        return STATUS_OK;
    char text[NUMBER_SIZE];
    tree_node *value;
    option_number_text(j->grid.axes[index].numbers[0], text, sizeof text);
    RETURN_IF_FAILED(tree_parse(&value, key->place.source, false, text, strlen(text), error));
    value->place = key->place;
    return job_key_replace(j->details->tree, key->text, value, error);
}

static status check_shift(const job *j, error_info *error) {
    const tree_node *second = tree_find(j->details->tree, "model.shift_2");
    if (second == NULL || j->base.model.start.direction_count == 2)
        return STATUS_OK;
    return tree_error(error, second->key_place,
                      "model.shift_2: model.shift_file has one direction; accepted: model.shift_1");
}

static status read_keys(job *j, error_info *error) {
    RETURN_IF_FAILED(option_read_all(&job_table, "", j->details->tree, j, error));
    RETURN_IF_FAILED(check_shift(j, error));
    return job_data_check(j->details->tree, error);
}

static status read_variant(const job *j, size_t variant, training_spec *spec, error_info *error) {
    RETURN_IF_FAILED(job_variant_select(j, variant, error));
    job *scratch = calloc(1, sizeof *scratch);
    if (scratch == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory");
    scratch->path = j->path;
    scratch->details = j->details;
    const status result = read_keys(scratch, error);
    *spec = scratch->base;
    free(scratch);
    return result;
}

status job_variants_read(job *j, error_info *error) {
    RETURN_IF_FAILED(job_variant_select(j, 0, error));
    for (int axis = 0; axis < j->grid.axis_count; axis++)
        if (j->grid.axes[axis].kind == AXIS_NUMBER)
            RETURN_IF_FAILED(put_missing_number(j, axis, error));
    RETURN_IF_FAILED(read_keys(j, error));
    size_t count = job_variant_count(j);
    j->details->variants = calloc(count, sizeof *j->details->variants);
    if (j->details->variants == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory for %zu combinations of labels", count);
    j->details->variants[0] = j->base;
    for (size_t variant = 1; variant < count; variant++)
        RETURN_IF_FAILED(read_variant(j, variant, &j->details->variants[variant], error));
    return job_variant_select(j, 0, error);
}

void job_apply_number(const job *j, int axis, size_t index, training_spec *spec) {
    const job_axis *source = &j->details->axes[axis];
    source->number->type->store((char *)spec + source->offset, j->grid.axes[axis].numbers[index]);
}
