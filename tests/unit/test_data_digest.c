/* Digests of data: the same for the same samples however they are stored, another for everything that a
 * training would see. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "io/data/digest.h"

enum { COUNT = 5, SIZE = 6 };

typedef struct fixture {
    uint8_t pixels[COUNT * SIZE], labels[COUNT];
    float features[COUNT * SIZE], targets[COUNT];
    uint32_t index[COUNT];
    dataset data;
} fixture;

static int set_up(void **state) {
    static fixture f;
    for (int i = 0; i < COUNT * SIZE; i++)
        f.features[i] = f.pixels[i] = (uint8_t)(7 * i);
    for (int i = 0; i < COUNT; i++) {
        f.labels[i] = (uint8_t)(i % 2);
        f.targets[i] = (float)i;
        f.index[i] = (uint32_t)i;
    }
    f.data = (dataset){.shape = {1, 2, 3},
                       .classes = 2,
                       .train = {.count = 3, .pixels = f.pixels, .labels = f.labels},
                       .test = {.count = 2, .pixels = f.pixels, .labels = f.labels}};
    *state = &f;
    return 0;
}

static data_digests digest_of(const fixture *f) {
    data_digests out;
    assert_int_equal(data_digest(&f->data, &out, NULL), STATUS_OK);
    return out;
}

static void splits_that_are_not_there_have_none(void **state) {
    const data_digests found = digest_of(*state);
    char text[DIGEST_TEXT_SIZE];
    digest_text(&found.splits[SPLIT_VALIDATION], text);
    assert_string_equal(text, "none");
    digest_text(&found.splits[SPLIT_TRAIN], text);
    assert_int_equal(strlen(text), 32);
    assert_int_equal(strspn(text, "0123456789abcdef"), 32);
}

static void an_index_is_followed(void **state) {
    fixture *f = *state;
    const data_digests before = digest_of(f);
    f->data.train.index = f->index;
    const data_digests same = digest_of(f);
    assert_int_equal(data_digests_differ(&before, &same), SPLIT_COUNT);
    f->index[2] = 4;
    const data_digests other = digest_of(f);
    assert_int_equal(data_digests_differ(&before, &other), SPLIT_TRAIN);
    f->index[2] = 1, f->index[1] = 2; /* another order is another training */
    const data_digests turned = digest_of(f);
    assert_int_equal(data_digests_differ(&before, &turned), SPLIT_TRAIN);
}

/* The digests after one byte changed differ from those before in this split first. */
static void assert_seen(fixture *f, void *byte, data_split_kind split) {
    const data_digests before = digest_of(f);
    *(unsigned char *)byte ^= 1;
    const data_digests after = digest_of(f);
    assert_int_equal(data_digests_differ(&before, &after), split);
    *(unsigned char *)byte ^= 1;
}

static void every_value_counts(void **state) {
    fixture *f = *state;
    f->data.test.pixels = f->pixels + 3 * SIZE;
    f->data.test.labels = f->labels + 3;
    for (int i = 0; i < COUNT * SIZE; i++)
        assert_seen(f, &f->pixels[i], i < 3 * SIZE ? SPLIT_TRAIN : SPLIT_TEST);
    for (int i = 0; i < COUNT; i++)
        assert_seen(f, &f->labels[i], i < 3 ? SPLIT_TRAIN : SPLIT_TEST);
    f->data.train = (dataset_split){.count = 3, .features = f->features, .targets = f->targets};
    f->data.target_count = 1;
    assert_seen(f, &f->features[3 * SIZE - 1], SPLIT_TRAIN);
    assert_seen(f, &f->targets[2], SPLIT_TRAIN);
    assert_seen(f, &f->targets[3], SPLIT_COUNT);
}

static void shape_and_classes_count(void **state) {
    fixture *f = *state;
    const data_digests before = digest_of(f);
    f->data.shape = (tensor_shape){1, 3, 2};
    data_digests other = digest_of(f);
    assert_int_equal(data_digests_differ(&before, &other), SPLIT_TRAIN);
    f->data.shape = (tensor_shape){1, 2, 3};
    f->data.classes = 3;
    other = digest_of(f);
    assert_int_equal(data_digests_differ(&before, &other), SPLIT_TRAIN);
}

static void drawn_points_are_told_by_their_description(void **state) {
    fixture *f = *state;
    f->data = (dataset){
        .shape = {2, 1, 1}, .classes = 2, .train.count = 9, .points = {.kind = POINTS_XOR, .spread = 0.5}};
    const data_digests before = digest_of(f);
    f->data.points.spread = 0.25;
    const data_digests other = digest_of(f);
    assert_int_equal(data_digests_differ(&before, &other), SPLIT_TRAIN);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup(name, set_up)
    const struct CMUnitTest tests[] = {
        TEST(splits_that_are_not_there_have_none),
        TEST(an_index_is_followed),
        TEST(every_value_counts),
        TEST(shape_and_classes_count),
        TEST(drawn_points_are_told_by_their_description),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
