/* The driver and its workers over the local transport, with an engine that only pretends to train. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fault_signals.h"
#include "sweep/sweep.h"
#include "sweep/transport_local.h"

enum {
    CHECKPOINTS = 3,
    CELLS = 40,
    WORKERS = 3,
    VALUES = 5,
    WRONG_LAYOUT = 7,
    REFUSED = 11,
    DIVERGES = 13,
    ENDLESS = 17,
    CONTINUES = 19
};

/* ---- The engine: what a cell does depends on its number, which is passed as epochs ------------- */

/* One curve; cells differ in its length. */
static size_t curve_length(size_t cell) {
    return cell == WRONG_LAYOUT ? VALUES + 1 : 1 + cell % VALUES;
}

static record_layout layout_of_curve(size_t length) {
    return (record_layout){.variable_count = 1,
                           .variables = {{.name = "curve", .first = 1, .every = 1, .count = length}},
                           .value_count = length};
}

struct training {
    training_plan plan;
    int epochs;
};

status training_replace(training *t, const training_spec *spec, const dataset *data, error_info *error) {
    (void)data, (void)error;
    *t = (training){.plan = {.records = layout_of_curve(curve_length((size_t)spec->epochs)),
                             .shape = spec->epochs % 2 == 0 ? 5 : 0},
                    .epochs = spec->epochs};
    return STATUS_OK;
}

