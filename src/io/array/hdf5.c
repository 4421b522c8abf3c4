/* Data sets of HDF5 files; the library converts the numbers. MATLAB's files of version 7.3 are HDF5 files
 * with the dimensions in reverse. */
#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "io/array/format.h"
#include "io/file/hdf5_errors.h"
#include "io/file/path.h"

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

/* Dimension i of the file for dimension i of the array. */
static int file_dimension(const array_file *a, int i) {
    return a->column_major ? a->shape.rank - 1 - i : i;
}

static status read_rows(array_file *a, size_t rows, array_numbers as, void *out, error_info *error) {
    hdf5_array *f = (hdf5_array *)a;
    hsize_t start[ARRAY_MAX_RANK] = {0}, count[ARRAY_MAX_RANK];
    for (int i = 0; i < a->shape.rank; i++)
        count[file_dimension(a, i)] = a->shape.dims[i];
    start[file_dimension(a, 0)] = a->next_row;
    count[file_dimension(a, 0)] = rows;
    hdf5_begin(&f->reason);
    hid_t space = H5Dget_space(f->data), memory = H5Screate_simple(a->shape.rank, count, NULL);
    bool read = H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL) >= 0 &&
                H5Dread(f->data, array_memory_type(as), memory, space, H5P_DEFAULT, out) >= 0;
    H5Sclose(memory);
    H5Sclose(space);
    hdf5_end();
    return read ? STATUS_OK : failed(f, a->path, "cannot be read", error);
}

/* ---- Types and shapes -------------------------------------------------------------------------- */

/* An enumeration of FALSE and TRUE, which is how h5py stores booleans. */
static bool is_truth(hid_t type) {
    int8_t value[2] = {-1, -1};
    return H5Tget_nmembers(type) == 2 && H5Tget_size(type) == 1 &&
           H5Tenum_valueof(type, "FALSE", &value[0]) >= 0 && H5Tenum_valueof(type, "TRUE", &value[1]) >= 0 &&
           value[0] == 0 && value[1] == 1;
}

static bool describe_type(hid_t type, array_shape *shape) {
    const H5T_class_t class = H5Tget_class(type);
    stored_number number = {.bytes = H5Tget_size(type)};
    const bool is_signed = class == H5T_INTEGER && H5Tget_sign(type) == H5T_SGN_2;
    number.is_bool = class == H5T_ENUM && is_truth(type);
    const bool is_byte = number.bytes == 1 && class == H5T_INTEGER && !is_signed;
    number.type = is_byte || number.is_bool ? ARRAY_BYTE : class == H5T_FLOAT ? ARRAY_FLOAT : ARRAY_INTEGER;
    shape->type = number.type;
    shape->is_bool = number.is_bool;
    stored_number_name(&number, is_signed, shape->type_name);
    return class == H5T_INTEGER || class == H5T_FLOAT || number.is_bool;
}

static const char *class_name(hid_t type) {
    switch (H5Tget_class(type)) {
    case H5T_STRING:
        return "text";
    case H5T_COMPOUND:
        return "compound or complex values";
    case H5T_ENUM:
        return "an enumeration";
    case H5T_REFERENCE:
        return "references (a MATLAB cell array or table?)";
    default:
        return "neither integers nor floating-point numbers";
    }
}

static status find_type(hdf5_array *f, const char *path, error_info *error) {
    hid_t type = H5Dget_type(f->data);
    if (type < 0)
        return failed(f, path, "has no type", error);
    const bool numbers = describe_type(type, &f->base.shape);
    const char *class = class_name(type);
    H5Tclose(type);
    return numbers ? STATUS_OK
                   : error_set(error, STATUS_IO,
                               "%s: %s; accepted: a data set of integers, booleans or floating-point numbers",
                               path, class);
}

/* Dimensions as its user sees them, so in reverse for MATLAB's. */
static status find_dims(hdf5_array *f, const char *path, error_info *error) {
    array_shape *shape = &f->base.shape;
    hsize_t dims[H5S_MAX_RANK];
    hid_t space = H5Dget_space(f->data);
    shape->rank = space >= 0 ? H5Sget_simple_extent_dims(space, dims, NULL) : 0;
    H5Sclose(space);
    if (shape->rank < 1 || shape->rank > ARRAY_MAX_RANK)
        return error_set(error, STATUS_IO, "%s: %d dimensions; accepted: a data set of 1 to %d", path,
                         shape->rank, ARRAY_MAX_RANK);
    for (int i = 0; i < shape->rank; i++)
        shape->dims[i] = (size_t)dims[file_dimension(&f->base, i)];
    return STATUS_OK;
}

/* MATLAB marks the data sets that it writes. */
static herr_t visit_mark(hid_t group, const char *name, const H5L_info_t *info, void *found) {
    (void)info;
    hid_t object = H5I_INVALID_HID;
    H5E_BEGIN_TRY { /* a link that leads nowhere */
        object = H5Oopen(group, name, H5P_DEFAULT);
        *(bool *)found = object >= 0 && H5Aexists(object, "MATLAB_class") > 0;
        if (object >= 0)
            H5Oclose(object);
    }
    H5E_END_TRY
    return *(bool *)found; /* 1 ends the walk */
}

