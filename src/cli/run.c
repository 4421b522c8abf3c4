/* mpisweep run: trains every cell of a job that has no result yet. */
#include <math.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "cli/build_info.h"
#include "cli/cpu_name.h"
#include "cli/crash_handler.h"
#include "cli/launch_report.h"
#include "cli/launched_rank.h"
#include "cli/lone_rank.h"
#include "cli/progress.h"
#include "cli/run_checkpoints.h"
#include "cli/run_crashes.h"
#include "cli/run_data.h"
#include "cli/run_end.h"
#include "cli/run_kernels.h"
#include "cli/run_summary.h"
#include "cli/running_notes.h"
#include "cli/shard.h"
#include "cli/stop_signal.h"
#include "cli/time_limit.h"
#include "cli/verbs.h"
#include "grid/cell.h"
#include "grid/grid.h"
#include "io/data/dataset_reader.h"
#include "io/data/digest.h"
#include "io/job/costs.h"
#include "io/job/data.h"
#include "io/job/job.h"
#include "io/results/checkpoint_file.h"
#include "io/results/origin.h"
#include "io/results/results.h"
#include "sweep/mpi_world.h"
#include "sweep/sweep.h"

/* The texts point into argv. */
typedef struct run_options {
    const char *job_path, *results_path, *data_directory;
    cli_texts settings, only;
    grid_shard shard;
    long max_failures; /* 0: no limit */
    double time_limit; /* seconds; INFINITY: none */
    bool retry_failed, quiet;
} run_options;

/* What one rank has. */
typedef struct run {
    mpi_world *world;
    int report; /* to `mpisweep launch`; -1: none */
    run_options options;
    job *job;
    stored_dataset stored;
    hello_message hello; /* what this rank reports about itself */
    record_layout records;
    /* Rank 0 only: */
    results *results;
    checkpoint_file *checkpoints;
    const char *results_path;
    char default_path[SHARD_NAME_SIZE];
    char cpu[128];
    bool *selected;   /* (cells) not excluded by --only, --shard or sweep.where */
    size_t unwanted;  /* cells that only sweep.where excludes */
    bool *left_out;   /* (cells) not to be trained in this session */
    double *costs;    /* (cells) predicted FLOPs */
    uint64_t *shapes; /* (cells) those of one shape are trained in groups; 0: by itself */
    size_t damaged;   /* selected cells that do not match their checksum, and are not trained again */
    progress progress;
    running_notes notes;
    uint64_t advance; /* at the start: 2 per cell with a result, 1 per cell that crashed once */
} run;

static status load_job(run *r, error_info *error) {
    const run_options *o = &r->options;
    RETURN_IF_FAILED(engine_kernels_check(error));
    RETURN_IF_FAILED(job_load(&r->job, o->job_path, o->settings.items, o->settings.count, error));
    RETURN_IF_FAILED(job_describe_data(r->job, o->data_directory, &r->stored, error));
    if (mpi_world_rank(r->world) == 0) /* for all: they have the same job and data */
        RETURN_IF_FAILED(job_check(r->job, &r->stored.data, NULL, error));
    return job_layout(r->job, &r->stored.data, &r->records, error);
}

static status select_cells(run *r, size_t cells, error_info *error) {
    const cli_texts *only = &r->options.only;
    if (grid_select(&r->job->grid, only->items, only->count, r->selected, error) != STATUS_OK)
        return error_prefix(error, "--only ");
    shard_select(r->options.shard, cells, r->selected);
    r->unwanted = job_drop_left_out(r->job, r->selected);
    return STATUS_OK;
}

/* It points to `r` and to static memory. */
static results_origin origin_of(const run *r) {
    results_origin origin = {.version = build_version,
                             .commit = build_commit,
                             .kernels = engine_kernels(),
                             .cpu = r->cpu,
                             .libraries = mpi_world_library(r->world),
                             .numerics = ENGINE_NUMERICS,
                             .data = r->hello.data};
    for (int split = 0; split < SPLIT_COUNT; split++)
        origin.data_places[split] = r->hello.data_places[split];
    return origin;
}

static void name_results(run *r) {
    r->results_path = r->options.results_path;
    if (r->results_path == NULL)
        r->results_path = shard_results_name(r->options.shard, r->job->name, r->default_path);
}

