/* A directory of the program's own, for as long as it runs. */
#ifndef CLI_SCRATCH_DIRECTORY_H
#define CLI_SCRATCH_DIRECTORY_H

#include <stddef.h>

#include "base/status.h"

/* Make one in $TMPDIR, or in /tmp, for the caller to remove; path: (size). STATUS_IO, and an empty path, when
 * it cannot be created. */
status scratch_directory_create(char *path, size_t size, error_info *error);

#endif
