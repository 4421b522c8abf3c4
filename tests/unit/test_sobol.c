/* Sobol's sequence against published points, and the property that makes it useful. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/sobol.h"

/* The first points in three dimensions, in eighths: Joe and Kuo print them with their program. */
static void the_first_points_are_the_published_ones(void **state) {
    (void)state;
    static const uint32_t points[8][3] = {{0, 0, 0}, {4, 4, 4}, {6, 2, 2}, {2, 6, 6},
                                          {3, 3, 5}, {7, 7, 1}, {5, 1, 7}, {1, 5, 3}};
    for (uint32_t i = 0; i < 8; i++)
        for (int d = 0; d < 3; d++)
            assert_int_equal(sobol_point(d, i), points[i][d] << 29);
}

/* scipy.stats.qmc.Sobol(16, scramble=False), times 2^32, point 999: every direction number up to the tenth.
 */
static void a_later_point_in_all_dimensions(void **state) {
    (void)state;
    static const uint32_t point[SOBOL_DIMENSIONS] = {675282944u,  3904897024u, 348127232u,  4248829952u,
                                                     4156555264u, 3628072960u, 3686793216u, 3057647616u,
                                                     3493855232u, 2713714688u, 96468992u,   1900019712u,
                                                     2034237440u, 4064280576u, 3569352704u, 2394947584u};
    for (int d = 0; d < SOBOL_DIMENSIONS; d++)
        assert_int_equal(sobol_point(d, 999), point[d]);
}

/* Of 2^k points, every interval of length 2^-k has one, in every dimension. */
static void every_dimension_is_filled_evenly(void **state) {
    (void)state;
    enum { BITS = 12, COUNT = 1 << BITS };
    static unsigned char seen[COUNT];
    for (int d = 0; d < SOBOL_DIMENSIONS; d++) {
        memset(seen, 0, sizeof seen);
        for (uint32_t i = 0; i < COUNT; i++)
            assert_int_equal(seen[sobol_point(d, i) >> (32 - BITS)]++, 0);
    }
}

/* The first two dimensions together are a (0, 2)-sequence: 2^k points have one in each of the boxes of any
 * shape into which the square is divided evenly. */
static void two_dimensions_are_filled_evenly_together(void **state) {
    (void)state;
    enum { BITS = 8, COUNT = 1 << BITS };
    for (int bits = 0; bits <= BITS; bits++) {
        unsigned char seen[COUNT] = {0};
        for (uint32_t i = 0; i < COUNT; i++) {
            const uint64_t x = sobol_point(0, i), y = sobol_point(1, i);
            const uint64_t box = (x >> (32 - bits)) << (BITS - bits) | y >> (32 - BITS + bits);
            assert_int_equal(seen[box]++, 0);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_points_are_the_published_ones),
        cmocka_unit_test(a_later_point_in_all_dimensions),
        cmocka_unit_test(every_dimension_is_filled_evenly),
        cmocka_unit_test(two_dimensions_are_filled_evenly_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
