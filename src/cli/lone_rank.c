#include "cli/lone_rank.h"

#include <stdlib.h>
#include <string.h>

/* What launchers leave in the environment of every process they start. */
typedef struct launcher_trace {
    const char *size, *rank; /* variables: how many processes, which of them */
    const char *launcher;
} launcher_trace;

static const launcher_trace traces[] = {
    {"OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK", "mpirun of Open MPI"},
    {"PMI_SIZE", "PMI_RANK", "mpiexec of MPICH or Intel MPI, or srun"},
    {"MPI_LOCALNRANKS", "MPI_LOCALRANKID", "mpiexec of MPICH or Intel MPI"},
    {"MV2_COMM_WORLD_SIZE", "MV2_COMM_WORLD_RANK", "mpirun of MVAPICH"},
    {"PALS_LOCAL_SIZE", "PALS_RANKID", "mpiexec of PALS"},
    {"FLUX_JOB_SIZE", "FLUX_TASK_RANK", "flux"},
    {"JSM_NAMESPACE_SIZE", "JSM_NAMESPACE_RANK", "jsrun"},
    {"SLURM_STEP_NUM_TASKS", "SLURM_PROCID", "srun"}, /* SLURM_NTASKS is in a batch script, too */
};

/* Inside a step of srun the user asks srun for ranks, else a launcher. */
static const char *advice(void) {
    return getenv("SLURM_STEP_NUM_TASKS") != NULL
               ? "Type `srun --mpi=pmix mpisweep run ...`, or `mpisweep launch ...` without srun"
               : "Use the mpirun of that MPI, as `mpisweep launch` does";
}

/* -1 when the variable is not there. */
static long read_number(const char *variable) {
    const char *text = getenv(variable);
    return text != NULL ? strtol(text, NULL, 10) : -1;
}

status lone_rank_check(const char *library, const char *host, error_info *error) {
    for (size_t i = 0; i < sizeof traces / sizeof traces[0]; i++) {
        const launcher_trace *t = &traces[i];
        const long size = read_number(t->size), rank = read_number(t->rank);
        if (rank < 0 || (size <= 1 && rank == 0))
            continue;
        return error_set(
            error, STATUS_USAGE,
            "process %ld of %ld on %s (%s=%ld: %s) is alone in MPI: the launcher belongs to another MPI than "
            "%.*s, or was not told to use PMIx. %s",
            rank, size, host, t->rank, rank, t->launcher, (int)strcspn(library, ",\n"), library, advice());
    }
    return STATUS_OK;
}
