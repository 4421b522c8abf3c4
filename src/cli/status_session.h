/* The last session of a results file, from its provenance: rate, and how busy its ranks were. */
#ifndef CLI_STATUS_SESSION_H
#define CLI_STATUS_SESSION_H

#include <stdint.h>

#include "base/status.h"
#include "io/results/reader.h"
#include "io/results/running.h"

typedef struct session_state {
    double started, updated; /* seconds since 1970-01-01 UTC, updated by its last sync; NaN: there is none */
    double seconds;          /* up to that sync, by a monotonic clock */
    int32_t cells, ranks;    /* stored in it; of it */
    double *busy;            /* (ranks) share of its time that the rank has trained; NULL: not known */
} session_state;

/* `running`: what the session trains now, which counts as well. The caller calls status_release_session, also
 * on failure. */
status status_read_session(results_reader *r, const running_cells *running, session_state *out,
                           error_info *error);

/* A line: "2 ranks busy 98 % of the time (rank 0 97 %, rank 1 99 %)". busy: (ranks) */
void status_print_busy(const double *busy, int ranks);

/* As a member of a JSON object, ", \"session\": {…}". */
void status_print_session_json(const session_state *s);

void status_release_session(session_state *s);

#endif
