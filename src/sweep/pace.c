#include "sweep/pace.h"

#include <math.h>

static const double FULL = 0.1;         /* seconds of an assignment */
static const double AHEAD = 0.5;        /* seconds of work below which more is given */
static const double FORGET = 0.8;       /* a worker's rate is that of its last five cells or so, */
static const double MEAN_FORGET = 0.99; /* the mean rate that of the last hundred */
static const double SLOW = 1.5;         /* times the mean rate */

void pace_measure(pace *p, worker_pace *worker, double seconds, double cost) {
    if (!(seconds > 0))
        return;
    worker->seconds = FORGET * worker->seconds + seconds;
    worker->cost = FORGET * worker->cost + cost;
    p->seconds = MEAN_FORGET * p->seconds + seconds;
    p->cost = MEAN_FORGET * p->cost + cost;
}

/* In seconds per unit of cost. */
static double mean_rate(const pace *p) {
    return p->cost > 0 ? p->seconds / p->cost : 0;
}

double pace_predict(const pace *p, const worker_pace *worker, double cost) {
    return cost * (worker->cost > 0 ? worker->seconds / worker->cost : mean_rate(p));
}

static void count_in(pace *p, const worker_pace *worker, double sign) {
    p->busy_speed += sign * worker->speed;
    p->busy_speed_finishes += sign * worker->speed * worker->finish;
}

void pace_give(pace *p, worker_pace *worker, double cost, double now) {
    const double seconds = pace_predict(p, worker, cost);
    count_in(p, worker, -1);
    worker->finish = fmax(worker->finish, now) + seconds;
    worker->speed = seconds > 0 ? cost / seconds : 0;
    count_in(p, worker, 1);
}

void pace_release(pace *p, worker_pace *worker) {
    count_in(p, worker, -1);
    worker->finish = worker->speed = 0;
}

bool pace_fills(double seconds) {
    return seconds >= FULL;
}

bool pace_needs_more(double seconds) {
    return seconds > 0 && seconds < AHEAD;
}

/* Others finish all, shared by their speeds s_i from their times f_i on, at the t of
 *   sum of s_i · (t − f_i) = waiting cost,
 * and this cell not before one of them has taken it up and trained it. */
bool pace_holds_up(const pace *p, const worker_pace *worker, double cost, double waiting, double now) {
    if (!(p->busy_speed > 0))
        return false;
    const double others = (waiting + p->busy_speed_finishes) / p->busy_speed;
    const double own = fmax(worker->finish, now) + pace_predict(p, worker, cost);
    return own > others && (worker->finish > 0 || own > now + SLOW * cost * mean_rate(p));
}
