/* mpisweep verify: is a results file whole, and are two of them scientifically the same? */
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "cli/verbs.h"
#include "grid/digest.h"
#include "io/results/compare.h"
#include "io/results/damage.h"
#include "io/results/digest.h"
#include "io/results/results.h"

typedef struct verify_options {
    const char *a, *b; /* b may be NULL */
} verify_options;

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
        printf("whole: %zu cells with results match their checksums\n", found.checked);
        return print_digest(path, error);
    }
    printf("damaged: %zu of %zu cells with results do not match their checksums: %s\n", found.damaged,
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

static status run_verify(int argc, char **argv, error_info *error) {
    verify_options options = {0};
    RETURN_IF_FAILED(cli_parse(&cli_verify, argc, argv, &options, error));
    return options.b == NULL ? verify_one(options.a, error) : verify_two(options.a, options.b, error);
}

const cli_verb cli_verify = {
    .name = "verify",
    .summary = "check a results file, or compare two bit for bit",
    .description =
        "A alone: checks every cell with a result against its checksum, and prints a digest of the "
        "content to quote, which is the same for equal files. Exit status 1 when a cell does not match.\n"
        "A and B: exit status 0 when the scientific content and the data are the same, else 1 and "
        "the first difference.",
    .run = run_verify,
    .arguments = {{"A.h5", offsetof(verify_options, a), .help = "the results file"},
                  {"B.h5", offsetof(verify_options, b), .optional = true,
                   .help = "a file to compare it with"}},
};
