/* Paths that a job file or a command line names. */
#ifndef IO_FILE_PATH_H
#define IO_FILE_PATH_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

/* `path` as it is when it is absolute, else relative to the directory of `neighbour` (a job file).
 * STATUS_USAGE when the result is too long. */
status path_beside(const char *neighbour, const char *path, char out[PATH_MAX], error_info *error);

/* The absolute path of the file that `path` leads to, without links in it; the last part may be missing, also
 * at the end of a link. STATUS_IO when a directory on the way is missing, links form a loop, or it names a
 * directory. */
status path_resolve(const char *path, char out[PATH_MAX], error_info *error);

/* The size of the regular file at `path`. STATUS_IO, naming it, when it is missing or of another kind:
 * opening a FIFO would wait, and a device has no end. */
status path_file_size(const char *path, uint64_t *bytes, error_info *error);

/* Whether a file of `file_bytes` can hold `bytes`, also compressed. Files that claim more are damaged. */
bool path_file_holds(uint64_t file_bytes, uint64_t bytes);

#endif
