/* The coordinator, driven by random sequences of events and checked for what must always hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "base/random.h"
#include "sweep/coordinator.h"

enum { MAX_CELLS = 60, MAX_WORKERS = 7, SEQUENCES = 3000, NO_CELL = -1 };

/* A sweep as seen from outside. */
typedef struct simulation {
    random_stream random;
    size_t cells;
    int workers;
    bool left_out[MAX_CELLS];
    double costs[MAX_CELLS];
    uint64_t shapes[MAX_CELLS];
    coordinator *coordinator;
    bool trains[MAX_WORKERS][MAX_CELLS];
    bool returned[MAX_CELLS]; /* their worker was lost */
    bool present[MAX_WORKERS], dismissed[MAX_WORKERS], gone[MAX_WORKERS];
    int assigned[MAX_CELLS], stored[MAX_CELLS]; /* how often */
    int last_fresh;                             /* the last cell assigned for the first time */
    int largest_group;
    int reported;     /* the cell whose result waits to be stored, */
    int checkpointed; /* whose checkpoint waits to be kept */
    bool stopped, finished;
    bool timed; /* cells take a time, each worker's its own: there are batches, and slow workers */
    double now;
} simulation;

static size_t below(simulation *s, size_t bound) {
    return random_below(&s->random, (uint32_t)bound);
}

/* One of the cells that a worker trains, or NO_CELL. */
static int one_of(simulation *s, int worker) {
    int chosen = NO_CELL, seen = 0;
    for (int cell = 0; cell < MAX_CELLS; cell++)
        if (s->trains[worker][cell] && below(s, (size_t)++seen) == 0)
            chosen = cell;
    return chosen;
}

static void forget(simulation *s, int worker, bool lost) {
    for (int cell = 0; cell < MAX_CELLS; cell++) {
        s->returned[cell] |= lost && s->trains[worker][cell];
        s->trains[worker][cell] = false;
    }
}

static void start(simulation *s, uint64_t seed, size_t max_failures) {
    *s = (simulation){.random = random_stream_open(seed, 0, RANDOM_SHUFFLE, 0), .last_fresh = NO_CELL};
    s->reported = s->checkpointed = NO_CELL;
    s->timed = seed % 2 == 1;
    s->cells = below(s, MAX_CELLS);
    s->workers = 1 + (int)below(s, MAX_WORKERS);
    for (size_t cell = 0; cell < s->cells; cell++) {
        s->left_out[cell] = below(s, 4) == 0;
        s->costs[cell] = (double)below(s, 5);
        s->shapes[cell] = below(s, 3);
    }
    coordinator_setup setup = {.cells = s->cells,
                               .left_out = s->left_out,
                               .costs = s->costs,
                               .shapes = s->shapes,
                               .workers = s->workers,
                               .max_failures = max_failures};
    assert_int_equal(coordinator_create(&s->coordinator, &setup, NULL), STATUS_OK);
}

static bool comes_before(const simulation *s, int a, int b) {
    if (s->costs[a] != s->costs[b])
        return s->costs[a] > s->costs[b];
    return s->shapes[a] != s->shapes[b] ? s->shapes[a] < s->shapes[b] : a < b;
}

static void check_assigned_cell(simulation *s, int worker, int cell) {
    assert_false(s->left_out[cell]);
    assert_int_equal(s->stored[cell], 0);
    for (int other = 0; other < s->workers; other++)
        assert_false(s->trains[other][cell]);
    if (s->assigned[cell]++ == 0) {
        assert_true(s->timed || s->last_fresh == NO_CELL || comes_before(s, s->last_fresh, cell));
        s->last_fresh = cell;
    } else {
        assert_true(s->returned[cell]);
        for (int other = 0; other < MAX_CELLS; other++)
            assert_false(s->returned[other] && !s->timed && comes_before(s, other, cell));
    }
    s->returned[cell] = false;
    s->trains[worker][cell] = true;
}

/* Members of a group have one shape, and have not been assigned before. While nothing is known of times, a
 * worker gets one group at a time. */
