#include "cli/best_cell.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/engine.h"
#include "grid/cell.h"
#include "grid/grid.h"

/* A number of one moment has the name of its quantity, that of the best moment with best_ before it. */
static size_t quantity_of(const char *variable) {
    static const char best[] = "best_";
    const bool of_best = strncmp(variable, best, strlen(best)) == 0;
    return name_find(&record_names, variable + (of_best ? strlen(best) : 0));
}

bool best_is_percent(const char *variable) {
    const size_t q = quantity_of(variable);
    return q < RECORD_QUANTITY_COUNT && record_is_accuracy((record_quantity)q);
}

bool best_is_highest(const char *variable) {
    const size_t q = quantity_of(variable);
    return q < RECORD_QUANTITY_COUNT && record_is_best_high((record_quantity)q);
}

bool best_is_one_per_cell(const results_reader *r, const results_dataset *d) {
    const grid *g = results_reader_grid(r);
    return d->type == ELEMENT_FLOAT32 && d->rank == g->axis_count &&
           results_dataset_elements(d) == grid_cells(g);
}

status best_choose_variable(results_reader *r, char name[], size_t size, error_info *error) {
    name[0] = '\0';
    for (int i = results_reader_count(r) - 1; i >= 0; i--) {
        results_dataset d;
        RETURN_IF_FAILED(results_reader_describe(r, results_reader_name(r, i), &d, error));
        if (best_is_one_per_cell(r, &d) && (best_is_percent(d.name) || !best_is_percent(name)))
            snprintf(name, size, "%s", d.name);
    }
    return STATUS_OK;
}

static void compare(best_cell *best, size_t cell, double value) {
    if (!isfinite(value))
        return;
    if (best->known && (best->highest ? value <= best->value : value >= best->value))
        return;
    best->known = true;
    best->cell = cell;
    best->value = value;
}

status best_find(results_reader *r, const char *variable, const uint8_t *states, const bool *selected,
                 best_cell *out, error_info *error) {
    const size_t cells = grid_cells(results_reader_grid(r));
    void *values;
    *out = (best_cell){.percent = best_is_percent(variable), .highest = best_is_highest(variable)};
    RETURN_IF_FAILED(results_reader_load(r, variable, ELEMENT_FLOAT32, cells, &values, error));
    for (size_t cell = 0; cell < cells; cell++)
        if (states[cell] == CELL_DONE && (selected == NULL || selected[cell]))
            compare(out, cell, (double)((const float *)values)[cell]);
    free(values);
    return STATUS_OK;
}
