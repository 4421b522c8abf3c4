#include "io/path.h"

#include <stdio.h>
#include <string.h>

status path_beside(const char *neighbour, const char *path, char out[PATH_MAX], error_info *error) {
    const char *slash = path[0] != '/' ? strrchr(neighbour, '/') : NULL;
    int directory_length = slash != NULL ? (int)(slash + 1 - neighbour) : 0;
    int length = snprintf(out, PATH_MAX, "%.*s%s", directory_length, neighbour, path);
    if (length < 0 || length >= PATH_MAX)
        return error_set(error, STATUS_USAGE, "%.100s…: the path is too long", path);
    return STATUS_OK;
}
