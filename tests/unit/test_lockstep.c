/* Small networks in lockstep: what they compute is what ordinary training computes, up to rounding, and does
 * not depend on who trains next to them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/random.h"
#include "engine/lockstep/lockstep.h"
#include "networks.h"

enum { TRAIN = 90, TEST = 21, SAMPLES = TRAIN + TEST, FEATURES = 5, MOST_TARGETS = 3, MOST_VALUES = 4000 };

static float features[SAMPLES * FEATURES], targets[SAMPLES * MOST_TARGETS];
static uint8_t labels[SAMPLES];

/* What the targets are. */
typedef enum task { CLASSES, TWO_CLASSES, LABELS, NUMBERS, TASK_COUNT } task;

static dataset samples_of(task of) {
    random_stream random = random_stream_open(1, 0, RANDOM_SYNTHETIC, (uint64_t)of);
    const int classes = of == CLASSES ? 3 : of == TWO_CLASSES ? 2 : 0;
    dataset d = {
        .shape = {FEATURES, 1, 1}, .classes = classes, .target_count = classes > 0 ? 0 : MOST_TARGETS};
    for (int i = 0; i < SAMPLES * FEATURES; i++)
        features[i] = (float)random_normal(&random);
    for (int i = 0; i < SAMPLES * MOST_TARGETS; i++)
        targets[i] = of == LABELS ? (float)random_below(&random, 2) : (float)random_normal(&random);
    for (int i = 0; i < SAMPLES; i++)
        labels[i] = (uint8_t)(classes > 0 ? random_below(&random, (uint32_t)classes) : 0);
    const dataset_split all = {
        .features = features, .labels = classes > 0 ? labels : NULL, .targets = classes > 0 ? NULL : targets};
    d.train = d.test = all;
    d.train.count = TRAIN;
    d.test.count = TEST;
    d.test.features = features + TRAIN * FEATURES;
    d.test.labels = classes > 0 ? labels + TRAIN : NULL;
    d.test.targets = classes > 0 ? NULL : targets + TRAIN * MOST_TARGETS;
    return d;
}

static const record_spec per_step = {.every = 1, .unit = RECORD_PER_STEP},
                         per_epoch = {.every = 1, .unit = RECORD_PER_EPOCH},
                         at_end = {.every = 1, .unit = RECORD_AT_END};

static training_spec small_training(void) {
    training_spec s = {
        .normalize = {.channels = 1, .mean = {0.1}, .std = {1.5}},
        .model = {.layer_count = 5,
                  .layers = {DENSE(7), LAYER(TANH), {.kind = LAYER_DENSE, .units = 3}, RELU, DENSE(3)}},
        .loss = {.kind = LOSS_SQUARED_ERROR, .delta = 0.7, .l2 = 1e-3},
        .optimizer = {.kind = OPTIMIZER_SGD,
                      .lr = 0.02,
                      .momentum = 0.5,
                      .weight_decay = 1e-3,
                      .beta1 = 0.9,
                      .beta2 = 0.99,
                      .rho = 0.9,
                      .epsilon = 1e-3},
        .epochs = 3,
        .batch = 20,
        .shuffle = true,
    };
    s.records[RECORD_TRAIN_LOSS] = s.records[RECORD_LEARNING_RATE] = per_step;
    s.records[RECORD_TRAIN_COST] = s.records[RECORD_TEST_LOSS] = per_epoch;
    s.records[RECORD_PARAMETERS] = at_end;
    s.records[RECORD_GRADIENT_NORM] = (record_spec){.every = 1, .unit = RECORD_PER_EPOCH, .layer_count = 1};
    return s;
}

typedef struct result {
    training_report report;
    size_t count;
    float values[MOST_VALUES];
} result;

static training *open_training(const training_spec *spec, const dataset *data) {
    training *t;
    error_info error = {0};
    if (training_open(&t, spec, data, &error) != STATUS_OK)
        fail_msg("%s", error.text);
    assert_true(training_planned(t)->records.value_count <= MOST_VALUES);
    return t;
}

