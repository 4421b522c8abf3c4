/* Memory that processes of one node share: a file that all of them map, and that has a name only until then.
 *
 * Its room is reserved when it is made. Without that, lack of memory would be a SIGBUS when it is written. */
#ifndef SWEEP_NODE_MEMORY_H
#define SWEEP_NODE_MEMORY_H

#include <limits.h>
#include <stddef.h>

#include "base/status.h"

/* Make `bytes` of it in the first of /dev/shm, $TMPDIR, /tmp and /var/tmp that has room; where they are more
 * than half of `physical`, the bytes of the node's memory, in the first that is on a disk, from which the
 * system reads again what it has no room for. `path` is for the other processes, and to be unlinked when they
 * have attached. STATUS_INTERNAL, with the error of each directory and what to do, when none has room; `path`
 * is empty then. */
status node_memory_create(size_t bytes, size_t physical, char path[PATH_MAX], void **memory,
                          error_info *error);

/* Bytes of this node's memory. */
size_t node_memory_physical(void);

/* Map what another process has made. */
status node_memory_attach(const char *path, size_t bytes, void **memory, error_info *error);

void node_memory_release(void *memory, size_t bytes);

#endif
