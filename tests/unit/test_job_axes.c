/* Axes of a job: what each of their forms does to the specifications of cells, and jobs of the shape of the
 * experiments. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "array_files.h"
#include "group_directory.h"
#include "io/job/job.h"

static job *load(const char *text, const char *const settings[], int count) {
    error_info error = {0};
    job *j;
    const char *path = temporary_directory_write(&directory, "job.yaml", text, strlen(text));
    if (job_load(&j, path, settings, count, &error) != STATUS_OK)
        fail_msg("%s", error.text);
    return j;
}

static const char plain_job[] = "job: plain\n"
                                "data: {source: synthetic}\n"
                                "model: {layers: [dense: 12, relu, max_pool: 1, dense: 10]}\n"
                                "optimizer: {lr: 0.1}\n"
                                "train: {epochs: 1, batch: 8}\n"
                                "record: {train_loss: {every: 1 step}}\n";

/* ---- Every form of an axis --------------------------------------------------------------------- */

enum { MOST_VALUES = 4, MOST_SETTINGS = 3 };

/* The axis x, its values as text, and what to write in place of the axis for each of them. */
typedef struct form {
    const char *axis;
    const char *coordinates[MOST_VALUES];
    const char *written[MOST_VALUES][MOST_SETTINGS];
} form;

static const form forms[] = {
    {"{set: optimizer.lr, values: [1e-2, 0.5]}",
     {"0.01", "0.5"},
     {{"optimizer.lr=0.01"}, {"optimizer.lr=0.5"}}},
    {"{set: train.epochs, linspace: [1, 3, 3]}",
     {"1", "2", "3"},
     {{"train.epochs=1"}, {"train.epochs=2"}, {"train.epochs=3"}}},
    {"{set: 'model.layers[0].units', values: [5, 6]}",
     {"5", "6"},
     {{"model.layers[0]={dense: 5}"}, {"model.layers[0]={dense: 6}"}}},
    {"{set: 'model.layers[0].l2', values: [0, 0.5]}",
     {"0", "0.5"},
     {{"model.layers[0]={dense: {units: 12, l2: 0}}"}, {"model.layers[0]={dense: {units: 12, l2: 0.5}}"}}},
    {"{set: 'model.layers[2].kernel', values: [1, [2, 3]]}",
     {"1", "2_3"},
     {{"model.layers[2]={max_pool: 1}"}, {"model.layers[2]={max_pool: [2, 3]}"}}},
    {"{set: model.init, values: [he_normal, pytorch]}",
     {"he_normal", "pytorch"},
     {{"model.init=he_normal"}, {"model.init=pytorch"}}},
    {"{set: train.shuffle, values: [true, false]}",
     {"true", "false"},
     {{"train.shuffle=true"}, {"train.shuffle=false"}}},
    {"{set: train.batch, values: {small: 4, large: 64}}",
     {"small", "large"},
     {{"train.batch=4"}, {"train.batch=64"}}},
    {"{set: [train.epochs, train.batch], values: [[1, 8], [2, 1.6e1]]}",
     {"1_8", "2_16"},
     {{"train.epochs=1", "train.batch=8"}, {"train.epochs=2", "train.batch=16"}}},
    {"{set: [train.epochs], values: {once: [1], twice: {train.epochs: 2}}}",
     {"once", "twice"},
     {{"train.epochs=1"}, {"train.epochs=2"}}},
    {"{set: optimizer, values: {adam: {kind: adam, lr: 1}, sgd: {lr: 2, momentum: 0.5}}}",
     {"adam", "sgd"},
     {{"optimizer={kind: adam, lr: 1}"}, {"optimizer={lr: 2, momentum: 0.5}"}}},
    {"{set: model, values: {one: {layers: [dense: 10]}, two: {init: he_normal, layers: [dense: 3, dense: "
     "10]}}}",
     {"one", "two"},
     {{"model={layers: [dense: 10]}"}, {"model={init: he_normal, layers: [dense: 3, dense: 10]}"}}},
    {"{set: 'model.layers[1]', values: [relu, tanh, sigmoid]}",
     {"relu", "tanh", "sigmoid"},
     {{"model.layers[1]=relu"}, {"model.layers[1]=tanh"}, {"model.layers[1]=sigmoid"}}},
    {"{set: [model.init, model.init_scale], values: {narrow: {model.init: normal, model.init_scale: 0.5}, "
     "glorot: "
     "{model.init: glorot_normal}, wide: [uniform, 2]}}",
     {"narrow", "glorot", "wide"},
     {{"model.init=normal", "model.init_scale=0.5"},
      {"model.init=glorot_normal"},
      {"model.init=uniform", "model.init_scale=2"}}},
    {"{set: schedule, values: {none: {kind: constant}, steps: {kind: factors_at, steps: [5]}}}",
     {"none", "steps"},
     {{"schedule={kind: constant}"}, {"schedule={kind: factors_at, steps: [5]}"}}},
    {"{set: data.normalize.mean, values: {dark: [0.1, 0.2, 0.3], bright: [0.9, 0.8, 0.7]}}",
     {"dark", "bright"},
     {{"data.normalize.mean=[0.1, 0.2, 0.3]"}, {"data.normalize.mean=[0.9, 0.8, 0.7]"}}},
    {"{set: [loss.kind, loss.entropy_weight], values: {plain: {loss.kind: squared_error}, entropy: "
     "{loss.entropy_weight: 0.5}}}",
     {"plain", "entropy"},
     {{"loss.kind=squared_error"}, {"loss.entropy_weight=0.5"}}},
    /* a key whose default is none */
    {"{set: 'model.layers[0].l2', values: [none, 0.50]}",
     {"none", "0.5"},
     {{NULL}, {"model.layers[0]={dense: {units: 12, l2: 0.5}}"}}},
    {"{set: 'model.layers[0].l2', values: [1, ~]}",
     {"1", "none"},
     {{"model.layers[0]={dense: {units: 12, l2: 1}}"}, {"model.layers[0].l2=null"}}},
    {"{set: ['model.layers[0].l2'], values: {inherit: {}, own: {'model.layers[0].l2': 0.5}}}",
     {"inherit", "own"},
     {{NULL}, {"model.layers[0]={dense: {units: 12, l2: 0.5}}"}}},
    {"{set: ['model.layers[0].l2', loss.l2], values: [[null, 1], [0, 2]]}",
     {"none_1", "0_2"},
     {{"loss.l2=1"}, {"model.layers[0].l2=0", "loss.l2=2"}}},
    {"{set: train.batch, values: {none: 4, yes: 8, null: 16}}",
     {"none", "yes", "null"},
     {{"train.batch=4"}, {"train.batch=8"}, {"train.batch=16"}}},
};

