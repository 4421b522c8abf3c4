/* Drawn axes: their values, what they set, and that a larger count or another axis changes nothing. */
#include <math.h>
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
#include "statistics.h"

static const char plain_job[] = "job: plain\n"
                                "seed: 5\n"
                                "data: {source: synthetic}\n"
                                "model: {layers: [dense: 12, relu, dense: 10]}\n"
                                "train: {epochs: 1, batch: 8}\n"
                                "record: {train_loss: {every: 1 step}}\n";

/* The job with `sweep` as its sweep section. */
static job *load(const char *sweep) {
    error_info error = {0};
    job *j;
    char setting[1024];
    const char *const settings[] = {setting, "optimizer.lr=0.1"};
    const char *path = temporary_directory_write(&directory, "job.yaml", plain_job, strlen(plain_job));
    assert_true((size_t)snprintf(setting, sizeof setting, "sweep=%s", sweep) < sizeof setting);
    if (job_load(&j, path, settings, 2, &error) != STATUS_OK)
        fail_msg("%s", error.text);
    return j;
}

static job *load_count(const char *format, int count) {
    char sweep[1024];
    assert_true((size_t)snprintf(sweep, sizeof sweep, format, count) < sizeof sweep);
    return load(sweep);
}

/* ---- Values ------------------------------------------------------------------------------------ */

/* Part of results: a change of these numbers makes every drawn job another one. */
static void the_values_of_a_seed_never_change(void **state) {
    (void)state;
    job *j = load("{x: {set: optimizer.lr, log_uniform: [1e-5, 1e-1], count: 3}, "
                  "y: {set: loss.l2, uniform: [0, 1], count: 3, sequence: sobol}}");
    static const double x[] = {0.000159416937347, 0.0835935797646, 0.000152087246174},
                        y[] = {0.32063162385, 0.82063162385, 0.57063162385};
    for (int i = 0; i < 3; i++) {
        if (j->grid.axes[0].numbers[i] != x[i] || j->grid.axes[1].numbers[i] != y[i])
            fail_msg("draw %d: %.17g, %.17g", i, j->grid.axes[0].numbers[i], j->grid.axes[1].numbers[i]);
    }
    job_destroy(&j);
}

enum { MANY = 4096 };

/* The share of the way from low to high, by the kind of the axis. */
static double share_of(double value, double low, double high, bool geometric) {
    return geometric ? log(value / low) / log(high / low) : (value - low) / (high - low);
}

