/* When a worker leaves checkpoints: how often, for which cells, and at which moment. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sweep/checkpoint_clock.h"

/* Ask once a second from `from` to `to`, with a step every second of a cell of `length` seconds that began at
 * 0; each checkpoint is confirmed at once. Returns how often it rang, *last when. */
static int count_rings(checkpoint_clock *c, int from, int to, double length, int *last) {
    int rings = 0;
    for (int now = from; now < to; now++)
        if (checkpoint_clock_looks(c, now) && checkpoint_clock_rings(c, now, now / length)) {
            checkpoint_clock_sent(c, now);
            checkpoint_clock_confirm(c);
            *last = now;
            rings++;
        }
    return rings;
}

static checkpoint_clock started(checkpoint_rule rule) {
    checkpoint_clock c;
    checkpoint_clock_start(&c, rule, 0);
    checkpoint_clock_begin(&c);
    return c;
}

static void it_rings_once_per_interval(void **state) {
    (void)state;
    int last;
    checkpoint_clock c = started((checkpoint_rule){.every = 10, .phase = 1});
    assert_int_equal(count_rings(&c, 0, 10, 1000, &last), 0);
    assert_int_equal(count_rings(&c, 10, 20, 1000, &last), 1);
    assert_int_equal(last, 10);
    assert_int_equal(count_rings(&c, 20, 1000, 1000, &last), 98);
}

static void without_an_interval_it_never_rings(void **state) {
    (void)state;
    int last;
    checkpoint_clock c = started((checkpoint_rule){.phase = 1});
    assert_int_equal(count_rings(&c, 0, 1000, 1000, &last), 0);
    assert_false(checkpoint_clock_looks(&c, 1e9));
}

static void ranks_ring_at_different_moments(void **state) {
    (void)state;
    for (int rank = 0; rank < 10; rank++) {
        int last;
        checkpoint_clock c = started((checkpoint_rule){.every = 100, .phase = (rank + 1) / 10.0});
        for (int round = 0; round < 5; round++) {
            assert_int_equal(count_rings(&c, 100 * round + 1, 100 * (round + 1) + 1, 1000, &last), 1);
            assert_int_equal(last, 100 * round + 10 * (rank + 1));
        }
    }
}

/* Predicted from the steps that were taken, or seen to be long. */
static void only_long_cells_may_count(void **state) {
    (void)state;
    const checkpoint_rule rule = {.every = 600, .longer = 1200, .phase = 0.5};
    int last;
    checkpoint_clock c = started(rule);
    assert_int_equal(count_rings(&c, 0, 1190, 1190, &last), 0);
    c = started(rule);
    assert_int_equal(count_rings(&c, 0, 1210, 1210, &last), 2);
    assert_int_equal(last, 900);
    c = started(rule); /* a step that takes so long that nothing can be predicted */
    int rings = 0;
    for (int now = 0; now < 2000; now++)
        rings += checkpoint_clock_looks(&c, now) && checkpoint_clock_rings(&c, now, 0);
    assert_int_equal(rings, 1);
}

/* What a cell had done before it resumed was not done in this time: at 300 it has taken 300 of 1100 seconds,
 * not 300 of 333. */
static void a_cell_that_resumes_is_predicted_from_its_own_steps(void **state) {
    (void)state;
    const checkpoint_rule rule = {.every = 300, .longer = 1000, .phase = 1};
    int rings = 0;
    checkpoint_clock c = started(rule);
    for (int now = 0; now < 301; now++)
        rings += checkpoint_clock_looks(&c, now) && checkpoint_clock_rings(&c, now, 0.9 + 0.1 * now / 1100);
    assert_int_equal(rings, 1);
}

static void a_cell_that_follows_is_looked_at_anew(void **state) {
    (void)state;
    checkpoint_clock c = started((checkpoint_rule){.every = 10, .longer = 15, .phase = 1});
    assert_false(checkpoint_clock_rings(&c, 0, 0));
    checkpoint_clock_begin(&c);
    assert_true(checkpoint_clock_looks(&c, 8));
    assert_false(checkpoint_clock_rings(&c, 8, 0));
    assert_false(checkpoint_clock_looks(&c, 9));
    assert_false(checkpoint_clock_rings(&c, 10, 0.5)); /* 2 seconds for a half */
    assert_true(checkpoint_clock_rings(&c, 20, 0.6));  /* 12 seconds for 0.6 */
}

/* Whatever the interval is. */
static void what_costs_more_comes_less_often(void **state) {
    (void)state;
    checkpoint_clock c = started((checkpoint_rule){.every = 10, .phase = 1});
    assert_true(checkpoint_clock_rings(&c, 10, 0));
    checkpoint_clock_sent(&c, 12);
    checkpoint_clock_confirm(&c);
    assert_false(checkpoint_clock_looks(&c, 12 + 599));
    assert_true(checkpoint_clock_looks(&c, 12 + 601));
    assert_true(checkpoint_clock_rings(&c, 12 + 601, 0));
}

static void none_is_sent_before_the_last_is_stored(void **state) {
    (void)state;
    checkpoint_clock c = started((checkpoint_rule){.every = 10, .phase = 1});
    assert_true(checkpoint_clock_rings(&c, 10, 0));
    checkpoint_clock_sent(&c, 10);
    checkpoint_clock_sent(&c, 10); /* two of a group */
    checkpoint_clock_confirm(&c);
    assert_false(checkpoint_clock_looks(&c, 1000));
    checkpoint_clock_begin(&c);
    assert_false(checkpoint_clock_rings(&c, 1000, 0));
    checkpoint_clock_confirm(&c);
    assert_true(checkpoint_clock_looks(&c, 1001));
    assert_true(checkpoint_clock_rings(&c, 1001, 0));
    checkpoint_clock_confirm(&c); /* what nobody waits for changes nothing */
    assert_false(checkpoint_clock_rings(&c, 1002, 0));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_rings_once_per_interval),
        cmocka_unit_test(without_an_interval_it_never_rings),
        cmocka_unit_test(ranks_ring_at_different_moments),
        cmocka_unit_test(only_long_cells_may_count),
        cmocka_unit_test(a_cell_that_resumes_is_predicted_from_its_own_steps),
        cmocka_unit_test(a_cell_that_follows_is_looked_at_anew),
        cmocka_unit_test(what_costs_more_comes_less_often),
        cmocka_unit_test(none_is_sent_before_the_last_is_stored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