static int count_of(const char *const texts[], int most) {
    int count = 0;
    while (count < most && texts[count] != NULL)
        count++;
    return count;
}

/* data.normalize needs both of its lists. */
static const char normalized[] = "data.normalize.std=[1, 1, 1]",
                  with_mean[] = "data.normalize.mean=[0, 0, 0]";

static job *load_form(const form *f, int value) {
    char axis[512];
    const char *settings[MOST_SETTINGS + 2] = {normalized, with_mean};
    snprintf(axis, sizeof axis, "sweep.x=%s", f->axis);
    if (value < 0) {
        settings[2] = axis;
        return load(plain_job, settings, 3);
    }
    int count = count_of(f->written[value], MOST_SETTINGS);
    memcpy(settings + 2, f->written[value], (size_t)count * sizeof *settings);
    return load(plain_job, settings, 2 + count);
}

/* A cell is trained like a job that has the axis value written in place of the axis. */
static void an_axis_value_is_as_a_written_one(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        const form *f = &forms[i];
        job *swept = load_form(f, -1);
        int count = count_of(f->coordinates, MOST_VALUES);
        assert_int_equal(grid_cells(&swept->grid), count);
        for (int value = 0; value < count; value++) {
            char text[64];
            training_spec spec;
            job *written = load_form(f, value);
            grid_value_text(&swept->grid.axes[0], (size_t)value, text, sizeof text);
            assert_string_equal(text, f->coordinates[value]);
            job_cell_spec(swept, (size_t)value, &spec);
            if (memcmp(&spec, &written->base, sizeof spec) != 0)
                fail_msg("%s: value %d differs from %s", f->axis, value, f->written[value][0]);
            job_destroy(&written);
        }
        job_destroy(&swept);
    }
}

