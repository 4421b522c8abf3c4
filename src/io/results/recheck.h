/* Cells that were trained again, against what a results file holds of them. */
#ifndef IO_RESULTS_RECHECK_H
#define IO_RESULTS_RECHECK_H

#include <stdbool.h>

#include "grid/cell.h"
#include "io/results/reader.h"

typedef struct results_recheck results_recheck;

typedef struct recheck_answer {
    bool same;             /* bit for bit, or within the tolerance */
    bool damaged;          /* not same, and the cell in the file does not match its checksum */
    double largest;        /* with a tolerance: the largest difference, as the tolerance counts it */
    char difference[1024]; /* not same: "test_accuracy(run=3, lr=0.01): 43 != 44", the file's value first */
} recheck_answer;

/* For the cells of a file (`reader`, borrowed) whose job records what `records` (borrowed) says. A tolerance
 * of 0: the same bits. Else numbers may differ by the tolerance times the largest magnitude in the array's
 * row of the cell: a curve, a layer's weights; steps and status must be the same. STATUS_IO: the file has
 * other arrays. */
status results_recheck_open(results_recheck **out, results_reader *reader, const record_layout *records,
                            double tolerance, error_info *error);

/* Compare one cell, which has a status in the file. */
status results_recheck_cell(results_recheck *c, const cell_record *record, recheck_answer *out,
                            error_info *error);

/* Accepts NULL. */
void results_recheck_close(results_recheck **c);

#endif
