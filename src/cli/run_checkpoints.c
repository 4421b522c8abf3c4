#include "cli/run_checkpoints.h"
#include "io/option/option.h"

/* In seconds: what cells lose at most unless the job says otherwise, and what is too little to care for. */
static const double AUTO_EVERY = 600, AUTO_LONGER = 1200;

checkpoint_rule run_checkpoint_rule(const job *j, const mpi_world *w) {
    const bool automatic = j->checkpoint_every == OPTION_AUTO;
    return (checkpoint_rule){.every = automatic ? AUTO_EVERY : j->checkpoint_every,
                             .longer = automatic ? AUTO_LONGER : 0,
                             .phase = (mpi_world_rank(w) + 1.0) / mpi_world_size(w)};
}