static void train(const training_spec *spec, const dataset *data, uint64_t coordinates, bool ordinary,
                  result *r) {
    arena memory = {0};
    training *t = open_training(spec, data);
    assert_true(training_planned(t)->shape != 0);
    t->ordinary = ordinary;
    memset(r, 0, sizeof *r);
    r->count = training_planned(t)->records.value_count;
    r->report.values = r->values;
    assert_int_equal(engine_train(t, 3, coordinates, &memory, &(training_control){0}, &r->report, NULL),
                     STATUS_OK);
    training_close(&t);
    arena_release(&memory);
}

/* ---- Against ordinary training ----------------------------------------------------------------- */

/* The rounding of a few dozen steps in single precision; parameters and losses are of order 1. */
static const double rounding = 2e-5;

static double largest_difference(const result *a, const result *b) {
    double largest = 0;
    assert_int_equal(a->count, b->count);
    assert_int_equal(a->report.outcome, b->report.outcome);
    assert_int_equal(a->report.steps_taken, b->report.steps_taken);
    for (size_t i = 0; i < a->count; i++) {
        assert_int_equal(isnan(a->values[i]), isnan(b->values[i]));
        if (!isnan(a->values[i]))
            largest = fmax(largest, fabs((double)a->values[i] - (double)b->values[i]) /
                                        (1 + fabs((double)b->values[i])));
    }
    return largest;
}

static void check_agreement(const training_spec *spec, task of, const char *what) {
    static result lockstep, ordinary;
    const dataset data = samples_of(of);
    train(spec, &data, 1, false, &lockstep);
    train(spec, &data, 1, true, &ordinary);
    const double difference = largest_difference(&lockstep, &ordinary);
    if (!(difference <= rounding))
        fail_msg("%s: differs by %.3g; accepted: up to %.3g", what, difference, rounding);
}

typedef struct ending {
    loss_kind loss;
    task of;
    int outputs;
    layer_kind last;
} ending;

static const ending endings[] = {
    {LOSS_CROSS_ENTROPY, CLASSES, 3, LAYER_SOFTMAX},
    {LOSS_CROSS_ENTROPY, TWO_CLASSES, 2, LAYER_IDENTITY},
    {LOSS_BINARY_CROSS_ENTROPY, TWO_CLASSES, 1, LAYER_SIGMOID},
    {LOSS_BINARY_CROSS_ENTROPY, LABELS, 3, LAYER_SCALED_SIGMOID},
    {LOSS_SQUARED_ERROR, NUMBERS, 3, LAYER_IDENTITY},
    {LOSS_SQUARED_ERROR, TWO_CLASSES, 1, LAYER_SIGMOID},
    {LOSS_SQUARED_ERROR, CLASSES, 3, LAYER_TANH},
    {LOSS_HUBER, NUMBERS, 3, LAYER_IDENTITY},
    {LOSS_HUBER, TWO_CLASSES, 2, LAYER_RELU},
};

static const layer_kind activations[] = {LAYER_RELU,    LAYER_LEAKY_RELU,     LAYER_ELU,     LAYER_TANH,
                                         LAYER_SIGMOID, LAYER_SCALED_SIGMOID, LAYER_IDENTITY};

enum { ENDINGS = sizeof endings / sizeof *endings, ACTIVATIONS = sizeof activations / sizeof *activations };

/* Two activations in a row, and one before the first dense layer, now and then. */
static void set_layers(training_spec *s, const ending *e, layer_kind activation, int variant) {
    const layer_spec act = {.kind = activation, .slope = 0.1, .alpha = 0.8};
    const layer_spec layers[] = {variant % 3 == 0 ? act : (layer_spec)LAYER(IDENTITY),
                                 DENSE(9),
                                 act,
                                 variant % 4 == 0 ? (layer_spec)LAYER(TANH) : (layer_spec)LAYER(FLATTEN),
                                 {.kind = LAYER_DENSE, .units = 4, .own_l2 = true, .l2 = 1e-2},
                                 act,
                                 {.kind = LAYER_DENSE, .units = e->outputs, .bias = true},
                                 {.kind = e->last}};
    s->model.layer_count = sizeof layers / sizeof *layers;
    memcpy(s->model.layers, layers, sizeof layers);
    s->records[RECORD_GRADIENT_NORM].layers[0] = 4;
}