static void check_assignment(simulation *s, const coordinator_action *a) {
    assert_false(s->stopped);
    assert_true(s->present[a->worker] && !s->dismissed[a->worker] && !s->gone[a->worker]);
    assert_true(s->timed || one_of(s, a->worker) == NO_CELL);
    assert_in_range(a->count, 1, s->timed ? COORDINATOR_BATCH : COORDINATOR_GROUP);
    s->largest_group = (int)a->count > s->largest_group ? (int)a->count : s->largest_group;
    for (size_t i = 0; i < a->count; i++) {
        const uint64_t shape = s->shapes[a->cells[i]];
        const bool joins = i > 0 && shape != 0 && shape == s->shapes[a->cells[i - 1]];
        check_assigned_cell(s, a->worker, (int)a->cells[i]);
        assert_true(i == 0 || a->joins[i] == joins);
        assert_true(s->timed || i == 0 || joins);
        assert_true(a->count == 1 || s->assigned[a->cells[i]] == 1);
    }
}

static void take_actions(simulation *s) {
    coordinator_action action;
    while ((action = coordinator_next(s->coordinator)).kind != ACTION_NONE && !s->finished) {
        if (action.kind == ACTION_STORE) {
            assert_int_equal(action.cell, s->reported);
            assert_int_equal(s->stored[action.cell]++, 0);
            s->reported = NO_CELL;
        } else if (action.kind == ACTION_KEEP) {
            assert_int_equal(action.cell, s->checkpointed);
            assert_true(s->trains[action.worker][action.cell]);
            s->checkpointed = NO_CELL;
        } else if (action.kind == ACTION_ASSIGN) {
            check_assignment(s, &action);
        } else if (action.kind == ACTION_DISMISS) {
            assert_false(s->dismissed[action.worker]);
            s->dismissed[action.worker] = true;
        } else {
            s->finished = true;
        }
    }
    assert_int_equal(s->reported, NO_CELL);
    assert_int_equal(s->checkpointed, NO_CELL);
}

static void observe(simulation *s, event_kind kind, int worker, size_t cell, cell_status result) {
    coordinator_event event = {.kind = kind, .worker = worker, .cell = cell, .status = result};
    if (s->timed && kind == EVENT_RESULT) {
        s->now += 0.01 * (double)below(s, 100);
        event.seconds = 0.01 * s->costs[cell] * (1 + (worker & 3)); /* the fourth takes four times as long */
    }
    event.now = s->now;
    coordinator_observe(s->coordinator, &event);
    take_actions(s);
}

/* Noise that a coordinator must ignore: unrequested results and checkpoints, workers that do not exist. */
static void send_nonsense(simulation *s) {
    int worker = (int)below(s, MAX_WORKERS + 2) - 1;
    size_t cell = below(s, MAX_CELLS);
    if (worker >= 0 && worker < s->workers && s->trains[worker][cell])
        return;
    observe(s, below(s, 2) == 0 ? EVENT_RESULT : EVENT_CHECKPOINT, worker, cell, CELL_FAILED);
}

static void finish_cell(simulation *s, int worker, cell_status result) {
    const int cell = one_of(s, worker);
    s->trains[worker][cell] = false;
    s->reported = cell;
    observe(s, EVENT_RESULT, worker, (size_t)cell, result);
}

static int alive(const simulation *s) {
    int count = 0;
    for (int w = 0; w < s->workers; w++)
        count += !s->gone[w];
    return count;
}

/* Let one worker do what it would do next. `losses`: in one case of ten it is lost instead, but never the
 * last. */
static void move_worker(simulation *s, int w, bool losses) {
    if (s->gone[w])
        return;
    if (losses && below(s, 10) == 0 && alive(s) > 1) {
        s->gone[w] = true;
        forget(s, w, true);
        observe(s, EVENT_LOST, w, 0, CELL_PENDING);
    } else if (!s->present[w]) {
        s->present[w] = true;
        observe(s, EVENT_READY, w, 0, CELL_PENDING);
    } else if (one_of(s, w) != NO_CELL && below(s, 2) == 0) {
        finish_cell(s, w, CELL_DONE);
    } else if (s->dismissed[w]) {
        if (one_of(s, w) != NO_CELL && below(s, 2) == 0) {
            s->checkpointed = one_of(s, w);
            observe(s, EVENT_CHECKPOINT, w, (size_t)s->checkpointed, CELL_PENDING);
        }
        s->gone[w] = true;
        forget(s, w, false);
        observe(s, EVENT_LEFT, w, 0, CELL_PENDING);
    }
}

