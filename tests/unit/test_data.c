/* What the engine does to samples, and the distributions of what it draws: orders, mirrored images, hold-out
 * splits, points. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "engine/data/batch.h"
#include "engine/data/epoch.h"
#include "engine/data/points.h"
#include "engine/engine.h"
#include "networks.h"
#include "statistics.h"
#include "train_once.h"

/* ---- Batches ----------------------------------------------------------------------------------- */

enum { STORED = 7, CHANNELS = 3, HEIGHT = 5, WIDTH = 4, PLANE = HEIGHT * WIDTH, SIZE = CHANNELS * PLANE };

static uint8_t pixels[STORED * SIZE], labels[STORED];
static float features[STORED * SIZE], targets[STORED * 2];
static const uint32_t index_of[] = {6, 0, 3, 5}, order[] = {2, 0, 3, 1};
enum { INDEXED = 4 };

static int fill_samples(void **state) {
    (void)state;
    random_stream stream = random_stream_open(5, 0, RANDOM_SYNTHETIC, 0);
    for (size_t i = 0; i < STORED * SIZE; i++) {
        pixels[i] = (uint8_t)random_below(&stream, 256);
        features[i] = (float)random_normal(&stream);
    }
    for (size_t n = 0; n < STORED; n++) {
        labels[n] = (uint8_t)(n % 3);
        targets[2 * n] = (float)n;
        targets[2 * n + 1] = -(float)n;
    }
    return 0;
}

/* A data set of bytes with labels, or of numbers with two targets. */
static dataset small_data(bool bytes) {
    dataset d = {.shape = {CHANNELS, HEIGHT, WIDTH}, .classes = bytes ? 3 : 0, .target_count = bytes ? 0 : 2};
    d.train = (dataset_split){.count = INDEXED,
                              .index = index_of,
                              .pixels = bytes ? pixels : NULL,
                              .features = bytes ? NULL : features,
                              .labels = bytes ? labels : NULL,
                              .targets = bytes ? NULL : targets};
    return d;
}

static double stored_value(const dataset_split *split, size_t sample, size_t k) {
    const size_t place = split->index[sample];
    return split->pixels != NULL ? split->pixels[place * SIZE + k] : split->features[place * SIZE + k];
}

/* With memory of its own, which the caller releases. */
static void open_transform(input_transform *t, const normalize_spec *spec, const dataset *d, arena *memory) {
    arena measure = {0};
    input_transform_carve(t, d->shape, &measure);
    assert_int_equal(arena_reserve(memory, measure.used, NULL), STATUS_OK);
    input_transform_carve(t, d->shape, memory);
    input_transform_fill(t, spec, d);
}

/* Gathers samples 1 … of the order and compares them with what `expected` says of stored value k of channel
 * c. */
static void assert_gathers(const dataset *d, const normalize_spec *spec,
                           double (*expected)(const dataset *d, const normalize_spec *spec, double value,
                                              size_t k)) {
    enum { FIRST = 1, COUNT = INDEXED - FIRST };
    input_transform transform;
    arena memory = {0};
    real inputs[COUNT * SIZE], values[COUNT * 2];
    uint8_t batch_labels[COUNT];
    open_transform(&transform, spec, d, &memory);
    batch_gather(&transform, &d->train, order, FIRST, COUNT, inputs, &(batch_targets){batch_labels, values});
    for (size_t n = 0; n < COUNT; n++) {
        const size_t sample = order[FIRST + n], place = index_of[sample];
        for (size_t k = 0; k < SIZE; k++) {
            const double x = inputs[n * SIZE + k % PLANE * CHANNELS + k / PLANE];
            assert_true(fabs(x - expected(d, spec, stored_value(&d->train, sample, k), k)) < 1e-5);
        }
        if (d->train.labels != NULL)
            assert_int_equal(batch_labels[n], labels[place]);
        else
            assert_true(values[2 * n] == (real)place && values[2 * n + 1] == -(real)place);
    }
    arena_release(&memory);
}

static double by_channel(const dataset *d, const normalize_spec *spec, double value, size_t k) {
    const double divide = spec->divide != 0 ? spec->divide : d->train.pixels != NULL ? 255 : 1;
    const size_t c = spec->channels > 1 ? k / PLANE : 0;
    value = value / divide + spec->offset;
    return spec->channels > 0 ? (value - spec->mean[c]) / spec->std[c] : value;
}

static double by_feature(const dataset *d, const normalize_spec *spec, double value, size_t k) {
    (void)spec;
    return (value - (double)d->feature_mean[k]) / (double)d->feature_std[k];
}

