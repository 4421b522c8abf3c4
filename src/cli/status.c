/* mpisweep status: what is in a results file. */
#include <stdbool.h>
#include <stddef.h>

#include "cli/status_summary.h"
#include "cli/verbs.h"

typedef struct status_options {
    const char *path;
    bool json;
} status_options;

static status run_status(int argc, char **argv, error_info *error) {
    status_options options = {0};
    RETURN_IF_FAILED(cli_parse(&cli_status, argc, argv, &options, error));
    return status_print_summary(options.path, options.json, error);
}

const cli_verb cli_status = {
    .name = "status",
    .summary = "count the cells of a results file, even while a session writes it",
    .description = "Prints how many cells are done, failed, diverged and pending, how many do not match "
                   "their checksums, and means over runs.",
    .run = run_status,
    .arguments = {{"RESULTS.h5", offsetof(status_options, path), .help = "the results file"}},
    .options = {{.name = "json",
                 .kind = &cli_flag,
                 .offset = offsetof(status_options, json),
                 .help = "print one JSON object"}},
};
