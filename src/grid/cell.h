/* The result of a cell: plain data, the same in a message, in memory and in a file. */
#ifndef GRID_CELL_H
#define GRID_CELL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Stored in the results file: never renumber. X(name, value, label) */
#define CELL_STATUSES(X)                                                                                     \
    X(CELL_PENDING, 0, "pending")                                                                            \
    X(CELL_DONE, 1, "done")                                                                                  \
    X(CELL_DIVERGED, 2, "diverged")                                                                          \
    X(CELL_FAILED, 3, "failed")                                                                              \
    X(CELL_TIMED_OUT, 4, "timed_out")                                                                        \
    X(CELL_LEFT_OUT, 5, "left_out")

typedef enum cell_status {
#define X(name, value, label) name = value,
    CELL_STATUSES(X)
#undef X
} cell_status;

static inline const char *cell_status_label(cell_status s) {
    static const char *const labels[] = {
#define X(name, value, label) [name] = label,
        CELL_STATUSES(X)
#undef X
    };
    return labels[s];
}

enum { CELL_STATUS_COUNT = 6, RECORD_HOST_SIZE = 64 };

/* Whether a cell was trained, or failed to be: it has contents, and a checksum of them. A cell that is left
 * out, like a pending one, has neither. */
static inline bool cell_has_result(cell_status s) {
    return s != CELL_PENDING && s != CELL_LEFT_OUT;
}

typedef struct cell_record {
    uint64_t cell;
    int32_t status; /* cell_status; CELL_PENDING in messages only: no memory for it */
    int32_t rank;   /* that trained it */
    int64_t steps_taken;
    double seconds; /* of training */
    char host[RECORD_HOST_SIZE];
    uint64_t value_count;
    const float *values; /* (value_count), laid out by record_layout; NaN where nothing was recorded */
} cell_record;

/* What a stopped cell resumes from; opaque to all but the engine. */
typedef struct cell_checkpoint {
    uint64_t cell, size;
    const void *bytes; /* (size); 0: none, the cell is trained from its start */
} cell_checkpoint;

#endif
