/* What a training records, each quantity against another way to find it: a network computed by hand, the
 * difference that a step of gradient descent makes, central differences. In double precision; what is
 * recorded is float. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "engine/engine.h"
#include "networks.h"
#include "train_once.h"

enum { C = 2, H = 5, W = 4, FEATURES = C * H * W, CLASSES = 3 };
enum { TRAIN = 40, VALIDATION = 30, TEST = 300, STORED = TRAIN + VALIDATION + TEST };
enum { FILTERS = 3, KERNEL = 2, CONV_H = 4, CONV_W = 3, POOL_H = 2, POOL_W = 1 };
enum { CONV_WEIGHTS = FILTERS * C * KERNEL * KERNEL, POOLED = FILTERS * POOL_H * POOL_W };
enum { DENSE_WEIGHTS = CLASSES * POOLED, PARAMETERS = CONV_WEIGHTS + FILTERS + DENSE_WEIGHTS + CLASSES };
enum { MOST_VALUES = 20000 };

static float features[STORED * FEATURES], start[PARAMETERS];
static uint8_t labels[STORED];

static int draw_data(void **state) {
    (void)state;
    random_stream stream = random_stream_open(3, 0, RANDOM_SYNTHETIC, 0);
    for (int i = 0; i < STORED * FEATURES; i++)
        features[i] = (float)random_normal(&stream);
    for (int i = 0; i < STORED; i++)
        labels[i] = (uint8_t)random_below(&stream, CLASSES);
    for (int i = 0; i < PARAMETERS; i++)
        start[i] = (float)(0.5 * random_normal(&stream));
    return 0;
}

static dataset_split split_from(int first, int count) {
    return (dataset_split){
        .count = (size_t)count, .features = features + first * FEATURES, .labels = labels + first};
}

static dataset drawn_data(void) {
    return (dataset){.shape = {C, H, W},
                     .classes = CLASSES,
                     .train = split_from(0, TRAIN),
                     .validation = split_from(TRAIN, VALIDATION),
                     .test = split_from(TRAIN + VALIDATION, TEST)};
}

/* Convolution, ReLU, max-pool, dense, from the given start; nothing is trained or recorded yet. */
static training_spec untrained(void) {
    return (training_spec){
        .model = {.start = {.count = PARAMETERS, .values = start},
                  .layer_count = 4,
                  .layers = {CONV(FILTERS, KERNEL, KERNEL, 1, 1, 0, 0), RELU, POOL(2, 2, 2, 2),
                             DENSE(CLASSES)}},
        .optimizer = {.lr = 0.1},
        .batch = 16,
        .shuffle = true,
    };
}

static const loss_spec weighted_loss = {
    .label_smoothing = 0.2, .class_weight_count = CLASSES, .class_weights = {0.5, 3, 1}};

static const record_spec at_end = {.every = 1, .unit = RECORD_AT_END};

typedef struct trained {
    training_plan plan;
    training_report report;
    float values[MOST_VALUES];
} trained;

static void train_with(const training_spec *spec, const dataset *data, training_stop stop, void *context,
                       trained *t) {
    error_info error = {0};
    arena memory = {0};
    t->report = (training_report){.values = t->values};
    if (engine_plan(spec, data, &t->plan, &error) != STATUS_OK)
        fail_msg("%s", error.text);
    assert_true(t->plan.records.value_count <= MOST_VALUES);
    assert_int_equal(train_once(spec, data, 1, 2, &memory,
                                &(training_control){.stop = stop, .context = context}, &t->report, &error),
                     STATUS_OK);
    assert_int_equal(t->report.outcome, TRAINING_DONE);
    arena_release(&memory);
}

/* Static memory; one training at a time. */
static const trained *train(const training_spec *spec, const dataset *data) {
    static trained t;
    train_with(spec, data, NULL, NULL, &t);
    return &t;
}

static const record_variable *variable(const trained *t, const char *name) {
    const record_layout *layout = &t->plan.records;
    for (int i = 0; i < layout->variable_count; i++)
        if (strcmp(layout->variables[i].name, name) == 0)
            return &layout->variables[i];
    fail_msg("there is no record %s", name);
    return NULL;
}

static const float *values_of(const trained *t, const char *name) {
    return t->values + variable(t, name)->offset;
}

static void assert_near(double value, double expected, double tolerance) {
    if (!(fabs(value - expected) <= tolerance * (1 + fabs(expected))))
        fail_msg("%.9g, expected %.9g", value, expected);
}

static void assert_dims(const record_variable *v, int rank, const size_t lengths[]) {
    assert_int_equal(v->rank, rank);
    for (int d = 0; d < rank; d++)
        assert_int_equal(v->dims[d].length, lengths[d]);
}

/* ---- The network by hand ----------------------------------------------------------------------- */

typedef struct by_hand {
    double conv[FILTERS][CONV_H][CONV_W], pool[FILTERS][POOL_H][POOL_W], z[CLASSES], p[CLASSES];
} by_hand;

static double convolved(const float *x, const float *w, int f, int row, int column) {
    double sum = w[CONV_WEIGHTS + f];
    for (int c = 0; c < C; c++)
        for (int i = 0; i < KERNEL; i++)
            for (int k = 0; k < KERNEL; k++)
                sum += (double)w[((f * C + c) * KERNEL + i) * KERNEL + k] *
                       (double)x[(c * H + row + i) * W + column + k];
    return sum;
}

static void softmax(const double z[CLASSES], double p[CLASSES]) {
    double sum = 0;
    for (int k = 0; k < CLASSES; k++)
        sum += p[k] = exp(z[k]);
    for (int k = 0; k < CLASSES; k++)
        p[k] /= sum;
}

