/* The kinds of layers that a job file can name, and the keys of each. */
#ifndef IO_JOB_LAYER_TABLE_H
#define IO_JOB_LAYER_TABLE_H

#include "io/option/option.h"

/* The list of layers: reads into and writes from a model_spec. */
extern const option_type option_layers;

/* The layer with a path in the list of a job file; NULL: there is none. */
tree_node *layer_table_item(const tree_node *list, layer_path path);

/* The option of one layer's key ("units"), `item` being an item of the list; NULL when that layer has no such
 * key. */
const option *layer_table_option(const tree_node *item, const char *key);

/* The value of that key as it is written; NULL when it is not. */
const tree_node *layer_table_find(const tree_node *item, const char *key);

/* Set that key, whose option exists. Takes over `value`, also on failure. */
status layer_table_replace(tree_node *item, const char *key, tree_node *value, error_info *error);

/* Leave that key out. */
status layer_table_remove(tree_node *item, const char *key, error_info *error);

/* The keys of a kind of layer, and what it computes. *short_key: the key that `- KIND: VALUE` sets; NULL:
 * there is no short form. */
const option_table *layer_table_keys(layer_kind kind, const char **help, const char **short_key);

/* One Markdown section per kind. */
void layer_table_print_reference(FILE *out);

#endif
