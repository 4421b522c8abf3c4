/* Cells that wait to be trained by a worker, with their checkpoints. */
#ifndef SWEEP_CELL_QUEUE_H
#define SWEEP_CELL_QUEUE_H

#include "base/status.h"
#include "sweep/wire.h"

enum { CELL_QUEUE_SIZE = 2 * WIRE_BATCH }; /* the coordinator gives no more than two assignments at a time */

typedef struct cell_queue {
    int first, count;
    assigned_cell cells[CELL_QUEUE_SIZE]; /* a ring; the bytes of the checkpoints are owned */
} cell_queue;

/* Append the cells of an assignment, with copies of their checkpoints. Without memory for its checkpoint a
 * cell is trained from its start. STATUS_INTERNAL: there are too many. */
status cell_queue_add(cell_queue *q, wire_batch *batch, error_info *error);

/* Take the first cell and those that join it, at most ENGINE_GROUP; returns how many, 0 when there is none.
 * The bytes are then the caller's, for cell_queue_drop. */
int cell_queue_take(cell_queue *q, cell_checkpoint from[ENGINE_GROUP]);

/* Free the bytes of a checkpoint. */
void cell_queue_drop(cell_checkpoint *checkpoint);

/* Drop all cells. */
void cell_queue_clear(cell_queue *q);

#endif
