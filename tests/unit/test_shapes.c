/* Samples of any number of features and channels: networks whose outputs are known exactly, for random
 * shapes, in every kernel set. Values, weights and scales are small integers and halves, so that single
 * precision rounds nothing and one wrong number of one sample shows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "engine/trainer.h"
#include "networks.h"

enum { SHAPES = 120, MOST_VALUES = 120000, MOST_BATCH = 300, OUTPUTS = 3, MOST_STORED = 3 };

static int between(random_stream *stream, int low, int high) {
    return low + (int)random_below(stream, (uint32_t)(high - low + 1));
}

/* ---- A data set and what a network makes of it ------------------------------------------------- */

typedef struct known {
    dataset data;
    training_spec spec;
    uint8_t *pixels;
    float *features, *targets, *parameters;
    size_t size, parameter_count, chosen[2]; /* features that outputs 1 and 2 are */
} known;

static void *zeros(size_t count, size_t size) {
    void *memory = calloc(count, size);
    assert_non_null(memory);
    return memory;
}

/* Vectors of up to 5,000 features, images of up to 300 channels and 64 rows and columns. */
static tensor_shape random_shape(random_stream *stream) {
    if (random_below(stream, 3) == 0)
        return (tensor_shape){between(stream, 1, 5000), 1, 1};
    tensor_shape shape = {between(stream, 1, 300), between(stream, 1, 64), between(stream, 1, 64)};
    if (random_below(stream, 2) == 0)
        shape.channels = between(stream, 1, 40);
    while ((size_t)shape.channels * (size_t)shape.height * (size_t)shape.width > MOST_VALUES)
        shape.height = (shape.height + 1) / 2, shape.width = (shape.width + 1) / 2;
    return shape;
}

/* Halves and whole numbers: 1 for all channels, or one each. */
static void draw_normalization(random_stream *stream, known *k) {
    normalize_spec *n = &k->spec.normalize;
    const int channels = k->data.shape.channels, most = channels <= ENGINE_MAX_LIST ? channels : 1;
    n->divide = 1;
    n->channels = random_below(stream, 3) == 0 ? 0 : random_below(stream, 2) == 0 ? 1 : most;
    for (int c = 0; c < n->channels; c++) {
        n->mean[c] = between(stream, -2, 2);
        n->std[c] = random_below(stream, 2) == 0 ? 0.5 : 1;
    }
}

static double normalized(const known *k, size_t sample, size_t feature) {
    const normalize_spec *n = &k->spec.normalize;
    const tensor_shape s = k->data.shape;
    const size_t place = sample * k->size + feature, plane = (size_t)s.height * (size_t)s.width;
    const double value = k->pixels != NULL ? k->pixels[place] : (double)k->features[place];
    const size_t c = n->channels > 1 ? feature / plane : 0;
    return n->channels > 0 ? (value - n->mean[c]) / n->std[c] : value;
}

static void draw_samples(random_stream *stream, known *k, bool bytes) {
    const size_t count = k->data.train.count, values = count * k->size;
    k->pixels = bytes ? zeros(values, 1) : NULL;
    k->features = bytes ? NULL : zeros(values, sizeof *k->features);
    k->targets = zeros(count * OUTPUTS, sizeof *k->targets);
    for (size_t i = 0; i < values; i++)
        if (bytes)
            k->pixels[i] = (uint8_t)random_below(stream, MOST_STORED + 1);
        else
            k->features[i] = (float)random_below(stream, MOST_STORED + 1);
    for (size_t n = 0; n < count; n++) {
        double sum = 0;
        for (size_t i = 0; i < k->size; i++)
            sum += normalized(k, n, i);
        k->targets[n * OUTPUTS] = (float)sum;
        for (int i = 0; i < 2; i++)
            k->targets[n * OUTPUTS + 1 + i] = (float)normalized(k, n, k->chosen[i]);
    }
}

/* Dense only, or after layers that change nothing: flatten and a batch normalisation that is not trained. */
static void choose_model(random_stream *stream, known *k) {
    model_spec *m = &k->spec.model;
    const layer_spec flatten = LAYER(FLATTEN), dense = DENSE(OUTPUTS);
    const layer_spec norm = {.kind = LAYER_BATCH_NORM, .momentum = 1, .epsilon = 1e-12};
    const bool is_flat = random_below(stream, 2) == 0, is_normed = is_flat && random_below(stream, 2) == 0;
    if (is_flat)
        m->layers[m->layer_count++] = flatten;
    if (is_normed)
        m->layers[m->layer_count++] = norm;
    m->layers[m->layer_count++] = dense;
    const size_t before = is_normed ? 2 * k->size : 0;
    k->parameter_count = before + OUTPUTS * k->size + OUTPUTS;
    k->parameters = zeros(k->parameter_count, sizeof *k->parameters);
    for (size_t i = 0; i < before / 2; i++) /* γ */
        k->parameters[i] = 1;
    for (size_t i = 0; i < k->size; i++)
        k->parameters[before + i] = 1;
    for (size_t i = 0; i < 2; i++)
        k->parameters[before + (i + 1) * k->size + k->chosen[i]] = 1;
}

