#include "cli/time_left.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const double MOST_DAYS = 9999;
static const double FORGET = 0.95;      /* the recent pace is that of the last twenty cells or so */
static const double FIRST_SPREAD = 0.5; /* of one cell nobody knows how far another is from it */

void time_left_add(time_left *t, double seconds, double cost) {
    if (!(seconds > 0) || !(cost > 0))
        return;
    const double pace = seconds / cost;
    t->count++;
    t->seconds += seconds;
    t->cost += cost;
    t->recent_seconds = FORGET * t->recent_seconds + seconds;
    t->recent_cost = FORGET * t->recent_cost + cost;
    t->pace_sum += pace;
    t->pace_squares += pace * pace;
}

double time_left_pace(const time_left *t) {
    return t->count > 0 ? t->seconds / t->cost : NAN;
}

/* Standard deviation of a cell's pace, relative to the mean. */
static double relative_spread(const time_left *t) {
    const double n = (double)t->count, mean = t->pace_sum / n;
    if (t->count < 2)
        return FIRST_SPREAD;
    return sqrt(fmax(t->pace_squares / n - mean * mean, 0) * n / (n - 1)) / mean;
}

/* The session has trained at some cost per second, whatever its ranks did besides training, and continues
 * so; the cells being trained end no earlier than predicted. */
static double expected(const time_left *t, const work_left *w) {
    const double behind = t->cost + w->credit;
    return fmax((w->cost - w->credit) * w->elapsed / behind, w->longest);
}

void time_left_estimate(const time_left *t, const work_left *w, double *low, double *high) {
    *low = *high = NAN;
    if (t->count == 0)
        return;
    const double middle = expected(t, w);
    const double recent = t->recent_seconds / t->recent_cost / time_left_pace(t);
    const double error = 2 * relative_spread(t) * sqrt(1 / (double)t->count + 1 / fmax((double)w->count, 1));
    *low = middle * fmin(recent, 1) * fmax(1 - error, 0);
    *high = middle * fmax(recent, 1) * (1 + error);
}

/* In one unit, that of the later end. */
void time_left_text(double low, double high, char text[TEXT_NUMBER_SIZE]) {
    high = fmin(high, MOST_DAYS * 86400);
    static const struct {
        double seconds, below;
        int digits;
        const char *name;
    } units[] = {{1, 100, 0, "s"},
                 {60, 100, 0, "min"},
                 {3600, 10, 1, "h"},
                 {3600, 48, 0, "h"},
                 {86400, INFINITY, 0, "days"}};
    int i = 0;
    while (high / units[i].seconds >= units[i].below)
        i++;
    char from[TEXT_NUMBER_SIZE / 4], to[TEXT_NUMBER_SIZE / 4];
    const double least = units[i].digits > 0 ? 0.1 : 1; /* never "0 s" */
    snprintf(from, sizeof from, "%.*f", units[i].digits, fmax(low / units[i].seconds, least));
    snprintf(to, sizeof to, "%.*f", units[i].digits, fmax(high / units[i].seconds, least));
    if (strcmp(from, to) == 0)
        snprintf(text, TEXT_NUMBER_SIZE, "%s %s", to, units[i].name);
    else
        snprintf(text, TEXT_NUMBER_SIZE, "%s-%s %s", from, to, units[i].name);
}
