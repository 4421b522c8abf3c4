/* Where `mpisweep launch` lets mpirun start ranks: rank 0, which gets the first slot, must run on this host.
 */
#ifndef CLI_LAUNCH_HOSTS_H
#define CLI_LAUNCH_HOSTS_H

#include "base/status.h"

/* The hosts of --host ("h1:4,h2:4") with this host first; the caller frees *arranged. STATUS_COMMAND: this
 * host is not one of them. */
status launch_hosts_arrange(const char *hosts, char **arranged, error_info *error);

/* Is the first host of the file this one? STATUS_COMMAND when it is not; STATUS_IO when the file cannot be
 * read. */
status launch_hostfile_check(const char *path, error_info *error);

#endif
