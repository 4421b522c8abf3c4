/* Random streams: published vectors of the generator, and the statistics that the engine relies on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "base/random.h"
#include "statistics.h"

/* kat_vectors of the Random123 distribution, philox4x32 with 10 rounds. */
static void philox_gives_the_published_vectors(void **state) {
    (void)state;
    static const struct {
        uint32_t counter[4], key[2], expected[4];
    } vectors[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
         {0xffffffff, 0xffffffff},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        uint32_t out[4];
        philox4x32_10(vectors[i].counter, vectors[i].key, out);
        assert_memory_equal(out, vectors[i].expected, sizeof out);
    }
}

/* Streams that differ in any part of their name share no word among their first thousand. */
static void streams_of_different_names_differ(void **state) {
    (void)state;
    random_stream a = random_stream_open(1, 2, RANDOM_INIT, 3);
    random_stream others[] = {
        random_stream_open(2, 2, RANDOM_INIT, 3),
        random_stream_open(1, 3, RANDOM_INIT, 3),
        random_stream_open(1, 2, RANDOM_SHUFFLE, 3),
        random_stream_open(1, 2, RANDOM_INIT, 4),
    };
    random_stream again = random_stream_open(1, 2, RANDOM_INIT, 3);
    for (int i = 0; i < 1000; i++) {
        uint32_t word = random_u32(&a);
        assert_int_equal(word, random_u32(&again));
        for (size_t k = 0; k < sizeof others / sizeof *others; k++)
            assert_int_not_equal(word, random_u32(&others[k]));
    }
}

enum { DRAWS = 20000 };

static void uniform_and_normal_follow_their_distributions(void **state) {
    (void)state;
    static double x[DRAWS];
    random_stream stream = random_stream_open(7, 0, RANDOM_INIT, 0);
    for (int i = 0; i < DRAWS; i++)
        x[i] = random_uniform(&stream);
    assert_true(kolmogorov_smirnov(x, DRAWS, uniform_cdf) < 1.95);
    assert_true(x[0] >= 0 && x[DRAWS - 1] < 1);
    for (int i = 0; i < DRAWS; i++)
        x[i] = random_normal(&stream);
    assert_true(kolmogorov_smirnov(x, DRAWS, normal_cdf) < 1.95);
}

/* χ² over the positions of element 0 in many permutations of 10: 9 degrees of freedom, 27.88 at 0.999. */
static void permutations_are_uniform(void **state) {
    (void)state;
    enum { SIZE = 10, TRIALS = 10000 };
    int where[SIZE] = {0};
    for (int trial = 0; trial < TRIALS; trial++) {
        random_stream stream = random_stream_open(3, 0, RANDOM_SHUFFLE, (uint64_t)trial);
        uint32_t order[SIZE], seen = 0;
        random_permutation(&stream, order, SIZE);
        for (int i = 0; i < SIZE; i++) {
            seen |= 1u << order[i];
            where[i] += order[i] == 0;
        }
        assert_int_equal(seen, (1u << SIZE) - 1);
    }
    double chi2 = 0, expected = (double)TRIALS / SIZE;
    for (int i = 0; i < SIZE; i++)
        chi2 += (where[i] - expected) * (where[i] - expected) / expected;
    assert_true(chi2 < 27.88);
}

/* As drawn one by one, whatever was drawn before and however many. */
static void many_numbers_are_those_drawn_one_by_one(void **state) {
    (void)state;
    enum { MOST = 400 };
    for (uint32_t count = 0; count < MOST; count++) {
        random_stream one = random_stream_open(7, count, RANDOM_POINTS, 0), many = one;
        uint32_t words[MOST], order[MOST], expected[MOST];
        double values[MOST];
        for (uint32_t i = 0; i < count % 7; i++)
            assert_int_equal(random_u32(&one), random_u32(&many));
        random_words(&many, words, count);
        for (uint32_t i = 0; i < count; i++)
            assert_int_equal(words[i], random_u32(&one));
        random_uniforms(&many, values, count);
        for (uint32_t i = 0; i < count; i++)
            assert_true(values[i] == random_uniform(&one));
        random_permutation(&many, order, count);
        for (uint32_t i = 0; i < count; i++) {
            const uint32_t j = random_below(&one, i + 1);
            expected[i] = expected[j];
            expected[j] = i;
        }
        assert_memory_equal(order, expected, count * sizeof *order);
        assert_int_equal(random_u32(&many), random_u32(&one));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(philox_gives_the_published_vectors),
        cmocka_unit_test(streams_of_different_names_differ),
        cmocka_unit_test(uniform_and_normal_follow_their_distributions),
        cmocka_unit_test(permutations_are_uniform),
        cmocka_unit_test(many_numbers_are_those_drawn_one_by_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
