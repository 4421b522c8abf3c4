#include "io/job/keys.h"
#include "io/option/tree_edit.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "io/job/layer_items.h"
#include "io/job/table.h"

enum { LAYER_KEY_SIZE = 128 };

static const char layers_key[] = "model.layers";

/* A key of a layer, "model.layers[3.0].units", or a layer as a whole. */
typedef struct layer_key {
    layer_path path;
    const char *inner; /* "units"; "": the layer */
} layer_key;

/* False for other keys, and for those that no layer can have. */
static bool split_layer_key(const char *key, layer_key *out) {
    char text[LAYER_PATH_TEXT_SIZE];
    const size_t start = strlen(layers_key);
    const char *end = strchr(key, ']');
    if (strncmp(key, layers_key, start) != 0 || key[start] != '[' || end == NULL)
        return false;
    snprintf(text, sizeof text, "%.*s", (int)(end - key - (ptrdiff_t)start) - 1, key + start + 1);
    out->inner = end[1] == '.' ? end + 2 : end + 1;
    return layer_path_read(text, &out->path) && (end[1] == '.' ? end[2] != '\0' : end[1] == '\0');
}

static tree_node *find_layer(const tree_node *root, layer_path path) {
    return layer_item_find(tree_find(root, layers_key), path);
}

const tree_node *job_key_find(const tree_node *root, const char *key) {
    layer_key layer;
    if (!split_layer_key(key, &layer))
        return tree_find(root, key);
    const tree_node *item = find_layer(root, layer.path);
    return item == NULL || layer.inner[0] == '\0' ? item : layer_item_value(item, layer.inner);
}

/* Takes over `value`. */
static status replace_layer_key(tree_node *item, const char *key, const char *inner, tree_node *value,
                                error_info *error) {
    if (item != NULL && inner[0] == '\0') {
        tree_become(item, value);
        return STATUS_OK;
    }
    if (item != NULL && layer_item_option(item, inner) != NULL)
        return layer_item_replace(item, inner, value, error);
    const tree_place place = value->place;
    tree_destroy(&value);
    return tree_error(error, place, "%.100s: there is no such %s", key,
                      inner[0] == '\0' ? "layer" : "key of a layer");
}

status job_key_replace(tree_node *root, const char *key, tree_node *value, error_info *error) {
    layer_key layer;
    if (!split_layer_key(key, &layer))
        return tree_replace(root, key, value, error);
    return replace_layer_key(find_layer(root, layer.path), key, layer.inner, value, error);
}

status job_key_remove(tree_node *root, const char *key, tree_place place, error_info *error) {
    layer_key layer;
    if (split_layer_key(key, &layer) && layer.inner[0] != '\0')
        return layer_item_remove(find_layer(root, layer.path), layer.inner, error);
    if (strchr(key, '[') != NULL)
        return tree_error(error, place, "%s: a layer cannot be left out; accepted: identity", key);
    tree_remove(root, key);
    return STATUS_OK;
}

const char *job_key_last_word(const char *key) {
    const char *end = key + strcspn(key, "["), *close = strchr(end, ']');
    if (close != NULL && close[1] == '.')
        return close + 2;
    if (close == NULL)
        end = key + strlen(key);
    while (end > key && end[-1] != '.')
        end--;
    return end;
}

/* The layers within a block follow its number or, when the section is one of its keys, that key's lists:
 * "model.layers[3.0]" is in "model.layers[3]" and in "model.layers[3].layers". */
static bool is_within_block(const char *text, const char *section) {
    layer_key block, layer;
    bool shortcut;
    char key[LAYER_KEY_SIZE];
    snprintf(key, sizeof key, "%.*s", (int)strcspn(text, " "), text);
    if (!split_layer_key(section, &block) || !split_layer_key(key, &layer))
        return false;
    const int depth = layer_path_depth(block.path);
    if (layer_path_depth(layer.path) <= depth || layer_path_outer(layer.path, depth) != block.path)
        return false;
    layer_path_step(layer.path, depth, &shortcut);
    return strcmp(block.inner, "") == 0 || strcmp(block.inner, shortcut ? "shortcut" : "layers") == 0;
}

bool job_key_is_within(const char *text, const char *section) {
    size_t length = strlen(section);
    return (strncmp(text, section, length) == 0 && strchr(".[ ", text[length]) != NULL) ||
           is_within_block(text, section);
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
    layer_key layer;
    if (!split_layer_key(key, &layer))
        return is_settable_section(key);
    const tree_node *item = find_layer(root, layer.path);
    return item != NULL && (layer.inner[0] == '\0' || layer_item_option(item, layer.inner) != NULL);
}

const option *job_key_number(const tree_node *root, const char *key, size_t *offset, layer_path *path) {
    layer_key layer;
    const bool of_layer = split_layer_key(key, &layer);
    const tree_node *item = of_layer ? find_layer(root, layer.path) : NULL;
    if (of_layer && (item == NULL || layer.inner[0] == '\0'))
        return NULL;
    const option *o = of_layer ? layer_item_option(item, layer.inner) : option_find(&job_table, key);
    if (o == NULL || o->type->store == NULL)
        return NULL;
    *offset = of_layer ? o->offset : o->offset - offsetof(job, base);
    *path = of_layer ? layer.path : NO_LAYER;
    return o;
}

void job_key_store(const option *o, size_t offset, layer_path path, double number, training_spec *spec) {
    char *object = (char *)spec;
    if (path != NO_LAYER) {
        const int position = layer_position(&spec->model, path);
        assert(position >= 0 && "every variant has the layer whose key an axis sets");
        object = (char *)&spec->model.layers[position];
    }
    o->type->store(object + offset, number);
}
