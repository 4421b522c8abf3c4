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

/* Draws of several keys, some of which take words: their specifications are by combination of words. */
static bool draws_several(const job *j, int axis) {
    return j->details->axes[axis].draws != NULL && j->details->axes[axis].draws->combinations > 0;
}

/* How many specifications an axis asks for, which one at a value, and a value that has it. */
static size_t axis_variants(const job *j, int axis) {
    if (draws_several(j, axis))
        return j->details->axes[axis].draws->combinations;
    return j->grid.axes[axis].kind == AXIS_LABEL ? j->grid.axes[axis].count : 1;
}

static size_t axis_variant_of(const job *j, int axis, size_t index) {
    if (draws_several(j, axis))
        return j->details->axes[axis].draws->combination_of[index];
    return j->grid.axes[axis].kind == AXIS_LABEL ? index : 0;
}

static size_t first_with(const job *j, int axis, size_t variant) {
    return draws_several(j, axis) ? j->details->axes[axis].draws->first_with[variant] : variant;
}

size_t job_variant_count(const job *j) {
    size_t count = 1;
    for (int axis = 0; axis < j->grid.axis_count; axis++)
        count *= axis_variants(j, axis);
    return count;
}

size_t job_variant_of(const job *j, const size_t index[GRID_MAX_AXES]) {
    size_t variant = 0;
    for (int axis = 0; axis < j->grid.axis_count; axis++)
        variant = variant * axis_variants(j, axis) + axis_variant_of(j, axis, index[axis]);
    return variant;
}

void job_variant_position(const job *j, size_t variant, size_t index[GRID_MAX_AXES]) {
    for (int axis = j->grid.axis_count - 1; axis >= 0; axis--) {
        const size_t count = axis_variants(j, axis);
        index[axis] = first_with(j, axis, variant % count);
        variant /= count;
    }
}

bool job_variant_has(const job *j, size_t variant, int axis, size_t index) {
    for (int later = j->grid.axis_count - 1; later > axis; later--)
        variant /= axis_variants(j, later);
    return variant % axis_variants(j, axis) == axis_variant_of(j, axis, index);
}

static status put_key(const job *j, const job_axis *axis, size_t index, int k, error_info *error) {
    const char *key = axis->keys[k].text;
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

static bool takes_words(const job_axis *axis, int k) {
    return axis->number == NULL && (axis->draws == NULL || axis->draws->keys[k].words != NULL);
}

static status put_value(const job *j, const job_axis *axis, size_t index, error_info *error) {
    for (int k = 0; k < axis->key_count; k++)
        if (takes_words(axis, k))
            RETURN_IF_FAILED(put_key(j, axis, index, k, error));
    return STATUS_OK;
}

status job_variant_select(const job *j, size_t variant, error_info *error) {
    for (int i = j->grid.axis_count - 1; i >= 0; i--) {
        const size_t count = axis_variants(j, i);
        RETURN_IF_FAILED(put_value(j, &j->details->axes[i], first_with(j, i, variant % count), error));
        variant /= count;
    }
    return STATUS_OK;
}

/* Put a number for a key that is not written anywhere else. */
static status put_missing_number(const job *j, const axis_key *key, double number, error_info *error) {
    if (job_key_find(j->details->tree, key->text) != NULL)
        return STATUS_OK;
    char text[NUMBER_SIZE];
    tree_node *value;
    option_number_text(number, text, sizeof text);
    RETURN_IF_FAILED(tree_parse(&value, key->place.source, false, text, strlen(text), error));
    value->place = key->place;
    return job_key_replace(j->details->tree, key->text, value, error);
}

/* The first numbers of an axis. */
static status put_missing_numbers(const job *j, int index, error_info *error) {
    const job_axis *axis = &j->details->axes[index];
    if (axis->number != NULL)
        return put_missing_number(j, &axis->keys[0], j->grid.axes[index].numbers[0], error);
    for (int k = 0; axis->draws != NULL && k < axis->key_count; k++)
        if (!takes_words(axis, k))
            RETURN_IF_FAILED(put_missing_number(j, &axis->keys[k], axis->draws->keys[k].numbers[0], error));
    return STATUS_OK;
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
        RETURN_IF_FAILED(put_missing_numbers(j, axis, error));
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
    if (source->number != NULL)
        job_key_store(source->number, source->offset, source->layer, j->grid.axes[axis].numbers[index], spec);
    for (int k = 0; source->number == NULL && k < source->key_count; k++) {
        const drawn_key *key = &source->draws->keys[k];
        if (key->words == NULL)
            job_key_store(key->number, key->offset, key->layer, key->numbers[index], spec);
    }
}
