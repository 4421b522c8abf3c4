/* What a results file says about its sweep: counts, rate, expected end. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "io/results_internal.h"

typedef struct sweep_state {
    size_t total;
    size_t counts[CELL_STATUS_COUNT]; /* by cell_status */
    double cells_per_hour;            /* in the last session; NaN: nothing was finished in it */
    double eta_seconds;               /* for the pending cells at this rate; NaN: not known */
    double updated;                   /* time of the last sync */
    size_t damaged;                   /* cells with a status that do not fit their checksum */
    char damaged_cells[512];          /* the first of them */
} sweep_state;

/* ---- Counts and rate --------------------------------------------------------------------------- */

static void count_states(const uint8_t *states, size_t cells, sweep_state *out) {
    out->total = cells;
    for (size_t cell = 0; cell < cells; cell++)
        out->counts[states[cell]]++;
}

/* Start and last sync of the last session: in the last row that was written. */
static status read_session(results_reader *r, double *start, double *updated, error_info *error) {
    results_dataset starts, updates;
    void *values = NULL;
    *start = *updated = NAN;
    RETURN_IF_FAILED(results_reader_describe(r, "provenance/session_start", &starts, error));
    RETURN_IF_FAILED(results_reader_describe(r, "provenance/session_updated", &updates, error));
    if (starts.rank != 1 || starts.type != ELEMENT_FLOAT64 || updates.type != ELEMENT_FLOAT64)
        return error_set(error, STATUS_IO, "%s: the table of sessions has an unexpected type",
                         results_reader_path(r));
    const size_t rows = starts.dims[0];
    RETURN_IF_FAILED(results_reader_load(r, starts.name, ELEMENT_FLOAT64, rows, &values, error));
    size_t last = 0;
    for (size_t i = 0; i < rows; i++)
        if (!isnan(((double *)values)[i])) {
            *start = ((double *)values)[i];
            last = i;
        }
    free(values);
    RETURN_IF_FAILED(results_reader_load(r, updates.name, ELEMENT_FLOAT64, rows, &values, error));
    *updated = isnan(*start) || rows == 0 ? NAN : ((double *)values)[last];
    free(values);
    return STATUS_OK;
}

static status read_rate(results_reader *r, sweep_state *out, error_info *error) {
    double start;
    void *values;
    size_t finished = 0;
    RETURN_IF_FAILED(read_session(r, &start, &out->updated, error));
    RETURN_IF_FAILED(
        results_reader_load(r, "provenance/finished", ELEMENT_FLOAT64, out->total, &values, error));
    double last = start;
    for (size_t cell = 0; cell < out->total; cell++) {
        double time = ((const double *)values)[cell];
        finished += time >= start;
        last = time > last ? time : last;
    }
    free(values);
    out->cells_per_hour = finished > 0 && last > start ? 3600 * (double)finished / (last - start) : NAN;
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
        printf("damaged, they do not fit their checksum: %s; mpisweep run --retry-failed trains them again\n",
               s->damaged_cells);
    if (!isnan(s->cells_per_hour))
        printf("rate of the last session: %.0f cells/hour", s->cells_per_hour);
    if (s->counts[CELL_PENDING] > 0 && !isnan(s->eta_seconds)) {
        text_duration(s->eta_seconds, text);
        printf(", %s to go at this rate", text);
    }
    text_duration(clock_unix_seconds() - s->updated, text);
    printf("%slast written %s ago\n", isnan(s->cells_per_hour) ? "" : "; ", text);
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
    RETURN_IF_FAILED(results_print_failures(results_reader_grid(r), states, true, error));
    printf("}\n");
    return STATUS_OK;
}

static status print_text_status(results_reader *r, const char *path, const sweep_state *s,
                                const uint8_t *states, error_info *error) {
    print_text(path, s);
    RETURN_IF_FAILED(results_print_failures(results_reader_grid(r), states, false, error));
    return results_print_all_means(r, path, states, error);
}

/* The states are read first: what is done then is whole in what is read afterwards. */
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

status results_print_status(const char *path, bool json, error_info *error) {
    results_reader *reader;
    RETURN_IF_FAILED(results_reader_open(&reader, path, error));
    status result = print_status(reader, path, json, error);
    results_reader_close(&reader);
    return result;
}
