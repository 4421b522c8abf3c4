/* What a results file says about its sweep: counts, rate, expected end, means over runs. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "io/results_internal.h"

enum { VALUE_SIZE = 64, LIST_MAX = 100 };

typedef struct sweep_state {
    size_t total;
    size_t counts[CELL_STATUS_COUNT]; /* by cell_status */
    double cells_per_hour;            /* in the last session; NaN: nothing was finished in it */
    double eta_seconds;               /* for the pending cells at this rate; NaN: not known */
    double updated;                   /* time of the last sync */
} sweep_state;

static const char *const status_labels[CELL_STATUS_COUNT] = {
#define X(name, value, label) [name] = label,
    CELL_STATUSES(X)
#undef X
};

static status read_dataset(results_reader *r, const char *name, element type, void **values, size_t *count,
                           error_info *error) {
    results_dataset d;
    *values = NULL;
    RETURN_IF_FAILED(results_reader_describe(r, name, &d, error));
    if (d.type != type)
        return error_set(error, STATUS_IO, "the data set %s has an unexpected type", name);
    *count = results_dataset_elements(&d);
    return results_reader_read_all(r, &d, values, error);
}

/* ---- Counts and rate --------------------------------------------------------------------------- */

static status read_counts(results_reader *r, sweep_state *out, error_info *error) {
    void *values;
    RETURN_IF_FAILED(read_dataset(r, "status", ELEMENT_INT8, &values, &out->total, error));
    const uint8_t *states = values;
    status result = STATUS_OK;
    for (size_t cell = 0; result == STATUS_OK && cell < out->total; cell++) {
        if (states[cell] < CELL_STATUS_COUNT)
            out->counts[states[cell]]++;
        else
            result = error_set(error, STATUS_IO, "cell %zu has the unknown status %d", cell, states[cell]);
    }
    free(values);
    return result;
}

/* Start and last sync of the last session. */
static status read_session(results_reader *r, double *start, double *updated, error_info *error) {
    void *starts, *updates = NULL;
    size_t count;
    RETURN_IF_FAILED(read_dataset(r, "provenance/session_start", ELEMENT_FLOAT64, &starts, &count, error));
    status result = read_dataset(r, "provenance/session_updated", ELEMENT_FLOAT64, &updates, &count, error);
    *start = *updated = NAN;
    for (size_t i = 0; result == STATUS_OK && i < count; i++)
        if (!isnan(((double *)starts)[i])) {
            *start = ((double *)starts)[i];
            *updated = ((double *)updates)[i];
        }
    free(starts);
    free(updates);
    return result;
}

static status read_rate(results_reader *r, sweep_state *out, error_info *error) {
    double start;
    void *values;
    size_t count, finished = 0;
    RETURN_IF_FAILED(read_session(r, &start, &out->updated, error));
    RETURN_IF_FAILED(read_dataset(r, "provenance/finished", ELEMENT_FLOAT64, &values, &count, error));
    double last = start;
    for (size_t cell = 0; cell < count; cell++) {
        double time = ((const double *)values)[cell];
        finished += time >= start;
        last = time > last ? time : last;
    }
    free(values);
    out->cells_per_hour = finished > 0 && last > start ? 3600 * (double)finished / (last - start) : NAN;
    out->eta_seconds = 3600 * (double)out->counts[CELL_PENDING] / out->cells_per_hour;
    return STATUS_OK;
}

/* ---- Means over runs --------------------------------------------------------------------------- */

/* Mean of one variable over the run axes, for every combination of the other axes. */
typedef struct means {
    grid axes;      /* without the run axes; names and values are borrowed */
    double *sums;   /* (grid_cells(axes)) */
    size_t *counts; /* (grid_cells(axes)) cells done */
} means;

static grid other_axes(const grid *g) {
    grid other = {0};
    for (int i = 0; i < g->axis_count; i++)
        if (g->axes[i].kind != AXIS_RUN)
            other.axes[other.axis_count++] = g->axes[i];
    return other;
}

/* The cell of `axes` that a cell of the whole grid belongs to. */
static size_t group_of(const grid *g, const grid *axes, size_t cell) {
    size_t index[GRID_MAX_AXES], group[GRID_MAX_AXES];
    grid_cell_index(g, cell, index);
    int n = 0;
    for (int i = 0; i < g->axis_count; i++)
        if (g->axes[i].kind != AXIS_RUN)
            group[n++] = index[i];
    return grid_index_cell(axes, group);
}

static void add_up(means *m, const grid *g, const uint8_t *states, const float *values) {
    for (size_t cell = 0; cell < grid_cells(g); cell++) {
        if (states[cell] != CELL_DONE)
            continue;
        size_t group = group_of(g, &m->axes, cell);
        m->sums[group] += (double)values[cell];
        m->counts[group]++;
    }
}

static void mean_text(const means *m, size_t group, char text[VALUE_SIZE]) {
    if (m->counts[group] == 0)
        snprintf(text, VALUE_SIZE, "-");
    else
        snprintf(text, VALUE_SIZE, "%.2f", m->sums[group] / (double)m->counts[group]);
}

