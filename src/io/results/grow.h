/* Copies the cells of a results file into one of a larger grid. */
#ifndef IO_RESULTS_GROW_H
#define IO_RESULTS_GROW_H

#include "base/status.h"
#include "io/results/layout.h"
#include "io/results/source.h"

/* Copy all cells and tables to the file whose arrays are at the offsets of `layout`. A cell that does not
 * match its checksum stays pending there, with a warning. */
status results_source_copy(const results_source *source, int file, const char *path,
                           const results_layout *layout, error_info *error);

#endif
