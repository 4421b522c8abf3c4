#include "sweep/coordinator.h"

#include <stdlib.h>

#include "sweep/pace.h"

enum { NOBODY = -1, ASSIGNMENTS = 2 /* of a worker at a time: what it trains, and what is next */ };

typedef enum worker_state { WORKER_ABSENT, WORKER_PRESENT, WORKER_LEFT, WORKER_LOST } worker_state;

/* Positions first … first + count − 1 of `order`, of which it still has `left`. */
typedef struct share {
    size_t first;
    uint32_t count, left;
} share;

typedef struct worker_entry {
    worker_state state;
    bool dismissed, asks; /* asks: it is in the queue */
    int share_count;
    share shares[ASSIGNMENTS]; /* the older first */
    double since;              /* when it got the first of them, or had its last result */
    worker_pace pace;
} worker_entry;

/* Numbers of workers, each at most once. */
typedef struct queue {
    int *workers; /* (capacity) a ring */
    int first, count, capacity;
} queue;

struct coordinator {
    size_t *order;       /* (cells) those to train come first, longest first */
    size_t *position_of; /* (cells) in `order`; SIZE_MAX: not to be trained */
    float *costs;        /* (total) by position */
    int32_t *owners;     /* (total) the worker that has it, or NOBODY */
    bool *joins;         /* (total) has the shape of the cell before it */
    size_t cells, total;
    size_t next, end;    /* positions that were never assigned are next … end − 1 */
    double waiting_cost; /* of these */
    size_t *returned;    /* positions whose worker was lost: a heap, the least first */
    size_t returned_count;
    worker_entry *workers;              /* (worker_count) */
    int worker_count, gone, dismissals; /* the first `dismissals` workers were dismissed or are lost */
    queue asking, held;                 /* held: slow ones, until something changes */
    pace pace;
    double now; /* of the last event */
    size_t finished, failures, max_failures, in_flight, no_memory;
    bool stopping;
    int left_first;           /* the worker that left unasked; -1: none */
    coordinator_action store; /* what the last event brought and must be stored, or ACTION_NONE */
};

/* ---- Setting up -------------------------------------------------------------------------------- */

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

/* Sorting takes a while for millions of cells, which mostly are in order. */
static bool is_ordered(const coordinator *c, coordinator_setup *setup) {
    for (size_t i = 1; i < c->total; i++)
        if (compare_cells(&c->order[i - 1], &c->order[i], setup) > 0)
            return false;
    return true;
}

static void order_cells(coordinator *c, const coordinator_setup *setup) {
    const uint64_t *shape = setup->shapes;
    for (size_t cell = 0; cell < setup->cells; cell++) {
        c->position_of[cell] = SIZE_MAX;
        if (setup->left_out == NULL || !setup->left_out[cell])
            c->order[c->total++] = cell;
    }
    coordinator_setup context = *setup;
    if (!is_ordered(c, &context))
        qsort_r(c->order, c->total, sizeof *c->order, compare_cells, &context);
    for (size_t i = 0; i < c->total; i++) {
        const size_t cell = c->order[i], before = c->order[i > 0 ? i - 1 : 0];
        c->position_of[cell] = i;
        c->owners[i] = NOBODY;
        c->costs[i] = setup->costs != NULL ? (float)setup->costs[cell] + 1 : 1; /* never nothing */
        c->waiting_cost += c->costs[i];
        c->joins[i] = shape != NULL && i > 0 && shape[cell] != 0 && shape[cell] == shape[before];
    }
    c->end = c->total;
}

