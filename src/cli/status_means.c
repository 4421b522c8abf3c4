/* Means over the run axes of the variables with one value per cell, as tables for people. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/best_cell.h"
#include "cli/status_means.h"
#include "cli/terminal.h"
#include "grid/cell.h"
#include "grid/grid.h"
#include "io/results/auxiliaries.h"
#include "io/results/layout.h"
#include "io/results/reader.h"

/* Nobody reads a wider table: then the best are shown. */
enum { VALUE_SIZE = 64, PLACE_SIZE = 1024, MOST_COLUMNS = 20, MOST_BEST = 20 };

/* Mean of one variable over the run axes, for every combination of the other axes. */
typedef struct means {
    const results_dataset *variable;
    const means_view *view;
    bool percent;   /* an accuracy */
    bool highest;   /* is the best; else the lowest */
    grid axes;      /* without the run axes; all that it points to is borrowed */
    double *sums;   /* (grid_cells(axes)) */
    size_t *counts; /* (grid_cells(axes)) cells done, with a finite value */
} means;

/* The grid without the run axes; the caller frees its list of auxiliary coordinates, NULL without memory. */
static grid other_axes(const grid *g) {
    grid other = {.auxiliaries = calloc((size_t)g->auxiliary_count + 1, sizeof *other.auxiliaries)};
    for (int i = 0; i < g->axis_count; i++) {
        if (g->axes[i].kind == AXIS_RUN)
            continue;
        for (int k = 0; other.auxiliaries != NULL && k < g->auxiliary_count; k++)
            if (g->auxiliaries[k].axis == i) {
                other.auxiliaries[other.auxiliary_count] = g->auxiliaries[k];
                other.auxiliaries[other.auxiliary_count++].axis = other.axis_count;
            }
        other.axes[other.axis_count++] = g->axes[i];
    }
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
        if (states[cell] != CELL_DONE || !isfinite(values[cell]))
            continue;
        size_t group = group_of(g, &m->axes, cell);
        m->sums[group] += (double)values[cell];
        m->counts[group]++;
    }
}

static double mean_of(const means *m, size_t group) {
    return m->counts[group] > 0 ? m->sums[group] / (double)m->counts[group] : NAN;
}

static void mean_text(const means *m, size_t group, char text[VALUE_SIZE]) {
    if (m->counts[group] == 0)
        snprintf(text, VALUE_SIZE, "-");
    else
        text_value(mean_of(m, group), m->percent, text);
}

/* ---- Tables ------------------------------------------------------------------------------------ */

static int longest_name(const grid_axis *axis, int least) {
    for (size_t i = 0; i < axis->count; i++) {
        char text[VALUE_SIZE];
        grid_value_name(axis, i, text, sizeof text);
        least = (int)strlen(text) > least ? (int)strlen(text) : least;
    }
    return least;
}

typedef struct table_shape {
    char corner[2 * GRID_NAME_SIZE + 4]; /* the names of the axes */
    int first, width;                    /* of the first column, of the others */
} table_shape;

static table_shape shape_table(const means *m) {
    const grid_axis *rows = &m->axes.axes[0], *columns = &m->axes.axes[1];
    table_shape shape;
    snprintf(shape.corner, sizeof shape.corner, "%.*s \\ %.*s", GRID_NAME_SIZE, rows->name, GRID_NAME_SIZE,
             columns->name);
    shape.first = longest_name(rows, (int)strlen(shape.corner));
    shape.width = longest_name(columns, 10);
    return shape;
}

static bool table_fits(const means *m) {
    const grid_axis *axes = m->axes.axes;
    if (m->axes.axis_count != 2 || axes[0].count > m->view->most_rows || axes[1].count > MOST_COLUMNS)
        return false;
    const table_shape shape = shape_table(m);
    const int columns = m->view->columns, all = 2 + shape.first + (int)axes[1].count * (1 + shape.width);
    return columns == 0 || all < columns;
}

/* Rows: first axis; columns: second. */
static void print_table(const means *m) {
    const grid_axis *rows = &m->axes.axes[0], *columns = &m->axes.axes[1];
    const table_shape shape = shape_table(m);
    const int first = shape.first, width = shape.width;
    char text[VALUE_SIZE];
    printf("  %*s", first, shape.corner);
    for (size_t k = 0; k < columns->count; k++) {
        grid_value_name(columns, k, text, sizeof text);
        printf(" %*s", width, text);
    }
    for (size_t i = 0; i < rows->count; i++) {
        grid_value_name(rows, i, text, sizeof text);
        printf("\n  %*s", first, text);
        for (size_t k = 0; k < columns->count; k++) {
            mean_text(m, i * columns->count + k, text);
            printf(" %*s", width, text);
        }
    }
    printf("\n");
}