static void open_known(uint64_t index, known *k) {
    random_stream stream = random_stream_open(31, 0, RANDOM_SYNTHETIC, index);
    *k = (known){.data = {.shape = random_shape(&stream), .target_count = OUTPUTS}};
    const tensor_shape s = k->data.shape;
    k->size = (size_t)s.channels * (size_t)s.height * (size_t)s.width;
    const size_t most = MOST_VALUES / k->size > 0 ? MOST_VALUES / k->size : 1;
    k->data.train.count = (size_t)between(&stream, 1, most < MOST_BATCH ? (int)most : MOST_BATCH);
    k->chosen[0] = random_below(&stream, (uint32_t)k->size);
    k->chosen[1] = k->size - 1;
    draw_normalization(&stream, k);
    choose_model(&stream, k);
    draw_samples(&stream, k, random_below(&stream, 2) == 0);
    k->data.train.pixels = k->pixels;
    k->data.train.features = k->features;
    k->data.train.targets = k->targets;
    k->data.test = k->data.train;
    k->spec.model.start = (start_spec){.count = k->parameter_count, .values = k->parameters};
    k->spec.loss = (loss_spec){.kind = LOSS_SQUARED_ERROR};
    k->spec.optimizer = (optimizer_spec){.lr = 1};
    k->spec.epochs = 1;
    k->spec.batch = between(&stream, 2, MOST_BATCH);
    k->spec.last_batch = LAST_BATCH_KEEP;
}

static void close_known(known *k) {
    free(k->pixels);
    free(k->features);
    free(k->targets);
    free(k->parameters);
}

/* ---- The test ---------------------------------------------------------------------------------- */

static void open_with(trainer *t, const known *k, const kernel_set *kernels, arena *memory) {
    error_info error;
    if (trainer_build(t, &k->spec, &k->data, &error) != STATUS_OK ||
        trainer_begin(t, 0, 0, memory, &error) != STATUS_OK)
        fail_msg("%s", error.text);
    t->model.kernels = t->transform.kernels = kernels;
    trainer_draw_order(t);
}

/* A step from the exact solution moves nothing. */
static void assert_exact(const known *k, const kernel_set *kernels, arena *memory, uint64_t index) {
    trainer t;
    open_with(&t, k, kernels, memory);
    const tensor_shape s = k->data.shape;
    const double loss = trainer_evaluate(&t, &k->data.test, &(tally){0}).loss;
    const size_t count = k->data.train.count, batch = (size_t)k->spec.batch;
    const bool has_norm = k->spec.model.layer_count == 3;
    double trained = 0;
    if (!has_norm) { /* whose statistics in training are the batch's */
        trainer_load_batch(&t, 0, count < batch ? count : batch);
        trained = trainer_step(&t, count < batch ? count : batch).loss;
    }
    if (loss != 0 || trained != 0)
        fail_msg("shape %d, %d × %d × %d in %zu samples of %s, kernels %s: %g and %g instead of 0",
                 (int)index, s.channels, s.height, s.width, count, k->pixels != NULL ? "bytes" : "numbers",
                 kernels->name, loss, trained);
    float *last = zeros(k->parameter_count, sizeof *last);
    model_get_parameters(&t.model, t.model.parameters, last);
    assert_memory_equal(last, k->parameters, k->parameter_count * sizeof *last);
    free(last);
}

static void outputs_are_exact_for_all_shapes(void **state) {
    (void)state;
    arena memory = {0};
    for (uint64_t index = 0; index < SHAPES; index++) {
        known k;
        open_known(index, &k);
        for (const kernel_set *const *set = kernels_available(); *set != NULL; set++)
            assert_exact(&k, *set, &memory, index);
        close_known(&k);
    }
    arena_release(&memory);
}

/* ---- A linear layer ---------------------------------------------------------------------------- */

enum { LINEAR_SAMPLES = 50 };

