#include "sweep/cell_queue.h"

#include <stdlib.h>
#include <string.h>

static void own_bytes(cell_checkpoint *checkpoint) {
    void *copy = checkpoint->size > 0 ? malloc(checkpoint->size) : NULL;
    if (copy != NULL)
        memcpy(copy, checkpoint->bytes, checkpoint->size);
    else
        checkpoint->size = 0;
    checkpoint->bytes = copy;
}

status cell_queue_add(cell_queue *q, wire_batch *batch, error_info *error) {
    assigned_cell cell;
    while (wire_take_cell(batch, &cell)) {
        if (q->count == CELL_QUEUE_SIZE)
            return error_set(error, STATUS_INTERNAL, "more than %d cells were assigned to a rank at a time",
                             CELL_QUEUE_SIZE);
        own_bytes(&cell.from);
        q->cells[(q->first + q->count++) % CELL_QUEUE_SIZE] = cell;
    }
    return STATUS_OK;
}

static cell_checkpoint pop(cell_queue *q) {
    const cell_checkpoint from = q->cells[q->first].from;
    q->first = (q->first + 1) % CELL_QUEUE_SIZE;
    q->count--;
    return from;
}

int cell_queue_take(cell_queue *q, cell_checkpoint from[ENGINE_GROUP]) {
    int count = 0;
    while (q->count > 0 && count < ENGINE_GROUP && (count == 0 || q->cells[q->first].joins))
        from[count++] = pop(q);
    return count;
}

void cell_queue_drop(cell_checkpoint *checkpoint) {
    free((void *)(uintptr_t)checkpoint->bytes); /* which nobody else changes */
    checkpoint->bytes = NULL;
    checkpoint->size = 0;
}

void cell_queue_clear(cell_queue *q) {
    while (q->count > 0) {
        cell_checkpoint from = pop(q);
        cell_queue_drop(&from);
    }
}
