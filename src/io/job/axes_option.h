/* The key sweep in the table of keys. */
#ifndef IO_JOB_AXES_OPTION_H
#define IO_JOB_AXES_OPTION_H

#include "io/job/job.h"
#include "io/option/option.h"

/* Writes the axes of a job; job_axes_read has already read them. */
extern const option_type option_axes;

enum { JOB_AXIS_KEYS_SIZE = 4096 };

/* The keys that an axis sets: "optimizer.lr", "optimizer.lr, train.batch"; "" for the run axis. */
void job_axis_keys(const job *j, int axis, char keys[JOB_AXIS_KEYS_SIZE]);

#endif