/* rmsprop with and without momentum. */
static void set_optimizer(training_spec *s, optimizer_kind kind, int variant) {
    s->optimizer.kind = kind;
    s->optimizer.lr = variant % 7 == 0 ? 1e-3 : 1e-2;
    s->optimizer.epsilon_style = variant % 2 == 0 ? EPSILON_KERAS : EPSILON_PYTORCH;
    s->optimizer.decay = variant % 3 == 0 ? DECAY_WEIGHTS : DECAY_ALL;
    s->optimizer.weight_decay = kind == OPTIMIZER_ADAMW ? 0.1 : s->optimizer.weight_decay;
    if (kind == OPTIMIZER_RMSPROP && variant % 4 < 2)
        s->optimizer.momentum = 0;
}

static void all_kinds_agree_with_ordinary_training(void **state) {
    (void)state;
    const int batches[] = {20, 1, 64, 90, 7};
    int variant = 0;
    for (int e = 0; e < ENDINGS; e++)
        for (int a = 0; a < ACTIVATIONS; a++)
            for (int o = 0; o < OPTIMIZER_KIND_COUNT; o++, variant++) {
                if (!(LOCKSTEP_OPTIMIZERS >> o & 1))
                    continue;
                training_spec s = small_training();
                char what[120];
                set_layers(&s, &endings[e], activations[a], variant);
                s.loss.kind = endings[e].loss;
                s.loss.over_outputs = variant % 5 == 0 ? REDUCE_MEAN : REDUCE_SUM;
                s.loss.over_samples = variant % 7 == 0 ? REDUCE_SUM : REDUCE_MEAN;
                set_optimizer(&s, (optimizer_kind)o, variant);
                s.batch = batches[variant % 5];
                s.shuffle = variant % 3 != 1;
                s.last_batch = variant % 11 == 0 ? LAST_BATCH_DROP : LAST_BATCH_KEEP;
                if (variant % 4 == 3)
                    s.schedule = (schedule_spec){.kind = SCHEDULE_STEP_DECAY, .factor = 0.5, .every = 1};
                if (endings[e].of != NUMBERS)
                    s.records[RECORD_TRAIN_ACCURACY] = per_epoch;
                snprintf(what, sizeof what, "variant %d: %s, %s, %s", variant,
                         name_at(&loss_names, s.loss.kind), name_at(&layer_names, activations[a]),
                         name_at(&optimizer_names, o));
                check_agreement(&s, endings[e].of, what);
            }
}

/* Nothing is recorded by step, so that many are taken at once, whose rates differ. */
static void a_warm_up_agrees_with_ordinary_training(void **state) {
    (void)state;
    training_spec s = small_training();
    s.records[RECORD_TRAIN_LOSS] = s.records[RECORD_LEARNING_RATE] = per_epoch;
    s.schedule = (schedule_spec){.kind = SCHEDULE_CONSTANT, .warmup = 3};
    check_agreement(&s, NUMBERS, "a warm-up");
}

/* All widths up to 32 in, out and in between. */
static void all_sizes_agree_with_ordinary_training(void **state) {
    (void)state;
    for (int width = 1; width <= 32; width++) {
        training_spec s = small_training();
        char what[40];
        snprintf(what, sizeof what, "width %d", width);
        s.model.layers[0].units = width;
        s.model.layers[2].units = 33 - width;
        check_agreement(&s, NUMBERS, what);
    }
}

