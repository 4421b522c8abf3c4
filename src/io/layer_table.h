/* The kinds of layers that a job file can name, and the keys of each. */
#ifndef IO_LAYER_TABLE_H
#define IO_LAYER_TABLE_H

#include "io/option.h"

/* The list of layers: reads into and writes from a model_spec. */
extern const option_type option_layers;

/* One Markdown section per kind. */
void layer_table_print_reference(FILE *out);

#endif
