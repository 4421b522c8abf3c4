/* Files below HDF5: bytes at offsets, and the directory. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/file/bytes.h"

status raw_read(int file, const char *path, void *bytes, size_t size, uint64_t offset, error_info *error) {
    for (size_t done = 0; done < size;) {
        ssize_t n = pread(file, (char *)bytes + done, size - done, (off_t)(offset + done));
        if (n == 0)
            return error_set(error, STATUS_IO, "%s: is truncated: nothing at byte %llu", path,
                             (unsigned long long)(offset + done));
        if (n < 0 && errno != EINTR)
            return error_set(error, STATUS_IO, "%s: cannot read at byte %llu: %s", path,
                             (unsigned long long)(offset + done), strerror(errno));
        if (n > 0)
            done += (size_t)n;
    }
    return STATUS_OK;
}

status raw_write(int file, const char *path, const void *bytes, size_t size, uint64_t offset,
                 error_info *error) {
    for (size_t done = 0; done < size;) {
        ssize_t n = pwrite(file, (const char *)bytes + done, size - done, (off_t)(offset + done));
        if (n < 0 && errno != EINTR)
            return error_set(error, STATUS_IO, "%s: cannot write %zu bytes: %s", path, size, strerror(errno));
        if (n > 0)
            done += (size_t)n;
    }
    return STATUS_OK;
}

status raw_sync_directory(const char *path, error_info *error) {
    char *copy = strdup(path);
    if (copy == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory");
    status result = STATUS_OK;
    int directory = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    /* EINVAL: a file system that cannot sync directories, and need not */
    if (directory < 0 || (fsync(directory) != 0 && errno != EINVAL))
        result = error_set(error, STATUS_IO, "%s: cannot sync its directory: %s", path, strerror(errno));
    if (directory >= 0)
        close(directory); /* was synced */
    free(copy);
    return result;
}
