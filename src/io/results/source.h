/* A results file whose cells move to a file of a larger grid: where its arrays are, and where its cells go.
 */
#ifndef IO_RESULTS_SOURCE_H
#define IO_RESULTS_SOURCE_H

#include <stddef.h>

#include "base/status.h"
#include "grid/grid.h"
#include "io/results/reader.h"

/* An array of cells. at: where its row begins in a row of all that the file holds of a cell. */
typedef struct source_array {
    results_dataset data;
    size_t at;
} source_array;

typedef struct results_source {
    const char *path; /* borrowed */
    int file;
    results_reader *reader;
    const grid *grid;                 /* the file's */
    const grid *whole;                /* borrowed */
    int axes[GRID_MAX_AXES];          /* of `whole`, for the file's */
    size_t *positions[GRID_MAX_AXES]; /* (values of the file's axis): where they are on the axis of `whole` */
    int array_count;
    source_array *arrays; /* what the checksum covers, in its order */
    size_t row_bytes;     /* of all of them */
    results_dataset status, checksum;
} results_source;

/* Type, shape and place of a data set; row_bytes is that of one element. */
status results_source_describe(const results_source *source, const char *name, results_dataset *out,
                               error_info *error);

/* The number in the larger grid of a cell of the file. */
size_t results_source_place(const results_source *source, size_t cell);

/* Open the file at `path`, which grows into `whole` (borrowed) according to results_check_job. Until it is
 * closed no HDF5 program can open it for writing. STATUS_IO: this user may not write it, it was rewritten by
 * another tool, or is damaged. */
status results_source_open(results_source **out, const char *path, const grid *whole, error_info *error);

/* Give `file` the owner, as far as this user may, and the mode of the source. */
status results_source_copy_rights(const results_source *source, int file, const char *path,
                                  error_info *error);

void results_source_close(results_source **source);

#endif