/* Images of bytes: pixels in natural order, mirrored. */
static void images_agree_with_ordinary_training(void **state) {
    (void)state;
    static uint8_t pixels[SAMPLES * 2 * 3 * 4];
    static result lockstep, ordinary;
    dataset data = samples_of(CLASSES);
    random_stream random = random_stream_open(2, 0, RANDOM_SYNTHETIC, 0);
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (uint8_t)random_below(&random, 256);
    data.shape = (tensor_shape){2, 3, 4};
    data.train.features = data.test.features = NULL;
    data.train.pixels = data.test.pixels = pixels;
    training_spec s = small_training();
    s.loss.kind = LOSS_CROSS_ENTROPY;
    s.mirror = 0.5;
    train(&s, &data, 1, false, &lockstep);
    train(&s, &data, 1, true, &ordinary);
    assert_true(largest_difference(&lockstep, &ordinary) <= rounding);
    assert_true(largest_difference(&lockstep, &ordinary) > 0); /* or nothing was compared */
}

/* ---- Groups ------------------------------------------------------------------------------------ */

/* What one training of a set may have of its own. */
static training_spec own_spec(int i) {
    training_spec s = small_training();
    s.model.layers[3] = (layer_spec){.kind = LAYER_LEAKY_RELU, .slope = 0.01 * i};
    s.optimizer.lr = 1e-3 * (i + 1);
    s.optimizer.momentum = 0.05 * i;
    s.optimizer.weight_decay = 1e-4 * i;
    s.loss.l2 = 1e-3 * (i + 1);
    s.normalize.std[0] = 1 + 0.1 * i;
    s.model.init.weights = (initializer_spec){.kind = i % 2 == 0 ? INIT_HE_NORMAL : INIT_PYTORCH};
    if (i % 3 == 0)
        s.schedule = (schedule_spec){.kind = SCHEDULE_FACTORS_AT, .factor = 0.3, .count = 1, .values = {4}};
    return s;
}

typedef struct countdown {
    long calls, stop_at; /* −1: never */
} countdown;

static bool count_down(void *context) {
    countdown *c = context;
    return c->calls++ == c->stop_at;
}

/* Checkpoints and ends of a group. */
typedef struct crowd {
    training_spec specs[ENGINE_GROUP];
    training *planned[ENGINE_GROUP];
    result results[ENGINE_GROUP];
    training_member members[ENGINE_GROUP];
    unsigned char checkpoints[ENGINE_GROUP][1 << 16];
    size_t sizes[ENGINE_GROUP];
    int who[ENGINE_GROUP];
    int ended;
    countdown stop;
    arena keep;
    /* Checkpoints of those that continue: */
    long asked, due_every; /* 0: never */
    int kept;
    unsigned char kept_bytes[ENGINE_GROUP][1 << 16]; /* the last of each */
    size_t kept_sizes[ENGINE_GROUP];
} crowd;

static crowd all;

static bool stop_crowd(void *context) {
    crowd *c = context;
    return count_down(&c->stop);
}

static void note_end(void *context, const training_member *member) {
    crowd *c = context;
    const int i = c->who[member - c->members];
    c->ended++;
    c->results[i].report = member->report;
    c->sizes[i] = member->report.checkpoint_size;
    assert_true(c->sizes[i] <= sizeof c->checkpoints[i]);
    if (c->sizes[i] > 0)
        memcpy(c->checkpoints[i], c->keep.memory, c->sizes[i]);
}

static bool is_due(void *context, const training *planned) {
    crowd *c = context;
    (void)planned;
    return ++c->asked % c->due_every == 0;
}

static void note_kept(void *context, const training *planned, size_t size) {
    crowd *c = context;
    for (int i = 0; i < ENGINE_GROUP; i++)
        if (c->planned[i] == planned) {
            memcpy(c->kept_bytes[i], c->keep.memory, size);
            c->kept_sizes[i] = size;
            c->kept++;
        }
}

