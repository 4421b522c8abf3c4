/* When a session must stop by itself: --time-limit, and the end of its Slurm job. */
#ifndef CLI_TIME_LIMIT_H
#define CLI_TIME_LIMIT_H

#include "cli/options.h"

/* Of an option: "90" (seconds) or "1:30:00" (hours, minutes, seconds), more than 0; a double, in seconds. */
extern const cli_kind time_limit_kind;

/* Seconds from now to the moment to stop: a tenth before the limit (seconds from now; INFINITY: none) and
 * before the end of the Slurm job ($SLURM_JOB_END_TIME), whichever is first, but no more than a minute.
 * INFINITY when there is neither; at least 0. An end that has passed belongs to a Slurm job that has ended or
 * was extended: it is ignored. */
double time_limit_left(double limit);

/* Which of the two comes first, for messages. */
const char *time_limit_name(double limit);

/* Warn when $SLURM_JOB_END_TIME is ignored because it is past. */
void time_limit_warn_past(void);

#endif
