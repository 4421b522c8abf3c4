/* The job file: YAML in, a checked job out. */
#ifndef IO_JOB_H
#define IO_JOB_H

#include <stdint.h>
#include <stdio.h>

#include "base/status.h"
#include "engine/engine.h"
#include "io/name_list.h"
#include "sweep/grid.h"

typedef enum data_source {
    DATA_CIFAR10,
    DATA_MNIST,
    DATA_FASHION_MNIST,
    DATA_HDF5,
    DATA_NPY,
    DATA_CSV,
    DATA_SYNTHETIC,
    DATA_XOR,
    DATA_ABSOLUTE_VALUE,
} data_source;

typedef enum hold_out_kind { HOLD_OUT_STRATIFIED, HOLD_OUT_RANDOM } hold_out_kind;

typedef enum data_task { TASK_AUTO, TASK_CLASSIFICATION, TASK_REGRESSION } data_task;

typedef enum data_layout { LAYOUT_CHANNELS_FIRST, LAYOUT_CHANNELS_LAST } data_layout;

typedef enum csv_separator { SEPARATOR_COMMA, SEPARATOR_SEMICOLON, SEPARATOR_TAB } csv_separator;

enum { DATA_PATH_SIZE = 1024 };

/* A split's files as the job names them: hdf5 has a file and the names of its data sets (""; found), npy two
 * files x and y, csv one file. All "": there is no such split. */
typedef struct data_files {
    char x[DATA_PATH_SIZE], y[DATA_PATH_SIZE], file[DATA_PATH_SIZE];
} data_files;

typedef struct data_spec {
    data_source source;
    synthetic_spec synthetic;           /* source: synthetic */
    point_spec points;                  /* xor, absolute_value; without kind */
    const char *job_path;               /* next to which relative paths begin; not owned */
    data_files train, validation, test; /* hdf5, npy, csv */
    data_layout layout;                 /* hdf5, npy: of images with channels */
    data_task task;                     /* hdf5, npy, csv: what y is */
    csv_separator separator;            /* csv */
    name_list target, ignore;           /* csv: columns that are y, and that are passed over */
    bool predicts_probabilities;        /* the loss is binary_cross_entropy: targets are from 0 to 1 */
    bool predicts_numbers;              /* the loss suits targets: decides what integers beyond labels are */
    bool allow_nonfinite;               /* hdf5, npy, csv: NaN and infinities are data */
    int classes;                        /* hdf5, npy, csv; 0: the highest training label + 1 */
    size_t train_count, test_count;     /* files: use only the first N samples; 0: all … */
    size_t per_class;                   /* … and of these in training the first N of each class; 0: all */
    int border;                         /* pixels that are cut off images on every side */
    double validation_fraction;         /* of the training samples held out */
    hold_out_kind validation_kind;
    bool per_feature; /* standardise by feature over the training set */
} data_spec;

typedef struct job_details job_details; /* private: where keys stand in the file, what axes set */

typedef struct job {
    char *path;
    char *text; /* the file, byte for byte */
    char name[GRID_NAME_SIZE];
    char title[256];
    uint64_t seed;
    data_spec data;
    training_spec base; /* with the first value of every axis of labels, before any number is applied */
    grid grid;
    job_details *details;
    char *canonical; /* one "key = value" line per key that matters to the results, defaults included,
                        sorted; two jobs with equal text here have equal results */
    uint64_t digest; /* hash_bytes of canonical */
} job;

/* Read, check and complete the job file at `path`, with the `count` settings "KEY=VALUE" applied over it.
 * Every mistake is STATUS_USAGE with "FILE:LINE:COLUMN: what, the value, what is accepted, nearest known key"
 * ("--set KEY=VALUE: …" for a setting). An unreadable file is STATUS_IO. */
status job_load(job **out, const char *path, const char *const settings[], int count, error_info *error);

/* The specification of one cell, which points to what the job owns. */
void job_cell_spec(const job *j, size_t cell, training_spec *spec);

/* Check every combination of labels and every number of an axis against the data (engine_plan), and give the
 * plan of the base specification. Messages name the place in the job file. */
status job_check(const job *j, const dataset *data, training_plan *plan, error_info *error);

/* The layout that has room for what every cell records: cells may differ in steps, epochs and models. After
 * job_check. STATUS_USAGE when a combination of axis values cannot be, or a record is never due. */
status job_layout(const job *j, const dataset *data, record_layout *layout, error_info *error);

/* The canonical text of the job with fewer values on its axes. `part` has the job's axes, and each of its
 * values is on the job's (grid_find_value). The caller frees *canonical, also on failure. */
status job_part_canonical(const job *j, const grid *part, char **canonical, error_info *error);

/* The differences between two canonical texts, one "key: a → b" per line, for people. */
void job_print_differences(FILE *out, const char *canonical_a, const char *canonical_b);

/* The reference of all keys as Markdown: docs/job-format.md is this text. */
void job_print_reference(FILE *out);

void job_destroy(job **j);

#endif
