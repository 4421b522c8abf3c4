/* Combinations of axis values that a job leaves out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "group_directory.h"
#include "io/job/job.h"

static const char plain_job[] = "job: plain\n"
                                "data: {source: synthetic}\n"
                                "model: {layers: [dense: 12, relu, dense: 10]}\n"
                                "train: {epochs: 1, batch: 8}\n"
                                "record: {train_loss: {every: 1 step}}\n"
                                "sweep:\n"
                                "  run: 2\n"
                                "  lr: {set: optimizer.lr, values: [0.1, 0.0123456789, 0.5]}\n"
                                "  length: {set: [train.epochs, train.batch], values: [[1, 8], [2, 16]]}\n"
                                "  v: {set: train.last_batch, values: {1.10: keep, 1.1: drop}}\n";

static job *load(const char *where) {
    error_info error = {0};
    job *j;
    char setting[256];
    const char *const settings[] = {setting};
    const char *path = temporary_directory_write(&directory, "job.yaml", plain_job, strlen(plain_job));
    snprintf(setting, sizeof setting, "sweep.where=%s", where);
    if (job_load(&j, path, settings, 1, &error) != STATUS_OK)
        fail_msg("%s: %s", where, error.text);
    return j;
}

/* As --only selects them: the same names mean the same values. */
typedef struct combination {
    const char *where;
    const char *selections[2][4]; /* of each combination */
} combination;

static const combination combinations[] = {
    {"[{lr: 0.1}]", {{"lr=0.1"}}},
    {"[{lr: 1.0e-1, run: 1}]", {{"lr=0.1", "run=1"}}},
    {"[{lr: 0.0123, length: [1_8, 2_16]}]", {{"lr=0.0123"}}},
    {"[{v: '1.10'}]", {{"v=1.10"}}},
    {"[{v: 1.1, length: 2_16}, {lr: [0.1, 0.5], run: [0]}]",
     {{"v=1.1", "length=2_16"}, {"lr=0.1,0.5", "run=0"}}},
};

static size_t count_of(const char *const *texts) {
    size_t count = 0;
    while (count < 4 && texts[count] != NULL)
        count++;
    return count;
}

static void cells_are_left_out_by_the_names_of_their_values(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof combinations / sizeof combinations[0]; i++) {
        const combination *c = &combinations[i];
        job *j = load(c->where);
        bool selected[2][24] = {{false}};
        assert_int_equal(grid_cells(&j->grid), 24);
        for (int k = 0; k < 2; k++)
            if (count_of(c->selections[k]) > 0)
                assert_int_equal(grid_select(&j->grid, c->selections[k], (int)count_of(c->selections[k]),
                                             selected[k], NULL),
                                 STATUS_OK);
        for (size_t cell = 0; cell < 24; cell++)
            if (job_leaves_out(j, cell) != (selected[0][cell] || selected[1][cell]))
                fail_msg("%s: cell %zu", c->where, cell);
        job_destroy(&j);
    }
}

static void it_is_not_in_the_digest(void **state) {
    (void)state;
    job *with = load("[{lr: 0.1}]"), *without = load("[]"), *none = load("none");
    assert_string_equal(with->canonical, without->canonical);
    assert_false(job_leaves_out(without, 0) || job_leaves_out(none, 0));
    job_destroy(&with);
    job_destroy(&without);
    job_destroy(&none);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_are_left_out_by_the_names_of_their_values),
        cmocka_unit_test(it_is_not_in_the_digest),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
