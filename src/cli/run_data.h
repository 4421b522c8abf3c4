/* The samples of a session, and what all its ranks must have in common. */
#ifndef CLI_RUN_DATA_H
#define CLI_RUN_DATA_H

#include "base/status.h"
#include "grid/digest.h"
#include "io/data/dataset_reader.h"
#include "io/job/job.h"
#include "sweep/mpi_world.h"
#include "sweep/wire.h"

/* Log what is probably a mistake, as far as that shows without reading the samples. */
void run_data_warn(const job *j, const stored_dataset *described);

/* Read the described samples into memory that the ranks of a node share, and digest them: both are done by
 * one rank of the node. A rank that would have read different files digests its own, so that they are
 * compared, too. Collective: every rank takes all steps, whatever failed. */
status run_data_load(mpi_world *world, const job *j, const char *data_directory, stored_dataset *stored,
                     data_digests *digests, error_info *error);

/* Do all ranks run the same program? Before anything else is exchanged. Collective. */
status run_compare_programs(mpi_world *world, error_info *error);

/* What this rank reports about itself, once the ranks have agreed on a kernel set; the digests stay 0 until
 * the samples are read. */
void run_fill_hello(const mpi_world *world, const job *j, const char *data_directory,
                    const stored_dataset *described, hello_message *hello);

/* Compare what every rank reports about itself with rank 0, which reports the first that differs
 * (wire_check_hello). Collective. */
status run_compare_ranks(mpi_world *world, const hello_message *mine, error_info *error);

#endif
