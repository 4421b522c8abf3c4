/* Reads results files through the HDF5 library, while a session writes them or after other tools rewrote
 * them. */
#include <hdf5.h>
#include <hdf5_hl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "grid/cell.h"
#include "grid/grid.h"
#include "io/file/hdf5_errors.h"
#include "io/file/path.h"
#include "io/results/layout.h"
#include "io/results/reader.h"

struct results_reader {
    char *path;
    uint64_t file_bytes;
    hdf5_reason reason;
    bool no_memory; /* an allocation of ours failed */
    bool is_old;    /* of RESULTS_OLD_FORMAT */
    hid_t file;
    int count;
    char (*names)[RESULTS_NAME_SIZE]; /* (count) */
    grid axes;
};

static status failed(const results_reader *r, const char *what, const char *name, error_info *error) {
    if (r->no_memory)
        return error_set(error, STATUS_INTERNAL, "%s: out of memory for %s %s", r->path, what, name);
    return error_set(error, STATUS_IO, "%s: cannot read %s %s: %s", r->path, what, name,
                     r->reason.text[0] != '\0' ? r->reason.text : "it has an unexpected type or shape");
}

/* The block itself; a failed allocation is noted. */
static void *allocated(results_reader *r, void *block) {
    r->no_memory |= block == NULL;
    return block;
}

/* ---- Attributes -------------------------------------------------------------------------------- */

/* A text attribute of `object`, or NULL; the caller frees it. */
static char *read_text(results_reader *r, hid_t object, const char *name) {
    if (H5Aexists(object, name) <= 0)
        return NULL;
    hid_t attribute = H5Aopen(object, name, H5P_DEFAULT);
    hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
    char *stored = NULL, *text = NULL;
    if (H5Tis_variable_str(type) > 0 && H5Sget_simple_extent_npoints(space) == 1 &&
        H5Aread(attribute, type, &stored) >= 0 && stored != NULL) {
        text = allocated(r, strdup(stored));
        H5free_memory(stored);
    }
    H5Sclose(space);
    H5Tclose(type);
    H5Aclose(attribute);
    return text;
}

status results_reader_attribute(results_reader *r, const char *name, char **out, error_info *error) {
    hdf5_begin(&r->reason);
    *out = read_text(r, r->file, name);
    return *out != NULL ? STATUS_OK : failed(r, "the attribute", name, error);
}

status results_reader_attribute_or(results_reader *r, const char *name, const char *missing, char **out,
                                   error_info *error) {
    hdf5_begin(&r->reason);
    *out = NULL;
    if (H5Aexists(r->file, name) == 0)
        *out = allocated(r, strdup(missing));
    else
        *out = read_text(r, r->file, name);
    return *out != NULL ? STATUS_OK : failed(r, "the attribute", name, error);
}

/* ---- Data sets --------------------------------------------------------------------------------- */

static hid_t native_type(element type) {
    const hid_t types[ELEMENT_COUNT] = {
        [ELEMENT_INT8] = H5T_NATIVE_INT8,     [ELEMENT_INT32] = H5T_NATIVE_INT32,
        [ELEMENT_UINT32] = H5T_NATIVE_UINT32, [ELEMENT_INT64] = H5T_NATIVE_INT64,
        [ELEMENT_FLOAT32] = H5T_NATIVE_FLOAT, [ELEMENT_FLOAT64] = H5T_NATIVE_DOUBLE,
    };
    return types[type];
}

static bool find_element(hid_t type, element *out) {
    if (H5Tget_class(type) == H5T_STRING) {
        bool variable = H5Tis_variable_str(type) > 0;
        *out = variable ? ELEMENT_TEXT : ELEMENT_CHAR;
        return variable || H5Tget_size(type) == 1;
    }
    for (int i = ELEMENT_INT8; i <= ELEMENT_FLOAT64; i++)
        if (H5Tequal(type, native_type((element)i)) > 0) {
            *out = (element)i;
            return true;
        }
    return false;
}

static bool describe_shape(hid_t data_set, results_dataset *out) {
    hsize_t extent[RESULTS_MAX_RANK];
    hid_t space = H5Dget_space(data_set);
    out->rank = H5Sget_simple_extent_ndims(space);
    bool ok = out->rank >= 0 && out->rank <= RESULTS_MAX_RANK &&
              H5Sget_simple_extent_dims(space, extent, NULL) >= 0;
    for (int i = 0; ok && i < out->rank; i++)
        out->dims[i] = extent[i];
    H5Sclose(space);
    return ok;
}