static void samples_are_normalized_by_channel(void **state) {
    (void)state;
    const normalize_spec specs[] = {
        {0},
        {.offset = -0.5},
        {.divide = 128, .offset = 0.25},
        {.channels = 1, .mean = {0.1}, .std = {0.5}},
        {.channels = CHANNELS, .mean = {0.1, 0.2, 0.3}, .std = {0.5, 2, 1.5}},
        {.divide = 2, .offset = 1, .channels = CHANNELS, .mean = {0.1, 0.2, 0.3}, .std = {0.5, 2, 1.5}},
    };
    for (size_t i = 0; i < sizeof specs / sizeof *specs; i++) {
        const dataset bytes = small_data(true), numbers = small_data(false);
        assert_gathers(&bytes, &specs[i], by_channel);
        assert_gathers(&numbers, &specs[i], by_channel);
    }
}

static void samples_are_standardized_by_feature(void **state) {
    (void)state;
    for (int bytes = 0; bytes < 2; bytes++) {
        float mean[SIZE], std[SIZE];
        dataset d = small_data(bytes);
        dataset_statistics(&d.train, SIZE, mean, std);
        d.feature_mean = mean;
        d.feature_std = std;
        assert_gathers(&d, &(normalize_spec){0}, by_feature);
    }
}

static void statistics_are_those_of_the_split(void **state) {
    (void)state;
    for (int bytes = 0; bytes < 2; bytes++) {
        const dataset d = small_data(bytes);
        float mean[SIZE], std[SIZE];
        dataset_statistics(&d.train, SIZE, mean, std);
        for (size_t k = 0; k < SIZE; k++) {
            double sum = 0, squares = 0;
            for (size_t n = 0; n < INDEXED; n++) {
                sum += stored_value(&d.train, n, k);
                squares += stored_value(&d.train, n, k) * stored_value(&d.train, n, k);
            }
            const double m = sum / INDEXED, variance = squares / INDEXED - m * m;
            assert_true(fabs(mean[k] - m) < 1e-4 &&
                        fabs(std[k] - sqrt(variance)) < 1e-4 * (1 + sqrt(variance)));
        }
    }
}

static void a_constant_feature_is_divided_by_one(void **state) {
    (void)state;
    const float values[] = {3, 1, 3, 2, 3, 3};
    float mean[2], std[2];
    dataset_statistics(&(dataset_split){.count = 3, .features = values}, 2, mean, std);
    assert_true(mean[0] == 3 && std[0] == 1 && mean[1] == 2);
    assert_true(fabs(std[1] - sqrt(2.0 / 3)) < 1e-6);
}

static void mirrored_samples_are_turned(void **state) {
    (void)state;
    input_transform transform;
    arena memory = {0};
    const dataset d = small_data(true);
    const uint8_t mirrored[INDEXED] = {1, 0, 1, 0};
    real plain[INDEXED * SIZE], turned[INDEXED * SIZE];
    uint8_t ignored[INDEXED];
    open_transform(&transform, &(normalize_spec){0}, &d, &memory);
    batch_gather(&transform, &d.train, order, 0, INDEXED, plain, &(batch_targets){.labels = ignored});
    memcpy(turned, plain, sizeof plain);
    batch_mirror(&transform, mirrored, order, 0, INDEXED, turned);
    for (size_t n = 0; n < INDEXED; n++)
        for (size_t y = 0; y < HEIGHT; y++)
            for (size_t x = 0; x < WIDTH; x++)
                for (size_t c = 0; c < CHANNELS; c++) {
                    const size_t from = mirrored[order[n]] ? WIDTH - 1 - x : x,
                                 row = n * SIZE + y * WIDTH * CHANNELS;
                    assert_true(turned[row + x * CHANNELS + c] == plain[row + from * CHANNELS + c]);
                }
    arena_release(&memory);
}

/* ---- Orders and mirrored images ---------------------------------------------------------------- */

static double chi_square(const int *counts, size_t cells, double expected) {
    double sum = 0;
    for (size_t i = 0; i < cells; i++)
        sum += (counts[i] - expected) * (counts[i] - expected) / expected;
    return sum;
}

/* The positions of one sample in the orders of many epochs: 9 degrees of freedom, 27.88 at 0.999. */
static void orders_are_uniform_over_epochs(void **state) {
    (void)state;
    enum { SAMPLES = 10, EPOCHS = 5000 };
    int where[SAMPLES] = {0};
    for (int epoch = 0; epoch < EPOCHS; epoch++) {
        uint32_t samples[SAMPLES], seen = 0;
        epoch_order(3, 4, epoch, samples, SAMPLES);
        for (int i = 0; i < SAMPLES; i++) {
            seen |= 1u << samples[i];
            where[i] += samples[i] == 7;
        }
        assert_int_equal(seen, (1u << SAMPLES) - 1);
    }
    assert_true(chi_square(where, SAMPLES, (double)EPOCHS / SAMPLES) < 27.88);
}

