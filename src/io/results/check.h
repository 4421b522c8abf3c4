/* Does a results file belong to this job? */
#ifndef IO_RESULTS_CHECK_H
#define IO_RESULTS_CHECK_H

#include <stdbool.h>

#include "io/job/job.h"
#include "io/results/reader.h"

/* STATUS_USAGE when the file belongs to another job. *grows: it belongs to this job with fewer values on its
 * axes, other axes first, or without axes that have a base. STATUS_IO when its axes are damaged. */
status results_check_job(results_reader *reader, const char *path, const job *j, bool *grows,
                         error_info *error);

/* STATUS_USAGE when two files hold the results of different jobs, with the differing keys, also where only
 * the axis values differ. STATUS_IO when the axes of `reader` are damaged. */
status results_check_same_job(results_reader *reader, results_reader *model, error_info *error);

/* STATUS_USAGE when a job that was restored from the file is not the one that its cells were trained with,
 * with the differing keys. */
status results_check_restored_job(results_reader *reader, const job *j, error_info *error);

#endif
