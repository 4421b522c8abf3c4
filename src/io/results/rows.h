/* The rows of a cell in a results file that is being written. */
#ifndef IO_RESULTS_ROWS_H
#define IO_RESULTS_ROWS_H

#include <stddef.h>
#include <stdint.h>

#include "io/results/writer.h"

/* Write or read one row of an array. A failure is kept in r->failure. */
status results_write_row(results *r, int array, size_t row, const void *bytes);
status results_read_row(results *r, int array, size_t row, void *bytes);

/* Move the content of a cell between r->row and the file. */
status results_write_content(results *r, size_t cell);
status results_read_content(results *r, size_t cell);

/* All of the cell except its status is written: the next sync covers it. */
status results_add_unsynced(results *r, size_t cell, uint8_t state);

#endif
