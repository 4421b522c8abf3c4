/* Data sets of HDF5 files; the library converts the numbers. */
#include <hdf5.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "io/array_internal.h"
#include "io/hdf5_internal.h"
#include "io/path.h"

typedef struct hdf5_array {
    array_file base;
    hdf5_reason reason;
    hid_t file, data;
} hdf5_array;

static status failed(const hdf5_array *f, const char *path, const char *what, error_info *error) {
    return error_set(error, STATUS_IO, "%s: %s%s%s", path, what, f->reason.text[0] != '\0' ? ": " : "",
                     f->reason.text);
}

/* ---- Reading ----------------------------------------------------------------------------------- */

static hid_t memory_type(array_type type) {
    return type == ARRAY_BYTE      ? H5T_NATIVE_UINT8
           : type == ARRAY_INTEGER ? H5T_NATIVE_INT64
                                   : H5T_NATIVE_FLOAT;
}

static status read_rows(array_file *a, size_t rows, void *out, error_info *error) {
    hdf5_array *f = (hdf5_array *)a;
    hsize_t start[ARRAY_MAX_RANK] = {a->next_row}, count[ARRAY_MAX_RANK] = {rows};
    for (int i = 1; i < a->shape.rank; i++)
        count[i] = a->shape.dims[i];
    hdf5_begin(&f->reason);
    hid_t space = H5Dget_space(f->data), memory = H5Screate_simple(a->shape.rank, count, NULL);
    bool read = H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL) >= 0 &&
                H5Dread(f->data, memory_type(a->shape.type), memory, space, H5P_DEFAULT, out) >= 0;
    H5Sclose(memory);
    H5Sclose(space);
    hdf5_end();
    return read ? STATUS_OK : failed(f, a->path, "cannot be read", error);
}

/* ---- Opening ----------------------------------------------------------------------------------- */

static bool find_type(hid_t data, array_type *out) {
    hid_t type = H5Dget_type(data);
    H5T_class_t class = H5Tget_class(type);
    bool byte = class == H5T_INTEGER && H5Tget_size(type) == 1 && H5Tget_sign(type) == H5T_SGN_NONE;
    *out = byte ? ARRAY_BYTE : class == H5T_INTEGER ? ARRAY_INTEGER : ARRAY_FLOAT;
    H5Tclose(type);
    return class == H5T_INTEGER || class == H5T_FLOAT;
}

static bool find_dims(hid_t data, array_shape *shape) {
    hsize_t dims[H5S_MAX_RANK];
    hid_t space = H5Dget_space(data);
    shape->rank = H5Sget_simple_extent_dims(space, dims, NULL);
    H5Sclose(space);
    for (int i = 0; i < shape->rank && i < ARRAY_MAX_RANK; i++)
        shape->dims[i] = (size_t)dims[i];
    return shape->rank >= 1 && shape->rank <= ARRAY_MAX_RANK;
}

static status open_data(hdf5_array *f, const char *path, const char *file, const char *name,
                        error_info *error) {
    uint64_t ignored;
    RETURN_IF_FAILED(path_file_size(file, &ignored, error));
    f->file = H5Fopen(file, H5F_ACC_RDONLY, H5P_DEFAULT);
    if (f->file < 0)
        return failed(f, file, "cannot be opened as an HDF5 file", error);
    f->data = H5Dopen2(f->file, name, H5P_DEFAULT);
    if (f->data < 0)
        return failed(f, path, "there is no such data set", error);
    if (!find_type(f->data, &f->base.shape.type))
        return failed(f, path, "accepted: a data set of integers or floating-point numbers", error);
    if (!find_dims(f->data, &f->base.shape))
        return failed(f, path, "accepted: a data set of 1 to 4 dimensions", error);
    return STATUS_OK;
}

static void close_hdf5(array_file *a) {
    hdf5_array *f = (hdf5_array *)a;
    if (f->data >= 0)
        H5Dclose(f->data);
    if (f->file >= 0)
        H5Fclose(f->file);
    free(f);
}

status array_hdf5_open(array_file **out, const char *path, error_info *error) {
    *out = NULL;
    const char *name = strstr(path, ":/") + 1;
    char *file = strndup(path, (size_t)(name - 1 - path));
    hdf5_array *f = calloc(1, sizeof *f);
    status result =
        file != NULL && f != NULL ? STATUS_OK : error_set(error, STATUS_INTERNAL, "out of memory");
    if (f != NULL)
        *f = (hdf5_array){.base = {.read_rows = read_rows, .close = close_hdf5},
                          .file = H5I_INVALID_HID,
                          .data = H5I_INVALID_HID};
    if (result == STATUS_OK) {
        hdf5_begin(&f->reason);
        result = open_data(f, path, file, name, error);
        hdf5_end();
    }
    free(file);
    if (result == STATUS_OK)
        *out = &f->base;
    else if (f != NULL)
        close_hdf5(&f->base);
    return result;
}
