#include "cli/bench_dispatch.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "cli/build_info.h"
#include "cli/scratch_directory.h"
#include "io/job/data.h"
#include "io/job/job.h"
#include "io/results/origin.h"
#include "io/results/results.h"
#include "sweep/sweep.h"
#include "sweep/transport_local.h"

enum { WORKERS = 2, CELLS = 200000 };

static const char job_text[] = "job: dispatch\n"
                               "data: {source: absolute_value, spread: 1, train_count: 1, test_count: 1}\n"
                               "model: {layers: [{dense: 1}]}\n"
                               "loss: {kind: squared_error}\n"
                               "optimizer: {kind: sgd, lr: 0.1}\n"
                               "train: {epochs: 0, batch: 1}\n"
                               "record: {test_loss: {every: end}}\n";

/* What workers say that a cell took: these are assigned in batches, those one by one. */
static const double SHORT = 1e-6, LONG = 60; /* seconds */

/* A worker that answers without training. */
typedef struct responder {
    pthread_t thread;
    transport *transport;
    double seconds;     /* of every cell */
    size_t value_count; /* of every record */
    int32_t rank;
    status status;
    error_info error;
} responder;

typedef struct dispatch {
    char directory[PATH_MAX], job_path[PATH_MAX + 16], results_path[PATH_MAX + 16];
    job *job;
    stored_dataset stored;
    record_layout records;
    results *results;
    local_hub *hub;
    responder responders[WORKERS];
} dispatch;

typedef struct dispatch_rate {
    double cpu_seconds, seconds; /* of the coordinating thread */
} dispatch_rate;

/* ---- Workers ----------------------------------------------------------------------------------- */

static status answer(const responder *r, wire_batch *cells, const float *values, arena *batch, size_t *size,
                     error_info *error) {
    assigned_cell cell;
    *size = 0;
    while (wire_take_cell(cells, &cell)) {
        const cell_record record = {.cell = cell.from.cell,
                                    .status = CELL_DONE,
                                    .rank = r->rank,
                                    .seconds = r->seconds,
                                    .host = "none",
                                    .value_count = r->value_count,
                                    .values = values};
        RETURN_IF_FAILED(wire_append_result(&record, batch, size, error));
    }
    return STATUS_OK;
}

static status serve(responder *r, const float *values, arena *in, arena *out, arena *batch) {
    message m = {.type = MESSAGE_HELLO, .hello = {.rank = r->rank}};
    error_info *error = &r->error;
    while (m.type != MESSAGE_STOP) {
        size_t size;
        int peer;
        bool received = false;
        RETURN_IF_FAILED(wire_encode(&m, out, &size, error));
        RETURN_IF_FAILED(r->transport->send(r->transport, TRANSPORT_COORDINATOR, out->memory, size, error));
        while (!received)
            RETURN_IF_FAILED(r->transport->receive(r->transport, 1, &received, &peer, in, &size, error));
        RETURN_IF_FAILED(wire_decode(in->memory, size, &m, error));
        if (m.type == MESSAGE_ASSIGN) {
            RETURN_IF_FAILED(answer(r, &m.cells, values, batch, &size, error));
            m = (message){.type = MESSAGE_RESULTS, .results = {batch->memory, size}};
        }
    }
    return wire_send_stop(r->transport, TRANSPORT_COORDINATOR, out, error);
}

static void *run_responder(void *context) {
    responder *r = context;
    arena in = {0}, out = {0}, batch = {0};
    float *values = calloc(r->value_count + 1, sizeof *values);
    r->status = values != NULL ? serve(r, values, &in, &out, &batch)
                               : error_set(&r->error, STATUS_INTERNAL, "out of memory");
    free(values);
    arena_release(&in);
    arena_release(&out);
    arena_release(&batch);
    return NULL;
}

/* ---- The coordinator ---------------------------------------------------------------------------- */

static status store(void *context, const cell_record *record, error_info *error) {
    return results_store(((dispatch *)context)->results, record, error);
}

static void keep(void *context, const cell_checkpoint *checkpoint) {
    (void)context, (void)checkpoint;
}

static void recall(void *context, cell_checkpoint *checkpoint) {
    (void)context, (void)checkpoint;
}

static status tick(void *context, const coordinator *c, error_info *error) {
    (void)c;
    return results_tick(((dispatch *)context)->results, error);
}

static double thread_seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static status start_responders(dispatch *d, double seconds, error_info *error) {
    for (int i = 0; i < WORKERS; i++) {
        responder *r = &d->responders[i];
        *r = (responder){.transport = local_hub_endpoint(d->hub, i),
                         .seconds = seconds,
                         .value_count = d->records.value_count,
                         .rank = i};
        if (pthread_create(&r->thread, NULL, run_responder, r) != 0)
            return error_set(error, STATUS_INTERNAL, "cannot start a thread");
    }
    return STATUS_OK;
}

