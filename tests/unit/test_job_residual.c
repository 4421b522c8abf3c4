/* Residual blocks in job files: what is within them, and keys, axes and errors that name it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "group_directory.h"
#include "io/job/job.h"
#include "io/job/keys.h"

#define START                                                                                                \
    "job: blocks\n"                                                                                          \
    "data: {source: synthetic, train_count: 40, test_count: 20, channels: 1, height: 1, width: 5}\n"         \
    "optimizer: {kind: sgd, lr: 0.1}\n"                                                                      \
    "train: {epochs: 1, batch: 8}\n"
#define RECORD "record: {test_accuracy: {every: 1 epoch}}\n"

static const char blocks[] = START RECORD "model:\n"
                                          "  layers:\n"
                                          "    - dense: 5\n"
                                          "    - residual:\n"
                                          "        shortcut: {dense: {units: 6}}\n"
                                          "        layers: [dense: 7, residual: [dense: 7, tanh], dense: 6]\n"
                                          "    - residual: {layers: [dense: 6], shortcut: [dense: 6, relu]}\n"
                                          "    - dense: 10\n";

static status load(job **j, error_info *error, const char *text, const char *const settings[], int count) {
    const char *path = temporary_directory_write(&directory, "job.yaml", text, strlen(text));
    return job_load(j, path, settings, count, error);
}

static job *load_good(const char *text, const char *setting) {
    error_info error = {0};
    job *j;
    if (load(&j, &error, text, &setting, setting != NULL) != STATUS_OK)
        fail_msg("%s", error.text);
    return j;
}

static void assert_refused(const char *text, const char *setting, const char *expected) {
    error_info error = {0};
    job *j = NULL;
    assert_int_equal(load(&j, &error, text, &setting, setting != NULL), STATUS_USAGE);
    if (strstr(error.text, expected) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", error.text, expected);
}

static void they_are_stored_in_a_row(void **state) {
    (void)state;
    static const struct {
        layer_kind kind;
        int units, inner, shortcut;
        const char *name;
    } expected[] = {{LAYER_DENSE, 5, 0, 0, "0"},
                    {LAYER_RESIDUAL, 0, 5, 1, "1"},
                    {LAYER_DENSE, 7, 0, 0, "1.0"},
                    {LAYER_RESIDUAL, 0, 2, 0, "1.1"},
                    {LAYER_DENSE, 7, 0, 0, "1.1.0"},
                    {LAYER_TANH, 0, 0, 0, "1.1.1"},
                    {LAYER_DENSE, 6, 0, 0, "1.2"},
                    {LAYER_DENSE, 6, 0, 0, "1.shortcut.0"},
                    {LAYER_RESIDUAL, 0, 1, 2, "2"},
                    {LAYER_DENSE, 6, 0, 0, "2.0"},
                    {LAYER_DENSE, 6, 0, 0, "2.shortcut.0"},
                    {LAYER_RELU, 0, 0, 0, "2.shortcut.1"},
                    {LAYER_DENSE, 10, 0, 0, "3"}};
    const int count = sizeof expected / sizeof *expected;
    job *j = load_good(blocks, NULL);
    const model_spec *model = &j->base.model;
    assert_int_equal(model->layer_count, count);
    for (int i = 0; i < count; i++) {
        assert_int_equal(model->layers[i].kind, expected[i].kind);
        assert_int_equal(model->layers[i].units, expected[i].units);
        assert_int_equal(model->layers[i].inner, expected[i].inner);
        assert_int_equal(model->layers[i].shortcut, expected[i].shortcut);
        assert_string_equal(layer_name_of(model, i).text, expected[i].name);
    }
    assert_non_null(strstr(j->canonical, "\nmodel.layers[1.1.0].units = 7\n"));
    assert_non_null(strstr(j->canonical, "\nmodel.layers[1.shortcut.0].kind = dense\n"));
    assert_non_null(strstr(j->canonical, "\nmodel.layers[1].kind = residual\n"));
    job_destroy(&j);
}

static void settings_name_what_is_within(void **state) {
    (void)state;
    static const struct {
        const char *setting, *line;
    } settings[] = {
        {"model.layers[1.1.0].units=9", "\nmodel.layers[1.1.0].units = 9\n"},
        {"model.layers[1.shortcut.0].units=9", "\nmodel.layers[1.shortcut.0].units = 9\n"},
        {"model.layers[2.shortcut.1]=elu", "\nmodel.layers[2.shortcut.1].kind = elu\n"},
        {"model.layers[1.1]={dense: {units: 8}}", "\nmodel.layers[1.1].units = 8\n"},
        {"model.layers[1.1].layers=[dense: 4]", "\nmodel.layers[1.1.0].units = 4\n"},
        {"model.layers[1].shortcut=[dense: 6, tanh]", "\nmodel.layers[1.shortcut.1].kind = tanh\n"},
    };
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        job *j = load_good(blocks, settings[i].setting);
        if (strstr(j->canonical, settings[i].line) == NULL)
            fail_msg("%s: no line%sin\n%s", settings[i].setting, settings[i].line, j->canonical);
        job_destroy(&j);
    }
}

static void wrong_names_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *setting, *expected;
    } settings[] = {
        {"model.layers[1.3].units=9", "model.layers[1.3].units: there is no such key of a layer"},
        {"model.layers[0.0]=relu", "model.layers[0.0]: there is no such layer"},
        {"model.layers[1.shortcut.1].units=9", "there is no such key of a layer"},
        {"model.layers[2].layers=relu",
         "model.layers[2].layers: 'relu'; accepted: a list of 1 to 128 layers"},
        {"model.layers[2.0]=cnov", "cnov: unknown key"},
        {"model.layers[2].shortcut=[dense: {units: 6, bais: false}]",
         "bais: unknown key; accepted: units, bias"},
        {"model.layers[2.0]={residual: [{residual: [{residual: [relu]}]}]}", "too deep"},
        {"model.layers[2]={residual: {shortcut: identity}}", "model.layers[2].layers: missing"},
        {"record={weights: {every: end, layers: [1.x]}}",
         "record.weights.layers: '1.x'; accepted: a list of"},
    };
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
        assert_refused(blocks, settings[i].setting, settings[i].expected);
}

/* Axes that change how many layers there are before the one whose number another axis sets. */
static void axes_set_the_layer_that_they_name(void **state) {
    (void)state;
    static const char text[] = START RECORD
        "model: {layers: [dense: 5, relu, residual: [dense: 5, dense: 5], dense: 10]}\n"
        "sweep:\n"
        "  block: {set: 'model.layers[1]', values: {none: relu, one: {residual: [tanh, dense: 5]}}}\n"
        "  units: {set: 'model.layers[2.0].units', values: [3, 4]}\n";
    job *j = load_good(text, NULL);
    for (size_t cell = 0; cell < 4; cell++) {
        training_spec spec;
        const int at = cell < 2 ? 3 : 5, units = cell % 2 == 0 ? 3 : 4;
        job_cell_spec(j, cell, &spec);
        assert_string_equal(layer_name_of(&spec.model, at).text, "2.0");
        assert_int_equal(spec.model.layers[at].units, units);
        assert_int_equal(spec.model.layers[at + 1].units, 5);
    }
    assert_null(strstr(j->canonical, "\nmodel.layers[1].kind"));
    assert_null(strstr(j->canonical, "\nmodel.layers[2.0].units"));
    assert_non_null(strstr(j->canonical, "\nmodel.layers[2.1].units = 5\n"));
    job_destroy(&j);
}