/* A list or map of labels has room for as many as there may be combinations. */
static void an_axis_has_as_many_labels_as_combinations(void **state) {
    (void)state;
    enum { LABELS = 1024 };
    char *setting = malloc(LABELS * 32);
    assert_non_null(setting);
    size_t used = (size_t)sprintf(setting, "sweep.x={set: train.batch, values: {");
    for (int i = 0; i < LABELS; i++)
        used += (size_t)sprintf(setting + used, "label_%d: %d, ", i, i + 1);
    sprintf(setting + used, "}}");
    job *j = load(plain_job, (const char *const *)&setting, 1);
    assert_int_equal(grid_cells(&j->grid), LABELS);
    training_spec spec;
    job_cell_spec(j, LABELS - 1, &spec);
    assert_int_equal(spec.batch, LABELS);
    job_destroy(&j);
    free(setting);
}

/* Two axes of labels and two of numbers: each cell has one value of each. */
static void axes_combine(void **state) {
    (void)state;
    const char *settings[] = {
        "sweep.opt={set: optimizer.kind, values: [sgd, nesterov, adam]}",
        "sweep.lr={set: optimizer.lr, values: [1, 2]}",
        "sweep.model={set: model.layers, values: {a: [dense: 10], b: [tanh, dense: 10]}}",
        "sweep.batch={set: train.batch, values: [8, 9]}", "sweep.run=2"};
    job *j = load(plain_job, settings, 5);
    assert_int_equal(grid_cells(&j->grid), 48);
    for (size_t cell = 0; cell < 48; cell++) {
        static const optimizer_kind kinds[] = {OPTIMIZER_SGD, OPTIMIZER_NESTEROV, OPTIMIZER_ADAM};
        size_t index[GRID_MAX_AXES];
        training_spec spec;
        grid_cell_index(&j->grid, cell, index);
        job_cell_spec(j, cell, &spec);
        assert_int_equal(spec.optimizer.kind, kinds[index[0]]);
        assert_true(spec.optimizer.lr == 1 + (double)index[1]);
        assert_int_equal(spec.model.layer_count, 1 + index[2]);
        assert_int_equal(spec.batch, 8 + index[3]);
        assert_true((spec.optimizer.beta2 == 0.999) == (index[0] == 2));
    }
    job_destroy(&j);
}

static const char *const swept_model =
    "sweep.m={set: model.layers, values: {a: [dense: 10], b: [tanh, dense: 10]}}";

/* A key that an axis sets may be missing elsewhere; a value there does not matter. */
static void keys_of_axes_may_be_missing(void **state) {
    (void)state;
    const char *settings[] = {swept_model, "sweep.lr={set: optimizer.lr, values: [0.5, 1]}"};
    const char missing[] = "job: plain\n"
                           "data: {source: synthetic}\n"
                           "train: {epochs: 1, batch: 8}\n"
                           "record: {train_loss: {every: 1 step}}\n";
    job *with = load(plain_job, settings, 2), *without = load(missing, settings, 2);
    assert_string_equal(with->canonical, without->canonical);
    assert_true(without->base.optimizer.lr == 0.5);
    assert_int_equal(without->base.model.layer_count, 1);
    job_destroy(&with);
    job_destroy(&without);
}

static uint64_t digest_with(const char *setting) {
    job *j = load(plain_job, &setting, 1);
    uint64_t digest = j->digest;
    job_destroy(&j);
    return digest;
}

static void the_digest_covers_what_labels_stand_for(void **state) {
    (void)state;
    static const char *const others[] = {
        "sweep.m={set: model.layers, values: {a: [dense: 10], b: [relu, dense: 10]}}",
        "sweep.m={set: model.layers, values: {a: [dense: 10], c: [tanh, dense: 10]}}",
        "sweep.m={set: model.layers, values: {a: [dense: {units: 10, bias: false}], b: [tanh, dense: 10]}}",
        "sweep.m={set: model.layers, values: {b: [tanh, dense: 10], a: [dense: 10]}}",
    };
    uint64_t digest = digest_with(swept_model);
    assert_int_equal(digest,
                     digest_with("sweep.m={set: model.layers, values: {a: [dense: {units: 10, bias: true}], "
                                 "b: [tanh, dense: 10]}}"));
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_int_not_equal(digest, digest_with(others[i]));
}

