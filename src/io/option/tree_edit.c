#include "io/option/tree_edit.h"

#include <stdlib.h>
#include <string.h>

static status out_of_memory(error_info *error) {
    return error_set(error, STATUS_INTERNAL, "out of memory for the job file's tree");
}

status tree_copy(tree_node **out, const tree_node *node, error_info *error) {
    tree_node *copy = calloc(1, sizeof *copy);
    *out = copy;
    if (copy == NULL)
        return out_of_memory(error);
    copy->kind = node->kind;
    copy->place = node->place;
    copy->key_place = node->key_place;
    copy->quoted = node->quoted;
    copy->key = node->key != NULL ? strdup(node->key) : NULL;
    copy->text = node->text != NULL ? strdup(node->text) : NULL;
    if ((copy->key == NULL) != (node->key == NULL) || (copy->text == NULL) != (node->text == NULL))
        return out_of_memory(error);
    tree_node **end = &copy->first;
    for (const tree_node *entry = node->first; entry != NULL; entry = entry->next) {
        RETURN_IF_FAILED(tree_copy(end, entry, error));
        end = &(*end)->next;
        copy->count++;
    }
    return STATUS_OK;
}

void tree_become(tree_node *node, tree_node *value) {
    tree_destroy(&node->first);
    free(node->text);
    node->kind = value->kind;
    node->place = node->key_place = value->place;
    node->text = value->text;
    node->quoted = value->quoted;
    node->count = value->count;
    node->first = value->first;
    tree_free_key(value);
    free(value);
}

static void append_entry(tree_node *map, tree_node *entry) {
    tree_node **end = &map->first;
    while (*end != NULL)
        end = &(*end)->next;
    *end = entry;
    map->count++;
}

static status no_such_item(const char *component, size_t length, tree_place place, error_info *error) {
    return tree_error(error, place, "%.*s: there is no such item", (int)length, component);
}

/* The map `key` in `map`, "layers" or "layers[2]"; one that is not an item of a list is made when it is
 * missing. */
static status enter_map(tree_node **map, const char *key, size_t length, tree_place place,
                        error_info *error) {
    tree_node *entry = tree_component(*map, key, length);
    if (entry == NULL && memchr(key, '[', length) != NULL)
        return no_such_item(key, length, place, error);
    if (entry == NULL) {
        entry = calloc(1, sizeof *entry);
        char *name = strndup(key, length);
        if (entry == NULL || name == NULL) {
            free(entry);
            free(name);
            return out_of_memory(error);
        }
        *entry = (tree_node){.kind = TREE_MAP, .place = place, .key = name, .key_place = place};
        append_entry(*map, entry);
    }
    if (entry->kind != TREE_MAP) {
        char found[100];
        tree_describe(entry, found, sizeof found);
        return tree_error(error, place, "%.*s: %s has no keys to set", (int)length, key, found);
    }
    *map = entry;
    return STATUS_OK;
}

static status name_entry(tree_node *entry, const char *key, error_info *error) {
    tree_free_key(entry);
    entry->key = strdup(key);
    entry->key_place = entry->place;
    return entry->key != NULL ? STATUS_OK : out_of_memory(error);
}

static status put_value(tree_node *map, const char *component, tree_node *value, error_info *error) {
    tree_node *old = tree_component(map, component, strlen(component));
    if (old != NULL) {
        tree_become(old, value);
        return STATUS_OK;
    }
    status result = strchr(component, '[') == NULL
                        ? name_entry(value, component, error)
                        : no_such_item(component, strlen(component), value->place, error);
    if (result == STATUS_OK)
        append_entry(map, value);
    else
        tree_destroy(&value);
    return result;
}

status tree_replace(tree_node *root, const char *path, tree_node *value, error_info *error) {
    tree_node *map = root;
    for (const char *dot; (dot = strchr(path, '.')) != NULL; path = dot + 1) {
        status result = enter_map(&map, path, (size_t)(dot - path), value->place, error);
        if (result != STATUS_OK) {
            tree_destroy(&value);
            return result;
        }
    }
    return put_value(map, path, value, error);
}

void tree_remove(tree_node *root, const char *path) {
    const char *dot = strrchr(path, '.'), *key = dot != NULL ? dot + 1 : path;
    tree_node *map = root;
    for (; map != NULL && path < key; path = strchr(path, '.') + 1)
        map = tree_entry(map, path, strcspn(path, "."));
    if (map == NULL || map->kind != TREE_MAP)
        return;
    for (tree_node **link = &map->first; *link != NULL; link = &(*link)->next)
        if (strcmp((*link)->key, key) == 0) {
            tree_node *removed = *link;
            *link = removed->next;
            removed->next = NULL;
            tree_destroy(&removed);
            map->count--;
            return;
        }
}
