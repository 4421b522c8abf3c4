#include "sweep/worker.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"

static const double IDLE_WAIT = 0.05;  /* seconds between checks of the stop flag while nothing arrives */
static const double LOOK_EVERY = 0.01; /* seconds of training between checks for messages */

enum { CELL_TEXT_SIZE = 256, LARGEST_CHECKPOINT = 1 << 30 };

typedef struct worker {
    const worker_setup *setup;
    transport *transport;
    arena outgoing, incoming, training, checkpoint;
    arena recorded;       /* values of the cell as it laid them out */
    float *values;        /* (setup->records->value_count) the same, as the sweep lays them out */
    record_layout *wider; /* to see whether a cell's fits */
    bool leaving;         /* must stop, asked here or by the coordinator */
    bool dismissed;       /* the coordinator's STOP has arrived */
    double next_look;
    status status; /* first failure of the transport; the worker leaves then */
    error_info *error;
} worker;

static status send_message(worker *w, const message *m) {
    size_t size;
    RETURN_IF_FAILED(wire_encode(m, &w->outgoing, &size, w->error));
    return w->transport->send(w->transport, TRANSPORT_COORDINATOR, w->outgoing.memory, size, w->error);
}

/* Wait for the coordinator's next message. A STOP is noted in `w`. */
static status receive_message(worker *w, double timeout, bool *received, message *m) {
    int peer;
    size_t size;
    RETURN_IF_FAILED(
        w->transport->receive(w->transport, timeout, received, &peer, &w->incoming, &size, w->error));
    if (!*received)
        return STATUS_OK;
    RETURN_IF_FAILED(wire_decode(w->incoming.memory, size, m, w->error));
    if (m->type == MESSAGE_STOP)
        w->leaving = w->dismissed = true;
    return STATUS_OK;
}

/* Called by the engine before every step. Checking for messages costs more than a short step, so the clock
 * decides when to. */
static bool should_stop(void *context) {
    worker *w = context;
    w->leaving |= atomic_load(w->setup->stop);
    double now = clock_seconds();
    if (w->leaving || now < w->next_look)
        return w->leaving;
    w->next_look = now + LOOK_EVERY;
    bool received;
    message ignored;
    w->status = receive_message(w, 0, &received, &ignored);
    w->leaving |= w->status != STATUS_OK;
    return w->leaving;
}

static void clear_values(worker *w) {
    for (size_t i = 0; i < w->setup->records->value_count; i++)
        w->values[i] = NAN;
}

/* Does the sweep's layout have room for what this cell records? */
static status check_layout(const worker *w, const record_layout *cell, error_info *error) {
    const worker_setup *setup = w->setup;
    *w->wider = *setup->records;
    RETURN_IF_FAILED(record_layout_merge(w->wider, cell, error));
    if (w->wider->value_count != setup->records->value_count)
        return error_set(error, STATUS_USAGE,
                         "it records %zu values that do not fit the %zu of the results file",
                         cell->value_count, setup->records->value_count);
    return STATUS_OK;
}

/* A cell is trained into a block of its own layout, which is then spread over the sweep's. */
static status train_planned(worker *w, training *planned, const cell_checkpoint *from,
                            training_report *report, error_info *error) {
    const worker_setup *setup = w->setup;
    const record_layout *records = &training_planned(planned)->records;
    const uint64_t coordinates = grid_coordinates(setup->grid, from->cell);
    const training_control control = {.stop = should_stop,
                                      .context = w,
                                      .checkpoint = from->bytes,
                                      .checkpoint_size = from->size,
                                      .keep = &w->checkpoint};
    RETURN_IF_FAILED(check_layout(w, records, error));
    RETURN_IF_FAILED(arena_reserve(&w->recorded, records->value_count * sizeof(float), error));
    report->values = (float *)w->recorded.memory;
    RETURN_IF_FAILED(engine_train(planned, setup->seed, coordinates, &w->training, &control, report, error));
    record_copy(records, report->values, setup->records, w->values);
    return STATUS_OK;
}

static status train(worker *w, const cell_checkpoint *from, training_report *report, error_info *error) {
    training_spec spec;
    training *planned;
    w->setup->cell_spec(w->setup->context, from->cell, &spec);
    RETURN_IF_FAILED(training_open(&planned, &spec, w->setup->data, error));
    const status code = train_planned(w, planned, from, report, error);
    training_close(&planned);
    return code;
}

static cell_status status_of(training_outcome outcome) {
    if (outcome == TRAINING_DIVERGED)
        return CELL_DIVERGED;
    return outcome == TRAINING_TIMED_OUT ? CELL_TIMED_OUT : CELL_DONE;
}

static void name_cell(const worker *w, uint64_t cell, char name[CELL_TEXT_SIZE]) {
    grid_cell_text(w->setup->grid, cell, name, CELL_TEXT_SIZE);
}