static bool fits_file(const results_reader *r, const results_dataset *d) {
    size_t bytes = d->type == ELEMENT_TEXT ? sizeof(char *) : element_size(d->type);
    for (int i = 0; i < d->rank; i++)
        if (__builtin_mul_overflow(bytes, d->dims[i], &bytes))
            return false;
    return path_file_holds(r->file_bytes, bytes);
}

/* H5Iget_name gives the path with its leading slash. */
static herr_t keep_scale_name(hid_t data_set, unsigned dimension, hid_t scale, void *name) {
    (void)data_set;
    (void)dimension;
    char path[RESULTS_NAME_SIZE + 1] = "";
    if (H5Iget_name(scale, path, sizeof path) < 0)
        return -1;
    snprintf(name, RESULTS_NAME_SIZE, "%.*s", RESULTS_NAME_SIZE - 1, path[0] == '/' ? path + 1 : path);
    return 1;
}

static bool describe_scales(hid_t data_set, results_dataset *out) {
    if (H5DSis_scale(data_set) > 0) {
        snprintf(out->scales[0], sizeof out->scales[0], "%s", out->name);
        return out->rank == 1;
    }
    for (int i = 0; i < out->rank; i++)
        if (H5DSiterate_scales(data_set, (unsigned)i, NULL, keep_scale_name, out->scales[i]) < 0)
            return false;
    return true;
}

static bool is_percent(results_reader *r, hid_t data_set) {
    char *units = read_text(r, data_set, "units");
    bool percent = units != NULL && strcmp(units, "percent") == 0;
    free(units);
    return percent;
}

static bool describe(results_reader *r, hid_t data_set, results_dataset *out) {
    hid_t type = H5Dget_type(data_set);
    bool ok = find_element(type, &out->type) && describe_shape(data_set, out) && fits_file(r, out) &&
              describe_scales(data_set, out);
    H5Tclose(type);
    haddr_t offset = H5Dget_offset(data_set);
    out->offset = offset == HADDR_UNDEF ? 0 : offset;
    out->units = is_percent(r, data_set) ? "percent" : "1";
    return ok;
}

status results_reader_describe(results_reader *r, const char *name, results_dataset *out, error_info *error) {
    hdf5_begin(&r->reason);
    *out = (results_dataset){0};
    snprintf(out->name, sizeof out->name, "%s", name);
    if (H5Lexists(r->file, name, H5P_DEFAULT) <= 0)
        return error_set(error, STATUS_IO, "%s: has no data set %s", r->path, name);
    hid_t data_set = H5Dopen2(r->file, name, H5P_DEFAULT);
    bool ok = data_set >= 0 && describe(r, data_set, out) && !r->no_memory;
    if (data_set >= 0)
        H5Dclose(data_set);
    return ok ? STATUS_OK : failed(r, "the data set", name, error);
}

size_t results_dataset_slice(const results_dataset *d) {
    size_t elements = 1;
    for (int i = 1; i < d->rank; i++)
        elements *= d->dims[i];
    return elements;
}

size_t results_dataset_elements(const results_dataset *d) {
    return d->rank == 0 ? 1 : d->dims[0] * results_dataset_slice(d);
}

static bool read_slices(hid_t data_set, const results_dataset *d, size_t first, size_t count, void *out) {
    hsize_t start[RESULTS_MAX_RANK] = {first}, extent[RESULTS_MAX_RANK] = {count};
    for (int i = 1; i < d->rank; i++)
        extent[i] = d->dims[i];
    hid_t space = H5Dget_space(data_set), memory = H5Screate_simple(d->rank, extent, NULL);
    bool ok = (d->rank == 0 || H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, extent, NULL) >= 0) &&
              H5Dread(data_set, native_type(d->type), memory, space, H5P_DEFAULT, out) >= 0;
    H5Sclose(memory);
    H5Sclose(space);
    return ok;
}

status results_reader_read(results_reader *r, const results_dataset *d, size_t first, size_t count, void *out,
                           error_info *error) {
    hdf5_begin(&r->reason);
    hid_t data_set = H5Dopen2(r->file, d->name, H5P_DEFAULT);
    bool ok = data_set >= 0 && read_slices(data_set, d, first, count, out);
    if (data_set >= 0)
        H5Dclose(data_set);
    return ok ? STATUS_OK : failed(r, "the data set", d->name, error);
}