/* Rows: first axis; columns: second. */
static void print_table(const means *m) {
    const grid_axis *rows = &m->axes.axes[0], *columns = &m->axes.axes[1];
    char text[VALUE_SIZE], corner[2 * GRID_NAME_SIZE + 4];
    snprintf(corner, sizeof corner, "%s \\ %s", rows->name, columns->name);
    printf("  %14s", corner);
    for (size_t k = 0; k < columns->count; k++) {
        grid_value_text(columns, k, text, sizeof text);
        printf(" %10s", text);
    }
    for (size_t i = 0; i < rows->count; i++) {
        grid_value_text(rows, i, text, sizeof text);
        printf("\n  %14s", text);
        for (size_t k = 0; k < columns->count; k++) {
            mean_text(m, i * columns->count + k, text);
            printf(" %10s", text);
        }
    }
    printf("\n");
}

static void print_list(const means *m) {
    const size_t groups = grid_cells(&m->axes);
    for (size_t i = 0; i < groups && i < LIST_MAX; i++) {
        char place[1024], text[VALUE_SIZE];
        grid_cell_text(&m->axes, i, place, sizeof place);
        mean_text(m, i, text);
        printf("  %10s  %s\n", text, place);
    }
    if (groups > LIST_MAX)
        printf("  … and %zu more\n", groups - LIST_MAX);
}

static void print_means(const means *m, const char *name) {
    size_t least = SIZE_MAX, most = 0;
    for (size_t i = 0; i < grid_cells(&m->axes); i++) {
        least = m->counts[i] < least ? m->counts[i] : least;
        most = m->counts[i] > most ? m->counts[i] : most;
    }
    printf("%s in percent, mean over ", name);
    if (least == most)
        printf("%zu done cells each\n", most);
    else
        printf("%zu to %zu done cells each\n", least, most);
    if (m->axes.axis_count == 2)
        print_table(m);
    else
        print_list(m);
}

static status print_variable(results_reader *r, const char *name, const uint8_t *states, error_info *error) {
    const grid *g = results_reader_grid(r);
    means m = {.axes = other_axes(g)};
    void *values;
    size_t count;
    RETURN_IF_FAILED(read_dataset(r, name, ELEMENT_FLOAT32, &values, &count, error));
    m.sums = calloc(grid_cells(&m.axes), sizeof *m.sums);
    m.counts = calloc(grid_cells(&m.axes), sizeof *m.counts);
    status result = STATUS_OK;
    if (m.sums != NULL && m.counts != NULL) {
        add_up(&m, g, states, values);
        print_means(&m, name);
    } else
        result = error_set(error, STATUS_INTERNAL, "out of memory");
    free(m.sums);
    free(m.counts);
    free(values);
    return result;
}

/* All variables in percent that have the shape of the grid. The status is read first: what is done then is
 * whole in what is read afterwards. */
static status print_all_means(results_reader *r, error_info *error) {
    void *states;
    size_t cells;
    RETURN_IF_FAILED(read_dataset(r, "status", ELEMENT_INT8, &states, &cells, error));
    status result = STATUS_OK;
    for (int i = 0; result == STATUS_OK && i < results_reader_count(r); i++) {
        results_dataset d;
        result = results_reader_describe(r, results_reader_name(r, i), &d, error);
        if (result == STATUS_OK && strcmp(d.units, "percent") == 0 && d.type == ELEMENT_FLOAT32 &&
            d.rank == results_reader_grid(r)->axis_count)
            result = print_variable(r, d.name, states, error);
    }
    free(states);
    return result;
}

/* ---- Output ------------------------------------------------------------------------------------ */

static void print_text(const char *path, const sweep_state *s) {
    char text[TEXT_NUMBER_SIZE];
    printf("%s: %zu cells", path, s->total);
    for (int i = 0; i < CELL_STATUS_COUNT; i++)
        if (s->counts[i] > 0 || i == CELL_DONE)
            printf(", %zu %s", s->counts[i], status_labels[i]);
    printf("\n");
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
        printf(", \"%s\": %zu", status_labels[i], s->counts[i]);
    print_json_number("cells_per_hour", s->cells_per_hour);
    print_json_number("eta_seconds", s->counts[CELL_PENDING] > 0 ? s->eta_seconds : 0);
    print_json_number("updated", s->updated);
    printf("}\n");
}

static status print_status(results_reader *r, const char *path, bool json, error_info *error) {
    sweep_state state = {0};
    RETURN_IF_FAILED(read_counts(r, &state, error));
    RETURN_IF_FAILED(read_rate(r, &state, error));
    if (json) {
        print_json(path, &state);
        return STATUS_OK;
    }
    print_text(path, &state);
    return print_all_means(r, error);
}

status results_print_status(const char *path, bool json, error_info *error) {
    results_reader *reader;
    RETURN_IF_FAILED(results_reader_open(&reader, path, error));
    status result = print_status(reader, path, json, error);
    results_reader_close(&reader);
    return result;
}

status results_print_means(const char *path, error_info *error) {
    results_reader *reader;
    RETURN_IF_FAILED(results_reader_open(&reader, path, error));
    status result = print_all_means(reader, error);
    results_reader_close(&reader);
    return result;
}
