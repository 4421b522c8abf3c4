/* The file that grows: where its arrays are, and where its cells go. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "grid/grid.h"
#include "io/results/layout.h"
#include "io/results/lock.h"
#include "io/results/reader.h"
#include "io/results/source.h"

static status out_of_memory(error_info *error) {
    return error_set(error, STATUS_INTERNAL, "out of memory");
}

/* Find where the values of the file's axis `i` are on that of `whole`. */
static status map_axis(results_source *source, int i, error_info *error) {
    const grid_axis *axis = &source->grid->axes[i];
    size_t *positions = calloc(axis->count, sizeof *positions), position = 0;
    if (positions == NULL)
        return out_of_memory(error);
    source->positions[i] = positions;
    for (size_t k = 0; k < axis->count; k++) {
        if (source->axes[i] < 0 ||
            !grid_find_value(&source->whole->axes[source->axes[i]], axis, k, &position))
            return error_set(error, STATUS_INTERNAL, "%s: value %zu of the axis %s has no place",
                             source->path, k, axis->name);
        positions[k] = position;
    }
    return STATUS_OK;
}

static status map_axes(results_source *source, error_info *error) {
    for (int i = 0; i < source->grid->axis_count; i++) {
        source->axes[i] = grid_find_axis(source->whole, &source->grid->axes[i]);
        RETURN_IF_FAILED(map_axis(source, i, error));
    }
    return STATUS_OK;
}

status results_source_describe(const results_source *source, const char *name, results_dataset *out,
                               error_info *error) {
    RETURN_IF_FAILED(results_reader_describe(source->reader, name, out, error));
    if (out->offset == 0)
        return error_set(error, STATUS_IO,
                         "%s: was rewritten by another tool (h5repack?) and cannot be enlarged",
                         source->path);
    out->row_bytes = element_size(out->type);
    return STATUS_OK;
}

/* Append an array of cells to those that the checksum covers. */
static status add_array(results_source *source, const char *name, error_info *error) {
    source_array *a = &source->arrays[source->array_count++];
    RETURN_IF_FAILED(results_source_describe(source, name, &a->data, error));
    const int axes = source->grid->axis_count;
    for (int i = 0; i < axes && i < a->data.rank; i++)
        if (a->data.dims[i] != source->grid->axes[i].count)
            return error_set(error, STATUS_IO, "%s: the data set %s is not one of cells", source->path, name);
    for (int i = axes; i < a->data.rank; i++)
        a->data.row_bytes *= a->data.dims[i];
    a->at = source->row_bytes;
    source->row_bytes += a->data.row_bytes;
    return STATUS_OK;
}

/* The records of a cell follow the status, in the order of the file. */
static status list_arrays(results_source *source, error_info *error) {
    const int count = results_reader_count(source->reader);
    source->arrays = calloc((size_t)count, sizeof *source->arrays);
    if (source->arrays == NULL)
        return out_of_memory(error);
    bool after_status = false;
    for (int i = 0; i < count; i++) {
        const char *name = results_reader_name(source->reader, i);
        if (after_status)
            RETURN_IF_FAILED(add_array(source, name, error));
        after_status |= strcmp(name, "status") == 0;
    }
    RETURN_IF_FAILED(results_source_describe(source, "status", &source->status, error));
    return results_source_describe(source, "provenance/checksum", &source->checksum, error);
}

static status open_source(results_source *source, error_info *error) {
    RETURN_IF_FAILED(results_reader_open(&source->reader, source->path, error));
    source->grid = results_reader_grid(source->reader);
    source->file = open(source->path, O_RDWR | O_NOFOLLOW | O_CLOEXEC); /* replacing needs write permission */
    if (source->file < 0)
        return error_set(error, STATUS_IO, "%s: cannot open for writing: %s", source->path, strerror(errno));
    RETURN_IF_FAILED(results_share(source->file, source->path, error));
    RETURN_IF_FAILED(map_axes(source, error));
    return list_arrays(source, error);
}

status results_source_open(results_source **out, const char *path, const grid *whole, error_info *error) {
    *out = calloc(1, sizeof **out);
    if (*out == NULL)
        return out_of_memory(error);
    **out = (results_source){.path = path, .file = -1, .whole = whole};
    status result = open_source(*out, error);
    if (result != STATUS_OK)
        results_source_close(out);
    return result;
}

void results_source_close(results_source **source_) {
    results_source *source = *source_;
    if (source == NULL)
        return;
    for (int i = 0; i < GRID_MAX_AXES; i++)
        free(source->positions[i]);
    free(source->arrays);
    if (source->file >= 0)
        close(source->file); /* nothing was written */
    results_reader_close(&source->reader);
    free(source);
    *source_ = NULL;
}

/* Before the mode: a change of owner takes bits from it. */
status results_source_copy_rights(const results_source *source, int file, const char *path,
                                  error_info *error) {
    struct stat old, new;
    if (fstat(source->file, &old) != 0 || fstat(file, &new) != 0)
        return error_set(error, STATUS_IO, "%s: cannot read owner and mode: %s", path, strerror(errno));
    mode_t mode = old.st_mode & 07777;
    if (old.st_gid != new.st_gid && fchown(file, (uid_t)-1, old.st_gid) != 0) {
        log_warning("%s: cannot keep its group: %s; its members may no longer be able to open it", path,
                    strerror(errno));
        mode &= ~(mode_t)S_IRWXG;
    }
    if (old.st_uid != new.st_uid && fchown(file, old.st_uid, (gid_t)-1) != 0)
        log_warning("%s: now belongs to the user who enlarged it: cannot keep its owner: %s", path,
                    strerror(errno));
    if (fchmod(file, mode) != 0)
        return error_set(error, STATUS_IO, "%s: cannot keep its mode: %s", path, strerror(errno));
    return STATUS_OK;
}

size_t results_source_place(const results_source *source, size_t cell) {
    size_t index[GRID_MAX_AXES], place[GRID_MAX_AXES];
    grid_cell_index(source->grid, cell, index);
    for (int i = 0; i < source->whole->axis_count; i++)
        place[i] = source->whole->axes[i].base; /* of an axis that the file lacks */
    for (int i = 0; i < source->grid->axis_count; i++)
        place[source->axes[i]] = source->positions[i][index[i]];
    return grid_index_cell(source->whole, place);
}