/* Normal numbers and weights, and targets that are rounded once. */
static void assert_solved(int features, arena *memory) {
    random_stream stream = random_stream_open(32, 0, RANDOM_SYNTHETIC, (uint64_t)features);
    const size_t size = (size_t)features;
    float *x = zeros(LINEAR_SAMPLES * size, sizeof *x), *w = zeros(size, sizeof *w), y[LINEAR_SAMPLES];
    for (size_t i = 0; i < LINEAR_SAMPLES * size; i++)
        x[i] = (float)random_normal(&stream);
    for (size_t i = 0; i < size; i++)
        w[i] = (float)random_normal(&stream);
    for (size_t n = 0; n < LINEAR_SAMPLES; n++) {
        double sum = 0;
        for (size_t i = 0; i < size; i++)
            sum += (double)x[n * size + i] * (double)w[i];
        y[n] = (float)sum;
    }
    const known k = {.data = {.shape = {features, 1, 1},
                              .target_count = 1,
                              .train = {.count = LINEAR_SAMPLES, .features = x, .targets = y}},
                     .spec = {.model = {.start = {.count = size, .values = w},
                                        .layer_count = 1,
                                        .layers = {{.kind = LAYER_DENSE, .units = 1}}},
                              .loss = {.kind = LOSS_SQUARED_ERROR},
                              .batch = LINEAR_SAMPLES}};
    for (const kernel_set *const *set = kernels_available(); *set != NULL; set++) {
        trainer t;
        open_with(&t, &k, *set, memory);
        const double loss = trainer_evaluate(&t, &k.data.train, &(tally){0}).loss / LINEAR_SAMPLES;
        if (!(loss < 1e-10))
            fail_msg("%d features, kernels %s: %g", features, (*set)->name, loss);
    }
    free(x);
    free(w);
}

static void a_linear_layer_at_its_solution_has_no_loss(void **state) {
    (void)state;
    arena memory = {0};
    for (int features = 1; features <= 64; features++)
        assert_solved(features, &memory);
    assert_solved(1000, &memory);
    assert_solved(50000, &memory);
    arena_release(&memory);
}

/* ---- Images as vectors ------------------------------------------------------------------------- */

enum { DIGITS = 200, SIDE = 28, PIXELS = SIDE * SIDE };

static void train_digits(const known *k, const kernel_set *kernels, arena *memory, float *parameters) {
    trainer t;
    open_with(&t, k, kernels, memory);
    for (size_t first = 0; first < DIGITS; first += 32) {
        const size_t count = DIGITS - first < 32 ? DIGITS - first : 32;
        trainer_load_batch(&t, first, count);
        trainer_step(&t, count);
    }
    model_get_parameters(&t.model, t.model.parameters, parameters);
}

/* Bytes as (N, 28, 28) and as (N, 784): the same bits after training, in every kernel set. */
static void rows_and_columns_do_not_matter_to_dense_layers(void **state) {
    (void)state;
    enum { PARAMETERS = PIXELS * 20 + 20 + 20 * 10 + 10 };
    static uint8_t pixels[DIGITS * PIXELS], labels[DIGITS];
    static float images[PARAMETERS], vectors[PARAMETERS];
    synthetic_images(&(synthetic_spec){.shape = {1, SIDE, SIDE}, .classes = 10, .train_count = DIGITS}, 1, 0,
                     DIGITS, pixels, labels);
    known image = {
        .data = {.shape = {1, SIDE, SIDE},
                 .classes = 10,
                 .train = {.count = DIGITS, .pixels = pixels, .labels = labels}},
        .spec = {.normalize = {.channels = 1, .mean = {0.1307}, .std = {0.3081}},
                 .model = {.layer_count = 4, .layers = {LAYER(FLATTEN), DENSE(20), RELU, DENSE(10)}},
                 .optimizer = {.lr = 0.1, .momentum = 0.9},
                 .epochs = 1,
                 .batch = 32,
                 .shuffle = true}};
    known vector = image;
    vector.data.shape = (tensor_shape){PIXELS, 1, 1};
    arena memory = {0};
    for (const kernel_set *const *set = kernels_available(); *set != NULL; set++) {
        train_digits(&image, *set, &memory, images);
        train_digits(&vector, *set, &memory, vectors);
        assert_memory_equal(images, vectors, sizeof images);
    }
    arena_release(&memory);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outputs_are_exact_for_all_shapes),
        cmocka_unit_test(a_linear_layer_at_its_solution_has_no_loss),
        cmocka_unit_test(rows_and_columns_do_not_matter_to_dense_layers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
