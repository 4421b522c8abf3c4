/* The key sweep in the table of keys. */
#ifndef IO_JOB_AXES_OPTION_H
#define IO_JOB_AXES_OPTION_H

#include "io/option/option.h"

/* Writes the axes of a job; reads nothing: job_axes_read has done so. */
extern const option_type option_axes;

#endif
