/* Timing of training steps, whole and layer by layer. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "engine/training.h"

enum { WARM_UP = 3, BLOCKS = 5 };

typedef struct part_times {
    double gather, loss, update;
} part_times;

/* One training step with a clock between its parts. */
static void timed_step(trainer *t, size_t count, part_times *parts) {
    double start = clock_seconds();
    trainer_load_batch(t, 0, count);
    double gathered = clock_seconds();
    model_forward(&t->model, count, (pass_mode){.training = true});
    double passed = clock_seconds();
    const double scale = loss_scale(&t->spec->loss, loss_weight(&t->loss, t->targets.labels, count));
    loss_evaluate(&t->loss, model_output(&t->model), &t->targets, count, scale,
                  model_output_gradient(&t->model));
    double lost = clock_seconds();
    model_backward(&t->model, count, false);
    double returned = clock_seconds();
    optimizer_step(&t->optimizer, &t->model, t->spec->optimizer.lr, 1);
    parts->gather += gathered - start;
    parts->loss += lost - passed;
    parts->update += clock_seconds() - returned;
}

static void whole_step(trainer *t, size_t count) {
    trainer_load_batch(t, 0, count);
    trainer_step(t, count);
}

static void forward_step(trainer *t, size_t count) {
    model_forward(&t->model, count, (pass_mode){.training = false});
}

