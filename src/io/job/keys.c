#include "io/job/keys.h"
#include "io/option/tree_edit.h"

#include <stdlib.h>
#include <string.h>

#include "io/job/layer_table.h"
#include "io/job/table.h"

enum { LAYER_PATH_SIZE = 32 };

static const char layer_start[] = "model.layers[";

/* The key within its layer of "model.layers[2].units", whose "model.layers[2]" goes to `layer`; NULL for
 * other keys. */
static const char *split_layer_key(const char *key, char layer[LAYER_PATH_SIZE]) {
    const char *dot = strchr(key + strcspn(key, "["), '.');
    if (strncmp(key, layer_start, strlen(layer_start)) != 0 || dot == NULL || dot - key >= LAYER_PATH_SIZE)
        return NULL;
    snprintf(layer, LAYER_PATH_SIZE, "%.*s", (int)(dot - key), key);
    return dot + 1;
}

const tree_node *job_key_find(const tree_node *root, const char *key) {
    char layer[LAYER_PATH_SIZE];
    const char *inner = split_layer_key(key, layer);
    if (inner == NULL)
        return tree_find(root, key);
    const tree_node *item = tree_find(root, layer);
    return item != NULL ? layer_table_find(item, inner) : NULL;
}

status job_key_replace(tree_node *root, const char *key, tree_node *value, error_info *error) {
    char layer[LAYER_PATH_SIZE];
    const char *inner = split_layer_key(key, layer);
    if (inner == NULL)
        return tree_replace(root, key, value, error);
    tree_node *item = tree_find(root, layer);
    if (item != NULL && layer_table_option(item, inner) != NULL)
        return layer_table_replace(item, inner, value, error);
    tree_place place = value->place;
    tree_destroy(&value);
    return tree_error(error, place, "%.100s: there is no such key of a layer", key);
}

status job_key_remove(tree_node *root, const char *key, tree_place place, error_info *error) {
    char layer[LAYER_PATH_SIZE];
    const char *inner = split_layer_key(key, layer);
    if (inner != NULL)
        return layer_table_remove(tree_find(root, layer), inner, error);
    if (strchr(key, '[') != NULL)
        return tree_error(error, place, "%s: a layer cannot be left out; accepted: identity", key);
    tree_remove(root, key);
    return STATUS_OK;
}

bool job_key_is_within(const char *text, const char *section) {
    size_t length = strlen(section);
    return strncmp(text, section, length) == 0 && strchr(".[ ", text[length]) != NULL;
}

static bool is_settable_section(const char *section) {
    bool found = false;
    for (size_t i = 0; i < job_table.count; i++)
        if (job_key_is_within(job_table.options[i].key, section)) {
            found = true;
            if (!job_table.options[i].by_axis)
                return false;
        }
    return found;
}

bool job_key_is_settable(const tree_node *root, const char *key) {
    char layer[LAYER_PATH_SIZE];
    const char *inner = split_layer_key(key, layer);
    const tree_node *item = tree_find(root, inner != NULL ? layer : key);
    if (inner != NULL)
        return item != NULL && layer_table_option(item, inner) != NULL;
    return strncmp(key, layer_start, strlen(layer_start)) == 0 ? item != NULL : is_settable_section(key);
}

const option *job_key_number(const tree_node *root, const char *key, size_t *offset) {
    char layer[LAYER_PATH_SIZE];
    const char *inner = split_layer_key(key, layer);
    const option *o =
        inner != NULL ? layer_table_option(tree_find(root, layer), inner) : option_find(&job_table, key);
    if (o == NULL || o->type->store == NULL)
        return NULL;
    *offset = o->offset - offsetof(job, base);
    if (inner != NULL)
        *offset = offsetof(training_spec, model.layers) + o->offset +
                  strtoul(layer + strlen(layer_start), NULL, 10) * sizeof(layer_spec);
    return o;
}
