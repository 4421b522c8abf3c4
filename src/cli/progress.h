/* Progress of a session on standard error: a row of a terminal that is drawn again and again, else a line a
 * minute and one at the end. Under `mpisweep launch` on a terminal, launch draws it. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>

#include "cli/progress_bar.h"
#include "cli/time_left.h"
#include "grid/cell.h"
#include "grid/grid.h"
#include "sweep/coordinator.h"

/* Everything must outlive the progress. */
typedef struct progress_setup {
    const char *job, *results_path; /* names */
    const grid *grid;
    const record_layout *layout;
    const uint8_t *states; /* (cells) before the session */
    const bool *selected;  /* (cells) that the session is asked for */
    const bool *left_out;  /* (cells) that it does not train */
    const double *costs;   /* (cells) predicted */
    int workers;
    int report;       /* to launch; -1: none */
    uint64_t advance; /* what launch was told of earlier sessions; grows by 2 with each cell */
    bool quiet;
} progress_setup;

typedef struct progress {
    progress_setup setup;
    progress_state state;
    const record_variable *variable; /* whose best final value is shown; NULL: none has one number per cell */
    time_left time;
    double *busy;   /* (workers) seconds of training in this session; finished: share of its time */
    size_t trained; /* cells of this session, once it has finished */
    double cost;    /* of the cells of this session without a result */
    enum progress_way { PROGRESS_NOWHERE, PROGRESS_ROW, PROGRESS_LINES, PROGRESS_LAUNCH } way;
    double started, ended, next_shown, next_report; /* on clock_seconds() */
} progress;

/* The number by which the cells of a layout are compared: the first accuracy with one number per cell, else
 * the first with one number per cell; NULL: there is none. */
const record_variable *progress_choose_variable(const record_layout *layout);

/* Announces the session. STATUS_INTERNAL: out of memory. */
status progress_start(progress *p, const progress_setup *setup, error_info *error);

/* A better value of the chosen variable than the best so far? Then it is, of `cell`. */
void progress_offer(progress *p, size_t cell, double value);

/* Add a finished cell. */
void progress_add(progress *p, const cell_record *record);

/* Show how far the session is, when it is time to. Call often. */
void progress_show(progress *p, const coordinator *c);

/* Remove the row; in a log, write a last line, unless the session was stopped: then the error reports it. */
void progress_finish(progress *p, const coordinator_counts *counts);

/* Frees what it owns. All zero is accepted. */
void progress_release(progress *p);

#endif
