/* Names that axes and auxiliary coordinates have in a results file. */
#ifndef IO_JOB_AXIS_NAMES_H
#define IO_JOB_AXIS_NAMES_H

#include "io/job/job.h"

/* Whether the results file gives the name to something else, such as test_loss and test_loss_curve. */
bool axis_name_is_taken(const char *name);

/* Name the auxiliary coordinates, when all axes are known: by the last part of the key, or by the whole key
 * where an axis, another coordinate or the results file has that name already. */
void axis_names_of_auxiliaries(grid *g);

#endif
