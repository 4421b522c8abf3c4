/* Time: a monotonic clock for durations, the calendar for time stamps. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

/* Seconds since an arbitrary start; never goes backwards. */
double clock_seconds(void);

/* Seconds since 1970-01-01 00:00:00 UTC. */
double clock_unix_seconds(void);

/* Sleep for about `seconds`; returns early when a signal arrives. */
void clock_sleep(double seconds);

#endif
