/* The sweep section of a job file: named axes and the keys that they set. */
#ifndef IO_JOB_AXES_H
#define IO_JOB_AXES_H

#include "io/job/table.h"

/* Read the axes from the job's tree into its grid and what they set, before all other keys. The keys
 * `paired` and `where` are left to their own options. */
status job_axes_read(job *j, error_info *error);

/* The keys of an axis as Markdown. */
void job_axes_print_reference(FILE *out);

/* The keys of an axis. */
const option_table *job_axes_table(void);

#endif
