/* Arrays of numbers in files: FILE.npy, or a data set of an HDF5 file, written FILE.h5:/NAME. */
#ifndef IO_ARRAY_FILE_H
#define IO_ARRAY_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

enum { ARRAY_MAX_RANK = 4 };

/* What the numbers are once they are read. */
typedef enum array_type {
    ARRAY_BYTE,    /* uint8_t: stored as unsigned bytes */
    ARRAY_INTEGER, /* int64_t: any other integers */
    ARRAY_FLOAT,   /* float: any floating-point numbers */
} array_type;

typedef struct array_file array_file;

typedef struct array_shape {
    array_type type;
    int rank; /* 1 to ARRAY_MAX_RANK */
    size_t dims[ARRAY_MAX_RANK];
    size_t row_size; /* numbers of a row: of one entry of the first dimension */
} array_shape;

/* Open an array and look at its shape. STATUS_USAGE when `path` has neither form; STATUS_IO names the file
 * and, where there is one, the byte offset: missing, damaged, of another type or rank, cut short, too long.
 */
status array_file_open(array_file **out, const char *path, error_info *error);

const array_shape *array_file_shape(const array_file *a);

/* As given to array_file_open; lives as long as `a`. */
const char *array_file_path(const array_file *a);

/* Read the next `rows` rows (no more than are left) into out (rows, row_size) of the array's type. */
status array_file_read_rows(array_file *a, size_t rows, void *out, error_info *error);

/* Accepts NULL. */
void array_file_close(array_file **a);

/* A whole array of floating-point numbers, (columns) or (rows, columns), into *values (rows, columns), which
 * the caller frees; an array of one dimension is one row. STATUS_IO for other types and ranks, too. */
status array_file_read(const char *path, float **values, size_t *rows, size_t *columns, error_info *error);

#endif
