/* A YAML document as a small tree of nodes that know where they stand.
 *
 * The subset that a job file needs: maps, lists and plain or quoted scalars. Refused with a place: aliases
 * and anchors, tags, merge keys, several documents, duplicate keys, other encodings than UTF-8, and more than
 * the bounds below. What a scalar means (number, text, choice) is for the reader of the tree to say. */
#ifndef IO_YAML_TREE_H
#define IO_YAML_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

enum { TREE_MAX_BYTES = 1 << 20, TREE_MAX_DEPTH = 32, TREE_MAX_NODES = 100000, TREE_MAX_KEYS = 4096 };

typedef enum tree_kind { TREE_SCALAR, TREE_LIST, TREE_MAP } tree_kind;

/* Where something stands: "FILE:LINE:COLUMN", counted from 1, or the bare source when line is 0. */
typedef struct tree_place {
    const char *source; /* not owned: outlives the tree */
    int line, column;
} tree_place;

typedef struct tree_node tree_node;
struct tree_node {
    tree_kind kind;
    tree_place place;
    const char *key; /* in a map: the name of this entry, else NULL; owned */
    tree_place key_place;
    char *text;  /* TREE_SCALAR: without quotes and escapes */
    bool quoted; /* TREE_SCALAR: stood in quotes, so it is text and not a number */
    size_t count;
    tree_node *first; /* of `count` entries */
    tree_node *next;  /* the entry after this one */
};

/* Parse `size` bytes into a tree that the caller destroys. `source` is the file's name; without lines, the
 * name of a setting, and places say no line. STATUS_USAGE for anything that is refused, with its place. */
status tree_parse(tree_node **out, const char *source, bool with_lines, const char *text, size_t size,
                  error_info *error);

/* Accepts NULL. */
void tree_destroy(tree_node **root);

/* The entry of a map, or the node at a path such as "optimizer.lr" or "model.layers[2]"; NULL when there is
 * none. */
tree_node *tree_entry(const tree_node *map, const char *key, size_t key_length);
tree_node *tree_find(const tree_node *root, const char *path);

/* A node with all below it, places included. The caller destroys *out, also on failure. */
status tree_copy(tree_node **out, const tree_node *node, error_info *error);

/* Let `node` be what `value` is; it keeps its key and its neighbours. Takes over `value`. */
void tree_become(tree_node *node, tree_node *value);

/* Put `value` at `path` below the map `root`, in place of what is there, making maps on the way. Takes over
 * `value`, also on failure. STATUS_USAGE when the path leads through something that is no map, or to an item
 * that a list does not have. */
status tree_replace(tree_node *root, const char *path, tree_node *value, error_info *error);

/* Remove what stands at a path of keys, when anything does. */
void tree_remove(tree_node *root, const char *path);

void tree_place_text(tree_place place, char *text, size_t size);

/* "PLACE: " + the formatted text, as STATUS_USAGE. */
status tree_error(error_info *error, tree_place place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The value of a scalar that is a finite decimal number and stands in no quotes. */
bool tree_number(const tree_node *node, double *number);

/* Whether a scalar is the bare word none, or YAML's null or ~. */
bool tree_is_none(const tree_node *node);

/* A node in words for messages: its text in quotes, "a list of 3", "a map of 2", "nothing". */
void tree_describe(const tree_node *node, char *text, size_t size);

#endif
