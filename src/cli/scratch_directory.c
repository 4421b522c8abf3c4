#include "cli/scratch_directory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

status scratch_directory_create(char *path, size_t size, error_info *error) {
    const char *place = getenv("TMPDIR");
    snprintf(path, size, "%s/mpisweep-XXXXXX", place != NULL ? place : "/tmp");
    if (mkdtemp(path) != NULL)
        return STATUS_OK;
    error_set(error, STATUS_IO, "%s: cannot create a directory: %s", path, strerror(errno));
    path[0] = '\0';
    return STATUS_IO;
}
