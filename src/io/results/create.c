/* Makes a results file: reserve space, lay out, fill with NaN, copy cells that are there, sync, rename into
 * place. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "io/file/bytes.h"
#include "io/file/temporary_file.h"
#include "io/job/job.h"
#include "io/results/create.h"
#include "io/results/grow.h"
#include "io/results/layout.h"
#include "io/results/origin.h"
#include "io/results/reader.h"
#include "io/results/source.h"
#include "io/results/structure.h"

enum { FILL_BYTES = 1 << 20 };

/* Ample room in addition to arrays and texts: for the file, and for the header and the alignment of a data
 * set. */
static const uint64_t file_bytes = 1 << 16, dataset_bytes = 6 << 10;

static status no_room(const char *path, uint64_t bytes, int reason, error_info *error) {
    return error_set(error, STATUS_IO, "%s: cannot reserve %.1f MB: %s", path, 1e-6 * (double)bytes,
                     strerror(reason));
}

/* fallocate and not posix_fallocate, which writes block by block where the file system cannot reserve. */
static status reserve(int file, const char *path, uint64_t bytes, error_info *error) {
    if (fallocate(file, 0, 0, (off_t)bytes) == 0)
        return STATUS_OK;
    if (errno != EOPNOTSUPP && errno != ENOSYS)
        return no_room(path, bytes, errno, error);
    struct statvfs room;
    if (fstatvfs(file, &room) == 0 && (uint64_t)room.f_bavail * room.f_frsize < bytes)
        return no_room(path, bytes, ENOSPC, error);
    return STATUS_OK;
}

