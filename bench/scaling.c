/* How many workers can one coordinator keep busy? The coordinator of the program, with simulated workers.
 *
 *   scaling WORKERS CELLS SECONDS ORDER [KEY=VALUE]...
 *
 * SECONDS: mean time of a cell; times are uniform over 1 to 100 parts. ORDER, in which cells are handed out:
 *   longest   by predicted cost, as the program does
 *   random    nothing is predicted, and long and short cells are mixed
 *   rising    nothing is predicted, and the grid begins with the shortest cells
 * KEY=VALUE:
 *   deaths=0.01      share of the workers that die at some moment; their cells go to others 10 s later
 *   error=0.2        times are up to so much longer or shorter than predicted
 *   network=1e-4     seconds that a message takes
 *   wait=5e-3        seconds that a worker may take to notice a message when it has nothing to do
 *   message=12e-6    seconds of the coordinator for a message, as `mpisweep bench --dispatch` measures them
 *   cell=0.5e-6      and for a cell in one
 *   slow=0           share of the workers that have a third of the speed
 *   seed=1
 * Prints one JSON object. efficiency: work done, over what all workers that live could have done until the
 * last cell was stored. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/random.h"
#include "sweep/coordinator.h"

static const double DETECTION = 10;    /* seconds until a death is noticed */
static const double SEND_EVERY = 0.05; /* seconds that a worker's results may wait for others */

typedef struct parameters {
    double deaths, error, network, wait, message, cell, slow, seed;
} parameters;

typedef struct parameter {
    const char *name;
    size_t offset;
} parameter;

