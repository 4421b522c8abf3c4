#include "cli/time_limit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"

/* To store what is in flight. Slurm looks at its limits every half minute, and may be early. */
static const double LONGEST_MARGIN = 60; /* seconds */

status time_limit_parse(const char *text, double *seconds, error_info *error) {
    unsigned hours, minutes, rest;
    int used = 0;
    if (sscanf(text, "%u:%2u:%2u%n", &hours, &minutes, &rest, &used) == 3 && text[used] == '\0' &&
        minutes < 60 && rest < 60) {
        *seconds = 3600.0 * hours + 60.0 * minutes + rest;
    } else {
        char *end;
        *seconds = strtod(text, &end);
        if (end == text || *end != '\0')
            *seconds = 0;
    }
    if (*seconds > 0 && isfinite(*seconds))
        return STATUS_OK;
    return error_set(error, STATUS_USAGE, "--time-limit \"%s\": expected seconds or H:MM:SS, more than 0",
                     text);
}

static double slurm_left(void) {
    const char *text = getenv("SLURM_JOB_END_TIME");
    char *end;
    double time = text != NULL ? strtod(text, &end) : INFINITY;
    return text != NULL && (end == text || *end != '\0') ? INFINITY : time - clock_unix_seconds();
}

double time_limit_left(double limit) {
    double left = fmin(limit, slurm_left());
    return isfinite(left) ? fmax(left - fmin(left / 10, LONGEST_MARGIN), 0) : INFINITY;
}