/* Train those of `who` (count) as a group, from their checkpoints where there are any, until a stop. */
static void train_group(const dataset *data, const int who[], int count, long stop_at) {
    arena memory = {0};
    all.ended = 0;
    all.asked = 0;
    all.stop = (countdown){.stop_at = stop_at};
    for (int m = 0; m < count; m++) {
        const int i = all.who[m] = who[m];
        all.planned[i] = open_training(&all.specs[i], data);
        all.results[i].count = training_planned(all.planned[i])->records.value_count;
        all.members[m] = (training_member){.planned = all.planned[i],
                                           .coordinates = (uint64_t)(100 + i),
                                           .checkpoint = all.sizes[i] > 0 ? all.checkpoints[i] : NULL,
                                           .checkpoint_size = all.sizes[i],
                                           .report = {.values = all.results[i].values}};
    }
    const group_control control = {.stop = stop_crowd,
                                   .context = &all,
                                   .due = all.due_every > 0 ? is_due : NULL,
                                   .kept = note_kept,
                                   .keep = &all.keep,
                                   .ended = note_end};
    assert_int_equal(engine_train_group(all.members, count, 3, &memory, &control, NULL), STATUS_OK);
    assert_int_equal(all.ended, count);
    for (int m = 0; m < count; m++)
        training_close(&all.planned[who[m]]);
    arena_release(&memory);
}

static void forget_all(void) {
    arena_release(&all.keep);
    memset(&all, 0, sizeof all);
}

static result alone[ENGINE_GROUP];

static void train_all_alone(const dataset *data, training_spec (*spec)(int i)) {
    forget_all();
    for (int i = 0; i < ENGINE_GROUP; i++) {
        all.specs[i] = spec(i);
        train(&all.specs[i], data, (uint64_t)(100 + i), false, &alone[i]);
    }
}

static void assert_same(const result *a, const result *b) {
    assert_int_equal(a->report.outcome, b->report.outcome);
    assert_int_equal(a->report.steps_taken, b->report.steps_taken);
    assert_int_equal(a->count, b->count);
    assert_memory_equal(a->values, b->values, a->count * sizeof *a->values);
}

static void assert_as_alone(const int who[], int count) {
    for (int m = 0; m < count; m++) {
        assert_same(&alone[who[m]], &all.results[who[m]]);
        all.sizes[who[m]] = 0;
    }
}

