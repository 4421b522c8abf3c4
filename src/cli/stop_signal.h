/* INT, TERM, USR1, HUP and a time limit ask a run to stop cleanly. */
#ifndef CLI_STOP_SIGNAL_H
#define CLI_STOP_SIGNAL_H

#include <stdatomic.h>
#include <stdbool.h>

/* False when whoever started this process has it ignore HUP, as nohup does: it is to outlive its terminal. */
bool stop_signal_hangs_up(void);

/* From now on these signals set the flag and do nothing else; HUP only where it is not ignored. Call before
 * MPI starts: an early one would kill. Nor does PIPE kill: what reads the output may be gone before the run
 * is. */
void stop_signal_install(void);

/* Raise the flag after that many seconds; INFINITY: never. */
void stop_signal_after(double seconds);

/* True once one of them has come. */
const atomic_bool *stop_signal_flag(void);

/* The first that came: SIGALRM for the time limit, 0 for none. */
int stop_signal_first(void);

#endif
