/* The canonical text of a job. */
#ifndef IO_JOB_CANONICAL_H
#define IO_JOB_CANONICAL_H

#include "io/job/job.h"

/* Set j->canonical, which the job owns, and j->digest. */
status job_write_canonical(job *j, error_info *error);

#endif
