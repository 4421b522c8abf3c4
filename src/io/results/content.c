#include "io/results/content.h"

#include <math.h>
#include <string.h>

static unsigned char *append_bytes(unsigned char *at, const void *bytes, size_t size) {
    memcpy(at, bytes, size);
    return at + size;
}

size_t results_row_bytes(const results_layout *layout) {
    size_t bytes = 0;
    for (int i = ARRAY_STEPS_TAKEN; i < layout->array_count; i++)
        bytes += layout->arrays[i].row_bytes;
    return bytes;
}

void results_fill_row(const results_layout *layout, const cell_record *record, const float *no_values,
                      unsigned char *row) {
    const float *values = record->value_count > 0 ? record->values : no_values;
    const int32_t steps = (int32_t)record->steps_taken;
    unsigned char *at = append_bytes(row, &steps, sizeof steps);
    for (int i = ARRAY_RECORDS; i < layout->array_count; i++) {
        const results_array *a = &layout->arrays[i];
        const float final = record->status == CELL_DONE ? record_final(a->source, values) : NAN;
        at = append_bytes(at, a->is_final ? &final : values + a->source->offset, a->row_bytes);
    }
}
