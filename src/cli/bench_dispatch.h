/* `mpisweep bench --dispatch`: how many cells a second the coordinator hands out and stores. */
#ifndef CLI_BENCH_DISPATCH_H
#define CLI_BENCH_DISPATCH_H

#include <stdbool.h>

#include "base/status.h"

/* Run sweeps of cells that nobody trains, through the real coordinator into a real results file, and print
 * the cells per second of the coordinating thread's CPU time: in batches, and one by one. Workers are threads
 * that answer at once. Files are made in $TMPDIR, or /tmp, and removed. */
status bench_dispatch(bool json, error_info *error);

#endif
