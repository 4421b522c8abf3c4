/* Private to array_*.c: what a file format provides. */
#ifndef IO_ARRAY_FORMAT_H
#define IO_ARRAY_FORMAT_H

#include "io/array/array_file.h"

/* The first member of a format's own structure, which the format allocates and `close` frees. */
struct array_file {
    char *path; /* owned by array_file.c */
    array_shape shape;
    bool column_major; /* the file has the first dimension last (fastest): NumPy's Fortran order, MATLAB */
    size_t next_row;
    /* Read rows next_row … next_row + rows − 1 into out: (rows, row_size), or of a column-major file
     * (dims[rank − 1], …, dims[1], rows). */
    status (*read_rows)(array_file *a, size_t rows, array_numbers as, void *out, error_info *error);
    void (*close)(array_file *a);
};

/* Open a .npy file. On failure *out is NULL. */
status array_npy_open(array_file **out, const char *path, error_info *error);

/* Open a data set as array_file_open_data_set does; *path, which the caller frees, is FILE:/NAME. On failure
 * *out and *path are NULL. */
status array_hdf5_open(array_file **out, char **path, const char *file, const char *name,
                       const char *const likely[], error_info *error);

size_t array_number_bytes(array_numbers as);

/* The HDF5 type of such numbers in memory: the library's own, not to be closed. */
int64_t array_memory_type(array_numbers as);

/* Numbers as a file stores them, which the HDF5 library converts: its own, and those that .npy files have. */
typedef struct stored_number {
    int64_t id; /* of the HDF5 type, to be closed; negative: none */
    size_t bytes;
    array_type type;
    bool is_bool;
} stored_number;

/* kind: b(ool), i(nteger), u(nsigned), f(loat). False when there is no such type. */
bool stored_number_make(stored_number *out, char kind, size_t bytes, bool big_endian);

/* Convert `count` numbers in place; the buffer has room for the larger of both forms. False: the library
 * cannot. */
bool stored_number_convert(const stored_number *from, array_numbers to, size_t count, void *buffer);

void stored_number_close(stored_number *number);

/* "uint16" */
void stored_number_name(const stored_number *number, bool is_signed, char name[ARRAY_TYPE_NAME_SIZE]);

#endif
