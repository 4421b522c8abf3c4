/* Progress of a session on standard error: a bar on a terminal, else a line a minute and one at the end. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>

#include "engine/engine.h"
#include "grid/cell.h"
#include "sweep/coordinator.h"

typedef struct progress {
    bool quiet, terminal;
    double started, last_shown;
    const record_variable *variable; /* whose final values are averaged; NULL: none has one number per cell */
    double sum;                      /* of the final values of the cells done in this session */
    size_t count;
    size_t tally[CELL_STATUS_COUNT]; /* of the cells finished in this session, by cell_status */
} progress;

/* `layout` must outlive the progress. */
void progress_start(progress *p, const record_layout *layout, bool quiet);

/* Add a finished cell to the counts and the mean. */
void progress_add(progress *p, const cell_record *record);

/* Show how far the session is, when it is time to. Call often. */
void progress_show(progress *p, const coordinator_counts *counts);

/* Show the last state, unless the session was stopped: then the error reports it. */
void progress_finish(progress *p, const coordinator_counts *counts);

#endif
