/* A training that is stopped anywhere and resumed from its checkpoint ends as one that was never stopped, bit
 * for bit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "engine/engine.h"
#include "networks.h"
#include "train_once.h"

/* More test samples than the model takes at once, so that stops come within an evaluation too. */
enum { TRAIN = 40, TEST = 150, SIDE = 6, PIXELS = SIDE * SIDE, CLASSES = 3, EPOCHS = 3, MOST_VALUES = 20000 };

static uint8_t pixels[(TRAIN + TEST) * PIXELS], labels[TRAIN + TEST];

static dataset small_images(void) {
    const synthetic_spec spec = {.shape = {1, SIDE, SIDE}, .classes = CLASSES};
    synthetic_images(&spec, 1, 0, TRAIN + TEST, pixels, labels);
    return (dataset){
        .shape = spec.shape,
        .classes = CLASSES,
        .train = {.count = TRAIN, .pixels = pixels, .labels = labels},
        .test = {.count = TEST, .pixels = pixels + TRAIN * PIXELS, .labels = labels + TRAIN},
    };
}

/* Steps of 16, 16 and 8 samples. */
static training_spec small_training(void) {
    return (training_spec){
        .model = {.layer_count = 6,
                  .layers = {CONV(3, 3, 3, 1, 1, 1, 1), RELU, LAYER(IDENTITY), LAYER(IDENTITY),
                             POOL(2, 2, 2, 2), DENSE(CLASSES)}},
        .loss = {.l2 = 1e-3},
        .optimizer = {.lr = 0.02, .momentum = 0.9, .beta1 = 0.9, .beta2 = 0.99, .rho = 0.9, .epsilon = 1e-8},
        .epochs = EPOCHS,
        .batch = 16,
        .shuffle = true,
    };
}

/* ---- Stopping and resuming --------------------------------------------------------------------- */

typedef struct result {
    training_report report;
    float values[MOST_VALUES];
} result;

typedef struct countdown {
    long calls, stop_at; /* stop_at −1: never */
} countdown;

static bool count_down(void *context) {
    countdown *c = context;
    return c->calls++ == c->stop_at;
}

/* In memory that is full of other numbers. */
static void train(const training_spec *spec, const training_control *control, result *r) {
    static arena memory;
    const dataset data = small_images();
    training_plan plan;
    error_info error = {0};
    if (engine_plan(spec, &data, &plan, &error) != STATUS_OK)
        fail_msg("%s", error.text);
    assert_in_range(plan.records.value_count, 1, MOST_VALUES);
    assert_int_equal(arena_reserve(&memory, plan.memory_bytes, NULL), STATUS_OK);
    memset(memory.memory, 0x5a, memory.capacity);
    memset(r->values, 0, sizeof r->values);
    r->report = (training_report){.values = r->values};
    assert_int_equal(train_once(spec, &data, 5, 1, &memory, control, &r->report, &error), STATUS_OK);
    arena_release(&memory);
}

/* Returns how often the training called the stop function. */
static long train_undisturbed(const training_spec *spec, result *r) {
    countdown c = {.stop_at = -1};
    train(spec, &(training_control){.stop = count_down, .context = &c}, r);
    return c.calls;
}

/* Stop at call number `at`, into `keep`. */
static void train_until(const training_spec *spec, long at, arena *keep, result *r) {
    countdown c = {.stop_at = at};
    train(spec, &(training_control){.stop = count_down, .context = &c, .keep = keep}, r);
    assert_int_equal(r->report.outcome, TRAINING_STOPPED);
}

static void go_on(const training_spec *spec, const arena *from, size_t size, result *r) {
    train(spec, &(training_control){.checkpoint = from->memory, .checkpoint_size = size}, r);
}

static void assert_same(const result *a, const result *b) {
    assert_int_equal(a->report.outcome, b->report.outcome);
    assert_int_equal(a->report.steps_taken, b->report.steps_taken);
    assert_memory_equal(a->values, b->values, sizeof a->values);
}

/* Stop at every `stride`-th call from `first` on. */
static void check_stops(const training_spec *spec, long first, long stride) {
    static result whole, part;
    arena keep = {0};
    const long calls = train_undisturbed(spec, &whole);
    for (long at = first; at < calls; at += stride) {
        train_until(spec, at, &keep, &part);
        const long before = part.report.steps_taken;
        go_on(spec, &keep, part.report.checkpoint_size, &part);
        assert_true(part.report.resumed);
        assert_int_equal(part.report.steps_before, before);
        assert_same(&whole, &part);
    }
    arena_release(&keep);
}

