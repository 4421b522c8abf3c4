/* mpisweep status: what is in a results file. */
#include <stdbool.h>
#include <stddef.h>

#include "cli/cli.h"
#include "cli/status_summary.h"
#include "io/results/results.h"

status cli_status(int argc, char **argv, error_info *error) {
    static const struct option longs[] = {{"json", no_argument, NULL, 'j'}, {NULL, 0, NULL, 0}};
    bool json = false;
    for (int code; (code = cli_next_option(argc, argv, "", longs, error)) != -1;) {
        if (code == '?')
            return STATUS_COMMAND;
        json = true;
    }
    const char *path;
    RETURN_IF_FAILED(cli_single_argument(argc, argv, "RESULTS.h5", &path, error));
    return status_print_summary(path, json, error);
}
