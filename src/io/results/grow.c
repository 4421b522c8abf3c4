/* Copies the cells of a results file into one of a larger grid.
 *
 * Cells are matched by their axis values. The records of a cell keep their bits; where the new file has more
 * room in a dimension, as for longer curves, the rest is NaN. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "grid/cell.h"
#include "grid/grid.h"
#include "io/file/bytes.h"
#include "io/results/checksum.h"
#include "io/results/grow.h"
#include "io/results/layout.h"
#include "io/results/reader.h"
#include "io/results/source.h"

typedef struct copier {
    const results_source *source;
    int file;
    const char *path;
    const results_layout *layout;
    results_dataset provenance[ARRAY_CHECKSUM]; /* of the source; those of cells only */
    const source_array *inputs[ARRAY_MAX];      /* NULL: the source has no such array */
    unsigned char *from;                        /* (source->row_bytes) content of a cell, array after array */
    unsigned char *to;                          /* (row_bytes) the same in the new file */
    size_t row_bytes;
    size_t kept, damaged; /* cells */
} copier;

static status read_row(const copier *c, const results_dataset *d, size_t cell, void *row, error_info *error) {
    return raw_read(c->source->file, c->source->path, row, d->row_bytes, d->offset + cell * d->row_bytes,
                    error);
}

static status write_row(const copier *c, int array, size_t cell, const void *row, error_info *error) {
    const results_array *a = &c->layout->arrays[array];
    return raw_write(c->file, c->path, row, a->row_bytes, a->offset + cell * a->row_bytes, error);
}

/* ---- Hosts and sessions ------------------------------------------------------------------------ */

