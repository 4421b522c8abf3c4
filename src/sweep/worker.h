/* The worker: trains the cells assigned to it until it is told to leave. */
#ifndef SWEEP_WORKER_H
#define SWEEP_WORKER_H

#include <stdatomic.h>

#include "base/status.h"
#include "engine/engine.h"
#include "grid/grid.h"
#include "sweep/checkpoint_clock.h"
#include "sweep/transport.h"
#include "sweep/wire.h"

typedef struct worker_setup {
    hello_message hello; /* who this rank is */
    const grid *grid;
    const dataset *data;
    uint64_t seed;                                                      /* of the job */
    const record_layout *records;                                       /* of every cell's values */
    void (*cell_spec)(void *context, size_t cell, training_spec *spec); /* the specification of a cell */
    void *context;
    /* Called in the thread that trains, before and after every cell or group; NULL: not called. */
    void (*before_training)(const size_t cells[], int count);
    void (*after_training)(void);
    checkpoint_rule checkpoints; /* when cells that continue leave them; all 0: never */
    const atomic_bool *stop;     /* set when this rank was asked to stop */
} worker_setup;

/* Say hello, train the assigned cells and leave: when told to, or when *setup->stop is set, which stops a
 * cell at its next step and sends its checkpoint. A cell that fails gives a record with CELL_FAILED and a
 * warning in the log; a cell that finds no memory gives a record with CELL_PENDING. The error returned is one
 * of the transport or of memory. */
status worker_run(transport *t, const worker_setup *setup, error_info *error);

#endif
