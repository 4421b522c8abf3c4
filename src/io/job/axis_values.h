/* The values of one axis of a sweep. */
#ifndef IO_JOB_AXIS_VALUES_H
#define IO_JOB_AXIS_VALUES_H

#include "io/job/table.h"

enum { AXIS_MAX_VALUES = 1000000, AXIS_MAX_LABELS = 1024, AXIS_LABEL_SIZE = 64 };

/* Room for `count` numbers. */
status axis_values_allocate(grid_axis *axis, size_t count, error_info *error);

/* Fill kind, count and values of a listed `axis`, whose name is set: numbers for one key that takes them,
 * else labels. Whether a key takes the value of a label shows when the job is read with it. */
status axis_values_read(const job_axis *source, grid_axis *axis, error_info *error);

/* Which of the axis' values `base` is (NULL: there is no base). STATUS_USAGE when none is. */
status axis_values_find_base(const tree_node *base, grid_axis *axis, error_info *error);

/* Between two ends, at a share of the way from 0 to 1, evenly or (geometric: both ends are above 0) in evenly
 * spaced ratios; 12 significant digits. */
double axis_values_between(double first, double last, double share, bool geometric);

/* The label of a value: its name in a map, or its text. False when it is none, AXIS_LABEL_SIZE included. */
bool axis_values_label(const tree_node *value, char *label, size_t size);

/* The error for a number that the key does not take. */
status axis_values_refuse_number(const option *target, const char *axis, const char *value, tree_place place,
                                 error_info *error);

/* The value for key `k` in value `index` of a label axis, or of a drawn key that takes words; NULL when it
 * leaves the key out. */
const tree_node *axis_value_of_key(const job_axis *source, size_t index, int k);

/* Where value `index` is in the job file, or the range that it comes from. */
tree_place axis_value_place(const job_axis *source, size_t index);

#endif
