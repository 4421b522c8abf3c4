/* The layout of a sweep: what all its cells record, found without looking at all of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "io/dataset_reader.h"
#include "io/job.h"
#include "temporary_directory.h"

static temporary_directory directory;

static int make_directory(void **state) {
    (void)state;
    directory = temporary_directory_make();
    return 0;
}

static int remove_directory(void **state) {
    (void)state;
    temporary_directory_remove(&directory);
    return 0;
}

#define HEAD                                                                                                 \
    "job: layouts\n"                                                                                         \
    "data: {source: synthetic, train_count: 100, test_count: 20}\n"                                          \
    "model: {layers: [dense: 10]}\n"                                                                         \
    "optimizer: {lr: 0.1}\n"                                                                                 \
    "train: {epochs: 3, batch: 8}\n"                                                                         \
    "record: {train_loss: {every: 2 steps}, test_accuracy: {every: 1 epoch}}\n"

/* Layout of the job, compared with the merged layouts of all its cells. */
static record_layout layout_of(const char *text) {
    error_info error = {0};
    job *j;
    stored_dataset stored;
    record_layout layout, all = {0};
    const char *path = temporary_directory_write(&directory, "job.yaml", text, strlen(text));
    assert_int_equal(job_load(&j, path, NULL, 0, &error), STATUS_OK);
    assert_int_equal(dataset_describe(&j->data, "", &stored, &error), STATUS_OK);
    assert_int_equal(job_layout(j, &stored.data, &layout, &error), STATUS_OK);
    for (size_t cell = 0; cell < grid_cells(&j->grid); cell++) {
        training_spec spec;
        training_plan plan;
        job_cell_spec(j, cell, &spec);
        assert_int_equal(engine_plan(&spec, &stored.data, &plan, &error), STATUS_OK);
        assert_int_equal(record_layout_merge(&all, &plan.records, &error), STATUS_OK);
    }
    assert_int_equal(layout.variable_count, all.variable_count);
    assert_int_equal(layout.value_count, all.value_count);
    for (int i = 0; i < all.variable_count; i++) {
        assert_string_equal(layout.variables[i].name, all.variables[i].name);
        assert_int_equal(layout.variables[i].offset, all.variables[i].offset);
        assert_int_equal(layout.variables[i].count, all.variables[i].count);
    }
    job_destroy(&j);
    return layout;
}

static void axes_that_change_nothing_leave_the_layout(void **state) {
    (void)state;
    record_layout layout = layout_of(HEAD "sweep: {run: 3, lr: {set: optimizer.lr, values: [1, 2]}}\n");
    assert_int_equal(layout.variables[0].count, 39 / 2);
    assert_int_equal(layout.variables[1].count, 3);
}

/* The longest curve of steps has the most epochs and the smallest batch, neither of which comes last. */
static void combinations_count(void **state) {
    (void)state;
    record_layout layout = layout_of(HEAD "sweep:\n"
                                          "  epochs: {set: train.epochs, values: [1, 5, 2]}\n"
                                          "  run: 2\n"
                                          "  batch: {set: train.batch, values: [50, 10, 30]}\n");
    assert_int_equal(layout.variables[0].count, 5 * 10 / 2);
    assert_int_equal(layout.variables[1].count, 5);
}

static void a_bad_combination_is_named(void **state) {
    (void)state;
    static const char text[] = HEAD "sweep:\n"
                                    "  size: {set: 'model.layers[0].units', values: [10, 11]}\n";
    error_info error = {0};
    job *j;
    stored_dataset stored;
    record_layout layout;
    const char *path = temporary_directory_write(&directory, "job.yaml", text, strlen(text));
    assert_int_equal(job_load(&j, path, NULL, 0, &error), STATUS_OK);
    assert_int_equal(dataset_describe(&j->data, "", &stored, &error), STATUS_OK);
    assert_int_equal(job_layout(j, &stored.data, &layout, &error), STATUS_USAGE);
    assert_non_null(strstr(error.text, "job.yaml:8:3: sweep: cell size=11: "));
    job_destroy(&j);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(axes_that_change_nothing_leave_the_layout),
        cmocka_unit_test(combinations_count),
        cmocka_unit_test(a_bad_combination_is_named),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
