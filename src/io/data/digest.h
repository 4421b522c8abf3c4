/* Digests of the samples in memory: they reveal different data under the same name.
 *
 * A split's digest covers what the training sees of it: shape, classes, counts, and every sample with its
 * label or targets, in the order of the split. It does not depend on the format of the files: equal bytes
 * from IDX, .npy and HDF5 files have equal digests. */
#ifndef IO_DATA_DIGEST_H
#define IO_DATA_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "engine/engine.h"
#include "grid/digest.h"
#include "io/data/data_spec.h"

/* Digest the splits of a data set that was read. Points that the engine draws are digested by their
 * description. One pass over the memory. STATUS_INTERNAL when memory is out. */
status data_digest(const dataset *d, data_digests *out, error_info *error);

/* Which files a split comes from, for messages: "x.npy and y.npy", "the data directory /data"; "a generator"
 * where there are none. Cut short when it is longer. */
void data_place(const data_spec *spec, const char *data_directory, data_split_kind split, char *text,
                size_t size);

/* What a data set looks like, in one line: "100 + 0 + 20 samples of 1 × 4 × 1, 2 classes". */
void data_shape_text(const dataset *d, char *text, size_t size);

/* Everything that decides which files are read on this machine: equal for two processes that read the same
 * files. */
typedef struct data_origin {
    uint64_t device, inode; /* of the directory; both 0 where nothing is read */
} data_origin;

data_origin data_origin_of(const data_spec *spec, const char *data_directory);

#endif