static by_hand compute(const float *x) {
    by_hand out = {0}; /* so that the maximum goes through a ReLU */
    const float *dense = start + CONV_WEIGHTS + FILTERS, *bias = dense + DENSE_WEIGHTS;
    for (int f = 0; f < FILTERS; f++)
        for (int row = 0; row < CONV_H; row++)
            for (int column = 0; column < CONV_W; column++) {
                const double z = out.conv[f][row][column] = convolved(x, start, f, row, column);
                if (row / 2 < POOL_H && column / 2 < POOL_W)
                    out.pool[f][row / 2][column / 2] = fmax(out.pool[f][row / 2][column / 2], z);
            }
    for (int k = 0; k < CLASSES; k++) {
        out.z[k] = bias[k];
        for (int i = 0; i < POOLED; i++)
            out.z[k] += (double)dense[k * POOLED + i] * (&out.pool[0][0][0])[i];
    }
    softmax(out.z, out.p);
    return out;
}

static int largest(const double z[CLASSES]) {
    int best = 0;
    for (int k = 1; k < CLASSES; k++)
        best = z[k] > z[best] ? k : best;
    return best;
}

static void loss_and_accuracy(const dataset_split *split, double *loss, double *accuracy) {
    *loss = *accuracy = 0;
    for (size_t n = 0; n < split->count; n++) {
        const by_hand out = compute(split->features + n * FEATURES);
        *loss -= log(out.p[split->labels[n]]) / (double)split->count;
        *accuracy += 100.0 * (largest(out.z) == split->labels[n]) / (double)split->count;
    }
}

/* Σ w² of the start, without biases. */
static double squared_weights(void) {
    double sum = 0;
    for (int i = 0; i < PARAMETERS - CLASSES; i++)
        if (i < CONV_WEIGHTS || i >= CONV_WEIGHTS + FILTERS)
            sum += (double)start[i] * (double)start[i];
    return sum;
}

/* ---- Numbers ----------------------------------------------------------------------------------- */

static void numbers_of_the_sets(void **state) {
    (void)state;
    const dataset data = drawn_data();
    training_spec spec = untrained();
    spec.loss.l2 = 0.01;
    for (int q = RECORD_TRAIN_SET_LOSS; q <= RECORD_TEST_ACCURACY; q++)
        spec.records[q] = at_end;
    const trained *t = train(&spec, &data);
    const dataset_split *splits[] = {&data.train, &data.validation, &data.test};
    static const char *const sets[] = {"train_set", "validation", "test"};
    for (int i = 0; i < 3; i++) {
        double loss, accuracy;
        char name[32];
        loss_and_accuracy(splits[i], &loss, &accuracy);
        snprintf(name, sizeof name, "%s_loss", sets[i]);
        assert_near(*values_of(t, name), loss, 1e-5);
        snprintf(name, sizeof name, "%s_cost", sets[i]);
        assert_near(*values_of(t, name), loss + 0.01 * squared_weights(), 1e-5);
        snprintf(name, sizeof name, "%s_accuracy", sets[i]);
        assert_near(*values_of(t, name), accuracy, 1e-5);
    }
}

/* The whole training set is one batch: before the first update it gives what the untrained network does. */
static void numbers_of_the_batch(void **state) {
    (void)state;
    const dataset data = drawn_data();
    training_spec spec = untrained();
    spec.epochs = 2;
    spec.batch = TRAIN;
    spec.loss.l2 = 0.01;
    for (int q = RECORD_TRAIN_LOSS; q <= RECORD_LEARNING_RATE; q++)
        spec.records[q] = (record_spec){.every = 1, .unit = RECORD_PER_STEP};
    spec.schedule = (schedule_spec){.kind = SCHEDULE_STEP_DECAY, .every = 1, .factor = 0.5};
    const trained *t = train(&spec, &data);
    double loss, accuracy;
    loss_and_accuracy(&data.train, &loss, &accuracy);
    assert_near(values_of(t, "train_loss")[0], loss, 1e-5);
    assert_near(values_of(t, "train_cost")[0], loss + 0.01 * squared_weights(), 1e-5);
    assert_near(values_of(t, "train_accuracy")[0], accuracy, 1e-5);
    assert_true(values_of(t, "train_cost")[1] < values_of(t, "train_cost")[0]);
    assert_near(values_of(t, "learning_rate")[0], 0.1, 1e-6);
    assert_near(values_of(t, "learning_rate")[1], 0.05, 1e-6);
}

/* Batches of 16, 16 and 8: the numbers of an epoch weigh them by their samples. */
static void an_epoch_is_the_mean_over_its_samples(void **state) {
    (void)state;
    const dataset data = drawn_data();
    static const char *const names[] = {"train_loss", "train_cost", "train_accuracy"};
    training_spec spec = untrained();
    spec.epochs = 1;
    spec.loss.l2 = 0.01;
    double expected[3];
    for (int unit = RECORD_PER_STEP; unit <= RECORD_AT_END; unit++) {
        for (int q = RECORD_TRAIN_LOSS; q <= RECORD_TRAIN_ACCURACY; q++)
            spec.records[q] = (record_spec){.every = 1, .unit = (record_unit)unit};
        const trained *t = train(&spec, &data);
        for (int i = 0; i < 3; i++) {
            const float *v = values_of(t, names[i]);
            if (unit == RECORD_PER_STEP)
                expected[i] = (16.0 * (double)v[0] + 16.0 * (double)v[1] + 8.0 * (double)v[2]) / 40;
            else
                assert_near(v[0], expected[i], 1e-5);
        }
    }
}

/* One step of gradient descent at rate η moves the weights by η times the gradient of the cost. A test
 * gradient, which is found in between, does not disturb the norm of the epoch. */
