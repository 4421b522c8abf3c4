/* Joins results files of one job, such as those of its shards, into one. */
#ifndef IO_RESULTS_MERGE_H
#define IO_RESULTS_MERGE_H

#include <stddef.h>

#include "base/status.h"
#include "grid/cell.h"

enum { MERGE_NAMED_CONFLICTS = 20, MERGE_CONFLICT_SIZE = 1024 };

/* What a merge found. */
typedef struct merge_report {
    size_t states[CELL_STATUS_COUNT]; /* cells of the new file by cell_status */
    size_t damaged;                   /* cells that were damaged, and that no file has whole: pending */
    char damaged_cells[MERGE_CONFLICT_SIZE]; /* axis values of the first: "run=3, lr=0.01; and 2 more" */
    size_t conflicts;                        /* cells that two files have with different bits */
    /* The first of them: "run=3, lr=0.01: test_accuracy(run=3, lr=0.01): 43 in a.h5, 44 in b.h5" */
    char conflict_texts[MERGE_NAMED_CONFLICTS][MERGE_CONFLICT_SIZE];
} merge_report;

/* Make the file `path` of all cells that the files `inputs` (count, at least 1) have, all or nothing. When it
 * exists, it is an input, too, and is replaced. The inputs are only read; sessions may be writing them: of
 * those, cells that match their checksum are taken.
 *
 * A cell is taken from the first input that has it done or diverged; all others that have it so must have the
 * same bits, or it is a conflict. Otherwise it is taken from the first that has it timed out, else failed.
 * Crashes are the most that an input has. Hosts and sessions are those of all inputs.
 *
 * STATUS_INCOMPLETE: there are conflicts, and no file was made. STATUS_USAGE: the inputs are of different
 * jobs, kernel sets or numerics. STATUS_IO: they were trained on different data, or a file cannot be read or
 * written. `report` is filled in where it returns STATUS_OK or STATUS_INCOMPLETE. */
status results_merge(const char *path, char *const inputs[], int count, merge_report *report,
                     error_info *error);

#endif
