/* What becomes of training images, and the distributions of what is drawn for them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "engine/data/augment.h"
#include "engine/engine.h"
#include "networks.h"
#include "train_once.h"

enum { SAMPLES = 6, CHANNELS = 3, HEIGHT = 5, WIDTH = 7, PLANE = HEIGHT * WIDTH, SIZE = CHANNELS * PLANE };
enum { STORED = 8, PADDING = 2, OFFSETS = 2 * PADDING + 1, MANY = 9000 };

static uint8_t pixels[STORED * SIZE], labels[STORED];
static float features[STORED * SIZE], mean[SIZE], deviation[SIZE];
static const uint32_t index_of[] = {6, 0, 3, 5, 7, 2}, in_order[] = {0, 1, 2, 3, 4, 5};
static const augment_epoch first_epoch = {5, 9, 0};

static int fill_samples(void **state) {
    (void)state;
    random_stream stream = random_stream_open(5, 0, RANDOM_SYNTHETIC, 0);
    for (size_t i = 0; i < STORED * SIZE; i++) {
        pixels[i] = (uint8_t)(1 + random_below(&stream, 255));
        features[i] = (float)(2 + random_uniform(&stream));
    }
    for (size_t n = 0; n < STORED; n++)
        labels[n] = (uint8_t)(n % 3);
    return 0;
}

static dataset small_data(bool bytes, bool standardized) {
    dataset d = {.shape = {CHANNELS, HEIGHT, WIDTH}, .classes = 3};
    d.train = (dataset_split){.count = SAMPLES,
                              .index = index_of,
                              .pixels = bytes ? pixels : NULL,
                              .features = bytes ? NULL : features,
                              .labels = labels};
    if (standardized) {
        dataset_statistics(&d.train, SIZE, mean, deviation);
        d.feature_mean = mean;
        d.feature_std = deviation;
    }
    return d;
}

/* ---- Batches ----------------------------------------------------------------------------------- */

static const normalize_spec normalization = {
    .channels = CHANNELS, .mean = {0.1, 0.2, 0.3}, .std = {0.5, 2, 1.5}};

/* A data set with its transform, whose memory the caller releases. */
typedef struct source {
    dataset data;
    input_transform transform;
    arena memory;
} source;

static void open_source(source *s, bool bytes, bool standardized) {
    arena measure = {0};
    *s = (source){.data = small_data(bytes, standardized)};
    input_transform_carve(&s->transform, s->data.shape, &measure);
    assert_int_equal(arena_reserve(&s->memory, measure.used, NULL), STATUS_OK);
    input_transform_carve(&s->transform, s->data.shape, &s->memory);
    input_transform_fill(&s->transform, &normalization, &s->data);
}

static void gather(const source *s, const uint32_t *order, size_t count, real *inputs) {
    uint8_t ignored[SAMPLES];
    batch_gather(&s->transform, &s->data.train, order, 0, count, inputs, &(batch_targets){.labels = ignored});
}

static void augment(const source *s, const augment_spec *spec, augment_epoch now, const uint32_t *order,
                    size_t count, real *inputs) {
    gather(s, order, count, inputs);
    augment_batch(spec, now, &s->transform, &s->data.train, order, 0, count, inputs);
}

/* ---- Crops ------------------------------------------------------------------------------------- */

/* What the pixel (c, y, x) of a stored image is after padding, a crop at (top, left) and normalisation. */
static real cropped_value(const source *s, size_t sample, int c, int y, int x, int top, int left) {
    const input_transform *t = &s->transform;
    const int from_y = y + top - PADDING, from_x = x + left - PADDING, k = (c * HEIGHT + y) * WIDTH + x;
    const size_t from = index_of[sample] * SIZE + (size_t)((c * HEIGHT + from_y) * WIDTH + from_x);
    real stored = 0;
    if (from_y >= 0 && from_y < HEIGHT && from_x >= 0 && from_x < WIDTH)
        stored = s->data.train.pixels != NULL ? (real)pixels[from] : (real)features[from];
    if (t->feature_mean != NULL)
        return (stored - (real)mean[k]) / (real)deviation[k];
    return stored * t->gain[c] + t->shift[c];
}