static void the_gradient_norm_is_what_a_step_moves(void **state) {
    (void)state;
    const dataset data = drawn_data();
    training_spec spec = untrained();
    spec.epochs = 1;
    spec.batch = TRAIN;
    spec.loss.l2 = 0.1;
    spec.records[RECORD_GRADIENT_NORM] =
        (record_spec){.every = 1, .unit = RECORD_PER_EPOCH, .layer_count = 1, .layers = {3}};
    spec.records[RECORD_TEST_GRADIENT] =
        (record_spec){.every = 1, .unit = RECORD_PER_STEP, .layer_count = 1, .layers = {3}, .stride = 1};
    spec.records[RECORD_PARAMETERS] = at_end;
    const trained *t = train(&spec, &data);
    const float *end = values_of(t, "parameters");
    double squares = 0;
    for (int i = CONV_WEIGHTS + FILTERS; i < PARAMETERS - CLASSES; i++)
        squares += pow(((double)start[i] - (double)end[i]) / spec.optimizer.lr, 2);
    assert_near(*values_of(t, "gradient_norm"), sqrt(squares), 1e-5);
}

/* Batches of 16, 16 and 8, whose losses count as their samples weigh. */
static void an_epoch_counts_samples_by_the_weights_of_their_classes(void **state) {
    (void)state;
    const dataset data = drawn_data();
    training_spec spec = untrained();
    spec.epochs = 1;
    spec.shuffle = false;
    spec.optimizer.lr = 0;
    spec.loss = weighted_loss;
    double losses = 0, weights = 0;
    spec.records[RECORD_TRAIN_LOSS] = (record_spec){.every = 1, .unit = RECORD_PER_STEP};
    const float *steps = values_of(train(&spec, &data), "train_loss");
    for (int n = 0; n < TRAIN; n++) {
        const double w = weighted_loss.class_weights[labels[n]];
        losses += w * (double)steps[n / 16];
        weights += w;
    }
    spec.records[RECORD_TRAIN_LOSS] = spec.records[RECORD_TRAIN_SET_LOSS] = at_end;
    const trained *t = train(&spec, &data);
    assert_near(*values_of(t, "train_loss"), losses / weights, 1e-5);
    assert_near(*values_of(t, "train_set_loss"), losses / weights, 1e-5);
}

static bool count_calls(void *context) {
    ++*(int *)context;
    return false;
}

/* The stop function is called before every batch of an evaluation: 300 samples are three batches of 128. */
static void a_set_is_gone_through_once(void **state) {
    (void)state;
    const dataset data = drawn_data();
    static trained t;
    training_spec spec = untrained();
    spec.records[RECORD_TEST_LOSS] = spec.records[RECORD_TEST_COST] = spec.records[RECORD_TEST_ACCURACY] =
        at_end;
    int calls = 0;
    train_with(&spec, &data, count_calls, &calls, &t);
    assert_int_equal(calls, 3);
}

/* ---- Moments ----------------------------------------------------------------------------------- */

static void moments_have_their_places(void **state) {
    (void)state;
    const dataset data = drawn_data();
    training_spec spec = untrained();
    spec.epochs = 4; /* of 3 steps */
    spec.records[RECORD_TRAIN_LOSS] = (record_spec){.every = 1, .unit = RECORD_PER_STEP};
    spec.records[RECORD_TRAIN_ACCURACY] = (record_spec){.every = 5, .unit = RECORD_PER_STEP};
    spec.records[RECORD_PARAMETERS] = (record_spec){.every = 2, .unit = RECORD_PER_EPOCH};
    spec.records[RECORD_TEST_LOSS] = at_end;
    const trained *t = train(&spec, &data);
    assert_int_equal(variable(t, "train_loss")->count, 12);
    assert_int_equal(variable(t, "train_accuracy")->count, 2);
    assert_int_equal(variable(t, "train_accuracy")->first, 5);
    assert_int_equal(variable(t, "parameters")->count, 2);
    assert_int_equal(variable(t, "test_loss")->axis, RECORD_AXIS_NONE);
    assert_int_equal(t->plan.records.value_count, 12 + 2 + 2 * PARAMETERS + 1);
    for (size_t i = 0; i < t->plan.records.value_count; i++)
        assert_true(isfinite(t->values[i]));
    const float *parameters = values_of(t, "parameters");
    assert_memory_not_equal(parameters, parameters + PARAMETERS, PARAMETERS * sizeof *parameters);
}

static void without_training_there_is_epoch_0(void **state) {
    (void)state;
    const dataset data = drawn_data();
    training_spec spec = untrained();
    spec.records[RECORD_TRAIN_LOSS] = spec.records[RECORD_LEARNING_RATE] = spec.records[RECORD_TEST_LOSS] =
        (record_spec){.every = 3, .unit = RECORD_PER_EPOCH};
    const trained *t = train(&spec, &data);
    assert_int_equal(t->report.steps_taken, 0);
    assert_int_equal(variable(t, "test_loss")->first, 0);
    assert_int_equal(variable(t, "test_loss")->count, 1);
    assert_true(isnan(*values_of(t, "train_loss")) && isnan(*values_of(t, "learning_rate")));
    assert_true(isfinite(*values_of(t, "test_loss")));
}

static void evaluations_cost(void **state) {
    (void)state;
    const dataset data = drawn_data();
    training_spec spec = untrained();
    spec.records[RECORD_TEST_LOSS] = at_end;
    const double once = train(&spec, &data)->plan.flops;
    spec.records[RECORD_TEST_ACCURACY] = at_end; /* at the same moment: one pass for both */
    assert_near(train(&spec, &data)->plan.flops, once, 0);
    spec.records[RECORD_TRAIN_SET_LOSS] = spec.records[RECORD_VALIDATION_LOSS] = at_end;
    assert_near(train(&spec, &data)->plan.flops, once / TEST * (TEST + TRAIN + VALIDATION), 1e-12);
    spec.records[RECORD_TEST_PREDICTION] = at_end;
    assert_near(train(&spec, &data)->plan.flops, once / TEST * (2 * TEST + TRAIN + VALIDATION), 1e-12);
}

