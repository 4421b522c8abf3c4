/* A job made by hand, and values for its cells that checkers can compute again.
 *
 * Axes: run (runs) × lr {0.01, 0.001} × model {"mlp", "cnn"}. Records: train_loss (STEPS), test_accuracy
 * (EPOCHS). Cell c holds the value 100·c + 50·variable + position; every seventh cell is diverged. */
#ifndef TESTS_RESULTS_JOB_H
#define TESTS_RESULTS_JOB_H

#include <stdio.h>
#include <stdlib.h>

#include "io/job.h"
#include "sweep/record.h"

enum { STEPS = 20, EPOCHS = 3, VALUES = STEPS + EPOCHS };

static const record_layout results_job_records = {
    .variable_count = 2,
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
                   .offset = STEPS}},
    .value_count = VALUES,
};

/* Static memory; one job at a time. */
static inline job results_job_make(size_t runs) {
    static double lr[] = {0.01, 0.001}, numbers[10000];
    static char *models[] = {"mlp", "cnn"};
    static char text[] = "job: made_by_hand\n",
                canonical[] = "optimizer.lr = 0.01\nsweep.lr.set = optimizer.lr\n";
    for (size_t i = 0; i < runs; i++)
        numbers[i] = (double)i;
    return (job){
        .text = text,
        .name = "made_by_hand",
        .title = "Cells made by hand",
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

/* Fill values (VALUES) and a record that points to them. */
static inline cell_record results_job_record(size_t cell, float *values) {
    for (int i = 0; i < VALUES; i++)
        values[i] = (float)(100 * cell + (size_t)(i < STEPS ? i : 50 + i - STEPS));
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
