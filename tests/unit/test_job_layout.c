/* The layout of a sweep: what all its cells record, found without examining all of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "group_directory.h"
#include "io/data/dataset_reader.h"
#include "io/job/job.h"

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

/* A dense layer on an image and a convolution: (32, 3, 32, 32) and (4, 3, 5, 5) of the synthetic images. */
static void models_share_a_layout(void **state) {
    (void)state;
    record_layout layout =
        layout_of("job: layouts\n"
                  "data: {source: synthetic, train_count: 100, test_count: 20}\n"
                  "optimizer: {lr: 0.1}\n"
                  "train: {epochs: 3, batch: 8}\n"
                  "record: {weights: {every: end, layers: [0]}, batch_norm: {every: end}}\n"
                  "sweep:\n"
                  "  model:\n"
                  "    set: model.layers\n"
                  "    values:\n"
                  "      mlp: [dense: 32, batch_norm, dense: 10]\n"
                  "      cnn: [{conv: {filters: 4, kernel: 5}}, relu, batch_norm, dense: 10]\n"
                  "      bare: [dense: 10]\n"
                  "  batch: {set: train.batch, values: [10, 20]}\n");
    const record_variable *weights = &layout.variables[0];
    assert_int_equal(weights->rank, 4);
    assert_int_equal(record_moment_size(weights), 32 * 3 * 32 * 32);
    assert_int_equal(layout.variable_count, 1 + 4 + 4);
    assert_string_equal(layout.variables[1].name, "batch_norm_1_gamma");
    assert_int_equal(record_moment_size(&layout.variables[1]), 32);
    assert_string_equal(layout.variables[5].name, "batch_norm_2_gamma");
    assert_int_equal(record_moment_size(&layout.variables[5]), 4);
}

static void assert_refused(const char *text, const char *message) {
    error_info error = {0};
    job *j;
    stored_dataset stored;
    record_layout layout;
    const char *path = temporary_directory_write(&directory, "job.yaml", text, strlen(text));
    assert_int_equal(job_load(&j, path, NULL, 0, &error), STATUS_OK);
    assert_int_equal(dataset_describe(&j->data, "", &stored, &error), STATUS_OK);
    assert_int_equal(job_layout(j, &stored.data, &layout, &error), STATUS_USAGE);
    if (strstr(error.text, message) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", error.text, message);
    job_destroy(&j);
}

static void bad_combinations_are_named(void **state) {
    (void)state;
    assert_refused(HEAD "sweep:\n"
                        "  size: {set: 'model.layers[0].units', values: [10, 11]}\n",
                   "job.yaml:8:3: sweep: cell size=11: ");
    assert_refused(HEAD "sweep:\n"
                        "  epochs: {set: train.epochs, values: [2, 0]}\n",
                   "job.yaml:8:3: sweep: cell epochs=0: record.train_loss.every: per step");
}

static void batch_norm_of_no_model_is_refused(void **state) {
    (void)state;
    assert_refused("job: layouts\n"
                   "data: {source: synthetic, train_count: 100, test_count: 20}\n"
                   "model: {layers: [dense: 10]}\n"
                   "optimizer: {lr: 0.1}\n"
                   "train: {epochs: 3, batch: 8}\n"
                   "record: {test_loss: {every: end}, batch_norm: {every: end}}\n",
                   "job.yaml:6:47: record.batch_norm: no model of the job has a batch_norm layer");
}

static void records_that_are_never_due_are_refused(void **state) {
    (void)state;
    assert_refused("job: layouts\n"
                   "data: {source: synthetic, train_count: 100, test_count: 20}\n"
                   "model: {layers: [dense: 10]}\n"
                   "optimizer: {lr: 0.1}\n"
                   "train: {epochs: 3, batch: 8}\n"
                   "record:\n"
                   "  test_loss: {every: 1 epoch}\n"
                   "  weights: {every: 5 epochs, layers: [0]}\n"
                   "sweep: {epochs: {set: train.epochs, values: [1, 4]}}\n",
                   "job.yaml:8:12: record: weights_0 is never recorded: every 5 epochs");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(axes_that_change_nothing_leave_the_layout),
        cmocka_unit_test(combinations_count),
        cmocka_unit_test(models_share_a_layout),
        cmocka_unit_test(bad_combinations_are_named),
        cmocka_unit_test(batch_norm_of_no_model_is_refused),
        cmocka_unit_test(records_that_are_never_due_are_refused),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
