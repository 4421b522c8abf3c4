/* Joins results files: the new one has the structure of the first, byte for byte, and the cells of all. */
#include "io/results/merge.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "io/file/bytes.h"
#include "io/file/path.h"
#include "io/file/temporary_file.h"
#include "io/results/create.h"
#include "io/results/damage.h"
#include "io/results/lock.h"
#include "io/results/merge_cells.h"
#include "io/results/merge_input.h"
#include "io/results/merge_tables.h"
#include "io/results/source.h"

enum { COPY_BYTES = 1 << 20 };

typedef struct merge {
    const char *path;    /* of the new file, without links */
    bool replaces;       /* a file of that name, which is the first input */
    const char **inputs; /* (count) paths */
    int count;
    merge_input model; /* the first input, open as long as the merge lasts */
    merge_tables tables;
    merge_report *report;
} merge;

/* ---- Structure --------------------------------------------------------------------------------- */

static int compare_offsets(const void *a, const void *b) {
    const uint64_t x = (*(const results_array *const *)a)->offset,
                   y = (*(const results_array *const *)b)->offset;
    return (x > y) - (x < y);
}

static status copy_bytes(const merge *m, int file, char *block, uint64_t from, uint64_t to,
                         error_info *error) {
    for (uint64_t size; from < to; from += size) {
        size = to - from < COPY_BYTES ? to - from : COPY_BYTES;
        RETURN_IF_FAILED(raw_read(m->model.file, m->model.path, block, size, from, error));
        RETURN_IF_FAILED(raw_write(file, m->path, block, size, from, error));
    }
    return STATUS_OK;
}

/* What is between the arrays. */
static status copy_gaps(const merge *m, int file, char *block, uint64_t end, error_info *error) {
    const results_layout *layout = m->model.layout;
    const results_array *arrays[ARRAY_MAX];
    const size_t pointer_bytes = sizeof arrays / ARRAY_MAX;
    uint64_t from = 0;
    for (int i = 0; i < layout->array_count; i++)
        arrays[i] = &layout->arrays[i];
    qsort(arrays, (size_t)layout->array_count, pointer_bytes, compare_offsets);
    for (int i = 0; i < layout->array_count; i++) {
        const size_t rows = results_array_rows(layout, (int)(arrays[i] - layout->arrays));
        RETURN_IF_FAILED(copy_bytes(m, file, block, from, arrays[i]->offset, error));
        from = arrays[i]->offset + arrays[i]->row_bytes * rows;
    }
    return copy_bytes(m, file, block, from, end, error);
}

static status copy_rights(const merge *m, int file, error_info *error) {
    const results_source source = {.file = m->model.file};
    return m->replaces ? results_source_copy_rights(&source, file, m->path, error) : STATUS_OK;
}

static status model_size(const merge *m, uint64_t *bytes, error_info *error) {
    struct stat info;
    if (fstat(m->model.file, &info) != 0)
        return error_set(error, STATUS_IO, "%s: cannot read its size: %s", m->model.path, strerror(errno));
    *bytes = (uint64_t)info.st_size;
    return STATUS_OK;
}

