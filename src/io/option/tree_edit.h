/* Changes a tree: copies, puts and removes nodes. */
#ifndef IO_OPTION_TREE_EDIT_H
#define IO_OPTION_TREE_EDIT_H

#include "io/option/tree.h"

/* A node with all below it, places included. The caller destroys *out, also on failure. */
status tree_copy(tree_node **out, const tree_node *node, error_info *error);

/* Replace the contents of `node` by those of `value`; it keeps its key and its neighbours. Takes over
 * `value`. */
void tree_become(tree_node *node, tree_node *value);

/* Put `value` at `path` below the map `root`, in place of what is there, making maps on the way. Takes over
 * `value`, also on failure. STATUS_USAGE when the path leads through something that is not a map, or to an
 * item that a list does not have. */
status tree_replace(tree_node *root, const char *path, tree_node *value, error_info *error);

/* Remove the node at a path of keys, if there is one. */
void tree_remove(tree_node *root, const char *path);

#endif
