#include "io/results/recheck.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "grid/grid.h"
#include "io/file/bytes.h"
#include "io/results/checksum.h"
#include "io/results/content.h"
#include "io/results/create.h"
#include "io/results/words.h"

struct results_recheck {
    results_reader *reader;
    double tolerance;
    results_layout layout;
    size_t row_bytes;
    unsigned char *in_file, *now; /* (row_bytes) content of a cell */
    float *no_values;             /* (records->value_count) NaN */
};

/* ---- The file's cell --------------------------------------------------------------------------- */

/* HDF5 reads whole slices along the first axis. */
static status read_repacked(const results_recheck *c, const results_array *a, size_t cell, void *row,
                            error_info *error) {
    const grid *g = c->layout.grid;
    const size_t slices = g->axis_count > 0 ? g->axes[0].count : 1, slice = c->layout.cells / slices;
    const size_t count = g->axis_count > 0 ? 1 : a->rank > 0 ? a->dims[0] : 1;
    unsigned char *rows = malloc(slice * a->row_bytes);
    if (rows == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory for %zu bytes of %s", slice * a->row_bytes,
                         a->name);
    const status result = results_reader_read(c->reader, a, cell / slice, count, rows, error);
    if (result == STATUS_OK)
        memcpy(row, rows + cell % slice * a->row_bytes, a->row_bytes);
    free(rows);
    return result;
}

static status read_row(const results_recheck *c, int array, size_t cell, void *row, error_info *error) {
    const results_array *a = &c->layout.arrays[array];
    if (a->offset == 0)
        return read_repacked(c, a, cell, row, error);
    return raw_read(results_reader_descriptor(c->reader), results_reader_path(c->reader), row, a->row_bytes,
                    a->offset + cell * a->row_bytes, error);
}

static status read_content(const results_recheck *c, size_t cell, error_info *error) {
    unsigned char *at = c->in_file;
    for (int i = ARRAY_STEPS_TAKEN; i < c->layout.array_count; i++) {
        RETURN_IF_FAILED(read_row(c, i, cell, at, error));
        at += c->layout.arrays[i].row_bytes;
    }
    return STATUS_OK;
}

static status check_damage(const results_recheck *c, size_t cell, uint8_t state, bool *damaged,
                           error_info *error) {
    uint32_t checksum;
    RETURN_IF_FAILED(read_row(c, ARRAY_CHECKSUM, cell, &checksum, error));
    *damaged = results_checksum(cell, c->in_file, c->row_bytes, state) != checksum;
    return STATUS_OK;
}

/* ---- Comparison -------------------------------------------------------------------------------- */

static float number_at(const unsigned char *row, size_t i) {
    float number;
    memcpy(&number, row + i * sizeof number, sizeof number);
    return number;
}

/* The largest finite magnitude in two rows; infinities and NaN have no scale. */
static double scale_of(const unsigned char *a, const unsigned char *b, size_t count) {
    double largest = 0;
    for (size_t i = 0; i < count; i++) {
        const double x = fabs((double)number_at(a, i)), y = fabs((double)number_at(b, i));
        largest = isfinite(x) && x > largest ? x : largest;
        largest = isfinite(y) && y > largest ? y : largest;
    }
    return largest;
}

/* How far two numbers are apart, in units of `scale`; INFINITY where only one of them is a number. */
static double distance(double x, double y, double scale) {
    if (x == y || (isnan(x) && isnan(y)))
        return 0;
    return isfinite(x) && isfinite(y) ? fabs(x - y) / scale : INFINITY;
}

/* The position of the first number that is too far away; `count` when there is none. */
static size_t find_far(const results_recheck *c, const unsigned char *a, const unsigned char *b, size_t count,
                       double *largest) {
    const double scale = scale_of(a, b, count);
    size_t first = count;
    for (size_t i = 0; i < count; i++) {
        const double apart = distance((double)number_at(a, i), (double)number_at(b, i), scale);
        *largest = fmax(*largest, apart);
        if (apart > c->tolerance && first == count)
            first = i;
    }
    return first;
}

static size_t find_other_bits(const unsigned char *a, const unsigned char *b, size_t count, size_t bytes) {
    size_t i = 0;
    while (i < count && memcmp(a + i * bytes, b + i * bytes, bytes) == 0)
        i++;
    return i;
}

