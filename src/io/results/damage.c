/* Checks all cells of a file against their checksums. The values of a cell are in many arrays: each is read
 * in blocks of cells, one after the other. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "grid/cell.h"
#include "grid/grid.h"
#include "io/file/bytes.h"
#include "io/results/checksum.h"
#include "io/results/damage.h"
#include "io/results/layout.h"
#include "io/results/reader.h"

enum { BLOCK_BYTES = 4 << 20, NAMED_CELLS = 3 };

/* One array of cells. at: where a block of it begins in the buffer. */
typedef struct scan_array {
    results_dataset data; /* row_bytes: of a cell */
    size_t at;
} scan_array;

enum { SCAN_STATUS, SCAN_CHECKSUM, SCAN_CONTENT }; /* positions in scan.arrays; content is what is checked */

typedef struct scan {
    results_reader *reader;
    const char *path; /* for messages */
    int file;
    size_t cells, slice; /* cells in the file, and in one slice along its first axis */
    int array_count;
    scan_array *arrays; /* (array_count) */
    size_t content_bytes;
    bool repacked;         /* an array is not one piece: HDF5 reads whole slices */
    size_t block;          /* cells */
    unsigned char *buffer; /* (block rows of every array) */
    unsigned char *row;    /* (content_bytes) of one cell */
} scan;

static status out_of_memory(error_info *error) {
    return error_set(error, STATUS_INTERNAL, "out of memory");
}

/* ---- Preparation ------------------------------------------------------------------------------- */

static status add_array(scan *s, const char *name, error_info *error) {
    scan_array *a = &s->arrays[s->array_count++];
    const grid *g = results_reader_grid(s->reader);
    RETURN_IF_FAILED(results_reader_describe(s->reader, name, &a->data, error));
    bool fits = a->data.rank >= g->axis_count && a->data.type != ELEMENT_TEXT;
    for (int i = 0; fits && i < g->axis_count; i++)
        fits = a->data.dims[i] == g->axes[i].count;
    if (!fits)
        return error_set(error, STATUS_IO, "%s: the data set %s is not one of cells", s->path, name);
    a->data.row_bytes = results_dataset_elements(&a->data) / s->cells * element_size(a->data.type);
    s->repacked |= a->data.offset == 0;
    return STATUS_OK;
}

/* The records of a cell follow the status, in the order of the file. */
static status list_arrays(scan *s, error_info *error) {
    const int count = results_reader_count(s->reader);
    s->arrays = calloc((size_t)count + SCAN_CONTENT, sizeof *s->arrays);
    if (s->arrays == NULL)
        return out_of_memory(error);
    RETURN_IF_FAILED(add_array(s, "status", error));
    RETURN_IF_FAILED(add_array(s, "provenance/checksum", error));
    bool after_status = false;
    for (int i = 0; i < count; i++) {
        const char *name = results_reader_name(s->reader, i);
        if (after_status) {
            RETURN_IF_FAILED(add_array(s, name, error));
            s->content_bytes += s->arrays[s->array_count - 1].data.row_bytes;
        }
        after_status |= strcmp(name, "status") == 0;
    }
    if (s->arrays[SCAN_STATUS].data.row_bytes != 1 || s->arrays[SCAN_CHECKSUM].data.row_bytes != 4)
        return error_set(error, STATUS_IO, "%s: status or checksums have an unexpected type", s->path);
    return STATUS_OK;
}

static status allocate(scan *s, error_info *error) {
    const size_t row_bytes = s->content_bytes + sizeof(uint32_t) + 1;
    s->block = BLOCK_BYTES / row_bytes + 1;
    if (s->repacked)
        s->block = (s->block + s->slice - 1) / s->slice * s->slice;
    if (s->block > s->cells)
        s->block = s->cells;
    for (int i = 1; i < s->array_count; i++)
        s->arrays[i].at = s->arrays[i - 1].at + s->block * s->arrays[i - 1].data.row_bytes;
    s->buffer = malloc(s->block * row_bytes);
    s->row = malloc(s->content_bytes + 1);
    return s->buffer != NULL && s->row != NULL ? STATUS_OK : out_of_memory(error);
}

static status prepare(scan *s, error_info *error) {
    const grid *g = results_reader_grid(s->reader);
    s->path = results_reader_path(s->reader);
    s->cells = grid_cells(g);
    s->slice = g->axis_count > 0 ? s->cells / g->axes[0].count : 1;
    RETURN_IF_FAILED(list_arrays(s, error));
    s->file = results_reader_descriptor(s->reader);
    if (s->file < 0)
        return error_set(error, STATUS_IO, "%s: cannot be read raw", s->path);
    return allocate(s, error);
}

static void release(scan *s) {
    free(s->arrays);
    free(s->buffer);
    free(s->row);
}

/* ---- Checking ---------------------------------------------------------------------------------- */

