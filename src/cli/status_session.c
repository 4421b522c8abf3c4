#include "cli/status_session.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"

enum { MOST_RANKS = 3 }; /* that are listed one by one; of more, the least and the most busy */

/* ---- The table of sessions ---------------------------------------------------------------------- */

/* A column of the table, of `rows` rows; all 0 in a file of an older program, which has none. */
static status load_column(results_reader *r, const char *name, element type, size_t rows, void **out,
                          error_info *error) {
    results_dataset d;
    if (results_reader_describe(r, name, &d, NULL) == STATUS_OK)
        return results_reader_load(r, name, type, rows, out, error);
    *out = calloc(rows, element_size(type));
    return *out != NULL ? STATUS_OK : error_set(error, STATUS_INTERNAL, "out of memory");
}

enum { COLUMN_UPDATED, COLUMN_SECONDS, COLUMN_CELLS, COLUMN_START, COLUMN_RANKS, COLUMNS };
static const struct {
    const char *name;
    element type;
} columns[COLUMNS] = {
    [COLUMN_UPDATED] = {"provenance/session_updated", ELEMENT_FLOAT64},
    [COLUMN_SECONDS] = {"provenance/session_seconds", ELEMENT_FLOAT64},
    [COLUMN_CELLS] = {"provenance/session_cells", ELEMENT_INT32},
    [COLUMN_START] = {"provenance/session_start", ELEMENT_FLOAT64},
    [COLUMN_RANKS] = {"provenance/session_ranks", ELEMENT_INT32},
};

static void take_last(void *const table[COLUMNS], size_t rows, session_state *out) {
    *out = (session_state){.started = NAN, .updated = NAN};
    for (size_t i = 0; i < rows; i++)
        if (!isnan(((double *)table[COLUMN_UPDATED])[i]))
            *out = (session_state){.started = ((double *)table[COLUMN_START])[i],
                                   .updated = ((double *)table[COLUMN_UPDATED])[i],
                                   .seconds = ((double *)table[COLUMN_SECONDS])[i],
                                   .cells = ((int32_t *)table[COLUMN_CELLS])[i],
                                   .ranks = ((int32_t *)table[COLUMN_RANKS])[i]};
}

static status read_last(results_reader *r, session_state *out, error_info *error) {
    void *table[COLUMNS] = {NULL};
    results_dataset d;
    RETURN_IF_FAILED(results_reader_describe(r, columns[COLUMN_UPDATED].name, &d, error));
    if (d.rank != 1 || d.dims[0] == 0)
        return error_set(error, STATUS_IO, "%s: the table of sessions has an unexpected shape",
                         results_reader_path(r));
    status result = STATUS_OK;
    for (int i = 0; i < COLUMNS && result == STATUS_OK; i++)
        result = load_column(r, columns[i].name, columns[i].type, d.dims[0], &table[i], error);
    if (result == STATUS_OK)
        take_last(table, d.dims[0], out);
    for (int i = 0; i < COLUMNS; i++)
        free(table[i]);
    return result;
}

/* ---- How busy ----------------------------------------------------------------------------------- */

/* What the cells took that the session stored, by rank: those that were stored while it ran. Seconds of a
 * cell that was resumed include those before its checkpoint: they count up to the length of the session. */
static void add_stored(session_state *s, size_t cells, const double *finished, const double *seconds,
                       const int32_t *rank) {
    for (size_t i = 0; i < cells; i++)
        if (finished[i] >= s->started && finished[i] <= s->updated && rank[i] >= 0 && rank[i] < s->ranks &&
            seconds[i] > 0)
            s->busy[rank[i]] += fmin(seconds[i], finished[i] - s->started);
}

/* The session's own clock is the calendar of the machine that writes. */
static double add_running(session_state *s, const running_cells *running) {
    if (!(running->updated >= s->started))
        return s->seconds;
    for (uint32_t i = 0; i < running->count; i++) {
        const running_row *row = &running->rows[i];
        if (row->rank >= 0 && row->rank < s->ranks)
            s->busy[row->rank] += fmax(running->updated - fmax(row->since, s->started), 0);
    }
    return running->updated - s->started;
}

