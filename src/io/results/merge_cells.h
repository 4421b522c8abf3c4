/* The cells of files that are joined: which are taken from where. */
#ifndef IO_RESULTS_MERGE_CELLS_H
#define IO_RESULTS_MERGE_CELLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "io/results/merge.h"
#include "io/results/merge_input.h"

typedef struct merge_cells {
    const char *path; /* of the new file */
    int file;
    const results_layout *layout;
    const char *const *inputs; /* paths by number, for messages */
    merge_report *report;      /* receives conflicts */
    uint8_t *states;           /* (cells) cell_status in the new file */
    int32_t *owners;           /* (cells) the input that a cell was taken from */
    bool *damaged;             /* (cells) some input has it damaged */
    bool *wanted;              /* (cells) pending in some input: not all leave it out */
    /* A block of cells of one input. */
    size_t block;
    unsigned char *rows[ARRAY_MAX]; /* (block rows of the array); NULL for tables */
    unsigned char *present;         /* (block rows of the widest array) of the new file */
    unsigned char *content;         /* (content_bytes) of one cell */
    size_t content_bytes;
    bool *stored, *taken, *contested; /* (block) */
} merge_cells;

/* For a new file, at the offsets of `layout`, without cells. The arguments are borrowed. */
status merge_cells_open(merge_cells *m, const char *path, int file, const results_layout *layout,
                        const char *const inputs[], merge_report *report, error_info *error);

/* Add the cells of a file, in blocks. host_rows: where its hosts are in the new file. */
status merge_cells_add(merge_cells *m, const merge_input *in, const int32_t host_rows[RESULTS_HOSTS],
                       error_info *error);

/* After all files: a cell without a result that all of them leave out is left out of the new one, too. */
status merge_cells_leave_out(merge_cells *m, error_info *error);

/* Accepts one that was not opened. */
void merge_cells_release(merge_cells *m);

#endif