/* ---- Parameters -------------------------------------------------------------------------------- */

static void parameters_and_weights_are_those_of_the_start(void **state) {
    (void)state;
    const dataset data = drawn_data();
    training_spec spec = untrained();
    spec.records[RECORD_PARAMETERS] = at_end;
    spec.records[RECORD_WEIGHTS] =
        (record_spec){.every = 1, .unit = RECORD_AT_END, .layer_count = 2, .layers = {3, 0}};
    const trained *t = train(&spec, &data);
    assert_memory_equal(values_of(t, "parameters"), start, sizeof start);
    assert_memory_equal(values_of(t, "weights_0"), start, CONV_WEIGHTS * sizeof *start);
    assert_memory_equal(values_of(t, "weights_3"), start + CONV_WEIGHTS + FILTERS,
                        DENSE_WEIGHTS * sizeof *start);
    assert_dims(variable(t, "weights_0"), 4, (size_t[]){FILTERS, C, KERNEL, KERNEL});
    assert_dims(variable(t, "weights_3"), 4, (size_t[]){CLASSES, FILTERS, POOL_H, POOL_W});
    assert_string_equal(variable(t, "weights_3")->dims[1].name, "weights_3_input");
}

static void weights_of_flat_inputs_are_a_matrix(void **state) {
    (void)state;
    const dataset data = drawn_data();
    training_spec spec = untrained();
    spec.model = (model_spec){.layer_count = 3, .layers = {DENSE(5), RELU, DENSE(CLASSES)}};
    spec.records[RECORD_WEIGHTS] =
        (record_spec){.every = 1, .unit = RECORD_AT_END, .layer_count = 2, .layers = {0, 2}};
    const trained *t = train(&spec, &data);
    assert_dims(variable(t, "weights_0"), 4, (size_t[]){5, C, H, W});
    assert_dims(variable(t, "weights_2"), 2, (size_t[]){CLASSES, 5});
}

/* After one step over the whole set the running statistics have moved by 1 − momentum towards the batch's,
 * and the outputs of an evaluation are normalised with them. */
static void batch_norm_is_recorded(void **state) {
    (void)state;
    const dataset data = drawn_data();
    training_spec spec = untrained();
    spec.epochs = 1;
    spec.batch = TRAIN;
    spec.optimizer.lr = 0;
    spec.model = (model_spec){.layer_count = 2, .layers = {BATCH_NORM, DENSE(CLASSES)}};
    spec.records[RECORD_BATCH_NORM] = at_end;
    spec.records[RECORD_FEATURE_MAPS] =
        (record_spec){.every = 1, .unit = RECORD_AT_END, .layer_count = 1, .sample_count = 1};
    const trained *t = train(&spec, &data);
    const double momentum = spec.model.layers[0].momentum, n = TRAIN * H * W;
    for (int c = 0; c < C; c++) {
        double mean = 0, squares = 0;
        for (int i = 0; i < TRAIN * H * W; i++) {
            const double x = (double)features[(i / (H * W) * C + c) * H * W + i % (H * W)];
            mean += x / n;
            squares += x * x;
        }
        const double variance = (squares - n * mean * mean) / (n - 1);
        assert_near(values_of(t, "batch_norm_0_gamma")[c], 1, 0);
        assert_near(values_of(t, "batch_norm_0_beta")[c], 0, 0);
        assert_near(values_of(t, "batch_norm_0_mean")[c], (1 - momentum) * mean, 1e-5);
        assert_near(values_of(t, "batch_norm_0_variance")[c], momentum + (1 - momentum) * variance, 1e-5);
        const double first = ((double)data.test.features[c * H * W] - (1 - momentum) * mean) /
                             sqrt(momentum + (1 - momentum) * variance + spec.model.layers[0].epsilon);
        assert_near(values_of(t, "feature_maps_0")[c * H * W], first, 1e-5);
    }
    assert_string_equal(variable(t, "batch_norm_0_beta")->dims[0].name, "batch_norm_0_channel");
}

/* Against central differences of the recorded test loss, through batch normalisation in evaluation mode, in
 * three chunks of the test set. */
static void check_test_gradient(loss_spec loss) {
    enum { STRIDE = 7, COUNT = (CONV_WEIGHTS - 1) / STRIDE + 1 };
    const dataset data = drawn_data();
    const double step = 1e-2;
    float shifted[PARAMETERS + 2 * FILTERS];
    training_spec spec = untrained();
    spec.loss = loss;
    spec.model.layers[1] = (layer_spec)BATCH_NORM;
    spec.model.layers[2] = (layer_spec)AVG_POOL(2, 2, 2, 2); /* smooth */
    memcpy(shifted, start, (CONV_WEIGHTS + FILTERS) * sizeof *start);
    for (int c = 0; c < 2 * FILTERS; c++)
        shifted[CONV_WEIGHTS + FILTERS + c] = 1.5F;
    memcpy(shifted + CONV_WEIGHTS + 3 * FILTERS, start + CONV_WEIGHTS + FILTERS,
           (DENSE_WEIGHTS + CLASSES) * sizeof *start);
    spec.model.start = (start_spec){.count = PARAMETERS + 2 * FILTERS, .values = shifted};
    spec.records[RECORD_TEST_LOSS] = at_end;
    spec.records[RECORD_TEST_GRADIENT] =
        (record_spec){.every = 1, .unit = RECORD_AT_END, .layer_count = 1, .stride = STRIDE};
    const trained *t = train(&spec, &data);
    assert_dims(variable(t, "test_gradient_0"), 1, (size_t[]){COUNT});
    assert_true(variable(t, "test_gradient_0")->dims[0].step == STRIDE);
    float gradient[COUNT];
    memcpy(gradient, values_of(t, "test_gradient_0"), sizeof gradient);
    for (int i = 0; i < COUNT; i++) {
        float *w = &shifted[i * STRIDE];
        const float value = *w, above = (float)((double)value + step), below = (float)((double)value - step);
        *w = above;
        double difference = (double)*values_of(train(&spec, &data), "test_loss");
        *w = below;
        difference -= (double)*values_of(train(&spec, &data), "test_loss");
        *w = value;
        assert_near(gradient[i], difference / ((double)above - (double)below), 2e-4);
    }
}