static bool is_matlab(hid_t file) {
    bool found = false;
    return H5Literate(file, H5_INDEX_NAME, H5_ITER_NATIVE, NULL, visit_mark, &found) >= 0 && found;
}

/* ---- Chunks and filters ------------------------------------------------------------------------ */

/* Room for all chunks that hold one row: each is decompressed only once, however few rows are read at a
 * time. */
static size_t chunk_cache_bytes(const array_file *a, const hsize_t chunk[], size_t element) {
    enum { MOST = 1 << 30, LEAST = 1 << 20 };
    double bytes = (double)element;
    for (int i = 0; i < a->shape.rank; i++) {
        const int at = file_dimension(a, i);
        const hsize_t across = i == 0 ? 1 : (a->shape.dims[i] - 1) / chunk[at] + 1;
        bytes *= (double)(chunk[at] * across);
    }
    return bytes < LEAST ? LEAST : bytes > MOST ? MOST : (size_t)bytes;
}

/* The data set opened again, with a cache that fits its chunks. */
static status reopen_with_cache(hdf5_array *f, const char *path, size_t bytes, error_info *error) {
    enum { SLOTS = 100003 }; /* a prime, more than the chunks of one row */
    const double evict_what_was_read = 1;
    char name[1024];
    hid_t access = H5Pcreate(H5P_DATASET_ACCESS);
    bool ready = access >= 0 && H5Iget_name(f->data, name, sizeof name) > 0 &&
                 H5Pset_chunk_cache(access, SLOTS, bytes, evict_what_was_read) >= 0;
    H5Dclose(f->data); /* while it is open, a second opening shares its cache */
    f->data = ready ? H5Dopen2(f->file, name, access) : H5I_INVALID_HID;
    H5Pclose(access);
    return f->data >= 0 ? STATUS_OK : failed(f, path, "cannot be opened", error);
}

static status check_filters(const hdf5_array *f, hid_t creation, const char *path, error_info *error) {
    const int count = H5Pget_nfilters(creation);
    for (int i = 0; i < count; i++) {
        unsigned flags;
        size_t values = 0;
        char name[64] = "";
        H5Z_filter_t filter =
            H5Pget_filter2(creation, (unsigned)i, &flags, &values, NULL, sizeof name, name, NULL);
        if (filter < 0)
            return failed(f, path, "has a filter that cannot be described", error);
        if (H5Zfilter_avail(filter) <= 0)
            return error_set(error, STATUS_IO,
                             "%s: compressed by the filter %d (%s), which the HDF5 library does not have; "
                             "accepted: gzip, shuffle, or none. In Python: create_dataset(NAME, data=…, "
                             "compression=\"gzip\")",
                             path, (int)filter, name[0] != '\0' ? name : "no name");
    }
    return STATUS_OK;
}

static status prepare_chunks(hdf5_array *f, const char *path, error_info *error) {
    hid_t creation = H5Dget_create_plist(f->data), type = H5Dget_type(f->data);
    hsize_t chunk[ARRAY_MAX_RANK];
    status result = STATUS_OK;
    if (creation < 0 || type < 0)
        result = failed(f, path, "cannot be described", error);
    else if (H5Pget_layout(creation) == H5D_CHUNKED)
        result = check_filters(f, creation, path, error);
    if (result == STATUS_OK && H5Pget_layout(creation) == H5D_CHUNKED &&
        H5Pget_chunk(creation, f->base.shape.rank, chunk) == f->base.shape.rank)
        result = reopen_with_cache(f, path, chunk_cache_bytes(&f->base, chunk, H5Tget_size(type)), error);
    H5Tclose(type);
    H5Pclose(creation);
    return result;
}

/* ---- Names ------------------------------------------------------------------------------------- */

/* What a walk through the file finds. */
typedef struct name_search {
    const char *const *likely;
    char list[512]; /* names of data sets, for people */
    char found[256];
    int matches;
    bool at_top; /* found is "/x" itself */
} name_search;

static bool is_likely(const char *const likely[], const char *name) {
    const char *slash = strrchr(name, '/');
    for (size_t i = 0; likely[i] != NULL; i++)
        if (strcasecmp(slash != NULL ? slash + 1 : name, likely[i]) == 0)
            return true;
    return false;
}

static void look_at_name(name_search *search, const char *name) {
    const size_t used = strlen(search->list);
    if (used + strlen(name) + 8 < sizeof search->list)
        snprintf(search->list + used, sizeof search->list - used, "%s/%s", used > 0 ? ", " : "", name);
    else if (used > 0 && search->list[used - 1] != '.')
        snprintf(search->list + used, sizeof search->list - used, " ...");
    if (search->at_top || !is_likely(search->likely, name) || strlen(name) + 1 >= sizeof search->found)
        return;
    search->at_top = search->likely[0] != NULL && strcmp(name, search->likely[0]) == 0;
    search->matches = search->at_top ? 1 : search->matches + 1;
    snprintf(search->found, sizeof search->found, "/%s", name);
}

