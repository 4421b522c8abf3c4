/* What training will cost: counted from the specification, or measured on this machine. */
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "io/job/cell_plan.h"
#include "io/job/costs.h"

/* A group takes at most this much memory, records included; cells that need more are trained one by one. */
static const double most_group_bytes = 256 << 20;

static uint64_t shape_of(const training_plan *plan) {
    const double bytes = (double)plan->memory_bytes + (double)plan->records.value_count * sizeof(float);
    return ENGINE_GROUP * bytes <= most_group_bytes ? plan->shape : 0;
}

static status plan_cell(const job *j, const dataset *data, size_t cell, cell_plan *m, error_info *error) {
    job_cell_spec(j, cell, &m->spec);
    if (engine_plan(&m->spec, data, &m->plan, error) != STATUS_OK) {
        char name[256];
        grid_cell_text(&j->grid, cell, name, sizeof name);
        return error_prefix(error, "%s: cell %s: ", j->path, name);
    }
    return STATUS_OK;
}

/* The cell at the first value of the run axis has a lower number, so its cost is there already, unless it is
 * left out. */
static size_t first_run_cell(const grid *g, size_t cell) {
    size_t index[GRID_MAX_AXES];
    grid_cell_index(g, cell, index);
    for (int axis = 0; axis < g->axis_count; axis++)
        if (g->axes[axis].kind == AXIS_RUN)
            index[axis] = 0;
    return grid_index_cell(g, index);
}

status job_predict_costs(const job *j, const dataset *data, double *costs, uint64_t *shapes,
                         error_info *error) {
    const size_t cells = grid_cells(&j->grid);
    cell_plan *m = malloc(sizeof *m);
    if (m == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory");
    status result = STATUS_OK;
    for (size_t cell = 0; result == STATUS_OK && cell < cells; cell++) {
        const size_t first = first_run_cell(&j->grid, cell);
        const bool skipped = job_leaves_out(j, cell), known = first < cell && !job_leaves_out(j, first);
        if (!skipped && !known)
            result = plan_cell(j, data, cell, m, error);
        costs[cell] = skipped ? 0 : known ? costs[first] : m->plan.flops;
        if (shapes != NULL)
            shapes[cell] = skipped ? 0 : known ? shapes[first] : shape_of(&m->plan);
    }
    free(m);
    return result;
}

/* Made-up samples, as bytes whatever they are in the data set: only their time matters. `*memory` is the
 * caller's to free. */
static status make_samples(const dataset *described, size_t count, void **memory, dataset *out,
                           error_info *error) {
    const tensor_shape shape = described->shape;
    const size_t values = count * (size_t)shape.channels * (size_t)shape.height * (size_t)shape.width;
    const size_t target_bytes = count * (size_t)described->target_count * sizeof(float);
    *memory = calloc(1, target_bytes + values + count);
    if (*memory == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory for %zu samples", count);
    float *targets = *memory;
    uint8_t *pixels = (uint8_t *)*memory + target_bytes, *labels = pixels + values;
    random_stream stream = random_stream_open(0, 0, RANDOM_SYNTHETIC, 0);
    for (size_t i = 0; i < values; i++)
        pixels[i] = (uint8_t)random_below(&stream, 256);
    const bool regression = described->classes == 0;
    for (size_t n = 0; n < count && !regression; n++)
        labels[n] = (uint8_t)(n % (size_t)described->classes);
    *out = (dataset){.shape = shape,
                     .classes = described->classes,
                     .target_count = described->target_count,
                     .train = {.count = count,
                               .pixels = pixels,
                               .labels = regression ? NULL : labels,
                               .targets = regression ? targets : NULL}};
    return STATUS_OK;
}

/* That a batch, or an epoch of one batch, has. */
static status count_samples(const training_spec *spec, const dataset *described, size_t *samples,
                            error_info *error) {
    training_plan *plan = malloc(sizeof *plan);
    if (plan == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory");
    const status result = engine_plan(spec, described, plan, error);
    if (result == STATUS_OK)
        *samples = plan->steps_per_epoch == 1 ? described->train.count : (size_t)spec->batch;
    free(plan);
    return result;
}

/* On `samples` generated samples. */
static status bench_steps(const training_spec *spec, const dataset *described, size_t samples, int steps,
                          engine_times *times, error_info *error) {
    void *block = NULL;
    dataset data = *described;
    arena memory = {0};
    if (described->points.kind == POINTS_NONE)
        RETURN_IF_FAILED(make_samples(described, samples, &block, &data, error));
    status result = engine_bench(spec, &data, steps, &memory, times, error);
    arena_release(&memory);
    free(block);
    return result;
}

status job_time_steps(const training_spec *spec, const dataset *described, int steps, engine_times *times,
                      error_info *error) {
    size_t samples = 0;
    RETURN_IF_FAILED(count_samples(spec, described, &samples, error));
    training_spec *timed = malloc(sizeof *timed);
    if (timed == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory");
    *timed = *spec;
    memset(timed->records, 0, sizeof timed->records); /* steps record nothing here */
    const status result = bench_steps(timed, described, samples, steps, times, error);
    free(timed);
    return result;
}
