/* The ranks of a session agree on a kernel set: results of different sets differ in rounding. */
#ifndef CLI_RUN_KERNELS_H
#define CLI_RUN_KERNELS_H

#include "base/status.h"
#include "sweep/mpi_world.h"

/* Make all ranks use one set: that of the results file at `results_path` when all have it, else, unless the
 * file holds cells, the best that all have. A rank has the sets that its CPU can run, or only the one that
 * MPISWEEP_KERNELS names there. STATUS_USAGE, with the ranks and hosts that lack a set, when there is none.
 * `results_path` is needed at rank 0 only. Call it after the programs were compared and before anything is
 * planned. Collective. */
status run_kernels_agree(mpi_world *world, const char *results_path, error_info *error);

#endif
