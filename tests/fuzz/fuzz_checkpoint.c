/* The checkpoints next to a results file, for two sessions that are stopped one after the other. */
#include "fuzz.h"
#include "io/results/checkpoint_file.h"

enum { CELLS = 4, VALUES = 2 };

static checkpoint_file *open_file(void) {
    static double labels[CELLS];
    const job j = {.digest = 1,
                   .grid = {.axis_count = 1,
                            .axes = {{.name = "x", .kind = AXIS_NUMBER, .count = CELLS, .numbers = labels}}}};
    char path[PATH_MAX];
    const results_origin origin = {.kernels = "portable", .numerics = 2};
    checkpoint_file *f;
    error_info error = {0};
    fuzz_path(path, "results.h5");
    fuzz_check(checkpoint_file_open(&f, path, &j, &origin, VALUES, &error), &error);
    return f;
}

/* Cells with an even number begin, and are stopped where they were resumed. */
static void run_and_stop(void) {
    static const uint8_t states[CELLS] = {CELL_PENDING, CELL_PENDING, CELL_PENDING, CELL_DONE};
    checkpoint_file *f = open_file();
    for (uint64_t cell = 0; cell < CELLS; cell += 2) {
        cell_checkpoint c = {.cell = cell};
        checkpoint_file_read(f, &c);
        if (c.size > 0)
            checkpoint_file_add(f, &c);
    }
    checkpoint_file_close(&f, states);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size) {
    fuzz_write("results.h5.checkpoint", input, size);
    run_and_stop();
    run_and_stop();
    return 0;
}