static void run_to_the_end(simulation *s, bool losses) {
    for (int moves = 0; !s->finished; moves++) {
        assert_true(moves < 100000);
        if (below(s, 5) == 0)
            send_nonsense(s);
        else
            move_worker(s, (int)below(s, (size_t)s->workers), losses);
    }
    for (int w = 0; w < s->workers; w++)
        assert_true(s->gone[w]);
}

static void check_all_stored_once(const simulation *s) {
    for (size_t cell = 0; cell < s->cells; cell++)
        assert_int_equal(s->stored[cell], !s->left_out[cell]);
}

static void every_cell_is_trained_once_longest_first(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < SEQUENCES; seed++) {
        simulation s;
        start(&s, seed, 0);
        run_to_the_end(&s, false);
        check_all_stored_once(&s);
        for (size_t cell = 0; cell < s.cells; cell++)
            assert_int_equal(s.assigned[cell], !s.left_out[cell]);
        coordinator_destroy(&s.coordinator);
    }
}

static void cells_of_lost_workers_go_to_others_one_by_one(void **state) {
    (void)state;
    int largest = 0;
    for (uint64_t seed = 0; seed < SEQUENCES; seed++) {
        simulation s;
        start(&s, seed, 0);
        run_to_the_end(&s, true);
        check_all_stored_once(&s);
        largest = s.largest_group > largest ? s.largest_group : largest;
        coordinator_destroy(&s.coordinator);
    }
    assert_true(largest > 4);
}

static void observe_result(coordinator *c, int worker, size_t cell, cell_status result, double now,
                           double seconds) {
    coordinator_observe(c, &(coordinator_event){.kind = EVENT_RESULT,
                                                .worker = worker,
                                                .cell = cell,
                                                .status = result,
                                                .now = now,
                                                .seconds = seconds});
}

static coordinator *create(size_t cells, const double *costs, int workers) {
    coordinator *c;
    const coordinator_setup setup = {.cells = cells, .costs = costs, .workers = workers};
    assert_int_equal(coordinator_create(&c, &setup, NULL), STATUS_OK);
    for (int w = 0; w < workers; w++)
        coordinator_observe(c, &(coordinator_event){.kind = EVENT_READY, .worker = w});
    return c;
}

/* The first cell of a worker gives the time; from then on it has a tenth of a second of work, and the next
 * tenth before that is done. */
static void short_cells_are_assigned_in_batches(void **state) {
    (void)state;
    coordinator *c = create(10000, NULL, 2);
    for (int w = 0; w < 2; w++)
        assert_int_equal(coordinator_next(c).count, 1);
    observe_result(c, 0, 0, CELL_DONE, 1, 0.001);
    assert_int_equal(coordinator_next(c).kind, ACTION_STORE);
    for (int i = 0; i < 2; i++) {
        const coordinator_action a = coordinator_next(c);
        assert_int_equal(a.kind, ACTION_ASSIGN);
        assert_int_equal(a.worker, 0);
        assert_in_range(a.count, 99, 101);
    }
    assert_int_equal(coordinator_next(c).kind, ACTION_NONE);
    coordinator_destroy(&c);
}

/* Cells of 10 s are assigned one by one, to workers that have none. */
static void long_cells_are_assigned_one_by_one(void **state) {
    (void)state;
    coordinator *c = create(100, NULL, 1);
    assert_int_equal(coordinator_next(c).count, 1);
    for (size_t cell = 0; cell < 50; cell++) {
        observe_result(c, 0, cell, CELL_DONE, 10.0 * (double)cell, 10);
        assert_int_equal(coordinator_next(c).kind, ACTION_STORE);
        assert_int_equal(coordinator_next(c).count, 1);
        assert_int_equal(coordinator_next(c).kind, ACTION_NONE);
    }
    coordinator_destroy(&c);
}

/* A worker and the cells that it was given: it trains the first until `end`. */
typedef struct busy_worker {
    size_t cells[2 * COORDINATOR_BATCH];
    int count;
    double speed, end;
} busy_worker;

static void begin_cell(busy_worker *w, const double *costs, double now) {
    w->end = w->count > 0 ? now + costs[w->cells[0]] / w->speed : INFINITY;
}

static void give_cells(busy_worker *w, const coordinator_action *a, const double *costs, double now) {
    const bool idle = w->count == 0;
    assert_true((size_t)w->count + a->count <= sizeof w->cells / sizeof *w->cells);
    for (size_t i = 0; i < a->count; i++)
        w->cells[w->count++] = a->cells[i];
    if (idle)
        begin_cell(w, costs, now);
}

