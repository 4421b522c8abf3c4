/* Reads results files through HDF5. Takes no lock, and works while a session is writing. */
#ifndef IO_RESULTS_READER_H
#define IO_RESULTS_READER_H

#include <stddef.h>
#include <stdint.h>

#include "io/results/layout.h"

typedef struct results_reader results_reader;

/* What is known of one data set of a file. offset is 0 when it is not one contiguous piece (after h5repack).
 */
typedef results_array results_dataset;

/* Open for reading; takes no lock and works while a session is writing. STATUS_IO: missing, not HDF5,
 * damaged, not a results file, or of another format. */
status results_reader_open(results_reader **out, const char *path, error_info *error);
void results_reader_close(results_reader **reader);

/* Names of the data sets outside /provenance in the order of creation. Owned by the reader. */
int results_reader_count(const results_reader *reader);
const char *results_reader_name(const results_reader *reader, int i);

/* The axes, as the dimensions of /status have them. Owned by the reader. */
const grid *results_reader_grid(const results_reader *reader);

/* A text attribute of the file; the caller frees *out. */
status results_reader_attribute(results_reader *reader, const char *name, char **out, error_info *error);

/* The same; `missing` where the file does not have it. */
status results_reader_attribute_or(results_reader *reader, const char *name, const char *missing, char **out,
                                   error_info *error);

/* As it was opened. Owned by the reader. */
const char *results_reader_path(const results_reader *reader);

/* A descriptor of the open file, for raw_read; the reader's own. -1 when HDF5 has none. */
int results_reader_descriptor(const results_reader *reader);

/* STATUS_IO when the file has a format that this program reads, but does not write. */
status results_reader_check_writable(results_reader *reader, error_info *error);

/* Name, type, shape, scales, units and offset of the data set `name`; STATUS_IO when there is none. */
status results_reader_describe(results_reader *reader, const char *name, results_dataset *out,
                               error_info *error);

/* Read `count` slices along the first dimension from `first` (all of a scalar); no ELEMENT_TEXT. */
status results_reader_read(results_reader *reader, const results_dataset *d, size_t first, size_t count,
                           void *out, error_info *error);

/* The same for the whole data set, into memory that the caller frees. */
status results_reader_read_all(results_reader *reader, const results_dataset *d, void **out,
                               error_info *error);

/* The same for the data set `name`, which must have this type and number of elements. */
status results_reader_load(results_reader *reader, const char *name, element type, size_t count, void **out,
                           error_info *error);

/* The cell_status of every cell (grid_cells), bytes that the caller frees. One that does not exist is given
 * as CELL_PENDING; results_find_damage reports it. */
status results_reader_states(results_reader *reader, void **out, error_info *error);

/* Append a dimension scale to the axes of `out`, which the caller frees with grid_release, also on failure.
 */
status results_reader_append_axis(results_reader *reader, const char *name, grid *out, error_info *error);

/* Elements of a data set, and of one slice along its first dimension. */
size_t results_dataset_elements(const results_dataset *d);
size_t results_dataset_slice(const results_dataset *d);

#endif
