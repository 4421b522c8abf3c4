/* What a results file says about its sweep: counts, rate, expected end. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/best_cell.h"
#include "cli/status_failures.h"
#include "cli/status_groups.h"
#include "cli/status_means.h"
#include "cli/status_running.h"
#include "cli/status_saved.h"
#include "cli/status_session.h"
#include "cli/status_summary.h"
#include "cli/terminal.h"
#include "grid/cell.h"
#include "grid/grid.h"
#include "io/results/auxiliaries.h"
#include "io/results/damage.h"
#include "io/results/layout.h"
#include "io/results/reader.h"

typedef struct sweep_state {
    grid names; /* the grid, with what names its cells */
    size_t total;
    size_t counts[CELL_STATUS_COUNT]; /* by cell_status */
    double cells_per_hour;            /* in the last session; NaN: nothing was stored in it */
    double eta_seconds;               /* for the pending cells at this rate; NaN: not known */
    session_state session;            /* the last one */
    running_cells running;
    char variable[RESULTS_NAME_SIZE]; /* by which cells are compared; "": none */
    best_cell best;
    double saved;            /* share of the steps that were not needed; NaN: not known */
    bool checked;            /* against the checksums */
    size_t damaged;          /* cells with a status that do not match their checksum */
    char damaged_cells[512]; /* the first of them */
} sweep_state;

/* ---- Counts and rate --------------------------------------------------------------------------- */

static void count_states(const uint8_t *states, size_t cells, sweep_state *out) {
    out->total = cells;
    for (size_t cell = 0; cell < cells; cell++)
        out->counts[states[cell]]++;
}

/* The session counts its cells itself, and its time by a monotonic clock: the times of day at which cells
 * were finished, on several machines, do not give them. */
static void find_rate(sweep_state *out) {
    const session_state *last = &out->session;
    out->cells_per_hour = last->cells > 0 && last->seconds > 0 ? 3600 * last->cells / last->seconds : NAN;
    out->eta_seconds = 3600 * (double)out->counts[CELL_PENDING] / out->cells_per_hour;
}

static status read_best(results_reader *r, const uint8_t *states, sweep_state *out, error_info *error) {
    RETURN_IF_FAILED(best_choose_variable(r, out->variable, sizeof out->variable, error));
    if (out->variable[0] == '\0')
        return STATUS_OK;
    return best_find(r, out->variable, states, NULL, &out->best, error);
}

static status read_damage(results_reader *r, sweep_state *out, error_info *error) {
    damaged_cells found;
    out->checked = true;
    RETURN_IF_FAILED(results_find_damage(r, &found, error));
    out->damaged = found.count;
    results_name_cells(results_reader_grid(r), found.cells, found.count, out->damaged_cells,
                       sizeof out->damaged_cells);
    free(found.cells);
    return STATUS_OK;
}

/* ---- Output ------------------------------------------------------------------------------------ */

static void print_counts(const char *path, const sweep_state *s) {
    printf("%s: %zu cells", path, s->total);
    for (int i = 0; i < CELL_STATUS_COUNT; i++)
        if (s->counts[i] > 0 || i == CELL_DONE)
            printf(", %zu %s", s->counts[i], cell_status_label((cell_status)i));
    if (s->damaged > 0)
        printf(", %zu damaged", s->damaged);
    printf("\n");
    if (s->damaged > 0)
        printf(
            "damaged: they do not match their checksum: %s; mpisweep run --retry-failed trains them again\n",
            s->damaged_cells);
}

static void print_rate(const sweep_state *s) {
    char text[TEXT_NUMBER_SIZE];
    if (isnan(s->cells_per_hour))
        return;
    printf("rate of the last session: %.0f cells/hour", s->cells_per_hour);
    if (s->counts[CELL_PENDING] > 0) {
        text_duration(s->eta_seconds, text);
        printf(", %s to go at this rate", text);
    }
    printf("\n");
}

static void print_age(const sweep_state *s) {
    char text[TEXT_NUMBER_SIZE];
    const double age = clock_unix_seconds() - s->session.updated;
    text_duration(fabs(age), text);
    printf("last written %s %s\n", text, age >= 0 ? "ago" : "ahead of this machine's clock");
}

static void print_best(const grid *g, const sweep_state *s, int columns) {
    char line[1024], value[TEXT_NUMBER_SIZE], name[512];
    if (!s->best.known)
        return;
    text_value(s->best.value, s->best.percent, value);
    grid_cell_text(g, s->best.cell, name, sizeof name);
    snprintf(line, sizeof line, "best %s: %s%s at %s", s->variable, value, s->best.percent ? " percent" : "",
             name);
    terminal_print_line(line, columns);
}