static status compare_array(const results_recheck *c, const results_array *a, size_t cell, size_t at,
                            recheck_answer *out, error_info *error) {
    const unsigned char *x = c->in_file + at, *y = c->now + at;
    const size_t bytes = element_size(a->type), count = a->row_bytes / bytes;
    char place[RESULTS_PLACE_SIZE], in_file[RESULTS_VALUE_SIZE], now[RESULTS_VALUE_SIZE];
    const bool exact = c->tolerance == 0 || a->type != ELEMENT_FLOAT32;
    const size_t i = exact ? find_other_bits(x, y, count, bytes) : find_far(c, x, y, count, &out->largest);
    if (i == count || !out->same)
        return STATUS_OK;
    RETURN_IF_FAILED(results_place_text(c->reader, a, cell * count + i, place, error));
    results_value_text(a->type, x + i * bytes, in_file);
    results_value_text(a->type, y + i * bytes, now);
    snprintf(out->difference, sizeof out->difference, "%s(%.700s): %s != %s", a->name, place, in_file, now);
    out->same = false;
    return STATUS_OK;
}

/* With a tolerance the first step at which a curve leaves it says more than the final value. */
static status compare_content(const results_recheck *c, size_t cell, recheck_answer *out, error_info *error) {
    size_t at = 0;
    for (int i = ARRAY_STEPS_TAKEN; i < c->layout.array_count; i++) {
        const results_array *a = &c->layout.arrays[i];
        if (c->tolerance == 0 || !a->is_final)
            RETURN_IF_FAILED(compare_array(c, a, cell, at, out, error));
        at += a->row_bytes;
    }
    return STATUS_OK;
}

static void compare_states(const results_recheck *c, size_t cell, uint8_t in_file, uint8_t now,
                           recheck_answer *out) {
    char name[700];
    if (in_file == now)
        return;
    grid_cell_text(c->layout.grid, cell, name, sizeof name);
    snprintf(out->difference, sizeof out->difference, "status(%s): %s != %s", name,
             cell_status_label(in_file < CELL_STATUS_COUNT ? (cell_status)in_file : CELL_PENDING),
             cell_status_label((cell_status)now));
    out->same = false;
}

status results_recheck_cell(results_recheck *c, const cell_record *record, recheck_answer *out,
                            error_info *error) {
    uint8_t state;
    *out = (recheck_answer){.same = true};
    RETURN_IF_FAILED(read_row(c, ARRAY_STATUS, record->cell, &state, error));
    RETURN_IF_FAILED(read_content(c, record->cell, error));
    results_fill_row(&c->layout, record, c->no_values, c->now);
    compare_states(c, record->cell, state, (uint8_t)record->status, out);
    if (out->same)
        RETURN_IF_FAILED(compare_content(c, record->cell, out, error));
    return out->same ? STATUS_OK : check_damage(c, record->cell, state, &out->damaged, error);
}

/* ---- Opening ----------------------------------------------------------------------------------- */

static status allocate(results_recheck *c, error_info *error) {
    const size_t values = c->layout.records->value_count;
    c->row_bytes = results_row_bytes(&c->layout);
    c->in_file = malloc(c->row_bytes);
    c->now = malloc(c->row_bytes);
    c->no_values = malloc((values + 1) * sizeof *c->no_values);
    if (c->in_file == NULL || c->now == NULL || c->no_values == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory for a cell of %zu bytes", c->row_bytes);
    for (size_t i = 0; i < values; i++)
        c->no_values[i] = NAN;
    return STATUS_OK;
}

static status prepare(results_recheck *c, const record_layout *records, error_info *error) {
    bool contiguous;
    RETURN_IF_FAILED(results_layout_make(&c->layout, results_reader_grid(c->reader), records, error));
    if (results_locate(c->reader, &c->layout, &contiguous, error) != STATUS_OK)
        return error_prefix(error, "%s: ", results_reader_path(c->reader));
    return allocate(c, error);
}

status results_recheck_open(results_recheck **out, results_reader *reader, const record_layout *records,
                            double tolerance, error_info *error) {
    results_recheck *c = *out = calloc(1, sizeof *c);
    if (c == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory");
    c->reader = reader;
    c->tolerance = tolerance;
    const status result = prepare(c, records, error);
    if (result != STATUS_OK)
        results_recheck_close(out);
    return result;
}

void results_recheck_close(results_recheck **c) {
    if (*c == NULL)
        return;
    free((*c)->in_file);
    free((*c)->now);
    free((*c)->no_values);
    free(*c);
    *c = NULL;
}