/* Samples by whether they are mirrored in two epochs: χ² of the four counts against their expected shares, 3
 * degrees of freedom, 16.27 at 0.999. */
static void mirroring_has_its_share_and_epochs_are_independent(void **state) {
    (void)state;
    enum { SAMPLES = 20000, EPOCHS = 10 };
    static uint8_t previous[SAMPLES], mirrored[SAMPLES];
    static const double shares[] = {0.5, 0.2};
    for (size_t i = 0; i < 2; i++) {
        const double p = shares[i];
        const double expected[4] = {(1 - p) * (1 - p), p * (1 - p), p * (1 - p), p * p};
        epoch_mirrors(9, 1, 0, p, previous, SAMPLES);
        for (int epoch = 1; epoch < EPOCHS; epoch++) {
            int counts[4] = {0};
            double chi2 = 0;
            epoch_mirrors(9, 1, epoch, p, mirrored, SAMPLES);
            for (size_t n = 0; n < SAMPLES; n++)
                counts[2 * previous[n] + mirrored[n]]++;
            for (int k = 0; k < 4; k++)
                chi2 += chi_square(&counts[k], 1, expected[k] * SAMPLES);
            assert_true(chi2 < 16.27);
            memcpy(previous, mirrored, sizeof previous);
        }
    }
    epoch_mirrors(9, 1, 0, 1, mirrored, SAMPLES);
    for (size_t n = 0; n < SAMPLES; n++)
        assert_int_equal(mirrored[n], 1);
}

/* ---- Hold-out split ---------------------------------------------------------------------------- */

/* Both parts ascend, and together they are everything. */
static void assert_is_split(const uint32_t *train, size_t train_count, const uint32_t *held_out,
                            size_t held_count) {
    for (size_t i = 0, t = 0, h = 0; i < train_count + held_count; i++)
        if (t < train_count && train[t] == i)
            t++;
        else
            assert_true(h < held_count && held_out[h++] == i);
}

static void stratified_splits_are_exact(void **state) {
    (void)state;
    enum { COUNT = 1000, CLASSES = 5 };
    static const double fractions[] = {0.1, 0.25, 0.333, 0.9};
    uint8_t classes_of[COUNT];
    size_t class_counts[CLASSES] = {0};
    random_stream stream = random_stream_open(2, 0, RANDOM_SYNTHETIC, 0);
    for (size_t i = 0; i < COUNT; i++) { /* unequal classes: the square of a uniform number */
        const double u = random_uniform(&stream);
        classes_of[i] = (uint8_t)(CLASSES * u * u);
        class_counts[classes_of[i]]++;
    }
    for (size_t f = 0; f < sizeof fractions / sizeof *fractions; f++) {
        uint32_t train[COUNT], held_out[COUNT];
        const size_t held = hold_out_count(fractions[f], class_counts, CLASSES);
        hold_out_draw(fractions[f], classes_of, COUNT, 11, train, held_out);
        assert_is_split(train, COUNT - held, held_out, held);
        size_t of_class[CLASSES] = {0};
        for (size_t i = 0; i < held; i++)
            of_class[classes_of[held_out[i]]]++;
        for (int c = 0; c < CLASSES; c++)
            assert_int_equal(of_class[c], (size_t)round(fractions[f] * (double)class_counts[c]));
    }
}

/* Alternate samples of two classes: those held out are not the same ones in both. */
static void classes_are_drawn_independently(void **state) {
    (void)state;
    enum { COUNT = 200, HELD = 50 };
    uint8_t classes_of[COUNT], chosen[COUNT] = {0};
    uint32_t train[COUNT], held_out[COUNT];
    for (size_t i = 0; i < COUNT; i++)
        classes_of[i] = i % 2;
    hold_out_draw(0.25, classes_of, COUNT, 11, train, held_out);
    for (size_t i = 0; i < HELD; i++)
        chosen[held_out[i]] = 1;
    size_t equal = 0;
    for (size_t i = 0; i < COUNT; i += 2)
        equal += chosen[i] == chosen[i + 1];
    assert_true(equal < COUNT / 2);
}

/* How often each sample is held out over many seeds. Where always pN of N are, χ² of the counts against their
 * mean, times (N − 1)/N/(1 − p), has N − 1 degrees of freedom; 85.35 at 0.999 for N = 50. */
