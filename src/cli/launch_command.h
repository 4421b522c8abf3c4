/* The command line with which `mpisweep launch` starts mpirun. */
#ifndef CLI_LAUNCH_COMMAND_H
#define CLI_LAUNCH_COMMAND_H

#include "base/status.h"
#include "base/text.h"
#include "cli/options.h"

/* What is asked for. The texts are the caller's, and must outlive the command. */
typedef struct launch_request {
    long ranks;           /* 0: one per slot of the hosts, per task of Slurm, or per core */
    const char *hosts;    /* as mpirun's --host; NULL: none are named */
    const char *hostfile; /* as mpirun's --hostfile; NULL */
    const char *program;  /* path of mpisweep, the same on all hosts */
    cli_passed passed;    /* words for `mpisweep run`, and options for mpirun */
} launch_request;

typedef struct launch_command {
    const char **words; /* mpirun's, then NULL */
    char *hosts;
    char ranks[TEXT_NUMBER_SIZE];
} launch_command;

/* STATUS_COMMAND for options that mpirun would understand in another way than launch needs: rank 0 on another
 * host, hosts given twice. STATUS_IO: the hostfile cannot be read. The caller releases the command, also
 * after a failure. */
status launch_command_make(launch_command *c, const launch_request *request, error_info *error);
void launch_command_release(launch_command *c);

#endif
