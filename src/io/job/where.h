/* The key `where` of a sweep: combinations of axis values that are left out. */
#ifndef IO_JOB_WHERE_H
#define IO_JOB_WHERE_H

#include "io/job/table.h"

/* The option sweep.where, which job_where_read has already read. */
extern const option_type option_where;

/* Read the combinations, when all axes are known. STATUS_USAGE for an axis or a value that does not exist,
 * and when no cell is left. */
status job_where_read(job *j, error_info *error);

/* Whether one combination covers the cells at `index` on the axes that are `fixed`, whatever their values on
 * the others are. fixed: (axis_count) */
bool job_where_covers(const job *j, const size_t index[GRID_MAX_AXES], const bool fixed[GRID_MAX_AXES]);

void job_where_destroy(job *j);

#endif
