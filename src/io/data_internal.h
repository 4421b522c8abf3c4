/* Private to dataset_reader.c and data_*.c: what a format of data sets provides, and where samples go. */
#ifndef IO_DATA_INTERNAL_H
#define IO_DATA_INTERNAL_H

#include <limits.h>

#include "io/dataset_reader.h"

/* Which split of which data set is meant. */
typedef struct data_request {
    const data_spec *spec;
    const char *directory; /* where data sets lie */
    uint64_t seed;         /* of generated samples */
    bool test;             /* else the training set */
} data_request;

/* Takes the samples of a split one by one, in stored order, until it is full. */
typedef struct sample_sink {
    tensor_shape stored;    /* of a sample that comes in … */
    int border;             /* … off which so many pixels are cut on every side */
    size_t element_bytes;   /* of a value */
    size_t wanted;          /* samples */
    size_t per_class;       /* further samples of a class are passed over; 0: no limit */
    int target_count;       /* 0: labels */
    unsigned char *samples; /* (wanted, C, H, W) after the cut; NULL: samples are only counted … */
    uint8_t *labels;        /* (wanted); … NULL, too */
    float *targets;         /* (wanted, target_count) */
    size_t kept, class_counts[ENGINE_MAX_CLASSES]; /* so far */
} sample_sink;

bool sample_sink_is_full(const sample_sink *sink);

/* A classified sample, (C, H, W) as stored. `sample` is not looked at when samples are only counted. */
void sample_sink_put(sample_sink *sink, const void *sample, uint8_t label);

/* The same with targets (target_count) in place of a label. */
void sample_sink_put_targets(sample_sink *sink, const void *sample, const float *targets);

typedef struct data_format {
    /* What the split looks like, without reading samples; classes is 0 where only the labels tell. */
    status (*describe)(const data_request *request, stored_split *out, error_info *error);
    /* Give the samples of a described split to the sink until it is full or all are read; of a split that is
     * read to its end, what follows is looked at, too. Labels are below `classes`, or ENGINE_MAX_CLASSES
     * where that is 0. */
    status (*read)(const data_request *request, const stored_split *split, sample_sink *sink,
                   error_info *error);
} data_format;

extern const data_format data_cifar10, data_idx, data_arrays, data_synthetic;

/* The error for a data file that is not where it should be, from errno. `what`: "CIFAR-10 (binary version)"
 */
status data_missing(const char *path, const char *what, error_info *error);

/* "DIRECTORY/NAME…" into path; STATUS_USAGE when it is too long. */
status data_path(char path[PATH_MAX], const char *directory, const char *name, error_info *error);

#endif
