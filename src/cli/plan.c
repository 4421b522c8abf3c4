/* mpisweep plan: checks a job and predicts what it will take. */
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/plan_data.h"
#include "cli/verbs.h"
#include "grid/grid.h"
#include "io/job/costs.h"
#include "io/job/job.h"
#include "io/results/layout.h"

enum { TIMED_STEPS = 2 };

typedef struct plan_options {
    const char *job_path, *data_directory;
    cli_texts settings;
    long ranks;
    bool json;
} plan_options;

typedef struct prediction {
    size_t cells, left_out;                /* left_out: of these, by sweep.where */
    double total_flops, longest_flops;     /* of all cells, of the longest */
    double step_seconds, flops_per_second; /* measured */
    double seconds;                        /* of the whole job */
    uint64_t file_bytes;
} prediction;

/* All that is worked out, too large for a stack. */
typedef struct plan_memory {
    plan_data data;
    training_plan plan; /* of the job's base specification */
    record_layout records;
    prediction prediction;
} plan_memory;

static status add_flops(const job *j, const dataset *data, prediction *p, error_info *error) {
    p->cells = grid_cells(&j->grid);
    double *flops = malloc(p->cells * sizeof *flops);
    if (flops == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory for %zu cells", p->cells);
    status result = job_predict_costs(j, data, flops, NULL, error);
    for (size_t cell = 0; result == STATUS_OK && cell < p->cells; cell++) {
        p->total_flops += flops[cell];
        p->longest_flops = fmax(p->longest_flops, flops[cell]);
        p->left_out += job_leaves_out(j, cell);
    }
    free(flops);
    return result;
}

static status predict(const job *j, long ranks, plan_memory *m, error_info *error) {
    const dataset *data = &m->data.stored.data;
    prediction *p = &m->prediction;
    engine_times times;
    RETURN_IF_FAILED(job_layout(j, data, &m->records, error));
    RETURN_IF_FAILED(add_flops(j, data, p, error));
    RETURN_IF_FAILED(job_time_steps(&j->base, data, TIMED_STEPS, &times, error));
    p->step_seconds = times.median_seconds;
    p->flops_per_second = m->plan.flops_per_step / times.median_seconds;
    /* Longest first comes close to the better of two bounds: an even share, and the longest cell. */
    p->seconds = fmax(p->total_flops / (double)ranks, p->longest_flops) / p->flops_per_second;
    return results_predict_bytes(j, &m->records, &p->file_bytes, error);
}

static void print_axis(const grid_axis *axis) {
    char first[64], last[64];
    grid_value_name(axis, 0, first, sizeof first);
    grid_value_name(axis, axis->count - 1, last, sizeof last);
    printf("  %-16s %6zu values, %s ... %s\n", axis->name, axis->count, first, last);
}

/* The first values in the order of the draws. */
static void print_first(const grid_axis *axis) {
    enum { FIRST = 4 };
    for (size_t i = 0; i < axis->count && i < FIRST; i++) {
        char value[64];
        grid_value_name(axis, i, value, sizeof value);
        printf("%s%s", i > 0 ? ", " : "", value);
    }
    fputs(axis->count > FIRST ? ", ..." : "", stdout);
}

/* "; from 1.2e-05 to 0.0931" */
static void print_range(const grid_axis *axis) {
    size_t least = 0, greatest = 0;
    char first[64], last[64];
    if (axis->kind == AXIS_LABEL)
        return;
    for (size_t i = 1; i < axis->count; i++) {
        least = axis->numbers[i] < axis->numbers[least] ? i : least;
        greatest = axis->numbers[i] > axis->numbers[greatest] ? i : greatest;
    }
    grid_value_name(axis, least, first, sizeof first);
    grid_value_name(axis, greatest, last, sizeof last);
    printf("; from %s to %s", first, last);
}

static void print_drawn(const grid_axis *axis) {
    print_first(axis);
    print_range(axis);
    printf("\n");
}

/* Of several keys, each has a line. */
static void print_drawn_axis(const grid *g, int axis) {
    bool several = false;
    printf("  %-16s %6zu drawn", g->axes[axis].name, g->axes[axis].count);
    for (int i = 0; i < g->auxiliary_count; i++) {
        if (g->auxiliaries[i].axis != axis)
            continue;
        const grid_axis values = grid_auxiliary_axis(g, &g->auxiliaries[i]);
        printf("%s    %-23s ", several ? "" : "\n", values.name);
        print_drawn(&values);
        several = true;
    }
    if (!several) {
        printf(", ");
        print_drawn(&g->axes[axis]);
    }
}

static void print_sweep(const job *j) {
    printf("job          %s: %s\naxes\n", j->name, j->title);
    for (int i = 0; i < j->grid.axis_count; i++)
        if (job_axis_is_drawn(j, i))
            print_drawn_axis(&j->grid, i);
        else
            print_axis(&j->grid.axes[i]);
}

static void print_costs(const training_plan *plan, const prediction *p, long ranks) {
    char cell_time[TEXT_NUMBER_SIZE], job_time[TEXT_NUMBER_SIZE], memory[TEXT_NUMBER_SIZE],
        file[TEXT_NUMBER_SIZE];
    text_duration(plan->flops / p->flops_per_second, cell_time);
    text_duration(p->seconds, job_time);
    text_bytes((double)plan->memory_bytes, memory);
    text_bytes((double)p->file_bytes, file);
    printf("cells        %zu", p->cells);
    if (p->left_out > 0)
        printf(", %zu of them left out: %zu to train", p->left_out, p->cells - p->left_out);
    printf("\n");
    printf("parameters   %zu\n", plan->parameters);
    printf("steps        %ld per cell, %d per epoch\n", plan->steps, plan->steps_per_epoch);
    printf("FLOPs        %.4g per cell, %.4g in all\n", plan->flops, p->total_flops);
    printf("memory       %s per rank, plus the data set\n", memory);
    printf("file         about %s\n", file);
    printf("measured now %.2f ms per step, %.1f GFLOP/s, %s kernels\n", 1e3 * p->step_seconds,
           1e-9 * p->flops_per_second, engine_kernels());
    printf("predicted    %s per cell, %s in all on %ld ranks\n", cell_time, job_time, ranks);
    printf("ranks        more than %.0f do not help\n",
           fmin((double)(p->cells - p->left_out), ceil(p->total_flops / p->longest_flops)));
}

static void print_json_values(const grid_axis *axis) {
    putchar('[');
    for (size_t i = 0; i < axis->count; i++) {
        fputs(i > 0 ? ", " : "", stdout);
        grid_print_json_value(stdout, axis, i);
    }
    putchar(']');
}

/* Of several keys that are drawn together, "keys": {"optimizer.lr": […], …}. */
static void print_json_axis(const job *j, int axis) {
    const grid *g = &j->grid;
    bool several = false;
    printf("{\"name\": ");
    text_print_json(stdout, g->axes[axis].name);
    printf(", \"values\": ");
    print_json_values(&g->axes[axis]);
    printf(", \"drawn\": %s", job_axis_is_drawn(j, axis) ? "true" : "false");
    for (int i = 0; i < g->auxiliary_count; i++) {
        if (g->auxiliaries[i].axis != axis)
            continue;
        const grid_axis values = grid_auxiliary_axis(g, &g->auxiliaries[i]);
        fputs(several ? ", " : ", \"keys\": {", stdout);
        text_print_json(stdout, g->auxiliaries[i].key);
        printf(": ");
        print_json_values(&values);
        several = true;
    }
    fputs(several ? "}}" : "}", stdout);
}

static void print_json(const job *j, const plan_data *data, const training_plan *plan, const prediction *p,
                       long ranks) {
    printf("{\"job\": ");
    text_print_json(stdout, j->name);
    printf(", \"cells\": %zu, \"left_out\": %zu, \"axes\": [", p->cells, p->left_out);
    for (int i = 0; i < j->grid.axis_count; i++) {
        fputs(i > 0 ? ", " : "", stdout);
        print_json_axis(j, i);
    }
    printf("], ");
    plan_data_print_json(j, data);
    printf(", \"parameters\": %zu, \"steps\": %ld, \"flops_per_cell\": %.17g, \"flops\": %.17g, ",
           plan->parameters, plan->steps, plan->flops, p->total_flops);
    printf("\"memory_bytes\": %zu, \"file_bytes\": %" PRIu64 ", \"ms_per_step\": %.6g, \"ranks\": %ld, ",
           plan->memory_bytes, p->file_bytes, 1e3 * p->step_seconds, ranks);
    printf("\"seconds_per_cell\": %.6g, \"seconds\": %.6g}\n", plan->flops / p->flops_per_second, p->seconds);
}

/* What was read is printed before it is checked against the model: it shows why the model does not fit. */
static status plan_job(const plan_options *o, const job *j, plan_memory *m, error_info *error) {
    plan_data *data = &m->data;
    RETURN_IF_FAILED(plan_data_look(j, cli_data_directory(o->data_directory), data, error));
    if (!o->json) {
        print_sweep(j);
        plan_data_print(j, data);
    }
    RETURN_IF_FAILED(job_check(j, &data->stored.data, &m->plan, error));
    RETURN_IF_FAILED(plan_data_add_layers(j, data, error));
    if (!o->json)
        plan_data_print_layers(j, data);
    RETURN_IF_FAILED(predict(j, o->ranks, m, error));
    if (o->json)
        print_json(j, data, &m->plan, &m->prediction, o->ranks);
    else
        print_costs(&m->plan, &m->prediction, o->ranks);
    return STATUS_OK;
}

static status plan_loaded(const plan_options *o, const job *j, error_info *error) {
    plan_memory *m = calloc(1, sizeof *m);
    if (m == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory");
    status result = plan_job(o, j, m, error);
    free(m);
    return result;
}

static status run_plan(int argc, char **argv, error_info *error) {
    plan_options options = {.ranks = sysconf(_SC_NPROCESSORS_ONLN)};
    job *j = NULL;
    RETURN_IF_FAILED(cli_parse(&cli_plan, argc, argv, &options, error));
    RETURN_IF_FAILED(engine_kernels_check(error));
    RETURN_IF_FAILED(job_load(&j, options.job_path, options.settings.items, options.settings.count, error));
    status result = plan_loaded(&options, j, error);
    job_destroy(&j);
    return result;
}

const cli_verb cli_plan = {
    .name = "plan",
    .summary = "check a job file and predict what it will take",
    .description =
        "Checks the job and prints its axes, cells, parameters, FLOPs, memory, file size and "
        "predicted time. The time is predicted from a few training steps, measured now on this machine.",
    .run = run_plan,
    .arguments = {{"JOB.yaml", offsetof(plan_options, job_path), .help = "the job file"}},
    .options =
        {
            {.name = "set",
             .argument = "KEY=VALUE",
             .kind = &cli_list,
             .offset = offsetof(plan_options, settings),
             .help = "set a key of the job file, e.g. optimizer.momentum=0.8"},
            {.name = "ranks",
             .argument = "N",
             .kind = &cli_number,
             .offset = offsetof(plan_options, ranks),
             .minimum = 1,
             .help = "predict the time for N ranks (default: one per core of this machine)"},
            {.name = "data",
             .argument = "DIR",
             .kind = &cli_directory,
             .offset = offsetof(plan_options, data_directory),
             .help = "directory of the data sets (default: $MPISWEEP_DATA, else ./data)"},
            {.name = "json",
             .kind = &cli_flag,
             .offset = offsetof(plan_options, json),
             .help = "print one JSON object"},
        },
};
