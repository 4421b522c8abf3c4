/* store_cells FILE RUNS: stores all cells of tests/tools/results_job.h that FILE lacks. It may be killed at
 * any moment, and started again. */
#include <stdio.h>
#include <stdlib.h>

#include "io/results/results.h"
#include "tools/results_job.h"

static status store_cells(const char *path, size_t runs, error_info *error) {
    const job j = results_job_make(runs);
    const results_origin origin = {.version = "mpisweep test",
                                   .commit = "none",
                                   .kernels = "reference",
                                   .cpu = "any",
                                   .libraries = "none"};
    results *r;
    RETURN_IF_FAILED(results_open(&r, path, &j, &results_job_records, &origin, 1, error));
    status result = STATUS_OK;
    for (size_t cell = 0; result == STATUS_OK && cell < grid_cells(&j.grid); cell++) {
        if (results_states(r)[cell] != CELL_PENDING)
            continue;
        float values[VALUES];
        const cell_record record = results_job_record(cell, values);
        result = results_store(r, &record, error);
        if (result == STATUS_OK)
            result = results_tick(r, error);
    }
    status closed = results_close(&r, error);
    return result != STATUS_OK ? result : closed;
}

int main(int argc, char **argv) {
    if (argc != 3) {
        fprintf(stderr, "usage: store_cells FILE RUNS\n");
        return 2;
    }
    error_info error = {0};
    status result = store_cells(argv[1], strtoul(argv[2], NULL, 10), &error);
    if (result != STATUS_OK)
        fprintf(stderr, "store_cells: %s\n", error.text);
    return status_exit_code(result);
}
