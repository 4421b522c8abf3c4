/* Keys of the job file as settings and axes name them: "optimizer.lr", a section such as "optimizer", a layer
 * "model.layers[2]" or a key of it, "model.layers[2].units". */
#ifndef IO_JOB_KEYS_H
#define IO_JOB_KEYS_H

#include "io/option/option.h"

/* The value of a key as it is written; NULL when it is not. */
const tree_node *job_key_find(const tree_node *root, const char *key);

/* Put `value` there, in place of what is there. Takes over `value`, also on failure. STATUS_USAGE when the
 * key leads through something that is not a map, or to a layer or a key of it that does not exist. */
status job_key_replace(tree_node *root, const char *key, tree_node *value, error_info *error);

/* Leave the key out. Only keys of layers can be, not whole layers: STATUS_USAGE with `place`. */
status job_key_remove(tree_node *root, const char *key, tree_place place, error_info *error);

/* The last word of a key: "lr" of "optimizer.lr", "units" of "model.layers[3.0].units", "layers[3.0]" of a
 * layer. */
const char *job_key_last_word(const char *key);

/* Whether the key that `text` begins with, up to its end or a blank, is `section` or is in it. */
bool job_key_is_within(const char *text, const char *section);

/* Whether an axis can set the key: it is an option for axes (by_axis), or a section of such options, or
 * belongs to a layer that `root` has. */
bool job_key_is_settable(const tree_node *root, const char *key);

enum { NO_LAYER = -1 };

/* The option of such a key, when it takes single numbers, and where the training_spec has its value: at
 * *offset, of a layer when *path is not NO_LAYER; else NULL. */
const option *job_key_number(const tree_node *root, const char *key, size_t *offset, layer_path *path);

/* Store a number there. */
void job_key_store(const option *o, size_t offset, layer_path path, double number, training_spec *spec);

#endif
