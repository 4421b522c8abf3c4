/* Is the results file still what this session writes, or was it removed, moved, replaced, truncated or
 * overwritten? */
#ifndef IO_RESULTS_WATCH_H
#define IO_RESULTS_WATCH_H

#include "io/results/writer.h"

/* Remember the identity of the open file, after this session was entered into it. */
status results_watch_begin(results *r);

/* Compare name, size and content with it. A difference becomes r->failure: what happened, and what is
 * saved. */
status results_watch_look(results *r);

/* The same, when the last check is a second old. */
status results_watch_tick(results *r);

#endif
