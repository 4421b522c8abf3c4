/* A session leaves word of what its ranks train, for `mpisweep status`. */
#ifndef CLI_RUNNING_NOTES_H
#define CLI_RUNNING_NOTES_H

#include "base/status.h"
#include "io/results/running.h"
#include "sweep/coordinator.h"
#include "sweep/mpi_world.h"

/* At rank 0; all zero elsewhere. */
typedef struct running_notes {
    char (*hosts)[RECORD_HOST_SIZE]; /* (workers) */
    running_row *rows;               /* (workers) */
    int workers;
    double next;  /* when to write again, on clock_seconds() */
    bool failing; /* it could not be written */
} running_notes;

/* Collective: rank 0 learns the hosts. */
status running_notes_open(running_notes *n, mpi_world *world, error_info *error);

/* Write it when it is time to. A failure is a warning: the results do not need it. */
void running_notes_tick(running_notes *n, const results *r, const coordinator *c);

/* All zero is accepted. */
void running_notes_close(running_notes *n);

#endif