/* ---- What may be stopped ----------------------------------------------------------------------- */

static const record_spec per_step = {.every = 1, .unit = RECORD_PER_STEP},
                         per_epoch = {.every = 1, .unit = RECORD_PER_EPOCH},
                         at_end = {.every = 1, .unit = RECORD_AT_END};

static record_spec of_layers(record_spec r, int layer) {
    r.layer_count = r.stride = 1;
    r.layers[0] = layer;
    return r;
}

/* The gradient's norm after, and before, the gradient of the test set takes its place. */
static void record_by_step(training_spec *s) {
    s->records[RECORD_TRAIN_LOSS] = s->records[RECORD_LEARNING_RATE] = per_step;
    s->records[RECORD_TRAIN_BALANCED_ACCURACY] = per_step;
    s->records[RECORD_TRAIN_TOP_K_ACCURACY] = at_end;
    s->records[RECORD_TRAIN_TOP_K_ACCURACY].k = 2;
    s->records[RECORD_TEST_COST] = (record_spec){.every = 3, .unit = RECORD_PER_STEP};
    s->records[RECORD_GRADIENT_NORM] = of_layers(per_epoch, 0);
    s->records[RECORD_TEST_GRADIENT] = of_layers((record_spec){.every = 2, .unit = RECORD_PER_STEP}, 5);
}

static void record_by_epoch(training_spec *s) {
    s->records[RECORD_TRAIN_COST] = s->records[RECORD_TRAIN_ACCURACY] = per_epoch;
    s->records[RECORD_LEARNING_RATE] = s->records[RECORD_TEST_ACCURACY] = per_epoch;
    s->records[RECORD_TRAIN_LOSS] = s->records[RECORD_TRAIN_SET_LOSS] = at_end;
    s->records[RECORD_GRADIENT_NORM] = of_layers(at_end, 0);
    s->records[RECORD_TEST_GRADIENT] = of_layers(per_epoch, 0);
    s->records[RECORD_PARAMETERS] = s->records[RECORD_TEST_PREDICTION] = at_end;
    s->records[RECORD_TEST_PROBABILITY] = at_end;
    s->records[RECORD_TRAIN_CONFUSION_MATRIX] = s->records[RECORD_TRAIN_MACRO_F1] = per_epoch;
    s->records[RECORD_TEST_BALANCED_ACCURACY] = per_epoch;
    if (s->model.layers[2].kind == LAYER_BATCH_NORM)
        s->records[RECORD_BATCH_NORM] = per_epoch;
}

static const schedule_spec schedules[] = {
    {.kind = SCHEDULE_CONSTANT},
    {.kind = SCHEDULE_STEP_DECAY, .factor = 0.5, .every = 1},
    {.kind = SCHEDULE_CYCLICAL, .base = 1e-3, .max = 0.05, .half_cycle = 2, .gamma = 1},
    {.kind = SCHEDULE_COSINE, .per = SCHEDULE_PER_STEP, .warmup = 2, .warmup_start = 0.1},
};

/* MPISWEEP_TEST_EVERY_STOP=1: stop each variant everywhere, which takes half a minute; else at a few
 * calls. */
static long stop_stride(void) {
    return getenv("MPISWEEP_TEST_EVERY_STOP") != NULL ? 1 : 29;
}

static const optimizer_kind steppers[] = {OPTIMIZER_SGD, OPTIMIZER_NESTEROV, OPTIMIZER_ADAM,
                                          OPTIMIZER_RMSPROP, OPTIMIZER_ADAMW};
enum { OPTIMIZERS = sizeof steppers / sizeof *steppers };

/* Every optimiser, with and without batch normalisation, dropout and mirroring, with several schedules and
 * two sets of records. */
static void every_stop_is_made_good(void **state) {
    (void)state;
    enum { SCHEDULES = sizeof schedules / sizeof *schedules, VARIANTS = OPTIMIZERS * SCHEDULES * 16 };
    const long stride = stop_stride();
    for (int variant = 0; variant < VARIANTS; variant++) {
        training_spec spec = small_training();
        const int features = variant % 16;
        if (features & 1)
            spec.model.layers[2] = (layer_spec)BATCH_NORM;
        if (features & 2)
            spec.model.layers[3] = (layer_spec)DROPOUT(0.3);
        spec.mirror = features & 4 ? 0.5 : 0;
        if (features & 4 && features & 1)
            spec.augment = (augment_spec){.padding = 1, .flip_vertical = 0.5, .cutout = 2};
        (features & 8 ? record_by_step : record_by_epoch)(&spec);
        spec.optimizer.kind = steppers[variant / 16 % OPTIMIZERS];
        spec.optimizer.clip_norm = features & 2 ? 0.5 : 0;
        spec.optimizer.decay = features & 4 ? DECAY_WEIGHTS : DECAY_ALL;
        spec.schedule = schedules[variant / 16 / OPTIMIZERS];
        check_stops(&spec, variant % stride, stride);
    }
}