/* The job's text must not have what an axis sets, also where that is named by what it is in. */
static void what_an_axis_sets_is_not_the_job_s(void **state) {
    (void)state;
    static const char *const axes[] = {
        "sweep: {b: {set: 'model.layers[1]', values: {a: {residual: [dense: 5]}, b: {residual: [relu, "
        "tanh]}}}}\n",
        "sweep: {b: {set: 'model.layers[1].layers', values: {a: [dense: 5], b: [relu, tanh]}}}\n"};
    for (size_t i = 0; i < sizeof axes / sizeof *axes; i++) {
        char text[1024];
        snprintf(text, sizeof text, "%s%s%s", START RECORD, axes[i],
                 "model: {layers: [dense: 5, residual: {layers: [relu], shortcut: tanh}, dense: 10]}\n");
        job *j = load_good(text, NULL);
        assert_null(strstr(j->canonical, "\nmodel.layers[1.0]."));
        if (i == 1)
            assert_non_null(strstr(j->canonical, "\nmodel.layers[1.shortcut.0].kind = tanh\n"));
        else
            assert_null(strstr(j->canonical, "\nmodel.layers[1."));
        job_destroy(&j);
    }
    assert_refused(START RECORD "model: {layers: [dense: 5, residual: [dense: 5], dense: 10]}\n"
                                "sweep: {a: {set: 'model.layers[1]', values: {r: relu}},\n"
                                "  b: {set: 'model.layers[1.0].units', values: [5]}}\n",
                   NULL, "axis a sets model.layers[1] already");
}

static void keys_have_last_words(void **state) {
    (void)state;
    static const struct {
        const char *key, *word;
    } keys[] = {{"optimizer.lr", "lr"},
                {"loss", "loss"},
                {"data.normalize.divide", "divide"},
                {"model.layers[2]", "layers[2]"},
                {"model.layers[3.0]", "layers[3.0]"},
                {"model.layers[2].units", "units"},
                {"model.layers[3.shortcut.0].units", "units"}};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        assert_string_equal(job_key_last_word(keys[i].key), keys[i].word);
}

static void there_is_a_most(void **state) {
    (void)state;
    char text[8192] = START RECORD "model:\n  layers:\n    - dense: 10\n    - residual:\n        layers:\n";
    for (int i = 0; i < 126; i++)
        strcat(text, "          - relu\n");
    job *j = load_good(text, NULL);
    assert_int_equal(j->base.model.layer_count, ENGINE_MAX_LAYERS);
    job_destroy(&j);
    char more[8192];
    snprintf(more, sizeof more, "%s    - relu\n", text);
    assert_refused(more, NULL, "model.layers[2]: one layer too many; accepted: up to 128 in all");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(they_are_stored_in_a_row),
        cmocka_unit_test(settings_name_what_is_within),
        cmocka_unit_test(wrong_names_are_refused),

        cmocka_unit_test(axes_set_the_layer_that_they_name),
        cmocka_unit_test(what_an_axis_sets_is_not_the_job_s),
        cmocka_unit_test(keys_have_last_words),
        cmocka_unit_test(there_is_a_most),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