/* The text of a job with fewer values, in another order, is that of such a job. */
static void canonical_text_of_a_part(void **state) {
    (void)state;
    static const char *const small[] = {
        "sweep={run: 2, m: {set: model.layers, values: {b: [dense: 10], a: [tanh, "
        "dense: 10]}}, rate: {set: optimizer.lr, values: [0.5, 0.1]}}"};
    static const char *const large[] = {"sweep={run: 3, m: {set: model.layers, values: {c: [relu, dense: "
                                        "10], a: [tanh, dense: 10], b: [dense: "
                                        "10]}}, rate: {set: optimizer.lr, values: [0.1, 0.2, 0.5]}}"};
    job *part = load(plain_job, small, 1), *whole = load(plain_job, large, 1);
    char *canonical;
    assert_int_equal(job_part_canonical(whole, &part->grid, &canonical, NULL), STATUS_OK);
    assert_string_equal(canonical, part->canonical);
    assert_string_not_equal(canonical, whole->canonical);
    free(canonical);
    job_destroy(&part);
    job_destroy(&whole);
}

static void canonical_text_has_the_keys_behind_labels(void **state) {
    (void)state;
    job *j = load(plain_job, &swept_model, 1);
    assert_non_null(strstr(j->canonical, "sweep.m.a.model.layers[0].bias = true\n"));
    assert_non_null(strstr(j->canonical, "sweep.m.b.model.layers[0].kind = tanh\n"));
    assert_non_null(strstr(j->canonical, "sweep.m.set = model.layers\nsweep.m.values = a, b\n"));
    assert_null(strstr(j->canonical, "\nmodel.layers"));
    job_destroy(&j);
}

/* ---- A start from files ------------------------------------------------------------------------ */

static void parameters_are_read_beside_the_job_file(void **state) {
    (void)state;
    static const float start[] = {1, 2, 3}, other[] = {1, 2, 4}, shift[] = {1, 0, -1, 0.5f, 0.25f, 0};
    const char *settings[] = {"model.init_file=start.npy", "model.shift_file=both.h5:/shift",
                              "model.shift_2=0.5", "sweep.a={set: model.shift_1, linspace: [-1, 1, 3]}"};
    write_npy(&directory, "start.npy", "<f4", "3", start, sizeof start);
    write_npy(&directory, "same.npy", "<f4", "3", start, sizeof start);
    write_npy(&directory, "other.npy", "<f4", "3", other, sizeof other);
    write_hdf5(temporary_directory_file(&directory, "both.h5"), "shift", H5T_NATIVE_FLOAT, 2,
               (hsize_t[]){2, 3}, shift);
    job *j = load(plain_job, settings, 4);
    training_spec spec;
    job_cell_spec(j, 2, &spec);
    assert_int_equal(spec.model.start.count, 3);
    assert_memory_equal(spec.model.start.values, start, sizeof start);
    assert_int_equal(spec.model.start.direction_count, 2);
    assert_memory_equal(spec.model.start.directions, shift, sizeof shift);
    assert_true(spec.model.start.shift[0] == 1 && spec.model.start.shift[1] == 0.5);
    settings[0] = "model.init_file=same.npy";
    job *same = load(plain_job, settings, 4);
    assert_int_equal(same->digest, j->digest);
    settings[0] = "model.init_file=other.npy";
    job *different = load(plain_job, settings, 4);
    assert_int_not_equal(different->digest, j->digest);
    job_destroy(&j);
    job_destroy(&same);
    job_destroy(&different);
}

static void a_start_can_be_an_axis(void **state) {
    (void)state;
    static const float numbers[] = {1, 2, 3, 4};
    const char *axis = "sweep.start={set: model.init_file, values: {long: four.npy, short: two.npy}}";
    write_npy(&directory, "four.npy", "<f4", "4", numbers, sizeof numbers);
    write_npy(&directory, "two.npy", "<f4", "2", numbers, sizeof numbers / 2);
    job *j = load(plain_job, &axis, 1);
    for (size_t cell = 0; cell < 2; cell++) {
        training_spec spec;
        job_cell_spec(j, cell, &spec);
        assert_int_equal(spec.model.start.count, cell == 0 ? 4 : 2);
        assert_memory_equal(spec.model.start.values, numbers, spec.model.start.count * sizeof *numbers);
    }
    job_destroy(&j);
}

