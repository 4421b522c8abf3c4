/* mpisweep merge: joins results files of one job into one. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "cli/verbs.h"
#include "grid/cell.h"
#include "io/results/merge.h"

typedef struct merge_options {
    const char *path;
    cli_words inputs;
} merge_options;

static void print_conflicts(const merge_report *report) {
    for (size_t i = 0; i < report->conflicts && i < MERGE_NAMED_CONFLICTS; i++)
        puts(report->conflict_texts[i]);
    if (report->conflicts > MERGE_NAMED_CONFLICTS)
        printf("and %zu more\n", report->conflicts - MERGE_NAMED_CONFLICTS);
}

static void print_counts(const char *path, const merge_report *report) {
    size_t cells = 0;
    for (int i = 0; i < CELL_STATUS_COUNT; i++)
        cells += report->states[i];
    printf("%zu cells", cells);
    for (int i = 0; i < CELL_STATUS_COUNT; i++)
        if (i != CELL_LEFT_OUT || report->states[i] > 0)
            printf(", %zu %s", report->states[i], cell_status_label((cell_status)i));
    printf("\nresults in %s\n", path);
    if (report->damaged > 0)
        log_warning(
            "%s: %zu cells are pending although a file has results for them, which do not match their "
            "checksum: %s; mpisweep run trains them again",
            path, report->damaged, report->damaged_cells);
}

static status run_merge(int argc, char **argv, error_info *error) {
    merge_options options = {0};
    RETURN_IF_FAILED(cli_parse(&cli_merge, argc, argv, &options, error));
    merge_report *report = malloc(sizeof *report);
    if (report == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory");
    const status result =
        results_merge(options.path, options.inputs.items, options.inputs.count, report, error);
    if (result == STATUS_OK)
        print_counts(options.path, report);
    if (result == STATUS_INCOMPLETE)
        print_conflicts(report);
    free(report);
    return result;
}

const cli_verb cli_merge = {
    .name = "merge",
    .summary = "join the results files of shards, or others of one job, into one",
    .description =
        "Makes OUT.h5 of all cells that the files have, with their provenance. They must be of the same job, "
        "data, kernel set and numerics. A cell that is done or diverged in several files must be the same in "
        "all, bit for bit: otherwise the cells are listed, OUT.h5 is not written, and the exit status is 1. "
        "Such a cell is preferred to one that timed out, and that to one that failed.\n"
        "When OUT.h5 exists it is joined with the others and replaced, so that nothing in it is lost. The "
        "other files are only read, and may be being written by mpisweep run: of those, what is stored so "
        "far "
        "is taken. mpisweep run JOB.yaml -o OUT.h5 trains what is missing.",
    .run = run_merge,
    .arguments = {{"OUT.h5", offsetof(merge_options, path), .help = "the file to write"},
                  {"IN.h5", offsetof(merge_options, inputs), .repeats = true,
                   .help = "results files of one job, at least one"}},
};