status results_reader_read_all(results_reader *r, const results_dataset *d, void **out, error_info *error) {
    size_t bytes = results_dataset_elements(d) * element_size(d->type);
    *out = malloc(bytes > 0 ? bytes : 1);
    if (*out == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory: %zu bytes for %s", bytes, d->name);
    status result = results_reader_read(r, d, 0, d->rank > 0 ? d->dims[0] : 1, *out, error);
    if (result != STATUS_OK) {
        free(*out);
        *out = NULL;
    }
    return result;
}

status results_reader_load(results_reader *r, const char *name, element type, size_t count, void **out,
                           error_info *error) {
    results_dataset d;
    *out = NULL;
    RETURN_IF_FAILED(results_reader_describe(r, name, &d, error));
    if (d.type != type || results_dataset_elements(&d) != count)
        return failed(r, "the data set", name, error);
    return results_reader_read_all(r, &d, out, error);
}

status results_reader_states(results_reader *r, void **out, error_info *error) {
    const size_t cells = grid_cells(&r->axes);
    RETURN_IF_FAILED(results_reader_load(r, "status", ELEMENT_INT8, cells, out, error));
    uint8_t *states = *out;
    for (size_t cell = 0; cell < cells; cell++)
        if (states[cell] >= CELL_STATUS_COUNT)
            states[cell] = CELL_PENDING;
    return STATUS_OK;
}

/* ---- Axes -------------------------------------------------------------------------------------- */

static bool read_labels(results_reader *r, hid_t data_set, grid_axis *out) {
    out->labels = allocated(r, calloc(out->count, sizeof *out->labels));
    char **stored = allocated(r, calloc(out->count, sizeof *stored));
    hid_t type = H5Dget_type(data_set), space = H5Dget_space(data_set);
    bool ok = out->labels != NULL && stored != NULL &&
              H5Dread(data_set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, stored) >= 0;
    for (size_t i = 0; ok && i < out->count; i++)
        ok = stored[i] != NULL && (out->labels[i] = allocated(r, strdup(stored[i]))) != NULL;
    if (stored != NULL)
        H5Dvlen_reclaim(type, space, H5P_DEFAULT, stored);
    H5Sclose(space);
    H5Tclose(type);
    free(stored);
    return ok;
}

static bool read_numbers(results_reader *r, hid_t data_set, grid_axis *out) {
    out->numbers = allocated(r, calloc(out->count, sizeof *out->numbers));
    return out->numbers != NULL &&
           H5Dread(data_set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, out->numbers) >= 0;
}

static axis_kind kind_of(element type) {
    return type == ELEMENT_TEXT ? AXIS_LABEL : type == ELEMENT_INT64 ? AXIS_RUN : AXIS_NUMBER;
}

static bool read_axis(results_reader *r, const results_dataset *d, grid_axis *out) {
    *out = (grid_axis){.kind = kind_of(d->type), .count = d->dims[0]};
    snprintf(out->name, sizeof out->name, "%.*s", GRID_NAME_SIZE - 1, d->name);
    hid_t data_set = H5Dopen2(r->file, d->name, H5P_DEFAULT);
    bool ok = data_set >= 0 && (out->kind == AXIS_LABEL ? read_labels : read_numbers)(r, data_set, out);
    if (data_set >= 0)
        H5Dclose(data_set);
    return ok;
}

status results_reader_append_axis(results_reader *r, const char *name, grid *out, error_info *error) {
    results_dataset d;
    RETURN_IF_FAILED(results_reader_describe(r, name, &d, error));
    if (d.rank != 1 || d.dims[0] == 0 || out->axis_count == GRID_MAX_AXES)
        return failed(r, "the axis", name, error);
    hdf5_begin(&r->reason);
    bool ok = read_axis(r, &d, &out->axes[out->axis_count++]);
    return ok ? STATUS_OK : failed(r, "the axis", name, error);
}

/* The axes of a file are the dimensions of /status. */
static status read_grid(results_reader *r, error_info *error) {
    results_dataset d;
    RETURN_IF_FAILED(results_reader_describe(r, "status", &d, error));
    if (d.type != ELEMENT_INT8 || d.rank > GRID_MAX_AXES)
        return failed(r, "the data set", "status", error);
    for (int i = 0; i < d.rank; i++) {
        RETURN_IF_FAILED(results_reader_append_axis(r, d.scales[i], &r->axes, error));
        if (r->axes.axes[i].count != d.dims[i])
            return failed(r, "the axis", d.scales[i], error);
    }
    return STATUS_OK;
}

/* ---- The file ---------------------------------------------------------------------------------- */

static herr_t keep_name(hid_t group, const char *name, const H5L_info_t *info, void *context) {
    (void)group;
    (void)info;
    results_reader *r = context;
    if (strcmp(name, "provenance") == 0)
        return 0;
    char(*names)[RESULTS_NAME_SIZE] = allocated(r, realloc(r->names, (size_t)(r->count + 1) * sizeof *names));
    if (names == NULL)
        return -1;
    r->names = names;
    snprintf(r->names[r->count++], sizeof *names, "%s", name);
    return 0;
}

/* A repacked file may have lost the order of creation. */
static bool list_names(results_reader *r) {
    if (H5Literate(r->file, H5_INDEX_CRT_ORDER, H5_ITER_INC, NULL, keep_name, r) >= 0)
        return true;
    r->count = 0;
    return !r->no_memory && H5Literate(r->file, H5_INDEX_NAME, H5_ITER_INC, NULL, keep_name, r) >= 0;
}

static status check_format(results_reader *r, error_info *error) {
    char *format = read_text(r, r->file, "mpisweep_format"), *source = read_text(r, r->file, "source");
    status result = STATUS_OK;
    if (r->no_memory)
        result = failed(r, "the attribute", "mpisweep_format", error);
    else if (format == NULL)
        result =
            error_set(error, STATUS_IO, "%s: is an HDF5 file, but not a results file of mpisweep", r->path);
    else if (strcmp(format, RESULTS_OLD_FORMAT) == 0)
        r->is_old = true;
    else if (strcmp(format, RESULTS_FORMAT) != 0)
        result = error_set(error, STATUS_IO,
                           "%s: has results format %s, written by %s; this program knows format %s", r->path,
                           format, source != NULL ? source : "another version", RESULTS_FORMAT);
    free(format);
    free(source);
    return result;
}

static status open_file(results_reader *r, error_info *error) {
    RETURN_IF_FAILED(path_file_size(r->path, &r->file_bytes, error));
    htri_t hdf5 = H5Fis_hdf5(r->path);
    if (hdf5 == 0)
        return error_set(error, STATUS_IO,
                         "%s: is not an HDF5 file; accepted: a results file of mpisweep run", r->path);
    if (hdf5 > 0)
        r->file = H5Fopen(r->path, H5F_ACC_RDONLY, H5P_DEFAULT);
    if (r->file < 0)
        return error_set(error, STATUS_IO, "%s: cannot be opened, or is damaged: %s", r->path,
                         r->reason.text);
    RETURN_IF_FAILED(check_format(r, error));
    if (!list_names(r))
        return failed(r, "the group", "/", error);
    return read_grid(r, error);
}

status results_reader_open(results_reader **out, const char *path, error_info *error) {
    *out = NULL;
    results_reader *r = calloc(1, sizeof *r);
    if (r == NULL || (r->path = strdup(path)) == NULL) {
        free(r);
        return error_set(error, STATUS_INTERNAL, "out of memory");
    }
    r->file = H5I_INVALID_HID;
    hdf5_begin(&r->reason);
    status result = open_file(r, error);
    if (result == STATUS_OK)
        *out = r;
    else
        results_reader_close(&r);
    return result;
}

void results_reader_close(results_reader **reader) {
    results_reader *r = *reader;
    if (r == NULL)
        return;
    grid_release(&r->axes);
    if (r->file >= 0)
        H5Fclose(r->file);
    hdf5_end();
    free(r->names);
    free(r->path);
    free(r);
    *reader = NULL;
}

const char *results_reader_path(const results_reader *r) {
    return r->path;
}

/* HDF5's default driver has one descriptor. */
int results_reader_descriptor(const results_reader *r) {
    void *handle = NULL;
    if (H5Fget_vfd_handle(r->file, H5P_DEFAULT, &handle) < 0 || handle == NULL)
        return -1;
    return *(const int *)handle;
}

status results_reader_check_writable(results_reader *r, error_info *error) {
    char *source;
    if (!r->is_old)
        return STATUS_OK;
    RETURN_IF_FAILED(results_reader_attribute_or(r, "source", "another version", &source, error));
    error_set(error, STATUS_IO,
              "%s: has results format %s, written by %s, which does not record numerics and data; it can be "
              "read, but not resumed: finish it with that program, or name another file with -o",
              r->path, RESULTS_OLD_FORMAT, source);
    free(source);
    return STATUS_IO;
}

int results_reader_count(const results_reader *r) {
    return r->count;
}

const char *results_reader_name(const results_reader *r, int i) {
    return r->names[i];
}

const grid *results_reader_grid(const results_reader *r) {
    return &r->axes;
}