static void divide(session_state *s, double lasted) {
    for (int rank = 0; rank < s->ranks; rank++)
        s->busy[rank] = lasted > 0 ? fmin(s->busy[rank] / lasted, 1) : 0;
}

static status read_busy(results_reader *r, const running_cells *running, session_state *s,
                        error_info *error) {
    const size_t cells = grid_cells(results_reader_grid(r));
    void *finished = NULL, *seconds = NULL, *rank = NULL;
    s->busy = calloc((size_t)s->ranks, sizeof *s->busy);
    status result = s->busy != NULL ? STATUS_OK : error_set(error, STATUS_INTERNAL, "out of memory");
    if (result == STATUS_OK)
        result = load_column(r, "provenance/finished", ELEMENT_FLOAT64, cells, &finished, error);
    if (result == STATUS_OK)
        result = load_column(r, "provenance/seconds", ELEMENT_FLOAT64, cells, &seconds, error);
    if (result == STATUS_OK)
        result = load_column(r, "provenance/rank", ELEMENT_INT32, cells, &rank, error);
    if (result == STATUS_OK) {
        add_stored(s, cells, finished, seconds, rank);
        divide(s, add_running(s, running));
    }
    free(finished);
    free(seconds);
    free(rank);
    return result;
}

status status_read_session(results_reader *r, const running_cells *running, session_state *out,
                           error_info *error) {
    enum { MOST = 1 << 20 }; /* ranks */
    *out = (session_state){.started = NAN, .updated = NAN};
    RETURN_IF_FAILED(read_last(r, out, error));
    const bool trains = out->cells > 0 || running->count > 0;
    return trains && out->ranks > 0 && out->ranks < MOST ? read_busy(r, running, out, error) : STATUS_OK;
}

void status_release_session(session_state *s) {
    free(s->busy);
    s->busy = NULL;
}

/* ---- Output ------------------------------------------------------------------------------------- */

static double mean_of(const double *busy, int ranks) {
    double sum = 0;
    for (int rank = 0; rank < ranks; rank++)
        sum += busy[rank];
    return sum / ranks;
}

static void print_extremes(const double *busy, int ranks) {
    int least = 0, most = 0;
    for (int rank = 1; rank < ranks; rank++) {
        least = busy[rank] < busy[least] ? rank : least;
        most = busy[rank] > busy[most] ? rank : most;
    }
    printf(" (rank %d %.0f %%, rank %d %.0f %%)", least, 100 * busy[least], most, 100 * busy[most]);
}

void status_print_busy(const double *busy, int ranks) {
    printf("%d rank%s busy %.0f %% of the time", ranks, ranks == 1 ? "" : "s", 100 * mean_of(busy, ranks));
    if (ranks > MOST_RANKS)
        print_extremes(busy, ranks);
    for (int rank = 0; ranks > 1 && ranks <= MOST_RANKS && rank < ranks; rank++)
        printf("%srank %d %.0f %%%s", rank == 0 ? " (" : ", ", rank, 100 * busy[rank],
               rank == ranks - 1 ? ")" : "");
    printf("\n");
}

void status_print_session_json(const session_state *s) {
    printf(", \"session\": {\"started\": ");
    text_print_json_number(stdout, s->started);
    printf(", \"ranks\": %d, \"cells\": %d, \"seconds\": ", s->ranks, s->cells);
    text_print_json_number(stdout, s->seconds);
    printf(", \"busy\": ");
    text_print_json_number(stdout, s->busy != NULL ? mean_of(s->busy, s->ranks) : NAN);
    printf(", \"busy_by_rank\": [");
    for (int rank = 0; s->busy != NULL && rank < s->ranks; rank++) {
        fputs(rank > 0 ? ", " : "", stdout);
        text_print_json_number(stdout, s->busy[rank]);
    }
    printf("]}");
}
