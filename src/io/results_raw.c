/* Reading and writing bytes at offsets. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "io/results_internal.h"

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