static status read_rows(const scan *s, const results_dataset *d, size_t first, size_t count, void *out,
                        error_info *error) {
    if (d->offset != 0)
        return raw_read(s->file, s->path, out, count * d->row_bytes, d->offset + first * d->row_bytes, error);
    if (results_reader_grid(s->reader)->axis_count == 0)
        return results_reader_read(s->reader, d, 0, d->rank > 0 ? d->dims[0] : 1, out, error);
    return results_reader_read(s->reader, d, first / s->slice, count / s->slice, out, error);
}

static status read_block(const scan *s, size_t first, size_t count, error_info *error) {
    for (int i = 0; i < s->array_count; i++)
        RETURN_IF_FAILED(read_rows(s, &s->arrays[i].data, first, count, s->buffer + s->arrays[i].at, error));
    return STATUS_OK;
}

/* Does cell number `cell`, number `place` of the block in the buffer, match its checksum? */
static bool fits(const scan *s, size_t cell, size_t place) {
    unsigned char *to = s->row;
    uint32_t checksum;
    const uint8_t state = s->buffer[s->arrays[SCAN_STATUS].at + place];
    memcpy(&checksum, s->buffer + s->arrays[SCAN_CHECKSUM].at + place * sizeof checksum, sizeof checksum);
    for (int i = SCAN_CONTENT; i < s->array_count; i++) {
        const size_t bytes = s->arrays[i].data.row_bytes;
        memcpy(to, s->buffer + s->arrays[i].at + place * bytes, bytes);
        to += bytes;
    }
    return state < CELL_STATUS_COUNT && results_checksum(cell, s->row, s->content_bytes, state) == checksum;
}

/* A session may train the cell again while it is read: it is then pending, before its values change. */
static status is_being_replaced(const scan *s, size_t cell, bool *replaced, error_info *error) {
    uint8_t state = CELL_DONE;
    if (!s->repacked)
        RETURN_IF_FAILED(read_rows(s, &s->arrays[SCAN_STATUS].data, cell, 1, &state, error));
    *replaced = !cell_has_result(state);
    return STATUS_OK;
}

static status add_damaged(damaged_cells *out, size_t cell, error_info *error) {
    if ((out->count & (out->count - 1)) == 0) { /* a power of two: full */
        size_t *cells = realloc(out->cells, (out->count > 0 ? 2 * out->count : 1) * sizeof *cells);
        if (cells == NULL)
            return out_of_memory(error);
        out->cells = cells;
    }
    out->cells[out->count++] = cell;
    return STATUS_OK;
}

static status check_block(const scan *s, size_t first, size_t count, damaged_cells *out, error_info *error) {
    const unsigned char *states = s->buffer + s->arrays[SCAN_STATUS].at;
    RETURN_IF_FAILED(read_block(s, first, count, error));
    for (size_t i = 0; i < count; i++) {
        bool replaced = false;
        out->checked += cell_has_result(states[i]);
        if (!cell_has_result(states[i]) || fits(s, first + i, i))
            continue;
        RETURN_IF_FAILED(is_being_replaced(s, first + i, &replaced, error));
        if (!replaced)
            RETURN_IF_FAILED(add_damaged(out, first + i, error));
    }
    return STATUS_OK;
}

status results_find_damage(results_reader *reader, damaged_cells *out, error_info *error) {
    scan s = {.reader = reader};
    *out = (damaged_cells){0};
    status result = prepare(&s, error);
    for (size_t first = 0; result == STATUS_OK && first < s.cells; first += s.block) {
        const size_t left = s.cells - first;
        result = check_block(&s, first, left < s.block ? left : s.block, out, error);
    }
    release(&s);
    if (result != STATUS_OK) {
        free(out->cells);
        *out = (damaged_cells){0};
    }
    return result;
}

/* ---- Words ------------------------------------------------------------------------------------- */

void results_name_cells(const grid *g, const size_t *cells, size_t count, char *text, size_t size) {
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < count && i < NAMED_CELLS && used < size; i++) {
        char name[256];
        grid_cell_text(g, cells[i], name, sizeof name);
        used += (size_t)snprintf(text + used, size - used, "%s%s", i > 0 ? "; " : "",
                                 g->axis_count > 0 ? name : "the only cell");
    }
    if (count > NAMED_CELLS && used < size)
        snprintf(text + used, size - used, "; and %zu more", count - NAMED_CELLS);
}

status results_check_cells(const char *path, results_damage *out, error_info *error) {
    results_reader *reader;
    damaged_cells found;
    *out = (results_damage){0};
    RETURN_IF_FAILED(results_reader_open(&reader, path, error));
    status result = results_find_damage(reader, &found, error);
    if (result == STATUS_OK) {
        out->checked = found.checked;
        out->damaged = found.count;
        results_name_cells(results_reader_grid(reader), found.cells, found.count, out->cells,
                           sizeof out->cells);
        free(found.cells);
    }
    results_reader_close(&reader);
    return result;
}
