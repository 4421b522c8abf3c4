/* How long the rest of a session will take, and how uncertain that is: from the predicted costs of its cells
 * and the seconds that finished ones took. Costs are in any unit. */
#ifndef CLI_TIME_LEFT_H
#define CLI_TIME_LEFT_H

#include <stddef.h>

#include "base/text.h"

/* What finished cells have shown. All zero at the start. */
typedef struct time_left {
    size_t count;
    double seconds, cost;               /* sums */
    double recent_seconds, recent_cost; /* sums in which older cells count less */
    double pace_sum, pace_squares;      /* of the seconds per cost of the cells */
} time_left;

/* What is not finished. */
typedef struct work_left {
    double elapsed; /* seconds of the session */
    double cost;    /* of all cells without a result … */
    size_t count;   /* … and their number */
    double credit;  /* cost that the cells being trained have behind them, as predicted */
    double longest; /* seconds that they need at least, as predicted */
} work_left;

void time_left_add(time_left *t, double seconds, double cost);

/* Seconds per cost; NaN before the first cell. */
double time_left_pace(const time_left *t);

/* The rest in seconds: *low and *high enclose the estimates by the mean pace of all cells and by that of the
 * last ones, each with two standard errors of its mean. NaN before the first cell. */
void time_left_estimate(const time_left *t, const work_left *w, double *low, double *high);

/* "7-9 min", "40 s": rounded to what is known. */
void time_left_text(double low, double high, char text[TEXT_NUMBER_SIZE]);

#endif