#define PARAMETER(name)                                                                                      \
    { #name, offsetof(parameters, name) }
static const parameter parameter_table[] = {PARAMETER(deaths), PARAMETER(error),   PARAMETER(network),
                                            PARAMETER(wait),   PARAMETER(message), PARAMETER(cell),
                                            PARAMETER(slow),   PARAMETER(seed)};

enum { HELD = 2 }; /* assignments of a worker at a time */

typedef struct batch {
    const size_t *cells; /* the coordinator's */
    size_t count;
} batch;

typedef struct worker {
    batch batches[HELD];
    int batch_count;
    size_t sent; /* cells of the first batch whose results are on their way */
    size_t next; /* the first that it has not trained */
    double free; /* when it has trained what is before `next` */
    double speed, death;
    bool moving; /* its next message is in the queue of events */
} worker;

typedef enum event_type { WORKER_HELLO, WORKER_RESULTS, WORKER_DEATH } event_type;

typedef struct event {
    double time;
    int worker;
    event_type type;
} event;

typedef struct simulation {
    parameters p;
    int worker_count;
    size_t cells, messages;
    float *seconds; /* (cells) that they take at speed 1 */
    double *costs;  /* (cells) predicted; NULL: unknown */
    worker *workers;
    event *heap; /* the earliest first */
    size_t heap_count;
    coordinator *coordinator;
    double busy_until, busy; /* of the coordinator */
    double done_work, last_stored;
    random_stream random;
} simulation;

/* ---- Events ------------------------------------------------------------------------------------ */

static void swap(event *a, event *b) {
    const event kept = *a;
    *a = *b;
    *b = kept;
}

static void push(simulation *s, event e) {
    size_t i = s->heap_count++;
    s->heap[i] = e;
    for (; i > 0 && s->heap[i].time < s->heap[(i - 1) / 2].time; i = (i - 1) / 2)
        swap(&s->heap[i], &s->heap[(i - 1) / 2]);
}

static event pop(simulation *s) {
    event *heap = s->heap;
    const event first = heap[0];
    heap[0] = heap[--s->heap_count];
    for (size_t i = 0;;) {
        size_t child = 2 * i + 1;
        if (child + 1 < s->heap_count && heap[child + 1].time < heap[child].time)
            child++;
        if (child >= s->heap_count || heap[i].time <= heap[child].time)
            return first;
        swap(&heap[i], &heap[child]);
        i = child;
    }
}

/* ---- Workers ----------------------------------------------------------------------------------- */

static double time_of(const simulation *s, const worker *w, size_t cell) {
    return s->seconds[cell] / w->speed;
}

/* Train cells until results are to be sent: after SEND_EVERY, or when nothing is left. */
static void train(simulation *s, int number) {
    worker *w = &s->workers[number];
    if (w->moving || w->batch_count == 0)
        return;
    const double start = w->free;
    while (w->next < w->batches[0].count && w->free - start < SEND_EVERY)
        w->free += time_of(s, w, w->batches[0].cells[w->next++]);
    w->moving = true;
    if (w->free < w->death)
        push(s, (event){w->free + s->p.network, number, WORKER_RESULTS});
}

static void receive(simulation *s, int number, batch given, double time) {
    worker *w = &s->workers[number];
    const bool idle = w->batch_count == 0;
    w->batches[w->batch_count++] = given;
    if (idle)
        w->free = time + s->p.network + s->p.wait * random_uniform(&s->random);
    train(s, number);
}

/* ---- The coordinator ---------------------------------------------------------------------------- */

/* It deals with one message after the other; returns when it is done with this one. */
static double serve(simulation *s, double arrival, size_t cells) {
    const double start = fmax(arrival, s->busy_until);
    const double service = s->p.message + (double)cells * s->p.cell;
    s->messages++;
    s->busy += service;
    return s->busy_until = start + service;
}

static void act(simulation *s) {
    coordinator_action a;
    while ((a = coordinator_next(s->coordinator)).kind != ACTION_NONE && a.kind != ACTION_FINISH)
        if (a.kind == ACTION_ASSIGN) {
            const double sent = serve(s, s->busy_until, a.count);
            receive(s, a.worker, (batch){a.cells, a.count}, sent);
        }
}

static void observe(simulation *s, coordinator_event e) {
    e.now = s->busy_until;
    coordinator_observe(s->coordinator, &e);
    act(s);
}

static void take_results(simulation *s, int number, double arrival) {
    worker *w = &s->workers[number];
    const size_t first = w->sent, last = w->next;
    const batch from = w->batches[0];
    w->sent = last;
    w->moving = false;
    if (last == from.count) {
        w->batches[0] = w->batches[1];
        w->batch_count--;
        w->sent = w->next = 0;
    }
    serve(s, arrival, last - first);
    for (size_t i = first; i < last; i++) {
        s->done_work += s->seconds[from.cells[i]];
        observe(s, (coordinator_event){.kind = EVENT_RESULT,
                                       .worker = number,
                                       .cell = from.cells[i],
                                       .status = CELL_DONE,
                                       .seconds = time_of(s, w, from.cells[i])});
    }
    s->last_stored = s->busy_until;
    train(s, number);
}

static void step(simulation *s) {
    const event e = pop(s);
    worker *w = &s->workers[e.worker];
    if (e.type == WORKER_RESULTS) {
        take_results(s, e.worker, e.time);
        return;
    }
    serve(s, e.time, 0);
    if (e.type == WORKER_DEATH)
        w->batch_count = 0;
    const event_kind kind = e.type == WORKER_HELLO ? EVENT_READY : EVENT_LOST;
    observe(s, (coordinator_event){.kind = kind, .worker = e.worker});
}

/* ---- The whole ---------------------------------------------------------------------------------- */

static void *allocate(size_t count, size_t size) {
    void *memory = calloc(count, size);
    if (memory == NULL) {
        fprintf(stderr, "scaling: out of memory\n");
        exit(70);
    }
    return memory;
}

static void draw_cells(simulation *s, double mean, const char *order) {
    s->seconds = allocate(s->cells, sizeof *s->seconds);
    s->costs = strcmp(order, "longest") == 0 ? allocate(s->cells, sizeof *s->costs) : NULL;
    for (size_t i = 0; i < s->cells; i++) {
        const bool rising = strcmp(order, "rising") == 0;
        const double part = rising ? (double)i / (double)s->cells : random_uniform(&s->random);
        const double predicted = mean * (1 + 99 * part) / 50.5;
        s->seconds[i] = (float)(predicted * (1 + s->p.error * (2 * random_uniform(&s->random) - 1)));
        if (s->costs != NULL)
            s->costs[i] = predicted;
    }
}

/* Deaths come at any moment until the predicted end. */
static void draw_workers(simulation *s, double mean) {
    const double end = mean * (double)s->cells / s->worker_count;
    s->workers = allocate((size_t)s->worker_count, sizeof *s->workers);
    s->heap = allocate(3 * (size_t)s->worker_count, sizeof *s->heap);
    for (int i = 0; i < s->worker_count; i++) {
        worker *w = &s->workers[i];
        w->speed = random_uniform(&s->random) < s->p.slow ? 1. / 3 : 1;
        w->death = random_uniform(&s->random) < s->p.deaths ? end * random_uniform(&s->random) : INFINITY;
        push(s, (event){s->p.network, i, WORKER_HELLO});
        if (w->death < INFINITY)
            push(s, (event){w->death + DETECTION, i, WORKER_DEATH});
    }
}

static double capacity(const simulation *s) {
    double sum = 0;
    for (int i = 0; i < s->worker_count; i++)
        sum += s->workers[i].speed * fmin(s->workers[i].death, s->last_stored);
    return sum;
}

static long memory_bytes(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return 1024 * usage.ru_maxrss;
}

static void run(simulation *s) {
    const long before = memory_bytes();
    const coordinator_setup setup = {.cells = s->cells, .costs = s->costs, .workers = s->worker_count};
    if (coordinator_create(&s->coordinator, &setup, NULL) != STATUS_OK)
        exit(70);
    while (s->heap_count > 0 && coordinator_count(s->coordinator).finished < s->cells)
        step(s);
    const coordinator_counts counts = coordinator_count(s->coordinator);
    printf("\"finished\": %zu, \"makespan\": %.6g, \"efficiency\": %.5f, \"coordinator_busy\": %.5f, "
           "\"messages\": %zu, \"bytes_per_cell\": %.1f}\n",
           counts.finished, s->last_stored, s->done_work / capacity(s), s->busy / s->last_stored, s->messages,
           (double)(memory_bytes() - before) / (double)s->cells);
    coordinator_destroy(&s->coordinator);
}

static void read_parameter(parameters *p, const char *text) {
    const char *equals = strchr(text, '=');
    const size_t length = equals != NULL ? (size_t)(equals - text) : 0;
    for (size_t i = 0; i < sizeof parameter_table / sizeof parameter_table[0]; i++) {
        const parameter *known = &parameter_table[i];
        if (length != strlen(known->name) || strncmp(text, known->name, length) != 0)
            continue;
        *(double *)((char *)p + known->offset) = atof(equals + 1);
        return;
    }
    fprintf(stderr, "scaling: unknown parameter \"%s\"\n", text);
    exit(2);
}

int main(int argc, char **argv) {
    simulation s = {.p = {.deaths = 0.01,
                          .error = 0.2,
                          .network = 1e-4,
                          .wait = 5e-3,
                          .message = 12e-6,
                          .cell = 0.5e-6,
                          .seed = 1}};
    if (argc < 5) {
        fprintf(stderr, "usage: scaling WORKERS CELLS SECONDS longest|random|rising [KEY=VALUE]...\n");
        return 2;
    }
    for (int i = 5; i < argc; i++)
        read_parameter(&s.p, argv[i]);
    s.worker_count = atoi(argv[1]);
    s.cells = strtoull(argv[2], NULL, 10);
    s.random = random_stream_open((uint64_t)s.p.seed, 0, RANDOM_SHUFFLE, 0);
    draw_cells(&s, atof(argv[3]), argv[4]);
    draw_workers(&s, atof(argv[3]));
    printf("{\"workers\": %d, \"cells\": %zu, \"seconds\": %s, \"order\": \"%s\", ", s.worker_count, s.cells,
           argv[3], argv[4]);
    run(&s);
    free(s.seconds);
    free(s.costs);
    free(s.workers);
    free(s.heap);
    return 0;
}
