/* Which samples a sweep trains on, and how they are read. */
#ifndef IO_DATA_DATA_SPEC_H
#define IO_DATA_DATA_SPEC_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/engine.h"
#include "io/option/name_list.h"

/* Where samples come from: X(enumerator, name in jobs). For each there is a data_format (format.h). */
#define DATA_SOURCES(X)                                                                                      \
    X(CIFAR10, cifar10)                                                                                      \
    X(MNIST, mnist)                                                                                          \
    X(FASHION_MNIST, fashion_mnist)                                                                          \
    X(HDF5, hdf5)                                                                                            \
    X(NPY, npy)                                                                                              \
    X(CSV, csv)                                                                                              \
    X(SYNTHETIC, synthetic)                                                                                  \
    X(XOR, xor)                                                                                              \
    X(ABSOLUTE_VALUE, absolute_value)

typedef enum data_source {
#define X(source, name) DATA_##source,
    DATA_SOURCES(X) DATA_SOURCE_COUNT
#undef X
} data_source;

extern const name_table data_source_names; /* by data_source */

/* Sets of sources, as bits 1 << source. */
enum {
    DATA_ARRAYS = 1 << DATA_HDF5 | 1 << DATA_NPY,
    DATA_OWN = DATA_ARRAYS | 1 << DATA_CSV, /* files that users bring */
    DATA_FILES = DATA_OWN | 1 << DATA_CIFAR10 | 1 << DATA_MNIST | 1 << DATA_FASHION_MNIST,
    DATA_POINTS = 1 << DATA_XOR | 1 << DATA_ABSOLUTE_VALUE, /* that the engine draws */
};

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
    name_list target, ignore;           /* csv: columns that are y, and columns that are ignored */
    bool predicts_probabilities;        /* the loss is binary_cross_entropy: targets are from 0 to 1 */
    bool predicts_numbers;          /* the loss accepts targets: decides what integers beyond labels are */
    bool allow_nonfinite;           /* hdf5, npy, csv: NaN and infinities are data */
    int classes;                    /* hdf5, npy, csv; 0: the highest training label + 1 */
    size_t train_count, test_count; /* files: use only the first N samples; 0: all … */
    size_t per_class;               /* … and of these in training the first N of each class; 0: all */
    int border;                     /* pixels that are cut off images on every side */
    double validation_fraction;     /* of the training samples held out */
    hold_out_kind validation_kind;
    bool per_feature; /* standardise by feature over the training set */
} data_spec;

#endif