static void the_test_gradient_is_that_of_the_test_loss(void **state) {
    (void)state;
    check_test_gradient((loss_spec){0});
    check_test_gradient(weighted_loss);
}

/* ---- Outputs ----------------------------------------------------------------------------------- */

static void probabilities_and_predictions_are_those_of_the_network(void **state) {
    (void)state;
    const dataset data = drawn_data();
    training_spec spec = untrained();
    spec.records[RECORD_TEST_PROBABILITY] = spec.records[RECORD_TEST_PREDICTION] = at_end;
    const trained *t = train(&spec, &data);
    assert_string_equal(variable(t, "test_probability")->dims[0].name, "test_sample");
    for (size_t n = 0; n < TEST; n++) {
        const by_hand out = compute(data.test.features + n * FEATURES);
        assert_near(values_of(t, "test_probability")[n], out.p[data.test.labels[n]], 1e-5);
        assert_near(values_of(t, "test_prediction")[n], largest(out.z), 0);
    }
}

/* One output z for two classes: σ(z) for class 1, 1 − σ(z) for class 0. */
static void one_output_tells_of_two_classes(void **state) {
    (void)state;
    static uint8_t halves[TEST];
    for (int n = 0; n < TEST; n++)
        halves[n] = (uint8_t)(n % 2);
    dataset data = drawn_data();
    data.classes = 2;
    data.train = data.validation = data.test;
    data.train.labels = data.validation.labels = data.test.labels = halves;
    training_spec spec = untrained();
    spec.model = (model_spec){.start = {.count = FEATURES + 1, .values = start},
                              .layer_count = 2,
                              .layers = {DENSE(1), LAYER(SIGMOID)}};
    spec.loss.kind = LOSS_BINARY_CROSS_ENTROPY;
    spec.records[RECORD_TEST_PROBABILITY] = spec.records[RECORD_TEST_PREDICTION] = at_end;
    const trained *t = train(&spec, &data);
    for (size_t n = 0; n < TEST; n++) {
        double z = (double)start[FEATURES];
        for (int i = 0; i < FEATURES; i++)
            z += (double)start[i] * (double)data.test.features[n * FEATURES + (size_t)i];
        const double p = 1 / (1 + exp(-z));
        assert_near(values_of(t, "test_probability")[n], n % 2 == 1 ? p : 1 - p, 1e-5);
        assert_near(values_of(t, "test_prediction")[n], z > 0, 0);
    }
}

/* Of a split that takes its samples from positions in the store, in bytes. */
static void samples_are_recorded_as_they_are_stored(void **state) {
    (void)state;
    static const uint32_t index[] = {7, 2, 9};
    static uint8_t pixels[STORED * FEATURES];
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (uint8_t)(i * 37 % 251);
    dataset data = drawn_data();
    data.train.pixels = data.validation.pixels = pixels;
    data.train.features = data.validation.features = NULL;
    data.test = (dataset_split){.count = 3, .index = index, .pixels = pixels, .labels = data.train.labels};
    training_spec spec = untrained();
    spec.normalize = (normalize_spec){.divide = 2, .offset = 1};
    spec.records[RECORD_TEST_TARGET] = spec.records[RECORD_TEST_INPUT] = at_end;
    const trained *t = train(&spec, &data);
    assert_dims(variable(t, "test_input"), 2, (size_t[]){3, FEATURES});
    for (size_t n = 0; n < 3; n++) {
        assert_near(values_of(t, "test_target")[n], data.train.labels[index[n]], 0);
        for (size_t k = 0; k < FEATURES; k++)
            assert_near(values_of(t, "test_input")[n * FEATURES + k], pixels[index[n] * FEATURES + k], 0);
    }
}

/* A regression of the plane: a x + b y + c, over more points in a row than are evaluated at once. */
static void the_grid_covers_the_plane(void **state) {
    (void)state;
    enum { POINTS = 131 };
    static const float plane[] = {2, -3, 0.5F}, targets[1] = {4};
    const dataset data = {.shape = {2, 1, 1},
                          .target_count = 1,
                          .train = {.count = 1, .features = features, .targets = targets},
                          .test = {.count = 1, .features = features, .targets = targets}};
    training_spec spec = untrained();
    spec.normalize = (normalize_spec){.divide = 2};
    spec.model = (model_spec){.start = {.count = 3, .values = plane}, .layer_count = 1, .layers = {DENSE(1)}};
    spec.loss.kind = LOSS_SQUARED_ERROR;
    spec.records[RECORD_GRID_OUTPUT] =
        (record_spec){.every = 1, .unit = RECORD_AT_END, .from = -1, .to = 2, .points = POINTS};
    spec.records[RECORD_TEST_PREDICTION] = spec.records[RECORD_TEST_TARGET] = at_end;
    const trained *t = train(&spec, &data);
    const record_variable *v = variable(t, "grid_output");
    assert_dims(v, 3, (size_t[]){POINTS, POINTS, 1});
    for (int row = 0; row < POINTS; row++)
        for (int column = 0; column < POINTS; column++) {
            const double y = v->dims[0].first + row * v->dims[0].step,
                         x = v->dims[1].first + column * v->dims[1].step;
            assert_near(values_of(t, "grid_output")[row * POINTS + column], x - 1.5 * y + 0.5, 1e-5);
        }
    assert_near(v->dims[1].first + (POINTS - 1) * v->dims[1].step, 2, 1e-12);
    assert_near(*values_of(t, "test_target"), 4, 0);
    assert_near(*values_of(t, "test_prediction"), (double)features[0] - 1.5 * (double)features[1] + 0.5,
                1e-5);
}

