/* The rows of a cell in the file. */
#include <stdlib.h>

#include "io/file/bytes.h"
#include "io/results/layout.h"
#include "io/results/rows.h"
#include "io/results/writer.h"

static uint64_t row_offset(const results *r, int array, size_t row) {
    const results_array *a = &r->layout.arrays[array];
    return a->offset + row * a->row_bytes;
}

status results_write_row(results *r, int array, size_t row, const void *bytes) {
    return raw_write(r->file, r->path, bytes, r->layout.arrays[array].row_bytes, row_offset(r, array, row),
                     &r->failure);
}

status results_read_row(results *r, int array, size_t row, void *bytes) {
    return raw_read(r->file, r->path, bytes, r->layout.arrays[array].row_bytes, row_offset(r, array, row),
                    &r->failure);
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
