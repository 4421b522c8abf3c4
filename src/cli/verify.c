/* mpisweep verify: are two results files scientifically the same? */
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "cli/cli.h"
#include "io/results.h"

/* Two file names and no options. */
static status parse(int argc, char **argv, error_info *error) {
    static const struct option longs[] = {{NULL, 0, NULL, 0}};
    if (cli_next_option(argc, argv, "", longs, error) == '?')
        return STATUS_COMMAND;
    if (argc - optind != 2)
        return error_set(error, STATUS_COMMAND, "verify: expected two results files, got %d", argc - optind);
    return STATUS_OK;
}

status cli_verify(int argc, char **argv, error_info *error) {
    RETURN_IF_FAILED(parse(argc, argv, error));
    bool equal;
    char difference[1024];
    RETURN_IF_FAILED(
        results_compare(argv[optind], argv[optind + 1], &equal, difference, sizeof difference, error));
    puts(equal ? "equal" : difference);
    return equal ? STATUS_OK : STATUS_INCOMPLETE;
}
