/* Arrays of numbers in files: FILE.npy, or a data set of an HDF5 file, written FILE.h5:/NAME. */
#ifndef IO_ARRAY_ARRAY_FILE_H
#define IO_ARRAY_ARRAY_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

enum { ARRAY_MAX_RANK = 4, ARRAY_TYPE_NAME_SIZE = 16 };

/* What the numbers of a file are. */
typedef enum array_type {
    ARRAY_BYTE,    /* unsigned bytes, and booleans as 0 and 1 */
    ARRAY_INTEGER, /* all other integers */
    ARRAY_FLOAT,   /* floating-point numbers of any size */
} array_type;

/* What they become in memory. Integers above 2^53 and numbers beyond the largest float lose digits, or become
 * infinite. */
typedef enum array_numbers {
    ARRAY_AS_BYTES,   /* uint8_t, of ARRAY_BYTE only */
    ARRAY_AS_FLOATS,  /* float */
    ARRAY_AS_DOUBLES, /* double */
} array_numbers;

typedef struct array_file array_file;

typedef struct array_shape {
    array_type type;
    char type_name[ARRAY_TYPE_NAME_SIZE]; /* as NumPy calls it: "uint16", "float64", "bool" */
    bool is_bool;
    int rank;                    /* 1 to ARRAY_MAX_RANK */
    size_t dims[ARRAY_MAX_RANK]; /* the first counts rows, also in files that lay columns out one by one */
    size_t row_size;             /* numbers of a row: of one entry of the first dimension */
} array_shape;

/* Open an array and look at its shape. `path` is FILE.npy or FILE:/NAME. STATUS_USAGE when it has neither
 * form or does not name a data set of the file; STATUS_IO names the file and, where there is one, the byte
 * offset: missing, damaged, of another type or rank, cut short, too long, compressed by a filter that the
 * HDF5 library lacks. */
status array_file_open(array_file **out, const char *path, error_info *error);

/* The same for the data set `name` of the HDF5 file `file`. An empty name: the only data set whose last name,
 * in any case, is one of the NULL-terminated `likely` names; the first of them wins when it is at the top.
 * STATUS_USAGE lists the data sets of the file when the name is not one of them. */
status array_file_open_data_set(array_file **out, const char *file, const char *name,
                                const char *const likely[], error_info *error);

const array_shape *array_file_shape(const array_file *a);

/* FILE.npy, or FILE:/NAME; lives as long as `a`. */
const char *array_file_path(const array_file *a);

/* Read the next `rows` rows (no more than are left) into out (rows, row_size) of the given numbers. */
status array_file_read_rows(array_file *a, size_t rows, array_numbers as, void *out, error_info *error);

/* Accepts NULL. */
void array_file_close(array_file **a);

/* A whole array of finite numbers, (columns) or (rows, columns), into *values (rows, columns), which the
 * caller frees; an array of one dimension is one row. STATUS_IO for other ranks, too. */
status array_file_read(const char *path, float **values, size_t *rows, size_t *columns, error_info *error);

#endif
