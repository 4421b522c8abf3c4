/* The grid: named axes, and the cells of their product.
 *
 * Cells are numbered in row-major order of the axes as the job file names them (the last axis runs fastest),
 * which is also the order of the results file. */
#ifndef GRID_GRID_H
#define GRID_GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/status.h"

enum { GRID_MAX_AXES = 8, GRID_MAX_AUXILIARIES = 128, GRID_NAME_SIZE = 64 };

/* The run axis counts independent repeats: values 0, 1, 2, …, and sets no key. */
typedef enum axis_kind { AXIS_RUN, AXIS_NUMBER, AXIS_LABEL } axis_kind;

typedef struct grid_axis {
    char name[GRID_NAME_SIZE];
    axis_kind kind;
    size_t count;
    double *numbers; /* (count), AXIS_RUN and AXIS_NUMBER */
    char **labels;   /* (count), AXIS_LABEL */
    bool has_base;   /* one value names no random streams: that of cells from before there was the axis … */
    size_t base;     /* … which is this one */
} grid_axis;

/* What one key of an axis that sets several has for each value of the axis, which is only the number of a
 * draw: an auxiliary coordinate along it. */
typedef struct grid_auxiliary {
    int axis;
    char name[GRID_NAME_SIZE];
    char *key;       /* of the job, in full */
    double *numbers; /* (count of the axis), or … */
    char **labels;   /* … (count of the axis) */
} grid_auxiliary;

typedef struct grid {
    int axis_count;
    grid_axis axes[GRID_MAX_AXES];
    int auxiliary_count;
    grid_auxiliary
        *auxiliaries; /* (auxiliary_count, at most GRID_MAX_AUXILIARIES) in the order of the axes */
    bool paired;      /* cells of one run share their random streams: only the run axis keys them */
} grid;

/* Number of cells: the product of the axis lengths (1 for no axes). */
size_t grid_cells(const grid *g);

/* Position of a cell on every axis, and back. index: (axis_count) */
void grid_cell_index(const grid *g, size_t cell, size_t index[GRID_MAX_AXES]);
size_t grid_index_cell(const grid *g, const size_t index[GRID_MAX_AXES]);

/* The number that names a cell's random streams: a hash of its axis values by name, so that it does not
 * change when an axis is extended, axes are reordered, or one is added where the cell has its base. */
uint64_t grid_coordinates(const grid *g, size_t cell);

/* One axis value in full: "0.01", "3", "cnn4", "0.0031622776601683795". */
void grid_value_text(const grid_axis *axis, size_t index, char *text, size_t size);

/* The shortest name of a value for people: the fewest digits, three or more, that no other value of the axis
 * rounds to ("0.00316"); integers, labels, and numbers of up to six digits in full. */
void grid_value_name(const grid_axis *axis, size_t index, char *text, size_t size);

/* A value in full as JSON: a number, or a string for a label. */
void grid_print_json_value(FILE *out, const grid_axis *axis, size_t index);

/* Find the axis of this name and kind; -1. */
int grid_find_axis(const grid *g, const grid_axis *like);

/* A cell as a JSON object of its axis values and auxiliary coordinates: {"run": 3, "lr": 0.01}. */
void grid_print_json_cell(FILE *out, const grid *g, size_t cell);

/* Find value `i` of the axis `part` on the axis `whole`, bit for bit. The search begins at *position, where
 * it succeeds at once for a list that was only extended, and updates it. False when it is not on that
 * axis. */
bool grid_find_value(const grid_axis *whole, const grid_axis *part, size_t i, size_t *position);

/* An auxiliary coordinate as if it were an axis, for functions that name values. It borrows. */
grid_axis grid_auxiliary_axis(const grid *g, const grid_auxiliary *auxiliary);

/* "run=3, lr=0.01, lambda=0": the names of a cell's values; auxiliary coordinates follow their axis, "draw=3
 * (lr=0.01, batch=32)". */
void grid_cell_text(const grid *g, size_t cell, char *text, size_t size);

/* Mark the cells that have, on every axis that is named, one of the values named for it: `count` selections
 * "AXIS=VALUE[,VALUE]...", several of one axis joined. A number names the value that it is, else the one that
 * is this number when it is rounded to as many digits (grid_value_name). selected: (cells). STATUS_USAGE when
 * an axis or a value does not exist, or several values have the name; `selected` is untouched then. */
status grid_select(const grid *g, const char *const selections[], int count, bool *selected,
                   error_info *error);

/* Mark in chosen (count of the axis) the one value called `wanted`, as grid_select does. */
status grid_choose_value(const grid_axis *axis, const char *wanted, bool *chosen, error_info *error);

/* Free what the axes own; the grid is empty afterwards. */
void grid_release(grid *g);

#endif
