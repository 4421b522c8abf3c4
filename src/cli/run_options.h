/* The command line of `mpisweep run`. */
#ifndef CLI_RUN_OPTIONS_H
#define CLI_RUN_OPTIONS_H

#include <stdbool.h>

#include "cli/cli.h"

/* The texts point into argv. */
typedef struct run_options {
    const char *job_path, *results_path, *data_directory;
    cli_list settings, only;
    long max_failures; /* 0: no limit */
    double time_limit; /* seconds; INFINITY: none */
    bool retry_failed, quiet;
} run_options;

status run_options_parse(run_options *o, int argc, char **argv, error_info *error);

#endif