static void feature_maps_are_those_of_the_network(void **state) {
    (void)state;
    const dataset data = drawn_data();
    training_spec spec = untrained();
    spec.model.layers[spec.model.layer_count++] = (layer_spec)LAYER(SOFTMAX);
    spec.records[RECORD_FEATURE_MAPS] = (record_spec){.every = 1,
                                                      .unit = RECORD_AT_END,
                                                      .layer_count = 5,
                                                      .layers = {0, 1, 2, 3, 4},
                                                      .sample_count = 2,
                                                      .samples = {7, 290}};
    const trained *t = train(&spec, &data);
    assert_dims(variable(t, "feature_maps_1"), 4, (size_t[]){2, FILTERS, CONV_H, CONV_W});
    assert_dims(variable(t, "feature_maps_2"), 4, (size_t[]){2, FILTERS, POOL_H, POOL_W});
    assert_dims(variable(t, "feature_maps_3"), 4, (size_t[]){2, CLASSES, 1, 1});
    for (int n = 0; n < 2; n++) {
        const int sample = spec.records[RECORD_FEATURE_MAPS].samples[n];
        const by_hand out = compute(data.test.features + sample * FEATURES);
        for (int i = 0; i < FILTERS * CONV_H * CONV_W; i++) {
            const double z = (&out.conv[0][0][0])[i];
            assert_near(values_of(t, "feature_maps_0")[n * FILTERS * CONV_H * CONV_W + i], z, 1e-5);
            assert_near(values_of(t, "feature_maps_1")[n * FILTERS * CONV_H * CONV_W + i], fmax(z, 0), 1e-5);
        }
        for (int i = 0; i < POOLED; i++)
            assert_near(values_of(t, "feature_maps_2")[n * POOLED + i], (&out.pool[0][0][0])[i], 1e-5);
        for (int k = 0; k < CLASSES; k++) {
            assert_near(values_of(t, "feature_maps_3")[n * CLASSES + k], out.z[k], 1e-5);
            assert_near(values_of(t, "feature_maps_4")[n * CLASSES + k], out.p[k], 1e-5);
        }
    }
}

/* A block is the sum of its ways, and each layer within it has its own maps and weights. */
static void layers_within_a_block_are_recorded_by_their_paths(void **state) {
    (void)state;
    enum { WIDTH = 5, SAMPLES = 2 };
    const dataset data = drawn_data();
    training_spec spec = untrained();
    const layer_spec layers[] = {DENSE(WIDTH),    {.kind = LAYER_RESIDUAL, .inner = 2, .shortcut = 2},
                                 LAYER(TANH),     DENSE(WIDTH),
                                 LAYER(IDENTITY), DENSE(WIDTH),
                                 DENSE(CLASSES)};
    spec.model = (model_spec){.layer_count = sizeof layers / sizeof *layers};
    memcpy(spec.model.layers, layers, sizeof layers);
    record_spec listed = {
        .every = 1, .unit = RECORD_AT_END, .layer_count = 6, .sample_count = SAMPLES, .samples = {7, 290}};
    const char *const paths[] = {"0", "1", "1.1", "1.shortcut.0", "1.shortcut.1", "1.0"};
    for (int i = 0; i < listed.layer_count; i++)
        assert_true(layer_path_read(paths[i], &listed.layers[i]));
    spec.records[RECORD_FEATURE_MAPS] = listed;
    const layer_path shortcut = listed.layers[4];
    spec.records[RECORD_WEIGHTS] =
        (record_spec){.every = 1, .unit = RECORD_AT_END, .layer_count = 1, .layers = {shortcut}};
    const trained *t = train(&spec, &data);
    const float *input = values_of(t, "feature_maps_0"), *w = values_of(t, "weights_1_shortcut_1");
    const float *beside = values_of(t, "feature_maps_1_shortcut_1");
    assert_dims(variable(t, "weights_1_shortcut_1"), 2, (size_t[]){WIDTH, WIDTH});
    for (int i = 0; i < SAMPLES * WIDTH; i++) {
        const int n = i / WIDTH, k = i % WIDTH;
        double biases[2] = {(double)beside[k], (double)beside[i]}; /* that of the layer, from two samples */
        assert_near(values_of(t, "feature_maps_1")[i],
                    (double)values_of(t, "feature_maps_1_1")[i] + (double)beside[i], 1e-6);
        assert_near(values_of(t, "feature_maps_1_0")[i], tanh((double)input[i]), 1e-6);
        assert_true(values_of(t, "feature_maps_1_shortcut_0")[i] == input[i]);
        for (int j = 0; j < WIDTH; j++) {
            biases[0] -= (double)w[k * WIDTH + j] * (double)input[j];
            biases[1] -= (double)w[k * WIDTH + j] * (double)input[n * WIDTH + j];
        }
        assert_near(biases[1], biases[0], 1e-5);
    }
}

/* ---- Refusals ---------------------------------------------------------------------------------- */