static status fill_nan(int file, const char *path, const results_array *a, size_t cells, error_info *error) {
    const uint64_t bytes = a->row_bytes * cells;
    char *block = malloc(FILL_BYTES);
    if (block == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory");
    for (size_t i = 0; a->type == ELEMENT_FLOAT32 && i < FILL_BYTES / sizeof(float); i++)
        ((float *)block)[i] = NAN;
    for (size_t i = 0; a->type == ELEMENT_FLOAT64 && i < FILL_BYTES / sizeof(double); i++)
        ((double *)block)[i] = NAN;
    status result = STATUS_OK;
    for (uint64_t done = 0; result == STATUS_OK && done < bytes; done += FILL_BYTES) {
        uint64_t size = bytes - done < FILL_BYTES ? bytes - done : FILL_BYTES;
        result = raw_write(file, path, block, size, a->offset + done, error);
    }
    free(block);
    return result;
}

/* Numbers that are not there yet read as NaN; whole numbers read as 0, as the new file does anyway. */
static status fill(const results_recipe *recipe, int file, const results_layout *layout, error_info *error) {
    const char *path = recipe->path;
    struct stat info;
    if (fstat(file, &info) != 0)
        return error_set(error, STATUS_IO, "%s: cannot read its size: %s", path, strerror(errno));
    RETURN_IF_FAILED(reserve(file, path, (uint64_t)info.st_size, error));
    for (int i = 0; i < layout->array_count; i++) {
        const results_array *a = &layout->arrays[i];
        size_t rows = results_array_rows(layout, i);
        if (a->type == ELEMENT_FLOAT32 || a->type == ELEMENT_FLOAT64)
            RETURN_IF_FAILED(fill_nan(file, path, a, rows, error));
    }
    RETURN_IF_FAILED(recipe->add_cells(recipe->context, file, layout, error));
    if (fsync(file) != 0)
        return error_set(error, STATUS_IO, "%s: cannot sync: %s", path, strerror(errno));
    return STATUS_OK;
}

/* The arrays that were laid out in the file `temporary`, which is open as `file`. */
static status fill_file(const results_recipe *recipe, const char *temporary, int file,
                        results_layout *located, error_info *error) {
    results_reader *reader;
    RETURN_IF_FAILED(results_reader_open(&reader, temporary, error));
    bool contiguous;
    status result = results_locate(reader, located, &contiguous, error);
    results_reader_close(&reader);
    return result == STATUS_OK ? fill(recipe, file, located, error) : result;
}

static status fill_copy(const results_recipe *recipe, const char *temporary, int file, error_info *error) {
    results_layout *located = malloc(sizeof *located);
    if (located == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory");
    *located = *recipe->layout;
    const status result = fill_file(recipe, temporary, file, located, error);
    free(located);
    return result;
}

/* HDF5 handles a full disk badly, so we reserve room before it writes. It opens the file by its name: what we
 * sync and rename must be the same file. */
static status lay_out(const results_recipe *recipe, const char *temporary, int file, error_info *error) {
    struct stat ours, named;
    RETURN_IF_FAILED(reserve(file, recipe->path, recipe->bytes, error));
    RETURN_IF_FAILED(recipe->write_structure(recipe->context, temporary, file, error));
    RETURN_IF_FAILED(fill_copy(recipe, temporary, file, error));
    if (fstat(file, &ours) != 0 || lstat(temporary, &named) != 0 || ours.st_dev != named.st_dev ||
        ours.st_ino != named.st_ino)
        return error_set(error, STATUS_IO, "%s: the new file %s was replaced by another program",
                         recipe->path, temporary);
    return STATUS_OK;
}

status results_make(const results_recipe *recipe, error_info *error) {
    const char *path = recipe->path;
    char *temporary;
    int file;
    RETURN_IF_FAILED(temporary_create(path, recipe->mode, &temporary, &file, error));
    status result = lay_out(recipe, temporary, file, error);
    close(file); /* was synced */
    if (result == STATUS_OK && rename(temporary, path) != 0)
        result =
            error_set(error, STATUS_IO, "%s: cannot rename %s to it: %s", path, temporary, strerror(errno));
    if (result == STATUS_OK)
        result = raw_sync_directory(path, error);
    else
        unlink(temporary); /* the next session removes what stays */
    free(temporary);
    return result;
}

/* ---- The file of a job ------------------------------------------------------------------------- */

typedef struct creation {
    const char *path;
    const results_layout *layout;
    const job *job;
    const results_origin *origin;
    const results_source *source; /* NULL: none */
} creation;

static status write_structure(void *context, const char *temporary, int file, error_info *error) {
    const creation *c = context;
    RETURN_IF_FAILED(results_write_structure(temporary, c->layout, c->job, c->origin, error));
    return c->source != NULL ? results_source_copy_rights(c->source, file, c->path, error) : STATUS_OK;
}

static status add_cells(void *context, int file, const results_layout *located, error_info *error) {
    const creation *c = context;
    return c->source != NULL ? results_source_copy(c->source, file, c->path, located, error) : STATUS_OK;
}

status results_create(const char *path, const results_layout *layout, const job *j,
                      const results_origin *origin, const results_source *source, error_info *error) {
    creation c = {.path = path, .layout = layout, .job = j, .origin = origin, .source = source};
    const results_recipe recipe = {
        .path = path,
        .mode = source != NULL ? 0600 : 0666, /* private until it has the mode of the source */
        .layout = layout,
        .bytes = results_layout_bytes(layout) + file_bytes + dataset_bytes * results_layout_datasets(layout) +
                 strlen(j->text) + strlen(j->canonical),
        .context = &c,
        .write_structure = write_structure,
        .add_cells = add_cells};
    return results_make(&recipe, error);
}

static bool same_shape(const results_dataset *d, const results_array *a) {
    if (d->type != a->type || d->rank != a->rank)
        return false;
    for (int i = 0; i < a->rank; i++)
        if (d->dims[i] != a->dims[i])
            return false;
    return true;
}

status results_locate(results_reader *reader, results_layout *layout, bool *contiguous, error_info *error) {
    *contiguous = true;
    for (int i = 0; i < layout->array_count; i++) {
        results_array *a = &layout->arrays[i];
        results_dataset d;
        RETURN_IF_FAILED(results_reader_describe(reader, a->name, &d, error));
        if (!same_shape(&d, a))
            return error_set(error, STATUS_IO,
                             "the data set %s does not have the type and shape that the job requires",
                             a->name);
        a->offset = d.offset;
        *contiguous &= d.offset != 0;
    }
    return STATUS_OK;
}
