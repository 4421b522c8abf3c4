/* What a rank does when it crashes: record which cells it trained (io/results/crash_notes.h). */
#ifndef CLI_CRASH_HANDLER_H
#define CLI_CRASH_HANDLER_H

#include <stddef.h>

#include "io/results/crash_notes.h"

/* From now on a fault signal is recorded, and then has its previous effect. Call after MPI has started, which
 * installs its own handlers. */
void crash_handler_install(const crash_notes *notes);

/* For worker_setup: which cells this process trains; any of a group may be to blame. */
void crash_handler_begin(const size_t cells[], int count);
void crash_handler_end(void);

#endif
