#include "sweep/coordinator.h"

#include <stdlib.h>

typedef enum worker_state {
    WORKER_ABSENT, /* has not reported yet */
    WORKER_IDLE,
    WORKER_BUSY,
    WORKER_LEFT,
    WORKER_LOST,
} worker_state;

typedef struct worker_entry {
    worker_state state;
    bool dismissed;
    size_t position; /* WORKER_BUSY: of the first of its cells in `order` */
    uint32_t left;   /* bit i: it still trains the cell at position + i */
} worker_entry;

struct coordinator {
    size_t *order; /* (total) cells to train, longest first */
    bool *joins;   /* (total) has the shape of the cell before it */
    size_t total;
    size_t handed_out; /* positions before this one were assigned at least once */
    size_t *returned;  /* (worker_count · COORDINATOR_GROUP) positions whose worker was lost */
    size_t returned_count;
    worker_entry *workers; /* (worker_count) */
    int worker_count;
    size_t finished, failures, max_failures, in_flight, no_memory;
    bool stopping;
    int left_first;           /* the worker that left unasked; -1: none */
    coordinator_action store; /* what the last event brought and must be stored, or ACTION_NONE */
};

static int compare_cells(const void *a, const void *b, void *context) {
    size_t cell_a = *(const size_t *)a, cell_b = *(const size_t *)b;
    const coordinator_setup *setup = context;
    const double *cost = setup->costs;
    const uint64_t *shape = setup->shapes;
    if (cost != NULL && cost[cell_a] != cost[cell_b])
        return cost[cell_a] > cost[cell_b] ? -1 : 1;
    if (shape != NULL && shape[cell_a] != shape[cell_b])
        return shape[cell_a] < shape[cell_b] ? -1 : 1;
    return cell_a < cell_b ? -1 : cell_a > cell_b;
}

static void order_cells(coordinator *c, const coordinator_setup *setup) {
    const uint64_t *shape = setup->shapes;
    for (size_t cell = 0; cell < setup->cells; cell++)
        if (setup->left_out == NULL || !setup->left_out[cell])
            c->order[c->total++] = cell;
    coordinator_setup context = *setup;
    qsort_r(c->order, c->total, sizeof *c->order, compare_cells, &context);
    for (size_t i = 0; i < c->total; i++)
        c->joins[i] =
            shape != NULL && i > 0 && shape[c->order[i]] != 0 && shape[c->order[i]] == shape[c->order[i - 1]];
}

