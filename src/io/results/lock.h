/* Locks of a results file: one writer, many readers. */
#ifndef IO_RESULTS_LOCK_H
#define IO_RESULTS_LOCK_H

#include <stdbool.h>

#include "base/status.h"

/* Length of the first line of a lock file of ours; what follows is running.h's. */
enum { RESULTS_LOCK_HEAD = 21 };

/* Does the open lock file begin like ours? */
bool results_lock_is_ours(int lock);

/* STATUS_IO when `path` names something that a lock of that name does not protect: not a regular file, or one
 * with several names. */
status results_check_place(const char *path, error_info *error);

/* Take FILE.lock for this process; `path` is one of path_resolve, so that all names of a file have one lock.
 * *lock is a descriptor for results_unlock. A file of that name that is not ours is neither written nor
 * removed. */
status results_lock(int *lock, const char *path, error_info *error);

/* Make again a lock file that was removed; STATUS_IO when another session has made its own meanwhile. */
status results_keep_lock(int *lock, const char *path, error_info *error);

/* Remove the lock file, if it is ours, and release it. -1 is accepted. */
void results_unlock(int lock, const char *path);

/* Share the open results file with readers and keep HDF5 writers out. */
status results_share(int file, const char *path, error_info *error);

#endif
