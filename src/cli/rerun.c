/* mpisweep rerun: trains cells of a results file again, from the file alone, and compares the results. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "cli/file_job.h"
#include "cli/stop_signal.h"
#include "cli/verbs.h"
#include "grid/cell.h"
#include "grid/grid.h"
#include "io/job/costs.h"
#include "io/job/job.h"
#include "io/results/check.h"
#include "io/results/reader.h"
#include "io/results/recheck.h"
#include "io/results/settings.h"
#include "sweep/sweep.h"
#include "sweep/transport_local.h"

/* What kernel sets may differ by, relative to the largest value of a curve or an array. They round at 1e-7,
 * and training amplifies that: slowly while the same units are active, at once when a ReLU or the maximum of
 * a pool changes sides. docs/results-format.md has what was measured. */
static const double ROUNDING = 1e-3;

/* The texts point into argv. */
typedef struct rerun_options {
    const char *path, *data_directory, *job_directory;
    cli_words selections;
    cli_texts settings;
} rerun_options;

typedef struct rerun {
    rerun_options options;
    results_reader *reader;
    file_job from;
    double tolerance; /* 0: the same bits */
    results_recheck *recheck;
    bool *selected, *left_out; /* (cells) */
    void *states;              /* (cells) cell_status in the file, bytes */
    double *costs;
    uint64_t *shapes;
    size_t to_train, same, different; /* cells */
} rerun;

static status choose_kernels(rerun *r, error_info *error) {
    char in_file[RESULTS_SETTING_SIZE];
    RETURN_IF_FAILED(file_job_use_kernels(r->reader, in_file, error));
    if (strcmp(engine_kernels(), in_file) != 0) {
        r->tolerance = ROUNDING;
        log_warning("%s was made with the kernel set %s, and %s is used here, which rounds differently: "
                    "numbers may differ by %g of the largest value of their curve or array",
                    r->options.path, in_file, engine_kernels(), r->tolerance);
    }
    return STATUS_OK;
}

static status restore_job(rerun *r, error_info *error) {
    const rerun_options *o = &r->options;
    RETURN_IF_FAILED(file_job_restore(&r->from, r->reader, o->job_directory,
                                      (const char *const *)o->settings.items, o->settings.count, error));
    return results_check_restored_job(r->reader, r->from.job, error);
}

static status load_data(rerun *r, error_info *error) {
    RETURN_IF_FAILED(file_job_load_data(&r->from, r->options.data_directory, error));
    return results_check_repeatable(r->reader, &r->from.origin, error);
}

/* ---- Which cells ------------------------------------------------------------------------------- */

/* Training decides that a cell is done or diverged; others have nothing to compare. */
static status choose_cells(rerun *r, error_info *error) {
    const uint8_t *states = r->states;
    const cli_words *words = &r->options.selections;
    const size_t cells = grid_cells(&r->from.job->grid);
    size_t unfit = 0;
    RETURN_IF_FAILED(
        grid_select(&r->from.job->grid, (const char *const *)words->items, words->count, r->selected, error));
    for (size_t cell = 0; cell < cells; cell++) {
        const bool fit = states[cell] == CELL_DONE || states[cell] == CELL_DIVERGED;
        r->left_out[cell] = !r->selected[cell] || !fit;
        r->to_train += r->selected[cell] && fit;
        unfit += r->selected[cell] && !fit;
    }
    if (r->to_train == 0)
        return error_set(
            error, STATUS_USAGE,
            "%s: none of the %zu cells that match is done or diverged: there is nothing to compare",
            r->options.path, unfit);
    if (unfit > 0)
        log_note("%zu cells that match are left out: they are neither done nor diverged", unfit);
    return STATUS_OK;
}

