/* The kinds of layers that a job file can name, and the keys of each. */
#ifndef IO_JOB_LAYER_TABLE_H
#define IO_JOB_LAYER_TABLE_H

#include "io/option/option.h"

/* The list of layers: reads into and writes from a model_spec. */
extern const option_type option_layers;

/* The keys of a kind of layer, and what it computes. *short_key: the key that `- KIND: VALUE` sets; NULL:
 * there is no short form. */
const option_table *layer_table_keys(layer_kind kind, const char **help, const char **short_key);

/* One Markdown section per kind. */
void layer_table_print_reference(FILE *out);

#endif
