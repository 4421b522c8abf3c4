/* How a run ended, in words and as an exit status. */
#ifndef CLI_RUN_END_H
#define CLI_RUN_END_H

#include <stddef.h>

#include "base/status.h"
#include "cli/progress.h"
#include "sweep/sweep.h"

typedef struct run_end {
    const coordinator_counts *counts;
    const progress *progress; /* finished; knows the selected cells by their cell_status */
    size_t left_out;          /* cells that the job excludes now: not judged */
    size_t damaged;           /* those that do not match their checksum */
    size_t max_failures;      /* 0: no limit */
    double time_limit;        /* seconds; INFINITY: none */
    const char *results_path;
} run_end;

/* Prints the counts to standard output and says what they mean: STATUS_OK when all selected cells are done.
 */
status run_conclude(const run_end *e, error_info *error);

#endif
