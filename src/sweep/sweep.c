#include "sweep/sweep.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>

#include "base/clock.h"
#include "base/fault_signals.h"

_Static_assert((int)COORDINATOR_GROUP <= (int)ENGINE_GROUP, "a group may be trained together");
_Static_assert((int)COORDINATOR_BATCH <= (int)WIRE_BATCH, "an assignment has room for a batch");

static const double TICK = 0.05; /* seconds between checks of the stop flag while nothing arrives */

typedef struct driver {
    const sweep_setup *setup;
    transport *transport;
    coordinator *coordinator;
    arena outgoing, incoming, assignment;
    message received;   /* the last message, whose checkpoint may wait to be kept */
    cell_record record; /* the last of its records, which may wait to be stored */
    status status;      /* first failure; the sweep then stops, but waits until all workers have left */
    bool broken;        /* the transport failed: waiting is impossible */
    error_info *error;
} driver;

static bool failed(const driver *d) {
    return d->status != STATUS_OK;
}

/* Where failures go: only the first is kept. */
static error_info *error_slot(const driver *d) {
    return failed(d) ? NULL : d->error;
}

static void note(driver *d, status result) {
    if (failed(d) || result == STATUS_OK)
        return;
    d->status = result;
    coordinator_observe(d->coordinator, &(coordinator_event){.kind = EVENT_STOP, .now = clock_seconds()});
}

static status send_message(driver *d, int worker, const message *m) {
    size_t size;
    RETURN_IF_FAILED(wire_encode(m, &d->outgoing, &size, error_slot(d)));
    return d->transport->send(d->transport, worker, d->outgoing.memory, size, error_slot(d));
}

static status assign(driver *d, const coordinator_action *action) {
    size_t size = 0;
    for (size_t i = 0; i < action->count; i++) {
        assigned_cell cell = {.from.cell = action->cells[i], .joins = i > 0 && action->joins[i]};
        d->setup->recall(d->setup->context, &cell.from);
        RETURN_IF_FAILED(wire_append_cell(&cell, &d->assignment, &size, error_slot(d)));
    }
    const message m = {.type = MESSAGE_ASSIGN, .cells = {d->assignment.memory, size}};
    return send_message(d, action->worker, &m);
}

/* A worker that continues waits for this before it sends another checkpoint. One that was told to leave is
 * gone when it arrives. */
static status confirm(driver *d, int worker, size_t cell) {
    const message m = {.type = MESSAGE_CHECKPOINT, .checkpoint = {.cell = cell}};
    return coordinator_count(d->coordinator).stopping ? STATUS_OK : send_message(d, worker, &m);
}

static status perform(driver *d, const coordinator_action *action) {
    const sweep_setup *setup = d->setup;
    switch (action->kind) {
    case ACTION_STORE:
        return setup->store(setup->context, &d->record, error_slot(d));
    case ACTION_KEEP:
        setup->keep(setup->context, &d->received.checkpoint);
        return confirm(d, action->worker, action->cell);
    case ACTION_ASSIGN:
        return assign(d, action);
    case ACTION_DISMISS:
        return wire_send_stop(d->transport, action->worker, &d->outgoing, error_slot(d));
    case ACTION_NONE:
    case ACTION_FINISH:
        break;
    }
    return STATUS_OK;
}

/* Do all that the coordinator asks for; false when it has finished. Once broken, this still dismisses
 * workers. */
static bool act(driver *d) {
    coordinator_action action = coordinator_next(d->coordinator);
    while (action.kind != ACTION_NONE && action.kind != ACTION_FINISH) {
        note(d, perform(d, &action));
        action = coordinator_next(d->coordinator);
    }
    return action.kind == ACTION_NONE;
}

static void observe(driver *d, coordinator_event event) {
    event.now = clock_seconds();
    coordinator_observe(d->coordinator, &event);
    act(d);
}

static status unexpected(const driver *d, int worker, int type) {
    return error_set(error_slot(d), STATUS_INTERNAL, "worker %d sent an unexpected message of type %d",
                     worker, type);
}

