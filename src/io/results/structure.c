/* Lays out a results file through the HDF5 library: groups, dimension scales, arrays, attributes.
 *
 * Every data set is contiguous, allocated at once and never filled by HDF5, so that its bytes have a fixed
 * place. Superblock version 2 (libver 1.8) is the newest without the flag "open for writing", which survives
 * a kill. */
#include <hdf5.h>
#include <hdf5_hl.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "grid/cell.h"
#include "grid/grid.h"
#include "io/file/hdf5_errors.h"
#include "io/job/axes_option.h"
#include "io/job/job.h"
#include "io/results/layout.h"
#include "io/results/origin.h"
#include "io/results/settings.h"
#include "io/results/structure.h"

static hid_t text_type(void) {
    hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, H5T_VARIABLE);
    H5Tset_cset(type, H5T_CSET_UTF8);
    return type;
}

/* The type in the file is the machine's own: rows are written raw. The caller closes it. */
static hid_t element_type(element type) {
    switch (type) {
    case ELEMENT_INT8:
        return H5Tcopy(H5T_NATIVE_INT8);
    case ELEMENT_INT32:
        return H5Tcopy(H5T_NATIVE_INT32);
    case ELEMENT_UINT32:
        return H5Tcopy(H5T_NATIVE_UINT32);
    case ELEMENT_INT64:
        return H5Tcopy(H5T_NATIVE_INT64);
    case ELEMENT_FLOAT32:
        return H5Tcopy(H5T_NATIVE_FLOAT);
    case ELEMENT_FLOAT64:
        return H5Tcopy(H5T_NATIVE_DOUBLE);
    case ELEMENT_CHAR:
        return H5Tcopy(H5T_C_S1);
    case ELEMENT_TEXT:
        return text_type();
    case ELEMENT_COUNT:
        break;
    }
    return H5I_INVALID_HID;
}

static bool write_text(hid_t object, const char *name, const char *text) {
    hid_t type = text_type(), space = H5Screate(H5S_SCALAR);
    hid_t attribute = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    bool ok = attribute >= 0 && H5Awrite(attribute, type, &text) >= 0;
    ok = attribute >= 0 && H5Aclose(attribute) >= 0 && ok;
    H5Sclose(space);
    H5Tclose(type);
    return ok;
}

static hid_t dataset_properties(element type) {
    hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
    const double nan = NAN;
    bool is_float = type == ELEMENT_FLOAT32 || type == ELEMENT_FLOAT64;
    bool ok = H5Pset_layout(properties, H5D_CONTIGUOUS) >= 0 &&
              H5Pset_alloc_time(properties, H5D_ALLOC_TIME_EARLY) >= 0 &&
              H5Pset_fill_time(properties, H5D_FILL_TIME_NEVER) >= 0 &&
              (!is_float || H5Pset_fill_value(properties, H5T_NATIVE_DOUBLE, &nan) >= 0) &&
              H5Pset_obj_track_times(properties, false) >= 0;
    if (ok)
        return properties;
    H5Pclose(properties);
    return H5I_INVALID_HID;
}

/* Create a data set; variable-length text requires filling. The caller closes it. */
static hid_t create_dataset(hid_t file, const char *name, element type, int rank, const size_t dims[]) {
    hsize_t extent[RESULTS_MAX_RANK];
    for (int i = 0; i < rank; i++)
        extent[i] = dims[i];
    hid_t file_type = element_type(type), space = H5Screate_simple(rank, extent, NULL);
    hid_t properties = dataset_properties(type);
    if (type == ELEMENT_TEXT)
        H5Pset_fill_time(properties, H5D_FILL_TIME_IFSET);
    hid_t data_set = H5Dcreate2(file, name, file_type, space, H5P_DEFAULT, properties, H5P_DEFAULT);
    H5Pclose(properties);
    H5Sclose(space);
    H5Tclose(file_type);
    return data_set;
}

/* Create a list of coordinates: texts, or doubles, of which HDF5 makes the type in the file. The caller
 * closes it; negative on failure. */
