#include "sweep/worker.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "sweep/cell_log.h"
#include "sweep/cell_queue.h"

static const double IDLE_WAIT = 0.05;  /* seconds between checks of the stop flag while nothing arrives */
static const double LOOK_EVERY = 0.01; /* seconds of training between checks for messages */
static const double SEND_EVERY = 0.05; /* seconds that results may wait for others */

enum {
    LARGEST_CHECKPOINT = 1 << 30,
    MANY_RESULTS = 1 << 20, /* bytes, which are sent at once */
};

/* A cell that is trained now, perhaps together with others. */
typedef struct task {
    cell_checkpoint from;
    training_spec spec;
    training *planned; /* the memory is used again by the tasks that follow; NULL: there was none yet */
    bool waits;        /* planned, and still to be trained */
} task;

typedef struct team team;

typedef struct worker {
    const worker_setup *setup;
    transport *transport;
    arena outgoing, incoming, training, checkpoint;
    arena results;        /* records to be sent */
    size_t results_size;  /* of these, in bytes */
    double results_since; /* when the first of them came */
    cell_queue *queue;
    task *tasks;          /* (ENGINE_GROUP) */
    team *team;           /* of tasks that are trained together now */
    arena recorded;       /* values of the cells as they laid them out */
    float *values;        /* (setup->records->value_count) those of one, as the sweep lays them out */
    record_layout *wider; /* to see whether a cell's fits */
    bool leaving;         /* must stop, asked here or by the coordinator */
    bool dismissed;       /* the coordinator's STOP has arrived */
    double now;           /* of the last step: clock_seconds() */
    double next_look;
    checkpoint_clock clock;
    status status; /* first failure of the transport; the worker leaves then */
    error_info *error;
} worker;

static status send_message(worker *w, const message *m) {
    size_t size;
    RETURN_IF_FAILED(wire_encode(m, &w->outgoing, &size, w->error));
    return w->transport->send(w->transport, TRANSPORT_COORDINATOR, w->outgoing.memory, size, w->error);
}

/* ---- Results ------------------------------------------------------------------------------------ */

static status send_results(worker *w) {
    if (w->results_size == 0)
        return STATUS_OK;
    const message m = {.type = MESSAGE_RESULTS, .results = {w->results.memory, w->results_size}};
    w->results_size = 0;
    return send_message(w, &m);
}

static status send_due_results(worker *w, double now) {
    const bool due = now - w->results_since >= SEND_EVERY || w->results_size >= MANY_RESULTS;
    return due ? send_results(w) : STATUS_OK;
}

static status add_result(worker *w, const cell_record *record) {
    const double now = clock_seconds();
    if (w->results_size == 0)
        w->results_since = now;
    RETURN_IF_FAILED(wire_append_result(record, &w->results, &w->results_size, w->error));
    return send_due_results(w, now);
}

/* ---- Messages of the coordinator ----------------------------------------------------------------- */

/* Wait for the coordinator's next message and take it: cells are queued, a STOP is noted. */
static status take_message(worker *w, double timeout) {
    int peer;
    size_t size;
    bool received;
    message m;
    RETURN_IF_FAILED(
        w->transport->receive(w->transport, timeout, &received, &peer, &w->incoming, &size, w->error));
    if (!received)
        return STATUS_OK;
    RETURN_IF_FAILED(wire_decode(w->incoming.memory, size, &m, w->error));
    if (m.type == MESSAGE_STOP)
        w->leaving = w->dismissed = true;
    else if (m.type == MESSAGE_CHECKPOINT)
        checkpoint_clock_confirm(&w->clock);
    return m.type == MESSAGE_ASSIGN ? cell_queue_add(w->queue, &m.cells, w->error) : STATUS_OK;
}

static status look(worker *w, double now) {
    w->next_look = now + LOOK_EVERY;
    RETURN_IF_FAILED(send_due_results(w, now));
    return take_message(w, 0);
}

/* Called by the engine before every step. Looking for messages costs more than a short step, so the clock
 * decides when to. */
static bool should_stop(void *context) {
    worker *w = context;
    w->leaving |= atomic_load(w->setup->stop);
    w->now = clock_seconds();
    if (w->leaving || w->now < w->next_look)
        return w->leaving;
    w->status = look(w, w->now);
    w->leaving |= w->status != STATUS_OK;
    return w->leaving;
}

