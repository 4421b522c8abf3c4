/* Is a session of one rank really alone? */
#ifndef CLI_LONE_RANK_H
#define CLI_LONE_RANK_H

#include "base/status.h"

/* STATUS_USAGE when a launcher has started several processes and MPI knows of this one only, as when mpirun
 * belongs to another MPI library than the program: each would train the whole sweep, and all but one would
 * find the results file locked. Call it for a rank that is alone in MPI; `library` names its MPI. */
status lone_rank_check(const char *library, const char *host, error_info *error);

#endif