static busy_worker *first_to_end(busy_worker *workers, int count) {
    busy_worker *first = workers;
    for (int w = 1; w < count; w++)
        first = workers[w].end < first->end ? &workers[w] : first;
    assert_true(first->end < INFINITY);
    return first;
}

/* Time until the last cell is done by workers of these speeds. */
static double makespan(size_t cells, const double *costs, int workers, const double speeds[]) {
    enum { MOST = 8 };
    busy_worker busy[MOST];
    double now = 0;
    for (int w = 0; w < workers; w++)
        busy[w] = (busy_worker){.speed = speeds[w], .end = INFINITY};
    coordinator *c = create(cells, costs, workers);
    for (size_t done = 0; done < cells; done++) {
        coordinator_action a;
        while ((a = coordinator_next(c)).kind != ACTION_NONE)
            if (a.kind == ACTION_ASSIGN)
                give_cells(&busy[a.worker], &a, costs, now);
        busy_worker *w = first_to_end(busy, workers);
        const size_t cell = w->cells[0];
        now = w->end;
        memmove(w->cells, w->cells + 1, (size_t)--w->count * sizeof *w->cells);
        begin_cell(w, costs, now);
        observe_result(c, (int)(w - busy), cell, CELL_DONE, now, costs[cell] / w->speed);
    }
    coordinator_destroy(&c);
    return now;
}

/* One worker at a third of the speed, cells of up to `longest` seconds. All together are done no later than
 * if they shared all work to the end, and one of the others then trained one more of the longest cells; with
 * many cells that is at most 5 % more than shared work. */
static void check_slow_worker(double longest) {
    enum { MANY = 400 };
    const double speed_unit = 1e6; /* costs are large numbers */
    double costs[MANY];
    double speeds[] = {1, 1. / 3, 1, 1, 1, 1, 1, 1};
    for (int w = 0; w < 8; w++)
        speeds[w] *= speed_unit;
    for (int workers = 2; workers <= 8; workers *= 2)
        for (int cells = 5 * workers; cells <= MANY; cells += 5)
            for (int varied = 0; varied < 2; varied++) {
                double work = 0, speed = (workers - 2. / 3) * speed_unit;
                for (int i = 0; i < cells; i++)
                    work += costs[i] =
                        speed_unit * longest * (varied ? 0.01 + 0.99 * ((i * 37) % MANY) / MANY : 1);
                const double taken = makespan((size_t)cells, costs, workers, speeds);
                assert_true(taken <= work / speed + 1.01 * longest);
                assert_true(cells < MANY || taken < 1.05 * work / speed);
            }
}

static void a_slow_worker_does_not_hold_up_the_end(void **state) {
    (void)state;
    check_slow_worker(100);
    check_slow_worker(0.3); /* so short that workers get the next cell ahead */
}

/* The first worker takes 100 s for a cell of 100, the second 300 s: another long one would keep all waiting.
 */
static void a_slow_worker_gets_the_shortest_cell_instead(void **state) {
    (void)state;
    enum { LONG_CELLS = 6, CELLS = 9 };
    double costs[CELLS];
    for (int i = 0; i < CELLS; i++)
        costs[i] = i < LONG_CELLS ? 100 : 1;
    coordinator *c = create(CELLS, costs, 2);
    assert_int_equal(coordinator_next(c).cell, 0);
    assert_int_equal(coordinator_next(c).cell, 1);
    const size_t done[] = {0, 2, 3}; /* by the first */
    for (size_t i = 0; i < 3; i++) {
        observe_result(c, 0, done[i], CELL_DONE, 100.0 * (double)(i + 1), 100);
        assert_int_equal(coordinator_next(c).kind, ACTION_STORE);
        assert_int_equal(coordinator_next(c).cell, 2 + i);
    }
    observe_result(c, 1, 1, CELL_DONE, 300, 300);
    assert_int_equal(coordinator_next(c).kind, ACTION_STORE);
    const coordinator_action a = coordinator_next(c);
    assert_int_equal(a.worker, 1);
    assert_int_equal(a.cell, CELLS - 1);
    coordinator_destroy(&c);
}

