/* Transport between the threads of one process: a queue per endpoint. */
#ifndef SWEEP_TRANSPORT_LOCAL_H
#define SWEEP_TRANSPORT_LOCAL_H

#include "sweep/transport.h"

typedef struct local_hub local_hub;

/* A coordinator's endpoint and `workers` others. */
status local_hub_create(local_hub **out, int workers, error_info *error);

/* The endpoint of a worker or of TRANSPORT_COORDINATOR; the hub owns it. Each may be used by one thread. */
transport *local_hub_endpoint(local_hub *hub, int peer);

/* Messages that nobody received are dropped. No endpoint may be in use. Accepts NULL. */
void local_hub_destroy(local_hub **hub);

#endif
