/* When the cells of a job leave checkpoints while they are trained. */
#ifndef CLI_RUN_CHECKPOINTS_H
#define CLI_RUN_CHECKPOINTS_H

#include "io/job/job.h"
#include "sweep/checkpoint_clock.h"
#include "sweep/mpi_world.h"

/* What run.checkpoint_every means for this rank. */
checkpoint_rule run_checkpoint_rule(const job *j, const mpi_world *w);

#endif
