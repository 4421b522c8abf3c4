#include "cli/time_limit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"

/* To store what is in flight. Slurm checks its limits every half minute, and may be early. */
static const double LONGEST_MARGIN = 60; /* seconds */

/* The whole text as a number; -1 when it is not one. */
static double parse_seconds(const char *text) {
    char *end;
    double seconds = strtod(text, &end);
    return end != text && *end == '\0' ? seconds : -1;
}

/* H:MM:SS; -1 when it is not of this form. */
static double parse_clock(const char *text) {
    unsigned hours, minutes, seconds;
    int used = 0;
    if (sscanf(text, "%6u:%2u:%2u%n", &hours, &minutes, &seconds, &used) < 3 || text[used] != '\0' ||
        strspn(text, "0123456789:") < (size_t)used || minutes >= 60 || seconds >= 60)
        return -1;
    return 3600.0 * hours + 60.0 * minutes + seconds;
}

static status read_limit(const cli_option *o, const char *value, void *field, error_info *error) {
    const double seconds = fmax(parse_seconds(value), parse_clock(value));
    if (!(seconds > 0) || !isfinite(seconds))
        return cli_refuse(o, value, error, "seconds or H:MM:SS, more than 0");
    *(double *)field = seconds;
    return STATUS_OK;
}

const cli_kind time_limit_kind = {.read = read_limit};

/* Seconds until the end of the Slurm job; negative when it is past, INFINITY outside Slurm. */
static double slurm_end(void) {
    const char *text = getenv("SLURM_JOB_END_TIME");
    double end = text != NULL ? parse_seconds(text) : -1;
    return end > 0 ? end - clock_unix_seconds() : INFINITY;
}

static double slurm_left(void) {
    const double left = slurm_end();
    return left > 0 ? left : INFINITY;
}

const char *time_limit_name(double limit) {
    return slurm_left() < limit ? "the end of the Slurm job ($SLURM_JOB_END_TIME)" : "--time-limit";
}

void time_limit_warn_past(void) {
    if (slurm_end() <= 0)
        log_warning("SLURM_JOB_END_TIME=%s is past and is ignored: it was left over from a Slurm job that "
                    "has ended; unset it, or limit the session with --time-limit",
                    getenv("SLURM_JOB_END_TIME"));
}

double time_limit_left(double limit) {
    double left = fmin(limit, slurm_left());
    return isfinite(left) ? fmax(left - fmin(left / 10, LONGEST_MARGIN), 0) : INFINITY;
}
