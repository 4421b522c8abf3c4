/* What a session trains now, as it leaves it in the lock file of its results file for `mpisweep status`.
 *
 * The lock file goes with the session. One that a killed session left behind shows by its time that nobody
 * writes it any more. Nothing depends on what is in it. */
#ifndef IO_RESULTS_RUNNING_H
#define IO_RESULTS_RUNNING_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "grid/cell.h"
#include "io/results/results.h"

/* What one rank trains. */
typedef struct running_row {
    uint64_t cell;  /* the first of … */
    uint32_t count; /* … the cells that it was given and that have no result */
    int32_t rank;
    double since; /* when it began, seconds since 1970-01-01 UTC */
    char host[RECORD_HOST_SIZE];
} running_row;

typedef struct running_cells {
    double updated;    /* when it was written, seconds since 1970-01-01 UTC */
    uint32_t count;    /* of rows */
    running_row *rows; /* (count), the caller's to free */
} running_cells;

enum { RUNNING_INTERVAL = 2 }; /* seconds between two times that a session writes it */

/* Replace what the lock file of an open results file says. Neither synced nor waited for. A lock file that is
 * not ours is left alone. */
status results_note_running(const results *r, const running_row rows[], size_t count, error_info *error);

/* What the lock file of the results file `path` says; a count of 0 and an `updated` of NaN when there is no
 * session, or it has said nothing yet. STATUS_INTERNAL: out of memory. */
status results_read_running(const char *path, running_cells *out, error_info *error);

#endif
