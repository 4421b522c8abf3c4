/* Bytes of an open file at an offset, and names that must survive a power cut. */
#ifndef IO_FILE_BYTES_H
#define IO_FILE_BYTES_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* Read or write all `size` bytes at `offset`, or fail with STATUS_IO and the reason. */
status raw_read(int file, const char *path, void *bytes, size_t size, uint64_t offset, error_info *error);
status raw_write(int file, const char *path, const void *bytes, size_t size, uint64_t offset,
                 error_info *error);

/* Make the names in the directory of `path` durable, including a rename to it. */
status raw_sync_directory(const char *path, error_info *error);

#endif
