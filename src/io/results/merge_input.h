/* One of the files that a merge joins. */
#ifndef IO_RESULTS_MERGE_INPUT_H
#define IO_RESULTS_MERGE_INPUT_H

#include "io/results/layout.h"
#include "io/results/reader.h"

typedef struct merge_input {
    int number;       /* among the inputs */
    const char *path; /* borrowed */
    results_reader *reader;
    int file; /* the reader's */
    results_layout *layout;
} merge_input;

/* Open a file that belongs to the same job as `model` (NULL: itself) and has the same settings and arrays.
 * Until it is closed no HDF5 program can open it for writing; sessions can. STATUS_USAGE, STATUS_IO: it does
 * not belong to it, or cannot be read. */
status merge_input_open(merge_input *in, const char *path, int number, const merge_input *model,
                        error_info *error);

/* Accepts one that was not opened. */
void merge_input_close(merge_input *in);

#endif
