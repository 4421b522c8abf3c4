#include "sweep/node_memory.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/log.h"

enum { REASONS_SIZE = 512 };

/* Closes `file`: the mapping keeps it alive. */
static status map(int file, const char *path, size_t bytes, void **memory, error_info *error) {
    *memory = mmap(NULL, bytes + 1, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    const int reason = errno;
    close(file); /* nothing was written through it */
    if (*memory != MAP_FAILED)
        return STATUS_OK;
    *memory = NULL;
    return error_set(error, STATUS_INTERNAL,
                     "%s: cannot map %zu bytes of data that the ranks of a node share: %s", path, bytes,
                     strerror(reason));
}

/* A file with room for `bytes` in `directory`; -1 and errno when there is no room. */
static int make_file(const char *directory, size_t bytes, char path[PATH_MAX]) {
    snprintf(path, PATH_MAX, "%s/mpisweep-data-XXXXXX", directory);
    const int file = mkostemp(path, O_CLOEXEC);
    if (file < 0)
        return -1;
    const int reason = posix_fallocate(file, 0, (off_t)bytes + 1); /* never of size zero */
    if (reason == 0)
        return file;
    unlink(path);
    close(file);
    errno = reason;
    return -1;
}

/* Files in it are in memory, and nowhere else. */
static bool is_in_memory(const char *directory) {
    struct statfs info;
    return statfs(directory, &info) == 0 && (info.f_type == TMPFS_MAGIC || info.f_type == RAMFS_MAGIC);
}

/* The first directory that has room, of those on a disk only or of all; -1 when none has. `reasons` names
 * those that were passed over: "; /dev/shm: No space left on device". */
static int find_room_in(bool disks_only, size_t bytes, char path[PATH_MAX], char reasons[REASONS_SIZE]) {
    const char *const directories[] = {"/dev/shm", getenv("TMPDIR"), "/tmp", "/var/tmp"};
    size_t used = 0;
    reasons[0] = '\0';
    for (size_t i = 0; i < sizeof directories / sizeof directories[0]; i++) {
        if (directories[i] == NULL)
            continue;
        const bool passed_over = disks_only && is_in_memory(directories[i]);
        const int file = passed_over ? -1 : make_file(directories[i], bytes, path);
        if (file >= 0)
            return file;
        if (used < REASONS_SIZE)
            used += (size_t)snprintf(reasons + used, REASONS_SIZE - used, "; %s: %s", directories[i],
                                     passed_over ? "in memory, of which they need more than half"
                                                 : strerror(errno));
    }
    path[0] = '\0';
    return -1;
}

static int find_room(size_t bytes, size_t physical, char path[PATH_MAX], char reasons[REASONS_SIZE]) {
    const int file = bytes > physical / 2 ? find_room_in(true, bytes, path, reasons) : -1;
    return file >= 0 ? file : find_room_in(false, bytes, path, reasons);
}

size_t node_memory_physical(void) {
    const long pages = sysconf(_SC_PHYS_PAGES), bytes = sysconf(_SC_PAGESIZE);
    return pages > 0 && bytes > 0 ? (size_t)pages * (size_t)bytes : SIZE_MAX;
}

status node_memory_create(size_t bytes, size_t physical, char path[PATH_MAX], void **memory,
                          error_info *error) {
    char reasons[REASONS_SIZE];
    const int file = find_room(bytes, physical, path, reasons);
    *memory = NULL;
    if (file < 0)
        return error_set(
            error, STATUS_INTERNAL,
            "no room for %.1f MB of data that the ranks of a node share%s; enlarge /dev/shm (docker run "
            "--shm-size), set TMPDIR to a directory with room, or start one rank per node",
            1e-6 * (double)bytes, reasons);
    if (reasons[0] != '\0')
        log_note("the data are in %s%s", path, reasons);
    const status result = map(file, path, bytes, memory, error);
    if (result == STATUS_OK)
        return STATUS_OK;
    unlink(path); /* just made, and empty */
    path[0] = '\0';
    return result;
}

status node_memory_attach(const char *path, size_t bytes, void **memory, error_info *error) {
    const int file = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    *memory = NULL;
    if (file < 0)
        return error_set(error, STATUS_INTERNAL,
                         "%s: cannot open the data that the ranks of a node share: %s", path,
                         strerror(errno));
    return map(file, path, bytes, memory, error);
}

void node_memory_release(void *memory, size_t bytes) {
    if (memory != NULL)
        munmap(memory, bytes + 1); /* fails only for addresses that are not a mapping */
}