static void random_splits_take_every_sample_alike(void **state) {
    (void)state;
    enum { COUNT = 50, SEEDS = 4000 };
    const size_t count = COUNT, held = hold_out_count(0.3, &count, 1);
    assert_int_equal(held, 15);
    int taken[COUNT] = {0};
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        uint32_t train[COUNT], held_out[COUNT];
        hold_out_draw(0.3, NULL, COUNT, seed, train, held_out);
        assert_is_split(train, COUNT - held, held_out, held);
        for (size_t i = 0; i < held; i++)
            taken[held_out[i]]++;
    }
    assert_true(chi_square(taken, COUNT, SEEDS * 0.3) / (1 - 0.3) * (COUNT - 1) / COUNT < 85.35);
}

/* ---- Points ------------------------------------------------------------------------------------ */

enum { POINTS = 20000 };

enum { SEED = 6 };

static dataset drawn_points(point_kind kind, double spread, bool per_cell, uint64_t coordinates, arena *a) {
    dataset d = {.shape = {kind == POINTS_XOR ? 2 : 1, 1, 1},
                 .classes = kind == POINTS_XOR ? 2 : 0,
                 .target_count = kind == POINTS_XOR ? 0 : 1,
                 .train.count = POINTS,
                 .test.count = POINTS / 2,
                 .points = {.kind = kind, .spread = spread, .per_cell = per_cell}};
    arena measure = {0};
    points_draw(&d, SEED, coordinates, &measure);
    assert_null(d.train.features);
    assert_int_equal(arena_reserve(a, measure.used, NULL), STATUS_OK);
    points_draw(&d, SEED, coordinates, a);
    return d;
}

static const double xor_spread = 0.4;

/* Half the points are around −1, half around 1. */
static double xor_cdf(double x) {
    return (normal_cdf((x - 1) / xor_spread) + normal_cdf((x + 1) / xor_spread)) / 2;
}

/* Coordinate by coordinate over all points, and the four clusters' sizes: 3 degrees of freedom, 16.27 at
 * 0.999. With a spread of 0.01 the quadrant of a point gives its cluster. */
static void xor_points_are_four_clusters(void **state) {
    (void)state;
    arena a = {0};
    static double x[POINTS];
    dataset d = drawn_points(POINTS_XOR, xor_spread, false, 0, &a);
    for (size_t k = 0; k < 2; k++) {
        for (size_t n = 0; n < POINTS; n++)
            x[n] = d.train.features[2 * n + k];
        assert_true(kolmogorov_smirnov(x, POINTS, xor_cdf) < 1.95);
    }
    d = drawn_points(POINTS_XOR, 0.01, false, 0, &a);
    int clusters[4] = {0};
    for (size_t n = 0; n < POINTS; n++) {
        const bool right = d.train.features[2 * n] > 0, up = d.train.features[2 * n + 1] > 0;
        assert_int_equal(d.train.labels[n], right != up);
        clusters[2 * right + up]++;
    }
    assert_true(chi_square(clusters, 4, POINTS / 4.0) < 16.27);
    arena_release(&a);
}

static double seven_cdf(double x) {
    return (x + 7) / 14;
}

static void absolute_value_points_are_uniform(void **state) {
    (void)state;
    arena a = {0};
    static double x[POINTS];
    const dataset d = drawn_points(POINTS_ABSOLUTE_VALUE, 7, false, 0, &a);
    for (size_t n = 0; n < POINTS; n++) {
        x[n] = d.train.features[n];
        assert_true(d.train.targets[n] == fabsf(d.train.features[n]));
    }
    assert_true(kolmogorov_smirnov(x, POINTS, seven_cdf) < 1.95);
    assert_memory_not_equal(d.test.features, d.train.features, d.test.count * sizeof(float));
    arena_release(&a);
}

static void points_are_the_cell_s_own_when_asked_for(void **state) {
    (void)state;
    for (int per_cell = 0; per_cell < 2; per_cell++) {
        arena a = {0}, b = {0};
        const dataset one = drawn_points(POINTS_XOR, 1, per_cell, 1, &a);
        const dataset two = drawn_points(POINTS_XOR, 1, per_cell, 2, &b);
        const bool same = memcmp(one.train.features, two.train.features, POINTS * 2 * sizeof(float)) == 0;
        assert_int_equal(same, !per_cell);
        arena_release(&a);
        arena_release(&b);
    }
}

/* ---- Trainings --------------------------------------------------------------------------------- */

enum { EPOCHS = 3, CELL = 2 };

