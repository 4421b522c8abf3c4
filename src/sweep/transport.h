/* How messages travel: one endpoint for the coordinator, one for each worker. */
#ifndef SWEEP_TRANSPORT_H
#define SWEEP_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/status.h"

enum { TRANSPORT_COORDINATOR = -1 }; /* the coordinator as a peer; workers are 0, 1, … */

typedef struct transport transport;
struct transport {
    /* Send `size` bytes; they are copied, and the call does not wait for the receiver. Messages from one
     * sender to one receiver arrive in order. */
    status (*send)(transport *t, int peer, const void *bytes, size_t size, error_info *error);

    /* Wait up to `timeout` seconds (0: only look) for a message from any peer. *received says whether one
     * arrived; then it is at the start of `into` (reserved again), `*size` bytes from `*peer`. */
    status (*receive)(transport *t, double timeout, bool *received, int *peer, arena *into, size_t *size,
                      error_info *error);
};

#endif
