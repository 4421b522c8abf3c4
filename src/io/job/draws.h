/* The values of drawn axes: pure functions of the job's seed, the axis' name, the key and the number of the
 * draw, so that a larger count keeps them and another axis changes nothing. */
#ifndef IO_JOB_DRAWS_H
#define IO_JOB_DRAWS_H

#include "io/job/table.h"

/* Draw the values of key `k` of `source`, whose kind and checked range are in source->draws, for an axis
 * called `name`. With `distinct` a value that was drawn before is drawn again, as often as need be.
 * STATUS_USAGE when the range has fewer different values than are to be drawn. */
status draws_take(const job_axis *source, int k, const char *name, uint64_t seed, bool distinct,
                  error_info *error);

/* Find which draws have the same words. */
status draws_combine(job_axis *source, error_info *error);

/* Accepts NULL. */
void job_draws_destroy(job_draws **draws, int key_count);

#endif