/* For a field of a quantity's record_spec, at `field` in it. */
static void assert_refused(const training_spec *spec, const dataset *data, record_quantity q, size_t field,
                           const char *message) {
    training_plan plan;
    error_info error = {0};
    assert_int_equal(engine_plan(spec, data, &plan, &error), STATUS_USAGE);
    if (strstr(error.text, message) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", error.text, message);
    assert_int_equal(plan.fault.subject, FAULT_FIELD);
    assert_int_equal(plan.fault.index,
                     offsetof(training_spec, records) + (size_t)q * sizeof(record_spec) + field);
}

static void impossible_records_are_refused(void **state) {
    (void)state;
#define ONE(at) .every = 1, .unit = RECORD_AT_END, .layer_count = 1, .layers = { at }
    static const struct {
        record_quantity quantity;
        record_spec record;
        size_t field;
        const char *message;
    } cases[] = {
        {RECORD_GRADIENT_NORM, {ONE(1)}, offsetof(record_spec, layers), "layer 1 has no weights"},
        {RECORD_GRADIENT_NORM,
         {.every = 1, .unit = RECORD_AT_END, .layer_count = 2, .layers = {0, 3}},
         offsetof(record_spec, layers),
         "2 layers"},
        {RECORD_WEIGHTS, {ONE(4)}, offsetof(record_spec, layers), "there is no layer 4; accepted: 0 to 3"},
        {RECORD_WEIGHTS, {ONE(-1)}, offsetof(record_spec, layers), "there is no layer -1"},
        {RECORD_WEIGHTS,
         {.every = 1, .unit = RECORD_AT_END},
         offsetof(record_spec, layers),
         "no layer is named"},
        {RECORD_WEIGHTS,
         {.every = 1, .unit = RECORD_AT_END, .layer_count = 2, .layers = {0, 0}},
         offsetof(record_spec, layers),
         "layer 0 is named twice"},
        {RECORD_TEST_GRADIENT, {ONE(0), .stride = 0}, offsetof(record_spec, stride), "a stride of 0"},
        {RECORD_BATCH_NORM, {ONE(0)}, offsetof(record_spec, layers), "layer 0 is not a batch_norm layer"},
        {RECORD_GRID_OUTPUT,
         {ONE(0), .from = 0, .to = 1, .points = 3},
         offsetof(record_spec, every),
         "40 features; accepted: 2"},
        {RECORD_FEATURE_MAPS,
         {ONE(0), .sample_count = 1, .samples = {TEST}},
         offsetof(record_spec, samples),
         "no test sample 300"},
        {RECORD_FEATURE_MAPS, {ONE(0)}, offsetof(record_spec, samples), "no sample is named"},
        {RECORD_FEATURE_MAPS,
         {ONE(9), .sample_count = 1},
         offsetof(record_spec, layers),
         "there is no layer 9"},
        {RECORD_TEST_LOSS, {.every = 1, .unit = RECORD_PER_STEP}, offsetof(record_spec, every), "per step"},
    };
#undef ONE
    const dataset data = drawn_data();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        training_spec spec = untrained();
        spec.records[cases[i].quantity] = cases[i].record;
        assert_refused(&spec, &data, cases[i].quantity, cases[i].field, cases[i].message);
    }
}

static void missing_sets_and_classes_are_refused(void **state) {
    (void)state;
    dataset data = drawn_data();
    training_spec spec = untrained();
    data.validation.count = 0;
    spec.records[RECORD_VALIDATION_LOSS] = at_end;
    assert_refused(&spec, &data, RECORD_VALIDATION_LOSS, offsetof(record_spec, every),
                   "the data set has no validation set");
    data.test.count = 0;
    spec = untrained();
    spec.records[RECORD_TEST_PREDICTION] = at_end;
    assert_refused(&spec, &data, RECORD_TEST_PREDICTION, offsetof(record_spec, every),
                   "the data set has no test set");
    spec = untrained();
    spec.loss.kind = LOSS_SQUARED_ERROR;
    data.classes = 0;
    data.target_count = CLASSES;
    spec.records[RECORD_TRAIN_ACCURACY] = at_end;
    assert_refused(&spec, &data, RECORD_TRAIN_ACCURACY, offsetof(record_spec, every),
                   "a regression has no classes");
    spec.loss.kind = LOSS_BINARY_CROSS_ENTROPY;
    spec.model.layers[spec.model.layer_count++] = (layer_spec){.kind = LAYER_SIGMOID};
    spec.records[RECORD_TRAIN_ACCURACY] = (record_spec){0};
    data.test.count = TEST;
    spec.records[RECORD_TEST_PROBABILITY] = at_end;
    assert_refused(&spec, &data, RECORD_TEST_PROBABILITY, offsetof(record_spec, every),
                   "samples without classes have no true class");
}

/* ---- Layouts of many cells --------------------------------------------------------------------- */

/* Variables a … e, each there or not; the same name has the same coordinates in every layout. */
static record_layout random_layout(random_stream *stream) {
    record_layout layout = {0};
    for (int i = 0; i < 5; i++) {
        if (random_below(stream, 3) == 0)
            continue;
        record_variable *v = &layout.variables[layout.variable_count++];
        *v = (record_variable){.units = "1",
                               .axis = (record_axis)(i % 3),
                               .first = i + 1,
                               .every = i + 1,
                               .count = i % 3 == RECORD_AXIS_NONE ? 1 : random_below(stream, 4),
                               .rank = (int)random_below(stream, RECORD_MAX_RANK + 1),
                               .offset = layout.value_count};
        snprintf(v->name, sizeof v->name, "%c", 'a' + i);
        for (int d = 0; d < v->rank; d++)
            v->dims[d] = (record_dimension){.length = 1 + random_below(stream, 3), .step = 1};
        layout.value_count += v->count * record_moment_size(v);
    }
    return layout;
}

