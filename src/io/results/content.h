/* What a results file holds of a cell, as one row of bytes: steps taken, then what is recorded, array after
 * array. The checksum covers it. */
#ifndef IO_RESULTS_CONTENT_H
#define IO_RESULTS_CONTENT_H

#include <stddef.h>

#include "grid/cell.h"
#include "io/results/layout.h"

/* Bytes of such a row. */
size_t results_row_bytes(const results_layout *layout);

/* Fill `row` (results_row_bytes) from a record. no_values (layout->records->value_count): NaN, for a record
 * that has none. */
void results_fill_row(const results_layout *layout, const cell_record *record, const float *no_values,
                      unsigned char *row);

#endif