/* ---- The end of a cell ---------------------------------------------------------------------------- */

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

static cell_status status_of(training_outcome outcome) {
    if (outcome == TRAINING_DIVERGED)
        return CELL_DIVERGED;
    return outcome == TRAINING_TIMED_OUT ? CELL_TIMED_OUT : CELL_DONE;
}

static status tell_result(worker *w, size_t cell, cell_status state, const training_report *report) {
    cell_record record = {.cell = cell,
                          .status = state,
                          .rank = w->setup->hello.rank,
                          .steps_taken = report->steps_taken,
                          .seconds = report->seconds,
                          .value_count = w->setup->records->value_count,
                          .values = w->values};
    memcpy(record.host, w->setup->hello.host, sizeof record.host);
    return add_result(w, &record);
}

/* One that does not fit into a message is dropped: the cell is trained from its start. */
static status send_checkpoint(worker *w, size_t cell, size_t size) {
    const message m = {.type = MESSAGE_CHECKPOINT,
                       .checkpoint = {.cell = cell, .size = size, .bytes = w->checkpoint.memory}};
    return size > 0 && size <= LARGEST_CHECKPOINT ? send_message(w, &m) : STATUS_OK;
}

static status tell_defect(worker *w, uint64_t cell, const error_info *failure) {
    cell_log_defect(w->setup->grid, cell, failure);
    clear_values(w);
    return tell_result(w, cell, CELL_FAILED, &(training_report){0});
}

/* Lack of memory is not the cell's fault: it stays pending, for fewer ranks or another machine. */
static status tell_no_memory(worker *w, uint64_t cell, const error_info *failure) {
    cell_log_no_memory(w->setup->grid, cell, w->setup->hello.rank, w->setup->hello.host, failure);
    clear_values(w);
    return tell_result(w, cell, CELL_PENDING, &(training_report){0});
}

/* A failure of the transport is the worker's, any other the cell's. */
static status tell_failure(worker *w, uint64_t cell, status failed, const error_info *failure) {
    RETURN_IF_FAILED(w->status);
    return failed == STATUS_INTERNAL ? tell_no_memory(w, cell, failure) : tell_defect(w, cell, failure);
}

/* A cell is trained into a block of its own layout, which is then spread over the sweep's. */
static status tell_end(worker *w, const task *t, const training_report *report) {
    RETURN_IF_FAILED(w->status);
    cell_log_start(w->setup->grid, &t->from, report);
    if (report->outcome == TRAINING_STOPPED)
        return send_checkpoint(w, t->from.cell, report->checkpoint_size);
    record_copy(&training_planned(t->planned)->records, report->values, w->setup->records, w->values);
    return tell_result(w, t->from.cell, status_of(report->outcome), report);
}

/* ---- Cells that are trained together ------------------------------------------------------------- */

static status open_planned(worker *w, task *t, error_info *error) {
    w->setup->cell_spec(w->setup->context, t->from.cell, &t->spec);
    if (t->planned == NULL)
        RETURN_IF_FAILED(training_open(&t->planned, &t->spec, w->setup->data, error));
    else
        RETURN_IF_FAILED(training_replace(t->planned, &t->spec, w->setup->data, error));
    return check_layout(w, &training_planned(t->planned)->records, error);
}

/* A cell that cannot be trained is reported at once. */
static status open_task(worker *w, task *t, const cell_checkpoint *from) {
    error_info failure = {0};
    t->from = *from;
    const status opened = open_planned(w, t, &failure);
    t->waits = opened == STATUS_OK;
    if (t->waits)
        return STATUS_OK;
    return tell_failure(w, from->cell, opened, &failure);
}

/* Members of a group with the tasks that they belong to. */
struct team {
    worker *worker;
    int count;
    training_member members[ENGINE_GROUP];
    task *tasks[ENGINE_GROUP];
};

/* The context is that of should_stop. */
static void tell_member(void *context, const training_member *member) {
    worker *w = context;
    const team *m = w->team;
    const status sent = tell_end(w, m->tasks[member - m->members], &member->report);
    w->status = w->status != STATUS_OK ? w->status : sent;
    w->leaving |= w->status != STATUS_OK;
}

