#include "cli/launched_rank.h"

#include <stdbool.h>

#include "cli/launch_report.h"
#include "cli/stop_signal.h"

enum { PATIENCE = 3 }; /* seconds for MPI_Finalize after a stop */

status launched_rank_check(const mpi_world *world, int report, error_info *error) {
    if (mpi_world_rank(world) != 0 || report >= 0 || !launch_report_expected())
        return STATUS_OK;
    return error_set(
        error, STATUS_USAGE,
        "rank 0 is on %s and does not reach `mpisweep launch`: start launch on that host, or name "
        "the host of launch first (--host, --hostfile)",
        mpi_world_host(world));
}

/* Plain mpirun may have been told to stop: then it does not answer MPI_Finalize, and kills a second later.
 * launch asks the ranks, not mpirun; where somebody else has ended mpirun, the rank does not wait for long.
 */
status launched_rank_leave(mpi_world **world, int report, status result, error_info *error) {
    const bool launched = launch_report_expected();
    const bool is_reported = launched && (mpi_world_rank(*world) != 0 || report >= 0);
    if (result == STATUS_STOPPED && !launched) {
        mpi_world_abandon(world);
        return STATUS_OK;
    }
    if (result == STATUS_STOPPED)
        stop_signal_exit_after(PATIENCE, status_exit_code(result));
    const status left = mpi_world_close(world, result == STATUS_OK ? error : NULL);
    stop_signal_exit_after(0, 0);
    error->is_reported = is_reported && left == STATUS_OK;
    return left;
}
