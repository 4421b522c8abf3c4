/* The coordinator: which cell is trained by whom, as a pure state machine.
 *
 * Events go in, actions come out; no I/O, no clock (events say when they happen), no threads. After every
 * event, take actions until there is none. Every event and action takes constant time, O(log n) when cells
 * come back from a lost worker.
 *
 * Cells are assigned longest predicted cost first, ties by shape, then by cell number. Cells of one shape are
 * assigned in groups, which a worker may train together: as many as COORDINATOR_GROUP, fewer towards the end,
 * so that no worker is left without. Short cells are assigned in batches of some tenths of a second of work,
 * and the next batch while the worker still trains the last (pace.h). A worker that finds nothing to do waits
 * while others are still training, because cells come back when their worker is lost. These are assigned one
 * by one: if one of them is what ended the worker, it does not take the others with it again. A slow worker
 * gets none of the last cells that others would finish earlier. */
#ifndef SWEEP_COORDINATOR_H
#define SWEEP_COORDINATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "grid/cell.h"

typedef struct coordinator coordinator;

enum { COORDINATOR_GROUP = 16, COORDINATOR_BATCH = 256 };

typedef struct coordinator_setup {
    size_t cells;
    const bool *left_out; /* (cells) not to be trained; NULL: all are trained. Read only during create */
    const double *costs;  /* (cells) predicted, any unit; NULL: all equal. Read only during create */
    /* (cells) those of the same shape, other than 0, may be a group; NULL: there are no groups. Read only
     * during create */
    const uint64_t *shapes;
    int workers;         /* numbered 0 … workers − 1 */
    size_t max_failures; /* stop after this many failed or diverged cells; 0: never */
} coordinator_setup;

typedef enum event_kind {
    EVENT_READY,  /* worker: has arrived and asks for its first cell */
    EVENT_RESULT, /* worker, cell, status, seconds: has trained a cell and, after the last of its assignment,
                     asks for the next; CELL_PENDING: had no memory for it, which another session may have */
    EVENT_CHECKPOINT, /* worker, cell: what a later session resumes it from; trains it still, or has stopped
                         it and will leave */
    EVENT_LEFT,       /* worker: has left cleanly; when it was not told to, all must stop */
    EVENT_LOST,       /* worker: is gone; its cells go to others */
    EVENT_STOP,       /* assign no more cells and stop those in flight */
} event_kind;

typedef struct coordinator_event {
    event_kind kind;
    int worker;
    size_t cell;
    cell_status status;
    double now;     /* seconds since any moment */
    double seconds; /* that the cell took; 0 or less, or NaN: unknown */
} coordinator_event;

typedef enum action_kind {
    ACTION_NONE,    /* wait for the next event */
    ACTION_STORE,   /* worker, cell: keep the result that the last event brought */
    ACTION_KEEP,    /* worker, cell: keep the checkpoint that the last event brought */
    ACTION_ASSIGN,  /* worker, cells, count: train them */
    ACTION_DISMISS, /* worker: stop what it trains and leave */
    ACTION_FINISH,  /* no worker is left: the end */
} action_kind;

typedef struct coordinator_action {
    action_kind kind;
    int worker;
    size_t cell;
    const size_t *cells; /* (count) the coordinator's */
    const bool *joins;   /* (count) may be trained together with the one before it */
    size_t count;
} coordinator_action;

typedef struct coordinator_counts {
    size_t total;     /* to be trained in this session */
    size_t finished;  /* of these, with a result */
    size_t failures;  /* of these, not done */
    size_t in_flight; /* being trained now */
    bool stopping;    /* told to stop, or too many failures */
    size_t no_memory; /* stay pending, because their worker had no memory for them */
    int left_first;   /* the worker that left unasked, so that all stop; -1: none */
} coordinator_counts;

/* 25 bytes per cell, 8 more for cells that came back. STATUS_INTERNAL when memory cannot be allocated. */
status coordinator_create(coordinator **out, const coordinator_setup *setup, error_info *error);

/* Handle an event. Events that make no sense in the present state (an unrequested result, a worker that does
 * not exist) are ignored. */
void coordinator_observe(coordinator *c, const coordinator_event *event);

/* The next thing to do, which counts as done from then on. */
coordinator_action coordinator_next(coordinator *c);

coordinator_counts coordinator_count(const coordinator *c);

/* What a worker trains, as far as its results show. */
typedef struct coordinator_work {
    size_t count; /* cells of its older assignment without a result; 0: it has nothing */
    size_t cell;  /* the first of them */
    double cost;  /* of them together, at least 1 each */
    double since; /* when it began to train the first, on the clock of the events */
} coordinator_work;

/* In time proportional to the cells of an assignment. */
coordinator_work coordinator_work_of(const coordinator *c, int worker);

/* Accepts NULL. */
void coordinator_destroy(coordinator **c);

#endif
