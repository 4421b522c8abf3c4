/* The best cell of a results file. */
#ifndef CLI_BEST_CELL_H
#define CLI_BEST_CELL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "io/results/reader.h"

typedef struct best_cell {
    bool known;   /* some cell is done and has a finite value */
    bool percent; /* an accuracy */
    bool highest; /* is the best; else the lowest */
    size_t cell;  /* the first of equal ones */
    double value;
} best_cell;

/* Is a number that is recorded under this name an accuracy, in percent? */
bool best_is_percent(const char *variable);

/* Is the highest of those that are recorded under this name the best? */
bool best_is_highest(const char *variable);

/* Is it a number that was recorded once per cell: float32 over the axes alone? Curves have one dimension
 * more; steps taken and coordinates have another type. */
bool best_is_one_per_cell(const results_reader *r, const results_dataset *d);

/* The name of the number by which cells are compared: the first accuracy with one number per cell, else the
 * first with one number per cell; "": there is none. */
status best_choose_variable(results_reader *r, char name[], size_t size, error_info *error);

/* Among the cells that are done according to `states` (cells) and, unless that is NULL, selected (cells). */
status best_find(results_reader *r, const char *variable, const uint8_t *states, const bool *selected,
                 best_cell *out, error_info *error);

#endif