static void numbers_are_drawn_evenly(void **state) {
    (void)state;
    static const struct {
        const char *axis;
        double low, high, most;
        bool geometric;
    } cases[] = {
        {"uniform: [0.25, 1]", 0.25, 1, 1.95, false},
        {"log_uniform: [1e-6, 10]", 1e-6, 10, 1.95, true},
        {"uniform: [0.25, 1], sequence: sobol", 0.25, 1, 0.05, false},
        {"log_uniform: [1e-6, 10], sequence: sobol", 1e-6, 10, 0.05, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char sweep[256];
        static double shares[MANY];
        snprintf(sweep, sizeof sweep, "{x: {set: optimizer.lr, %s, count: %d}}", cases[i].axis, MANY);
        job *j = load(sweep);
        for (int k = 0; k < MANY; k++) {
            const double value = j->grid.axes[0].numbers[k];
            assert_true(value >= cases[i].low && value <= cases[i].high);
            shares[k] = share_of(value, cases[i].low, cases[i].high, cases[i].geometric);
        }
        const double distance = kolmogorov_smirnov(shares, MANY, uniform_cdf);
        if (!(distance < cases[i].most))
            fail_msg("%s: distance %g from an even distribution", cases[i].axis, distance);
        job_destroy(&j);
    }
}

/* As many as the range has: each once, whatever the sequence; a prefix is no sorted list. */
static void integers_of_one_key_are_all_different(void **state) {
    (void)state;
    enum { COUNT = 1000 };
    static const char *const sequences[] = {"random", "sobol"};
    for (int s = 0; s < 2; s++) {
        char sweep[256];
        bool seen[COUNT] = {false}, sorted = true;
        snprintf(sweep, sizeof sweep, "{x: {set: train.batch, integers: [11, %d], count: %d, sequence: %s}}",
                 10 + COUNT, COUNT, sequences[s]);
        job *j = load(sweep);
        for (int i = 0; i < COUNT; i++) {
            const double value = j->grid.axes[0].numbers[i];
            assert_true(value >= 11 && value <= 10 + COUNT && value == floor(value));
            assert_false(seen[(int)value - 11]);
            seen[(int)value - 11] = true;
            sorted = sorted && (i == 0 || value > j->grid.axes[0].numbers[i - 1]);
        }
        assert_false(sorted);
        job_destroy(&j);
    }
}

static void choices_of_several_keys_repeat_evenly(void **state) {
    (void)state;
    job *j = load_count("{x: {train.batch: {choice: [32, 64, 128]}, model.init: {choice: [pytorch, "
                        "he_normal]}, count: %d, sequence: sobol}}",
                        3 * MANY);
    int batches[3] = {0}, words[2] = {0};
    assert_int_equal(j->grid.auxiliary_count, 2);
    for (int i = 0; i < 3 * MANY; i++) {
        const double batch = j->grid.auxiliaries[0].numbers[i];
        assert_true(batch == 32 || batch == 64 || batch == 128);
        batches[batch == 32 ? 0 : batch == 64 ? 1 : 2]++;
        words[strcmp(j->grid.auxiliaries[1].labels[i], "he_normal") == 0]++;
    }
    for (int i = 0; i < 3; i++)
        assert_in_range(batches[i], MANY - 8, MANY + 8);
    for (int i = 0; i < 2; i++)
        assert_in_range(words[i], 3 * MANY / 2 - 8, 3 * MANY / 2 + 8);
    job_destroy(&j);
}

/* ---- What does not change them ----------------------------------------------------------------- */

static const char *const growing[] = {
    "{x: {set: optimizer.lr, uniform: [0, 1], count: %d}}",
    "{x: {set: optimizer.lr, log_uniform: [1e-3, 1], count: %d, sequence: sobol}}",
    "{x: {set: train.batch, integers: [1, 40], count: %d}}",
    "{x: {set: train.batch, integers: [1, 40], count: %d, sequence: sobol}}",
    "{x: {set: model.init, choice: [pytorch, he_normal, glorot_normal, glorot_uniform], count: %d}}",
    "{x: {set: [optimizer.lr, loss.l2], uniform: [[0, 1], [0, 1]], count: %d, sequence: sobol}}",
    "{x: {loss.l2: {uniform: [0, 1]}, model.init: {choice: [pytorch, he_normal]}, count: %d}}",
};

/* The first cells of a larger count have the specifications, and their random streams the names, of the
 * smaller one; the text of the part is that of the smaller job. */
static void a_larger_count_keeps_the_values(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof growing / sizeof growing[0]; i++) {
        error_info error = {0};
        char *canonical;
        job *small = load_count(growing[i], 2), *large = load_count(growing[i], 4);
        for (size_t cell = 0; cell < 2; cell++) {
            static training_spec a, b;
            job_cell_spec(small, cell, &a);
            job_cell_spec(large, cell, &b);
            if (memcmp(&a, &b, sizeof a) != 0)
                fail_msg("%s: cell %zu differs", growing[i], cell);
            assert_int_equal(grid_coordinates(&small->grid, cell), grid_coordinates(&large->grid, cell));
        }
        assert_int_equal(job_part_canonical(large, &small->grid, &canonical, &error), STATUS_OK);
        assert_string_equal(canonical, small->canonical);
        free(canonical);
        job_destroy(&small);
        job_destroy(&large);
    }
}

static void another_axis_changes_nothing(void **state) {
    (void)state;
    job *alone = load("{x: {set: optimizer.lr, uniform: [0, 1], count: 5}}");
    job *with = load("{y: {set: loss.l2, uniform: [0, 1], count: 2}, x: {set: optimizer.lr, uniform: [0, 1], "
                     "count: 5}, run: 3}");
    assert_memory_equal(alone->grid.axes[0].numbers, with->grid.axes[1].numbers,
                        5 * sizeof *alone->grid.axes[0].numbers);
    assert_true(with->grid.axes[0].numbers[0] != with->grid.axes[1].numbers[0]);
    job_destroy(&alone);
    job_destroy(&with);
}

/* Seed, name of the axis, key: each gives other values. */
static void what_names_the_values(void **state) {
    (void)state;
    job *j[] = {load("{x: {set: optimizer.lr, uniform: [0, 1], count: 1}}"),
                load("{y: {set: optimizer.lr, uniform: [0, 1], count: 1}}"),
                load("{x: {set: loss.l2, uniform: [0, 1], count: 1}}"),
                load("{x: {set: optimizer.lr, uniform: [0, 1], count: 1, sequence: sobol}}")};
    for (int a = 0; a < 4; a++)
        for (int b = 0; b < a; b++)
            assert_true(j[a]->grid.axes[0].numbers[0] != j[b]->grid.axes[0].numbers[0]);
    for (int i = 0; i < 4; i++)
        job_destroy(&j[i]);
}