/* Groups are full while there is enough for all workers, and shrink to equal shares at the end. */
static void groups_get_smaller_towards_the_end(void **state) {
    (void)state;
    enum { MANY = 40 };
    const size_t expected[] = {16, 12, 6, 3, 2, 1};
    uint64_t shapes[MANY];
    for (int cell = 0; cell < MANY; cell++)
        shapes[cell] = 7;
    coordinator *c;
    assert_int_equal(
        coordinator_create(&c, &(coordinator_setup){.cells = MANY, .shapes = shapes, .workers = 2}, NULL),
        STATUS_OK);
    for (int w = 0; w < 2; w++)
        coordinator_observe(c, &(coordinator_event){.kind = EVENT_READY, .worker = w});
    size_t cell = 0;
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        const coordinator_action a = coordinator_next(c);
        assert_int_equal(a.kind, ACTION_ASSIGN);
        assert_int_equal(a.count, expected[i]);
        for (size_t k = 0; k < a.count && i >= 1; k++, cell++) {
            observe_result(c, a.worker, a.cells[k], CELL_DONE, 0, 0);
            if (k + 1 < a.count)
                assert_int_equal(coordinator_next(c).kind, ACTION_STORE);
        }
        if (i >= 1)
            assert_int_equal(coordinator_next(c).kind, ACTION_STORE);
    }
    coordinator_destroy(&c);
}

static void after_a_stop_nothing_is_handed_out(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < SEQUENCES; seed++) {
        simulation s;
        start(&s, seed, 0);
        for (size_t moves = below(&s, 100); moves > 0 && !s.finished; moves--)
            move_worker(&s, (int)below(&s, (size_t)s.workers), true);
        s.stopped = true;
        observe(&s, EVENT_STOP, 0, 0, CELL_PENDING);
        for (int w = 0; w < s.workers; w++)
            assert_true(s.dismissed[w] || s.gone[w]);
        run_to_the_end(&s, true);
        coordinator_destroy(&s.coordinator);
    }
}

static void a_worker_that_leaves_untold_stops_all(void **state) {
    (void)state;
    bool none[2] = {false, false};
    coordinator_setup setup = {.cells = 2, .left_out = none, .workers = 2};
    coordinator *c;
    assert_int_equal(coordinator_create(&c, &setup, NULL), STATUS_OK);
    coordinator_observe(c, &(coordinator_event){.kind = EVENT_READY, .worker = 0});
    assert_int_equal(coordinator_next(c).kind, ACTION_ASSIGN);
    assert_int_equal(coordinator_next(c).kind, ACTION_NONE);
    coordinator_observe(c, &(coordinator_event){.kind = EVENT_LEFT, .worker = 0});
    for (int w = 0; w < 2; w++) {
        coordinator_action action = coordinator_next(c);
        assert_int_equal(action.kind, ACTION_DISMISS);
        assert_int_equal(action.worker, w);
    }
    assert_int_equal(coordinator_next(c).kind, ACTION_NONE);
    coordinator_observe(c, &(coordinator_event){.kind = EVENT_LEFT, .worker = 1});
    assert_int_equal(coordinator_next(c).kind, ACTION_FINISH);
    assert_true(coordinator_count(c).stopping);
    assert_int_equal(coordinator_count(c).left_first, 0); /* the other was told to */
    coordinator_destroy(&c);
}

/* It is neither stored nor assigned again in this sweep, and its worker gets the next cell. */
static void a_cell_without_memory_stays_pending(void **state) {
    (void)state;
    coordinator *c;
    assert_int_equal(coordinator_create(&c, &(coordinator_setup){.cells = 2, .workers = 1}, NULL), STATUS_OK);
    coordinator_observe(c, &(coordinator_event){.kind = EVENT_READY});
    assert_int_equal(coordinator_next(c).cell, 0);
    observe_result(c, 0, 0, CELL_PENDING, 0, 0);
    const coordinator_action next = coordinator_next(c);
    assert_int_equal(next.kind, ACTION_ASSIGN);
    assert_int_equal(next.cell, 1);
    observe_result(c, 0, 1, CELL_DONE, 0, 0);
    assert_int_equal(coordinator_next(c).kind, ACTION_STORE);
    assert_int_equal(coordinator_next(c).kind, ACTION_DISMISS);
    const coordinator_counts counts = coordinator_count(c);
    assert_int_equal(counts.no_memory, 1);
    assert_int_equal(counts.finished, 1);
    assert_int_equal(counts.failures, 0);
    assert_false(counts.stopping);
    coordinator_destroy(&c);
}

