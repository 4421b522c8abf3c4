/* Crashes of ranks in a training: noted in the results file by who crashes, judged by the next session. */
#ifndef CLI_RUN_CRASHES_H
#define CLI_RUN_CRASHES_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "grid/grid.h"
#include "io/results/results.h"
#include "sweep/mpi_world.h"

/* A cell that keeps crashing its ranks would never let the sweep end: after two crashes a pending one is
 * stored as failed. One that crashed once is trained by itself, because it must not take others with it: its
 * shapes (cells) entry becomes 0. *once is increased by the number of these. `host` is that of rank 0. */
status run_fail_crashed_cells(results *r, const grid *g, const char *host, uint64_t *shapes, uint64_t *once,
                              error_info *error);

/* All ranks that see the results file, which rank 0 has open, record crashes in it. Collective. */
status run_watch_crashes(mpi_world *world, const results *r, error_info *error);

#endif