/* ---- Checkpoints of cells that continue ---------------------------------------------------------- */

/* Called by the engine after should_stop, which has just read the clock. */
static bool is_due(void *context, const training *planned) {
    worker *w = context;
    return checkpoint_clock_looks(&w->clock, w->now) &&
           checkpoint_clock_rings(&w->clock, w->now, training_share_done(planned));
}

static void send_kept(void *context, const training *planned, size_t size) {
    worker *w = context;
    const team *m = w->team;
    if (w->status != STATUS_OK || size > LARGEST_CHECKPOINT)
        return;
    for (int i = 0; i < m->count; i++)
        if (m->tasks[i]->planned == planned)
            w->status = send_checkpoint(w, m->tasks[i]->from.cell, size);
    w->leaving |= w->status != STATUS_OK;
    checkpoint_clock_sent(&w->clock, clock_seconds());
}

/* ---- Teams -------------------------------------------------------------------------------------- */

static status train_team(team *m, error_info *error) {
    worker *w = m->worker;
    const group_control control = {.stop = should_stop,
                                   .context = w,
                                   .due = is_due,
                                   .kept = send_kept,
                                   .keep = &w->checkpoint,
                                   .ended = tell_member};
    return engine_train_group(m->members, m->count, w->setup->seed, &w->training, &control, error);
}

/* A cell that cannot be a member of a group. */
static status train_alone(team *m, error_info *error) {
    worker *w = m->worker;
    training_member *member = &m->members[0];
    const training_control control = {.stop = should_stop,
                                      .context = w,
                                      .due = is_due,
                                      .kept = send_kept,
                                      .checkpoint = member->checkpoint,
                                      .checkpoint_size = member->checkpoint_size,
                                      .keep = &w->checkpoint};
    RETURN_IF_FAILED(engine_train(member->planned, w->setup->seed, member->coordinates, &w->training,
                                  &control, &member->report, error));
    tell_member(w, member);
    return STATUS_OK;
}

static status reserve_values(team *m, error_info *error) {
    worker *w = m->worker;
    size_t count = 0;
    for (int i = 0; i < m->count; i++)
        count += training_planned(m->members[i].planned)->records.value_count;
    RETURN_IF_FAILED(arena_reserve(&w->recorded, count * sizeof(float), error));
    float *values = (float *)w->recorded.memory;
    for (int i = 0; i < m->count; i++) {
        m->members[i].report.values = values;
        values += training_planned(m->members[i].planned)->records.value_count;
    }
    return STATUS_OK;
}

static void join(team *m, task *t) {
    m->tasks[m->count] = t;
    m->members[m->count++] =
        (training_member){.planned = t->planned,
                          .coordinates = grid_coordinates(m->worker->setup->grid, t->from.cell),
                          .checkpoint = t->from.bytes,
                          .checkpoint_size = t->from.size};
}

static bool has_shape_of(const team *m, const task *t) {
    const uint64_t shape = training_planned(m->members[0].planned)->shape;
    return shape != 0 && training_planned(t->planned)->shape == shape;
}

/* The first task that is not done, and those that may be trained together with it. */
static void gather_team(team *m, int count) {
    m->count = 0;
    for (int i = 0; i < count; i++) {
        task *t = &m->worker->tasks[i];
        if (t->waits && (m->count == 0 || has_shape_of(m, t)))
            join(m, t);
    }
}

static status train_members(team *m, error_info *error) {
    RETURN_IF_FAILED(reserve_values(m, error));
    checkpoint_clock_begin(&m->worker->clock);
    return training_planned(m->members[0].planned)->shape != 0 ? train_team(m, error) : train_alone(m, error);
}

/* Without memory for all of them a team is trained one by one. */
static status run_team(team *m) {
    worker *w = m->worker;
    error_info failure = {0};
    status trained = train_members(m, &failure);
    if (trained == STATUS_INTERNAL && m->count > 1) {
        m->count = 1;
        failure = (error_info){0};
        trained = train_members(m, &failure);
    }
    for (int i = 0; i < m->count; i++)
        m->tasks[i]->waits = false;
    RETURN_IF_FAILED(w->status);
    return trained != STATUS_OK ? tell_failure(w, m->tasks[0]->from.cell, trained, &failure) : STATUS_OK;
}

