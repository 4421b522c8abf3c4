#include "io/job_data.h"

#include <stdio.h>
#include <string.h>

#include "io/job_table.h"

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
                      "data.normalize: %zu values in mean and %zu in std; accepted: as many", mean, std);
}

/* Standardising by feature leaves nothing for the other keys to do. */
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

/* A test set of .npy files is both files. */
static status check_test_pair(const tree_node *data, error_info *error) {
    const tree_node *x = tree_find(data, "test_x"), *y = tree_find(data, "test_y");
    if ((x != NULL) == (y != NULL))
        return STATUS_OK;
    return tree_error(error, (x != NULL ? x : y)->key_place, "data.%s: missing; accepted: a path",
                      x != NULL ? "test_y" : "test_x");
}

status job_data_check(const tree_node *job_tree, error_info *error) {
    const tree_node *data = tree_find(job_tree, "data"), *normalize = tree_find(data, "normalize");
    RETURN_IF_FAILED(check_test_pair(data, error));
    if (normalize == NULL)
        return STATUS_OK;
    RETURN_IF_FAILED(check_lengths(normalize, error));
    return check_per_feature(normalize, error);
}

/* ---- Keys against the files -------------------------------------------------------------------- */

/* dataset_describe begins its message with the key that does not fit: put the key's place in front, or that
 * of `data` where the key has its default. */
static status prefix_key_place(const tree_node *job_tree, error_info *error) {
    char key[64], place[ERROR_TEXT_SIZE];
    if (error == NULL || sscanf(error->text, "%63[a-z_.]:", key) != 1 || strncmp(key, "data.", 5) != 0)
        return STATUS_USAGE;
    const tree_node *node = tree_find(job_tree, key);
    tree_place_text((node != NULL ? node : tree_find(job_tree, "data"))->place, place, sizeof place);
    return error_prefix(error, "%s: ", place);
}

status job_describe_data(const job *j, const char *data_directory, stored_dataset *out, error_info *error) {
    status result = dataset_describe(&j->data, data_directory, out, error);
    return result == STATUS_USAGE ? prefix_key_place(j->details->tree, error) : result;
}