static hid_t write_list(hid_t file, const char *name, const char *long_name, element type, size_t count,
                        const void *values) {
    hid_t list = create_dataset(file, name, type, 1, &count);
    if (list < 0)
        return list;
    hid_t memory_type = element_type(type == ELEMENT_TEXT ? ELEMENT_TEXT : ELEMENT_FLOAT64);
    bool ok = H5Dwrite(list, memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0 &&
              write_text(list, "long_name", long_name) &&
              (type == ELEMENT_TEXT || write_text(list, "units", "1"));
    H5Tclose(memory_type);
    if (ok)
        return list;
    H5Dclose(list);
    return H5I_INVALID_HID;
}

static bool write_scale(hid_t file, const char *name, const char *long_name, element type, size_t count,
                        const void *values) {
    hid_t scale = write_list(file, name, long_name, type, count, values);
    if (scale < 0)
        return false;
    bool ok = H5DSset_scale(scale, name) >= 0;
    return H5Dclose(scale) >= 0 && ok;
}

/* The values of one key along the axis of its draws. */
static bool write_auxiliary(hid_t file, const grid *g, const grid_auxiliary *a) {
    const grid_axis *axis = &g->axes[a->axis];
    const bool is_text = a->labels != NULL;
    hid_t list = write_list(file, a->name, a->key, is_text ? ELEMENT_TEXT : ELEMENT_FLOAT64, axis->count,
                            is_text ? (const void *)a->labels : a->numbers);
    if (list < 0)
        return false;
    hid_t scale = H5Dopen2(file, axis->name, H5P_DEFAULT);
    bool ok = scale >= 0 && H5DSattach_scale(list, scale, 0) >= 0;
    ok = scale >= 0 && H5Dclose(scale) >= 0 && ok;
    return H5Dclose(list) >= 0 && ok;
}

static bool has_auxiliaries(const grid *g, int axis) {
    for (int i = 0; i < g->auxiliary_count; i++)
        if (g->auxiliaries[i].axis == axis)
            return true;
    return false;
}

static bool write_axis(hid_t file, const job *j, int index) {
    const grid_axis *axis = &j->grid.axes[index];
    char keys[JOB_AXIS_KEYS_SIZE];
    job_axis_keys(j, index, keys);
    switch (axis->kind) {
    case AXIS_RUN:
        return write_scale(file, axis->name, "independent repeat", ELEMENT_INT64, axis->count, axis->numbers);
    case AXIS_NUMBER:
        if (has_auxiliaries(&j->grid, index))
            return write_scale(file, axis->name, "number of the draw", ELEMENT_INT32, axis->count,
                               axis->numbers);
        return write_scale(file, axis->name, keys, ELEMENT_FLOAT64, axis->count, axis->numbers);
    case AXIS_LABEL:
        return write_scale(file, axis->name, keys, ELEMENT_TEXT, axis->count, axis->labels);
    }
    return false;
}

static bool write_index(hid_t file, const results_scale *s) {
    double *values = malloc(s->count * sizeof *values);
    if (values == NULL)
        return false;
    for (size_t i = 0; i < s->count; i++)
        values[i] = s->first + (double)i * s->step;
    bool ok = write_scale(file, s->name, s->long_name, results_scale_type(s), s->count, values);
    free(values);
    return ok;
}

static bool attach_scales(hid_t file, hid_t data_set, const results_array *a) {
    bool ok = true;
    for (int i = 0; i < a->rank && ok; i++) {
        hid_t scale = H5Dopen2(file, a->scales[i], H5P_DEFAULT);
        ok = scale >= 0 && H5DSattach_scale(data_set, scale, (unsigned)i) >= 0;
        ok = scale >= 0 && H5Dclose(scale) >= 0 && ok;
    }
    return ok;
}

/* What the numbers in /status mean, as the CF conventions have it. */
static bool write_flags(hid_t data_set) {
#define X(name, value, label) name,
    const int8_t values[] = {CELL_STATUSES(X)};
#undef X
#define X(name, value, label) " " label
    const char *meanings = CELL_STATUSES(X);
#undef X
    const hsize_t count = sizeof values;
    hid_t space = H5Screate_simple(1, &count, NULL);
    hid_t flags = H5Acreate2(data_set, "flag_values", H5T_NATIVE_INT8, space, H5P_DEFAULT, H5P_DEFAULT);
    bool ok = flags >= 0 && H5Awrite(flags, H5T_NATIVE_INT8, values) >= 0;
    ok = flags >= 0 && H5Aclose(flags) >= 0 && ok;
    H5Sclose(space);
    return ok && write_text(data_set, "flag_meanings", meanings + 1);
}

/* The auxiliary coordinates of an array of cells, as the CF conventions have it. */
static bool write_coordinates(hid_t data_set, const results_array *a, const grid *g) {
    char names[GRID_MAX_AUXILIARIES * (GRID_NAME_SIZE + 1)] = "";
    size_t used = 0;
    if (g->auxiliary_count == 0 || strchr(a->name, '/') != NULL)
        return true;
    for (int i = 0; i < g->auxiliary_count && used < sizeof names; i++)
        used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", i > 0 ? " " : "",
                                 g->auxiliaries[i].name);
    return write_text(data_set, "coordinates", names);
}

