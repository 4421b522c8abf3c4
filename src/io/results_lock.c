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
#include "io/results_internal.h"

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
    return fstat(lock, &held) == 0 && stat(name, &named) == 0 && held.st_dev == named.st_dev &&
           held.st_ino == named.st_ino;
}

/* Open and lock `name` once; *lock is -1 when it has to be tried again. */
static status try_lock(int *lock, const char *name, const char *path, error_info *error) {
    *lock = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (*lock < 0)
        return error_set(error, STATUS_IO, "%s: cannot create the lock file %s: %s", path, name,
                         strerror(errno));
    if (flock(*lock, LOCK_EX | LOCK_NB) == 0) {
        if (still_there(*lock, name))
            return STATUS_OK;
    } else if (locks_unsupported(errno)) {
        log_warning("%s: the file system has no locks (%s); make sure that no other run writes this file",
                    path, strerror(errno));
        return STATUS_OK;
    } else if (errno != EINTR) {
        error_set(error, STATUS_IO,
                  errno == EWOULDBLOCK ? "%s: is being written by another run (lock file %s)"
                                       : "%s: cannot lock %s",
                  path, name);
        close(*lock);
        *lock = -1;
        return STATUS_IO;
    }
    close(*lock);
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

void results_unlock(int lock, const char *path) {
    if (lock < 0)
        return;
    char *name = lock_path(path);
    if (name != NULL && unlink(name) != 0)
        log_warning("cannot remove the lock file %s: %s", name, strerror(errno));
    free(name);
    close(lock);
}

/* HDF5 programs that read take a shared lock, those that write an exclusive one. */
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
