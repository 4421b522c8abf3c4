/* The row of the progress on terminals of any width, and the time that is left. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/progress_bar.h"
#include "cli/time_left.h"

static progress_state half_way(void) {
    progress_state s = {
        .total = 90,
        .tally = {[CELL_PENDING] = 56, [CELL_DONE] = 31, [CELL_DIVERGED] = 2, [CELL_FAILED] = 1},
        .running = 2,
        .elapsed = 60,
        .rate = 0.0566,
        .left_low = 420,
        .left_high = 540,
        .best = 97.31,
        .percent = true};
    strcpy(s.variable, "test_accuracy");
    strcpy(s.best_cell, "run=3, lr=0.01");
    return s;
}

/* ---- Rows --------------------------------------------------------------------------------------- */

/* Columns of a row: all but colours. */
static int columns_of(const char *row) {
    int columns = 0;
    for (; *row != '\0'; row++)
        if (*row == '\033')
            row += strcspn(row, "m");
        else
            columns++;
    return columns;
}

static void a_row_never_fills_a_terminal_of_any_width(void **state) {
    (void)state;
    const progress_state s = half_way();
    for (int columns = 1; columns <= 400; columns++)
        for (int colour = 0; colour < 2; colour++) {
            char row[PROGRESS_LINE_SIZE];
            const int length = progress_row(&s, columns, colour, row);
            assert_int_equal(length, columns_of(row));
            assert_true(length == 0 || length <= columns - 3);
            assert_int_equal(strpbrk(row, "\r\n") != NULL, 0);
            if (!colour)
                assert_null(strchr(row, '\033'));
        }
}

static void a_row_says_the_most_important_first(void **state) {
    (void)state;
    static const struct {
        int columns;
        const char *row;
    } cases[] = {
        {9, ""},
        {12, "34 of 90"},
        {40, "34 of 90  2 diverged, 1 failed"},
        {50, "[#####.........] 34 of 90  2 diverged, 1 failed"},
        {80, "[#####..........] 34 of 90  2 diverged, 1 failed  7-9 min left  3.4 cells/min"},
        {94, "[#####..........] 34 of 90  2 diverged, 1 failed  7-9 min left  3.4 cells/min  best 97.31 %"},
        {150, "[##############.........................] 34 of 90  2 diverged, 1 failed  7-9 min left  3.4 "
              "cells/min  "
              "best test_accuracy 97.31 % at run=3, lr=0.01"},
    };
    const progress_state s = half_way();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char row[PROGRESS_LINE_SIZE];
        progress_row(&s, cases[i].columns, false, row);
        assert_string_equal(row, cases[i].row);
    }
}

static void a_bar_is_full_at_the_end_and_empty_at_the_start(void **state) {
    (void)state;
    progress_state s = {.total = 4,
                        .tally = {[CELL_PENDING] = 4},
                        .running = 2,
                        .elapsed = 65.7,
                        .left_low = NAN,
                        .left_high = NAN,
                        .best = NAN};
    char row[PROGRESS_LINE_SIZE];
    progress_row(&s, 60, false, row);
    assert_string_equal(row, "[...................................] 0 of 4  65 s so far");
    s.tally[CELL_PENDING] = 0;
    s.tally[CELL_DONE] = 4;
    progress_row(&s, 60, false, row);
    assert_string_equal(row, "[########################################] 4 of 4");
}

static void a_stop_is_shown(void **state) {
    (void)state;
    progress_state s = half_way();
    s.stopping = true;
    char row[PROGRESS_LINE_SIZE];
    progress_row(&s, 45, false, row);
    assert_string_equal(row, "34 of 90  2 diverged, 1 failed  stopping");
}

static void a_line_of_a_log_has_all(void **state) {
    (void)state;
    const progress_state s = half_way();
    char line[PROGRESS_LINE_SIZE];
    progress_line(&s, line);
    assert_string_equal(line, "34 of 90 cells, 2 diverged, 1 failed, 3.4 cells/min, 7-9 min left, best "
                              "test_accuracy 97.31 %");
}

/* ---- Time left ---------------------------------------------------------------------------------- */

