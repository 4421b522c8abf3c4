/* What training will cost: counted from the specification, or measured on this machine. */
#include <stdlib.h>

#include "cli/cli.h"

static status cell_flops(const job *j, const dataset *data, size_t cell, double *flops, error_info *error) {
    training_spec spec;
    training_plan plan;
    job_cell_spec(j, cell, &spec);
    RETURN_IF_FAILED(engine_plan(&spec, data, &plan, error));
    *flops = plan.flops;
    return STATUS_OK;
}

/* The cell at the first value of the run axis has a lower number, so its cost is there already. */
static size_t first_run_cell(const grid *g, size_t cell) {
    size_t index[GRID_MAX_AXES];
    grid_cell_index(g, cell, index);
    for (int axis = 0; axis < g->axis_count; axis++)
        if (g->axes[axis].kind == AXIS_RUN)
            index[axis] = 0;
    return grid_index_cell(g, index);
}

status cli_predict_costs(const job *j, const dataset *data, double *costs, error_info *error) {
    size_t cells = grid_cells(&j->grid);
    for (size_t cell = 0; cell < cells; cell++) {
        size_t first = first_run_cell(&j->grid, cell);
        if (first < cell)
            costs[cell] = costs[first];
        else
            RETURN_IF_FAILED(cell_flops(j, data, cell, &costs[cell], error));
    }
    return STATUS_OK;
}

/* Enough generated images for one batch, in `*memory`, which the caller frees. */
static status generate_images(const dataset *described, size_t count, uint8_t **memory, dataset *out,
                              error_info *error) {
    tensor_shape shape = described->shape;
    size_t image = (size_t)shape.channels * (size_t)shape.height * (size_t)shape.width;
    *memory = malloc(count * (image + 1));
    if (*memory == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory for %zu images", count);
    dataset_split split = {.count = count, .pixels = *memory, .labels = *memory + count * image};
    *out = (dataset){.shape = shape, .classes = described->classes, .train = split, .test = split};
    synthetic_spec spec = {.shape = shape, .classes = described->classes, .train_count = count};
    synthetic_images(&spec, 0, 0, count, *memory, *memory + count * image);
    return STATUS_OK;
}

status cli_time_steps(const training_spec *spec, const dataset *described, int steps, engine_times *times,
                      error_info *error) {
    uint8_t *images;
    dataset data;
    arena memory = {0};
    RETURN_IF_FAILED(generate_images(described, (size_t)spec->batch, &images, &data, error));
    status result = engine_bench(spec, &data, steps, &memory, times, error);
    arena_release(&memory);
    free(images);
    return result;
}
