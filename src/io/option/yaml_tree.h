/* Reads a YAML document into a tree.
 *
 * The subset that a job file needs: maps, lists and plain or quoted scalars. Refused with a place: aliases
 * and anchors, tags, merge keys, several documents, duplicate keys, other encodings than UTF-8, and more than
 * the bounds below. */
#ifndef IO_OPTION_YAML_TREE_H
#define IO_OPTION_YAML_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "io/option/tree.h"

enum { TREE_MAX_BYTES = 1 << 20, TREE_MAX_DEPTH = 32, TREE_MAX_NODES = 100000, TREE_MAX_KEYS = 4096 };

/* Parse `size` bytes into a tree that the caller destroys. `source` is the file's name; without lines, the
 * name of a setting, and places have no line. STATUS_USAGE for anything that is refused, with its place. */
status tree_parse(tree_node **out, const char *source, bool with_lines, const char *text, size_t size,
                  error_info *error);

#endif
