#include "io/path.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

status path_beside(const char *neighbour, const char *path, char out[PATH_MAX], error_info *error) {
    const char *slash = path[0] != '/' ? strrchr(neighbour, '/') : NULL;
    int directory_length = slash != NULL ? (int)(slash + 1 - neighbour) : 0;
    int length = snprintf(out, PATH_MAX, "%.*s%s", directory_length, neighbour, path);
    if (length < 0 || length >= PATH_MAX)
        return error_set(error, STATUS_USAGE, "%.100s…: the path is too long", path);
    return STATUS_OK;
}

status path_file_size(const char *path, uint64_t *bytes, error_info *error) {
    struct stat info;
    if (stat(path, &info) != 0)
        return error_set(error, STATUS_IO, "%s: %s", path, strerror(errno));
    if (!S_ISREG(info.st_mode))
        return error_set(error, STATUS_IO, "%s: %s; accepted: a regular file", path,
                         S_ISDIR(info.st_mode) ? strerror(EISDIR) : "Not a regular file");
    *bytes = (uint64_t)info.st_size;
    return STATUS_OK;
}

bool path_file_holds(uint64_t file_bytes, uint64_t bytes) {
    enum { LARGEST_COMPRESSION = 1032 }; /* of deflate (zlib.net, "zlib technical details") */
    return bytes / LARGEST_COMPRESSION <= file_bytes;
}