static bool is_crop(const source *s, const real *image, size_t sample, int top, int left) {
    for (int c = 0; c < CHANNELS; c++)
        for (int y = 0; y < HEIGHT; y++)
            for (int x = 0; x < WIDTH; x++) {
                const real expected = cropped_value(s, sample, c, y, x, top, left);
                const real found = image[(y * WIDTH + x) * CHANNELS + c];
                if (!(found - expected < 1e-5f && expected - found < 1e-5f))
                    return false;
            }
    return true;
}

/* Which crop it is: top · OFFSETS + left. */
static int find_crop(const source *s, const real *image, size_t sample) {
    for (int at = 0; at < OFFSETS * OFFSETS; at++)
        if (is_crop(s, image, sample, at / OFFSETS, at % OFFSETS))
            return at;
    fail_msg("sample %zu has become no crop of itself", sample);
    return 0;
}

static double chi_square(const int *counts, int cells, double expected) {
    double sum = 0;
    for (int i = 0; i < cells; i++)
        sum += (counts[i] - expected) * (counts[i] - expected) / expected;
    return sum;
}

/* 24 degrees of freedom: 51.18 at 0.999. */
static void crops_are_uniform(const source *s) {
    int counts[OFFSETS * OFFSETS] = {0};
    real inputs[SAMPLES * SIZE];
    for (uint64_t epoch = 0; epoch < MANY / SAMPLES; epoch++) {
        augment(s, &(augment_spec){.padding = PADDING}, (augment_epoch){5, 9, epoch}, in_order, SAMPLES,
                inputs);
        for (size_t n = 0; n < SAMPLES; n++)
            counts[find_crop(s, inputs + n * SIZE, n)]++;
    }
    assert_true(chi_square(counts, OFFSETS * OFFSETS, (double)MANY / (OFFSETS * OFFSETS)) < 51.18);
}

static void crops_are_those_of_padded_images(void **state) {
    (void)state;
    for (int variant = 0; variant < 4; variant++) {
        source s;
        open_source(&s, variant & 1, variant & 2);
        crops_are_uniform(&s);
        arena_release(&s.memory);
    }
}

/* All of the image may be outside. */
static void a_padding_may_be_larger_than_the_image(void **state) {
    (void)state;
    source s;
    real inputs[SAMPLES * SIZE];
    bool black = false;
    open_source(&s, true, false);
    for (uint64_t epoch = 0; epoch < 20; epoch++) {
        augment(&s, &(augment_spec){.padding = 20}, (augment_epoch){5, 9, epoch}, in_order, SAMPLES, inputs);
        for (size_t n = 0; n < SAMPLES; n++) {
            size_t same = 0;
            for (size_t i = 0; i < SIZE; i++)
                same += inputs[n * SIZE + i] == s.transform.shift[i % CHANNELS];
            black |= same == SIZE;
        }
    }
    assert_true(black);
    arena_release(&s.memory);
}

/* ---- Flips and cutouts ------------------------------------------------------------------------- */

static bool is_flipped(const real *plain, const real *image, bool horizontal, bool vertical) {
    bool same = true;
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++)
            for (int c = 0; c < CHANNELS; c++) {
                const int from_y = vertical ? HEIGHT - 1 - y : y, from_x = horizontal ? WIDTH - 1 - x : x;
                same &=
                    image[(y * WIDTH + x) * CHANNELS + c] == plain[(from_y * WIDTH + from_x) * CHANNELS + c];
            }
    return same;
}

/* Independent of each other: 3 degrees of freedom, 16.27 at 0.999. */
static void flips_have_their_shares(void **state) {
    (void)state;
    static const double shares[4] = {0.3 * 0.6, 0.7 * 0.6, 0.3 * 0.4, 0.7 * 0.4};
    const augment_spec spec = {.flip_horizontal = 0.7, .flip_vertical = 0.4};
    source s;
    real plain[SAMPLES * SIZE], inputs[SAMPLES * SIZE];
    int counts[4] = {0};
    open_source(&s, true, false);
    gather(&s, in_order, SAMPLES, plain);
    for (uint64_t epoch = 0; epoch < MANY / SAMPLES; epoch++) {
        augment(&s, &spec, (augment_epoch){5, 9, epoch}, in_order, SAMPLES, inputs);
        for (size_t n = 0; n < SAMPLES; n++) {
            int kind = 0;
            while (kind < 4 && !is_flipped(plain + n * SIZE, inputs + n * SIZE, kind & 1, kind & 2))
                kind++;
            assert_true(kind < 4);
            counts[kind]++;
        }
    }
    double chi2 = 0;
    for (int kind = 0; kind < 4; kind++)
        chi2 += chi_square(&counts[kind], 1, shares[kind] * MANY);
    assert_true(chi2 < 16.27);
    arena_release(&s.memory);
}