/* ---- Jobs of the shape of the experiments ------------------------------------------------------ */

#define CIFAR10                                                                                              \
    {                                                                                                        \
        .shape = {3, 32, 32}, .classes = 10, .train.count = 45000, .validation.count = 5000,                 \
        .test.count = 10000                                                                                  \
    }
#define MNIST                                                                                                \
    {                                                                                                        \
        .shape = {1, 28, 28}, .classes = 10, .train.count = 48000, .validation.count = 12000,                \
        .test.count = 10000                                                                                  \
    }
#define POINTS(features, labels, numbers)                                                                    \
    {                                                                                                        \
        .shape = {(features), 1, 1}, .classes = (labels), .target_count = (numbers), .train.count = 1000,    \
        .validation.count = 100, .test.count = 100                                                           \
    }

typedef struct experiment {
    const char *name;
    dataset data; /* described, as a reader of files would */
    size_t cells;
    const char *text;
} experiment;

#define LENET                                                                                                \
    "[conv: {filters: 6, kernel: 5}, tanh, avg_pool: 2, conv: {filters: 16, kernel: 5}, tanh, avg_pool: 2, " \
    "dense: 120, tanh, dense: 84, tanh, dense: 10, softmax]"

#define BATCH_NORM "batch_norm: {momentum: 0.99, epsilon: 1e-3}"

/* The same with something after every pooling and every hidden dense layer. */
#define LENET_WITH(layers)                                                                                   \
    "conv: {filters: 6, kernel: 5}, tanh, avg_pool: 2, " layers ", conv: {filters: 16, kernel: 5}, tanh, "   \
    "avg_pool: 2, " layers ", dense: 120, tanh, " layers ", dense: 84, tanh, " layers ", dense: 10, softmax"