static void print_group(const means *m, size_t group) {
    char place[PLACE_SIZE], text[VALUE_SIZE], line[PLACE_SIZE + VALUE_SIZE + 8];
    grid_cell_text(&m->axes, group, place, sizeof place);
    mean_text(m, group, text);
    snprintf(line, sizeof line, "  %10s  %s", text, place);
    terminal_print_line(line, m->view->columns);
}

static void print_list(const means *m) {
    for (size_t i = 0; i < grid_cells(&m->axes); i++)
        print_group(m, i);
}

/* Whether a group with a mean is better than another; of equal ones the first is. */
static bool is_better(const means *m, size_t group, size_t other) {
    const double a = mean_of(m, group), b = mean_of(m, other);
    return m->highest ? a > b : a < b;
}

/* The best groups, the best first; their number. */
static size_t choose_best(const means *m, size_t best[MOST_BEST]) {
    const size_t most = m->view->most_rows < MOST_BEST ? m->view->most_rows : MOST_BEST;
    size_t count = 0;
    for (size_t group = 0; group < grid_cells(&m->axes); group++) {
        if (m->counts[group] == 0 || (count == most && !is_better(m, group, best[count - 1])))
            continue;
        size_t place = count < most ? count++ : count - 1;
        for (; place > 0 && is_better(m, group, best[place - 1]); place--)
            best[place] = best[place - 1];
        best[place] = group;
    }
    return count;
}

static void print_best(const means *m, const char *path) {
    size_t best[MOST_BEST];
    const size_t count = choose_best(m, best);
    printf("  the %zu %s of %zu combinations; all: analysis/ranking.py %s %s\n", count,
           m->highest ? "highest" : "lowest", grid_cells(&m->axes), path, m->variable->name);
    for (size_t i = 0; i < count; i++)
        print_group(m, best[i]);
}

static void print_means(const means *m, const char *path) {
    const size_t groups = grid_cells(&m->axes);
    size_t least = SIZE_MAX, most = 0;
    for (size_t i = 0; i < groups; i++) {
        least = m->counts[i] < least ? m->counts[i] : least;
        most = m->counts[i] > most ? m->counts[i] : most;
    }
    printf("%s%s, mean over ", m->variable->name, m->percent ? " in percent" : "");
    if (least == most)
        printf("%zu done cells each\n", most);
    else
        printf("%zu to %zu done cells each\n", least, most);
    if (table_fits(m))
        print_table(m);
    else if (m->axes.axis_count != 2 && groups <= m->view->most_rows)
        print_list(m);
    else
        print_best(m, path);
}

/* ---- Variables --------------------------------------------------------------------------------- */

static status print_variable(results_reader *r, const results_dataset *variable, const grid *axes,
                             const char *path, const uint8_t *states, const means_view *view,
                             error_info *error) {
    const grid *g = results_reader_grid(r);
    means m = {.variable = variable,
               .view = view,
               .percent = best_is_percent(variable->name),
               .highest = best_is_highest(variable->name),
               .axes = *axes};
    void *values;
    RETURN_IF_FAILED(results_reader_load(r, variable->name, ELEMENT_FLOAT32, grid_cells(g), &values, error));
    m.sums = calloc(grid_cells(&m.axes), sizeof *m.sums);
    m.counts = calloc(grid_cells(&m.axes), sizeof *m.counts);
    status result = STATUS_OK;
    if (m.sums != NULL && m.counts != NULL) {
        add_up(&m, g, states, values);
        print_means(&m, path);
    } else
        result = error_set(error, STATUS_INTERNAL, "out of memory");
    free(m.sums);
    free(m.counts);
    free(values);
    return result;
}

static status print_variables(results_reader *r, const grid *axes, const char *path, const uint8_t *states,
                              const means_view *view, error_info *error) {
    status result = STATUS_OK;
    for (int i = 0; result == STATUS_OK && i < results_reader_count(r); i++) {
        results_dataset d;
        const char *name = results_reader_name(r, i);
        if ((view->variable != NULL && strcmp(name, view->variable) != 0) ||
            strcmp(name, RECORD_STEPS_PLANNED) == 0)
            continue;
        result = results_reader_describe(r, name, &d, error);
        if (result == STATUS_OK && best_is_one_per_cell(r, &d))
            result = print_variable(r, &d, axes, path, states, view, error);
    }
    return result;
}

status status_print_means(results_reader *r, const char *path, const uint8_t *states, const means_view *view,
                          error_info *error) {
    grid whole;
    status result = results_read_auxiliaries(r, &whole, error);
    if (result == STATUS_OK) {
        const grid axes = other_axes(&whole);
        result = axes.auxiliaries != NULL ? print_variables(r, &axes, path, states, view, error)
                                          : error_set(error, STATUS_INTERNAL, "out of memory");
        free(axes.auxiliaries);
    }
    grid_release(&whole);
    return result;
}