static status copy_table(const copier *c, int array, error_info *error) {
    const results_array *a = &c->layout->arrays[array];
    const size_t bytes = a->row_bytes * a->dims[0];
    results_dataset d;
    RETURN_IF_FAILED(results_source_describe(c->source, a->name, &d, error));
    if (d.type != a->type || results_dataset_elements(&d) * d.row_bytes != bytes)
        return error_set(error, STATUS_IO,
                         "%s: the data set %s does not have the size that this program writes",
                         c->source->path, a->name);
    void *table = malloc(bytes);
    if (table == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory");
    status result = raw_read(c->source->file, c->source->path, table, bytes, d.offset, error);
    if (result == STATUS_OK)
        result = raw_write(c->file, c->path, table, bytes, a->offset, error);
    free(table);
    return result;
}

static status copy_tables(const copier *c, error_info *error) {
    for (int i = 0; i < c->layout->array_count; i++)
        if (results_array_is_table(i))
            RETURN_IF_FAILED(copy_table(c, i, error));
    return STATUS_OK;
}

/* ---- Content of a cell ------------------------------------------------------------------------- */

/* The contents of a cell that recorded nothing. */
static void clear_row(copier *c) {
    memset(c->to, 0, c->row_bytes);
    unsigned char *at = c->to;
    for (int i = ARRAY_STEPS_TAKEN; i < c->layout->array_count; i++) {
        const results_array *a = &c->layout->arrays[i];
        if (a->type == ELEMENT_FLOAT32)
            for (size_t k = 0; k < a->row_bytes; k += sizeof(float))
                memcpy(at + k, &(float){NAN}, sizeof(float));
        at += a->row_bytes;
    }
}

/* Put a block of values into the corner of a larger one; returns what follows `from`. large, small: (rank)
 * their dimensions. */
static const unsigned char *place_block(const size_t *large, const size_t *small, int rank,
                                        size_t large_bytes, unsigned char *to, const unsigned char *from) {
    if (rank == 0) {
        memcpy(to, from, large_bytes);
        return from + large_bytes;
    }
    const size_t slice_bytes = large_bytes / *large;
    for (size_t i = 0; i < *small; i++)
        from = place_block(large + 1, small + 1, rank - 1, slice_bytes, to + i * slice_bytes, from);
    return from;
}

/* The file may have fewer axes than the new one. */
static const size_t *inner_dims(const copier *c, const results_dataset *small) {
    return small->dims + c->source->grid->axis_count;
}

static void place_row(copier *c) {
    clear_row(c);
    unsigned char *at = c->to;
    for (int i = ARRAY_STEPS_TAKEN; i < c->layout->array_count; i++) {
        const results_array *a = &c->layout->arrays[i];
        const source_array *input = c->inputs[i];
        const int axes = c->layout->grid->axis_count;
        if (input != NULL)
            place_block(a->dims + axes, inner_dims(c, &input->data), a->rank - axes, a->row_bytes, at,
                        c->from + input->at);
        at += a->row_bytes;
    }
}

static status write_content(const copier *c, size_t cell, uint8_t state, error_info *error) {
    const unsigned char *at = c->to;
    for (int i = ARRAY_STEPS_TAKEN; i < c->layout->array_count; i++) {
        RETURN_IF_FAILED(write_row(c, i, cell, at, error));
        at += c->layout->arrays[i].row_bytes;
    }
    const uint32_t checksum = results_checksum(cell, c->to, c->row_bytes, state);
    RETURN_IF_FAILED(write_row(c, ARRAY_CHECKSUM, cell, &checksum, error));
    return write_row(c, ARRAY_STATUS, cell, &state, error);
}

static status read_content(const copier *c, size_t cell, error_info *error) {
    for (int i = 0; i < c->source->array_count; i++) {
        const source_array *a = &c->source->arrays[i];
        RETURN_IF_FAILED(read_row(c, &a->data, cell, c->from + a->at, error));
    }
    return STATUS_OK;
}

/* A cell that is stored whole is copied, whether its status was published or not. */
static status copy_content(copier *c, size_t cell, size_t place, error_info *error) {
    uint8_t state;
    uint32_t checksum;
    RETURN_IF_FAILED(read_row(c, &c->source->status, cell, &state, error));
    RETURN_IF_FAILED(read_row(c, &c->source->checksum, cell, &checksum, error));
    const bool known = cell_has_result(state);
    if (!known && checksum == 0)
        return STATUS_OK;
    RETURN_IF_FAILED(read_content(c, cell, error));
    const uint8_t found = results_find_state(cell, c->from, c->source->row_bytes, checksum);
    if (found == CELL_PENDING || (known && state != found)) {
        c->damaged += known;
        return STATUS_OK;
    }
    c->kept++;
    place_row(c);
    return write_content(c, place, found, error);
}

/* ---- Cells ------------------------------------------------------------------------------------- */

static status copy_provenance(const copier *c, size_t cell, size_t place, error_info *error) {
    for (int i = 0; i < ARRAY_CHECKSUM; i++) {
        unsigned char row[sizeof(double)];
        RETURN_IF_FAILED(read_row(c, &c->provenance[i], cell, row, error));
        RETURN_IF_FAILED(write_row(c, i, place, row, error));
    }
    return STATUS_OK;
}

static status copy_cells(copier *c, error_info *error) {
    const size_t cells = grid_cells(c->source->grid);
    for (size_t cell = 0; cell < cells; cell++) {
        const size_t place = results_source_place(c->source, cell);
        RETURN_IF_FAILED(copy_provenance(c, cell, place, error));
        RETURN_IF_FAILED(copy_content(c, cell, place, error));
    }
    if (c->damaged > 0)
        log_warning("%s: %zu cells do not match their checksum and are trained again", c->path, c->damaged);
    if (cells < c->layout->cells)
        log_note("%s: grows from %zu to %zu cells; %zu are trained already", c->path, cells, c->layout->cells,
                 c->kept);
    else if (c->kept > 0)
        log_note("%s: is written anew for the job's axes; %zu of its %zu cells are trained already", c->path,
                 c->kept, cells);
    return STATUS_OK;
}

/* ---- Preparation ------------------------------------------------------------------------------- */

/* Every dimension of the new array has room for the old one. */
static bool fits(const copier *c, const results_array *large, const results_dataset *small) {
    const int axes = c->layout->grid->axis_count, rank = large->rank - axes;
    if (small->type != large->type || small->rank - c->source->grid->axis_count != rank)
        return false;
    for (int i = 0; i < rank; i++)
        if (inner_dims(c, small)[i] > large->dims[axes + i])
            return false;
    return true;
}

/* Which array of the source goes into array `i`; a layer that only new cells have is not in the source. */
static status find_input(copier *c, int i, error_info *error) {
    const results_array *a = &c->layout->arrays[i];
    for (int k = 0; k < c->source->array_count; k++) {
        const source_array *input = &c->source->arrays[k];
        if (strcmp(input->data.name, a->name) != 0)
            continue;
        if (!fits(c, a, &input->data))
            return error_set(error, STATUS_IO, "%s: the data set %s has no room in the larger grid",
                             c->source->path, a->name);
        c->inputs[i] = input;
    }
    return STATUS_OK;
}

static status find_inputs(copier *c, error_info *error) {
    for (int i = 0; i < ARRAY_CHECKSUM; i++) {
        const results_array *a = &c->layout->arrays[i];
        RETURN_IF_FAILED(results_source_describe(c->source, a->name, &c->provenance[i], error));
        if (c->provenance[i].type != a->type)
            return error_set(error, STATUS_IO, "%s: the data set %s has an unexpected type", c->source->path,
                             a->name);
    }
    int found = 0;
    for (int i = ARRAY_STEPS_TAKEN; i < c->layout->array_count; i++) {
        c->row_bytes += c->layout->arrays[i].row_bytes;
        RETURN_IF_FAILED(find_input(c, i, error));
        found += c->inputs[i] != NULL;
    }
    if (found < c->source->array_count)
        return error_set(error, STATUS_IO, "%s: has data sets that the larger grid does not record",
                         c->source->path);
    return STATUS_OK;
}

status results_source_copy(const results_source *source, int file, const char *path,
                           const results_layout *layout, error_info *error) {
    copier c = {.source = source, .file = file, .path = path, .layout = layout};
    RETURN_IF_FAILED(find_inputs(&c, error));
    RETURN_IF_FAILED(copy_tables(&c, error));
    c.from = malloc(source->row_bytes);
    c.to = malloc(c.row_bytes);
    status result = STATUS_OK;
    if (c.from == NULL || c.to == NULL)
        result = error_set(error, STATUS_INTERNAL, "out of memory");
    if (result == STATUS_OK)
        result = copy_cells(&c, error);
    free(c.from);
    free(c.to);
    return result;
}
