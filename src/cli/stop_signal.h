/* INT, TERM, USR1, HUP and a time limit ask a session to stop cleanly. */
#ifndef CLI_STOP_SIGNAL_H
#define CLI_STOP_SIGNAL_H

#include <stdatomic.h>
#include <stdbool.h>

/* False when the parent made this process ignore HUP, as nohup does: it must outlive its terminal. */
bool stop_signal_hangs_up(void);

/* From now on these signals set the flag and do nothing else; HUP only where it is not ignored. Call before
 * MPI starts: an early one would kill. PIPE does not kill either: the reader of the output may be gone before
 * the session ends. */
void stop_signal_install(void);

/* Raise the flag after that many seconds; INFINITY: never. */
void stop_signal_after(double seconds);

/* End the process with that exit status, without further ado, after that many whole seconds; 0: no longer.
 * There is no time limit from now on. */
void stop_signal_exit_after(unsigned seconds, int exit_status);

/* True once one of them has come. */
const atomic_bool *stop_signal_flag(void);

/* The first that arrived: SIGALRM for the time limit, 0 for none. */
int stop_signal_first(void);

#endif