static training_spec small_training(void) {
    training_spec spec = {.model = {.layer_count = 3, .layers = {DENSE(5), LAYER(TANH), DENSE(3)}},
                          .optimizer = {.kind = OPTIMIZER_SGD, .lr = 0.1},
                          .epochs = EPOCHS,
                          .batch = 2,
                          .shuffle = true};
    spec.records[RECORD_TRAIN_LOSS] = (record_spec){.every = 1, .unit = RECORD_PER_EPOCH};
    return spec;
}

static void train(const training_spec *spec, const dataset *d, float losses[EPOCHS]) {
    arena memory = {0};
    training_report report = {.values = losses};
    error_info error = {0};
    if (train_once(spec, d, SEED, CELL, &memory, &(training_control){0}, &report, &error) != STATUS_OK)
        fail_msg("%s", error.text);
    assert_int_equal(report.outcome, TRAINING_DONE);
    arena_release(&memory);
}

static void assert_same_training(const training_spec *a_spec, const dataset *a, const training_spec *b_spec,
                                 const dataset *b) {
    float a_losses[EPOCHS], b_losses[EPOCHS];
    train(a_spec, a, a_losses);
    train(b_spec, b, b_losses);
    assert_memory_equal(a_losses, b_losses, sizeof a_losses);
    assert_true(a_losses[0] > 0);
}

static void an_index_stands_for_its_samples(void **state) {
    (void)state;
    const training_spec spec = small_training();
    uint8_t own_pixels[INDEXED * SIZE], own_labels[INDEXED];
    const dataset indexed = small_data(true);
    dataset compact = indexed;
    for (size_t n = 0; n < INDEXED; n++) {
        memcpy(own_pixels + n * SIZE, pixels + index_of[n] * SIZE, SIZE);
        own_labels[n] = labels[index_of[n]];
    }
    compact.train = (dataset_split){.count = INDEXED, .pixels = own_pixels, .labels = own_labels};
    assert_same_training(&spec, &indexed, &spec, &compact);
}

static void mirroring_all_is_training_on_mirrored_images(void **state) {
    (void)state;
    const training_spec spec = small_training();
    training_spec mirroring = spec;
    mirroring.mirror = 1;
    static uint8_t turned[STORED * SIZE];
    for (size_t i = 0; i < STORED * SIZE; i++)
        turned[i] = pixels[i / WIDTH * WIDTH + (WIDTH - 1 - i % WIDTH)];
    const dataset plain = small_data(true);
    dataset mirrored = plain;
    mirrored.train.pixels = turned;
    assert_same_training(&mirroring, &plain, &spec, &mirrored);
}

static void drawn_points_train_as_given_ones_do(void **state) {
    (void)state;
    training_spec spec = small_training();
    spec.model.layers[2].units = 2;
    arena a = {0};
    dataset given = drawn_points(POINTS_XOR, 0.4, true, CELL, &a);
    dataset described = given;
    given.points.kind = POINTS_NONE;
    described.train.features = NULL;
    described.train.labels = NULL;
    assert_same_training(&spec, &given, &spec, &described);
    arena_release(&a);
}

static void vectors_cannot_be_mirrored(void **state) {
    (void)state;
    training_spec spec = small_training();
    spec.mirror = 0.5;
    const dataset d = {.shape = {4, 1, 1}, .classes = 3, .train.count = 10};
    training_plan plan;
    error_info error = {0};
    assert_int_equal(engine_plan(&spec, &d, &plan, &error), STATUS_USAGE);
    assert_non_null(strstr(error.text, "mirror 0.5 of samples of width 1"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_are_normalized_by_channel),
        cmocka_unit_test(samples_are_standardized_by_feature),
        cmocka_unit_test(statistics_are_those_of_the_split),
        cmocka_unit_test(a_constant_feature_is_divided_by_one),
        cmocka_unit_test(mirrored_samples_are_turned),
        cmocka_unit_test(orders_are_uniform_over_epochs),
        cmocka_unit_test(mirroring_has_its_share_and_epochs_are_independent),
        cmocka_unit_test(stratified_splits_are_exact),
        cmocka_unit_test(classes_are_drawn_independently),
        cmocka_unit_test(random_splits_take_every_sample_alike),
        cmocka_unit_test(xor_points_are_four_clusters),
        cmocka_unit_test(absolute_value_points_are_uniform),
        cmocka_unit_test(points_are_the_cell_s_own_when_asked_for),
        cmocka_unit_test(an_index_stands_for_its_samples),
        cmocka_unit_test(mirroring_all_is_training_on_mirrored_images),
        cmocka_unit_test(drawn_points_train_as_given_ones_do),
        cmocka_unit_test(vectors_cannot_be_mirrored),
    };
    return cmocka_run_group_tests(tests, fill_samples, NULL);
}
