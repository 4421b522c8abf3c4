/* Cells that failed, by what became of them. */
#ifndef CLI_STATUS_GROUPS_H
#define CLI_STATUS_GROUPS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "grid/grid.h"
#include "io/results/reader.h"

/* For each status of failure in `states` (cells): how many cells have it, which are the first of them, which
 * `g` names, and how many of them had crashed their ranks. As lines, cut to `columns` (0: in full), or as a
 * member of a JSON object. */
status status_print_groups(results_reader *r, const grid *g, const uint8_t *states, bool json, int columns,
                           error_info *error);

#endif