/* It never changes after a file was made, even while a session writes cells. */
static status write_structure(void *context, const char *temporary, int file, error_info *error) {
    const merge *m = context;
    uint64_t bytes = 0;
    (void)temporary;
    RETURN_IF_FAILED(model_size(m, &bytes, error));
    if (ftruncate(file, (off_t)bytes) != 0)
        return error_set(error, STATUS_IO, "%s: cannot set its size: %s", m->path, strerror(errno));
    char *block = malloc(COPY_BYTES);
    if (block == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory");
    const status result = copy_gaps(m, file, block, bytes, error);
    free(block);
    return result == STATUS_OK ? copy_rights(m, file, error) : result;
}

/* ---- Cells ------------------------------------------------------------------------------------- */

static status add_input(merge *m, merge_cells *cells, const merge_input *in, error_info *error) {
    int32_t host_rows[RESULTS_HOSTS];
    RETURN_IF_FAILED(merge_tables_add(&m->tables, in, host_rows, error));
    return merge_cells_add(cells, in, host_rows, error);
}

static status add_inputs(merge *m, merge_cells *cells, error_info *error) {
    RETURN_IF_FAILED(add_input(m, cells, &m->model, error));
    for (int i = 1; i < m->count; i++) {
        merge_input in;
        RETURN_IF_FAILED(merge_input_open(&in, m->inputs[i], i, &m->model, error));
        const status result = add_input(m, cells, &in, error);
        merge_input_close(&in);
        if (result != STATUS_OK)
            return result;
    }
    return STATUS_OK;
}

static status judge_conflicts(const merge *m, error_info *error) {
    const size_t conflicts = m->report->conflicts;
    if (conflicts == 0)
        return STATUS_OK;
    return error_set(
        error, STATUS_INCOMPLETE,
        "%s: not written: %zu %s in two files with different bits, although the same job, data and "
        "kernel set give the same; mpisweep rerun FILE AXIS=VALUE... shows which file is right",
        m->path, conflicts, conflicts == 1 ? "cell is" : "cells are");
}

/* Cells that were damaged and that no other input had. */
static status report_damage(const merge *m, const merge_cells *cells, error_info *error) {
    merge_report *report = m->report;
    const size_t count = cells->layout->cells;
    size_t *list = malloc(count * sizeof *list);
    if (list == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory for %zu cells", count);
    for (size_t cell = 0; cell < count; cell++) {
        report->states[cells->states[cell]]++;
        if (cells->damaged[cell] && cells->states[cell] == CELL_PENDING)
            list[report->damaged++] = cell;
    }
    results_name_cells(cells->layout->grid, list, report->damaged, report->damaged_cells,
                       sizeof report->damaged_cells);
    free(list);
    return STATUS_OK;
}

static status add_cells(void *context, int file, const results_layout *located, error_info *error) {
    merge *m = context;
    merge_cells cells;
    RETURN_IF_FAILED(merge_cells_open(&cells, m->path, file, located, m->inputs, m->report, error));
    status result = add_inputs(m, &cells, error);
    if (result == STATUS_OK)
        result = judge_conflicts(m, error);
    if (result == STATUS_OK)
        result = merge_cells_leave_out(&cells, error);
    if (result == STATUS_OK)
        result = report_damage(m, &cells, error);
    merge_cells_release(&cells);
    return result == STATUS_OK ? merge_tables_write(&m->tables, file, m->path, located, error) : result;
}

/* ---- The inputs -------------------------------------------------------------------------------- */

static bool exists(const char *path) {
    return access(path, F_OK) == 0;
}

/* A file that is replaced is the first input, so that nothing of it can be lost. */
static status list_inputs(merge *m, char *const inputs[], int count, error_info *error) {
    char resolved[PATH_MAX];
    m->inputs = calloc((size_t)count + 1, sizeof *m->inputs);
    if (m->inputs == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory");
    m->replaces = exists(m->path);
    if (m->replaces && access(m->path, W_OK) != 0)
        return error_set(error, STATUS_IO, "%s: cannot be replaced: %s", m->path, strerror(errno));
    if (m->replaces)
        m->inputs[m->count++] = m->path;
    for (int i = 0; i < count; i++) {
        RETURN_IF_FAILED(path_resolve(inputs[i], resolved, error));
        if (!m->replaces || strcmp(resolved, m->path) != 0)
            m->inputs[m->count++] = inputs[i];
    }
    return STATUS_OK;
}

/* Everything is refused before anything is written. */
static status check_inputs(merge *m, error_info *error) {
    RETURN_IF_FAILED(merge_input_open(&m->model, m->inputs[0], 0, NULL, error));
    for (int i = 1; i < m->count; i++) {
        merge_input in;
        RETURN_IF_FAILED(merge_input_open(&in, m->inputs[i], i, &m->model, error));
        merge_input_close(&in);
    }
    return STATUS_OK;
}

/* Checkpoints stay with the files of their sessions. */
static void note_checkpoints(const merge *m) {
    for (int i = m->replaces; i < m->count; i++) {
        char name[PATH_MAX + sizeof ".checkpoint"];
        snprintf(name, sizeof name, "%s.checkpoint", m->inputs[i]);
        if (exists(name))
            log_note("%s holds trainings that were stopped; they are resumed with %s, not with %s", name,
                     m->inputs[i], m->path);
    }
}

static status join(merge *m, char *const inputs[], int count, error_info *error) {
    uint64_t bytes = 0;
    RETURN_IF_FAILED(list_inputs(m, inputs, count, error));
    RETURN_IF_FAILED(check_inputs(m, error));
    RETURN_IF_FAILED(model_size(m, &bytes, error));
    const results_recipe recipe = {.path = m->path,
                                   .mode = m->replaces ? 0600 : 0666,
                                   .layout = m->model.layout,
                                   .bytes = bytes,
                                   .context = m,
                                   .write_structure = write_structure,
                                   .add_cells = add_cells};
    RETURN_IF_FAILED(results_make(&recipe, error));
    note_checkpoints(m);
    return STATUS_OK;
}

status results_merge(const char *path, char *const inputs[], int count, merge_report *report,
                     error_info *error) {
    char resolved[PATH_MAX];
    int lock;
    *report = (merge_report){0};
    RETURN_IF_FAILED(path_resolve(path, resolved, error));
    RETURN_IF_FAILED(results_check_place(resolved, error));
    RETURN_IF_FAILED(results_lock(&lock, resolved, error));
    temporary_remove_leftovers(resolved);
    merge m = {.path = resolved, .report = report};
    const status result = join(&m, inputs, count, error);
    merge_input_close(&m.model);
    merge_tables_release(&m.tables);
    free(m.inputs);
    results_unlock(lock, resolved);
    return result;
}
