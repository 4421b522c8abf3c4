/* Files that are written under a name of their own, in the directory of the file whose place they take by
 * rename.
 *
 * The name cannot be guessed, and an existing file of that name is not opened. A checksum in it shows that
 * this program made it up, so that what a killed session leaves behind differs from a user's own files. */
#ifndef IO_FILE_TEMPORARY_FILE_H
#define IO_FILE_TEMPORARY_FILE_H

#include <sys/types.h>

#include "base/status.h"

/* Create an empty file for `path`, with `mode` less the umask. *file is open for reading and writing; *name,
 * its path, is freed by the caller. On failure *file is -1 and *name NULL. */
status temporary_create(const char *path, mode_t mode, char **name, int *file, error_info *error);

/* Remove what killed sessions have left of `path`. Call with its lock held: then nobody writes them. What
 * cannot be removed stays: it does no harm. */
void temporary_remove_leftovers(const char *path);

#endif