static const experiment experiments[] = {
    {"E3", POINTS(2, 2, 0), 200,
     "data: {source: xor, train_count: 1000, validation_count: 100, test_count: 100, spread: 0.4}\n"
     "loss: {kind: squared_error, over_outputs: sum, over_samples: sum}\n"
     "model: {init: normal, init_scale: 1, bias_init: constant, bias_init_scale: 0}\n"
     "optimizer: {kind: sgd, lr: 1e-3}\n"
     "train: {epochs: 100, shuffle: false}\n"
     "record:\n"
     "  train_loss: {every: 1 epoch}\n"
     "  validation_accuracy: {every: end}\n"
     "  grid_output: {every: end, from: -3, to: 3, points: 50}\n"
     "sweep:\n"
     "  activation:\n"
     "    set: [model.layers, train.batch]\n"
     "    values:\n"
     "      sigmoid: [[dense: 4, sigmoid, dense: 1, sigmoid], 1000]\n"
     "      relu: [[dense: 4, relu, dense: 1, relu], 1]\n"
     "  run: 100\n"},
    {"E5", CIFAR10, 10,
     "data:\n"
     "  source: cifar10\n"
     "  normalize: {mean: [0.4914, 0.4822, 0.4465], std: [0.247, 0.243, 0.261]}\n"
     "  validation: {fraction: 0.1, kind: stratified}\n"
     "optimizer: {kind: adam, lr: 1e-3}\n"
     "train: {epochs: 15, batch: 50}\n"
     "record:\n"
     "  train_loss: {every: 10 steps}\n"
     "  train_accuracy: {every: 10 steps}\n"
     "  validation_accuracy: {every: 10 steps}\n"
     "  test_accuracy: {every: end}\n"
     "  weights: {every: end, layers: [0]}\n"
     "sweep:\n"
     "  model:\n"
     "    set: model.layers\n"
     "    values:\n"
     "      mlp1: [dense: 32, relu, dense: 10]\n"
     "      mlp2: [dense: 32, relu, dense: {units: 64, bias: false}, dense: 10]\n"
     "      cnn3: [conv: {filters: 16, kernel: 3}, relu, conv: {filters: 8, kernel: 5}, relu, max_pool: 2,\n"
     "             conv: {filters: 16, kernel: 7}, max_pool: 2, dense: 10]\n"
     "      cnn4: [conv: {filters: 16, kernel: 3}, relu, conv: {filters: 8, kernel: 3}, relu,\n"
     "             conv: {filters: 16, kernel: 5}, relu, max_pool: 2, conv: {filters: 16, kernel: 5}, relu,\n"
     "             max_pool: 2, dense: 10]\n"
     "      cnn5: [conv: {filters: 8, kernel: 3}, relu, conv: {filters: 16, kernel: 3}, relu,\n"
     "             conv: {filters: 8, kernel: 3}, relu, conv: {filters: 16, kernel: 3}, relu, max_pool: 2,\n"
     "             conv: {filters: 16, kernel: 3}, relu, conv: {filters: 8, kernel: 3}, relu, max_pool: 2, "
     "dense: 10]\n"
     "  run: 2\n"},
    {"E9", MNIST, 1,
     "data: {source: fashion_mnist, normalize: {divide: 255, offset: -0.5}}\n"
     "loss: {kind: binary_cross_entropy, over_outputs: sum}\n"
     "model:\n"
     "  init: pytorch\n"
     "  bias_init: constant\n"
     "  bias_init_scale: 0.01\n"
     "  layers: [dense: 10, relu, dense: 10, relu, dense: 10, relu, dense: 10, softmax]\n"
     "optimizer: {kind: sgd, lr: 0.01}\n"
     "train: {epochs: 20, batch: 100}\n"
     "record: {parameters: {every: 1 epoch}, train_set_loss: {every: 1 epoch}}\n"},
    {"E10", MNIST, 24,
     "data: {source: fashion_mnist, validation: {fraction: 0.2, kind: random}}\n"
     "model: {init: glorot_uniform}\n"
     "optimizer: {kind: sgd, lr: 0.05}\n"
     "record: {train_loss: {every: 1 epoch}, validation_accuracy: {every: 1 epoch}}\n"
     "sweep:\n"
     "  hidden:\n"
     "    set: model.layers\n"
     "    values:\n"
     "      3x30: [dense: {units: 30, l2: 1e-3}, relu, dense: {units: 30, l2: 1e-3}, relu,\n"
     "             dense: {units: 30, l2: 1e-3}, relu, dense: 10]\n"
     "      3x40: [dense: {units: 40, l2: 1e-3}, relu, dense: {units: 40, l2: 1e-3}, relu,\n"
     "             dense: {units: 40, l2: 1e-3}, relu, dense: 10]\n"
     "      4x30: [dense: {units: 30, l2: 1e-3}, relu, dense: {units: 30, l2: 1e-3}, relu,\n"
     "             dense: {units: 30, l2: 1e-3}, relu, dense: {units: 30, l2: 1e-3}, relu, dense: 10]\n"
     "      4x40: [dense: {units: 40, l2: 1e-3}, relu, dense: {units: 40, l2: 1e-3}, relu,\n"
     "             dense: {units: 40, l2: 1e-3}, relu, dense: {units: 40, l2: 1e-3}, relu, dense: 10]\n"
     "      5x30: [dense: {units: 30, l2: 1e-3}, relu, dense: {units: 30, l2: 1e-3}, relu, dense: {units: "
     "30, l2: 1e-3},\n"
     "             relu, dense: {units: 30, l2: 1e-3}, relu, dense: {units: 30, l2: 1e-3}, relu, dense: 10]\n"
     "      5x40: [dense: {units: 40, l2: 1e-3}, relu, dense: {units: 40, l2: 1e-3}, relu, dense: {units: "
     "40, l2: 1e-3},\n"
     "             relu, dense: {units: 40, l2: 1e-3}, relu, dense: {units: 40, l2: 1e-3}, relu, dense: 10]\n"
     "  batch: {set: train.batch, values: [64, 128]}\n"
     "  epochs: {set: train.epochs, values: [20, 40]}\n"},
    {"E12c", CIFAR10, 36,
     "data: {source: cifar10, normalize: {per_feature: true}, validation: {fraction: 0.1}}\n"
     "model: {init: normal, init_scale: 0.01, layers: [dense: 10]}\n"
     "optimizer: {kind: sgd}\n"
     "train: {epochs: 40}\n"
     "record: {train_set_cost: {every: 1 epoch}, validation_accuracy: {every: 1 epoch}, weights: {every: "
     "end, layers: [0]}}\n"
     "sweep:\n"
     "  lr: {set: optimizer.lr, values: [0.001, 0.005, 0.01]}\n"
     "  l2: {set: loss.l2, values: [0, 0.001, 0.1, 1]}\n"
     "  batch: {set: train.batch, values: [50, 100, 200]}\n"},
    {"E12bd", CIFAR10, 4,
     "data: {source: cifar10, normalize: {per_feature: true}}\n"
     "model: {init: normal, init_scale: 0.01, layers: [dense: 10]}\n"
     "loss: {l2: 0.001}\n"
     "optimizer: {kind: sgd, lr: 0.001}\n"
     "train: {epochs: 40, batch: 100}\n"
     "record: {test_accuracy: {every: 1 epoch}, learning_rate: {every: 1 epoch}}\n"
     "sweep:\n"
     "  mirror: {set: data.mirror, values: [0, 0.5]}\n"
     "  schedule: {set: schedule, values: {constant: {kind: constant}, decay: {kind: step_decay, every: "
     "10}}}\n"},
    {"E13", CIFAR10, 2,
     "data: {source: cifar10, normalize: {per_feature: true}}\n"
     "model: {init: normal, init_scale: 0.01}\n"
     "train: {epochs: 40, batch: 100}\n"
     "record: {test_accuracy: {every: end}, test_probability: {every: end}, test_prediction: {every: end}}\n"
     "sweep:\n"
     "  loss:\n"
     "    set: [loss, model.layers, optimizer.lr]\n"
     "    values:\n"
     "      cross_entropy: [{kind: cross_entropy, l2: 0.001}, [dense: 10], 0.001]\n"
     "      one_vs_rest: [{kind: binary_cross_entropy, over_outputs: mean, l2: 0.001}, [dense: 10, sigmoid], "
     "0.01]\n"},
    {"E14", MNIST, 1,
     "data: {source: mnist, border: 4, per_class: 500, normalize: {divide: 255}}\n"
     "loss: {kind: binary_cross_entropy, over_outputs: sum, l2: 1e-4}\n"
     "model: {init: uniform, init_scale: 0.125, layers: [dense: 20, scaled_sigmoid, dense: 20, "
     "scaled_sigmoid,\n"
     "        dense: 10, scaled_sigmoid]}\n"
     "optimizer: {kind: truncated_newton}\n"
     "train: {epochs: 250}\n"
     "record: {train_cost: {every: 1 epoch}, train_set_accuracy: {every: end}}\n"},
    {"E15", MNIST, 80,
     "data: {source: mnist}\n"
     "model:\n"
     "  layers: [dense: 100, dense: 100, tanh, dense: 100, tanh, dense: 100, tanh, dense: 100, tanh, dense: "
     "100,\n"
     "           tanh, dense: 10, softmax]\n"
     "optimizer: {kind: rmsprop, lr: 1e-3, rho: 0.9, epsilon: 1e-7, epsilon_style: keras}\n"
     "train: {epochs: 1, batch: 32}\n"
     "record:\n"
     "  train_loss: {every: 1 epoch}\n"
     "  train_accuracy: {every: 1 epoch}\n"
     "  test_gradient: {every: end, layers: [1, 3, 5, 7, 9], stride: 20}\n"
     "sweep:\n"
     "  activation:\n"
     "    set: ['model.layers[2]', 'model.layers[4]', 'model.layers[6]', 'model.layers[8]', "
     "'model.layers[10]']\n"
     "    values: [[tanh, tanh, tanh, tanh, tanh], [sigmoid, sigmoid, sigmoid, sigmoid, sigmoid]]\n"
     "  init:\n"
     "    set: [model.init, model.init_scale]\n"
     "    values:\n"
     "      normal_0.01: [normal, 0.01]\n"
     "      normal_0.1: [normal, 0.1]\n"
     "      normal_0.8: [normal, 0.8]\n"
     "      glorot_normal: {model.init: glorot_normal}\n"
     "  run: 10\n"},
    {"E16", POINTS(1, 0, 1), 2000,
     "data: {source: absolute_value, train_count: 3000, test_count: 750, spread: 7, per_cell: true}\n"
     "loss: {kind: squared_error}\n"
     "model: {init: glorot_uniform}\n"
     "optimizer: {kind: rmsprop, lr: 1e-3, rho: 0.9, epsilon: 1e-7, epsilon_style: keras}\n"
     "train: {epochs: 1, batch: 64}\n"
     "record: {test_prediction: {every: end}}\n"
     "sweep:\n"
     "  run: 1000\n"
     "  net:\n"
     "    set: model.layers\n"
     "    values:\n"
     "      relu: [dense: 2, relu, dense: 2, relu, dense: 1, relu]\n"
     "      leaky: [dense: 2, leaky_relu: 0.01, dense: 2, leaky_relu: 0.01, dense: 1]\n"},
    {"E17", MNIST, 4,
     "data: {source: mnist}\n"
     "model: {init: glorot_uniform}\n"
     "optimizer: {kind: sgd, lr: 0.01}\n"
     "train: {epochs: 10, batch: 128}\n"
     "record:\n"
     "  train_loss: {every: 1 epoch}\n"
     "  test_loss: {every: 1 epoch}\n"
     "  test_accuracy: {every: 1 epoch}\n"
     "sweep:\n"
     "  insert:\n"
     "    set: model.layers\n"
     "    values:\n"
     "      hidden: [" LENET_WITH(
         BATCH_NORM) "]\n"
                     "      all: [" BATCH_NORM
                     ", " LENET_WITH(BATCH_NORM) "]\n"
                                                 "      dropout: [dropout: 0.2, " LENET_WITH(
                                                     "dropout: 0.5") "]\n"
                                                                     "      both: [" BATCH_NORM
                                                                     ", dropout: 0.2, " LENET_WITH(
                                                                         BATCH_NORM ", dropout: 0.5") "]\n"},
    {"E18", MNIST, 1,
     "data: {source: fashion_mnist}\n"
     "model: {init: glorot_uniform, layers: " LENET "}\n"
     "schedule: {kind: sequence, every: 5, rates: [1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.1, 1, "
     "10]}\n"
     "optimizer: {kind: sgd}\n"
     "train: {epochs: 55, batch: 64}\n"
     "record: {train_loss: {every: 1 epoch}, learning_rate: {every: 1 epoch}}\n"},
    {"E19", MNIST, 3,
     "data: {source: fashion_mnist}\n"
     "model: {init: glorot_uniform, layers: " LENET "}\n"
     "schedule: {kind: cyclical, base: 1e-5, max: 0.1, half_cycle: 2000}\n"
     "optimizer: {kind: sgd}\n"
     "train: {epochs: 50, batch: 64}\n"
     "record: {train_accuracy: {every: 1 epoch}, test_accuracy: {every: 1 epoch}, learning_rate: {every: 100 "
     "steps}}\n"
     "sweep: {policy: {set: schedule.policy, values: [triangular, triangular2, exp_range]}}\n"},
    {"E20", MNIST, 8,
     "data: {source: fashion_mnist}\n"
     "model: {init: glorot_uniform, layers: " LENET "}\n"
     "optimizer: {kind: sgd, lr: 0.1}\n"
     "train: {epochs: 10}\n"
     "record: {train_loss: {every: 1 epoch}}\n"
     "sweep: {batch: {set: train.batch, values: [32, 64, 128, 256, 512, 1024, 2048, 4096]}}\n"},
};

