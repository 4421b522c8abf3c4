/* Does a results file belong to this job? */
#ifndef IO_RESULTS_CHECK_H
#define IO_RESULTS_CHECK_H

#include <stdbool.h>

#include "io/job/job.h"
#include "io/results/reader.h"

/* STATUS_USAGE when the file belongs to another job. *grows: it belongs to this job with fewer values on its
 * axes. STATUS_IO when its axes are damaged. */
status results_check_job(results_reader *reader, const char *path, const job *j, bool *grows,
                         error_info *error);

#endif
