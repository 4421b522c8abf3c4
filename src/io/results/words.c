/* Words for what a results file holds. */
#include "io/results/words.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "grid/grid.h"

/* The shortest text that reads back as `value`; NaNs also with their bits. */
static void float_text(double value, uint64_t bits, int digits, char *text) {
    if (value != value)
        snprintf(text, RESULTS_VALUE_SIZE, "nan (0x%" PRIx64 ")", bits);
    else
        for (int precision = 1; precision <= digits; precision++) {
            snprintf(text, RESULTS_VALUE_SIZE, "%.*g", precision, value);
            if (digits == 9 ? strtof(text, NULL) == (float)value : strtod(text, NULL) == value)
                return;
        }
}

void results_value_text(element type, const void *value, char text[RESULTS_VALUE_SIZE]) {
    union {
        int8_t i8;
        int32_t i32;
        uint32_t u32;
        int64_t i64;
        uint64_t u64;
        float f32;
        double f64;
    } v = {.u64 = 0};
    memcpy(&v, value, element_size(type) <= sizeof v ? element_size(type) : sizeof v);
    switch (type) {
    case ELEMENT_INT8:
        snprintf(text, RESULTS_VALUE_SIZE, "%d", v.i8);
        break;
    case ELEMENT_INT32:
        snprintf(text, RESULTS_VALUE_SIZE, "%" PRId32, v.i32);
        break;
    case ELEMENT_UINT32:
        snprintf(text, RESULTS_VALUE_SIZE, "%" PRIu32, v.u32);
        break;
    case ELEMENT_INT64:
        snprintf(text, RESULTS_VALUE_SIZE, "%" PRId64, v.i64);
        break;
    case ELEMENT_FLOAT32:
        float_text((double)v.f32, v.u32, 9, text);
        break;
    case ELEMENT_FLOAT64:
        float_text(v.f64, v.u64, 17, text);
        break;
    case ELEMENT_CHAR:
    case ELEMENT_TEXT:
    case ELEMENT_COUNT:
        snprintf(text, RESULTS_VALUE_SIZE, "text");
        break;
    }
}

/* "run=3, lr=0.01, step=17": the cell, then the position in what it recorded. */
static status record_place_text(results_reader *reader, const results_dataset *d, size_t number,
                                char text[RESULTS_PLACE_SIZE], error_info *error) {
    const grid *axes = results_reader_grid(reader);
    grid beyond = {0}; /* dimensions after those of the cells */
    status result = STATUS_OK;
    for (int i = axes->axis_count; result == STATUS_OK && i < d->rank; i++)
        result = results_reader_append_axis(reader, d->scales[i], &beyond, error);
    if (result == STATUS_OK) {
        const size_t size = grid_cells(&beyond);
        grid_cell_text(axes, number / size, text, RESULTS_PLACE_SIZE);
        size_t used = strlen(text);
        if (axes->axis_count > 0 && beyond.axis_count > 0)
            used += (size_t)snprintf(text + used, RESULTS_PLACE_SIZE - used, ", ");
        grid_cell_text(&beyond, number % size, text + used, RESULTS_PLACE_SIZE - used);
    }
    grid_release(&beyond);
    return result;
}

status results_place_text(results_reader *reader, const results_dataset *d, size_t number,
                          char text[RESULTS_PLACE_SIZE], error_info *error) {
    if (d->rank != 1 || strcmp(d->scales[0], d->name) != 0)
        return record_place_text(reader, d, number, text, error);
    snprintf(text, RESULTS_PLACE_SIZE, "%zu", number);
    return STATUS_OK;
}