status coordinator_create(coordinator **out, const coordinator_setup *setup, error_info *error) {
    coordinator *c = calloc(1, sizeof *c);
    if (c == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory for the coordinator");
    c->worker_count = setup->workers;
    c->max_failures = setup->max_failures;
    c->left_first = -1;
    c->order = malloc(setup->cells * sizeof *c->order);
    c->workers = calloc((size_t)setup->workers, sizeof *c->workers);
    c->joins = malloc(setup->cells * sizeof *c->joins);
    c->returned = malloc((size_t)setup->workers * COORDINATOR_GROUP * sizeof *c->returned);
    if (c->order == NULL || c->workers == NULL || c->joins == NULL || c->returned == NULL) {
        coordinator_destroy(&c);
        return error_set(error, STATUS_INTERNAL, "out of memory for %zu cells and %d workers", setup->cells,
                         setup->workers);
    }
    order_cells(c, setup);
    *out = c;
    return STATUS_OK;
}

void coordinator_destroy(coordinator **c) {
    if (*c == NULL)
        return;
    free((*c)->order);
    free((*c)->joins);
    free((*c)->workers);
    free((*c)->returned);
    free(*c);
    *c = NULL;
}

/* The bit of the event's cell among those that the worker trains; 0: it is none of them. */
static uint32_t bit_of(const coordinator *c, const worker_entry *worker, const coordinator_event *event) {
    for (size_t i = 0; worker->state == WORKER_BUSY && worker->left >> i != 0; i++)
        if (worker->left >> i & 1 && c->order[worker->position + i] == event->cell)
            return (uint32_t)1 << i;
    return 0;
}

static void take_result(coordinator *c, worker_entry *worker, const coordinator_event *event) {
    const uint32_t bit = bit_of(c, worker, event);
    if (bit == 0)
        return;
    worker->left &= ~bit;
    if (worker->left == 0)
        worker->state = WORKER_IDLE;
    c->in_flight--;
    if (event->status == CELL_PENDING) {
        c->no_memory++;
        return;
    }
    c->finished++;
    if (event->status != CELL_DONE)
        c->failures++;
    if (c->max_failures > 0 && c->failures >= c->max_failures)
        c->stopping = true;
    c->store = (coordinator_action){.kind = ACTION_STORE, .worker = event->worker, .cell = event->cell};
}

/* The cells of a worker that left are not trained in this session; those of a lost worker go to others. */
static void take_departure(coordinator *c, int number, worker_state state) {
    worker_entry *worker = &c->workers[number];
    if (worker->state == WORKER_LEFT || worker->state == WORKER_LOST)
        return;
    for (size_t i = 0; worker->state == WORKER_BUSY && worker->left >> i != 0; i++) {
        if (!(worker->left >> i & 1))
            continue;
        c->in_flight--;
        if (state == WORKER_LOST)
            c->returned[c->returned_count++] = worker->position + i;
    }
    worker->state = state;
    if (state == WORKER_LEFT && !worker->dismissed) {
        c->stopping = true;
        c->left_first = c->left_first < 0 ? number : c->left_first;
    }
}

void coordinator_observe(coordinator *c, const coordinator_event *event) {
    if (event->kind == EVENT_STOP) {
        c->stopping = true;
        return;
    }
    if (event->worker < 0 || event->worker >= c->worker_count)
        return;
    worker_entry *worker = &c->workers[event->worker];
    if (event->kind == EVENT_READY && worker->state == WORKER_ABSENT)
        worker->state = WORKER_IDLE;
    else if (event->kind == EVENT_RESULT)
        take_result(c, worker, event);
    else if (event->kind == EVENT_CHECKPOINT && bit_of(c, worker, event) != 0)
        c->store = (coordinator_action){.kind = ACTION_KEEP, .worker = event->worker, .cell = event->cell};
    else if (event->kind == EVENT_LEFT)
        take_departure(c, event->worker, WORKER_LEFT);
    else if (event->kind == EVENT_LOST)
        take_departure(c, event->worker, WORKER_LOST);
}

/* How many cells from the next one on are a group: at most the workers' equal shares of what waits. */
static size_t group_size(const coordinator *c) {
    const size_t workers = (size_t)c->worker_count, waiting = c->total - c->handed_out;
    const size_t share = (waiting + workers - 1) / workers;
    size_t size = 1;
    while (size < share && size < COORDINATOR_GROUP && c->joins[c->handed_out + size])
        size++;
    return size;
}

/* The longest waiting cells. Those that came back were assigned before all that are still waiting, so they
 * are longer. Returns how many, from *position on. */
static size_t take_positions(coordinator *c, size_t *position) {
    if (c->returned_count == 0) {
        if (c->handed_out == c->total)
            return 0;
        const size_t count = group_size(c);
        *position = c->handed_out;
        c->handed_out += count;
        return count;
    }
    size_t longest = 0;
    for (size_t i = 1; i < c->returned_count; i++)
        if (c->returned[i] < c->returned[longest])
            longest = i;
    *position = c->returned[longest];
    c->returned[longest] = c->returned[--c->returned_count];
    return 1;
}

static coordinator_action assign(coordinator *c) {
    for (int w = 0; w < c->worker_count && !c->stopping; w++) {
        worker_entry *worker = &c->workers[w];
        const size_t count = worker->state == WORKER_IDLE ? take_positions(c, &worker->position) : 0;
        if (count == 0)
            continue;
        worker->state = WORKER_BUSY;
        worker->left = ((uint32_t)1 << count) - 1;
        c->in_flight += count;
        return (coordinator_action){.kind = ACTION_ASSIGN,
                                    .worker = w,
                                    .cell = c->order[worker->position],
                                    .cells = &c->order[worker->position],
                                    .count = count};
    }
    return (coordinator_action){.kind = ACTION_NONE};
}

/* Workers that have not reported yet are told as well: they find the message when they arrive. */
static coordinator_action dismiss(coordinator *c) {
    for (int w = 0; w < c->worker_count; w++) {
        worker_entry *worker = &c->workers[w];
        if (!worker->dismissed && worker->state != WORKER_LOST) {
            worker->dismissed = true;
            return (coordinator_action){.kind = ACTION_DISMISS, .worker = w};
        }
    }
    return (coordinator_action){.kind = ACTION_NONE};
}

static bool all_gone(const coordinator *c) {
    for (int w = 0; w < c->worker_count; w++)
        if (c->workers[w].state != WORKER_LEFT && c->workers[w].state != WORKER_LOST)
            return false;
    return true;
}

coordinator_action coordinator_next(coordinator *c) {
    coordinator_action action = c->store;
    c->store = (coordinator_action){.kind = ACTION_NONE};
    if (action.kind == ACTION_NONE)
        action = assign(c);
    bool nothing_waits = c->handed_out == c->total && c->returned_count == 0;
    if (action.kind == ACTION_NONE && (c->stopping || (nothing_waits && c->in_flight == 0)))
        action = dismiss(c);
    if (action.kind == ACTION_NONE && all_gone(c))
        action.kind = ACTION_FINISH;
    return action;
}

coordinator_counts coordinator_count(const coordinator *c) {
    return (coordinator_counts){.total = c->total,
                                .finished = c->finished,
                                .failures = c->failures,
                                .in_flight = c->in_flight,
                                .stopping = c->stopping,
                                .no_memory = c->no_memory,
                                .left_first = c->left_first};
}
