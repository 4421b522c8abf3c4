/* mpisweep status: what is in a results file. */
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/status_summary.h"
#include "cli/terminal.h"
#include "cli/verbs.h"

/* On a screen that is drawn again, the counts must stay in sight. */
enum { ROWS = 40, ROWS_WATCHED = 8, RANKS = 20, RANKS_WATCHED = 6, BUFFER_SIZE = 1 << 16 };

#define CLEAR_SCREEN "\033[H\033[2J"

typedef struct status_options {
    const char *path;
    bool json, watch;
    long every; /* seconds */
} status_options;

/* Each time in one piece, so that a screen does not flicker; in a pipe, blocks with an empty line between
 * them, or JSON objects line by line. Checksums are checked once. */
static status watch(const status_options *o, status_view view, error_info *error) {
    const bool draws = terminal_draws(STDOUT_FILENO) && !o->json;
    const char *between = draws ? CLEAR_SCREEN : o->json ? "" : "\n";
    size_t pending = 1;
    setvbuf(stdout, NULL, _IOFBF, BUFFER_SIZE);
    for (bool first = true;; first = false) {
        fputs(first && !draws ? "" : between, stdout);
        view.columns = terminal_output_columns();
        view.skips_damage = !first;
        RETURN_IF_FAILED(status_print_summary(o->path, &view, &pending, error));
        if (fflush(stdout) != 0)
            return error_set(error, STATUS_IO, "cannot write to standard output");
        if (pending == 0)
            return STATUS_OK;
        clock_sleep((double)o->every);
    }
}

static status run_status(int argc, char **argv, error_info *error) {
    status_options options = {0};
    size_t pending;
    RETURN_IF_FAILED(cli_parse(&cli_status, argc, argv, &options, error));
    const bool on_screen = options.watch && terminal_draws(STDOUT_FILENO);
    const status_view view = {.json = options.json,
                              .most_rows = on_screen ? ROWS_WATCHED : ROWS,
                              .most_ranks = on_screen ? RANKS_WATCHED : RANKS,
                              .columns = terminal_output_columns()};
    return options.watch ? watch(&options, view, error)
                         : status_print_summary(options.path, &view, &pending, error);
}

const cli_verb cli_status = {
    .name = "status",
    .summary = "count the cells of a results file, even while a session writes it",
    .description = "Prints how many cells are done, failed, diverged and pending, how many do not match "
                   "their checksums, how busy the ranks of the last session were and what they train now, "
                   "the best cell, what failed cells have in common, and means over runs.",
    .remarks = "docs/results-format.md lists the keys of the JSON object.",
    .run = run_status,
    .arguments = {{"RESULTS.h5", offsetof(status_options, path), .help = "the results file"}},
    .options = {{.name = "json",
                 .kind = &cli_flag,
                 .offset = offsetof(status_options, json),
                 .help = "print one JSON object"},
                {.name = "watch",
                 .kind = &cli_flag,
                 .offset = offsetof(status_options, watch),
                 .help = "print it again and again until no cell is pending"},
                {.name = "every",
                 .argument = "SECONDS",
                 .kind = &cli_number,
                 .offset = offsetof(status_options, every),
                 .minimum = 1,
                 .maximum = 86400,
                 .preset = "2",
                 .help = "how often, with --watch"}},
};
