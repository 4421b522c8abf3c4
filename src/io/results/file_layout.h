/* The arrays of a results file as they are in it, without the job that it was made from. */
#ifndef IO_RESULTS_FILE_LAYOUT_H
#define IO_RESULTS_FILE_LAYOUT_H

#include "io/results/reader.h"

/* All arrays of cells, hosts and sessions with their offsets, for moving rows: records have no source, and
 * their scales are not listed. The grid is the reader's. STATUS_IO when an array does not have the shape that
 * it must have, or is not one piece, after h5repack. */
status results_file_layout(results_reader *reader, results_layout *out, error_info *error);

#endif
