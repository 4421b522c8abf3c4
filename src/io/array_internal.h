/* Private to array_*.c: what a file format provides. */
#ifndef IO_ARRAY_INTERNAL_H
#define IO_ARRAY_INTERNAL_H

#include "io/array_file.h"

/* The first member of a format's own structure, which the format allocates and `close` frees. */
struct array_file {
    char *path; /* owned by array_file.c */
    array_shape shape;
    size_t next_row;
    status (*read_rows)(array_file *a, size_t rows, void *out, error_info *error);
    void (*close)(array_file *a);
};

/* Open a .npy file. On failure *out is NULL. */
status array_npy_open(array_file **out, const char *path, error_info *error);

/* Open the data set of "FILE:/NAME". On failure *out is NULL. */
status array_hdf5_open(array_file **out, const char *path, error_info *error);

#endif
