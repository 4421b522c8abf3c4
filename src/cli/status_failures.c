/* Which axis values failed cells have in common. */
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "cli/status_failures.h"
#include "grid/cell.h"
#include "grid/grid.h"

enum { SHARED_MAX = 8, VALUE_SIZE = 256 }; /* a longer list of values says nothing */

/* Cells along one axis. */
typedef struct axis_tally {
    size_t *failed, *finished; /* (axis->count) cells of one status of failure; all that are not pending */
    size_t total;              /* sum of failed */
} axis_tally;

/* Values of one axis that most cells of a status have. */
typedef struct shared_values {
    cell_status status;
    const grid_axis *axis;
    size_t values[SHARED_MAX];
    size_t count;    /* of the values; 0: nothing is shared */
    size_t cells;    /* with the status … */
    size_t covered;  /* … of these, with one of the values */
    size_t finished; /* cells with one of the values that have a result */
} shared_values;

static void tally_cells(const grid *g, int axis, const uint8_t *states, cell_status wanted, axis_tally *out) {
    size_t index[GRID_MAX_AXES];
    for (size_t cell = 0; cell < grid_cells(g); cell++) {
        if (!cell_has_result(states[cell]))
            continue;
        grid_cell_index(g, cell, index);
        out->finished[index[axis]]++;
        out->failed[index[axis]] += states[cell] == wanted;
        out->total += states[cell] == wanted;
    }
}

static size_t position_of_most(const size_t *counts, size_t count) {
    size_t most = 0;
    for (size_t i = 1; i < count; i++)
        if (counts[i] > counts[most])
            most = i;
    return most;
}

/* Take values, most failures first, until nine of ten failures are covered, or there are too many values. */
static void choose_values(const axis_tally *tally, shared_values *out) {
    out->cells = tally->total;
    while (10 * out->covered < 9 * out->cells) {
        const size_t value = position_of_most(tally->failed, out->axis->count), taken = out->count + 1;
        if (2 * taken > out->axis->count || 2 * taken > out->cells || taken > SHARED_MAX) {
            out->count = 0;
            return;
        }
        out->values[out->count++] = value;
        out->covered += tally->failed[value];
        out->finished += tally->finished[value];
        tally->failed[value] = 0;
    }
}

static status find_shared(const grid *g, int axis, const uint8_t *states, cell_status wanted,
                          shared_values *out, error_info *error) {
    const size_t count = g->axes[axis].count;
    *out = (shared_values){.status = wanted, .axis = &g->axes[axis]};
    axis_tally tally = {calloc(count, sizeof *tally.failed), calloc(count, sizeof *tally.finished), 0};
    status result = STATUS_OK;
    if (tally.failed != NULL && tally.finished != NULL) {
        tally_cells(g, axis, states, wanted, &tally);
        choose_values(&tally, out);
    } else
        result = error_set(error, STATUS_INTERNAL, "out of memory for the %zu values of an axis", count);
    free(tally.failed);
    free(tally.finished);
    return result;
}

/* "12 of 12 diverged cells have lr = 10 or 20 (of 15 finished cells that do)" */
static void print_line(const shared_values *s) {
    printf("%zu of %zu %s cells have %s = ", s->covered, s->cells, cell_status_label(s->status),
           s->axis->name);
    for (size_t i = 0; i < s->count; i++) {
        char value[VALUE_SIZE];
        grid_value_name(s->axis, s->values[i], value, sizeof value);
        printf("%s%s", i == 0 ? "" : i + 1 < s->count ? ", " : " or ", value);
    }
    printf(" (of %zu finished cells that do)\n", s->finished);
}

static void print_object(const shared_values *s) {
    printf("{\"status\": \"%s\", \"cells\": %zu, \"axis\": ", cell_status_label(s->status), s->cells);
    text_print_json(stdout, s->axis->name);
    printf(", \"values\": [");
    for (size_t i = 0; i < s->count; i++) {
        fputs(i > 0 ? ", " : "", stdout);
        grid_print_json_value(stdout, s->axis, s->values[i]);
    }
    printf("], \"cells_with_values\": %zu, \"finished_with_values\": %zu}", s->covered, s->finished);
}

status status_print_failures(const grid *g, const uint8_t *states, bool json, error_info *error) {
    static const cell_status failures[] = {CELL_DIVERGED, CELL_FAILED, CELL_TIMED_OUT};
    int printed = 0;
    fputs(json ? ", \"failures\": [" : "", stdout);
    for (size_t i = 0; i < sizeof failures / sizeof *failures; i++)
        for (int axis = 0; axis < g->axis_count; axis++) {
            shared_values shared;
            RETURN_IF_FAILED(find_shared(g, axis, states, failures[i], &shared, error));
            if (shared.count == 0)
                continue;
            fputs(json && printed++ > 0 ? ", " : "", stdout);
            (json ? print_object : print_line)(&shared);
        }
    fputs(json ? "]" : "", stdout);
    return STATUS_OK;
}
