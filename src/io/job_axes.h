/* The sweep section of a job file: named axes and the keys that they set. */
#ifndef IO_JOB_AXES_H
#define IO_JOB_AXES_H

#include "io/job.h"
#include "io/option.h"

/* Reads into and writes from a job: its grid and the targets of its axes. The key `paired` is left to its own
 * option. */
extern const option_type option_axes;

/* Where value `index` of an axis that sets a key stands in the job file, or the range it comes from. */
tree_place job_axis_value_place(const job *j, int axis, size_t index);

/* The keys of an axis as Markdown. */
void job_axes_print_reference(FILE *out);

#endif