static int compare_doubles(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Seconds per step of BLOCKS blocks, in rising order. */
static void time_blocks(trainer *t, size_t count, int steps, void (*step)(trainer *, size_t),
                        double seconds[BLOCKS]) {
    for (int i = 0; i < WARM_UP; i++)
        step(t, count);
    for (int block = 0; block < BLOCKS; block++) {
        double start = clock_seconds();
        for (int i = 0; i < steps; i++)
            step(t, count);
        seconds[block] = (clock_seconds() - start) / steps;
    }
    qsort(seconds, BLOCKS, sizeof *seconds, compare_doubles);
}

/* Forward reads input and parameters and writes output; backward reads the output's gradient, input or output
 * and parameters and writes the input's gradient and the parameters'. */
static void count_bytes(const layer *l, size_t count, layer_time *out) {
    const double in = (double)(count * shape_size(l->in)), result = (double)(count * shape_size(l->out));
    const double parameters = (double)l->parameter_count;
    out->bytes_forward = sizeof(real) * (in + result + parameters);
    out->bytes_backward = sizeof(real) * (2 * in + result + 2 * parameters);
}

static void describe_layers(const trainer *t, size_t count, engine_times *times) {
    times->layer_count = t->model.layer_count;
    for (int i = 0; i < t->model.layer_count; i++) {
        const layer *l = &t->model.layers[i];
        layer_time *out = &times->layers[i];
        snprintf(out->name, sizeof out->name, "%s %s", layer_path_write(l->path).text, layer_name(l));
        out->forward_seconds = out->backward_seconds = INFINITY;
        out->flops_forward = (double)count * l->flops_forward;
        out->flops_backward =
            (double)count * (i == t->model.first_trained ? l->flops_backward / 2 : l->flops_backward);
        count_bytes(l, count, out);
    }
}

static void keep_less(double *least, double seconds, int steps) {
    *least = fmin(*least, seconds / steps);
}

static void time_layer_block(trainer *t, size_t count, int steps, engine_times *times) {
    layer_clock clocks[ENGINE_MAX_LAYERS] = {0};
    part_times parts = {0};
    t->model.clocks = clocks;
    for (int i = 0; i < steps; i++)
        timed_step(t, count, &parts);
    t->model.clocks = NULL;
    keep_less(&times->gather_seconds, parts.gather, steps);
    keep_less(&times->loss_seconds, parts.loss, steps);
    keep_less(&times->update_seconds, parts.update, steps);
    for (int i = 0; i < times->layer_count; i++) {
        keep_less(&times->layers[i].forward_seconds, clocks[i].forward, steps);
        keep_less(&times->layers[i].backward_seconds, clocks[i].backward, steps);
    }
}

/* The steps are divided into blocks, of which every part has its fastest. */
static void time_layers(trainer *t, size_t count, int steps, engine_times *times) {
    describe_layers(t, count, times);
    times->gather_seconds = times->loss_seconds = times->update_seconds = INFINITY;
    for (int block = 0; block < BLOCKS; block++)
        time_layer_block(t, count, (steps + BLOCKS - 1) / BLOCKS, times);
}

static void time_training(trainer *t, const training_spec *spec, const dataset *data, int steps,
                          engine_times *times) {
    trainer_draw_order(t);
    const size_t batch = trainer_batch(spec, data);
    const size_t count = data->train.count < batch ? data->train.count : batch;
    double seconds[BLOCKS];
    time_blocks(t, count, steps, whole_step, seconds);
    times->step_seconds = seconds[0];
    times->median_seconds = seconds[BLOCKS / 2];
    time_blocks(t, count, steps, forward_step, seconds);
    times->evaluate_seconds = seconds[0];
    time_layers(t, count, steps, times);
}

status engine_bench(const training_spec *spec, const dataset *data, int steps, arena *memory,
                    engine_times *times, error_info *error) {
    training *t;
    *times = (engine_times){0};
    RETURN_IF_FAILED(training_open(&t, spec, data, error));
    const status code = trainer_begin(&t->trainer, 0, 0, memory, error);
    if (code == STATUS_OK)
        time_training(&t->trainer, spec, data, steps, times);
    training_close(&t);
    return code;
}

/* ---- The machine ------------------------------------------------------------------------------- */

enum { PEAK_REALS = 1 << 24, PEAK_COLUMNS = 64, PEAK_ROUNDS = 1000000, PEAK_TRIES = 5 };
enum { CACHED_BYTES = 96 << 10, CACHED_COPIES = 200 };

static double burn_rate(const kernel_set *kernels) {
    volatile real kept = 0;
    double start = clock_seconds();
    double flops = kernels->burn(PEAK_ROUNDS, &kept);
    return flops / (clock_seconds() - start);
}

static double read_rate(const kernel_set *kernels, const real *values) {
    real sums[PEAK_COLUMNS] = {0};
    double start = clock_seconds();
    kernels->column_sums(PEAK_REALS / PEAK_COLUMNS, PEAK_COLUMNS, values, sums);
    return PEAK_REALS * sizeof(real) / (clock_seconds() - start);
}

/* Between two parts of `values` that fit a small L2 together. */
static double copy_rate(real *values) {
    const char *from = (const char *)values;
    char *to = (char *)values + CACHED_BYTES + 512; /* rows of a cache that differ from those of `from` */
    memcpy(to, from, CACHED_BYTES);
    double start = clock_seconds();
    for (int i = 0; i < CACHED_COPIES; i++)
        memcpy(to, from, CACHED_BYTES);
    return 2.0 * CACHED_BYTES * CACHED_COPIES / (clock_seconds() - start);
}

status engine_peaks(machine_peaks *peaks, error_info *error) {
    const kernel_set *kernels = kernels_select();
    real *values = calloc(PEAK_REALS, sizeof *values);
    if (values == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory for %d numbers", PEAK_REALS);
    for (size_t i = 0; i < PEAK_REALS; i++)
        values[i] = 1; /* or all would be read from one page of zeros */
    *peaks = (machine_peaks){0};
    for (int i = 0; i < PEAK_TRIES; i++) {
        peaks->flops = fmax(peaks->flops, burn_rate(kernels));
        peaks->bytes = fmax(peaks->bytes, read_rate(kernels, values));
        peaks->cached_bytes = fmax(peaks->cached_bytes, copy_rate(values));
    }
    free(values);
    return STATUS_OK;
}