/* How the checkpoint was used, if there was one. */
static void tell_start(const worker *w, const cell_checkpoint *from, const training_report *report) {
    char name[CELL_TEXT_SIZE];
    if (from->size == 0)
        return;
    name_cell(w, from->cell, name);
    if (report->resumed)
        log_note("cell %s resumed after %ld steps", name, report->steps_before);
    else
        log_warning("cell %s was trained from its start: its checkpoint does not match", name);
}

static status send_result(worker *w, size_t cell, cell_status state, const training_report *report) {
    message m = {.type = MESSAGE_RESULT,
                 .record = {.cell = cell,
                            .status = state,
                            .rank = w->setup->hello.rank,
                            .steps_taken = report->steps_taken,
                            .seconds = report->seconds,
                            .value_count = w->setup->records->value_count,
                            .values = w->values}};
    memcpy(m.record.host, w->setup->hello.host, sizeof m.record.host);
    return send_message(w, &m);
}

/* One that does not fit into a message is dropped: the cell is trained from its start. */
static status send_checkpoint(worker *w, size_t cell, size_t size) {
    const message m = {.type = MESSAGE_CHECKPOINT,
                       .checkpoint = {.cell = cell, .size = size, .bytes = w->checkpoint.memory}};
    return size > 0 && size <= LARGEST_CHECKPOINT ? send_message(w, &m) : STATUS_OK;
}

static status send_failure(worker *w, uint64_t cell, const error_info *failure) {
    char name[CELL_TEXT_SIZE];
    name_cell(w, cell, name);
    log_warning("cell %s failed: %s", name, failure->text);
    clear_values(w);
    return send_result(w, cell, CELL_FAILED, &(training_report){0});
}

/* Lack of memory is not the cell's fault: it stays pending, for fewer ranks or another machine. */
static status send_no_memory(worker *w, uint64_t cell, const error_info *failure) {
    char name[CELL_TEXT_SIZE];
    name_cell(w, cell, name);
    log_warning("cell %s stays pending: rank %d on %s: %s", name, w->setup->hello.rank, w->setup->hello.host,
                failure->text);
    clear_values(w);
    return send_result(w, cell, CELL_PENDING, &(training_report){0});
}

static status train_and_report(worker *w, const cell_checkpoint *from) {
    training_report report = {0};
    error_info failure = {0};
    if (w->setup->before_training != NULL)
        w->setup->before_training(from->cell);
    const status trained = train(w, from, &report, &failure);
    if (w->setup->after_training != NULL)
        w->setup->after_training();
    RETURN_IF_FAILED(w->status);
    if (trained == STATUS_INTERNAL)
        return send_no_memory(w, from->cell, &failure);
    if (trained != STATUS_OK)
        return send_failure(w, from->cell, &failure);
    tell_start(w, from, &report);
    if (report.outcome == TRAINING_STOPPED)
        return send_checkpoint(w, from->cell, report.checkpoint_size);
    return send_result(w, from->cell, status_of(report.outcome), &report);
}

static status serve(worker *w) {
    message m = {.type = MESSAGE_HELLO, .hello = w->setup->hello};
    RETURN_IF_FAILED(send_message(w, &m));
    while (!w->leaving) {
        bool received;
        RETURN_IF_FAILED(receive_message(w, IDLE_WAIT, &received, &m));
        if (received && m.type == MESSAGE_ASSIGN)
            RETURN_IF_FAILED(train_and_report(w, &m.checkpoint));
        w->leaving |= atomic_load(w->setup->stop);
    }
    return STATUS_OK;
}

/* One STOP each way, so that no message is in transit when the transport is closed. */
static status take_leave(worker *w) {
    message m;
    RETURN_IF_FAILED(wire_send_stop(w->transport, TRANSPORT_COORDINATOR, &w->outgoing, w->error));
    while (!w->dismissed) {
        bool received;
        RETURN_IF_FAILED(receive_message(w, IDLE_WAIT, &received, &m));
    }
    return STATUS_OK;
}

status worker_run(transport *t, const worker_setup *setup, error_info *error) {
    worker w = {.setup = setup, .transport = t, .error = error};
    status result = STATUS_OK;
    w.values = malloc(setup->records->value_count * sizeof *w.values + 1); /* never of size zero */
    w.wider = malloc(sizeof *w.wider);
    if (w.values == NULL || w.wider == NULL)
        result = error_set(error, STATUS_INTERNAL, "out of memory for %zu recorded values",
                           setup->records->value_count);
    if (result == STATUS_OK)
        result = serve(&w);
    /* The coordinator waits for the last message of every worker, even of one that failed. */
    error_info second = {0};
    w.error = result == STATUS_OK ? error : &second;
    status left = take_leave(&w);
    arena_release(&w.outgoing);
    arena_release(&w.incoming);
    arena_release(&w.training);
    arena_release(&w.checkpoint);
    arena_release(&w.recorded);
    free(w.values);
    free(w.wider);
    return result != STATUS_OK ? result : left;
}
