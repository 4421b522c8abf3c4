/* Data sets from disk (or the generator) into memory. */
#ifndef IO_DATASET_READER_H
#define IO_DATASET_READER_H

#include "base/status.h"
#include "engine/engine.h"
#include "io/job.h"

/* What a data set will look like, without reading the pixels: shape, classes, counts; the pointers are NULL.
 * STATUS_IO names the file when one is missing or has the wrong size. */
status dataset_describe(const data_spec *spec, const char *data_directory, dataset *out, error_info *error);

/* Bytes that dataset_read needs for pixels and labels of both splits. */
size_t dataset_bytes(const dataset *described);

/* Read (or generate, from `seed`) the samples into `memory` (dataset_bytes) and point `out` into it.
 * STATUS_IO names file and byte offset of a bad record. */
status dataset_read(const data_spec *spec, const char *data_directory, uint64_t seed, void *memory,
                    dataset *out, error_info *error);

/* Point the splits of a described data set into memory that another process has filled. */
void dataset_attach(dataset *d, void *memory);

#endif
