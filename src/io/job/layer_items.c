#include "io/job/layer_items.h"

#include <stdint.h>
#include <string.h>

#include "io/job/layer_table.h"
#include "io/option/tree_edit.h"
#include "io/option/yaml_tree.h"

/* NULL where none is written. */
static const char *name_of(const tree_node *item) {
    return item->kind == TREE_SCALAR ? item->text : item->first != NULL ? item->first->key : NULL;
}

/* LAYER_KIND_COUNT for an item that is no layer. */
static layer_kind kind_of(const tree_node *item) {
    const char *name = name_of(item);
    return name != NULL ? (layer_kind)name_find(&layer_names, name) : LAYER_KIND_COUNT;
}

/* The key that `- KIND: VALUE` sets; NULL: there is none. */
static const char *short_key_of(const tree_node *item) {
    const char *help, *short_key = NULL;
    const layer_kind kind = kind_of(item);
    if (kind < LAYER_KIND_COUNT)
        layer_table_keys(kind, &help, &short_key);
    return short_key;
}

/* What is below `- residual:` under a key: its layers, where they alone are written, too. */
static const tree_node *find_within(const tree_node *item, bool shortcut) {
    const tree_node *keys = item->first;
    if (keys == NULL || kind_of(item) != LAYER_RESIDUAL)
        return NULL;
    if (keys->kind == TREE_LIST)
        return shortcut ? NULL : keys;
    return tree_find(keys, shortcut ? "shortcut" : "layers");
}

/* Item `index` of a list; of a shortcut that is one layer, that one. */
static const tree_node *item_at(const tree_node *list, int index) {
    if (list == NULL || (list->kind != TREE_LIST && index > 0))
        return NULL;
    const tree_node *item = list->kind == TREE_LIST ? list->first : list;
    while (item != NULL && index-- > 0)
        item = item->next;
    return item;
}

tree_node *layer_item_find(const tree_node *list, layer_path path) {
    const tree_node *item = item_at(list, layer_path_index(path));
    for (int depth = 0; item != NULL && depth < layer_path_depth(path); depth++) {
        bool shortcut;
        const int index = layer_path_step(path, depth, &shortcut);
        item = item_at(find_within(item, shortcut), index);
    }
    return (tree_node *)(uintptr_t)item;
}

const option *layer_item_option(const tree_node *item, const char *key) {
    const char *help, *short_key;
    const layer_kind kind = kind_of(item);
    return kind < LAYER_KIND_COUNT ? option_find(layer_table_keys(kind, &help, &short_key), key) : NULL;
}

const tree_node *layer_item_value(const tree_node *item, const char *key) {
    const tree_node *keys = item->first;
    if (keys == NULL || keys->kind == TREE_MAP)
        return keys != NULL ? tree_find(keys, key) : NULL;
    const char *short_key = short_key_of(item);
    return short_key != NULL && strcmp(short_key, key) == 0 ? keys : NULL;
}

/* `- dense: 32` becomes `- dense: {units: 32}`, `- dense` becomes `- dense: {}`. */
static status write_out(tree_node *item, error_info *error) {
    char text[64];
    tree_node *written, *value;
    if (item->first != NULL && item->first->kind == TREE_MAP)
        return STATUS_OK;
    snprintf(text, sizeof text, "{%s: {}}", name_of(item));
    RETURN_IF_FAILED(tree_parse(&written, item->place.source, false, text, strlen(text), error));
    written->place = written->first->place = item->place;
    status result = STATUS_OK;
    if (item->first != NULL)
        result = tree_copy(&value, item->first, error);
    if (item->first != NULL && result == STATUS_OK)
        result = tree_replace(written->first, short_key_of(item), value, error);
    tree_become(item, written);
    return result;
}

status layer_item_replace(tree_node *item, const char *key, tree_node *value, error_info *error) {
    status result = write_out(item, error);
    if (result == STATUS_OK)
        return tree_replace(item->first, key, value, error);
    tree_destroy(&value);
    return result;
}

status layer_item_remove(tree_node *item, const char *key, error_info *error) {
    RETURN_IF_FAILED(write_out(item, error));
    tree_remove(item->first, key);
    return STATUS_OK;
}
