#include "cli/run_end.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cli/run_summary.h"
#include "cli/stop_signal.h"
#include "cli/time_limit.h"

enum { REASON_SIZE = 256 };

/* "1 failed, 2 timed out" */
static void describe_failures(const uint64_t tally[CELL_STATUS_COUNT], char text[REASON_SIZE]) {
    static const char *const words[CELL_STATUS_COUNT] = {
        [CELL_DIVERGED] = "diverged", [CELL_FAILED] = "failed", [CELL_TIMED_OUT] = "timed out"};
    int used = 0;
    for (int i = 0; i < CELL_STATUS_COUNT; i++)
        if (words[i] != NULL && tally[i] > 0)
            used += snprintf(text + used, REASON_SIZE - (size_t)used, "%s%llu %s", used > 0 ? ", " : "",
                             (unsigned long long)tally[i], words[i]);
}

/* Why the session stopped before its end. */
static void describe_stop(const run_end *e, char text[REASON_SIZE]) {
    const int number = stop_signal_first();
    if (number == SIGALRM)
        snprintf(text, REASON_SIZE, "stopped for %s", time_limit_name(e->time_limit));
    else if (number != 0)
        snprintf(text, REASON_SIZE, "stopped by signal %d (%s)", number, strsignal(number));
    else if (e->counts->left_first >= 0)
        snprintf(text, REASON_SIZE,
                 "stopped at the request of rank %d, which got a signal or reached its time limit",
                 e->counts->left_first);
    else
        snprintf(text, REASON_SIZE, "stopped");
}

/* What cells without a result mean for the exit status. */
static status judge_pending(const run_end *e, size_t pending, size_t selected, error_info *error) {
    const size_t limit = e->max_failures;
    char reason[REASON_SIZE];
    if (limit > 0 && e->counts->failures >= limit)
        return error_set(error, STATUS_INCOMPLETE,
                         "stopped after %zu cells that failed, diverged or timed out (--max-failures)",
                         e->counts->failures);
    if (e->counts->no_memory > 0 && !e->counts->stopping)
        return error_set(
            error, STATUS_INTERNAL,
            "out of memory for %zu cells, which stay pending; run the same command again with more "
            "memory or with fewer ranks per node",
            e->counts->no_memory);
    describe_stop(e, reason);
    return error_set(error, STATUS_STOPPED,
                     "%s with %zu of %zu cells to go; run the same command again to resume", reason, pending,
                     selected);
}

status run_conclude(const run_end *e, error_info *error) {
    const uint64_t *tally = e->progress->state.tally;
    const size_t selected = e->progress->state.total;
    if (e->counts->total == 0)
        printf("nothing left to train\n");
    printf("%zu cells", selected + e->left_out);
    for (int i = 0; i < CELL_LEFT_OUT; i++)
        printf(", %llu %s", (unsigned long long)tally[i], cell_status_label((cell_status)i));
    if (e->left_out > 0)
        printf(", %zu %s", e->left_out, cell_status_label(CELL_LEFT_OUT));
    if (e->damaged > 0)
        printf(", %zu damaged", e->damaged);
    printf("\nresults in %s\n", e->results_path);
    run_print_summary(e->progress, tally[CELL_PENDING] == 0);
    if (tally[CELL_PENDING] > 0)
        return judge_pending(e, tally[CELL_PENDING], selected, error);
    if (e->damaged > 0)
        return error_set(
            error, STATUS_INCOMPLETE,
            "%zu of %zu cells are damaged in the file; restore it from a copy, or train them again "
            "with --retry-failed",
            e->damaged, selected);
    if (tally[CELL_DONE] == selected)
        return STATUS_OK;
    char failures[REASON_SIZE];
    const bool helps = tally[CELL_FAILED] + tally[CELL_TIMED_OUT] > 0;
    describe_failures(tally, failures);
    return error_set(error, STATUS_INCOMPLETE, "%zu of %zu cells are not done: %s%s",
                     selected - tally[CELL_DONE], selected, failures,
                     helps ? "; --retry-failed trains again those that failed or timed out" : "");
}