static void experiments_can_be_written(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof experiments / sizeof experiments[0]; i++) {
        const experiment *e = &experiments[i];
        char text[8192];
        error_info error = {0};
        training_plan plan;
        record_layout layout;
        snprintf(text, sizeof text, "job: %s\n%s", e->name, e->text);
        job *j = load(text, NULL, 0);
        assert_int_equal(grid_cells(&j->grid), e->cells);
        if (job_check(j, &e->data, &plan, &error) != STATUS_OK ||
            job_layout(j, &e->data, &layout, &error) != STATUS_OK)
            fail_msg("%s: %s", e->name, error.text);
        job_destroy(&j);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_axis_value_is_as_a_written_one),
        cmocka_unit_test(an_axis_has_as_many_labels_as_combinations),
        cmocka_unit_test(axes_combine),
        cmocka_unit_test(keys_of_axes_may_be_missing),
        cmocka_unit_test(the_digest_covers_what_labels_stand_for),
        cmocka_unit_test(canonical_text_of_a_part),
        cmocka_unit_test(canonical_text_has_the_keys_behind_labels),
        cmocka_unit_test(parameters_are_read_beside_the_job_file),
        cmocka_unit_test(a_start_can_be_an_axis),
        cmocka_unit_test(experiments_can_be_written),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
