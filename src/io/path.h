/* Paths that a job file names. */
#ifndef IO_PATH_H
#define IO_PATH_H

#include <limits.h>

#include "base/status.h"

/* `path` as it is when it is absolute, else from the directory in which `neighbour` (a job file) lies.
 * STATUS_USAGE when the result is too long. */
status path_beside(const char *neighbour, const char *path, char out[PATH_MAX], error_info *error);

#endif