static void too_many_failures_stop_the_sweep(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < SEQUENCES; seed++) {
        simulation s;
        size_t limit = 1 + seed % 4, failures = 0;
        start(&s, seed, limit);
        for (int moves = 0; !s.finished && moves < 1000; moves++) {
            int w = (int)below(&s, (size_t)s.workers);
            if (one_of(&s, w) == NO_CELL || s.stopped) {
                move_worker(&s, w, false);
                continue;
            }
            s.stopped = ++failures == limit;
            finish_cell(&s, w, failures % 2 == 0 ? CELL_FAILED : CELL_DIVERGED);
            assert_int_equal(coordinator_count(s.coordinator).stopping, s.stopped);
        }
        assert_true(s.finished);
        coordinator_destroy(&s.coordinator);
    }
}

static void observe_at(coordinator *c, event_kind kind, size_t cell, double now) {
    coordinator_observe(c, &(coordinator_event){
                               .kind = kind, .cell = cell, .status = CELL_DONE, .now = now, .seconds = 0.01});
    while (coordinator_next(c).kind != ACTION_NONE)
        ;
}

/* One worker gets a cell, and when that has shown how short they are, more at once. */
static void what_a_worker_trains_is_known(void **state) {
    (void)state;
    const double costs[9] = {9, 9, 9, 9, 9, 9, 9, 9, 4};
    coordinator *c;
    const coordinator_setup setup = {.cells = 9, .costs = costs, .workers = 1};
    assert_int_equal(coordinator_create(&c, &setup, NULL), STATUS_OK);
    assert_int_equal(coordinator_work_of(c, 0).count, 0);
    observe_at(c, EVENT_READY, 0, 100);
    coordinator_work work = coordinator_work_of(c, 0);
    assert_int_equal(work.count, 1);
    assert_int_equal(work.cell, 0);
    assert_true(work.cost == 10 && work.since == 100);
    observe_at(c, EVENT_RESULT, 0, 107);
    work = coordinator_work_of(c, 0);
    assert_int_equal(work.count, 4);
    assert_int_equal(work.cell, 1);
    assert_true(work.cost == 40 && work.since == 107);
    observe_at(c, EVENT_RESULT, 1, 109);
    work = coordinator_work_of(c, 0);
    assert_int_equal(work.count, 3);
    assert_int_equal(work.cell, 2);
    assert_true(work.cost == 30 && work.since == 109);
    coordinator_destroy(&c);
}

static void counts_follow_the_events(void **state) {
    (void)state;
    bool left_out[3] = {false, true, false};
    coordinator_setup setup = {.cells = 3, .left_out = left_out, .workers = 1};
    coordinator *c;
    assert_int_equal(coordinator_create(&c, &setup, NULL), STATUS_OK);
    coordinator_observe(c, &(coordinator_event){.kind = EVENT_READY});
    assert_int_equal(coordinator_next(c).kind, ACTION_ASSIGN);
    coordinator_counts counts = coordinator_count(c);
    assert_int_equal(counts.total, 2);
    assert_int_equal(counts.in_flight, 1);
    observe_result(c, 0, 0, CELL_DIVERGED, 0, 0);
    counts = coordinator_count(c);
    assert_int_equal(counts.in_flight, 0);
    assert_int_equal(counts.finished, 1);
    assert_int_equal(counts.failures, 1);
    coordinator_destroy(&c);
    coordinator_destroy(&c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cell_is_trained_once_longest_first),
        cmocka_unit_test(cells_of_lost_workers_go_to_others_one_by_one),
        cmocka_unit_test(groups_get_smaller_towards_the_end),
        cmocka_unit_test(short_cells_are_assigned_in_batches),
        cmocka_unit_test(long_cells_are_assigned_one_by_one),
        cmocka_unit_test(a_slow_worker_does_not_hold_up_the_end),
        cmocka_unit_test(a_slow_worker_gets_the_shortest_cell_instead),
        cmocka_unit_test(after_a_stop_nothing_is_handed_out),
        cmocka_unit_test(a_worker_that_leaves_untold_stops_all),
        cmocka_unit_test(a_cell_without_memory_stays_pending),
        cmocka_unit_test(too_many_failures_stop_the_sweep),
        cmocka_unit_test(counts_follow_the_events),
        cmocka_unit_test(what_a_worker_trains_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
