/* Files that are written under a name of their own, in the directory of the file whose place they take by
 * rename.
 *
 * The name cannot be guessed, and nothing that has it already is opened. It proves by a checksum of itself
 * that a program of ours made it up, so that what a killed run leaves behind is known from a user's own
 * files. */
#ifndef IO_FILE_TEMPORARY_FILE_H
#define IO_FILE_TEMPORARY_FILE_H

#include <sys/types.h>

#include "base/status.h"

/* Create an empty file for `path`, with `mode` less the umask. *file is open for reading and writing; *name,
 * its path, is the caller's to free. On failure *file is -1 and *name NULL. */
status temporary_create(const char *path, mode_t mode, char **name, int *file, error_info *error);

/* Remove what runs that were killed have left of `path`. Call with its lock held: then nobody writes them.
 * What cannot be removed stays: it is in nobody's way. */
void temporary_remove_leftovers(const char *path);

#endif