static void a_training_with_norms_of_samples_and_groups_is_made_good(void **state) {
    (void)state;
    training_spec spec = small_training();
    record_by_epoch(&spec);
    spec.model =
        (model_spec){.layer_count = 9,
                     .layers = {CONV(6, 3, 3, 1, 1, 1, 1), GROUP_NORM(2), LAYER(GELU),
                                GROUPED(6, 3, 3, 2, 1, 1, 1, 6), LAYER_NORM, LAYER(SILU),
                                GROUPED(4, 3, 3, 1, 2, 2, 2, 2), LAYER(GLOBAL_AVG_POOL), DENSE(CLASSES)}};
    check_stops(&spec, 3, 7);
}

/* Ends early, perhaps with the parameters and running statistics of its best moment, or at a lower rate. */
static training_spec watching_training(int variant) {
    static const schedule_spec plateau = {.kind = SCHEDULE_PLATEAU, .factor = 0.5, .cooldown = 1};
    training_spec s = small_training();
    s.model.layers[2] = (layer_spec)BATCH_NORM;
    s.epochs = 8;
    s.optimizer.lr = 0.1;
    if (variant & 4)
        s.schedule = plateau;
    (variant & 1 ? record_by_step : record_by_epoch)(&s);
    s.monitor = (monitor_spec){.number = variant & 1 ? MONITOR_TEST_COST : MONITOR_TEST_ACCURACY,
                               .patience = 2,
                               .keep = variant & 2 ? KEEP_BEST : KEEP_LAST};
    s.records[RECORD_PARAMETERS] = s.records[RECORD_BATCH_NORM] = at_end;
    return s;
}

static void a_training_that_ends_early_is_made_good(void **state) {
    (void)state;
    for (int variant = 0; variant < 8; variant++) {
        static result r;
        const training_spec spec = watching_training(variant);
        train_undisturbed(&spec, &r);
        assert_in_range(r.report.steps_taken, 3, 3 * spec.epochs - 1);
        check_stops(&spec, 0, 1);
    }
}

static void a_training_without_epochs_or_order_is_made_good(void **state) {
    (void)state;
    training_spec spec = small_training();
    record_by_epoch(&spec);
    spec.shuffle = false;
    check_stops(&spec, 0, 1);
    spec.epochs = 0;
    check_stops(&spec, 0, 1);
}

/* In a step, and in the evaluation after it; stops come in the evaluations that follow, too. */
static void a_training_that_diverges_is_made_good(void **state) {
    (void)state;
    training_spec spec = small_training();
    record_by_step(&spec);
    spec.records[RECORD_TEST_COST] = per_step;
    for (int i = 0; i < 2; i++) {
        result r;
        spec.optimizer.lr = i == 0 ? 1e12 : 1e30;
        train_undisturbed(&spec, &r);
        assert_int_equal(r.report.outcome, TRAINING_DIVERGED);
        check_stops(&spec, 0, 1);
    }
}

static void stops_may_follow_one_another(void **state) {
    (void)state;
    static result whole, part;
    training_spec spec = small_training();
    record_by_step(&spec);
    spec.optimizer.kind = OPTIMIZER_ADAM;
    train_undisturbed(&spec, &whole);
    arena keep[2] = {{0}};
    train_until(&spec, 4, &keep[0], &part);
    int starts = 1;
    for (; part.report.outcome == TRAINING_STOPPED; starts++) {
        countdown c = {.stop_at = 5};
        train(&spec,
              &(training_control){.stop = count_down,
                                  .context = &c,
                                  .checkpoint = keep[(starts + 1) % 2].memory,
                                  .checkpoint_size = part.report.checkpoint_size,
                                  .keep = &keep[starts % 2]},
              &part);
        assert_true(part.report.resumed);
    }
    assert_in_range(starts, 4, 20);
    assert_same(&whole, &part);
    arena_release(&keep[0]);
    arena_release(&keep[1]);
}

/* ---- Checkpoints of a training that continues ------------------------------------------------------ */

enum { MOST_KEPT = 64 };