static status print_text(results_reader *r, const char *path, sweep_state *s, const uint8_t *states,
                         const status_view *view, error_info *error) {
    const grid *g = &s->names;
    const means_view means = {.most_rows = view->most_rows, .columns = view->columns};
    print_counts(path, s);
    print_rate(s);
    print_age(s);
    if (s->session.busy != NULL)
        status_print_busy(s->session.busy, s->session.ranks);
    status_print_saved(s->saved);
    print_best(g, s, view->columns);
    status_print_running(g, &s->running, view->most_ranks, view->columns);
    RETURN_IF_FAILED(status_print_groups(r, g, states, false, view->columns, error));
    RETURN_IF_FAILED(status_print_failures(g, states, false, error));
    return status_print_means(r, path, states, &means, error);
}

static void print_json_number(const char *key, double value) {
    printf(", \"%s\": ", key);
    text_print_json_number(stdout, value);
}

static void print_json_counts(const char *path, const sweep_state *s) {
    printf("{\"path\": ");
    text_print_json(stdout, path);
    printf(", \"total\": %zu", s->total);
    for (int i = 0; i < CELL_STATUS_COUNT; i++)
        printf(", \"%s\": %zu", cell_status_label((cell_status)i), s->counts[i]);
    if (s->checked)
        printf(", \"damaged\": %zu", s->damaged);
    else
        printf(", \"damaged\": null");
    print_json_number("cells_per_hour", s->cells_per_hour);
    print_json_number("eta_seconds", s->counts[CELL_PENDING] > 0 ? s->eta_seconds : 0);
    print_json_number("updated", s->session.updated);
    print_json_number("steps_not_needed", s->saved);
}

static void print_json_best(const grid *g, const sweep_state *s) {
    if (!s->best.known) {
        printf(", \"best\": null");
        return;
    }
    printf(", \"best\": {\"variable\": ");
    text_print_json(stdout, s->variable);
    printf(", \"value\": %.9g, \"cell\": ", s->best.value);
    grid_print_json_cell(stdout, g, s->best.cell);
    printf("}");
}

static status print_json(results_reader *r, const char *path, const sweep_state *s, const uint8_t *states,
                         error_info *error) {
    const grid *g = &s->names;
    print_json_counts(path, s);
    status_print_session_json(&s->session);
    status_print_running_json(g, &s->running);
    print_json_best(g, s);
    RETURN_IF_FAILED(status_print_groups(r, g, states, true, 0, error));
    RETURN_IF_FAILED(status_print_failures(g, states, true, error));
    printf("}\n");
    return STATUS_OK;
}

/* ---- All of it ---------------------------------------------------------------------------------- */

/* What is in training is of no interest once nothing is pending: a killed session may have left it. */
static status read_state(results_reader *r, const char *path, const uint8_t *states, const status_view *view,
                         sweep_state *out, error_info *error) {
    count_states(states, grid_cells(results_reader_grid(r)), out);
    RETURN_IF_FAILED(results_read_auxiliaries(r, &out->names, error));
    out->running.updated = NAN;
    if (out->counts[CELL_PENDING] > 0)
        RETURN_IF_FAILED(results_read_running(path, &out->running, error));
    RETURN_IF_FAILED(status_read_session(r, &out->running, &out->session, error));
    if (out->counts[CELL_PENDING] > 0 && isnan(out->running.updated))
        status_release_session(&out->session); /* it was stopped: what it had in training left no time */
    find_rate(out);
    if (!view->skips_damage)
        RETURN_IF_FAILED(read_damage(r, out, error));
    RETURN_IF_FAILED(status_read_saved(r, states, &out->saved, error));
    return read_best(r, states, out, error);
}

/* The states are read first: cells that are done then are whole in what is read afterwards. */
static status print_status(results_reader *r, const char *path, const status_view *view, size_t *pending,
                           error_info *error) {
    sweep_state s = {0};
    void *states;
    RETURN_IF_FAILED(results_reader_states(r, &states, error));
    status result = read_state(r, path, states, view, &s, error);
    if (result == STATUS_OK)
        result = view->json ? print_json(r, path, &s, states, error)
                            : print_text(r, path, &s, states, view, error);
    *pending = s.counts[CELL_PENDING];
    status_release_session(&s.session);
    grid_release(&s.names);
    free(s.running.rows);
    free(states);
    return result;
}

status status_print_summary(const char *path, const status_view *view, size_t *pending, error_info *error) {
    results_reader *reader;
    RETURN_IF_FAILED(results_reader_open(&reader, path, error));
    status result = print_status(reader, path, view, pending, error);
    results_reader_close(&reader);
    return result;
}
