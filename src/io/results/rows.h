/* The rows of a cell in a results file that is being written. */
#ifndef IO_RESULTS_ROWS_H
#define IO_RESULTS_ROWS_H

#include <stddef.h>
#include <stdint.h>

#include "io/results/writer.h"

/* Rows that follow each other and are not in the file yet: one write for many small rows. */
typedef struct row_run {
    size_t first, count;
    unsigned char *bytes; /* (ROW_RUN_BYTES); NULL: its rows are large and written one by one */
} row_run;

enum { ROW_RUN_BYTES = 1 << 14 };

/* Allocate the bytes of r->runs, in one block. */
status results_allocate_runs(results *r);

/* Write one row of an array: it is in the file after results_flush_rows, or earlier. A failure is kept in
 * r->failure, as by all that follow. */
status results_write_row(results *r, int array, size_t row, const void *bytes);

/* Everything that was written is in the file, and may be synced. */
status results_flush_rows(results *r);

/* Read one row, or the `count` rows from `first` on. */
status results_read_row(results *r, int array, size_t row, void *bytes);
status results_read_rows(results *r, int array, size_t first, size_t count, void *bytes);

/* Move the content of a cell between r->row and the file. */
status results_write_content(results *r, size_t cell);
status results_read_content(results *r, size_t cell);

/* All of the cell except its status is written: the next sync covers it. */
status results_add_unsynced(results *r, size_t cell, uint8_t state);

#endif
