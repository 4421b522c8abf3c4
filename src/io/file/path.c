#include "io/file/path.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

status path_beside(const char *neighbour, const char *path, char out[PATH_MAX], error_info *error) {
    const char *slash = path[0] != '/' ? strrchr(neighbour, '/') : NULL;
    int directory_length = slash != NULL ? (int)(slash + 1 - neighbour) : 0;
    int length = snprintf(out, PATH_MAX, "%.*s%s", directory_length, neighbour, path);
    if (length < 0 || length >= PATH_MAX)
        return error_set(error, STATUS_USAGE, "%.100s…: the path is too long", path);
    return STATUS_OK;
}

/* Put the directory of `path` into `out` without links; the last part is kept as it is. */
static status resolve_directory(const char *path, char out[PATH_MAX], error_info *error) {
    char given[PATH_MAX], directory[PATH_MAX];
    const char *slash = strrchr(path, '/'), *base = slash != NULL ? slash + 1 : path;
    snprintf(given, sizeof given, "%.*s", (int)(base - path), path);
    if (realpath(given[0] != '\0' ? given : ".", directory) == NULL)
        return error_set(error, STATUS_IO, "%s: the directory %s: %s", path, given, strerror(errno));
    const char *between = strcmp(directory, "/") == 0 ? "" : "/";
    if (snprintf(out, PATH_MAX, "%s%s%s", directory, between, base) >= PATH_MAX)
        return error_set(error, STATUS_IO, "%.100s…: the path is too long", path);
    return STATUS_OK;
}

/* Replace the link at `path` by its target; false when it is not a link. */
static bool follow_link(char path[PATH_MAX], error_info *error, status *result) {
    char target[PATH_MAX], next[PATH_MAX];
    const ssize_t length = readlink(path, target, sizeof target - 1);
    if (length < 0)
        return false;
    target[length] = '\0';
    *result = path_beside(path, target, next, error);
    memcpy(path, next, PATH_MAX);
    return *result == STATUS_OK;
}

status path_resolve(const char *path, char out[PATH_MAX], error_info *error) {
    enum { MOST_LINKS = 40 }; /* as the kernel follows */
    char step[PATH_MAX];
    struct stat info;
    if (path[0] == '\0' || strlen(path) >= PATH_MAX)
        return error_set(error, STATUS_IO, "%.100s: %s", path,
                         path[0] == '\0' ? "an empty path" : "the path is too long");
    if (path[strlen(path) - 1] == '/' || (stat(path, &info) == 0 && S_ISDIR(info.st_mode)))
        return error_set(error, STATUS_IO, "%s: is a directory; name a results file", path);
    strcpy(step, path);
    for (int links = 0; links <= MOST_LINKS; links++) {
        status result = STATUS_OK;
        RETURN_IF_FAILED(resolve_directory(step, out, error));
        memcpy(step, out, PATH_MAX);
        if (!follow_link(step, error, &result))
            return result;
    }
    return error_set(error, STATUS_IO, "%s: %s", path, strerror(ELOOP));
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
