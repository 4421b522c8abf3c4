/* A library for LD_PRELOAD between a program and the disk: it makes calls on one results file fail, and
 * records them for a replay (tests/mpi/disk.py).
 *
 *   DISK_FILE=PATH            calls on PATH, on files next to it whose names begin with PATH's name, and on
 *                             their directory
 *   DISK_FAULT=CALL:N:WHAT    from the N-th CALL (1, 2, …) on: WHAT is an errno; or for that one call only:
 *                             "short" (half of the bytes are written) or "kill" (SIGKILL before the call)
 *   DISK_TRACE=PATH           append an event for every call that changed something, in the order in which
 *                             they ended
 *   DISK_CLOCK=FACTOR         CLOCK_MONOTONIC runs FACTOR times as fast: many syncs in a short session */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { MOST_FILES = 4096 };

typedef enum file_kind { FILE_OTHER, FILE_RESULTS, FILE_DIRECTORY } file_kind;

/* What tests/mpi/disk.py reads; `size` bytes follow: what was written, or names with newlines between. place:
 * of a write in the file, or the new size. */
typedef struct trace_event {
    char call[16];
    uint64_t inode, place, size;
} trace_event;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static file_kind kinds[MOST_FILES]; /* by descriptor */
static unsigned long calls;         /* of the kind that DISK_FAULT names */

#define NEXT(function) ((__typeof__(&function))dlsym(RTLD_NEXT, #function))

/* ---- Which files ------------------------------------------------------------------------------- */

static file_kind kind_of_path(const char *path) {
    const char *watched = getenv("DISK_FILE");
    if (watched == NULL)
        return FILE_OTHER;
    if (strncmp(path, watched, strlen(watched)) == 0)
        return FILE_RESULTS;
    char directory[4096];
    snprintf(directory, sizeof directory, "%s", watched);
    return strcmp(path, dirname(directory)) == 0 ? FILE_DIRECTORY : FILE_OTHER;
}

static file_kind kind_of(int file) {
    return file >= 0 && file < MOST_FILES ? kinds[file] : FILE_OTHER;
}

/* ---- Faults ------------------------------------------------------------------------------------ */

typedef enum fault { FAULT_NONE, FAULT_ERRNO, FAULT_SHORT } fault;

/* What happens to this call; with FAULT_ERRNO, errno is set. */
static fault next_fault(const char *call) {
    const char *plan = getenv("DISK_FAULT");
    char name[16], what[16];
    unsigned long first;
    if (plan == NULL || sscanf(plan, "%15[^:]:%lu:%15s", name, &first, what) != 3 || strcmp(name, call) != 0)
        return FAULT_NONE;
    pthread_mutex_lock(&mutex);
    const unsigned long number = ++calls;
    pthread_mutex_unlock(&mutex);
    const bool once = strcmp(what, "kill") == 0 || strcmp(what, "short") == 0;
    if (number < first || (once && number > first))
        return FAULT_NONE;
    if (strcmp(what, "short") == 0)
        return FAULT_SHORT;
    if (strcmp(what, "kill") == 0)
        raise(SIGKILL);
    errno = atoi(what);
    return FAULT_ERRNO;
}

static bool fails(const char *call, file_kind kind) {
    return kind != FILE_OTHER && next_fault(call) == FAULT_ERRNO;
}

/* ---- Trace ------------------------------------------------------------------------------------- */

