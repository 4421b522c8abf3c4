/* mpisweep verify: is a results file whole, and are two of them scientifically the same? */
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "cli/cli.h"
#include "grid/digest.h"
#include "io/results/compare.h"
#include "io/results/damage.h"
#include "io/results/digest.h"
#include "io/results/results.h"

/* One or two file names and no options. */
static status parse(int argc, char **argv, error_info *error) {
    static const struct option longs[] = {{NULL, 0, NULL, 0}};
    if (cli_next_option(argc, argv, "", longs, error) == '?')
        return STATUS_COMMAND;
    if (argc - optind != 1 && argc - optind != 2)
        return error_set(error, STATUS_COMMAND, "verify: expected one or two results files, got %d",
                         argc - optind);
    return STATUS_OK;
}

static status print_digest(const char *path, error_info *error) {
    digest128 digest;
    char text[DIGEST_TEXT_SIZE];
    RETURN_IF_FAILED(results_content_digest(path, &digest, error));
    digest_text(&digest, text);
    printf("digest %s\n", text);
    return STATUS_OK;
}

static status verify_one(const char *path, error_info *error) {
    results_damage found;
    RETURN_IF_FAILED(results_check_cells(path, &found, error));
    if (found.damaged == 0) {
        printf("whole: %zu cells with results fit their checksums\n", found.checked);
        return print_digest(path, error);
    }
    printf("damaged: %zu of %zu cells with results do not fit their checksums: %s\n", found.damaged,
           found.checked, found.cells);
    return error_set(error, STATUS_INCOMPLETE,
                     "%s: %zu damaged cells; restore the file from a copy, or train them again with mpisweep "
                     "run --retry-failed",
                     path, found.damaged);
}

static status verify_two(const char *a, const char *b, error_info *error) {
    bool equal;
    char difference[1024];
    RETURN_IF_FAILED(results_compare(a, b, &equal, difference, sizeof difference, error));
    puts(equal ? "equal" : difference);
    return equal ? STATUS_OK : STATUS_INCOMPLETE;
}

status cli_verify(int argc, char **argv, error_info *error) {
    RETURN_IF_FAILED(parse(argc, argv, error));
    if (argc - optind == 1)
        return verify_one(argv[optind], error);
    return verify_two(argv[optind], argv[optind + 1], error);
}