static bool write_array(hid_t file, const results_array *a, const grid *g) {
    hid_t data_set = create_dataset(file, a->name, a->type, a->rank, a->dims);
    if (data_set < 0)
        return false;
    bool ok = attach_scales(file, data_set, a) && write_text(data_set, "long_name", a->long_name) &&
              (a->units == NULL || write_text(data_set, "units", a->units)) &&
              (strcmp(a->name, "status") != 0 || write_flags(data_set)) && write_coordinates(data_set, a, g);
    return H5Dclose(data_set) >= 0 && ok;
}

/* Scales first, and /status before the values of cells: readers that take the data sets in order then see
 * values that are at least as new as the status. */
static bool write_arrays(hid_t file, const results_layout *layout, const job *j) {
    bool ok = true;
    for (int i = 0; i < layout->grid->axis_count && ok; i++)
        ok = write_axis(file, j, i);
    for (int i = 0; i < layout->grid->auxiliary_count && ok; i++)
        ok = write_auxiliary(file, layout->grid, &layout->grid->auxiliaries[i]);
    for (int i = 0; i < layout->scale_count && ok; i++)
        ok = write_index(file, &layout->scales[i]);
    for (int i = 0; i < layout->array_count && ok; i++)
        ok = write_array(file, &layout->arrays[i], layout->grid);
    return ok;
}

static bool write_settings(hid_t file, const results_origin *origin) {
    results_setting settings[RESULTS_SETTINGS];
    results_list_settings(origin, settings);
    bool ok = true;
    for (int i = 0; i < RESULTS_SETTINGS && ok; i++)
        ok = write_text(file, settings[i].name, settings[i].text);
    return ok;
}

static bool write_attributes(hid_t file, const job *j, const char *settings, const results_origin *origin) {
    char source[128], digest[17], created[sizeof "2000-01-01T00:00:00Z"];
    snprintf(source, sizeof source, "%s (commit %s)", origin->version, origin->commit);
    snprintf(digest, sizeof digest, "%016" PRIx64, j->digest);
    time_t now = time(NULL);
    struct tm utc;
    strftime(created, sizeof created, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
    const struct {
        const char *name, *text;
    } attributes[] = {
        {"Conventions", "CF-1.10"},
        {"title", j->title[0] != '\0' ? j->title : j->name},
        {"source", source},
        {"mpisweep_format", RESULTS_FORMAT},
        {"job", j->name},
        {"job_text", j->text},
        {"job_settings", settings},
        {"job_canonical", j->canonical},
        {"job_digest", digest},
        {"engine_version", origin->version},
        {"commit", origin->commit},
        {"cpu", origin->cpu},
        {"libraries", origin->libraries},
        {"created", created},
    };
    bool ok = true;
    for (size_t i = 0; i < sizeof attributes / sizeof *attributes && ok; i++)
        ok = write_text(file, attributes[i].name, attributes[i].text);
    return ok && write_settings(file, origin);
}

/* Without times in it, a group is the same bytes whenever it is made. */
static bool create_provenance(hid_t file) {
    hid_t properties = H5Pcreate(H5P_GROUP_CREATE);
    H5Pset_obj_track_times(properties, false);
    H5Pset_link_creation_order(properties, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED);
    hid_t group = H5Gcreate2(file, "provenance", H5P_DEFAULT, properties, H5P_DEFAULT);
    H5Pclose(properties);
    return group >= 0 && H5Gclose(group) >= 0;
}

static hid_t create_file(const char *path) {
    hid_t access = H5Pcreate(H5P_FILE_ACCESS), properties = H5Pcreate(H5P_FILE_CREATE);
    H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V18);
    H5Pset_alignment(access, 2048, 4096);
    H5Pset_obj_track_times(properties, false);
    H5Pset_link_creation_order(properties, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED);
    H5Pset_attr_creation_order(properties, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED);
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, properties, access);
    H5Pclose(properties);
    H5Pclose(access);
    return file;
}

static status write_structure(const char *path, const results_layout *layout, const job *j,
                              const char *settings, const results_origin *origin, error_info *error) {
    hdf5_reason reason;
    hdf5_begin(&reason);
    hid_t file = create_file(path);
    bool ok = file >= 0 && write_attributes(file, j, settings, origin) && create_provenance(file) &&
              write_arrays(file, layout, j);
    ok = file >= 0 && H5Fclose(file) >= 0 && ok;
    hdf5_end();
    if (!ok && reason.text[0] == '\0')
        return error_set(error, STATUS_INTERNAL, "%s: out of memory for the layout of the file", path);
    return ok ? STATUS_OK
              : error_set(error, STATUS_IO, "%s: HDF5 cannot lay out the file: %s", path, reason.text);
}

status results_write_structure(const char *path, const results_layout *layout, const job *j,
                               const results_origin *origin, error_info *error) {
    char *settings;
    RETURN_IF_FAILED(job_list_settings(j, &settings, error));
    const status result = write_structure(path, layout, j, settings, origin, error);
    free(settings);
    return result;
}
