#include "cli/status_groups.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/terminal.h"
#include "grid/cell.h"
#include "grid/grid.h"

enum { EXAMPLES = 3, NAME_SIZE = 512, LINE_SIZE = 2048 /* room for all of a line */ };

/* Cells of one status. */
typedef struct group {
    cell_status status;
    size_t count, examples[EXAMPLES]; /* of which the first are examples */
    size_t crashed;                   /* of them, those that crashed their ranks */
    int32_t signal;                   /* of the last of these */
} group;

typedef struct crash_columns {
    void *crashes, *signals; /* (cells) int32_t; NULL: not recorded */
} crash_columns;

static status load_crashes(results_reader *r, crash_columns *out, error_info *error) {
    const size_t cells = grid_cells(results_reader_grid(r));
    results_dataset d;
    if (results_reader_describe(r, "provenance/signal", &d, NULL) != STATUS_OK)
        return STATUS_OK; /* a file of an older program */
    RETURN_IF_FAILED(
        results_reader_load(r, "provenance/crashes", ELEMENT_INT32, cells, &out->crashes, error));
    return results_reader_load(r, d.name, ELEMENT_INT32, cells, &out->signals, error);
}

static group collect(const grid *g, const uint8_t *states, cell_status wanted, const crash_columns *c) {
    group found = {.status = wanted};
    for (size_t cell = 0; cell < grid_cells(g); cell++) {
        if (states[cell] != wanted)
            continue;
        if (found.count < EXAMPLES)
            found.examples[found.count] = cell;
        found.count++;
        if (wanted == CELL_FAILED && c->signals != NULL && ((int32_t *)c->crashes)[cell] > 0) {
            found.crashed++;
            found.signal = ((int32_t *)c->signals)[cell];
        }
    }
    return found;
}

/* "3 failed, 2 of them in crashes, the last with signal 11 (Segmentation fault): run=0, lr=10; …" */
static void print_line(const grid *g, const group *found, int columns) {
    char line[LINE_SIZE];
    int used = snprintf(line, sizeof line, "%zu %s", found->count, cell_status_label(found->status));
    if (found->crashed > 0)
        used += snprintf(line + used, sizeof line - (size_t)used,
                         ", %zu of them in crashes, the last with signal %d (%s)", found->crashed,
                         found->signal, strsignal(found->signal));
    const size_t named = found->count < EXAMPLES ? found->count : EXAMPLES;
    for (size_t i = 0; i < named; i++) {
        char name[NAME_SIZE];
        grid_cell_text(g, found->examples[i], name, sizeof name);
        used += snprintf(line + used, sizeof line - (size_t)used, "%s%s", i == 0 ? ": " : "; ", name);
    }
    if (found->count > named)
        snprintf(line + used, sizeof line - (size_t)used, "; and %zu more", found->count - named);
    terminal_print_line(line, columns);
}

static void print_object(const grid *g, const group *found) {
    printf("{\"status\": \"%s\", \"cells\": %zu, \"crashed\": %zu, \"signal\": ",
           cell_status_label(found->status), found->count, found->crashed);
    printf(found->crashed > 0 ? "%d" : "null", found->signal);
    printf(", \"first\": [");
    for (size_t i = 0; i < found->count && i < EXAMPLES; i++) {
        fputs(i > 0 ? ", " : "", stdout);
        grid_print_json_cell(stdout, g, found->examples[i]);
    }
    printf("]}");
}

static void print_all(const grid *g, const uint8_t *states, const crash_columns *crashes, bool json,
                      int columns) {
    int printed = 0;
    fputs(json ? ", \"failure_groups\": [" : "", stdout);
    for (int i = CELL_DONE + 1; i < CELL_LEFT_OUT; i++) {
        const group found = collect(g, states, (cell_status)i, crashes);
        if (found.count == 0)
            continue;
        fputs(json && printed++ > 0 ? ", " : "", stdout);
        if (json)
            print_object(g, &found);
        else
            print_line(g, &found, columns);
    }
    fputs(json ? "]" : "", stdout);
}

status status_print_groups(results_reader *r, const grid *g, const uint8_t *states, bool json, int columns,
                           error_info *error) {
    crash_columns crashes = {0};
    const status result = load_crashes(r, &crashes, error);
    if (result == STATUS_OK)
        print_all(g, states, &crashes, json, columns);
    free(crashes.crashes);
    free(crashes.signals);
    return result;
}