/* The square of this side around (y, x). */
static bool is_cut_out(const real *plain, const real *image, int side, int y, int x) {
    const int top = y - side / 2, left = x - side / 2;
    for (int i = 0; i < PLANE * CHANNELS; i++) {
        const int row = i / CHANNELS / WIDTH, column = i / CHANNELS % WIDTH;
        const bool inside = row >= top && row < top + side && column >= left && column < left + side;
        if (image[i] != (inside ? 0 : plain[i]))
            return false;
    }
    return true;
}

/* Every pixel is the centre alike: 34 degrees of freedom, 65.25 at 0.999. */
static void squares_are_cut_out(void **state) {
    (void)state;
    source s;
    real plain[SAMPLES * SIZE], inputs[SAMPLES * SIZE];
    open_source(&s, true, false);
    gather(&s, in_order, SAMPLES, plain);
    for (int side = 2; side <= 3; side++) {
        int counts[PLANE] = {0};
        for (uint64_t epoch = 0; epoch < MANY / SAMPLES; epoch++) {
            augment(&s, &(augment_spec){.cutout = side}, (augment_epoch){5, 9, epoch}, in_order, SAMPLES,
                    inputs);
            for (size_t n = 0; n < SAMPLES; n++) {
                int at = 0;
                while (at < PLANE &&
                       !is_cut_out(plain + n * SIZE, inputs + n * SIZE, side, at / WIDTH, at % WIDTH))
                    at++;
                assert_true(at < PLANE);
                counts[at]++;
            }
        }
        assert_true(chi_square(counts, PLANE, (double)MANY / PLANE) < 65.25);
    }
    arena_release(&s.memory);
}

/* ---- Streams ----------------------------------------------------------------------------------- */

static const augment_spec everything = {
    .padding = PADDING, .flip_horizontal = 0.5, .flip_vertical = 0.5, .cutout = 2};

/* Whatever the batch: one by one, the last first. */
static void an_image_does_not_depend_on_its_batch(void **state) {
    (void)state;
    source s;
    real together[SAMPLES * SIZE], alone[SIZE];
    open_source(&s, true, false);
    augment(&s, &everything, first_epoch, in_order, SAMPLES, together);
    for (uint32_t n = SAMPLES; n-- > 0;) {
        augment(&s, &everything, first_epoch, &n, 1, alone);
        assert_memory_equal(alone, together + n * SIZE, sizeof alone);
    }
    arena_release(&s.memory);
}

/* Another epoch, cell or seed draws other numbers, and each kind its own: what a crop is does not depend on
 * flips. */
static void streams_are_independent(void **state) {
    (void)state;
    static const augment_epoch others[] = {{5, 9, 1}, {5, 8, 0}, {4, 9, 0}};
    source s;
    real a[SAMPLES * SIZE], b[SAMPLES * SIZE];
    open_source(&s, true, false);
    augment(&s, &everything, first_epoch, in_order, SAMPLES, a);
    for (int i = 0; i < 3; i++) {
        augment(&s, &everything, others[i], in_order, SAMPLES, b);
        assert_memory_not_equal(a, b, sizeof a);
    }
    augment(&s, &(augment_spec){.padding = PADDING}, first_epoch, in_order, SAMPLES, a);
    augment(&s, &(augment_spec){.padding = PADDING, .flip_horizontal = 1}, first_epoch, in_order, SAMPLES, b);
    for (size_t n = 0; n < SAMPLES; n++)
        assert_true(is_flipped(a + n * SIZE, b + n * SIZE, true, false));
    arena_release(&s.memory);
}

/* ---- Trainings --------------------------------------------------------------------------------- */

enum { EPOCHS = 4 };

static training_spec small_training(void) {
    training_spec s = {.model = {.layer_count = 1, .layers = {DENSE(3)}},
                       .optimizer = {.lr = 0.1},
                       .epochs = EPOCHS,
                       .batch = 4};
    s.records[RECORD_TRAIN_LOSS] = s.records[RECORD_TRAIN_SET_LOSS] =
        (record_spec){.every = 1, .unit = RECORD_PER_EPOCH};
    return s;
}

