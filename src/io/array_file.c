#include "io/array_file.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "io/array_internal.h"

static bool ends_with(const char *text, const char *end) {
    size_t length = strlen(text), end_length = strlen(end);
    return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

static status open_format(array_file **out, const char *path, error_info *error) {
    if (strstr(path, ":/") != NULL)
        return array_hdf5_open(out, path, error);
    if (ends_with(path, ".npy"))
        return array_npy_open(out, path, error);
    return error_set(error, STATUS_USAGE, "%s: not the name of an array; accepted: FILE.npy or FILE.h5:/NAME",
                     path);
}

/* Dimensions of 0 are refused, so that nobody has to think of empty arrays. */
static status complete_shape(array_file *a, error_info *error) {
    array_shape *s = &a->shape;
    s->row_size = 1;
    for (int i = 0; i < s->rank; i++) {
        if (s->dims[i] == 0)
            return error_set(error, STATUS_IO, "%s: dimension %d is 0; accepted: at least 1", a->path, i);
        if (i > 0 && __builtin_mul_overflow(s->row_size, s->dims[i], &s->row_size))
            return error_set(error, STATUS_IO, "%s: too large", a->path);
    }
    return STATUS_OK;
}

status array_file_open(array_file **out, const char *path, error_info *error) {
    RETURN_IF_FAILED(open_format(out, path, error));
    (*out)->path = strdup(path);
    status result = (*out)->path != NULL ? complete_shape(*out, error)
                                         : error_set(error, STATUS_INTERNAL, "out of memory");
    if (result != STATUS_OK)
        array_file_close(out);
    return result;
}

const array_shape *array_file_shape(const array_file *a) {
    return &a->shape;
}

const char *array_file_path(const array_file *a) {
    return a->path;
}

status array_file_read_rows(array_file *a, size_t rows, void *out, error_info *error) {
    RETURN_IF_FAILED(a->read_rows(a, rows, out, error));
    a->next_row += rows;
    return STATUS_OK;
}

void array_file_close(array_file **a) {
    if (*a == NULL)
        return;
    free((*a)->path);
    (*a)->close(*a);
    *a = NULL;
}

/* ---- Whole arrays ------------------------------------------------------------------------------ */

static status read_matrix(array_file *a, float **values, size_t *rows, size_t *columns, error_info *error) {
    const array_shape *s = &a->shape;
    if (s->type != ARRAY_FLOAT || s->rank > 2)
        return error_set(error, STATUS_IO,
                         "%s: %s of %d dimensions; accepted: floating-point numbers of 1 or 2 dimensions",
                         a->path, s->type == ARRAY_FLOAT ? "floating-point numbers" : "integers", s->rank);
    *rows = s->rank == 2 ? s->dims[0] : 1;
    *columns = s->dims[s->rank - 1];
    size_t bytes;
    bool too_large = __builtin_mul_overflow(*rows * sizeof **values, *columns, &bytes);
    *values = too_large ? NULL : malloc(bytes);
    if (*values == NULL)
        return error_set(error, STATUS_INTERNAL, "%s: out of memory for %zu × %zu numbers", a->path, *rows,
                         *columns);
    return array_file_read_rows(a, s->dims[0], *values, error);
}

status array_file_read(const char *path, float **values, size_t *rows, size_t *columns, error_info *error) {
    array_file *a;
    *values = NULL;
    RETURN_IF_FAILED(array_file_open(&a, path, error));
    status result = read_matrix(a, values, rows, columns, error);
    array_file_close(&a);
    if (result != STATUS_OK) {
        free(*values);
        *values = NULL;
    }
    return result;
}