/* Copies of the checkpoints that a training has left at every `stride`-th call. */
typedef struct kept_copies {
    arena keep, copies[MOST_KEPT];
    size_t sizes[MOST_KEPT];
    int count, stride, asked;
} kept_copies;

static bool every_nth_time(void *context, const training *planned) {
    kept_copies *k = context;
    const double done = training_share_done(planned);
    assert_true(done >= 0 && done <= 1);
    return k->asked++ % k->stride == 0;
}

static void copy_kept(void *context, const training *planned, size_t size) {
    kept_copies *k = context;
    (void)planned;
    if (k->count == MOST_KEPT)
        return;
    assert_int_equal(arena_reserve(&k->copies[k->count], size, NULL), STATUS_OK);
    memcpy(k->copies[k->count].memory, k->keep.memory, size);
    k->sizes[k->count++] = size;
}

static void release_kept(kept_copies *k) {
    arena_release(&k->keep);
    for (int i = 0; i < MOST_KEPT; i++)
        arena_release(&k->copies[i]);
}

/* Neither the training that leaves them nor those that resume from them differ from one without. Returns how
 * many there were. */
static int check_kept(const training_spec *spec, int stride) {
    static result whole, part;
    kept_copies k = {.stride = stride};
    train_undisturbed(spec, &whole);
    train(spec, &(training_control){.context = &k, .due = every_nth_time, .kept = copy_kept, .keep = &k.keep},
          &part);
    assert_same(&whole, &part);
    for (int i = 0; i < k.count; i++) {
        go_on(spec, &k.copies[i], k.sizes[i], &part);
        assert_true(part.report.resumed);
        assert_true(part.report.steps_before >= i);
        assert_same(&whole, &part);
    }
    release_kept(&k);
    return k.count;
}

static void a_training_that_leaves_checkpoints_continues(void **state) {
    (void)state;
    training_spec spec = small_training();
    const long steps = EPOCHS * 3;
    for (int variant = 0; variant < 8; variant++) {
        spec = small_training();
        if (variant & 1)
            spec.model.layers[2] = (layer_spec)BATCH_NORM;
        if (variant & 2)
            spec.model.layers[3] = (layer_spec)DROPOUT(0.3);
        if (variant & 4)
            spec.loss = (loss_spec){
                .label_smoothing = 0.1, .class_weight_count = CLASSES, .class_weights = {0.5, 3, 1}};
        (variant & 4 ? record_by_step : record_by_epoch)(&spec);
        spec.optimizer.kind = steppers[variant % OPTIMIZERS];
        assert_in_range(check_kept(&spec, 1), steps - 1, steps);
        assert_in_range(check_kept(&spec, 4), 2, 3);
    }
}

static void a_search_is_not_asked(void **state) {
    (void)state;
    training_spec spec = small_training();
    spec.optimizer = (optimizer_spec){.kind = OPTIMIZER_LBFGS};
    record_by_epoch(&spec);
    assert_int_equal(check_kept(&spec, 1), 0);
}

/* ---- Full batch -------------------------------------------------------------------------------- */

/* NLopt does not expose its state: a search starts again from the beginning; what is recorded at its end does
 * not need it. */
static void a_full_batch_search_starts_anew(void **state) {
    (void)state;
    static result whole, part;
    training_spec spec = small_training();
    spec.optimizer = (optimizer_spec){.kind = OPTIMIZER_LBFGS};
    record_by_epoch(&spec);
    arena keep = {0};
    const long calls = train_undisturbed(&spec, &whole);
    train_until(&spec, calls - 1, &keep, &part);
    assert_true(part.report.checkpoint_size > 0);
    go_on(&spec, &keep, part.report.checkpoint_size, &part);
    assert_true(part.report.resumed);
    assert_same(&whole, &part);
    train_until(&spec, 1, &keep, &part);
    assert_int_equal(part.report.checkpoint_size, 0);
    arena_release(&keep);
}

/* ---- Checkpoints that do not fit --------------------------------------------------------------- */

static void assert_starts_anew(const training_spec *spec, const arena *from, size_t size,
                               const result *whole) {
    static result r;
    go_on(spec, from, size, &r);
    assert_false(r.report.resumed);
    assert_int_equal(r.report.steps_before, 0);
    assert_same(whole, &r);
}

