/* When a worker leaves checkpoints of what it trains, so that a kill or a power cut costs no more than the
 * time since the last one. Reads no clock: `now` is in seconds of any steady clock.
 *
 * The worker of every rank rings once per interval, each at another moment. However long a checkpoint holds
 * up the worker, three hundred times as long passes before the next one; and none is sent before the
 * coordinator has confirmed the last, so that they do not pile up when it cannot store them as fast as they
 * come. */
#ifndef SWEEP_CHECKPOINT_CLOCK_H
#define SWEEP_CHECKPOINT_CLOCK_H

#include <stdbool.h>

typedef struct checkpoint_rule {
    double every;  /* seconds from one to the next; 0: never */
    double longer; /* seconds: only cells that have taken, or are predicted to take, longer; 0: all */
    double phase;  /* more than 0, up to 1: the part of the first interval after which it rings */
} checkpoint_rule;

typedef struct checkpoint_clock {
    checkpoint_rule rule;
    double next;            /* when it rings; INFINITY: never */
    bool fresh;             /* the cell has just begun */
    double begun, at_first; /* of the cell: when, and with which share of its steps done */
    double rung;            /* when it rang last */
    int unconfirmed;        /* checkpoints that were sent */
} checkpoint_clock;

void checkpoint_clock_start(checkpoint_clock *c, checkpoint_rule rule, double now);

/* A cell, or a group, begins. */
void checkpoint_clock_begin(checkpoint_clock *c);

/* Whether checkpoint_clock_rings must be asked; for every step, so it is cheap. */
bool checkpoint_clock_looks(const checkpoint_clock *c, double now);

/* Whether to leave a checkpoint now, with `done` of the cell's steps done (0 to 1). It rings once per
 * interval, whatever comes of it. */
bool checkpoint_clock_rings(checkpoint_clock *c, double now, double done);

/* A checkpoint was sent. */
void checkpoint_clock_sent(checkpoint_clock *c, double now);

/* The coordinator has stored one. */
void checkpoint_clock_confirm(checkpoint_clock *c);

#endif
