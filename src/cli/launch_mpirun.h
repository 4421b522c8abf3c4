/* One start of mpirun, watched by `mpisweep launch`: from fork until no rank is left. */
#ifndef CLI_LAUNCH_MPIRUN_H
#define CLI_LAUNCH_MPIRUN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

/* What all starts share. */
typedef struct launcher {
    const char *const *command; /* mpirun and its arguments, then NULL */
    const char *fifo;           /* path, for LAUNCH_REPORT_VARIABLE */
    int signals;                /* descriptor of launcher_listen */
    double start_timeout;       /* seconds within which rank 0 must be up */
    double stop_at;             /* on the clock of clock_seconds: when to ask for a stop; INFINITY: never */
    bool quiet;                 /* no progress before the ranks are up */
    bool stopping;              /* asked to stop: by a signal or at stop_at */
} launcher;

/* Exit statuses: of the child that could not become mpirun (not 127, with which mpirun ends when a shell on
 * another host does not find Open MPI), and of mpirun when it lost a host. */
enum { MPIRUN_NOT_STARTED = 125, MPIRUN_LOST_HOST = 205 };

/* How a start ended. */
typedef struct mpirun_end {
    bool up;           /* rank 0 reported */
    bool late;         /* rank 0 did not report in time, so mpirun was ended */
    bool reported;     /* rank 0 reported how it ended: `result` */
    status result;     /* of rank 0 */
    uint64_t progress; /* last REPORT_PROGRESS */
    int wait_status;   /* mpirun's, as from waitpid; says little */
} mpirun_end;

/* From now on INT, TERM, USR1, HUP (unless it is ignored) and the end of children arrive through a
 * descriptor. */
status launcher_listen(launcher *l, error_info *error);

/* Start mpirun and wait until it and the ranks of this host are gone. A stop (l->stopping) is passed on as
 * USR1, which gives ranks the time to store what they have; after TERM mpirun would give them seconds, or
 * less. Whatever does not end then, does not start up, or lingers after rank 0 has ended, is sent TERM and
 * finally KILL. */
status launcher_run_once(launcher *l, mpirun_end *end, error_info *error);

/* Sleep, or until a signal asks to stop. */
void launcher_pause(launcher *l, double seconds);

#endif
