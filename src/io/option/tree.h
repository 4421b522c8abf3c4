/* A job file as a small tree of nodes that know their place: maps, lists and scalars. The reader of the tree
 * decides what a scalar means (number, text, choice). */
#ifndef IO_OPTION_TREE_H
#define IO_OPTION_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

typedef enum tree_kind { TREE_SCALAR, TREE_LIST, TREE_MAP } tree_kind;

/* Where something is: "FILE:LINE:COLUMN", counted from 1, or the bare source when line is 0. */
typedef struct tree_place {
    const char *source; /* not owned: outlives the tree */
    int line, column;
} tree_place;

typedef struct tree_node tree_node;
struct tree_node {
    tree_kind kind;
    tree_place place;
    const char *key; /* in a map: the name of this entry, else NULL; owned (tree_free_key) */
    tree_place key_place;
    char *text;  /* TREE_SCALAR: without quotes and escapes */
    bool quoted; /* TREE_SCALAR: was in quotes, so it is text and not a number */
    size_t count;
    tree_node *first; /* of `count` entries */
    tree_node *next;  /* the entry after this one */
};

/* Accepts NULL. */
void tree_destroy(tree_node **root);

/* Free the name of an entry, which is const for all others. */
void tree_free_key(const tree_node *entry);

/* The entry of a map, or the node at a path such as "optimizer.lr" or "model.layers[2]"; NULL when there is
 * none. */
tree_node *tree_entry(const tree_node *map, const char *key, size_t key_length);
tree_node *tree_find(const tree_node *root, const char *path);

/* The entry or item that one component of a path names: "layers" or "layers[2]". */
tree_node *tree_component(const tree_node *map, const char *component, size_t length);

void tree_place_text(tree_place place, char *text, size_t size);

/* "PLACE: " + the formatted text, as STATUS_USAGE. */
status tree_error(error_info *error, tree_place place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The value of a scalar that is a finite decimal number without quotes. */
bool tree_number(const tree_node *node, double *number);

/* Whether a scalar is the bare word none, or YAML's null or ~. */
bool tree_is_none(const tree_node *node);

/* A node in words for messages: its text in quotes, "a list of 3", "a map of 2", "nothing". */
void tree_describe(const tree_node *node, char *text, size_t size);

#endif
