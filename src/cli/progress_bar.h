/* Progress as people see it: a row of a terminal, or a line of a log. */
#ifndef CLI_PROGRESS_BAR_H
#define CLI_PROGRESS_BAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/engine.h"
#include "grid/cell.h"

enum { PROGRESS_CELL_SIZE = 128, PROGRESS_LINE_SIZE = 512 };

/* How far a session is: plain data, which rank 0 also sends to `mpisweep launch`. */
typedef struct progress_state {
    uint64_t total;                    /* cells that the session is asked for; 0: there is nothing to show */
    uint64_t tally[CELL_STATUS_COUNT]; /* of these, by cell_status, those of earlier sessions included */
    bool stopping;                     /* no cell is assigned any more, and those in training are stored */
    uint64_t running;                  /* of these, assigned now */
    double elapsed;                    /* seconds of this session */
    double rate;                       /* cells per second in this session; 0: not known */
    double left_low, left_high;        /* seconds to the end; NaN: not known */
    double best;                       /* final value of `variable`; NaN: none */
    bool percent;                      /* the unit of `best` */
    char variable[RECORD_NAME_SIZE];
    char best_cell[PROGRESS_CELL_SIZE]; /* "run=3, lr=0.01" */
} progress_state;

/* "34 of 90 cells, 1 diverged, 3.4 cells/min, 7-9 min left, best test_accuracy 97.31 %" */
void progress_line(const progress_state *s, char line[PROGRESS_LINE_SIZE]);

/* Keep one row of the terminal that is standard error, below the log (log_set_bar): no wider than that is
 * now, what matters most first. */
void progress_draw(const progress_state *s);

/* The same with a text that is short, as long as there is no progress. Nothing where standard error is no
 * terminal. */
void progress_say(const char *text);

/* Remove it, if there is one. */
void progress_clear(void);

/* One row for a terminal of `columns`; returns how many of them it takes, at least three less, so that "^C"
 * has room, too. */
int progress_row(const progress_state *s, int columns, bool colour, char row[PROGRESS_LINE_SIZE]);

#endif
