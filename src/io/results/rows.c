/* The rows of a cell in the file. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "io/file/bytes.h"
#include "io/results/layout.h"
#include "io/results/rows.h"
#include "io/results/writer.h"

static uint64_t row_offset(const results *r, int array, size_t row) {
    const results_array *a = &r->layout.arrays[array];
    return a->offset + row * a->row_bytes;
}

static status write_rows(results *r, int array, size_t first, size_t count, const void *bytes) {
    return raw_write(r->file, r->path, bytes, count * r->layout.arrays[array].row_bytes,
                     row_offset(r, array, first), &r->failure);
}

static status flush_run(results *r, int array) {
    row_run *run = &r->runs[array];
    const size_t count = run->count;
    run->count = 0;
    return count > 0 ? write_rows(r, array, run->first, count, run->bytes) : STATUS_OK;
}

status results_flush_rows(results *r) {
    for (int array = 0; array < r->layout.array_count; array++)
        RETURN_IF_FAILED(flush_run(r, array));
    return STATUS_OK;
}

/* Does a row belong to the run, or does it continue it? */
static bool fits(const row_run *run, size_t row, size_t row_bytes) {
    const size_t place = row - run->first;
    return run->count > 0 && row >= run->first && place <= run->count &&
           (place + 1) * row_bytes <= ROW_RUN_BYTES;
}

static bool is_small(const results *r, int array) {
    return r->layout.arrays[array].row_bytes <= ROW_RUN_BYTES / 2;
}

status results_allocate_runs(results *r) {
    size_t small = 0;
    for (int array = 0; array < r->layout.array_count; array++)
        small += is_small(r, array);
    r->run_bytes = malloc(small * ROW_RUN_BYTES);
    if (r->run_bytes == NULL)
        return error_set(&r->failure, STATUS_INTERNAL, "out of memory");
    unsigned char *bytes = r->run_bytes;
    for (int array = 0; array < r->layout.array_count; array++)
        if (is_small(r, array)) {
            r->runs[array].bytes = bytes;
            bytes += ROW_RUN_BYTES;
        }
    return STATUS_OK;
}

status results_write_row(results *r, int array, size_t row, const void *bytes) {
    const size_t row_bytes = r->layout.arrays[array].row_bytes;
    row_run *run = &r->runs[array];
    if (run->bytes == NULL)
        return write_rows(r, array, row, 1, bytes);
    if (!fits(run, row, row_bytes)) {
        RETURN_IF_FAILED(flush_run(r, array));
        run->first = row;
    }
    const size_t place = row - run->first;
    memcpy(run->bytes + place * row_bytes, bytes, row_bytes);
    run->count = place == run->count ? place + 1 : run->count;
    return STATUS_OK;
}

status results_read_rows(results *r, int array, size_t first, size_t count, void *bytes) {
    RETURN_IF_FAILED(flush_run(r, array));
    return raw_read(r->file, r->path, bytes, count * r->layout.arrays[array].row_bytes,
                    row_offset(r, array, first), &r->failure);
}

status results_read_row(results *r, int array, size_t row, void *bytes) {
    return results_read_rows(r, array, row, 1, bytes);
}

status results_write_content(results *r, size_t cell) {
    const unsigned char *at = r->row;
    for (int i = ARRAY_STEPS_TAKEN; i < r->layout.array_count; i++) {
        RETURN_IF_FAILED(results_write_row(r, i, cell, at));
        at += r->layout.arrays[i].row_bytes;
    }
    return STATUS_OK;
}

status results_read_content(results *r, size_t cell) {
    unsigned char *at = r->row;
    for (int i = ARRAY_STEPS_TAKEN; i < r->layout.array_count; i++) {
        RETURN_IF_FAILED(results_read_row(r, i, cell, at));
        at += r->layout.arrays[i].row_bytes;
    }
    return STATUS_OK;
}

static status append_cell(cell_list *list, size_t cell, error_info *error) {
    if (list->count == list->capacity) {
        size_t capacity = list->capacity > 0 ? 2 * list->capacity : 256;
        size_t *cells = realloc(list->cells, capacity * sizeof *cells);
        if (cells == NULL)
            return error_set(error, STATUS_INTERNAL, "out of memory");
        *list = (cell_list){.cells = cells, .count = list->count, .capacity = capacity};
    }
    list->cells[list->count++] = cell;
    return STATUS_OK;
}

status results_add_unsynced(results *r, size_t cell, uint8_t state) {
    r->states[cell] = state;
    return append_cell(&r->unsynced, cell, &r->failure);
}
