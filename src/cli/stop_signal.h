/* INT, TERM, USR1 and a time limit ask a run to stop in good order. */
#ifndef CLI_STOP_SIGNAL_H
#define CLI_STOP_SIGNAL_H

#include <stdatomic.h>

/* From now on these signals set the flag and do nothing else. Call before MPI starts: an early one would
 * kill. */
void stop_signal_install(void);

/* Raise the flag after so many seconds; INFINITY: never. */
void stop_signal_after(double seconds);

/* True once one of them has come. */
const atomic_bool *stop_signal_flag(void);

#endif
