/* What a rank does differently when `mpisweep launch` has started it. */
#ifndef CLI_LAUNCHED_RANK_H
#define CLI_LAUNCHED_RANK_H

#include "base/status.h"
#include "sweep/mpi_world.h"

/* STATUS_USAGE at rank 0 when launch started it on another host than its own: it would never learn how the
 * sweep goes. `report` as from launch_report_open. */
status launched_rank_check(const mpi_world *world, int report, error_info *error);

/* Leave MPI at the end of a session with this result, which rank 0 has reported. Under launch the ranks then
 * exit with 0 (error->is_reported), so that mpirun does not report an aborted job. Collective. */
status launched_rank_leave(mpi_world **world, int report, status result, error_info *error);

#endif
