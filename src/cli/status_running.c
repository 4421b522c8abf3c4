#include "cli/status_running.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/terminal.h"

static const double SILENCE = 30; /* seconds after which a session that has not reported is gone, or hangs */

static int compare_rows(const void *a, const void *b) {
    const double first = ((const running_row *)a)->since, second = ((const running_row *)b)->since;
    return (first > second) - (first < second);
}

static double age_of(const running_cells *running) {
    return clock_unix_seconds() - running->updated;
}

/* "  rank 1 on node7 for 42 s: run=3, lr=0.01" */
static void print_row(const grid *g, const running_row *row, double now, int columns) {
    char line[512], name[256], span[TEXT_NUMBER_SIZE], more[32] = "";
    text_duration(fmax(now - row->since, 0), span);
    grid_cell_text(g, row->cell, name, sizeof name);
    if (row->count > 1)
        snprintf(more, sizeof more, "%u cells, the first ", row->count);
    snprintf(line, sizeof line, "  rank %d on %s for %s: %s%s", row->rank, row->host, span, more, name);
    terminal_print_line(line, columns);
}

void status_print_running(const grid *g, running_cells *running, size_t most, int columns) {
    char span[TEXT_NUMBER_SIZE];
    const double age = age_of(running);
    if (running->count == 0)
        return;
    text_duration(fmax(age, 0), span);
    if (age > SILENCE) {
        printf("the last session has not reported for %s: it was killed, or hangs\n", span);
        return;
    }
    printf("in training, as of %s ago\n", span);
    qsort(running->rows, running->count, sizeof *running->rows, compare_rows);
    size_t printed = 0;
    for (; printed < running->count && printed < most; printed++)
        if (running->rows[printed].cell < grid_cells(g))
            print_row(g, &running->rows[printed], running->updated, columns);
    if (printed < running->count)
        printf("  and %zu more ranks\n", running->count - printed);
}

static void print_object(const grid *g, const running_row *row, double now) {
    printf("{\"rank\": %d, \"host\": ", row->rank);
    text_print_json(stdout, row->host);
    printf(", \"cell\": ");
    grid_print_json_cell(stdout, g, row->cell);
    printf(", \"cells\": %u, \"seconds\": ", row->count);
    text_print_json_number(stdout, fmax(now - row->since, 0));
    printf("}");
}

void status_print_running_json(const grid *g, const running_cells *running) {
    if (isnan(running->updated)) {
        printf(", \"running\": null");
        return;
    }
    int printed = 0;
    printf(", \"running\": {\"updated\": ");
    text_print_json_number(stdout, running->updated);
    printf(", \"silent\": %s, \"ranks\": [", age_of(running) > SILENCE ? "true" : "false");
    for (uint32_t i = 0; i < running->count; i++)
        if (running->rows[i].cell < grid_cells(g)) {
            fputs(printed++ > 0 ? ", " : "", stdout);
            print_object(g, &running->rows[i], running->updated);
        }
    printf("]}");
}