status training_open(training **out, const training_spec *spec, const dataset *data, error_info *error) {
    *out = calloc(1, sizeof **out);
    if (*out == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory");
    return training_replace(*out, spec, data, error);
}

const training_plan *training_planned(const training *t) {
    return &t->plan;
}

double training_share_done(const training *t) {
    (void)t;
    return 0;
}

void training_close(training **t) {
    free(*t);
    *t = NULL;
}

static float expected_value(size_t cell, uint64_t seed, uint64_t coordinates, int i) {
    return (float)(hypot((double)(coordinates % 1000), (double)seed) + (double)cell + i);
}

static int checkpoint_of(size_t cell) {
    return 1000 + (int)cell;
}

/* A blocked fault kills before a handler can record the cell. */
static void check_faults_are_not_blocked(void) {
    sigset_t blocked;
    assert_int_equal(pthread_sigmask(SIG_BLOCK, NULL, &blocked), 0);
    for (int i = 0; i < FAULT_SIGNAL_COUNT; i++)
        assert_false(sigismember(&blocked, fault_signals[i]));
}

static atomic_bool endless_has_begun;

/* Leave `count` checkpoints and continue, each as soon as it is due. */
static void leave_checkpoints(training *t, const training_control *control, int count) {
    const int bytes = checkpoint_of((size_t)t->epochs);
    while (count > 0 && !control->stop(control->context)) {
        if (!control->due(control->context, t))
            continue;
        assert_int_equal(arena_reserve(control->keep, sizeof bytes, NULL), STATUS_OK);
        memcpy(control->keep->memory, &bytes, sizeof bytes);
        control->kept(control->context, t, sizeof bytes);
        count--;
    }
}

status engine_train(training *spec, uint64_t seed, uint64_t coordinates, arena *memory,
                    const training_control *control, training_report *report, error_info *error) {
    (void)memory;
    check_faults_are_not_blocked();
    if (spec->epochs == REFUSED)
        return error_set(error, STATUS_USAGE, "refused, as the test wants it");
    const int expected = checkpoint_of((size_t)spec->epochs);
    if (control->checkpoint_size > 0) {
        assert_int_equal(control->checkpoint_size, sizeof expected);
        assert_memory_equal(control->checkpoint, &expected, sizeof expected);
        report->resumed = true;
    }
    if (spec->epochs == CONTINUES)
        leave_checkpoints(spec, control, CHECKPOINTS);
    if (spec->epochs == ENDLESS)
        atomic_store(&endless_has_begun, true);
    while (spec->epochs == ENDLESS && !report->resumed && !control->stop(control->context))
        clock_sleep(1e-3);
    if (control->stop(control->context)) {
        report->outcome = TRAINING_STOPPED;
        report->checkpoint_size = sizeof expected;
        assert_int_equal(arena_reserve(control->keep, sizeof expected, NULL), STATUS_OK);
        memcpy(control->keep->memory, &expected, sizeof expected);
        return STATUS_OK;
    }
    for (int i = 0; i < (int)curve_length((size_t)spec->epochs); i++)
        report->values[i] = expected_value((size_t)spec->epochs, seed, coordinates, i);
    report->outcome = spec->epochs == DIVERGES ? TRAINING_DIVERGED : TRAINING_DONE;
    report->steps_taken = 100 + spec->epochs;
    return STATUS_OK;
}

/* Cells of even numbers have a shape, and are trained in groups; as the engine does, one ends after the
 * other. */
static atomic_int largest_group;

status engine_train_group(training_member *members, int count, uint64_t seed, arena *memory,
                          const group_control *control, error_info *error) {
    const training_control one = {.stop = control->stop, .context = control->context, .keep = control->keep};
    if (count > atomic_load(&largest_group))
        atomic_store(&largest_group, count);
    for (int i = 0; i < count; i++) {
        training_member *m = &members[i];
        training_control c = one;
        assert_int_equal(m->planned->plan.shape, members[0].planned->plan.shape);
        c.checkpoint = m->checkpoint;
        c.checkpoint_size = m->checkpoint_size;
        RETURN_IF_FAILED(engine_train(m->planned, seed, m->coordinates, memory, &c, &m->report, error));
        control->ended(control->context, m);
    }
    return STATUS_OK;
}

/* ---- A sweep of CELLS cells over WORKERS threads ----------------------------------------------- */

typedef struct fixture {
    local_hub *hub;
    grid grid;
    record_layout records;
    atomic_bool stop;                  /* of the coordinator */
    atomic_bool worker_stops[WORKERS]; /* of each worker */
    bool left_out[CELLS];
    uint64_t shapes[CELLS];
    worker_setup workers[WORKERS];
    int stored[CELLS];
    int kept[CELLS]; /* checkpoints; 0: none */
    int kept_count;
    size_t stored_count, stop_after, fail_after; /* stores; 0: never. The stop waits for ENDLESS */
    sweep_setup setup;
    coordinator_counts counts;
    error_info error;
} fixture;

static double axis_values[CELLS];

static void cell_spec(void *context, size_t cell, training_spec *spec) {
    (void)context;
    *spec = (training_spec){.epochs = (int)cell};
}

static int expected_status(size_t cell) {
    if (cell == WRONG_LAYOUT || cell == REFUSED)
        return CELL_FAILED;
    return cell == DIVERGES ? CELL_DIVERGED : CELL_DONE;
}

static status store(void *context, const cell_record *record, error_info *error) {
    fixture *f = context;
    f->stored[record->cell]++;
    f->stored_count++;
    assert_int_equal(record->status, expected_status(record->cell));
    assert_true(record->rank >= 0 && record->rank < WORKERS);
    assert_string_equal(record->host, "here");
    for (int i = 0; i < VALUES; i++) {
        if (record->status == CELL_FAILED || i >= (int)curve_length(record->cell))
            assert_true(isnan(record->values[i]));
        else
            assert_true(record->values[i] ==
                        expected_value(record->cell, 9, grid_coordinates(&f->grid, record->cell), i));
    }
    if (f->stored_count == f->fail_after)
        return error_set(error, STATUS_IO, "disk full");
    return STATUS_OK;
}

static void keep(void *context, const cell_checkpoint *checkpoint) {
    fixture *f = context;
    assert_int_equal(checkpoint->size, sizeof f->kept[0]);
    assert_int_equal(f->stored[checkpoint->cell], 0);
    memcpy(&f->kept[checkpoint->cell], checkpoint->bytes, checkpoint->size);
    f->kept_count++;
}

static void recall(void *context, cell_checkpoint *checkpoint) {
    fixture *f = context;
    checkpoint->bytes = &f->kept[checkpoint->cell];
    checkpoint->size = f->kept[checkpoint->cell] != 0 ? sizeof f->kept[0] : 0;
}

static status tick(void *context, const coordinator *c, error_info *error) {
    (void)error;
    fixture *f = context;
    assert_true(coordinator_count(c).finished >= f->stored_count);
    if (f->stop_after > 0 && f->stored_count >= f->stop_after && atomic_load(&endless_has_begun))
        atomic_store(&f->stop, true);
    return STATUS_OK;
}

static void set_up(fixture *f) {
    for (int i = 0; i < CELLS; i++)
        axis_values[i] = i;
    *f = (fixture){
        .grid = {.axis_count = 1,
                 .axes = {{.name = "x", .kind = AXIS_NUMBER, .count = CELLS, .numbers = axis_values}}}};
    assert_int_equal(local_hub_create(&f->hub, WORKERS, NULL), STATUS_OK);
    f->left_out[ENDLESS] = true;
    atomic_store(&endless_has_begun, false);
    for (size_t cell = 0; cell < CELLS; cell++)
        f->shapes[cell] = cell % 3 == 0 ? 0 : 1; /* not what the engine says */
    f->records = layout_of_curve(VALUES);
    for (int w = 0; w < WORKERS; w++)
        f->workers[w] = (worker_setup){
            .hello = {.job_digest = 1, .program = "p", .kernels = "k", .host = "here", .rank = w},
            .grid = &f->grid,
            .seed = 9,
            .records = &f->records,
            .cell_spec = cell_spec,
            .checkpoints = {.every = 1e-3, .phase = 1},
            .stop = &f->worker_stops[w]};
    f->setup = (sweep_setup){
        .coordinator = {.cells = CELLS, .left_out = f->left_out, .shapes = f->shapes, .workers = WORKERS},
        .hello = f->workers[0].hello,
        .value_count = VALUES,
        .stop = &f->stop,
        .store = store,
        .keep = keep,
        .recall = recall,
        .tick = tick,
        .context = f};
}

typedef struct worker_thread {
    pthread_t thread;
    transport *transport;
    const worker_setup *setup;
    status status;
} worker_thread;

static void *run_worker(void *context) {
    worker_thread *w = context;
    w->status = worker_run(w->transport, w->setup, NULL);
    return NULL;
}

/* Worker 0 is the driver's own thread; all must leave without an error of their own. */
static status run(fixture *f) {
    worker_thread threads[WORKERS];
    for (int w = 1; w < WORKERS; w++) {
        threads[w] = (worker_thread){.transport = local_hub_endpoint(f->hub, w), .setup = &f->workers[w]};
        assert_int_equal(pthread_create(&threads[w].thread, NULL, run_worker, &threads[w]), 0);
    }
    status result = sweep_run(local_hub_endpoint(f->hub, TRANSPORT_COORDINATOR), &f->setup,
                              local_hub_endpoint(f->hub, 0), &f->workers[0], &f->counts, &f->error);
    for (int w = 1; w < WORKERS; w++) {
        pthread_join(threads[w].thread, NULL);
        assert_int_equal(threads[w].status, STATUS_OK);
    }
    local_hub_destroy(&f->hub);
    return result;
}

static void every_cell_is_stored_once(void **state) {
    (void)state;
    fixture f;
    set_up(&f);
    assert_int_equal(run(&f), STATUS_OK);
    for (size_t cell = 0; cell < CELLS; cell++)
        assert_int_equal(f.stored[cell], !f.left_out[cell]);
    assert_int_equal(f.counts.finished, f.counts.total);
    assert_int_equal(f.counts.failures, 3);
    assert_false(f.counts.stopping);
    assert_true(atomic_load(&largest_group) > 2);
}

/* The next one waits until the coordinator has confirmed the last; the cell ends all the same. */
static void checkpoints_of_cells_that_continue_are_kept(void **state) {
    (void)state;
    fixture f;
    set_up(&f);
    assert_int_equal(run(&f), STATUS_OK);
    assert_int_equal(f.kept_count, CHECKPOINTS);
    assert_int_equal(f.kept[CONTINUES], checkpoint_of(CONTINUES));
    assert_int_equal(f.stored[CONTINUES], 1);
}

static void nothing_to_do_ends_at_once(void **state) {
    (void)state;
    fixture f;
    set_up(&f);
    memset(f.left_out, true, sizeof f.left_out);
    assert_int_equal(run(&f), STATUS_OK);
    assert_int_equal(f.counts.total, 0);
    assert_int_equal(f.stored_count, 0);
}

/* The cell that never ends by itself is in flight when the stop arrives. */
static void a_stop_ends_what_is_in_flight(void **state) {
    (void)state;
    fixture f;
    set_up(&f);
    f.left_out[ENDLESS] = false;
    f.stop_after = CELLS / 2;
    assert_int_equal(run(&f), STATUS_OK);
    assert_true(f.counts.stopping);
    assert_true(f.counts.finished < f.counts.total);
    assert_true(f.stored_count >= f.stop_after);
    assert_int_equal(f.stored[ENDLESS], 0);
}

static void what_is_stopped_goes_on_from_its_checkpoint(void **state) {
    (void)state;
    fixture f;
    set_up(&f);
    f.left_out[ENDLESS] = false;
    f.stop_after = CELLS / 2;
    assert_int_equal(run(&f), STATUS_OK);
    assert_int_equal(f.kept[ENDLESS], checkpoint_of(ENDLESS));
    for (size_t cell = 0; cell < CELLS; cell++)
        f.left_out[cell] = f.stored[cell] > 0;
    f.stored_count = f.stop_after = 0;
    atomic_store(&f.stop, false);
    assert_int_equal(local_hub_create(&f.hub, WORKERS, NULL), STATUS_OK);
    assert_int_equal(run(&f), STATUS_OK);
    for (size_t cell = 0; cell < CELLS; cell++)
        assert_int_equal(f.stored[cell], 1);
}

static void a_signal_at_one_worker_stops_all(void **state) {
    (void)state;
    fixture f;
    set_up(&f);
    f.left_out[ENDLESS] = false;
    atomic_store(&f.worker_stops[1], true);
    assert_int_equal(run(&f), STATUS_OK);
    assert_true(f.counts.stopping);
    assert_int_equal(f.stored[ENDLESS], 0);
}

static void a_store_that_fails_stops_all(void **state) {
    (void)state;
    fixture f;
    set_up(&f);
    f.left_out[ENDLESS] = false;
    f.fail_after = 3;
    assert_int_equal(run(&f), STATUS_IO);
    assert_string_equal(f.error.text, "disk full");
}

static void too_many_failures_stop_all(void **state) {
    (void)state;
    fixture f;
    set_up(&f);
    f.setup.coordinator.max_failures = 1;
    assert_int_equal(run(&f), STATUS_OK);
    assert_true(f.counts.stopping);
    assert_true(f.counts.failures >= 1);
}

static void a_rank_with_another_job_ends_the_sweep(void **state) {
    (void)state;
    fixture f;
    set_up(&f);
    f.left_out[ENDLESS] = false;
    f.workers[2].hello.job_digest = 2;
    assert_int_equal(run(&f), STATUS_USAGE);
    assert_non_null(strstr(f.error.text, "rank 2 on here did not read the same job file"));
}

static void rubbish_ends_the_sweep(void **state) {
    (void)state;
    fixture f;
    set_up(&f);
    transport *rubbish = local_hub_endpoint(f.hub, 2);
    assert_int_equal(rubbish->send(rubbish, TRANSPORT_COORDINATOR, "rubbish", 7, NULL), STATUS_OK);
    assert_int_equal(run(&f), STATUS_INTERNAL);
    assert_non_null(strstr(f.error.text, "7 bytes"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cell_is_stored_once),
        cmocka_unit_test(checkpoints_of_cells_that_continue_are_kept),
        cmocka_unit_test(nothing_to_do_ends_at_once),
        cmocka_unit_test(a_stop_ends_what_is_in_flight),
        cmocka_unit_test(what_is_stopped_goes_on_from_its_checkpoint),
        cmocka_unit_test(a_signal_at_one_worker_stops_all),
        cmocka_unit_test(a_store_that_fails_stops_all),
        cmocka_unit_test(too_many_failures_stop_all),
        cmocka_unit_test(a_rank_with_another_job_ends_the_sweep),
        cmocka_unit_test(rubbish_ends_the_sweep),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