static void train(const training_spec *spec, const dataset *data, float values[2 * EPOCHS]) {
    arena memory = {0};
    training_report r = {.values = values};
    assert_int_equal(train_once(spec, data, 5, 9, &memory, &(training_control){0}, &r, NULL), STATUS_OK);
    arena_release(&memory);
}

/* Only what is trained on: without learning every epoch sees other images, and the evaluated set stays. */
static void every_epoch_sees_other_images(void **state) {
    (void)state;
    const dataset data = small_data(true, false);
    float plain[2 * EPOCHS], changed[2 * EPOCHS];
    training_spec s = small_training();
    s.optimizer.lr = 0;
    train(&s, &data, plain);
    s.augment = everything;
    train(&s, &data, changed);
    for (int epoch = 0; epoch < EPOCHS; epoch++) {
        assert_true(plain[EPOCHS + epoch] == changed[EPOCHS + epoch]);
        assert_true(plain[epoch] != changed[epoch]);
        assert_true(epoch == 0 || changed[epoch] != changed[epoch - 1]);
    }
}

static void flipping_all_is_mirroring_all(void **state) {
    (void)state;
    const dataset data = small_data(true, false);
    float mirrored[2 * EPOCHS], flipped[2 * EPOCHS];
    training_spec s = small_training();
    s.mirror = 1;
    train(&s, &data, mirrored);
    s.mirror = 0;
    s.augment.flip_horizontal = 1;
    train(&s, &data, flipped);
    assert_memory_equal(mirrored, flipped, sizeof mirrored);
}

static void assert_refused(const training_spec *s, const dataset *data, size_t field, const char *text) {
    static training_plan plan;
    error_info error = {0};
    assert_int_equal(engine_plan(s, data, &plan, &error), STATUS_USAGE);
    if (strstr(error.text, text) == NULL)
        fail_msg("%s", error.text);
    assert_int_equal(plan.fault.subject, FAULT_FIELD);
    assert_int_equal(plan.fault.index, field);
}

#define AUGMENT(field) offsetof(training_spec, augment.field)

static void only_images_in_batches_are_changed(void **state) {
    (void)state;
    const dataset flat = {.shape = {4, 1, 1}, .classes = 3, .train.count = 10},
                  images = small_data(true, false);
    training_spec s = small_training();
    s.augment = (augment_spec){.padding = 1};
    assert_refused(&s, &flat, AUGMENT(padding), "samples of 1 × 1 pixels are not images");
    s.augment = (augment_spec){.flip_vertical = 0.5};
    assert_refused(&s, &flat, AUGMENT(flip_vertical), "are not images");
    s.augment = (augment_spec){.cutout = 3};
    assert_refused(&s, &flat, AUGMENT(cutout), "are not images");
    s.augment = (augment_spec){.flip_horizontal = 0.5};
    assert_refused(&s, &flat, AUGMENT(flip_horizontal), "are not images");
    s.mirror = 0.5;
    assert_refused(&s, &images, AUGMENT(flip_horizontal), "0.5, and images are mirrored as well");
    s.mirror = 0;
    s.optimizer.kind = OPTIMIZER_LBFGS;
    assert_refused(&s, &images, AUGMENT(flip_horizontal), "change the cost at every evaluation");
}

/* Companions share batches of small samples. */
static void changed_images_are_not_trained_in_lockstep(void **state) {
    (void)state;
    const dataset data = {.shape = {1, 4, 4}, .classes = 3, .train.count = 10};
    static training_plan plan;
    training_spec s = small_training();
    assert_int_equal(engine_plan(&s, &data, &plan, NULL), STATUS_OK);
    assert_true(plan.shape != 0);
    s.augment.cutout = 1;
    assert_int_equal(engine_plan(&s, &data, &plan, NULL), STATUS_OK);
    assert_true(plan.shape == 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crops_are_those_of_padded_images),
        cmocka_unit_test(a_padding_may_be_larger_than_the_image),
        cmocka_unit_test(flips_have_their_shares),
        cmocka_unit_test(squares_are_cut_out),
        cmocka_unit_test(an_image_does_not_depend_on_its_batch),
        cmocka_unit_test(streams_are_independent),
        cmocka_unit_test(every_epoch_sees_other_images),
        cmocka_unit_test(flipping_all_is_mirroring_all),
        cmocka_unit_test(changed_images_are_not_trained_in_lockstep),
        cmocka_unit_test(only_images_in_batches_are_changed),
    };
    return cmocka_run_group_tests(tests, fill_samples, NULL);
}