static status take_results(driver *d, int worker) {
    const sweep_setup *setup = d->setup;
    while (wire_take_result(&d->received.results, &d->record)) {
        const cell_record *record = &d->record;
        if (record->cell >= setup->coordinator.cells || record->value_count != setup->value_count)
            return unexpected(d, worker, d->received.type);
        observe(d, (coordinator_event){.kind = EVENT_RESULT,
                                       .worker = worker,
                                       .cell = record->cell,
                                       .status = (cell_status)record->status,
                                       .seconds = record->seconds});
    }
    return STATUS_OK;
}

/* Tell the coordinator what a message means, and do what it asks for then. */
static status take_message(driver *d, int worker) {
    const message *m = &d->received;
    switch (m->type) {
    case MESSAGE_HELLO:
        RETURN_IF_FAILED(wire_check_hello(&m->hello, &d->setup->hello, error_slot(d)));
        observe(d, (coordinator_event){.kind = EVENT_READY, .worker = worker});
        return STATUS_OK;
    case MESSAGE_RESULTS:
        return take_results(d, worker);
    case MESSAGE_CHECKPOINT:
        observe(d,
                (coordinator_event){.kind = EVENT_CHECKPOINT, .worker = worker, .cell = m->checkpoint.cell});
        return STATUS_OK;
    case MESSAGE_STOP:
        observe(d, (coordinator_event){.kind = EVENT_LEFT, .worker = worker});
        return STATUS_OK;
    case MESSAGE_ASSIGN:
        break;
    }
    return unexpected(d, worker, m->type);
}

static status receive_message(driver *d) {
    bool received;
    int worker;
    size_t size;
    status result =
        d->transport->receive(d->transport, TICK, &received, &worker, &d->incoming, &size, error_slot(d));
    d->broken = result != STATUS_OK;
    if (d->broken || !received)
        return result;
    RETURN_IF_FAILED(wire_decode(d->incoming.memory, size, &d->received, error_slot(d)));
    return take_message(d, worker);
}

static void coordinate(driver *d) {
    const sweep_setup *setup = d->setup;
    while (act(d) && !d->broken) {
        note(d, receive_message(d));
        if (atomic_load(setup->stop))
            observe(d, (coordinator_event){.kind = EVENT_STOP});
        note(d, setup->tick(setup->context, d->coordinator, error_slot(d)));
    }
}

typedef struct local_worker {
    pthread_t thread;
    transport *transport;
    const worker_setup *setup;
    status status;
    error_info error;
} local_worker;

static void *run_local_worker(void *context) {
    local_worker *self = context;
    self->status = worker_run(self->transport, self->setup, &self->error);
    return NULL;
}

/* Signals are for the thread that coordinates; the new one blocks all but those of its own faults. */
static status start_local_worker(local_worker *self, error_info *error) {
    sigset_t blocked, before;
    sigfillset(&blocked);
    for (int i = 0; i < FAULT_SIGNAL_COUNT; i++)
        sigdelset(&blocked, fault_signals[i]);
    pthread_sigmask(SIG_SETMASK, &blocked, &before);
    int code = pthread_create(&self->thread, NULL, run_local_worker, self);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (code != 0)
        return error_set(error, STATUS_INTERNAL, "cannot start a training thread: %s", strerror(code));
    return STATUS_OK;
}

status sweep_run(transport *t, const sweep_setup *setup, transport *local, const worker_setup *local_setup,
                 coordinator_counts *counts, error_info *error) {
    driver d = {.setup = setup, .transport = t, .error = error};
    local_worker thread = {.transport = local, .setup = local_setup};
    RETURN_IF_FAILED(coordinator_create(&d.coordinator, &setup->coordinator, error));
    bool started = false;
    if (local != NULL) {
        note(&d, start_local_worker(&thread, error));
        started = !failed(&d);
        if (!started)
            observe(&d, (coordinator_event){.kind = EVENT_LOST, .worker = 0});
    }
    coordinate(&d);
    if (started) {
        pthread_join(thread.thread, NULL);
        if (!failed(&d) && thread.status != STATUS_OK) {
            d.status = thread.status;
            *error = thread.error;
        }
    }
    *counts = coordinator_count(d.coordinator);
    coordinator_destroy(&d.coordinator);
    arena_release(&d.outgoing);
    arena_release(&d.incoming);
    arena_release(&d.assignment);
    return d.status;
}