static status open_results(run *r, error_info *error) {
    cpu_name(r->cpu, sizeof r->cpu);
    const results_origin origin = origin_of(r);
    RETURN_IF_FAILED(results_open(&r->results, r->results_path, r->job, &r->records, &origin,
                                  mpi_world_size(r->world), error));
    RETURN_IF_FAILED(checkpoint_file_open(&r->checkpoints, results_path(r->results), r->job, &origin,
                                          r->records.value_count, error));
    checkpoint_file_drop(r->checkpoints, results_states(r->results));
    size_t again = 0;
    if (r->options.retry_failed)
        RETURN_IF_FAILED(results_retry_failed(r->results, r->selected, &again, error));
    if (again > 0)
        log_note("%zu cells that failed before or are damaged are trained again", again);
    return STATUS_OK;
}

static void count_damaged(run *r) {
    size_t count;
    const size_t *cells = results_damaged(r->results, &count);
    for (size_t i = 0; i < count; i++)
        r->damaged += r->selected[cells[i]];
}

/* Rank 0: everything that the sweep needs and that can fail, before the first worker is waited for. */
static status prepare_sweep(run *r, error_info *error) {
    size_t cells = grid_cells(&r->job->grid);
    r->selected = malloc(cells * sizeof *r->selected);
    r->left_out = malloc(cells * sizeof *r->left_out);
    r->costs = malloc(cells * sizeof *r->costs);
    r->shapes = malloc(cells * sizeof *r->shapes);
    if (r->selected == NULL || r->left_out == NULL || r->costs == NULL || r->shapes == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory for %zu cells", cells);
    run_data_warn(r->job, &r->stored);
    RETURN_IF_FAILED(select_cells(r, cells, error));
    RETURN_IF_FAILED(job_predict_costs(r->job, &r->stored.data, r->costs, r->shapes, error));
    RETURN_IF_FAILED(open_results(r, error));
    RETURN_IF_FAILED(run_fail_crashed_cells(r->results, &r->job->grid, mpi_world_host(r->world), r->shapes,
                                            &r->advance, error));
    count_damaged(r);
    const uint8_t *states = results_states(r->results);
    for (size_t cell = 0; cell < cells; cell++) {
        r->left_out[cell] = states[cell] != CELL_PENDING || !r->selected[cell];
        r->advance += states[cell] != CELL_PENDING ? 2 : 0;
    }
    return STATUS_OK;
}

static void cell_spec(void *context, size_t cell, training_spec *spec) {
    job_cell_spec(context, cell, spec);
}

static worker_setup make_worker(run *r) {
    return (worker_setup){.hello = r->hello,
                          .grid = &r->job->grid,
                          .data = &r->stored.data,
                          .seed = r->job->seed,
                          .records = &r->records,
                          .cell_spec = cell_spec,
                          .context = r->job,
                          .before_training = crash_handler_begin,
                          .after_training = crash_handler_end,
                          .checkpoints = run_checkpoint_rule(r->job, r->world),
                          .stop = stop_signal_flag()};
}

static status store(void *context, const cell_record *record, error_info *error) {
    run *r = context;
    progress_add(&r->progress, record);
    return results_store(r->results, record, error);
}

static void keep(void *context, const cell_checkpoint *checkpoint) {
    run *r = context;
    checkpoint_file_add(r->checkpoints, checkpoint);
}

static void recall(void *context, cell_checkpoint *checkpoint) {
    run *r = context;
    checkpoint_file_read(r->checkpoints, checkpoint);
}

static status tick(void *context, const coordinator *c, error_info *error) {
    run *r = context;
    progress_show(&r->progress, c);
    running_notes_tick(&r->notes, r->results, c);
    checkpoint_file_tick(r->checkpoints, results_states(r->results), coordinator_count(c).stopping);
    return results_tick(r->results, error);
}

/* The lock of the results file covers the checkpoints next to it. */
static status close_files(run *r, error_info *error) {
    if (r->checkpoints != NULL)
        checkpoint_file_close(&r->checkpoints, results_states(r->results));
    return results_close(&r->results, error);
}

static status start_progress(run *r, error_info *error) {
    const progress_setup setup = {.job = r->job->name,
                                  .results_path = r->results_path,
                                  .grid = &r->job->grid,
                                  .layout = &r->records,
                                  .states = results_states(r->results),
                                  .selected = r->selected,
                                  .left_out = r->left_out,
                                  .costs = r->costs,
                                  .workers = mpi_world_size(r->world),
                                  .report = r->report,
                                  .advance = r->advance,
                                  .quiet = r->options.quiet};
    RETURN_IF_FAILED(progress_start(&r->progress, &setup, error));
    run_offer_earlier(&r->progress);
    return STATUS_OK;
}

static status coordinate(run *r, const worker_setup *trainer, error_info *error) {
    sweep_setup setup = {.coordinator = {.cells = grid_cells(&r->job->grid),
                                         .left_out = r->left_out,
                                         .costs = r->costs,
                                         .shapes = r->shapes,
                                         .workers = mpi_world_size(r->world),
                                         .max_failures = (size_t)r->options.max_failures},
                         .hello = trainer->hello,
                         .value_count = trainer->records->value_count,
                         .stop = stop_signal_flag(),
                         .store = store,
                         .keep = keep,
                         .recall = recall,
                         .tick = tick,
                         .context = r};
    coordinator_counts counts = {.stopping = true}; /* of a sweep that does not come to an end */
    RETURN_IF_FAILED(start_progress(r, error));
    const status swept = sweep_run(mpi_world_endpoint(r->world), &setup, mpi_world_local_worker(r->world),
                                   trainer, &counts, error);
    progress_finish(&r->progress, &counts);
    RETURN_IF_FAILED(swept);
    run_end end = {.counts = &counts,
                   .progress = &r->progress,
                   .left_out = r->unwanted,
                   .damaged = r->damaged,
                   .max_failures = (size_t)r->options.max_failures,
                   .time_limit = r->options.time_limit,
                   .results_path = r->results_path};
    RETURN_IF_FAILED(close_files(r, error));
    return run_conclude(&end, error);
}

static status train_cells(run *r, error_info *error) {
    worker_setup worker = make_worker(r);
    if (mpi_world_rank(r->world) == 0)
        return coordinate(r, &worker, error);
    return worker_run(mpi_world_endpoint(r->world), &worker, error);
}

/* Ranks that do not belong together are detected before the results file is made: first by the program that
 * they run, so that the ranks of a node may share memory, then by their samples. */
static status load_data(run *r, error_info *error) {
    const char *directory = r->options.data_directory;
    RETURN_IF_FAILED(run_compare_programs(r->world, error));
    name_results(r);
    RETURN_IF_FAILED(run_kernels_agree(r->world, r->results_path, error));
    run_fill_hello(r->world, r->job, directory, &r->stored, &r->hello);
    RETURN_IF_FAILED(run_compare_ranks(r->world, &r->hello, error));
    status loaded = run_data_load(r->world, r->job, directory, &r->stored, &r->hello.data, error);
    RETURN_IF_FAILED(mpi_world_agree(r->world, loaded, error));
    return run_compare_ranks(r->world, &r->hello, error);
}

/* Large data may take a while. */
static status load_data_visibly(run *r, error_info *error) {
    const bool is_shown = mpi_world_rank(r->world) == 0 && !r->options.quiet;
    if (is_shown)
        progress_say("reading the data");
    const status loaded = load_data(r, error);
    if (is_shown)
        progress_clear();
    return loaded;
}

static status parse(run_options *o, int argc, char **argv, error_info *error) {
    o->time_limit = INFINITY;
    RETURN_IF_FAILED(cli_parse(&cli_run, argc, argv, o, error));
    o->data_directory = cli_data_directory(o->data_directory);
    return STATUS_OK;
}

/* After each step all ranks agree on whether to continue: the next step would wait for a rank that has
 * left. */
static status run_steps(run *r, int argc, char **argv, error_info *error) {
    if (mpi_world_size(r->world) == 1)
        RETURN_IF_FAILED(lone_rank_check(mpi_world_library(r->world), mpi_world_host(r->world), error));
    RETURN_IF_FAILED(mpi_world_follow(r->world, launched_rank_check(r->world, r->report, error), error));
    RETURN_IF_FAILED(mpi_world_agree(r->world, parse(&r->options, argc, argv, error), error));
    log_set_quiet(r->options.quiet);
    stop_signal_after(time_limit_left(r->options.time_limit));
    if (mpi_world_rank(r->world) == 0)
        time_limit_warn_past();
    RETURN_IF_FAILED(mpi_world_agree(r->world, load_job(r, error), error));
    RETURN_IF_FAILED(load_data_visibly(r, error));
    status prepared = mpi_world_rank(r->world) == 0 ? prepare_sweep(r, error) : STATUS_OK;
    RETURN_IF_FAILED(mpi_world_follow(r->world, prepared, error));
    RETURN_IF_FAILED(run_watch_crashes(r->world, r->results, error));
    RETURN_IF_FAILED(running_notes_open(&r->notes, r->world, error));
    return mpi_world_follow(r->world, train_cells(r, error), error);
}

/* Rank 0 reports how the session ended. mpirun kills it when another rank first exits with its own status. */
static status close_run(run *r, status result, error_info *error) {
    const bool follows = mpi_world_rank(r->world) != 0;
    const status closed =
        close_files(r, result == STATUS_OK ? error : NULL); /* the first failure is the one to report */
    if (!follows)
        launch_report_send(r->report, REPORT_END, result != STATUS_OK ? result : closed);
    const status left = launched_rank_leave(&r->world, r->report, result, error);
    if (follows && result != STATUS_STOPPED && error->text[0] == '\0')
        return left;
    return result != STATUS_OK ? result : closed != STATUS_OK ? closed : left;
}

static status run_world(run *r, int argc, char **argv, error_info *error) {
    RETURN_IF_FAILED(mpi_world_open(&r->world, error));
    if (mpi_world_rank(r->world) == 0)
        launch_report_send(r->report, REPORT_UP, 0);
    return close_run(r, run_steps(r, argc, argv, error), error);
}

static status run_job(int argc, char **argv, error_info *error) {
    run *r = calloc(1, sizeof *r);
    if (r == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory");
    r->report = launch_report_open();
    stop_signal_install();
    signal(SIGXFSZ, SIG_IGN); /* exceeding a file size limit must be an error, not a death */
    signal(SIGPIPE, SIG_IGN); /* a closed reader of the progress must not end the session */
    const status result = run_world(r, argc, argv, error);
    free(r->selected);
    free(r->left_out);
    free(r->costs);
    free(r->shapes);
    progress_release(&r->progress);
    running_notes_close(&r->notes);
    job_destroy(&r->job);
    free(r);
    return result;
}

const cli_verb cli_run = {
    .name = "run",
    .summary = "train every cell of a job that has no result yet",
    .command = "mpirun -n N mpisweep run",
    .description =
        "Trains the cells of the grid and writes them to one HDF5 file. After an interruption, run "
        "the same command again to resume. Without mpirun it runs on one core.",
    .remarks =
        "INT, TERM, USR1 or HUP to any rank, USR1 to mpirun, stop the session cleanly: exit status 75.",
    .run = run_job,
    .arguments = {{"JOB.yaml", offsetof(run_options, job_path), .help = "the job file"}},
    .options =
        {
            {.letter = 'o',
             .argument = "RESULTS.h5",
             .kind = &cli_file,
             .offset = offsetof(run_options, results_path),
             .help = "the results file (default: the job's name + \".h5\" in the current directory; with "
                     "--shard I/N + \".shard-I-of-N.h5\")"},
            {.name = "set",
             .argument = "KEY=VALUE",
             .kind = &cli_list,
             .offset = offsetof(run_options, settings),
             .help = "set a key of the job file, e.g. optimizer.momentum=0.8"},
            {.name = "only",
             .argument = "AXIS=VALUE[,VALUE]...",
             .kind = &cli_list,
             .offset = offsetof(run_options, only),
             .help = "train only these cells of the grid; values of one axis add up. A long number may be "
                     "rounded to three digits or more, as status prints it"},
            {.name = "shard",
             .argument = "I/N",
             .kind = &shard_kind,
             .offset = offsetof(run_options, shard),
             .help = "train only the cells of shard I of N, which share the costs evenly, into a file of the "
                     "whole grid; mpisweep merge joins the files"},
            {.name = "data",
             .argument = "DIR",
             .kind = &cli_directory,
             .offset = offsetof(run_options, data_directory),
             .help = "directory of the data sets (default: $MPISWEEP_DATA, else ./data)"},
            {.name = "max-failures",
             .argument = "N",
             .kind = &cli_number,
             .offset = offsetof(run_options, max_failures),
             .minimum = 1,
             .help = "stop after N cells that failed, diverged or timed out"},
            {.name = "retry-failed",
             .kind = &cli_flag,
             .offset = offsetof(run_options, retry_failed),
             .help = "train again the cells that failed, timed out or are damaged in the file"},
            {.name = "quiet",
             .kind = &cli_flag,
             .offset = offsetof(run_options, quiet),
             .help = "no progress on standard error"},
            {.name = "time-limit",
             .argument = "T",
             .kind = &time_limit_kind,
             .offset = offsetof(run_options, time_limit),
             .help = "stop cleanly before T (seconds or H:MM:SS) has passed: exit status 75. "
                     "$SLURM_JOB_END_TIME is a limit, too, unless it is past at the start"},
        },
};
