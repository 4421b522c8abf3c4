/* The values of one axis of a sweep. */
#ifndef IO_JOB_AXIS_VALUES_H
#define IO_JOB_AXIS_VALUES_H

#include "io/job/table.h"

enum { AXIS_MAX_VALUES = 1000000, AXIS_MAX_LABELS = 1024, AXIS_LABEL_SIZE = 64 };

/* Room for `count` numbers. */
status axis_values_allocate(grid_axis *axis, size_t count, error_info *error);

/* Fill kind, count and values of `axis`, whose name is set and `entry` its map in the job file: numbers for
 * one key that takes them, else labels. Whether a key takes what stands behind a label shows when the job is
 * read with it. */
status axis_values_read(const job_axis *source, const tree_node *entry, grid_axis *axis, error_info *error);

/* What value `index` of a label axis says for its key `k`; NULL when it leaves the key out. */
const tree_node *axis_value_of_key(const job_axis *source, size_t index, int k);

/* Where value `index` stands in the job file, or the range it comes from. */
tree_place axis_value_place(const job_axis *source, size_t index);

#endif