static herr_t visit_link(hid_t group, const char *name, const H5L_info_t *info, void *search) {
    (void)info;
    H5E_BEGIN_TRY { /* a link that leads nowhere */
        hid_t object = H5Oopen(group, name, H5P_DEFAULT);
        if (object >= 0 && H5Iget_type(object) == H5I_DATASET)
            look_at_name(search, name);
        if (object >= 0)
            H5Oclose(object);
    }
    H5E_END_TRY
    return 0;
}

/* The name in *found, or an error that lists the data sets. */
static status find_name(const hdf5_array *f, const char *file, const char *const likely[], name_search *s,
                        error_info *error) {
    *s = (name_search){.likely = likely};
    if (H5Lvisit(f->file, H5_INDEX_NAME, H5_ITER_INC, visit_link, s) < 0)
        return failed(f, file, "cannot be searched", error);
    if (s->matches == 1)
        return STATUS_OK;
    return error_set(error, STATUS_USAGE, "%s: %s data set that may be %s; the file has %s", file,
                     s->matches == 0 ? "no" : "more than one", likely[0],
                     s->list[0] != '\0' ? s->list : "none");
}

static status no_such_name(const hdf5_array *f, const char *file, const char *name, error_info *error) {
    static const char *const none[] = {NULL};
    name_search search = {.likely = none};
    if (H5Lvisit(f->file, H5_INDEX_NAME, H5_ITER_INC, visit_link, &search) < 0)
        return failed(f, file, "cannot be searched", error);
    return error_set(error, STATUS_USAGE, "%s: no data set %s; the file has %s", file, name,
                     search.list[0] != '\0' ? search.list : "none");
}

/* ---- Opening ----------------------------------------------------------------------------------- */

/* MATLAB's formats before 7.3 begin with their name. */
static bool is_old_matlab(const char *file) {
    char begin[11] = "";
    FILE *stream = fopen(file, "rb");
    if (stream == NULL)
        return false;
    const bool read = fread(begin, 1, sizeof begin - 1, stream) == sizeof begin - 1;
    fclose(stream);
    return read && strcmp(begin, "MATLAB 5.0") == 0;
}

static status open_file(hdf5_array *f, const char *file, error_info *error) {
    uint64_t ignored;
    RETURN_IF_FAILED(path_file_size(file, &ignored, error));
    f->file = H5Fopen(file, H5F_ACC_RDONLY, H5P_DEFAULT);
    if (f->file >= 0)
        return STATUS_OK;
    if (is_old_matlab(file))
        return error_set(error, STATUS_IO,
                         "%s: a MATLAB file before version 7.3; accepted: HDF5, which MATLAB writes with "
                         "save(FILE, 'x', 'y', '-v7.3')",
                         file);
    return failed(f, file, "cannot be opened as an HDF5 file", error);
}

static status open_data(hdf5_array *f, const char *file, const char *name, const char *path,
                        error_info *error) {
    if (H5Lexists(f->file, name, H5P_DEFAULT) <= 0 || (f->data = H5Dopen2(f->file, name, H5P_DEFAULT)) < 0)
        return no_such_name(f, file, name, error);
    f->base.column_major = is_matlab(f->file);
    RETURN_IF_FAILED(find_type(f, path, error));
    RETURN_IF_FAILED(find_dims(f, path, error));
    return prepare_chunks(f, path, error);
}

static status open_array(hdf5_array *f, char **path, const char *file, const char *name,
                         const char *const likely[], error_info *error) {
    name_search search;
    RETURN_IF_FAILED(open_file(f, file, error));
    if (name[0] == '\0') {
        RETURN_IF_FAILED(find_name(f, file, likely, &search, error));
        name = search.found;
    }
    if (asprintf(path, "%s:%s%s", file, name[0] == '/' ? "" : "/", name) < 0) {
        *path = NULL;
        return error_set(error, STATUS_INTERNAL, "out of memory");
    }
    return open_data(f, file, name, *path, error);
}

static void close_hdf5(array_file *a) {
    hdf5_array *f = (hdf5_array *)a;
    if (f->data >= 0)
        H5Dclose(f->data);
    if (f->file >= 0)
        H5Fclose(f->file);
    free(f);
}

status array_hdf5_open(array_file **out, char **path, const char *file, const char *name,
                       const char *const likely[], error_info *error) {
    *out = NULL;
    *path = NULL;
    hdf5_array *f = malloc(sizeof *f);
    if (f == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory");
    *f = (hdf5_array){.base = {.read_rows = read_rows, .close = close_hdf5},
                      .file = H5I_INVALID_HID,
                      .data = H5I_INVALID_HID};
    hdf5_begin(&f->reason);
    status result = open_array(f, path, file, name, likely, error);
    hdf5_end();
    if (result == STATUS_OK) {
        *out = &f->base;
        return STATUS_OK;
    }
    close_hdf5(&f->base);
    free(*path);
    *path = NULL;
    return result;
}
