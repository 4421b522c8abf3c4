/* What a results file says about its sweep: counts, rate, expected end. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/status_failures.h"
#include "cli/status_means.h"
#include "cli/status_summary.h"
#include "grid/cell.h"
#include "grid/grid.h"
#include "io/results/damage.h"
#include "io/results/layout.h"
#include "io/results/reader.h"

typedef struct sweep_state {
    size_t total;
    size_t counts[CELL_STATUS_COUNT]; /* by cell_status */
    double cells_per_hour;            /* in the last session; NaN: nothing was stored in it */
    double eta_seconds;               /* for the pending cells at this rate; NaN: not known */
    double updated;                   /* time of the last sync */
    size_t damaged;                   /* cells with a status that do not match their checksum */
    char damaged_cells[512];          /* the first of them */
} sweep_state;

/* ---- Counts and rate --------------------------------------------------------------------------- */

static void count_states(const uint8_t *states, size_t cells, sweep_state *out) {
    out->total = cells;
    for (size_t cell = 0; cell < cells; cell++)
        out->counts[states[cell]]++;
}

/* One row of the table of sessions. */
typedef struct session {
    double updated, seconds;
    int32_t cells;
} session;

/* A column of the table, of `rows` rows; all 0 in a file of an older program, which has none. */
static status load_column(results_reader *r, const char *name, element type, size_t rows, void **out,
                          error_info *error) {
    results_dataset d;
    if (results_reader_describe(r, name, &d, NULL) == STATUS_OK)
        return results_reader_load(r, name, type, rows, out, error);
    *out = calloc(rows, element_size(type));
    return *out != NULL ? STATUS_OK : error_set(error, STATUS_INTERNAL, "out of memory");
}

/* The last session. */
static status read_session(results_reader *r, session *out, error_info *error) {
    void *updated = NULL, *seconds = NULL, *cells = NULL;
    results_dataset d;
    *out = (session){.updated = NAN};
    RETURN_IF_FAILED(results_reader_describe(r, "provenance/session_updated", &d, error));
    if (d.rank != 1 || d.dims[0] == 0)
        return error_set(error, STATUS_IO, "%s: the table of sessions has an unexpected shape",
                         results_reader_path(r));
    const size_t rows = d.dims[0];
    status result = load_column(r, d.name, ELEMENT_FLOAT64, rows, &updated, error);
    if (result == STATUS_OK)
        result = load_column(r, "provenance/session_seconds", ELEMENT_FLOAT64, rows, &seconds, error);
    if (result == STATUS_OK)
        result = load_column(r, "provenance/session_cells", ELEMENT_INT32, rows, &cells, error);
    for (size_t i = 0; result == STATUS_OK && i < rows; i++)
        if (!isnan(((double *)updated)[i]))
            *out = (session){((double *)updated)[i], ((double *)seconds)[i], ((int32_t *)cells)[i]};
    free(updated);
    free(seconds);
    free(cells);
    return result;
}

/* The session counts its cells itself, and its time by a monotonic clock: the times of day at which cells
 * were finished, on several machines, do not give them. */
static status read_rate(results_reader *r, sweep_state *out, error_info *error) {
    session last = {0};
    RETURN_IF_FAILED(read_session(r, &last, error));
    out->updated = last.updated;
    out->cells_per_hour = last.cells > 0 && last.seconds > 0 ? 3600 * last.cells / last.seconds : NAN;
    out->eta_seconds = 3600 * (double)out->counts[CELL_PENDING] / out->cells_per_hour;
    return STATUS_OK;
}

static status read_damage(results_reader *r, sweep_state *out, error_info *error) {
    damaged_cells found;
    RETURN_IF_FAILED(results_find_damage(r, &found, error));
    out->damaged = found.count;
    results_name_cells(results_reader_grid(r), found.cells, found.count, out->damaged_cells,
                       sizeof out->damaged_cells);
    free(found.cells);
    return STATUS_OK;
}

/* ---- Output ------------------------------------------------------------------------------------ */

static void print_text(const char *path, const sweep_state *s) {
    char text[TEXT_NUMBER_SIZE];
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
    if (!isnan(s->cells_per_hour))
        printf("rate of the last session: %.0f cells/hour", s->cells_per_hour);
    if (s->counts[CELL_PENDING] > 0 && !isnan(s->eta_seconds)) {
        text_duration(s->eta_seconds, text);
        printf(", %s to go at this rate", text);
    }
    const double age = clock_unix_seconds() - s->updated;
    text_duration(fabs(age), text);
    printf("%slast written %s %s\n", isnan(s->cells_per_hour) ? "" : "; ", text,
           age >= 0 ? "ago" : "ahead of this machine's clock");
}

/* JSON has no NaN. */
static void print_json_number(const char *key, double value) {
    if (isfinite(value))
        printf(", \"%s\": %.3f", key, value);
    else
        printf(", \"%s\": null", key);
}

static void print_json(const char *path, const sweep_state *s) {
    printf("{\"path\": ");
    text_print_json(stdout, path);
    printf(", \"total\": %zu", s->total);
    for (int i = 0; i < CELL_STATUS_COUNT; i++)
        printf(", \"%s\": %zu", cell_status_label((cell_status)i), s->counts[i]);
    printf(", \"damaged\": %zu", s->damaged);
    print_json_number("cells_per_hour", s->cells_per_hour);
    print_json_number("eta_seconds", s->counts[CELL_PENDING] > 0 ? s->eta_seconds : 0);
    print_json_number("updated", s->updated);
}

static status print_json_status(results_reader *r, const char *path, const sweep_state *s,
                                const uint8_t *states, error_info *error) {
    print_json(path, s);
    RETURN_IF_FAILED(status_print_failures(results_reader_grid(r), states, true, error));
    printf("}\n");
    return STATUS_OK;
}

static status print_text_status(results_reader *r, const char *path, const sweep_state *s,
                                const uint8_t *states, error_info *error) {
    print_text(path, s);
    RETURN_IF_FAILED(status_print_failures(results_reader_grid(r), states, false, error));
    return status_print_means(r, path, states, error);
}

/* The states are read first: cells that are done then are whole in what is read afterwards. */
static status print_status(results_reader *r, const char *path, bool json, error_info *error) {
    sweep_state s = {0};
    void *states;
    RETURN_IF_FAILED(results_reader_states(r, &states, error));
    count_states(states, grid_cells(results_reader_grid(r)), &s);
    status result = read_rate(r, &s, error);
    if (result == STATUS_OK)
        result = read_damage(r, &s, error);
    if (result == STATUS_OK)
        result = (json ? print_json_status : print_text_status)(r, path, &s, states, error);
    free(states);
    return result;
}

status status_print_summary(const char *path, bool json, error_info *error) {
    results_reader *reader;
    RETURN_IF_FAILED(results_reader_open(&reader, path, error));
    status result = print_status(reader, path, json, error);
    results_reader_close(&reader);
    return result;
}
