#include "io/option/tree.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void tree_free_key(const tree_node *entry) {
    free((void *)(uintptr_t)entry->key);
}

void tree_destroy(tree_node **root) {
    for (tree_node *node = *root, *next; node != NULL; node = next) {
        next = node->next;
        tree_destroy(&node->first);
        tree_free_key(node);
        free(node->text);
        free(node);
    }
    *root = NULL;
}

tree_node *tree_entry(const tree_node *map, const char *key, size_t key_length) {
    for (tree_node *entry = map->first; map->kind == TREE_MAP && entry != NULL; entry = entry->next)
        if (strlen(entry->key) == key_length && memcmp(entry->key, key, key_length) == 0)
            return entry;
    return NULL;
}

/* The item of a list that `index`, "[2]", names. */
static tree_node *find_item(const tree_node *list, const char *index, size_t length) {
    char *end;
    if (list == NULL || list->kind != TREE_LIST || !isdigit((unsigned char)index[1]))
        return NULL;
    unsigned long skipped = strtoul(index + 1, &end, 10);
    if (*end != ']' || end + 1 != index + length)
        return NULL;
    tree_node *item = list->first;
    while (item != NULL && skipped-- > 0)
        item = item->next;
    return item;
}

tree_node *tree_component(const tree_node *map, const char *component, size_t length) {
    size_t name = strcspn(component, "[");
    if (name >= length)
        return tree_entry(map, component, length);
    return find_item(tree_entry(map, component, name), component + name, length - name);
}

tree_node *tree_find(const tree_node *root, const char *path) {
    for (;;) {
        size_t length = strcspn(path, ".");
        tree_node *node = tree_component(root, path, length);
        if (node == NULL || path[length] == '\0')
            return node;
        root = node;
        path += length + 1;
    }
}

/* ---- Words ------------------------------------------------------------------------------------- */

void tree_place_text(tree_place place, char *text, size_t size) {
    if (place.line == 0)
        snprintf(text, size, "%s", place.source);
    else
        snprintf(text, size, "%s:%d:%d", place.source, place.line, place.column);
}

status tree_error(error_info *error, tree_place place, const char *format, ...) {
    char message[ERROR_TEXT_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    char where[ERROR_TEXT_SIZE];
    tree_place_text(place, where, sizeof where);
    return error_set(error, STATUS_USAGE, "%s: %s", where, message);
}

bool tree_number(const tree_node *node, double *number) {
    if (node->kind != TREE_SCALAR || node->quoted || node->text[0] == '\0')
        return false;
    /* strtod alone would also take hexadecimal numbers, "inf", "nan" and leading blanks */
    if (strspn(node->text, "+-.0123456789eE") != strlen(node->text))
        return false;
    char *end;
    errno = 0;
    *number = strtod(node->text, &end) + 0.0;                                 /* −0 becomes 0 */
    const bool out_of_range = errno != 0 && (*number == 0 || isinf(*number)); /* else it is only imprecise */
    return *end == '\0' && !out_of_range;
}

bool tree_is_none(const tree_node *node) {
    return node->kind == TREE_SCALAR && !node->quoted &&
           (strcmp(node->text, "none") == 0 || strcmp(node->text, "null") == 0 ||
            strcmp(node->text, "~") == 0);
}

void tree_describe(const tree_node *node, char *text, size_t size) {
    if (node->kind == TREE_LIST)
        snprintf(text, size, "a list of %zu", node->count);
    else if (node->kind == TREE_MAP)
        snprintf(text, size, "a map of %zu", node->count);
    else if (node->text[0] == '\0' && !node->quoted)
        snprintf(text, size, "nothing");
    else
        snprintf(text, size, "'%.60s%s'", node->text, strlen(node->text) > 60 ? "…" : "");
}
