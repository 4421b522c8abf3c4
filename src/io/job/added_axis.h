/* An axis that a job does not have yet, for the cells of a results file. */
#ifndef IO_JOB_ADDED_AXIS_H
#define IO_JOB_ADDED_AXIS_H

#include "base/status.h"
#include "io/job/job.h"

enum { ADDED_AXIS_SIZE = 2048 };

/* The setting that adds an axis with one value, its base, to a job: "sweep.lr={set: optimizer.lr, values:
 * [0.1], base: 0.1}" for the text "optimizer.lr=0.1", or "lr=0.1" where one key that an axis can set ends so.
 * "run=0" adds the run axis. name: of the axis; where it is empty it becomes the last word of the key.
 * STATUS_USAGE: the text names no key, or several. Whether the value is the key's, and whether an axis may
 * have the name, shows when the job is read with it. */
status job_added_axis(const char *text, char name[GRID_NAME_SIZE], char setting[ADDED_AXIS_SIZE],
                      error_info *error);

#endif