static void a_span_has_one_unit_and_no_false_digits(void **state) {
    (void)state;
    static const struct {
        double low, high;
        const char *text;
    } cases[] = {{0, 0.3, "1 s"},           {39.6, 40.4, "40 s"},      {40, 99, "40-99 s"},
                 {90, 110, "2 min"},        {420, 540, "7-9 min"},     {50, 5000, "1-83 min"},
                 {5400, 7200, "1.5-2.0 h"}, {36000, 72000, "10-20 h"}, {100000, 300000, "1-3 days"},
                 {0, 1e300, "1-9999 days"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[TEXT_NUMBER_SIZE];
        time_left_text(cases[i].low, cases[i].high, text);
        assert_string_equal(text, cases[i].text);
    }
}

static void estimate(const time_left *t, work_left w, double low, double high) {
    double from, to;
    time_left_estimate(t, &w, &from, &to);
    assert_true(fabs(from - low) < 1e-9 && fabs(to - high) < 1e-9);
}

static void equal_cells_leave_no_doubt(void **state) {
    (void)state;
    time_left t = {0};
    double low, high;
    time_left_estimate(&t, &(work_left){.elapsed = 1, .cost = 10, .count = 10}, &low, &high);
    assert_true(isnan(low) && isnan(high) && isnan(time_left_pace(&t)));
    for (int i = 0; i < 10; i++)
        time_left_add(&t, 2, 1);
    assert_true(time_left_pace(&t) == 2);
    /* Two ranks, ten seconds for ten cells; a cell is half done at each. */
    estimate(&t, (work_left){.elapsed = 11, .cost = 23, .count = 23, .credit = 1, .longest = 1}, 22, 22);
    estimate(&t, (work_left){.elapsed = 11, .cost = 1, .count = 1, .credit = 1, .longest = 0.5}, 0.5, 0.5);
}

/* A cell of one rank after another takes 1 or 3 seconds: the mean of many is known better. */
static void uncertainty_shrinks_with_the_cells(void **state) {
    (void)state;
    double widths[2];
    for (int k = 0; k < 2; k++) {
        time_left t = {0};
        double low, high;
        const int count = k == 0 ? 10 : 1000;
        for (int i = 0; i < count; i++)
            time_left_add(&t, i % 2 == 0 ? 1 : 3, 1);
        const work_left w = {.elapsed = 2 * count, .cost = count, .count = (size_t)count};
        time_left_estimate(&t, &w, &low, &high);
        assert_true(low < 2 * count && high > 2 * count);
        widths[k] = (high - low) / (2 * count);
    }
    assert_true(widths[0] > 0.5 && widths[1] < 0.3);
}

/* When the last cells take twice as long as all, both are within the estimate. */
static void a_change_of_pace_widens_it(void **state) {
    (void)state;
    time_left t = {0};
    double low, high;
    for (int i = 0; i < 1000; i++)
        time_left_add(&t, i < 900 ? 1 : 2, 1);
    time_left_estimate(&t, &(work_left){.elapsed = 1100, .cost = 1000, .count = 1000}, &low, &high);
    assert_true(low < 1100 && high > 1800 && high < 2200);
}

static void cells_without_a_time_are_left_out(void **state) {
    (void)state;
    time_left t = {0};
    time_left_add(&t, NAN, 1);
    time_left_add(&t, 0, 1);
    assert_int_equal(t.count, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_never_fills_a_terminal_of_any_width),
        cmocka_unit_test(a_row_says_the_most_important_first),
        cmocka_unit_test(a_bar_is_full_at_the_end_and_empty_at_the_start),
        cmocka_unit_test(a_stop_is_shown),
        cmocka_unit_test(a_line_of_a_log_has_all),
        cmocka_unit_test(a_span_has_one_unit_and_no_false_digits),
        cmocka_unit_test(equal_cells_leave_no_doubt),
        cmocka_unit_test(uncertainty_shrinks_with_the_cells),
        cmocka_unit_test(a_change_of_pace_widens_it),
        cmocka_unit_test(cells_without_a_time_are_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
