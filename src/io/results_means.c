/* Means over the run axes of the variables in percent, as tables for people. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/results_internal.h"

enum { VALUE_SIZE = 64, LIST_MAX = 100 };

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
        grid_value_name(columns, k, text, sizeof text);
        printf(" %10s", text);
    }
    for (size_t i = 0; i < rows->count; i++) {
        grid_value_name(rows, i, text, sizeof text);
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
    RETURN_IF_FAILED(results_reader_load(r, name, ELEMENT_FLOAT32, grid_cells(g), &values, error));
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

/* The variables in percent that have one value for each cell. */
status results_print_all_means(results_reader *r, const uint8_t *states, error_info *error) {
    status result = STATUS_OK;
    for (int i = 0; result == STATUS_OK && i < results_reader_count(r); i++) {
        results_dataset d;
        result = results_reader_describe(r, results_reader_name(r, i), &d, error);
        if (result == STATUS_OK && strcmp(d.units, "percent") == 0 && d.type == ELEMENT_FLOAT32 &&
            d.rank == results_reader_grid(r)->axis_count)
            result = print_variable(r, d.name, states, error);
    }
    return result;
}

status results_print_means(const char *path, error_info *error) {
    results_reader *reader;
    void *states = NULL;
    RETURN_IF_FAILED(results_reader_open(&reader, path, error));
    status result = results_reader_states(reader, &states, error);
    if (result == STATUS_OK)
        result = results_print_all_means(reader, states, error);
    free(states);
    results_reader_close(&reader);
    return result;
}
