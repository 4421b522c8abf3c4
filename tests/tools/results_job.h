/* A job made by hand, and values for its cells that checkers can compute again.
 *
 * Axes: run (runs) × lr {0.01, 0.001} × model {"mlp", "cnn"}. Records: train_loss (STEPS), test_accuracy
 * (EPOCHS), test_loss (once), weights_0 (2, 3), test_gradient_0 every epoch (EPOCHS, 2) of every fifth
 * weight, grid_output (2, 2, 1) from −1 to 0.5. Cell c holds the value 100·c + 50·variable + position; every
 * seventh cell is diverged. Every fifth cell has only SHORT_STEPS training losses and one epoch; the rest is
 * NaN. */
#ifndef TESTS_RESULTS_JOB_H
#define TESTS_RESULTS_JOB_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "grid/cell.h"
#include "io/job/job.h"
#include "io/job/table.h"

enum { STEPS = 20, SHORT_STEPS = 15, EPOCHS = 3, VARIABLES = 6 };
enum { VALUES = STEPS + EPOCHS + 1 + 6 + 2 * EPOCHS + 4 };

static const record_layout results_job_records = {
    .variable_count = VARIABLES,
    .variables = {{.name = "train_loss",
                   .long_name = "loss of the training batch",
                   .units = "1",
                   .axis = RECORD_AXIS_STEP,
                   .first = 2,
                   .every = 2,
                   .count = STEPS},
                  {.name = "test_accuracy",
                   .long_name = "test accuracy",
                   .units = "percent",
                   .axis = RECORD_AXIS_EPOCH,
                   .first = 1,
                   .every = 1,
                   .count = EPOCHS,
                   .offset = STEPS},
                  {.name = "test_loss",
                   .long_name = "loss over the test set",
                   .units = "1",
                   .axis = RECORD_AXIS_NONE,
                   .count = 1,
                   .offset = STEPS + EPOCHS},
                  {.name = "weights_0",
                   .long_name = "weights of layer 0",
                   .units = "1",
                   .axis = RECORD_AXIS_NONE,
                   .count = 1,
                   .rank = 2,
                   .dims = {{"weights_0_output", 2, 0, 1}, {"weights_0_input", 3, 0, 1}},
                   .offset = STEPS + EPOCHS + 1},
                  {.name = "test_gradient_0",
                   .long_name = "gradient of layer 0",
                   .units = "1",
                   .axis = RECORD_AXIS_EPOCH,
                   .first = 1,
                   .every = 1,
                   .count = EPOCHS,
                   .rank = 1,
                   .dims = {{"test_gradient_0_weight", 2, 0, 5}},
                   .offset = STEPS + EPOCHS + 7},
                  {.name = "grid_output",
                   .long_name = "outputs over a grid of points",
                   .units = "1",
                   .axis = RECORD_AXIS_NONE,
                   .count = 1,
                   .rank = 3,
                   .dims = {{"grid_y", 2, -1, 1.5}, {"grid_x", 2, -1, 1.5}, {"output", 1, 0, 1}},
                   .offset = STEPS + 3 * EPOCHS + 7}},
    .value_count = VALUES,
};

/* Static memory; one job at a time. */
static inline job results_job_make(size_t runs) {
    static double lr[] = {0.01, 0.001}, numbers[10000];
    static char mlp[] = "mlp", cnn[] = "cnn";
    static char *models[] = {mlp, cnn};
    static char text[] = "job: made_by_hand\n", canonical[] = "optimizer.lr = 0.01\n";
    static job_details details = {.axes = {{0},
                                           {.key_count = 1, .keys = {{.text = "optimizer.lr"}}},
                                           {.key_count = 1, .keys = {{.text = "model.layers"}}}}};
    for (size_t i = 0; i < runs; i++)
        numbers[i] = (double)i;
    return (job){
        .text = text,
        .name = "made_by_hand",
        .title = "Cells made by hand",
        .details = &details,
        .canonical = canonical,
        .digest = 0x0123456789abcdef,
        .grid = {.axis_count = 3,
                 .axes = {{.name = "run", .kind = AXIS_RUN, .count = runs, .numbers = numbers},
                          {.name = "lr", .kind = AXIS_NUMBER, .count = 2, .numbers = lr},
                          {.name = "model", .kind = AXIS_LABEL, .count = 2, .labels = models}}},
    };
}

static inline cell_status results_job_status(size_t cell) {
    return cell % 7 == 6 ? CELL_DIVERGED : CELL_DONE;
}

/* Moments of a variable that a cell records. */
static inline size_t results_job_moments(const record_variable *v, size_t cell) {
    if (cell % 5 != 4 || v->axis == RECORD_AXIS_NONE)
        return v->count;
    return v->axis == RECORD_AXIS_STEP ? SHORT_STEPS : 1;
}

/* Fill values (VALUES) and a record that points to them. */
static inline cell_record results_job_record(size_t cell, float *values) {
    for (int i = 0; i < VARIABLES; i++) {
        const record_variable *v = &results_job_records.variables[i];
        const size_t size = record_moment_size(v), recorded = results_job_moments(v, cell) * size;
        for (size_t k = 0; k < v->count * size; k++)
            values[v->offset + k] = k < recorded ? (float)(100 * cell + 50 * (size_t)i + k) : NAN;
    }
    return (cell_record){.cell = cell,
                         .status = results_job_status(cell),
                         .rank = 1,
                         .steps_taken = 40,
                         .seconds = 0.5,
                         .host = "node1",
                         .value_count = VALUES,
                         .values = values};
}

#endif
