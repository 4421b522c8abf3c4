/* Parameters that a job's cells start from, in files that it names. */
#ifndef IO_JOB_INITIAL_PARAMETERS_H
#define IO_JOB_INITIAL_PARAMETERS_H

#include "io/option/option.h"

/* Read into and write from the start_spec of a job, which keeps the numbers. The canonical text has a hash of
 * them. */
extern const option_type option_init_file;  /* start.values */
extern const option_type option_shift_file; /* start.directions */

/* Numbers that the job has read, each file once. */
typedef struct job_array job_array;

/* Accepts NULL. */
void job_arrays_destroy(job_array **first);

#endif
