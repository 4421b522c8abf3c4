/* mpisweep bench: times training steps on one core. */
#include <limits.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/bench_dispatch.h"
#include "cli/bench_kernels.h"
#include "cli/verbs.h"
#include "io/data/dataset_reader.h"
#include "io/job/costs.h"
#include "io/job/data.h"
#include "io/job/job.h"

typedef struct bench_options {
    const char *job_path; /* NULL: the built-in network */
    const char *data_directory;
    cli_texts settings;
    long steps;
    bool kernels, dispatch, json;
} bench_options;

/* The network of jobs/entropy_sensitivity.yaml on images of CIFAR-10's shape. */
static const training_spec built_in_spec = {
    .model = {.layer_count = 9,
              .layers = {{.kind = LAYER_CONV,
                          .bias = true,
                          .filters = 32,
                          .kernel_height = 3,
                          .kernel_width = 3,
                          .stride_height = 1,
                          .stride_width = 1,
                          .padding_height = 1,
                          .padding_width = 1},
                         {.kind = LAYER_RELU},
                         {.kind = LAYER_MAX_POOL,
                          .kernel_height = 2,
                          .kernel_width = 2,
                          .stride_height = 2,
                          .stride_width = 2},
                         {.kind = LAYER_CONV,
                          .bias = true,
                          .filters = 64,
                          .kernel_height = 3,
                          .kernel_width = 3,
                          .stride_height = 1,
                          .stride_width = 1,
                          .padding_height = 1,
                          .padding_width = 1},
                         {.kind = LAYER_RELU},
                         {.kind = LAYER_MAX_POOL,
                          .kernel_height = 2,
                          .kernel_width = 2,
                          .stride_height = 2,
                          .stride_width = 2},
                         {.kind = LAYER_DENSE, .units = 128, .bias = true},
                         {.kind = LAYER_RELU},
                         {.kind = LAYER_DENSE, .units = 10, .bias = true}}},
    .loss = {.kind = LOSS_CROSS_ENTROPY, .entropy_weight = 1e-3},
    .optimizer = {.kind = OPTIMIZER_SGD, .lr = 0.01, .momentum = 0.9},
    .epochs = 1,
    .batch = 128,
};
static const dataset built_in_data = {.shape = {3, 32, 32}, .classes = 10, .train = {.count = 50000}};

static double rate(double amount, double seconds) {
    return seconds > 0 ? 1e-9 * amount / seconds : 0;
}

/* Percent of the speed that the machine's peaks allow (Williams, Waterman and Patterson, "Roofline", 2009):
 * the least time that the arithmetic or the traffic can take, over the time taken. Winograd's convolutions
 * can be above 100, because they do less than the counted arithmetic; so can layers whose tensors are in a
 * cache. */
static double roofline_percent(const machine_peaks *peaks, double flops, double bytes, double seconds) {
    return seconds > 0 ? 100 * fmax(flops / peaks->flops, bytes / peaks->bytes) / seconds : 0;
}

static void print_part(const machine_peaks *peaks, double seconds, double flops, double bytes) {
    printf(" %9.3f %8.1f %7.1f %6.0f", 1e3 * seconds, rate(flops, seconds), rate(bytes, seconds),
           roofline_percent(peaks, flops, bytes, seconds));
}

/* At least 16 characters wide. */
static int name_width(const engine_times *times) {
    size_t width = 16;
    for (int i = 0; i < times->layer_count; i++)
        if (strlen(times->layers[i].name) > width)
            width = strlen(times->layers[i].name);
    return (int)width;
}

static void print_layers(const machine_peaks *peaks, const engine_times *times) {
    const int width = name_width(times);
    printf("%-*s %9s %8s %7s %6s %9s %8s %7s %6s\n", width, "layer", "forward", "GFLOP/s", "GB/s", "roof",
           "backward", "GFLOP/s", "GB/s", "roof");
    for (int i = 0; i < times->layer_count; i++) {
        const layer_time *l = &times->layers[i];
        printf("%-*s", width, l->name);
        print_part(peaks, l->forward_seconds, l->flops_forward, l->bytes_forward);
        print_part(peaks, l->backward_seconds, l->flops_backward, l->bytes_backward);
        printf("\n");
    }
}

static void print_text(const machine_peaks *peaks, const training_plan *plan, const engine_times *times) {
    printf("one core, %s kernels: at most %.1f GFLOP/s, %.1f GB/s from memory\n", engine_kernels(),
           1e-9 * peaks->flops, 1e-9 * peaks->bytes);
    printf("%.3f ms per step (median %.3f), %.1f GFLOP/s; evaluation %.3f ms per batch\n",
           1e3 * times->step_seconds, 1e3 * times->median_seconds,
           rate(plan->flops_per_step, times->step_seconds), 1e3 * times->evaluate_seconds);
    print_layers(peaks, times);
    printf("gather %.3f ms, loss %.3f ms, update %.3f ms; times in ms, roof in percent of what the peaks "
           "allow\n",
           1e3 * times->gather_seconds, 1e3 * times->loss_seconds, 1e3 * times->update_seconds);
}

static void print_layer_json(const layer_time *l) {
    printf("{\"name\": ");
    text_print_json(stdout, l->name);
    printf(
        ", \"forward_ms\": %.6g, \"backward_ms\": %.6g, \"flops_forward\": %.17g, \"flops_backward\": %.17g, "
        "\"bytes_forward\": %.17g, \"bytes_backward\": %.17g}",
        1e3 * l->forward_seconds, 1e3 * l->backward_seconds, l->flops_forward, l->flops_backward,
        l->bytes_forward, l->bytes_backward);
}