static void a_checkpoint_that_does_not_fit_is_left_alone(void **state) {
    (void)state;
    static result whole, part, other_whole;
    training_spec spec = small_training(), other = small_training();
    record_by_step(&spec);
    record_by_step(&other);
    other.model.layers[0].filters = 4;
    train_undisturbed(&spec, &whole);
    train_undisturbed(&other, &other_whole);
    arena keep = {0};
    train_until(&spec, 9, &keep, &part);
    const size_t size = part.report.checkpoint_size;
    assert_starts_anew(&other, &keep, size, &other_whole);
    for (size_t shorter = 0; shorter < size; shorter += 13)
        assert_starts_anew(&spec, &keep, shorter, &whole);
    spec.epochs = 1; /* steps and epochs are out of range, sizes are not */
    memset(spec.records, 0, sizeof spec.records);
    spec.records[RECORD_PARAMETERS] = at_end;
    other = spec;
    other.epochs = 30;
    train_undisturbed(&spec, &whole);
    train_until(&other, 50, &keep, &part);
    assert_starts_anew(&spec, &keep, part.report.checkpoint_size, &whole);
    arena_release(&keep);
}

/* Whatever a byte says, nothing is written outside the training's memory; the sanitizers check that. */
static void any_byte_may_be_wrong(void **state) {
    (void)state;
    enum { LEADING = 200 }; /* header and progress */
    static result r;
    training_spec spec = small_training();
    record_by_step(&spec);
    arena keep = {0};
    train_until(&spec, 9, &keep, &r);
    const size_t size = r.report.checkpoint_size;
    for (size_t i = 0; i < LEADING; i++) {
        keep.memory[i] ^= 0xff;
        go_on(&spec, &keep, size, &r);
        keep.memory[i] ^= 0xff;
    }
    arena_release(&keep);
}

/* ---- Time -------------------------------------------------------------------------------------- */

static bool dawdle(void *context) {
    clock_sleep(0.002);
    return count_down(context);
}

static void a_training_has_so_much_time(void **state) {
    (void)state;
    static result whole, r;
    training_spec spec = small_training();
    record_by_step(&spec);
    train_undisturbed(&spec, &whole);
    spec.max_seconds = 3600;
    train(&spec, &(training_control){0}, &r);
    assert_same(&whole, &r);
    spec.max_seconds = 1e-9;
    train(&spec, &(training_control){0}, &r);
    assert_int_equal(r.report.outcome, TRAINING_TIMED_OUT);
    assert_int_equal(r.report.steps_taken, 0);
    assert_true(isnan(r.values[0]));
    spec.optimizer = (optimizer_spec){.kind = OPTIMIZER_LBFGS};
    train(&spec, &(training_control){0}, &r);
    assert_int_equal(r.report.outcome, TRAINING_TIMED_OUT);
}

/* Curves up to then are kept. */
static void time_before_a_checkpoint_counts(void **state) {
    (void)state;
    static result whole, r;
    training_spec spec = small_training();
    spec.records[RECORD_TRAIN_LOSS] = per_step;
    train_undisturbed(&spec, &whole);
    arena keep = {0};
    countdown c = {.stop_at = 6};
    train(&spec, &(training_control){.stop = dawdle, .context = &c, .keep = &keep}, &r);
    assert_int_equal(r.report.steps_taken, 6);
    const double before = r.report.seconds;
    assert_true(before >= 6 * 0.002);
    spec.max_seconds = before;
    go_on(&spec, &keep, r.report.checkpoint_size, &r);
    assert_int_equal(r.report.outcome, TRAINING_TIMED_OUT);
    assert_int_equal(r.report.steps_taken, 6);
    assert_true(r.report.seconds >= before);
    assert_memory_equal(r.values, whole.values, 6 * sizeof(float));
    assert_true(isnan(r.values[6]));
    arena_release(&keep);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_stop_is_made_good),
        cmocka_unit_test(a_training_that_ends_early_is_made_good),
        cmocka_unit_test(a_training_without_epochs_or_order_is_made_good),
        cmocka_unit_test(a_training_that_diverges_is_made_good),
        cmocka_unit_test(a_training_with_norms_of_samples_and_groups_is_made_good),
        cmocka_unit_test(stops_may_follow_one_another),
        cmocka_unit_test(a_training_that_leaves_checkpoints_continues),
        cmocka_unit_test(a_search_is_not_asked),
        cmocka_unit_test(a_full_batch_search_starts_anew),
        cmocka_unit_test(a_checkpoint_that_does_not_fit_is_left_alone),
        cmocka_unit_test(any_byte_may_be_wrong),
        cmocka_unit_test(a_training_has_so_much_time),
        cmocka_unit_test(time_before_a_checkpoint_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