/* A list of the values is the same job. */
static void a_drawn_axis_is_a_list_of_its_values(void **state) {
    (void)state;
    char list[512] = "{x: {set: optimizer.lr, values: [";
    job *drawn = load("{x: {set: optimizer.lr, log_uniform: [1e-3, 1], count: 4}}");
    for (size_t i = 0; i < 4; i++) {
        char text[64];
        grid_value_text(&drawn->grid.axes[0], i, text, sizeof text);
        strcat(strcat(list, i > 0 ? ", " : ""), text);
    }
    job *listed = load(strcat(list, "]}}"));
    assert_string_equal(drawn->canonical, listed->canonical);
    assert_true(job_axis_is_drawn(drawn, 0) && !job_axis_is_drawn(listed, 0));
    job_destroy(&drawn);
    job_destroy(&listed);
}

/* ---- Several keys ------------------------------------------------------------------------------ */

/* Each cell has the values that its auxiliary coordinates show. */
static void several_keys_are_set_together(void **state) {
    (void)state;
    static training_spec spec;
    job *j =
        load("{run: 2, x: {optimizer.lr: {log_uniform: [1e-3, 1]}, optimizer.kind: {choice: [sgd, adam]}, "
             "'model.layers[0].units': {integers: [4, 20]}, train.shuffle: {choice: [true, false]}, "
             "count: 50}}");
    const grid_auxiliary *a = j->grid.auxiliaries;
    int adams = 0;
    assert_int_equal(j->grid.auxiliary_count, 4);
    assert_int_equal(grid_cells(&j->grid), 100);
    for (size_t cell = 0; cell < 100; cell++) {
        const size_t draw = cell % 50;
        job_cell_spec(j, cell, &spec);
        const bool adam = strcmp(a[1].labels[draw], "adam") == 0;
        assert_true(j->grid.axes[1].numbers[draw] == (double)draw);
        assert_true(spec.optimizer.lr == a[0].numbers[draw]);
        assert_int_equal(spec.optimizer.kind, adam ? OPTIMIZER_ADAM : OPTIMIZER_SGD);
        assert_int_equal(spec.model.layers[0].units, a[2].numbers[draw]);
        assert_int_equal(spec.shuffle, strcmp(a[3].labels[draw], "true") == 0);
        adams += adam;
    }
    assert_in_range(adams, 10, 90);
    job_destroy(&j);
}

static void names_of_auxiliary_coordinates(void **state) {
    (void)state;
    job *j = load("{lr: {set: loss.entropy_weight, uniform: [1, 2], count: 2}, "
                  "x: {optimizer.lr: {uniform: [0, 1]}, 'model.layers[0].units': {integers: [1, 9]}, "
                  "'model.layers[2].l2': {uniform: [0, 1]}, loss.l2: {uniform: [0, 1]}, "
                  "'model.layers[1]': {choice: [relu, tanh]}, count: 2}}");
    static const char *const names[] = {"optimizer_lr", "units", "l2", "loss_l2", "layers_1"};
    for (int i = 0; i < 5; i++)
        assert_string_equal(j->grid.auxiliaries[i].name, names[i]);
    assert_string_equal(j->grid.auxiliaries[1].key, "model.layers[0].units");
    job_destroy(&j);
}

static void the_name_of_a_cell_has_the_values_of_its_draw(void **state) {
    (void)state;
    char text[256], expected[256];
    job *j = load("{run: 1, x: {train.batch: {integers: [1, 9]}, train.shuffle: {choice: [true, false]}, "
                  "count: 3}}");
    const grid_auxiliary *a = j->grid.auxiliaries;
    grid_cell_text(&j->grid, 2, text, sizeof text);
    snprintf(expected, sizeof expected, "run=0, x=2 (batch=%g, shuffle=%s)", a[0].numbers[2], a[1].labels[2]);
    assert_string_equal(text, expected);
    grid_cell_text(&j->grid, 2, text, 12); /* cut, not overrun */
    expected[11] = '\0';
    assert_string_equal(text, expected);
    job_destroy(&j);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_values_of_a_seed_never_change),
        cmocka_unit_test(numbers_are_drawn_evenly),
        cmocka_unit_test(integers_of_one_key_are_all_different),
        cmocka_unit_test(choices_of_several_keys_repeat_evenly),
        cmocka_unit_test(a_larger_count_keeps_the_values),
        cmocka_unit_test(another_axis_changes_nothing),
        cmocka_unit_test(what_names_the_values),
        cmocka_unit_test(a_drawn_axis_is_a_list_of_its_values),
        cmocka_unit_test(several_keys_are_set_together),
        cmocka_unit_test(names_of_auxiliary_coordinates),
        cmocka_unit_test(the_name_of_a_cell_has_the_values_of_its_draw),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