static void print_json(const machine_peaks *peaks, const training_plan *plan, const engine_times *times) {
    printf("{\"ms_per_step\": %.6g, \"ms_per_step_median\": %.6g, \"ms_per_evaluation_batch\": %.6g, "
           "\"gflops\": %.6g, \"peak_gflops\": %.6g, \"peak_gigabytes_per_second\": %.6g, \"kernels\": ",
           1e3 * times->step_seconds, 1e3 * times->median_seconds, 1e3 * times->evaluate_seconds,
           rate(plan->flops_per_step, times->step_seconds), 1e-9 * peaks->flops, 1e-9 * peaks->bytes);
    text_print_json(stdout, engine_kernels());
    printf(", \"gather_ms\": %.6g, \"loss_ms\": %.6g, \"update_ms\": %.6g, \"layers\": [",
           1e3 * times->gather_seconds, 1e3 * times->loss_seconds, 1e3 * times->update_seconds);
    for (int i = 0; i < times->layer_count; i++) {
        printf("%s", i > 0 ? ", " : "");
        print_layer_json(&times->layers[i]);
    }
    printf("]}\n");
}

static status time_planned(const bench_options *o, const training_spec *spec, const dataset *described,
                           training_plan *plan, error_info *error) {
    engine_times times;
    machine_peaks peaks;
    RETURN_IF_FAILED(engine_peaks(&peaks, error));
    RETURN_IF_FAILED(engine_plan(spec, described, plan, error));
    RETURN_IF_FAILED(job_time_steps(spec, described, (int)o->steps, &times, error));
    if (o->json)
        print_json(&peaks, plan, &times);
    else
        print_text(&peaks, plan, &times);
    return STATUS_OK;
}

static status bench(const bench_options *o, const training_spec *spec, const dataset *described,
                    error_info *error) {
    training_plan *plan = malloc(sizeof *plan);
    if (plan == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory");
    const status result = time_planned(o, spec, described, plan, error);
    free(plan);
    return result;
}

static status bench_job(const bench_options *o, error_info *error) {
    job *j = NULL;
    stored_dataset *stored = malloc(sizeof *stored);
    if (stored == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory");
    status result = job_load(&j, o->job_path, o->settings.items, o->settings.count, error);
    if (result == STATUS_OK)
        result = job_describe_data(j, cli_data_directory(o->data_directory), stored, error);
    if (result == STATUS_OK)
        result = bench(o, &j->base, &stored->data, error);
    job_destroy(&j);
    free(stored);
    return result;
}

/* What is timed then has data of its own, which no job and no data set changes. */
static status check_alone(const bench_options *o, error_info *error) {
    const char *option = o->kernels ? "kernels" : "dispatch";
    if (o->kernels && o->dispatch)
        return error_set(error, STATUS_COMMAND, "bench: --kernels and --dispatch are separate measurements");
    if (o->job_path != NULL)
        return error_set(error, STATUS_COMMAND, "bench: unexpected argument \"%s\"; --%s needs no job",
                         o->job_path, option);
    if (o->settings.count > 0 || o->data_directory != NULL)
        return error_set(error, STATUS_COMMAND, "bench: unexpected option \"--%s\"; --%s needs no job",
                         o->settings.count > 0 ? "set" : "data", option);
    return STATUS_OK;
}

static status run_bench(int argc, char **argv, error_info *error) {
    bench_options options = {0};
    RETURN_IF_FAILED(cli_parse(&cli_bench, argc, argv, &options, error));
    if (options.kernels || options.dispatch)
        RETURN_IF_FAILED(check_alone(&options, error));
    RETURN_IF_FAILED(engine_kernels_check(error));
    if (options.kernels)
        return bench_kernels((int)options.steps, options.json, error);
    if (options.dispatch)
        return bench_dispatch(options.json, error);
    if (options.job_path != NULL)
        return bench_job(&options, error);
    return bench(&options, &built_in_spec, &built_in_data, error);
}

const cli_verb cli_bench = {
    .name = "bench",
    .summary = "time training steps, kernels or the coordinator",
    .description =
        "Times training steps of a job's model on generated images, layer by layer. Without a job "
        "file: a network of two convolutions and two dense layers on 3 x 32 x 32 images, batch "
        "128. With --kernels: every kernel of the set in use, with 1 to 100 channels, on data that "
        "stay in the cache; the exit status is 1 when a kernel takes more than twice as long per value "
        "with one count of channels as with another. With --dispatch: how many cells a second the "
        "coordinator hands out and stores.",
    .run = run_bench,
    .arguments = {{"JOB.yaml", offsetof(bench_options, job_path), .optional = true, .help = "the job file"}},
    .options =
        {
            {.name = "set",
             .argument = "KEY=VALUE",
             .kind = &cli_list,
             .offset = offsetof(bench_options, settings),
             .help = "set a key of the job file, e.g. train.batch=64"},
            {.name = "steps",
             .argument = "N",
             .kind = &cli_number,
             .offset = offsetof(bench_options, steps),
             .minimum = 1,
             .maximum = INT_MAX,
             .preset = "10",
             .help = "steps per block, of which five are timed; with --kernels, blocks of 1 ms"},
            {.name = "kernels",
             .kind = &cli_flag,
             .offset = offsetof(bench_options, kernels),
             .help = "time the kernels instead of training steps"},
            {.name = "dispatch",
             .kind = &cli_flag,
             .offset = offsetof(bench_options, dispatch),
             .help = "time the coordinator instead, with cells that nobody trains"},
            {.name = "data",
             .argument = "DIR",
             .kind = &cli_directory,
             .offset = offsetof(bench_options, data_directory),
             .help = "directory of the data sets, for their shape (default: $MPISWEEP_DATA, else ./data)"},
            {.name = "json",
             .kind = &cli_flag,
             .offset = offsetof(bench_options, json),
             .help = "print one JSON object"},
        },
};