static status allocate(rerun *r, error_info *error) {
    const size_t cells = grid_cells(&r->from.job->grid);
    r->selected = calloc(cells, sizeof *r->selected);
    r->left_out = calloc(cells, sizeof *r->left_out);
    r->costs = calloc(cells, sizeof *r->costs);
    r->shapes = calloc(cells, sizeof *r->shapes);
    if (r->selected == NULL || r->left_out == NULL || r->costs == NULL || r->shapes == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory for %zu cells", cells);
    return STATUS_OK;
}

static status prepare(rerun *r, error_info *error) {
    RETURN_IF_FAILED(results_reader_open(&r->reader, r->options.path, error));
    RETURN_IF_FAILED(results_reader_check_writable(r->reader, error));
    RETURN_IF_FAILED(choose_kernels(r, error));
    RETURN_IF_FAILED(restore_job(r, error));
    RETURN_IF_FAILED(allocate(r, error));
    RETURN_IF_FAILED(results_reader_states(r->reader, &r->states, error));
    RETURN_IF_FAILED(choose_cells(r, error));
    RETURN_IF_FAILED(load_data(r, error));
    RETURN_IF_FAILED(job_predict_costs(r->from.job, &r->from.stored.data, r->costs, r->shapes, error));
    return results_recheck_open(&r->recheck, r->reader, &r->from.records, r->tolerance, error);
}

/* ---- Training ---------------------------------------------------------------------------------- */

static void print_answer(const rerun *r, size_t cell, const recheck_answer *answer) {
    char name[1024];
    grid_cell_text(&r->from.job->grid, cell, name, sizeof name);
    if (!answer->same)
        printf("%s%s\n", answer->difference,
               answer->damaged ? " (the cell in the file does not match its checksum)" : "");
    else if (r->tolerance > 0)
        printf("within rounding (%.1e): %s\n", answer->largest, name);
    else
        printf("identical: %s\n", name);
    fflush(stdout);
}

static status compare(void *context, const cell_record *record, error_info *error) {
    rerun *r = context;
    recheck_answer answer;
    RETURN_IF_FAILED(results_recheck_cell(r->recheck, record, &answer, error));
    r->same += answer.same;
    r->different += !answer.same;
    print_answer(r, record->cell, &answer);
    return STATUS_OK;
}

static void keep(void *context, const cell_checkpoint *checkpoint) {
    (void)context, (void)checkpoint;
}

static void recall(void *context, cell_checkpoint *checkpoint) {
    (void)context;
    checkpoint->size = 0;
}

static status tick(void *context, const coordinator *c, error_info *error) {
    (void)context, (void)c, (void)error;
    return STATUS_OK;
}

static void cell_spec(void *context, size_t cell, training_spec *spec) {
    job_cell_spec(context, cell, spec);
}

/* As a session of one rank, whose results are compared and not stored. */
static status train(rerun *r, local_hub *hub, coordinator_counts *counts, error_info *error) {
    hello_message hello = {
        .job_digest = r->from.job->digest, .numerics = ENGINE_NUMERICS, .data = r->from.digests};
    snprintf(hello.kernels, sizeof hello.kernels, "%s", engine_kernels());
    const worker_setup worker = {.hello = hello,
                                 .grid = &r->from.job->grid,
                                 .data = &r->from.stored.data,
                                 .seed = r->from.job->seed,
                                 .records = &r->from.records,
                                 .cell_spec = cell_spec,
                                 .context = r->from.job,
                                 .stop = stop_signal_flag()};
    const sweep_setup setup = {.coordinator = {.cells = grid_cells(&r->from.job->grid),
                                               .left_out = r->left_out,
                                               .costs = r->costs,
                                               .shapes = r->shapes,
                                               .workers = 1},
                               .hello = hello,
                               .value_count = r->from.records.value_count,
                               .stop = stop_signal_flag(),
                               .store = compare,
                               .keep = keep,
                               .recall = recall,
                               .tick = tick,
                               .context = r};
    return sweep_run(local_hub_endpoint(hub, TRANSPORT_COORDINATOR), &setup, local_hub_endpoint(hub, 0),
                     &worker, counts, error);
}

static status judge(const rerun *r, const coordinator_counts *counts, error_info *error) {
    if (counts->no_memory > 0)
        return error_set(error, STATUS_INTERNAL, "out of memory for %zu cells", counts->no_memory);
    if (r->different > 0)
        return error_set(
            error, STATUS_INCOMPLETE, "%s: %zu of %zu cells differ when they are trained again%s",
            r->options.path, r->different, r->same + r->different,
            r->tolerance > 0 ? "; training amplifies rounding, so that only the kernel set of the "
                               "file can tell whether it is right"
                             : "");
    if (r->same < r->to_train)
        return error_set(error, STATUS_STOPPED, "stopped: %zu of %zu cells were compared, and none differs",
                         r->same, r->to_train);
    return STATUS_OK;
}

static status train_cells(rerun *r, error_info *error) {
    local_hub *hub;
    coordinator_counts counts;
    RETURN_IF_FAILED(local_hub_create(&hub, 1, error));
    stop_signal_install();
    const status result = train(r, hub, &counts, error);
    local_hub_destroy(&hub);
    return result == STATUS_OK ? judge(r, &counts, error) : result;
}

static status run_all(rerun *r, int argc, char **argv, error_info *error) {
    RETURN_IF_FAILED(cli_parse(&cli_rerun, argc, argv, &r->options, error));
    r->options.data_directory = cli_data_directory(r->options.data_directory);
    RETURN_IF_FAILED(prepare(r, error));
    return train_cells(r, error);
}

static status run_rerun(int argc, char **argv, error_info *error) {
    rerun *r = calloc(1, sizeof *r);
    if (r == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory");
    const status result = run_all(r, argc, argv, error);
    results_recheck_close(&r->recheck);
    results_reader_close(&r->reader);
    file_job_release(&r->from);
    free(r->selected);
    free(r->left_out);
    free(r->states);
    free(r->costs);
    free(r->shapes);
    free(r);
    return result;
}

const cli_verb cli_rerun = {
    .name = "rerun",
    .summary = "train cells of a results file again, from the file alone, and compare",
    .description =
        "Trains the cells that have the named values, all values of an axis that is not named, on one core: "
        "with the job, the settings and the kernel set that are in the file. Says for each whether it is "
        "identical, bit for bit, or names the first difference: data set, place, the file's value, the new "
        "value. Exit status 1 when a cell differs. The file is only read. Cells that are neither done nor "
        "diverged are left out.\n"
        "Where this CPU lacks the kernel set of the file, or MPISWEEP_KERNELS names another, numbers may "
        "differ by 0.001 of the largest value of their curve or array.",
    .run = run_rerun,
    .arguments = {{"RESULTS.h5", offsetof(rerun_options, path), .help = "the results file"},
                  {"AXIS=VALUE[,VALUE]...", offsetof(rerun_options, selections), .optional = true,
                   .repeats = true, .help = "the cells, as in run --only; none: all cells"}},
    .options =
        {
            {.name = "data",
             .argument = "DIR",
             .kind = &cli_directory,
             .offset = offsetof(rerun_options, data_directory),
             .help = "directory of the data sets (default: $MPISWEEP_DATA, else ./data)"},
            {.name = "job-directory",
             .argument = "DIR",
             .kind = &cli_directory,
             .offset = offsetof(rerun_options, job_directory),
             .help = "where relative paths of the job begin (default: the directory of RESULTS.h5)"},
            {.name = "set",
             .argument = "KEY=VALUE",
             .kind = &cli_list,
             .offset = offsetof(rerun_options, settings),
             .help =
                 "a setting of the sweep that the file does not record, because an older version made it"},
        },
};