static const int everyone[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
static const int backwards[] = {15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0};
static const int some[] = {9, 2, 12}, pair[] = {5, 9};

static void bits_do_not_depend_on_the_group(void **state) {
    (void)state;
    const dataset data = samples_of(NUMBERS);
    train_all_alone(&data, own_spec);
    train_group(&data, everyone, 16, -1);
    assert_as_alone(everyone, 16);
    train_group(&data, backwards, 16, -1);
    assert_as_alone(backwards, 16);
    train_group(&data, some, 3, -1);
    assert_as_alone(some, 3);
    train_group(&data, pair, 2, -1);
    assert_as_alone(pair, 2);
}

/* Warm-ups of their own length before a cosine; only weights decay. */
static training_spec own_adamw(int i) {
    training_spec s = own_spec(i);
    s.optimizer.kind = OPTIMIZER_ADAMW;
    s.optimizer.decay = DECAY_WEIGHTS;
    s.optimizer.weight_decay = 0.02 * i;
    s.schedule = (schedule_spec){.kind = SCHEDULE_COSINE, .per = SCHEDULE_PER_STEP, .warmup = i % 4};
    return s;
}

static training_spec own_rmsprop(int i) {
    training_spec s = own_spec(i);
    s.optimizer.kind = OPTIMIZER_RMSPROP;
    s.optimizer.momentum = 0.05 * (i + 1);
    return s;
}

static void bits_of_adamw_and_rmsprop_do_not_depend_on_the_group(void **state) {
    (void)state;
    training_spec (*const own[])(int i) = {own_adamw, own_rmsprop};
    const dataset data = samples_of(NUMBERS);
    for (int k = 0; k < 2; k++) {
        train_all_alone(&data, own[k]);
        train_group(&data, everyone, 16, -1);
        assert_as_alone(everyone, 16);
        train_group(&data, some, 3, -1);
        assert_as_alone(some, 3);
    }
}

static training_spec own_order(int i) {
    training_spec s = own_spec(i);
    s.normalize.std[0] = 1;
    return s;
}

static training_spec shared_samples(int i) {
    training_spec s = own_order(i);
    s.shuffle = false;
    return s;
}

static void samples_may_be_shared(void **state) {
    (void)state;
    const dataset data = samples_of(NUMBERS);
    train_all_alone(&data, shared_samples);
    train_group(&data, everyone, 16, -1);
    assert_as_alone(everyone, 16);
    train_all_alone(&data, own_order);
    train_group(&data, everyone, 16, -1);
    assert_as_alone(everyone, 16);
}

/* Points that each training draws itself. */
static void points_may_be_drawn_by_each(void **state) {
    (void)state;
    const dataset data = {.shape = {1, 1, 1},
                          .target_count = 1,
                          .train.count = 70,
                          .test.count = 10,
                          .points = {POINTS_ABSOLUTE_VALUE, 70, 0, 10, 3, true}};
    forget_all();
    for (int i = 0; i < ENGINE_GROUP; i++) {
        all.specs[i] = own_spec(i);
        all.specs[i].model.layers[4].units = 1;
        train(&all.specs[i], &data, (uint64_t)(100 + i), false, &alone[i]);
    }
    train_group(&data, everyone, 16, -1);
    assert_as_alone(everyone, 16);
}

static training_spec some_diverge(int i) {
    training_spec s = own_spec(i);
    s.optimizer.lr = i == 4 ? 1e30 : i == 11 ? 1e4 : s.optimizer.lr;
    return s;
}

static void one_that_diverges_leaves_the_others_alone(void **state) {
    (void)state;
    const dataset data = samples_of(NUMBERS);
    train_all_alone(&data, some_diverge);
    assert_int_equal(alone[4].report.outcome, TRAINING_DIVERGED);
    assert_int_equal(alone[11].report.outcome, TRAINING_DIVERGED);
    for (int i = 4; i <= 11; i += 7) {
        static result ordinary;
        train(&all.specs[i], &data, (uint64_t)(100 + i), true, &ordinary);
        assert_int_equal(alone[i].report.steps_taken, ordinary.report.steps_taken);
    }
    assert_int_equal(alone[3].report.outcome, TRAINING_DONE);
    train_group(&data, everyone, 16, -1);
    assert_as_alone(everyone, 16);
}

static void one_without_time_leaves_the_others_alone(void **state) {
    (void)state;
    const dataset data = samples_of(NUMBERS);
    train_all_alone(&data, own_spec);
    all.specs[6].max_seconds = 1e-9;
    all.specs[7].max_seconds = 3600;
    train_group(&data, everyone, 16, -1);
    assert_int_equal(all.results[6].report.outcome, TRAINING_TIMED_OUT);
    assert_int_equal(all.results[6].report.steps_taken, 0);
    all.results[6] = alone[6];
    assert_as_alone(everyone, 16);
}

/* Stopped anywhere, a group resumes in other groups: with members that are not as far, or alone. */
static void a_group_that_is_stopped_is_made_good(void **state) {
    (void)state;
    const dataset data = samples_of(NUMBERS);
    train_all_alone(&data, some_diverge);
    train_group(&data, everyone, 16, -1);
    const long calls = all.stop.calls;
    assert_true(calls > 30);
    for (long at = 0; at < calls; at += at < 4 ? 1 : 5) {
        memset(all.sizes, 0, sizeof all.sizes);
        train_group(&data, everyone, 16, at);
        for (int i = 0; i < 4; i++)
            all.sizes[i] = 0; /* these start again */
        train_group(&data, backwards, 16, 9);
        train_group(&data, some, 3, -1);
        assert_as_alone(some, 3);
        all.sizes[some[0]] = all.sizes[some[1]] = all.sizes[some[2]] = 0;
        train_group(&data, everyone, 16, -1);
        assert_as_alone(everyone, 16);
    }
}

/* Neither those that leave checkpoints nor those that resume from them, in other groups, differ. */
static void a_group_that_leaves_checkpoints_continues(void **state) {
    (void)state;
    const long every[] = {1, 2, 3, 5, 7, 9, 11, 13};
    const dataset data = samples_of(NUMBERS);
    train_all_alone(&data, some_diverge);
    for (size_t i = 0; i < sizeof every / sizeof *every; i++) {
        all.due_every = every[i];
        all.kept = 0;
        train_group(&data, everyone, 16, -1);
        assert_as_alone(everyone, 16);
        assert_in_range(all.kept, 14, 16 * all.asked / every[i]);
        all.due_every = 0;
        memcpy(all.checkpoints, all.kept_bytes, sizeof all.checkpoints);
        memcpy(all.sizes, all.kept_sizes, sizeof all.sizes);
        train_group(&data, some, 3, -1);
        assert_true(all.results[some[0]].report.resumed);
        assert_true(all.results[some[0]].report.steps_before > 0);
        assert_as_alone(some, 3);
        memcpy(all.sizes, all.kept_sizes, sizeof all.sizes);
        train_group(&data, everyone, 16, -1);
        assert_as_alone(everyone, 16);
    }
}

/* ---- What is eligible -------------------------------------------------------------------------- */

static uint64_t shape_of(const training_spec *spec, const dataset *data) {
    training *t = open_training(spec, data);
    const uint64_t shape = training_planned(t)->shape;
    training_close(&t);
    return shape;
}

static void only_small_networks_are_eligible(void **state) {
    (void)state;
    const dataset data = samples_of(CLASSES);
    training_spec base = small_training(), s;
    base.loss.kind = LOSS_CROSS_ENTROPY;
    const uint64_t shape = shape_of(&base, &data);
    assert_true(shape != 0);
    s = base, s.model.layers[0].units = 32;
    assert_true(shape_of(&s, &data) != 0 && shape_of(&s, &data) != shape);
    s = base, s.model.layers[0].units = 33;
    assert_int_equal(shape_of(&s, &data), 0);
    s = base, s.model.layers[1] = (layer_spec)DROPOUT(0.5);
    assert_int_equal(shape_of(&s, &data), 0);
    s = base, s.model.layers[1] = (layer_spec)LAYER(SOFTMAX);
    assert_int_equal(shape_of(&s, &data), 0);
    s = base, s.loss.entropy_weight = 0.1;
    assert_int_equal(shape_of(&s, &data), 0);
    s = base, s.optimizer.kind = OPTIMIZER_LBFGS, s.optimizer.weight_decay = 0;
    assert_int_equal(shape_of(&s, &data), 0);
    s = base, s.optimizer.clip_norm = 1;
    assert_int_equal(shape_of(&s, &data), 0);
    s = base, s.optimizer.clip_value = 1;
    assert_int_equal(shape_of(&s, &data), 0);
}

static void a_shape_is_what_steps_must_have_in_common(void **state) {
    (void)state;
    const dataset data = samples_of(NUMBERS);
    const training_spec base = small_training();
    training_spec s;
    const uint64_t shape = shape_of(&base, &data);
    s = base, s.optimizer.lr = 1, s.optimizer.momentum = 0, s.loss.l2 = 7, s.loss.delta = 3;
    assert_int_equal(shape_of(&s, &data), shape);
    s = base, s.batch = 21;
    assert_int_not_equal(shape_of(&s, &data), shape);
    s = base, s.epochs = 4;
    assert_int_not_equal(shape_of(&s, &data), shape);
    s = base, s.loss.l2 = 0;
    assert_int_not_equal(shape_of(&s, &data), shape);
    s = base, s.loss.kind = LOSS_HUBER;
    assert_int_not_equal(shape_of(&s, &data), shape);
    s = base, s.loss.over_outputs = REDUCE_SUM;
    assert_int_not_equal(shape_of(&s, &data), shape);
    s = base, s.optimizer.kind = OPTIMIZER_ADAM;
    assert_int_not_equal(shape_of(&s, &data), shape);
    s = base, s.optimizer.decay = DECAY_WEIGHTS;
    assert_int_not_equal(shape_of(&s, &data), shape);
    training_spec r = base;
    r.optimizer.kind = OPTIMIZER_RMSPROP;
    s = r, s.optimizer.momentum = 0;
    assert_int_not_equal(shape_of(&s, &data), shape_of(&r, &data));
    s = base, s.model.layers[2].bias = true;
    assert_int_not_equal(shape_of(&s, &data), shape);
    s = base, s.records[RECORD_TEST_LOSS].every = 2;
    assert_int_not_equal(shape_of(&s, &data), shape);
}

/* Terms without a lane kernel. */
static void other_terms_of_a_loss_are_trained_by_themselves(void **state) {
    (void)state;
    const dataset data = samples_of(CLASSES);
    training_spec s = small_training();
    s.loss = (loss_spec){.kind = LOSS_CROSS_ENTROPY};
    assert_int_not_equal(shape_of(&s, &data), 0);
    s.loss.entropy_weight = 0.1;
    assert_int_equal(shape_of(&s, &data), 0);
    s.loss = (loss_spec){.label_smoothing = 0.1};
    assert_int_equal(shape_of(&s, &data), 0);
    s.loss = (loss_spec){.class_weight_count = data.classes, .class_weights = {1}};
    assert_int_equal(shape_of(&s, &data), 0);
}

/* Metrics of a batch are those of ordinary steps; of a set they are found between steps. */
static void metrics_of_batches_are_found_by_ordinary_training(void **state) {
    (void)state;
    const dataset data = samples_of(CLASSES);
    training_spec s = small_training();
    s.loss = (loss_spec){.kind = LOSS_CROSS_ENTROPY};
    s.records[RECORD_TEST_MACRO_F1] = (record_spec){.every = 1, .unit = RECORD_PER_EPOCH};
    assert_int_not_equal(shape_of(&s, &data), 0);
    s.records[RECORD_TRAIN_MACRO_F1] = s.records[RECORD_TEST_MACRO_F1];
    assert_int_equal(shape_of(&s, &data), 0);
}

static void assert_documented(const char *page, const char *what, const name_table *names, unsigned set) {
    char list[300], line[340];
    names_join(names, set, ", ", list, sizeof list);
    snprintf(line, sizeof line, "| %s | %s |", what, list);
    if (strstr(page, line) == NULL)
        fail_msg("docs/performance.md lacks \"%s\"", line);
}

static void the_list_is_documented(void **state) {
    (void)state;
    static char page[1 << 16];
    FILE *file = fopen(SOURCE_DIRECTORY "/docs/performance.md", "r");
    assert_non_null(file);
    assert_true(fread(page, 1, sizeof page - 1, file) > 0);
    fclose(file);
    assert_documented(page, "layers", &layer_names, LOCKSTEP_LAYERS);
    assert_documented(page, "losses", &loss_names, LOCKSTEP_LOSSES);
    assert_documented(page, "optimisers", &optimizer_names, LOCKSTEP_OPTIMIZERS);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_kinds_agree_with_ordinary_training),
        cmocka_unit_test(a_warm_up_agrees_with_ordinary_training),
        cmocka_unit_test(all_sizes_agree_with_ordinary_training),
        cmocka_unit_test(images_agree_with_ordinary_training),
        cmocka_unit_test(bits_do_not_depend_on_the_group),
        cmocka_unit_test(bits_of_adamw_and_rmsprop_do_not_depend_on_the_group),
        cmocka_unit_test(samples_may_be_shared),
        cmocka_unit_test(points_may_be_drawn_by_each),
        cmocka_unit_test(one_that_diverges_leaves_the_others_alone),
        cmocka_unit_test(one_without_time_leaves_the_others_alone),
        cmocka_unit_test(a_group_that_is_stopped_is_made_good),
        cmocka_unit_test(a_group_that_leaves_checkpoints_continues),
        cmocka_unit_test(only_small_networks_are_eligible),
        cmocka_unit_test(a_shape_is_what_steps_must_have_in_common),
        cmocka_unit_test(other_terms_of_a_loss_are_trained_by_themselves),
        cmocka_unit_test(metrics_of_batches_are_found_by_ordinary_training),
        cmocka_unit_test(the_list_is_documented),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
