#include "io/job/data.h"

#include <stdio.h>
#include <string.h>

#include "io/job/faults.h"
#include "io/job/table.h"

/* ---- Keys against each other ------------------------------------------------------------------- */

static size_t list_length(const tree_node *section, const char *key) {
    const tree_node *list = tree_find(section, key);
    return list != NULL ? list->count : 0;
}

static status check_lengths(const tree_node *section, error_info *error) {
    const size_t mean = list_length(section, "mean"), std = list_length(section, "std");
    if (mean == std)
        return STATUS_OK;
    return tree_error(error, section->place,
                      "data.normalize: %zu values in mean and %zu in std; accepted: the same number in both",
                      mean, std);
}

/* Standardising by feature makes the other keys meaningless. */
static status check_per_feature(const tree_node *section, error_info *error) {
    const tree_node *per_feature = tree_find(section, "per_feature");
    if (per_feature == NULL || strcmp(per_feature->text, "true") != 0)
        return STATUS_OK;
    for (const tree_node *entry = section->first; entry != NULL; entry = entry->next)
        if (entry != per_feature)
            return tree_error(error, entry->key_place,
                              "data.normalize.%s: unknown key here; accepted only with "
                              "data.normalize.per_feature: false",
                              entry->key);
    return STATUS_OK;
}

/* A split of .npy files is both files. */
static status check_pair(const tree_node *data, const char *x_key, const char *y_key, error_info *error) {
    const tree_node *x = tree_find(data, x_key), *y = tree_find(data, y_key);
    if ((x != NULL) == (y != NULL))
        return STATUS_OK;
    return tree_error(error, (x != NULL ? x : y)->key_place, "data.%s: missing; accepted: a path",
                      x != NULL ? y_key : x_key);
}

static status check_validation(const tree_node *data, error_info *error) {
    const tree_node *file = tree_find(data, "validation.file"), *x = tree_find(data, "validation.x");
    const tree_node *own = file != NULL ? file : x, *fraction = tree_find(data, "validation.fraction");
    if (own == NULL || fraction == NULL)
        return STATUS_OK;
    return tree_error(error, fraction->key_place,
                      "data.validation.fraction: not together with %s; accepted: a share of the training "
                      "samples, or files",
                      file != NULL ? "data.validation.file" : "data.validation.x");
}

static status check_files(const tree_node *data, error_info *error) {
    const tree_node *source = tree_find(data, "source");
    if (source != NULL && source->kind == TREE_SCALAR && strcmp(source->text, "npy") == 0) {
        RETURN_IF_FAILED(check_pair(data, "test_x", "test_y", error));
        RETURN_IF_FAILED(check_pair(data, "validation.x", "validation.y", error));
    }
    return check_validation(data, error);
}

status job_data_check(const tree_node *job_tree, error_info *error) {
    const tree_node *data = tree_find(job_tree, "data"), *normalize = tree_find(data, "normalize");
    RETURN_IF_FAILED(check_files(data, error));
    if (normalize == NULL)
        return STATUS_OK;
    RETURN_IF_FAILED(check_lengths(normalize, error));
    return check_per_feature(normalize, error);
}

/* ---- Keys against the files -------------------------------------------------------------------- */

/* Labels that NumPy or MATLAB stored as floating-point numbers. */
static status check_targets(const job *j, const stored_dataset *d, error_info *error) {
    const stored_split *train = &d->train_file;
    if (!train->answers_may_be_labels || j->base.loss.kind != LOSS_CROSS_ENTROPY)
        return STATUS_OK;
    return error_set(
        error, STATUS_IO,
        "%s: %s, all whole, which without data.task are numbers to predict, but the loss is "
        "cross_entropy; accepted: integer labels, in Python np.save(FILE, y.astype('int64')), or "
        "data.task: classification",
        train->y_path, train->y_type);
}

status job_describe_data(const job *j, const char *data_directory, stored_dataset *out, error_info *error) {
    status result = dataset_describe(&j->data, data_directory, out, error);
    if (result == STATUS_USAGE && out->faulty_field != DATA_NO_FIELD)
        return job_prefix_key(j->details->tree, job_field_key(offsetof(job, data) + out->faulty_field),
                              error);
    return result == STATUS_OK ? check_targets(j, out, error) : result;
}
