/* The driver of a sweep at rank 0: it carries messages between the transport and the coordinator, and passes
 * results to a sink. */
#ifndef SWEEP_SWEEP_H
#define SWEEP_SWEEP_H

#include <stdatomic.h>

#include "base/status.h"
#include "sweep/coordinator.h"
#include "sweep/transport.h"
#include "sweep/wire.h"
#include "sweep/worker.h"

typedef struct sweep_setup {
    coordinator_setup coordinator;
    hello_message hello;     /* what every worker must agree with */
    size_t value_count;      /* of every record */
    const atomic_bool *stop; /* set when the sweep must stop */
    /* Keep a record; its values are valid during the call only. A failure stops the sweep. */
    status (*store)(void *context, const cell_record *record, error_info *error);
    /* Keep a checkpoint for a later session, of a cell that was stopped or that continues; its bytes are
     * valid only during the call. A failure only costs time; the callee reports it. */
    void (*keep)(void *context, const cell_checkpoint *checkpoint);
    /* Fill in what was kept of checkpoint->cell, if anything; the bytes are read before the next call. */
    void (*recall)(void *context, cell_checkpoint *checkpoint);
    /* Called after every event and at least some ten times a second. A failure stops the sweep. */
    status (*tick)(void *context, const coordinator *c, error_info *error);
    void *context;
} sweep_setup;

/* Run a sweep until all workers have left. `t` is the coordinator's endpoint. When `local` is not NULL, a
 * thread of this process is worker 0 at the endpoint `local`, set up by `local_setup`. *counts says how far
 * the sweep came: being stopped is not a failure. All callbacks run in the calling thread. */
status sweep_run(transport *t, const sweep_setup *setup, transport *local, const worker_setup *local_setup,
                 coordinator_counts *counts, error_info *error);

#endif