static bool allocate(coordinator *c, size_t cells, size_t workers) {
    const size_t assigned = workers * ASSIGNMENTS * COORDINATOR_BATCH; /* at a time, at most */
    c->order = malloc(cells * sizeof *c->order + 1);                   /* never of size zero */
    c->position_of = malloc(cells * sizeof *c->position_of + 1);
    c->costs = malloc(cells * sizeof *c->costs + 1);
    c->owners = malloc(cells * sizeof *c->owners + 1);
    c->joins = malloc(cells * sizeof *c->joins + 1);
    c->returned = malloc((assigned < cells ? assigned : cells) * sizeof *c->returned + 1);
    c->workers = calloc(workers, sizeof *c->workers);
    c->asking = (queue){.workers = malloc(workers * sizeof(int)), .capacity = (int)workers};
    c->held = (queue){.workers = malloc(workers * sizeof(int)), .capacity = (int)workers};
    return c->order != NULL && c->position_of != NULL && c->costs != NULL && c->owners != NULL &&
           c->joins != NULL && c->returned != NULL && c->workers != NULL && c->asking.workers != NULL &&
           c->held.workers != NULL;
}

status coordinator_create(coordinator **out, const coordinator_setup *setup, error_info *error) {
    coordinator *c = calloc(1, sizeof *c);
    if (c == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory for the coordinator");
    c->cells = setup->cells;
    c->worker_count = setup->workers;
    c->max_failures = setup->max_failures;
    c->left_first = -1;
    if (!allocate(c, setup->cells, (size_t)setup->workers)) {
        coordinator_destroy(&c);
        return error_set(error, STATUS_INTERNAL, "out of memory for %zu cells and %d workers", setup->cells,
                         setup->workers);
    }
    order_cells(c, setup);
    *out = c;
    return STATUS_OK;
}

void coordinator_destroy(coordinator **out) {
    coordinator *c = *out;
    if (c == NULL)
        return;
    free(c->order);
    free(c->position_of);
    free(c->costs);
    free(c->owners);
    free(c->joins);
    free(c->returned);
    free(c->workers);
    free(c->asking.workers);
    free(c->held.workers);
    free(c);
    *out = NULL;
}

/* ---- Queues ------------------------------------------------------------------------------------ */

static void push(queue *q, int worker) {
    q->workers[(q->first + q->count++) % q->capacity] = worker;
}

static int pop(queue *q) {
    const int worker = q->workers[q->first];
    q->first = (q->first + 1) % q->capacity;
    q->count--;
    return worker;
}

/* The worker is to be considered for the next assignment. */
static void ask(coordinator *c, int number) {
    worker_entry *worker = &c->workers[number];
    if (worker->asks || worker->state != WORKER_PRESENT || worker->share_count == ASSIGNMENTS)
        return;
    worker->asks = true;
    push(&c->asking, number);
}

static void reconsider_held(coordinator *c) {
    while (c->held.count > 0)
        push(&c->asking, pop(&c->held));
}

static void swap(size_t *a, size_t *b) {
    const size_t kept = *a;
    *a = *b;
    *b = kept;
}

static void push_returned(coordinator *c, size_t position) {
    size_t *heap = c->returned, i = c->returned_count++;
    heap[i] = position;
    for (; i > 0 && heap[i] < heap[(i - 1) / 2]; i = (i - 1) / 2)
        swap(&heap[i], &heap[(i - 1) / 2]);
}

static size_t pop_returned(coordinator *c) {
    size_t *heap = c->returned, i = 0, least = heap[0];
    heap[0] = heap[--c->returned_count];
    for (;;) {
        size_t child = 2 * i + 1;
        if (child + 1 < c->returned_count && heap[child + 1] < heap[child])
            child++;
        if (child >= c->returned_count || heap[i] <= heap[child])
            return least;
        swap(&heap[i], &heap[child]);
        i = child;
    }
}

/* ---- Events ------------------------------------------------------------------------------------ */

/* Where the event's cell is in the order when the event's worker has it; SIZE_MAX: it does not. */
static size_t position_owned(const coordinator *c, const coordinator_event *event) {
    const size_t position = event->cell < c->cells ? c->position_of[event->cell] : SIZE_MAX;
    return position != SIZE_MAX && c->owners[position] == event->worker ? position : SIZE_MAX;
}

static void remove_from_share(coordinator *c, worker_entry *worker, size_t position) {
    const share *shares = worker->shares;
    const int i = position - shares[0].first < shares[0].count ? 0 : 1;
    c->owners[position] = NOBODY;
    c->in_flight--;
    if (--worker->shares[i].left > 0)
        return;
    if (i == 0)
        worker->shares[0] = worker->shares[1];
    if (--worker->share_count == 0)
        pace_release(&c->pace, &worker->pace);
}

static void take_result(coordinator *c, worker_entry *worker, const coordinator_event *event) {
    const size_t position = position_owned(c, event);
    if (position == SIZE_MAX)
        return;
    remove_from_share(c, worker, position);
    worker->since = c->now;
    pace_measure(&c->pace, &worker->pace, event->seconds, c->costs[position]);
    ask(c, event->worker);
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
    while (worker->share_count > 0) {
        const share gone = worker->shares[0];
        for (size_t position = gone.first; position < gone.first + gone.count; position++) {
            if (c->owners[position] != number)
                continue;
            remove_from_share(c, worker, position);
            if (state == WORKER_LOST)
                push_returned(c, position);
        }
    }
    worker->state = state;
    c->gone++;
    reconsider_held(c);
    if (state == WORKER_LEFT && !worker->dismissed) {
        c->stopping = true;
        c->left_first = c->left_first < 0 ? number : c->left_first;
    }
}

void coordinator_observe(coordinator *c, const coordinator_event *event) {
    c->now = event->now;
    if (event->kind == EVENT_STOP) {
        c->stopping = true;
        return;
    }
    if (event->worker < 0 || event->worker >= c->worker_count)
        return;
    worker_entry *worker = &c->workers[event->worker];
    if (event->kind == EVENT_READY && worker->state == WORKER_ABSENT) {
        worker->state = WORKER_PRESENT;
        ask(c, event->worker);
    } else if (event->kind == EVENT_RESULT)
        take_result(c, worker, event);
    else if (event->kind == EVENT_CHECKPOINT && position_owned(c, event) != SIZE_MAX)
        c->store = (coordinator_action){.kind = ACTION_KEEP, .worker = event->worker, .cell = event->cell};
    else if (event->kind == EVENT_LEFT)
        take_departure(c, event->worker, WORKER_LEFT);
    else if (event->kind == EVENT_LOST)
        take_departure(c, event->worker, WORKER_LOST);
}

/* ---- Assignments ------------------------------------------------------------------------------- */

/* Cells that were never assigned, shared equally. */
static size_t equal_share(const coordinator *c) {
    const size_t workers = (size_t)c->worker_count;
    return (c->end - c->next + workers - 1) / workers;
}

/* How many cells from `first` on are a group, `most` at most. */
static size_t group_size(const coordinator *c, size_t first, size_t most) {
    size_t size = 1;
    while (size < most && size < COORDINATOR_GROUP && first + size < c->end && c->joins[first + size])
        size++;
    return size;
}

static double cost_of(const coordinator *c, size_t first, size_t count) {
    double cost = 0;
    for (size_t i = first; i < first + count; i++)
        cost += c->costs[i];
    return cost;
}

/* Groups until their predicted time fills an assignment; after the first no more than half of an equal share,
 * so that there is something left when predictions are wrong. */
static size_t batch_size(const coordinator *c, const worker_entry *worker) {
    const size_t equal = equal_share(c), half = equal / 2;
    size_t size = group_size(c, c->next, equal);
    double seconds = pace_predict(&c->pace, &worker->pace, cost_of(c, c->next, size));
    while (seconds > 0 && !pace_fills(seconds) && size < half && size < COORDINATOR_BATCH) {
        const size_t most = (half < COORDINATOR_BATCH ? half : COORDINATOR_BATCH) - size;
        const size_t more = group_size(c, c->next + size, most);
        seconds += pace_predict(&c->pace, &worker->pace, cost_of(c, c->next + size, more));
        size += more;
    }
    return size;
}

static bool holds_up(const coordinator *c, const worker_entry *worker, size_t position) {
    return pace_holds_up(&c->pace, &worker->pace, c->costs[position], c->waiting_cost, c->now);
}

/* What to give to a worker; nothing: count 0. Cells that came back were assigned before all that were never
 * assigned, so they are longer. A slow worker that would hold up the end with the longest cell gets the
 * shortest. */
static share choose(coordinator *c, const worker_entry *worker) {
    share chosen = {.count = 1};
    if (c->returned_count > 0) {
        chosen.first = pop_returned(c);
        return chosen;
    }
    if (c->next == c->end)
        return (share){0};
    const bool first_fits = !holds_up(c, worker, c->next);
    if (!first_fits && (worker->share_count > 0 || holds_up(c, worker, c->end - 1)))
        return (share){0};
    if (first_fits)
        chosen.count = (uint32_t)batch_size(c, worker);
    chosen.first = first_fits ? c->next : c->end - 1;
    c->next += first_fits ? chosen.count : 0;
    c->end -= first_fits ? 0 : 1;
    c->waiting_cost -= cost_of(c, chosen.first, chosen.count);
    return chosen;
}

static coordinator_action give(coordinator *c, int number, share given) {
    worker_entry *worker = &c->workers[number];
    given.left = given.count;
    worker->since = worker->share_count == 0 ? c->now : worker->since;
    worker->shares[worker->share_count++] = given;
    for (size_t i = given.first; i < given.first + given.count; i++)
        c->owners[i] = number;
    c->in_flight += given.count;
    pace_give(&c->pace, &worker->pace, cost_of(c, given.first, given.count), c->now);
    ask(c, number);
    return (coordinator_action){.kind = ACTION_ASSIGN,
                                .worker = number,
                                .cell = c->order[given.first],
                                .cells = &c->order[given.first],
                                .joins = &c->joins[given.first],
                                .count = given.count};
}

/* A worker that has work already gets more only while there is plenty. */
static bool may_have(const coordinator *c, const worker_entry *worker) {
    if (worker->state != WORKER_PRESENT)
        return false;
    return worker->share_count == 0 ||
           (c->returned_count == 0 && equal_share(c) > 1 && pace_needs_more(worker->pace.finish - c->now));
}

static coordinator_action assign(coordinator *c) {
    const coordinator_action none = {.kind = ACTION_NONE};
    while (!c->stopping && c->asking.count > 0 && (c->next < c->end || c->returned_count > 0)) {
        const int number = pop(&c->asking);
        worker_entry *worker = &c->workers[number];
        worker->asks = false;
        const share chosen = may_have(c, worker) ? choose(c, worker) : (share){0};
        if (chosen.count > 0)
            return give(c, number, chosen);
        if (worker->state == WORKER_PRESENT && worker->share_count == 0) {
            worker->asks = true;
            push(&c->held, number);
        }
    }
    return none;
}

/* Workers that have not reported yet are told as well: they find the message when they arrive. */
static coordinator_action dismiss(coordinator *c) {
    while (c->dismissals < c->worker_count) {
        const int number = c->dismissals++;
        worker_entry *worker = &c->workers[number];
        if (worker->state == WORKER_LOST)
            continue;
        worker->dismissed = true;
        return (coordinator_action){.kind = ACTION_DISMISS, .worker = number};
    }
    return (coordinator_action){.kind = ACTION_NONE};
}

coordinator_action coordinator_next(coordinator *c) {
    coordinator_action action = c->store;
    c->store = (coordinator_action){.kind = ACTION_NONE};
    if (action.kind == ACTION_NONE)
        action = assign(c);
    bool nothing_waits = c->next == c->end && c->returned_count == 0;
    if (action.kind == ACTION_NONE && (c->stopping || (nothing_waits && c->in_flight == 0)))
        action = dismiss(c);
    if (action.kind == ACTION_NONE && c->gone == c->worker_count)
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

coordinator_work coordinator_work_of(const coordinator *c, int number) {
    const worker_entry *worker = &c->workers[number];
    const share *has = &worker->shares[0];
    if (worker->share_count == 0)
        return (coordinator_work){0};
    coordinator_work work = {.count = has->left, .since = worker->since};
    for (size_t position = has->first + has->count; position-- > has->first;)
        if (c->owners[position] == number) {
            work.cell = c->order[position];
            work.cost += c->costs[position];
        }
    return work;
}
