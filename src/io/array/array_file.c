#include "io/array/array_file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/array/format.h"

/* ---- Opening ----------------------------------------------------------------------------------- */

static bool ends_with(const char *text, const char *end) {
    size_t length = strlen(text), end_length = strlen(end);
    return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

/* The last ":/" of `path`, because directories may end with a colon; NULL for a .npy file in such a
 * directory. */
static const char *find_data_set(const char *path) {
    const char *found = NULL;
    for (const char *next = path; (next = strstr(next, ":/")) != NULL; next++)
        found = next;
    return found != NULL && ends_with(path, ".npy") && access(path, F_OK) == 0 ? NULL : found;
}

/* Dimensions of 0 are refused, so that callers need not handle empty arrays. */
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

/* Takes over `path`. */
static status complete(array_file **a, char *path, error_info *error) {
    (*a)->path = path;
    status result =
        path != NULL ? complete_shape(*a, error) : error_set(error, STATUS_INTERNAL, "out of memory");
    if (result != STATUS_OK)
        array_file_close(a);
    return result;
}

status array_file_open_data_set(array_file **out, const char *file, const char *name,
                                const char *const likely[], error_info *error) {
    char *path;
    RETURN_IF_FAILED(array_hdf5_open(out, &path, file, name, likely, error));
    return complete(out, path, error);
}

status array_file_open(array_file **out, const char *path, error_info *error) {
    const char *data_set = find_data_set(path);
    *out = NULL;
    if (data_set != NULL) {
        static const char *const none[] = {NULL};
        char *file = strndup(path, (size_t)(data_set - path));
        if (file == NULL)
            return error_set(error, STATUS_INTERNAL, "out of memory");
        status result = array_file_open_data_set(out, file, data_set + 1, none, error);
        free(file);
        return result;
    }
    if (!ends_with(path, ".npy"))
        return error_set(error, STATUS_USAGE,
                         "%s: not the name of an array; accepted: FILE.npy or FILE.h5:/NAME", path);
    RETURN_IF_FAILED(array_npy_open(out, path, error));
    return complete(out, strdup(path), error);
}

const array_shape *array_file_shape(const array_file *a) {
    return &a->shape;
}

const char *array_file_path(const array_file *a) {
    return a->path;
}

void array_file_close(array_file **a) {
    if (*a == NULL)
        return;
    free((*a)->path);
    (*a)->close(*a);
    *a = NULL;
}

/* ---- Reading ----------------------------------------------------------------------------------- */

/* Where the number of column-major position `column` (the last dimension slowest) is within a row. */
static size_t place_in_row(const array_shape *s, size_t column) {
    size_t place = 0, stride = s->row_size;
    for (int i = 1; i < s->rank; i++) {
        stride /= s->dims[i];
        place += column % s->dims[i] * stride;
        column /= s->dims[i];
    }
    return place;
}

/* columns (dims[rank − 1], …, dims[1], rows) → out (rows, row_size) */
static void turn_rows(const array_shape *s, size_t rows, size_t bytes, const char *columns, char *out) {
    for (size_t column = 0; column < s->row_size; column++) {
        char *to = out + place_in_row(s, column) * bytes;
        for (size_t i = 0; i < rows; i++, columns += bytes, to += s->row_size * bytes)
            memcpy(to, columns, bytes);
    }
}

static status read_columns(array_file *a, size_t rows, array_numbers as, void *out, error_info *error) {
    const size_t bytes = array_number_bytes(as);
    char *columns = malloc(rows * a->shape.row_size * bytes);
    if (columns == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory");
    status result = a->read_rows(a, rows, as, columns, error);
    if (result == STATUS_OK)
        turn_rows(&a->shape, rows, bytes, columns, out);
    free(columns);
    return result;
}

status array_file_read_rows(array_file *a, size_t rows, array_numbers as, void *out, error_info *error) {
    RETURN_IF_FAILED(a->column_major ? read_columns(a, rows, as, out, error)
                                     : a->read_rows(a, rows, as, out, error));
    a->next_row += rows;
    return STATUS_OK;
}

/* ---- Whole arrays ------------------------------------------------------------------------------ */

static status check_finite(const array_file *a, const float *values, size_t count, error_info *error) {
    for (size_t i = 0; i < count; i++)
        if (!isfinite(values[i]))
            return error_set(error, STATUS_IO, "%s: number %zu is %g; accepted: finite numbers", a->path, i,
                             (double)values[i]);
    return STATUS_OK;
}

static status read_matrix(array_file *a, float **values, size_t *rows, size_t *columns, error_info *error) {
    const array_shape *s = &a->shape;
    if (s->rank > 2)
        return error_set(error, STATUS_IO, "%s: %d dimensions; accepted: 1 or 2", a->path, s->rank);
    *rows = s->rank == 2 ? s->dims[0] : 1;
    *columns = s->dims[s->rank - 1];
    size_t bytes;
    bool too_large = __builtin_mul_overflow(*rows * sizeof **values, *columns, &bytes);
    *values = too_large ? NULL : malloc(bytes);
    if (*values == NULL)
        return error_set(error, STATUS_INTERNAL, "%s: out of memory for %zu × %zu numbers", a->path, *rows,
                         *columns);
    RETURN_IF_FAILED(array_file_read_rows(a, s->dims[0], ARRAY_AS_FLOATS, *values, error));
    return check_finite(a, *values, *rows * *columns, error);
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