static void write_trace(const void *bytes, size_t size) {
    static int trace = -1;
    if (trace < 0)
        trace = NEXT(open)(getenv("DISK_TRACE"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (trace < 0 || write(trace, bytes, size) != (ssize_t)size)
        abort();
}

static void record(const char *call, uint64_t inode, uint64_t place, const void *bytes, size_t size) {
    if (getenv("DISK_TRACE") == NULL)
        return;
    trace_event event = {.inode = inode, .place = place, .size = size};
    strcpy(event.call, call);
    const int reason = errno;
    pthread_mutex_lock(&mutex);
    write_trace(&event, sizeof event);
    if (size > 0)
        write_trace(bytes, size);
    pthread_mutex_unlock(&mutex);
    errno = reason;
}

static uint64_t inode_of(int file) {
    struct stat info;
    return fstat(file, &info) == 0 ? info.st_ino : 0;
}

/* ---- The calls --------------------------------------------------------------------------------- */

int open(const char *path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    const file_kind kind = kind_of_path(path);
    if (fails("open", kind))
        return -1;
    const int file = NEXT(open)(path, flags, mode);
    if (file < 0 || file >= MOST_FILES)
        return file;
    kinds[file] = kind;
    if (kind == FILE_RESULTS && (flags & (O_CREAT | O_TRUNC)) != 0)
        record((flags & O_TRUNC) != 0 ? "truncate" : "create", inode_of(file), 0, path, strlen(path));
    return file;
}

int close(int file) {
    if (file >= 0 && file < MOST_FILES)
        kinds[file] = FILE_OTHER;
    return NEXT(close)(file);
}

ssize_t pwrite(int file, const void *bytes, size_t size, off_t offset) {
    const fault what = kind_of(file) == FILE_OTHER ? FAULT_NONE : next_fault("pwrite");
    if (what == FAULT_ERRNO)
        return -1;
    const ssize_t written = NEXT(pwrite)(file, bytes, what == FAULT_SHORT ? (size + 1) / 2 : size, offset);
    if (kind_of(file) == FILE_RESULTS && written > 0)
        record("write", inode_of(file), (uint64_t)offset, bytes, (size_t)written);
    return written;
}

int ftruncate(int file, off_t size) {
    if (fails("ftruncate", kind_of(file)))
        return -1;
    const int result = NEXT(ftruncate)(file, size);
    if (kind_of(file) == FILE_RESULTS && result == 0)
        record("resize", inode_of(file), (uint64_t)size, NULL, 0);
    return result;
}

int fallocate(int file, int mode, off_t offset, off_t size) {
    if (fails("fallocate", kind_of(file)))
        return -1;
    const int result = NEXT(fallocate)(file, mode, offset, size);
    if (kind_of(file) == FILE_RESULTS && result == 0)
        record("extend", inode_of(file), (uint64_t)(offset + size), NULL, 0);
    return result;
}

/* What was written before a sync began is durable when it has ended. */
static int traced_sync(const char *call, int (*sync)(int), int file) {
    const file_kind kind = kind_of(file);
    if (fails(call, kind))
        return -1;
    const uint64_t inode = kind == FILE_OTHER ? 0 : inode_of(file);
    if (kind != FILE_OTHER)
        record("sync begins", inode, 0, NULL, 0);
    const int result = sync(file);
    if (kind != FILE_OTHER && result == 0)
        record("sync ends", inode, 0, NULL, 0);
    return result;
}

int fsync(int file) {
    return traced_sync("fsync", NEXT(fsync), file);
}

int fdatasync(int file) {
    return traced_sync("fdatasync", NEXT(fdatasync), file);
}

int rename(const char *from, const char *to) {
    if (fails("rename", kind_of_path(to)))
        return -1;
    const int result = NEXT(rename)(from, to);
    char names[8192];
    const int length = snprintf(names, sizeof names, "%s\n%s", from, to);
    if (result == 0 && kind_of_path(to) == FILE_RESULTS)
        record("rename", 0, 0, names, (size_t)length);
    return result;
}

int unlink(const char *path) {
    const file_kind kind = kind_of_path(path);
    if (fails("unlink", kind))
        return -1;
    const int result = NEXT(unlink)(path);
    if (result == 0 && kind == FILE_RESULTS)
        record("unlink", 0, 0, path, strlen(path));
    return result;
}

int flock(int file, int operation) {
    return fails("flock", kind_of(file)) ? -1 : NEXT(flock)(file, operation);
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    const int result = NEXT(clock_gettime)(clock, now);
    const char *factor = getenv("DISK_CLOCK");
    if (result == 0 && clock == CLOCK_MONOTONIC && factor != NULL) {
        const double seconds = ((double)now->tv_sec + 1e-9 * (double)now->tv_nsec) * atof(factor);
        now->tv_sec = (time_t)seconds;
        now->tv_nsec = (long)((seconds - (double)now->tv_sec) * 1e9);
    }
    return result;
}
