/* Who may write a results file: one process at a time. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "io/file/bytes.h"
#include "io/results/lock.h"

/* Some network file systems have no locks. */
static bool locks_unsupported(int reason) {
    return reason == ENOLCK || reason == ENOSYS || reason == EOPNOTSUPP;
}

static char *lock_path(const char *path) {
    char *name;
    return asprintf(&name, "%s.lock", path) < 0 ? NULL : name;
}

/* Is `name` still the file that was locked, or did its holder remove it before we got the lock? */
static bool still_there(int lock, const char *name) {
    struct stat held, named;
    return fstat(lock, &held) == 0 && lstat(name, &named) == 0 && held.st_dev == named.st_dev &&
           held.st_ino == named.st_ino;
}

/* First bytes of a lock file of ours. Another file of that name is locked and left as it is. */
static const char mark[] = "lock of mpisweep run\n";
_Static_assert(sizeof mark - 1 == RESULTS_LOCK_HEAD, "the length of the mark");

bool results_lock_is_ours(int lock) {
    char bytes[RESULTS_LOCK_HEAD];
    return pread(lock, bytes, sizeof bytes, 0) == sizeof bytes && memcmp(bytes, mark, sizeof bytes) == 0;
}

static status cannot_open(const char *name, const char *path, error_info *error) {
    return error_set(error, STATUS_IO, "%s: cannot open the lock file %s: %s", path, name,
                     errno == ELOOP ? "it is a symbolic link; remove it" : strerror(errno));
}

/* An existing one: not through a link, and without waiting for a FIFO. */
static status open_present(int *lock, const char *name, const char *path, error_info *error) {
    struct stat info;
    *lock = open(name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (*lock < 0)
        return errno == ENOENT ? STATUS_OK : cannot_open(name, path, error); /* gone: try again */
    if (fstat(*lock, &info) == 0 && S_ISREG(info.st_mode))
        return STATUS_OK;
    close(*lock); /* nothing was written */
    *lock = -1;
    return error_set(error, STATUS_IO, "%s: the lock file %s is not a regular file; remove it", path, name);
}

static status open_lock(int *lock, const char *name, const char *path, error_info *error) {
    *lock = open(name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (*lock < 0)
        return errno == EEXIST ? open_present(lock, name, path, error) : cannot_open(name, path, error);
    const status result = raw_write(*lock, name, mark, sizeof mark - 1, 0, error);
    if (result == STATUS_OK)
        return STATUS_OK;
    unlink(name); /* just made; it does no harm when it stays */
    close(*lock);
    *lock = -1;
    return result;
}

/* Open and lock `name` once; *lock is -1 when it must be tried again. */
static status try_lock(int *lock, const char *name, const char *path, error_info *error) {
    RETURN_IF_FAILED(open_lock(lock, name, path, error));
    if (*lock < 0)
        return STATUS_OK;
    if (flock(*lock, LOCK_EX | LOCK_NB) == 0) {
        if (still_there(*lock, name))
            return STATUS_OK;
    } else if (locks_unsupported(errno)) {
        log_warning("%s: the file system has no locks (%s); make sure that no other session writes this file",
                    path, strerror(errno));
        return STATUS_OK;
    } else if (errno != EINTR) {
        error_set(error, STATUS_IO,
                  errno == EWOULDBLOCK ? "%s: is being written by another session (lock file %s); wait for "
                                         "it to end, or name another file"
                                       : "%s: cannot lock %s",
                  path, name);
        close(*lock); /* nothing was written */
        *lock = -1;
        return STATUS_IO;
    }
    close(*lock); /* the same */
    *lock = -1;
    return STATUS_OK;
}

status results_lock(int *lock, const char *path, error_info *error) {
    *lock = -1;
    char *name = lock_path(path);
    if (name == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory");
    status result = STATUS_OK;
    while (result == STATUS_OK && *lock < 0)
        result = try_lock(lock, name, path, error);
    free(name);
    return result;
}

status results_keep_lock(int *lock, const char *path, error_info *error) {
    char *name = lock_path(path);
    if (name == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory");
    const bool held = still_there(*lock, name);
    free(name);
    if (held)
        return STATUS_OK;
    int again;
    RETURN_IF_FAILED(results_lock(&again, path, error));
    log_warning("%s: its lock file was removed while this session wrote it, and was made again", path);
    close(*lock); /* locked a file without a name */
    *lock = again;
    return STATUS_OK;
}

void results_unlock(int lock, const char *path) {
    if (lock < 0)
        return;
    char *name = lock_path(path);
    if (name != NULL && results_lock_is_ours(lock) && still_there(lock, name) && unlink(name) != 0)
        log_warning("cannot remove the lock file %s: %s", name, strerror(errno));
    free(name);
    close(lock); /* what it says has no value now */
}

status results_check_place(const char *path, error_info *error) {
    struct stat info;
    if (lstat(path, &info) != 0)
        return STATUS_OK;
    if (!S_ISREG(info.st_mode))
        return error_set(error, STATUS_IO, "%s: is not a regular file; name a results file", path);
    if (info.st_nlink > 1)
        return error_set(
            error, STATUS_IO,
            "%s: has %lu names (hard links), of which mpisweep would lock or enlarge only one; copy it, or "
            "remove the others (find DIRECTORY -samefile %s)",
            path, (unsigned long)info.st_nlink, path);
    return STATUS_OK;
}

/* HDF5 programs that read take a shared lock, those that write take an exclusive one. */
status results_share(int file, const char *path, error_info *error) {
    if (flock(file, LOCK_SH | LOCK_NB) == 0)
        return STATUS_OK;
    if (errno == EWOULDBLOCK)
        return error_set(error, STATUS_IO, "%s: is open for writing in another program; close it there",
                         path);
    if (!locks_unsupported(errno))
        return error_set(error, STATUS_IO, "%s: cannot lock: %s", path, strerror(errno));
    log_warning("%s: the file system has no locks (%s)", path, strerror(errno));
    return STATUS_OK;
}
