/* Data sets from disk (or a generator) into memory. */
#ifndef IO_DATASET_READER_H
#define IO_DATASET_READER_H

#include "base/status.h"
#include "engine/engine.h"
#include "io/job.h"

/* A split as its files have it. */
typedef struct stored_split {
    size_t count;       /* 0: there is none */
    tensor_shape shape; /* of a sample */
    bool floats;        /* samples are float, else bytes */
    int classes;        /* labels lie below */
    int target_count;   /* numbers per sample of a regression; 0: labels */
} stored_split;

/* A data set, the files that it comes from and how it lies in memory. */
typedef struct stored_dataset {
    dataset data; /* the pointers are NULL until it is read or attached */
    stored_split train_file, test_file;
    size_t train_count,
        test_count;   /* samples in memory; train_count is train and validation. 0: drawn points */
    bool per_feature; /* samples are standardised by feature */
} stored_dataset;

/* What a data set will look like, without its samples: shape, classes, counts. Labels are read where a count
 * depends on them. STATUS_IO names a file that is missing or wrong, STATUS_USAGE a key that does not fit what
 * the files hold. */
status dataset_describe(const data_spec *spec, const char *data_directory, stored_dataset *out,
                        error_info *error);

/* Bytes that dataset_read needs. */
size_t dataset_bytes(const stored_dataset *described);

/* Read (or generate, from `seed`) the samples of a described data set into `memory` (dataset_bytes), split
 * and measure them, and attach it. STATUS_IO names the file and where in it a bad value stands. */
status dataset_read(const data_spec *spec, const char *data_directory, uint64_t seed, void *memory,
                    stored_dataset *d, error_info *error);

/* Point the splits of a described data set into memory that another process has filled. */
void dataset_attach(stored_dataset *d, void *memory);

#endif