static status time_sweep(dispatch *d, dispatch_rate *out, error_info *error) {
    const atomic_bool stop = false;
    const sweep_setup setup = {.coordinator = {.cells = CELLS, .workers = WORKERS},
                               .value_count = d->records.value_count,
                               .stop = &stop,
                               .store = store,
                               .keep = keep,
                               .recall = recall,
                               .tick = tick,
                               .context = d};
    coordinator_counts counts;
    transport *t = local_hub_endpoint(d->hub, TRANSPORT_COORDINATOR);
    const double cpu = thread_seconds(), start = clock_seconds();
    const status result = sweep_run(t, &setup, NULL, NULL, &counts, error);
    *out = (dispatch_rate){thread_seconds() - cpu, clock_seconds() - start};
    return result;
}

static status time_responders(dispatch *d, double seconds, dispatch_rate *out, error_info *error) {
    RETURN_IF_FAILED(local_hub_create(&d->hub, WORKERS, error));
    status result = start_responders(d, seconds, error);
    if (result == STATUS_OK)
        result = time_sweep(d, out, error);
    for (int i = 0; i < WORKERS && result == STATUS_OK; i++) {
        responder *r = &d->responders[i];
        pthread_join(r->thread, NULL);
        if (r->status != STATUS_OK)
            result = error_set(error, r->status, "%s", r->error.text);
    }
    if (result == STATUS_OK)
        local_hub_destroy(&d->hub);
    return result;
}

/* ---- Files -------------------------------------------------------------------------------------- */

static status make_files(dispatch *d, error_info *error) {
    RETURN_IF_FAILED(scratch_directory_create(d->directory, sizeof d->directory, error));
    snprintf(d->job_path, sizeof d->job_path, "%s/job.yaml", d->directory);
    snprintf(d->results_path, sizeof d->results_path, "%s/results.h5", d->directory);
    FILE *file = fopen(d->job_path, "w");
    if (file == NULL || fprintf(file, "%ssweep: {run: %d}\n", job_text, (int)CELLS) < 0 || fclose(file) != 0)
        return error_set(error, STATUS_IO, "%s: cannot write: %s", d->job_path, strerror(errno));
    RETURN_IF_FAILED(job_load(&d->job, d->job_path, NULL, 0, error));
    RETURN_IF_FAILED(job_describe_data(d->job, ".", &d->stored, error));
    return job_layout(d->job, &d->stored.data, &d->records, error);
}

static void remove_files(dispatch *d) {
    job_destroy(&d->job);
    if (d->directory[0] == '\0')
        return;
    unlink(d->job_path);
    unlink(d->results_path);
    rmdir(d->directory);
}

static status time_kind(dispatch *d, double seconds, dispatch_rate *out, error_info *error) {
    const results_origin origin = {.version = build_version,
                                   .commit = build_commit,
                                   .kernels = engine_kernels(),
                                   .cpu = "",
                                   .libraries = "",
                                   .numerics = ENGINE_NUMERICS};
    RETURN_IF_FAILED(results_open(&d->results, d->results_path, d->job, &d->records, &origin, 1, error));
    const status timed = time_responders(d, seconds, out, error);
    const status closed = results_close(&d->results, timed == STATUS_OK ? error : NULL);
    unlink(d->results_path);
    return timed != STATUS_OK ? timed : closed;
}

static void print_rate(const char *name, const dispatch_rate *r) {
    printf("%-12s %8.0f cells per CPU second of the coordinator, %8.0f per second\n", name,
           CELLS / r->cpu_seconds, CELLS / r->seconds);
}

static void print_rates(bool json, const dispatch_rate *batches, const dispatch_rate *single) {
    if (!json) {
        printf("%d cells that nobody trains, %d workers, stored in a results file\n", (int)CELLS,
               (int)WORKERS);
        print_rate("in batches", batches);
        print_rate("one by one", single);
        return;
    }
    printf("{\"cells\": %d, \"workers\": %d, \"batched_per_cpu_second\": %.6g, \"batched_per_second\": %.6g, "
           "\"single_per_cpu_second\": %.6g, \"single_per_second\": %.6g}\n",
           (int)CELLS, (int)WORKERS, CELLS / batches->cpu_seconds, CELLS / batches->seconds,
           CELLS / single->cpu_seconds, CELLS / single->seconds);
}

static status measure(dispatch *d, bool json, error_info *error) {
    dispatch_rate batches, single;
    RETURN_IF_FAILED(make_files(d, error));
    RETURN_IF_FAILED(time_kind(d, SHORT, &batches, error));
    RETURN_IF_FAILED(time_kind(d, LONG, &single, error));
    print_rates(json, &batches, &single);
    return STATUS_OK;
}

status bench_dispatch(bool json, error_info *error) {
    dispatch *d = calloc(1, sizeof *d);
    if (d == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory");
    const status result = measure(d, json, error);
    remove_files(d);
    free(d);
    return result;
}