/* Position of element `index` of a variable, whose missing dimensions count as length 1; −1 outside. */
static ptrdiff_t place_of(const record_variable *v, size_t moment, const size_t index[RECORD_MAX_RANK]) {
    size_t place = moment;
    for (int d = 0; d < RECORD_MAX_RANK; d++) {
        const size_t length = d < v->rank ? v->dims[d].length : 1;
        if (index[d] >= length)
            return -1;
        place = place * length + index[d];
    }
    return moment < v->count ? (ptrdiff_t)(v->offset + place) : -1;
}

/* Every element of the wide variable is the narrow one's or, where that has none, NaN. */
static void assert_copied(const record_variable *narrow, const float *values, const record_variable *wide,
                          const float *out) {
    for (size_t moment = 0; moment < wide->count; moment++)
        for (size_t n = 0; n < 81; n++) {
            const size_t index[] = {n % 3, n / 3 % 3, n / 9 % 3, n / 27};
            const ptrdiff_t to = place_of(wide, moment, index),
                            from = narrow != NULL ? place_of(narrow, moment, index) : -1;
            assert_true(to >= 0 || from < 0);
            if (to >= 0)
                assert_true(from >= 0 ? out[to] == values[from] : isnan(out[to]));
        }
}

static void random_layouts_merge_and_values_find_their_places(void **state) {
    (void)state;
    enum { LAYOUTS = 4, TRIALS = 300 };
    static record_layout layouts[LAYOUTS], merged;
    static float values[MOST_VALUES], out[MOST_VALUES];
    random_stream stream = random_stream_open(8, 0, RANDOM_SYNTHETIC, 0);
    for (int trial = 0; trial < TRIALS; trial++) {
        merged = (record_layout){0};
        for (int i = 0; i < LAYOUTS; i++) {
            layouts[i] = random_layout(&stream);
            assert_int_equal(record_layout_merge(&merged, &layouts[i], NULL), STATUS_OK);
        }
        assert_true(merged.value_count <= MOST_VALUES);
        for (int i = 0; i < LAYOUTS; i++) {
            for (size_t k = 0; k < layouts[i].value_count; k++)
                values[k] = (float)k;
            record_copy(&layouts[i], values, &merged, out);
            int found = 0;
            for (int w = 0; w < merged.variable_count; w++) {
                const record_variable *narrow = NULL;
                for (int v = 0; v < layouts[i].variable_count; v++)
                    if (strcmp(layouts[i].variables[v].name, merged.variables[w].name) == 0)
                        narrow = &layouts[i].variables[v];
                found += narrow != NULL;
                assert_copied(narrow, values, &merged.variables[w], out);
            }
            assert_int_equal(found, layouts[i].variable_count);
        }
    }
}

static void other_coordinates_do_not_merge(void **state) {
    (void)state;
    record_layout into = {0}, other = {.variable_count = 1,
                                       .variables = {{.name = "a", .first = 1, .every = 1, .count = 2}}};
    error_info error = {0};
    assert_int_equal(record_layout_merge(&into, &other, &error), STATUS_OK);
    other.variables[0].every = 2;
    assert_int_equal(record_layout_merge(&into, &other, &error), STATUS_USAGE);
    assert_non_null(strstr(error.text, "a is recorded at different moments"));
}

/* Curves of one kind of moment share the coordinate of the longest of them. */
static void curves_of_the_same_moments_are_of_one_length(void **state) {
    (void)state;
    record_layout into = {0};
    const record_layout one = {.variable_count = 1,
                               .variables = {{.name = "a", .first = 2, .every = 2, .count = 3}}},
                        two = {.variable_count = 1,
                               .variables = {{.name = "b", .first = 2, .every = 2, .count = 5}}};
    assert_int_equal(record_layout_merge(&into, &one, NULL), STATUS_OK);
    assert_int_equal(record_layout_merge(&into, &two, NULL), STATUS_OK);
    assert_int_equal(into.variables[0].count, 5);
    assert_int_equal(into.value_count, 10);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_of_the_sets),
        cmocka_unit_test(numbers_of_the_batch),
        cmocka_unit_test(an_epoch_is_the_mean_over_its_samples),
        cmocka_unit_test(the_gradient_norm_is_what_a_step_moves),
        cmocka_unit_test(a_set_is_gone_through_once),
        cmocka_unit_test(an_epoch_counts_samples_by_the_weights_of_their_classes),
        cmocka_unit_test(moments_have_their_places),
        cmocka_unit_test(without_training_there_is_epoch_0),
        cmocka_unit_test(evaluations_cost),
        cmocka_unit_test(parameters_and_weights_are_those_of_the_start),
        cmocka_unit_test(weights_of_flat_inputs_are_a_matrix),
        cmocka_unit_test(batch_norm_is_recorded),
        cmocka_unit_test(the_test_gradient_is_that_of_the_test_loss),
        cmocka_unit_test(probabilities_and_predictions_are_those_of_the_network),
        cmocka_unit_test(one_output_tells_of_two_classes),
        cmocka_unit_test(samples_are_recorded_as_they_are_stored),
        cmocka_unit_test(the_grid_covers_the_plane),
        cmocka_unit_test(feature_maps_are_those_of_the_network),
        cmocka_unit_test(layers_within_a_block_are_recorded_by_their_paths),
        cmocka_unit_test(impossible_records_are_refused),
        cmocka_unit_test(missing_sets_and_classes_are_refused),
        cmocka_unit_test(random_layouts_merge_and_values_find_their_places),
        cmocka_unit_test(other_coordinates_do_not_merge),
        cmocka_unit_test(curves_of_the_same_moments_are_of_one_length),
    };
    return cmocka_run_group_tests(tests, draw_data, NULL);
}
