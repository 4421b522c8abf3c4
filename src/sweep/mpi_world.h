/* MPI: the ranks of a session, their messages, the memory of a node. transport_mpi.c is the only file that
 * includes mpi.h; "collective" means that all ranks must call a function, in the same order. */
#ifndef SWEEP_MPI_WORLD_H
#define SWEEP_MPI_WORLD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "sweep/transport.h"

typedef struct mpi_world mpi_world;

/* Start MPI. Collective; only the calling thread may use MPI afterwards. A process that no launcher started
 * is a world of one rank without MPI. */
status mpi_world_open(mpi_world **out, error_info *error);

int mpi_world_rank(const mpi_world *w);
int mpi_world_size(const mpi_world *w);
const char *mpi_world_host(const mpi_world *w);
const char *mpi_world_library(const mpi_world *w); /* "Open MPI v4.1.4, …" */

/* This rank's endpoint: the coordinator's at rank 0, whose workers are the ranks; the worker's own elsewhere.
 * It sleeps while it waits: a tenth of the time since the last message in or out, from 0.1 to 5 ms. */
transport *mpi_world_endpoint(mpi_world *w);

/* Rank 0 only: the endpoint of worker 0, for another thread of this process. */
transport *mpi_world_local_worker(mpi_world *w);

/* All ranks learn whether any of them failed. Collective. Gives STATUS_OK when `mine` is STATUS_OK
 * everywhere, else the status of the lowest rank that failed; its message is then in `error` at rank 0, and
 * `error` has no text elsewhere, so that it is reported once. It names rank and host unless all ranks
 * failed. */
status mpi_world_agree(mpi_world *w, status mine, error_info *error);

/* The same for steps in which only rank 0 does something: its own error needs no name. */
status mpi_world_follow(mpi_world *w, status mine, error_info *error);

/* Give all ranks the `size` bytes that rank 0 has. Collective. */
status mpi_world_broadcast(mpi_world *w, void *bytes, size_t size, error_info *error);

/* Give rank 0 the `size` bytes of every rank: all (size of the world, size), NULL elsewhere. Collective. */
status mpi_world_gather(mpi_world *w, const void *bytes, size_t size, void *all, error_info *error);

/* Memory that the ranks of a node share; it lives until mpi_world_close. *leader: this rank is the one of its
 * node to fill it. Collective; call once. STATUS_INTERNAL, on all ranks of a node, when there is no room. */
status mpi_world_share(mpi_world *w, size_t bytes, void **memory, bool *leader, error_info *error);

/* Make what the leaders wrote into the shared memory visible to the others. Collective. */
status mpi_world_publish(mpi_world *w, error_info *error);

/* End MPI. Collective. Accepts NULL. */
status mpi_world_close(mpi_world **w, error_info *error);

/* Leave without ending MPI: a launcher that was told to stop no longer answers MPI_Finalize, and kills a
 * second later. All ranks have agreed to leave, and this one is about to exit. */
void mpi_world_abandon(mpi_world **w);

#endif
