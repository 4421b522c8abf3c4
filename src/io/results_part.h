/* Private to results_part.c and results_grow.c: a file whose cells go over into one of a larger grid. */
#ifndef IO_RESULTS_PART_H
#define IO_RESULTS_PART_H

#include "io/results_internal.h"

/* An array of cells. at: where its row begins in a row of all that the file holds of a cell. */
typedef struct part_array {
    results_dataset data;
    size_t at;
} part_array;

struct results_part {
    const char *path; /* borrowed */
    int file;
    results_reader *reader;
    const grid *grid;                 /* the file's */
    const grid *whole;                /* borrowed */
    size_t *positions[GRID_MAX_AXES]; /* (values of the file's axis): where they are on the axis of `whole` */
    int array_count;
    part_array *arrays; /* what the checksum covers, in its order */
    size_t row_bytes;   /* of all of them */
    results_dataset status, checksum;
};

/* Type, shape and place of a data set; row_bytes is that of one element. */
status results_part_describe(const results_part *part, const char *name, results_dataset *out,
                             error_info *error);

/* The number in the larger grid of a cell of the file. */
size_t results_part_place(const results_part *part, size_t cell);

#endif
