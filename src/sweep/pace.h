/* How fast workers are, from what they have measured, and what follows from it: how much to assign at once,
 * and whether a slow worker would only hold up the end.
 *
 * Private to the coordinator. Costs are in any unit; a worker's rate is in seconds per unit. */
#ifndef SWEEP_PACE_H
#define SWEEP_PACE_H

#include <stdbool.h>

typedef struct worker_pace {
    double seconds, cost; /* of its last cells, the older the less */
    double finish;        /* when it will have done what it was given; 0: it has nothing */
    double speed;         /* cost per second while it has something, as it was when it was given */
} worker_pace;

typedef struct pace {
    double seconds, cost;       /* of all workers' last cells, the older the less */
    double busy_speed;          /* sum of `speed` over the workers that have something */
    double busy_speed_finishes; /* sum of speed · finish */
} pace;

/* A worker took `seconds` for a cell of `cost`. */
void pace_measure(pace *p, worker_pace *worker, double seconds, double cost);

/* Seconds that it would take for `cost`; 0 while nothing is known. */
double pace_predict(const pace *p, const worker_pace *worker, double cost);

/* It was given `cost` in addition to what it has. */
void pace_give(pace *p, worker_pace *worker, double cost, double now);

/* It has nothing any more. */
void pace_release(pace *p, worker_pace *worker);

/* Is an assignment of `seconds` as long as one should be? Longer ones save no messages to speak of, and are
 * lost when the worker dies. */
bool pace_fills(double seconds);

/* Should a worker with that much work left get more now, so that it need not wait for the answer? Not
 * where that is short against its work: another may be free earlier. */
bool pace_needs_more(double seconds);

/* Would the worker finish `cost`, after what it has, only after the others had finished it, too, and all the
 * `waiting` cost? Of those that have nothing this is asked of slow ones only. */
bool pace_holds_up(const pace *p, const worker_pace *worker, double cost, double waiting, double now);

#endif
