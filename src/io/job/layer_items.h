/* The layers of a job file as they are written: found by their paths, and their keys read and changed. */
#ifndef IO_JOB_LAYER_ITEMS_H
#define IO_JOB_LAYER_ITEMS_H

#include "io/option/option.h"

/* The layer with a path in the list `model.layers`; NULL: there is none. */
tree_node *layer_item_find(const tree_node *list, layer_path path);

/* The option of one layer's key ("units"); NULL when that layer has no such key. */
const option *layer_item_option(const tree_node *item, const char *key);

/* The value of that key as it is written; NULL when it is not. */
const tree_node *layer_item_value(const tree_node *item, const char *key);

/* Set that key, whose option exists. Takes over `value`, also on failure. */
status layer_item_replace(tree_node *item, const char *key, tree_node *value, error_info *error);

/* Leave that key out. */
status layer_item_remove(tree_node *item, const char *key, error_info *error);

#endif