static status train_tasks(worker *w, int count) {
    team m = {.worker = w};
    w->team = &m;
    gather_team(&m, count);
    while (m.count > 0) {
        RETURN_IF_FAILED(run_team(&m));
        gather_team(&m, w->leaving ? 0 : count);
    }
    return STATUS_OK;
}

static status train_next(worker *w) {
    cell_checkpoint from[ENGINE_GROUP];
    size_t cells[ENGINE_GROUP];
    status result = STATUS_OK;
    const int count = cell_queue_take(w->queue, from);
    for (int i = 0; i < count; i++)
        cells[i] = from[i].cell;
    if (w->setup->before_training != NULL)
        w->setup->before_training(cells, count);
    for (int i = 0; result == STATUS_OK && i < count; i++)
        result = open_task(w, &w->tasks[i], &from[i]);
    if (result == STATUS_OK)
        result = train_tasks(w, count);
    if (w->setup->after_training != NULL)
        w->setup->after_training();
    for (int i = 0; i < count; i++)
        cell_queue_drop(&from[i]);
    return result;
}

static status serve(worker *w) {
    const message hello = {.type = MESSAGE_HELLO, .hello = w->setup->hello};
    RETURN_IF_FAILED(send_message(w, &hello));
    while (!w->leaving) {
        const double now = clock_seconds();
        if (w->queue->count == 0) {
            RETURN_IF_FAILED(send_results(w));
            RETURN_IF_FAILED(take_message(w, IDLE_WAIT));
        } else if (now >= w->next_look)
            RETURN_IF_FAILED(look(w, now));
        w->leaving |= atomic_load(w->setup->stop);
        if (w->queue->count > 0 && !w->leaving)
            RETURN_IF_FAILED(train_next(w));
    }
    return send_results(w);
}

/* One STOP each way, so that no message is in transit when the transport is closed. */
static status take_leave(worker *w) {
    RETURN_IF_FAILED(wire_send_stop(w->transport, TRANSPORT_COORDINATOR, &w->outgoing, w->error));
    while (!w->dismissed)
        RETURN_IF_FAILED(take_message(w, IDLE_WAIT));
    return STATUS_OK;
}

static status open_worker(worker *w) {
    const size_t values = w->setup->records->value_count;
    checkpoint_clock_start(&w->clock, w->setup->checkpoints, clock_seconds());
    w->values = malloc(values * sizeof *w->values + 1); /* never of size zero */
    w->wider = malloc(sizeof *w->wider);
    w->queue = calloc(1, sizeof *w->queue);
    w->tasks = calloc(ENGINE_GROUP, sizeof *w->tasks);
    if (w->values == NULL || w->wider == NULL || w->queue == NULL || w->tasks == NULL)
        return error_set(w->error, STATUS_INTERNAL, "out of memory for %zu recorded values", values);
    return STATUS_OK;
}

static void close_worker(worker *w) {
    arena *const arenas[] = {&w->outgoing, &w->incoming,   &w->results,
                             &w->training, &w->checkpoint, &w->recorded};
    for (size_t i = 0; i < sizeof arenas / sizeof arenas[0]; i++)
        arena_release(arenas[i]);
    if (w->queue != NULL)
        cell_queue_clear(w->queue);
    for (size_t i = 0; w->tasks != NULL && i < ENGINE_GROUP; i++)
        training_close(&w->tasks[i].planned);
    free(w->values);
    free(w->wider);
    free(w->queue);
    free(w->tasks);
}

status worker_run(transport *t, const worker_setup *setup, error_info *error) {
    worker w = {.setup = setup, .transport = t, .error = error};
    status result = open_worker(&w);
    if (result == STATUS_OK)
        result = serve(&w);
    /* The coordinator waits for the last message of every worker, even of one that failed. */
    error_info second = {0};
    w.error = result == STATUS_OK ? error : &second;
    status left = take_leave(&w);
    close_worker(&w);
    return result != STATUS_OK ? result : left;
}
