/* What the ranks of a running session train, and for how long. */
#ifndef CLI_STATUS_RUNNING_H
#define CLI_STATUS_RUNNING_H

#include <stddef.h>

#include "base/status.h"
#include "grid/grid.h"
#include "io/results/running.h"

/* The longest first, as lines, `most` at most, cut to `columns` (0: in full); one line when the session has
 * not reported for a while. */
void status_print_running(const grid *g, running_cells *running, size_t most, int columns);

/* As a member of a JSON object, ", \"running\": {…}"; null when no session writes the file. */
void status_print_running_json(const grid *g, const running_cells *running);

#endif
