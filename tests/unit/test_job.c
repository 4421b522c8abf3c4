/* Good job files: every key is stored where it belongs, and the canonical text has what affects results. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "array_files.h"
#include "base/random.h"
#include "group_directory.h"
#include "io/data/dataset_reader.h"
#include "io/job/job.h"
#include "io/option/option.h"

static job *load_file(const char *path, const char *const settings[], int count) {
    error_info error = {0};
    job *j;
    if (job_load(&j, path, settings, count, &error) != STATUS_OK)
        fail_msg("%s", error.text);
    return j;
}

static job *load(const char *text) {
    return load_file(temporary_directory_write(&directory, "job.yaml", text, strlen(text)), NULL, 0);
}

static job *load_with(const char *text, const char *const settings[], int count) {
    return load_file(temporary_directory_write(&directory, "job.yaml", text, strlen(text)), settings, count);
}

static const char full_job[] = "job: full_1\n"
                               "title: \"Every key: not its default\"\n"
                               "seed: 4294967295\n"
                               "data:\n"
                               "  source: synthetic\n"
                               "  channels: 2\n"
                               "  height: 20\n"
                               "  width: 24\n"
                               "  classes: 4\n"
                               "  train_count: 300\n"
                               "  test_count: 70\n"
                               "  normalize: {mean: [0.5, -1e-1], std: [0.25, 2]}\n"
                               "model:\n"
                               "  init: pytorch\n"
                               "  layers:\n"
                               "    - conv: {filters: 5, kernel: [3, 2], padding: [1, 0], stride: [2, 1]}\n"
                               "    - relu\n"
                               "    - max_pool: {kernel: [2, 3], stride: 1}\n"
                               "    - max_pool: [2, 1]\n"
                               "    - flatten: {}\n"
                               "    - dense: {units: 7}\n"
                               "    - dense: 4\n"
                               "loss: {kind: cross_entropy, entropy_weight: -0.5}\n"
                               "optimizer: {kind: sgd, lr: .125, momentum: 1}\n"
                               "train: {epochs: 6, batch: 1e2}\n"
                               "record:\n"
                               "  test_accuracy: {every: 2 epochs}\n"
                               "  test_loss: {every: 1 epoch}\n"
                               "  train_accuracy: {every: 10 steps}\n"
                               "  train_loss: {every: 1 step}\n"
                               "sweep:\n"
                               "  momentum: {set: optimizer.momentum, values: [0.9, 0, 1]}\n"
                               "  run: 2\n"
                               "  paired: true\n"
                               "  lr: {set: optimizer.lr, logspace: [1e-4, 1, 5]}\n"
                               "  batch: {set: train.batch, linspace: [10, 30, 3]}\n";

static const char minimal_job[] = "job: minimal\n"
                                  "data: {source: synthetic}\n"
                                  "model: {layers: [dense: 10]}\n"
                                  "optimizer: {lr: 0.1}\n"
                                  "train: {epochs: 1, batch: 8}\n"
                                  "record: {test_accuracy: {every: 1 epoch}}\n";

static void every_key_is_stored(void **state) {
    (void)state;
    job *j = load(full_job);
    assert_string_equal(j->name, "full_1");
    assert_string_equal(j->title, "Every key: not its default");
    assert_string_equal(j->text, full_job);
    assert_int_equal(j->seed, UINT32_MAX);
    assert_int_equal(j->data.source, DATA_SYNTHETIC);
    const synthetic_spec *s = &j->data.synthetic;
    assert_int_equal(s->shape.channels, 2);
    assert_int_equal(s->shape.height, 20);
    assert_int_equal(s->shape.width, 24);
    assert_int_equal(s->classes, 4);
    assert_int_equal(s->train_count, 300);
    assert_int_equal(s->test_count, 70);
    assert_int_equal(j->base.normalize.channels, 2);
    assert_true(j->base.normalize.mean[0] == 0.5 && j->base.normalize.mean[1] == -0.1);
    assert_true(j->base.normalize.std[0] == 0.25 && j->base.normalize.std[1] == 2);
    assert_int_equal(j->base.model.init.weights.kind, INIT_PYTORCH);
    assert_int_equal(j->base.loss.kind, LOSS_CROSS_ENTROPY);
    assert_true(j->base.loss.entropy_weight == -0.5);
    assert_int_equal(j->base.optimizer.kind, OPTIMIZER_SGD);
    assert_true(j->base.optimizer.lr == 0.125);
    assert_true(j->base.optimizer.momentum == 1);
    assert_int_equal(j->base.epochs, 6);
    assert_int_equal(j->base.batch, 100);
    assert_true(j->grid.paired);
    job_destroy(&j);
}

static void layers_are_stored(void **state) {
    (void)state;
    static const layer_spec expected[] = {
        {.kind = LAYER_CONV,
         .filters = 5,
         .kernel_height = 3,
         .kernel_width = 2,
         .stride_height = 2,
         .stride_width = 1,
         .padding_height = 1,
         .dilation_height = 1,
         .dilation_width = 1,
         .bias = true,
         .groups = 1},
        {.kind = LAYER_RELU},
        {.kind = LAYER_MAX_POOL,
         .kernel_height = 2,
         .kernel_width = 3,
         .stride_height = 1,
         .stride_width = 1},
        {.kind = LAYER_MAX_POOL,
         .kernel_height = 2,
         .kernel_width = 1,
         .stride_height = 2,
         .stride_width = 1},
        {.kind = LAYER_FLATTEN},
        {.kind = LAYER_DENSE, .units = 7, .bias = true},
        {.kind = LAYER_DENSE, .units = 4, .bias = true},
    };
    job *j = load(full_job);
    assert_int_equal(j->base.model.layer_count, sizeof expected / sizeof expected[0]);
    assert_memory_equal(j->base.model.layers, expected, sizeof expected);
    job_destroy(&j);
}

static void records_are_read(void **state) {
    (void)state;
    static const record_spec expected[RECORD_QUANTITY_COUNT] = {
        [RECORD_TRAIN_LOSS] = {.unit = RECORD_PER_STEP, .every = 1},
        [RECORD_TRAIN_ACCURACY] = {.unit = RECORD_PER_STEP, .every = 10},
        [RECORD_TEST_LOSS] = {.unit = RECORD_PER_EPOCH, .every = 1},
        [RECORD_TEST_ACCURACY] = {.unit = RECORD_PER_EPOCH, .every = 2},
    };
    job *j = load(full_job);
    assert_memory_equal(j->base.records, expected, sizeof expected);
    job_destroy(&j);
}

static void assert_axis(const grid_axis *axis, const char *name, axis_kind kind, size_t count,
                        const double *numbers) {
    assert_string_equal(axis->name, name);
    assert_int_equal(axis->kind, kind);
    assert_int_equal(axis->count, count);
    assert_memory_equal(axis->numbers, numbers, count * sizeof *numbers);
}

static void axes_are_in_the_order_of_the_file(void **state) {
    (void)state;
    job *j = load(full_job);
    assert_int_equal(j->grid.axis_count, 4);
    assert_axis(&j->grid.axes[0], "momentum", AXIS_NUMBER, 3, (double[]){0.9, 0, 1});
    assert_axis(&j->grid.axes[1], "run", AXIS_RUN, 2, (double[]){0, 1});
    assert_axis(&j->grid.axes[2], "lr", AXIS_NUMBER, 5, (double[]){1e-4, 1e-3, 1e-2, 1e-1, 1});
    assert_axis(&j->grid.axes[3], "batch", AXIS_NUMBER, 3, (double[]){10, 20, 30});
    job_destroy(&j);
}

/* 0.3 · (1/3) is 0.09999999999999999 in double precision. */
static void values_between_the_ends_are_tidy(void **state) {
    (void)state;
    const char *settings[] = {"sweep.x={set: optimizer.lr, linspace: [0, 0.3, 4]}"};
    const char *path = temporary_directory_write(&directory, "job.yaml", minimal_job, strlen(minimal_job));
    job *j = load_file(path, settings, 1);
    assert_axis(&j->grid.axes[0], "x", AXIS_NUMBER, 4, (double[]){0, 0.1, 0.2, 0.3});
    job_destroy(&j);
}

static void cells_get_their_axis_values(void **state) {
    (void)state;
    job *j = load(full_job);
    training_spec spec;
    for (size_t cell = 0; cell < grid_cells(&j->grid); cell++) {
        size_t index[GRID_MAX_AXES];
        grid_cell_index(&j->grid, cell, index);
        job_cell_spec(j, cell, &spec);
        assert_true(spec.optimizer.momentum == j->grid.axes[0].numbers[index[0]]);
        assert_true(spec.optimizer.lr == j->grid.axes[2].numbers[index[2]]);
        assert_true(spec.batch == j->grid.axes[3].numbers[index[3]]);
        spec.optimizer.momentum = j->base.optimizer.momentum;
        spec.optimizer.lr = j->base.optimizer.lr;
        spec.batch = j->base.batch;
        assert_memory_equal(&spec, &j->base, sizeof spec);
    }
    job_destroy(&j);
}

static void missing_keys_get_their_defaults(void **state) {
    (void)state;
    job *j = load(minimal_job);
    assert_string_equal(j->title, "");
    assert_int_equal(j->seed, 0);
    const synthetic_spec *s = &j->data.synthetic;
    assert_true(s->shape.channels == 3 && s->shape.height == 32 && s->shape.width == 32);
    assert_true(s->classes == 10 && s->train_count == 2000 && s->test_count == 1000);
    assert_int_equal(j->base.normalize.channels, 0);
    assert_true(j->base.loss.entropy_weight == 0);
    assert_true(j->base.optimizer.momentum == 0);
    assert_false(j->grid.paired);
    assert_int_equal(j->grid.axis_count, 0);
    assert_int_equal(grid_cells(&j->grid), 1);
    job_destroy(&j);
}

static void cifar10_has_its_own_counts(void **state) {
    (void)state;
    const char *settings[] = {"data={source: cifar10, train_count: 300}"};
    const char *path = temporary_directory_write(&directory, "job.yaml", minimal_job, strlen(minimal_job));
    job *j = load_file(path, settings, 1);
    assert_int_equal(j->data.source, DATA_CIFAR10);
    assert_int_equal(j->data.train_count, 300);
    assert_int_equal(j->data.test_count, 0);
    assert_int_equal(j->data.synthetic.train_count, 0);
    job_destroy(&j);
}

/* ---- Settings ---------------------------------------------------------------------------------- */

static void settings_replace_and_add(void **state) {
    (void)state;
    const char *settings[] = {"train.epochs=7",
                              "sweep.lr={set: optimizer.lr, values: [1, 2]}",
                              "sweep.run=3",
                              "loss.entropy_weight=1e-3",
                              "sweep.momentum.values=[0.5]",
                              "record.train_loss.every=never",
                              "train.epochs=8"};
    const char *path = temporary_directory_write(&directory, "job.yaml", full_job, strlen(full_job));
    job *j = load_file(path, settings, 7);
    assert_int_equal(j->base.epochs, 8);
    assert_true(j->base.loss.entropy_weight == 1e-3);
    assert_int_equal(j->base.records[RECORD_TRAIN_LOSS].every, 0);
    assert_axis(&j->grid.axes[0], "momentum", AXIS_NUMBER, 1, (double[]){0.5});
    assert_axis(&j->grid.axes[1], "run", AXIS_RUN, 3, (double[]){0, 1, 2});
    assert_axis(&j->grid.axes[2], "lr", AXIS_NUMBER, 2, (double[]){1, 2});
    assert_string_equal(j->text, full_job);
    job_destroy(&j);

    path = temporary_directory_write(&directory, "job.yaml", minimal_job, strlen(minimal_job));
    j = load_file(path, (const char *[]){"sweep.run=4"}, 1);
    assert_axis(&j->grid.axes[0], "run", AXIS_RUN, 4, (double[]){0, 1, 2, 3});
    job_destroy(&j);
}

static void settings_lead_through_items(void **state) {
    (void)state;
    const char *path = temporary_directory_write(&directory, "job.yaml", minimal_job, strlen(minimal_job));
    const char *settings[] = {
        "sweep.a={set: [loss, train], values: {x: [{kind: cross_entropy}, {epochs: 2, batch: 4}]}}",
        "sweep.a.values.x[1].epochs=7"};
    job *j = load_file(path, settings, 2);
    assert_non_null(strstr(j->canonical, "sweep.a.x.train.batch = 4\n"));
    assert_non_null(strstr(j->canonical, "sweep.a.x.train.epochs = 7\n"));
    job_destroy(&j);
}

/* ---- Canonical text ---------------------------------------------------------------------------- */

static const char canonical_minimal[] = "data.channels = 3\n"
                                        "data.classes = 10\n"
                                        "data.height = 32\n"
                                        "data.mirror = 0\n"
                                        "data.normalize.divide = 0\n"
                                        "data.normalize.mean = []\n"
                                        "data.normalize.offset = 0\n"
                                        "data.normalize.per_feature = false\n"
                                        "data.normalize.std = []\n"
                                        "data.source = synthetic\n"
                                        "data.test_count = 1000\n"
                                        "data.train_count = 2000\n"
                                        "data.validation.fraction = 0\n"
                                        "data.validation.kind = stratified\n"
                                        "data.width = 32\n"
                                        "loss.entropy_weight = 0\n"
                                        "loss.kind = cross_entropy\n"
                                        "loss.l2 = 0\n"
                                        "loss.over_samples = mean\n"
                                        "model.bias_init = default\n"
                                        "model.init = default\n"
                                        "model.layers[0].bias = true\n"
                                        "model.layers[0].bias_init = default\n"
                                        "model.layers[0].init = default\n"
                                        "model.layers[0].kind = dense\n"
                                        "model.layers[0].units = 10\n"
                                        "optimizer.kind = sgd\n"
                                        "optimizer.lr = 0.1\n"
                                        "optimizer.momentum = 0\n"
                                        "optimizer.weight_decay = 0\n"
                                        "record.test_accuracy.every = 1 epoch\n"
                                        "schedule.kind = constant\n"
                                        "seed = 0\n"
                                        "sweep.axes = (none)\n"
                                        "sweep.paired = false\n"
                                        "train.batch = 8\n"
                                        "train.epochs = 1\n"
                                        "train.last_batch = keep\n"
                                        "train.shuffle = true\n";

static void canonical_text_is_complete_and_sorted(void **state) {
    (void)state;
    job *j = load(minimal_job);
    assert_string_equal(j->canonical, canonical_minimal);
    assert_int_equal(j->digest, hash_bytes(canonical_minimal, strlen(canonical_minimal)));
    job_destroy(&j);
}

/* Keys that were added later are not written while they have their defaults: sgd had its momentum from the
 * start, rmsprop had none. */
static void later_keys_leave_earlier_jobs_alone(void **state) {
    (void)state;
    const char *defaults[] = {"optimizer.decay=all",       "optimizer.clip_norm=0", "optimizer.clip_value=0",
                              "optimizer.momentum=0",      "schedule.per=auto",     "schedule.warmup=0",
                              "schedule.warmup_start=0.01"};
    const char *rmsprop[] = {"optimizer={kind: rmsprop, lr: 0.1, momentum: 0}"};
    job *j = load_with(minimal_job, defaults, sizeof defaults / sizeof *defaults);
    assert_string_equal(j->canonical, canonical_minimal);
    job_destroy(&j);
    j = load_with(minimal_job, rmsprop, 1);
    assert_null(strstr(j->canonical, "optimizer.momentum"));
    job_destroy(&j);
}

static void assert_lines(const char *canonical, const char *lines) {
    if (strstr(canonical, lines) == NULL)
        fail_msg("no lines\n%sin\n%s", lines, canonical);
}

/* ---- Every row of the tables ------------------------------------------------------------------- */

enum { MOST_SETTINGS = 6 };

/* Settings over minimal_job, and the canonical line that they lead to. A row is named by its key, that of a
 * layer by kind and key. */
typedef struct sample {
    const char *row, *line;
    const char *settings[MOST_SETTINGS];
} sample;

#define LAYER(row, keys, line)                                                                               \
    {                                                                                                        \
        row, "model.layers[0]." line, {                                                                      \
            "model.layers=[" keys ", dense: 10]"                                                             \
        }                                                                                                    \
    }
#define RECORDED(name)                                                                                       \
    {                                                                                                        \
        "record." name ".every", "record." name ".every = 3 epoch", {                                        \
            "record." name ".every=3 epochs"                                                                 \
        }                                                                                                    \
    }
#define METRICS_OF(set)                                                                                      \
    RECORDED(set "_top_k_accuracy"), RECORDED(set "_balanced_accuracy"), RECORDED(set "_macro_f1"),          \
        RECORDED(set "_confusion_matrix"), RECORDED(set "_mae"), RECORDED(set "_r2"), {                      \
        "record." set "_top_k_accuracy.k", "record." set "_top_k_accuracy.k = 3", {                          \
            "record." set "_top_k_accuracy={every: end, k: 3}"                                               \
        }                                                                                                    \
    }
#define SCHEDULE(keys) "schedule={" keys "}"
#define CSV "data={source: csv, train: t.csv, target: kind"
#define NPY "data={source: npy, train_x: x.npy, train_y: y.npy"
#define NO_RATE "optimizer={kind: sgd}"

static const sample samples[] = {
    {"seed", "seed = 5", {"seed=5"}},
    {"data.source", "data.source = cifar10", {"data.source=cifar10"}},
    {"data.train_count", "data.train_count = 7", {"data={source: cifar10, train_count: 7}"}},
    {"data.train_count", "data.train_count = 70", {"data.train_count=70"}},
    {"data.train_count", "data.train_count = 6", {"data={source: xor, train_count: 6}"}},
    {"data.test_count", "data.test_count = 8", {"data={source: cifar10, test_count: 8}"}},
    {"data.test_count", "data.test_count = 80", {"data.test_count=80"}},
    {"data.test_count", "data.test_count = 0", {"data={source: absolute_value, test_count: 0}"}},
    {"data.train", "data.train = a/b.h5", {"data={source: hdf5, train: a/b.h5}"}},
    {"data.test", "data.test = c.h5", {"data={source: hdf5, train: b.h5, test: c.h5}"}},
    {"data.train_x", "data.train_x = x.npy", {NPY ", classes: 3}"}},
    {"data.train_y", "data.train_y = y.npy", {NPY ", classes: 3}"}},
    {"data.test_x", "data.test_x = tx.npy", {NPY ", test_x: tx.npy, test_y: ty.npy}"}},
    {"data.test_y", "data.test_y = ty.npy", {NPY ", test_x: tx.npy, test_y: ty.npy}"}},
    {"data.validation.x", "data.validation.x = vx.npy", {NPY ", validation: {x: vx.npy, y: vy.npy}}"}},
    {"data.validation.y", "data.validation.y = vy.npy", {NPY ", validation: {x: vx.npy, y: vy.npy}}"}},
    {"data.validation.file",
     "data.validation.file = v.h5",
     {"data={source: hdf5, train: b.h5, validation: {file: v.h5}}"}},
    {"data.train_x", "data.train_x = a/X", {"data={source: hdf5, train: b.h5, train_x: a/X}"}},
    {"data.target", "data.target = [kind]", {CSV "}"}},
    {"data.ignore", "data.ignore = [id, a b]", {CSV ", ignore: [id, a b]}"}},
    {"data.separator", "data.separator = semicolon", {CSV ", separator: semicolon}"}},
    {"data.task", "data.task = regression", {NPY ", task: regression}"}},
    {"data.layout", "data.layout = channels_last", {NPY ", layout: channels_last}"}},
    {"data.allow_nonfinite", "data.allow_nonfinite = true", {CSV ", allow_nonfinite: true}"}},
    {"data.classes", "data.classes = 3", {NPY ", classes: 3}"}},
    {"data.per_class", "data.per_class = 500", {"data={source: mnist, per_class: 500}"}},
    {"data.border", "data.border = 4", {"data={source: mnist, border: 4}"}},
    {"data.validation_count", "data.validation_count = 9", {"data={source: xor, validation_count: 9}"}},
    {"data.spread", "data.spread = 0.25", {"data={source: xor, spread: 0.25}"}},
    {"data.spread", "data.spread = 5", {"data={source: absolute_value, spread: 5}"}},
    {"data.per_cell", "data.per_cell = true", {"data={source: absolute_value, per_cell: true}"}},
    {"data.validation.fraction", "data.validation.fraction = 0.25", {"data.validation.fraction=0.25"}},
    {"data.validation.kind", "data.validation.kind = random", {"data.validation.kind=random"}},
    {"data.mirror", "data.mirror = 0.5", {"data.mirror=0.5"}},
    {"data.crop.padding", "data.crop.padding = 4", {"data.crop={padding: 4}"}},
    {"data.flip.horizontal", "data.flip.horizontal = 0.5", {"data.flip={horizontal: 0.5}"}},
    {"data.flip.vertical", "data.flip.vertical = 0.25", {"data.flip={vertical: 0.25}"}},
    {"data.cutout", "data.cutout = 8", {"data.cutout=8"}},
    {"data.normalize.per_feature",
     "data.normalize.per_feature = true",
     {"data.normalize={per_feature: true}"}},
    {"data.normalize.divide", "data.normalize.divide = 255", {"data.normalize={divide: 255}"}},
    {"data.normalize.offset", "data.normalize.offset = -0.5", {"data.normalize={offset: -0.5}"}},
    {"data.channels", "data.channels = 2", {"data.channels=2"}},
    {"data.height", "data.height = 9", {"data.height=9"}},
    {"data.width", "data.width = 11", {"data.width=11"}},
    {"data.classes", "data.classes = 4", {"data.classes=4"}},
    {"data.normalize.mean", "data.normalize.mean = [0.5]", {"data.normalize={mean: [0.5], std: [1]}"}},
    {"data.normalize.std", "data.normalize.std = [1, 2]", {"data.normalize={mean: [0, 0], std: [1, 2]}"}},
    {"model.init", "model.init = he_normal", {"model.init=he_normal"}},
    {"model.init_scale", "model.init_scale = 0.25", {"model.init=normal", "model.init_scale=0.25"}},
    {"model.init_gain", "model.init_gain = 1.5", {"model.init=orthogonal", "model.init_gain=1.5"}},
    {"model.bias_init", "model.bias_init = pytorch", {"model.bias_init=pytorch"}},
    {"model.bias_init_scale",
     "model.bias_init_scale = -2",
     {"model.bias_init=constant", "model.bias_init_scale=-2"}},
    {"model.shift_1",
     "model.shift_1 = 0.5",
     {"model.init_file=start.npy", "model.shift_file=shift.npy", "model.shift_1=0.5"}},
    {"model.shift_2",
     "model.shift_2 = -0.5",
     {"model.init_file=start.npy", "model.shift_file=shift.npy", "model.shift_2=-0.5"}},
    {"loss.kind", "loss.kind = squared_error", {"loss.kind=squared_error"}},
    {"loss.entropy_weight", "loss.entropy_weight = -0.5", {"loss.entropy_weight=-0.5"}},
    {"loss.over_outputs", "loss.over_outputs = sum", {"loss={kind: squared_error, over_outputs: sum}"}},
    {"loss.delta", "loss.delta = 0.5", {"loss={kind: huber, delta: 0.5}"}},
    {"loss.label_smoothing", "loss.label_smoothing = 0.1", {"loss.label_smoothing=0.1"}},
    {"loss.class_weights", "loss.class_weights = [0.5, 2]", {"loss={class_weights: [0.5, 2]}"}},
    {"loss.over_samples", "loss.over_samples = sum", {"loss.over_samples=sum"}},
    {"loss.l2", "loss.l2 = 0.001", {"loss.l2=0.001"}},
    {"optimizer.kind", "optimizer.kind = nesterov", {"optimizer.kind=nesterov"}},
    {"schedule.kind",
     "schedule.kind = step_decay",
     {"schedule.kind=step_decay", "schedule.every=2", "schedule.factor=0.5"}},
    {"schedule.factor", "schedule.factor = 0.5", {SCHEDULE("kind: step_decay, every: 2, factor: 0.5")}},
    {"schedule.steps", "schedule.steps = [5, 10]", {SCHEDULE("kind: factors_at, steps: [5, 10]")}},
    {"schedule.rates",
     "schedule.rates = [0.1, 0.2]",
     {SCHEDULE("kind: sequence, every: 1, rates: [0.1, 0.2]"), NO_RATE}},
    {"schedule.every", "schedule.every = 2", {SCHEDULE("kind: step_decay, every: 2")}},
    {"schedule.policy",
     "schedule.policy = triangular2",
     {SCHEDULE("kind: cyclical, policy: triangular2, base: 0, max: 1, half_cycle: 3"), NO_RATE}},
    {"schedule.base",
     "schedule.base = 0.25",
     {SCHEDULE("kind: cyclical, base: 0.25, max: 1, half_cycle: 3"), NO_RATE}},
    {"schedule.max",
     "schedule.max = 1",
     {SCHEDULE("kind: cyclical, base: 0, max: 1, half_cycle: 3"), NO_RATE}},
    {"schedule.half_cycle",
     "schedule.half_cycle = 3",
     {SCHEDULE("kind: cyclical, base: 0, max: 1, half_cycle: 3"), NO_RATE}},
    {"schedule.gamma",
     "schedule.gamma = 0.75",
     {SCHEDULE("kind: cyclical, base: 0, max: 1, half_cycle: 3, gamma: 0.75"), NO_RATE}},
    {"schedule.patience", "schedule.patience = 3", {SCHEDULE("kind: plateau, patience: 3")}},
    {"schedule.threshold", "schedule.threshold = 0.01", {SCHEDULE("kind: plateau, threshold: 0.01")}},
    {"schedule.threshold_mode",
     "schedule.threshold_mode = abs",
     {SCHEDULE("kind: plateau, threshold_mode: abs")}},
    {"schedule.cooldown", "schedule.cooldown = 2", {SCHEDULE("kind: plateau, cooldown: 2")}},
    {"schedule.min_lr", "schedule.min_lr = 0.001", {SCHEDULE("kind: plateau, min_lr: 0.001")}},
    {"schedule.per", "schedule.per = step", {SCHEDULE("kind: step_decay, every: 2, per: step")}},
    {"schedule.warmup", "schedule.warmup = 5", {"schedule.warmup=5"}},
    {"schedule.warmup_start", "schedule.warmup_start = 0.25", {"schedule.warmup_start=0.25"}},
    {"schedule.length", "schedule.length = 7", {SCHEDULE("kind: linear, length: 7")}},
    {"schedule.min_lr", "schedule.min_lr = 0.002", {SCHEDULE("kind: cosine, min_lr: 2e-3")}},
    {"schedule.period", "schedule.period = 4", {SCHEDULE("kind: cosine, period: 4")}},
    {"schedule.multiplier", "schedule.multiplier = 2", {SCHEDULE("kind: cosine, period: 4, multiplier: 2")}},
    {"schedule.start", "schedule.start = 0.5", {SCHEDULE("kind: linear, start: 0.5")}},
    {"schedule.end", "schedule.end = 0.1", {SCHEDULE("kind: linear, end: 0.1")}},
    {"schedule.rise", "schedule.rise = 0.4", {SCHEDULE("kind: one_cycle, rise: 0.4")}},
    {"schedule.div_factor", "schedule.div_factor = 10", {SCHEDULE("kind: one_cycle, div_factor: 10")}},
    {"schedule.final_div_factor",
     "schedule.final_div_factor = 100",
     {SCHEDULE("kind: one_cycle, final_div_factor: 100")}},
    {"optimizer.lr", "optimizer.lr = 0.03", {"optimizer.lr=0.03"}},
    {"optimizer.momentum", "optimizer.momentum = 0.9", {"optimizer.momentum=0.9"}},
    {"optimizer.weight_decay", "optimizer.weight_decay = 0.01", {"optimizer.weight_decay=0.01"}},
    {"optimizer.beta1", "optimizer.beta1 = 0.5", {"optimizer={kind: adam, lr: 1, beta1: 0.5}"}},
    {"optimizer.beta2", "optimizer.beta2 = 0.5", {"optimizer={kind: adam, lr: 1, beta2: 0.5}"}},
    {"optimizer.rho", "optimizer.rho = 0.5", {"optimizer={kind: rmsprop, lr: 1, rho: 0.5}"}},
    {"optimizer.epsilon", "optimizer.epsilon = 1e-07", {"optimizer={kind: adam, lr: 1, epsilon: 1e-7}"}},
    {"optimizer.epsilon_style",
     "optimizer.epsilon_style = keras",
     {"optimizer={kind: rmsprop, lr: 1, epsilon_style: keras}"}},
    {"optimizer.decay", "optimizer.decay = weights", {"optimizer.decay=weights"}},
    {"optimizer.clip_norm", "optimizer.clip_norm = 1.5", {"optimizer.clip_norm=1.5"}},
    {"optimizer.clip_value", "optimizer.clip_value = 0.5", {"optimizer.clip_value=0.5"}},
    {"train.epochs", "train.epochs = 0", {"train.epochs=0"}},
    {"train.batch", "train.batch = 9", {"train.batch=9"}},
    {"train.last_batch", "train.last_batch = drop", {"train.last_batch=drop"}},
    {"train.shuffle", "train.shuffle = false", {"train.shuffle=false"}},
    {"train.monitor", "train.monitor = test_accuracy", {"train.monitor=test_accuracy"}},
    {"train.patience",
     "train.patience = 3",
     {"train={epochs: 9, batch: 8, monitor: test_accuracy, patience: 3}"}},
    {"train.min_delta",
     "train.min_delta = 0.5",
     {"train={epochs: 9, batch: 8, monitor: test_accuracy, min_delta: 0.5}"}},
    {"train.keep", "train.keep = best", {"train={epochs: 9, batch: 8, monitor: test_accuracy, keep: best}"}},
    RECORDED("train_loss"),
    RECORDED("train_cost"),
    RECORDED("train_accuracy"),
    RECORDED("learning_rate"),
    RECORDED("train_set_loss"),
    RECORDED("train_set_cost"),
    RECORDED("train_set_accuracy"),
    RECORDED("validation_loss"),
    RECORDED("validation_cost"),
    RECORDED("validation_accuracy"),
    RECORDED("test_loss"),
    RECORDED("test_cost"),
    RECORDED("test_accuracy"),
    RECORDED("parameters"),
    RECORDED("batch_norm"),
    RECORDED("test_probability"),
    RECORDED("test_prediction"),
    RECORDED("test_target"),
    RECORDED("test_input"),
    METRICS_OF("train"),
    METRICS_OF("train_set"),
    METRICS_OF("validation"),
    METRICS_OF("test"),
    {"record.gradient_norm.every",
     "record.gradient_norm.every = 10 step",
     {"record.gradient_norm={every: 10 steps, layer: 0}"}},
    {"record.gradient_norm.layer",
     "record.gradient_norm.layer = 2",
     {"record.gradient_norm={every: 1 step, layer: 2}"}},
    {"record.weights.every", "record.weights.every = end", {"record.weights={every: end, layers: [0]}"}},
    {"record.weights.layers",
     "record.weights.layers = [0, 3]",
     {"record.weights={every: end, layers: [0, 3]}"}},
    {"record.test_gradient.every",
     "record.test_gradient.every = end",
     {"record.test_gradient={every: end, layers: [0]}"}},
    {"record.test_gradient.layers",
     "record.test_gradient.layers = [1, 0]",
     {"record.test_gradient={every: end, layers: [1, 0]}"}},
    {"record.test_gradient.stride",
     "record.test_gradient.stride = 20",
     {"record.test_gradient={every: end, layers: [0], stride: 20}"}},
    {"record.batch_norm.layers",
     "record.batch_norm.layers = [2]",
     {"record.batch_norm={every: end, layers: [2]}"}},
    {"record.grid_output.every",
     "record.grid_output.every = 2 epoch",
     {"record.grid_output={every: 2 epochs, from: -1, to: 1, points: 3}"}},
    {"record.grid_output.from",
     "record.grid_output.from = -1",
     {"record.grid_output={every: end, from: -1, to: 1, points: 3}"}},
    {"record.grid_output.to",
     "record.grid_output.to = 1.5",
     {"record.grid_output={every: end, from: -1, to: 1.5, points: 3}"}},
    {"record.grid_output.points",
     "record.grid_output.points = 3",
     {"record.grid_output={every: end, from: -1, to: 1, points: 3}"}},
    {"record.feature_maps.every",
     "record.feature_maps.every = end",
     {"record.feature_maps={every: end, layers: [0], samples: [4]}"}},
    {"record.feature_maps.layers",
     "record.feature_maps.layers = [0]",
     {"record.feature_maps={every: end, layers: [0], samples: [4]}"}},
    {"record.feature_maps.samples",
     "record.feature_maps.samples = [4, 0]",
     {"record.feature_maps={every: end, layers: [0], samples: [4, 0]}"}},
    {"sweep.paired", "sweep.paired = true", {"sweep.paired=true", "sweep.run=2"}},

    LAYER("dense.units", "dense: 7", "units = 7"),
    LAYER("dense.bias", "dense: {units: 7, bias: false}", "bias = false"),
    LAYER("dense.l2", "dense: {units: 7, l2: 0}", "l2 = 0"),
    LAYER("dense.init", "dense: {units: 7, init: glorot_normal}", "init = glorot_normal"),
    LAYER("dense.init_scale", "dense: {units: 7, init: normal, init_scale: 0.5}", "init_scale = 0.5"),
    LAYER("dense.init_gain", "dense: {units: 7, init: orthogonal, init_gain: 2}", "init_gain = 2"),
    LAYER("dense.bias_init", "dense: {units: 7, bias_init: pytorch}", "bias_init = pytorch"),
    LAYER("dense.bias_init_scale", "dense: {units: 7, bias_init: constant, bias_init_scale: 0.01}",
          "bias_init_scale = 0.01"),
    LAYER("conv.filters", "conv: {filters: 3, kernel: 5}", "filters = 3"),
    LAYER("conv.kernel", "conv: {filters: 3, kernel: [5, 4]}", "kernel = [5, 4]"),
    LAYER("conv.stride", "conv: {filters: 3, kernel: 5, stride: [1, 2]}", "stride = [1, 2]"),
    LAYER("conv.padding", "conv: {filters: 3, kernel: 5, padding: [0, 2]}", "padding = [0, 2]"),
    LAYER("conv.padding", "conv: {filters: 3, kernel: 5, padding: same}", "padding = same"),
    LAYER("conv.padding", "conv: {filters: 3, kernel: 5, padding: valid}", "padding = [0, 0]"),
    LAYER("conv.bias", "conv: {filters: 3, kernel: 5, bias: false}", "bias = false"),
    LAYER("conv.dilation", "conv: {filters: 3, kernel: 5, dilation: [1, 2]}", "dilation = [1, 2]"),
    LAYER("conv.groups", "conv: {filters: 3, kernel: 5, groups: 3}", "groups = 3"),
    LAYER("conv.l2", "conv: {filters: 3, kernel: 5, l2: 0.5}", "l2 = 0.5"),
    LAYER("conv.init", "conv: {filters: 3, kernel: 5, init: glorot_uniform}", "init = glorot_uniform"),
    LAYER("conv.init_scale", "conv: {filters: 3, kernel: 5, init: uniform, init_scale: 2}", "init_scale = 2"),
    LAYER("conv.init_gain", "conv: {filters: 3, kernel: 5, init: glorot_normal, init_gain: 2}",
          "init_gain = 2"),
    LAYER("conv.bias_init", "conv: {filters: 3, kernel: 5, bias_init: he_normal}", "bias_init = he_normal"),
    LAYER("conv.bias_init_scale", "conv: {filters: 3, kernel: 5, bias_init: normal, bias_init_scale: 1}",
          "bias_init_scale = 1"),
    LAYER("max_pool.kernel", "max_pool: [2, 3]", "kernel = [2, 3]"),
    LAYER("max_pool.stride", "max_pool: {kernel: 2, stride: 1}", "stride = [1, 1]"),
    LAYER("avg_pool.kernel", "avg_pool: 2", "kernel = [2, 2]"),
    LAYER("avg_pool.stride", "avg_pool: {kernel: [2, 3]}", "stride = [2, 3]"),
    LAYER("batch_norm.momentum", "batch_norm: {momentum: 0.99}", "momentum = 0.99"),
    LAYER("batch_norm.epsilon", "batch_norm: {epsilon: 1e-3}", "epsilon = 0.001"),
    LAYER("dropout.rate", "dropout: 0.5", "rate = 0.5"),
    LAYER("elu.alpha", "elu: {alpha: 0.5}", "alpha = 0.5"),
    LAYER("max_pool.padding", "max_pool: {kernel: 3, padding: 1}", "padding = [1, 1]"),
    LAYER("avg_pool.padding", "avg_pool: {kernel: 3, padding: [0, 1]}", "padding = [0, 1]"),
    LAYER("layer_norm.epsilon", "layer_norm: {epsilon: 1e-3}", "epsilon = 0.001"),
    LAYER("group_norm.groups", "group_norm: 4", "groups = 4"),
    LAYER("group_norm.epsilon", "group_norm: {groups: 2, epsilon: 1e-3}", "epsilon = 0.001"),
    LAYER("gelu.approximate", "gelu: {approximate: tanh}", "approximate = tanh"),
    LAYER("gelu.approximate", "gelu", "approximate = none"),
    LAYER("softplus.beta", "softplus: 2", "beta = 2"),
    LAYER("softplus.threshold", "softplus: {threshold: 5}", "threshold = 5"),
    LAYER("leaky_relu.slope", "leaky_relu: {slope: 0.25}", "slope = 0.25"),
};

/* Rows whose values the canonical text has in another form, or not at all; other tests cover them. */
static const char *const special_rows[] = {"job",
                                           "title",
                                           "train.max_seconds",
                                           "run.checkpoint_every",
                                           "model.init_file",
                                           "model.shift_file",
                                           "model.layers",
                                           "residual.layers",
                                           "residual.shortcut",
                                           "sweep.where",
                                           "sweep"};

static void print_reference(char **text) {
    size_t size;
    FILE *out = open_memstream(text, &size);
    assert_non_null(out);
    job_print_reference(out);
    assert_int_equal(fclose(out), 0);
}

static int samples_of(const char *row) {
    int count = 0;
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++)
        count += strcmp(samples[i].row, row) == 0;
    for (size_t i = 0; i < sizeof special_rows / sizeof special_rows[0]; i++)
        count += strcmp(special_rows[i], row) == 0;
    return count;
}

/* Add a sample for every new row. Rows are taken from the printed reference: "| `KEY` | …" in tables of keys,
 * those of a layer below "### KIND". */
static void every_row_has_a_sample(void **state) {
    (void)state;
    char *text, *rest, kind[64] = "";
    print_reference(&text);
    *strstr(text, "\n## Sweep") = '\0';
    int rows = 0;
    bool in_table = false;
    for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
        char key[64], row[130];
        sscanf(line, "### %63s", kind);
        in_table = line[0] == '|' && (in_table || strncmp(line, "| key |", 7) == 0);
        if (!in_table || sscanf(line, "| `%63[^`]`", key) != 1)
            continue;
        snprintf(row, sizeof row, "%s%s%s", kind, kind[0] != '\0' ? "." : "", key);
        if (samples_of(row) == 0)
            fail_msg("no sample of %s", row);
        rows++;
    }
    assert_in_range(rows, 100, 1000);
    free(text);
}

static void write_start(void) {
    static const float start[] = {1, 2, 3}, shift[] = {1, 0, -1, 0.5f, 0.5f, 0.5f};
    write_npy(&directory, "start.npy", "<f4", "3", start, sizeof start);
    write_npy(&directory, "shift.npy", "<f4", "2, 3", shift, sizeof shift);
}

/* The value in the canonical text, as a setting, leads to the same text. */
static void canonical_values_are_read_back(void **state) {
    (void)state;
    write_start();
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        const sample *s = &samples[i];
        char line[256], setting[256];
        const char *settings[MOST_SETTINGS + 1] = {NULL};
        int count = 0;
        for (; count < MOST_SETTINGS && s->settings[count] != NULL; count++)
            settings[count] = s->settings[count];
        const char *path =
            temporary_directory_write(&directory, "job.yaml", minimal_job, strlen(minimal_job));
        job *j = load_file(path, settings, count);
        snprintf(line, sizeof line, "%s\n", s->line);
        assert_lines(j->canonical, line);
        const char *sign = strstr(s->line, " = ");
        snprintf(setting, sizeof setting, "%.*s=%s", (int)(sign - s->line), s->line, sign + 3);
        settings[count++] = setting;
        job *again = load_file(path, settings, count);
        assert_string_equal(j->canonical, again->canonical);
        job_destroy(&j);
        job_destroy(&again);
    }
}

static void canonical_text_has_layers_records_and_axes(void **state) {
    (void)state;
    job *j = load(full_job);
    assert_lines(j->canonical, "model.layers[0].filters = 5\n"
                               "model.layers[0].init = default\n"
                               "model.layers[0].kernel = [3, 2]\n"
                               "model.layers[0].kind = conv\n"
                               "model.layers[0].padding = [1, 0]\n"
                               "model.layers[0].stride = [2, 1]\n"
                               "model.layers[1].kind = relu\n");
    assert_lines(j->canonical, "data.normalize.mean = [0.5, -0.1]\n");
    assert_lines(j->canonical, "record.test_accuracy.every = 2 epoch\n");
    assert_lines(j->canonical, "sweep.axes = momentum, run, lr, batch\n"
                               "sweep.batch.set = train.batch\n"
                               "sweep.batch.values = 10, 20, 30\n"
                               "sweep.lr.set = optimizer.lr\n"
                               "sweep.lr.values = 0.0001, 0.001, 0.01, 0.1, 1\n"
                               "sweep.momentum.set = optimizer.momentum\n"
                               "sweep.momentum.values = 0.9, 0, 1\n"
                               "sweep.paired = true\n"
                               "sweep.run = 2\n");
    assert_null(strstr(j->canonical, "title"));
    assert_null(strstr(j->canonical, "full_1"));
    assert_null(strstr(j->canonical, "\noptimizer.lr ")); /* the axis sets it */
    job_destroy(&j);
}

static void canonical_text_ignores_form(void **state) {
    (void)state;
    job *j = load("# another form of minimal_job\n"
                  "title: with a title\n"
                  "record:\n"
                  "  test_accuracy:\n"
                  "    every: \"1   epochs\"\n"
                  "train: {batch: 8.0, epochs: 1, max_seconds: 60}\n"
                  "optimizer: {momentum: 0.0, lr: 1.0e-1}\n"
                  "model:\n"
                  "  layers:\n"
                  "    - dense: {units: 10}\n"
                  "seed: 0\n"
                  "run: {checkpoint_every: 5 min}\n"
                  "'data': {train_count: 2000, source: synthetic}\n"
                  "job: renamed\n");
    assert_string_equal(j->canonical, canonical_minimal);
    job_destroy(&j);
}

static void intervals_are_numbers_with_a_unit(void **state) {
    (void)state;
    static const struct {
        const char *setting;
        double seconds;
    } intervals[] = {{"run.checkpoint_every=90 s", 90},      {"run.checkpoint_every=10 min", 600},
                     {"run.checkpoint_every=1.5   h", 5400}, {"run.checkpoint_every=0", 0},
                     {"run.checkpoint_every=never", 0},      {"run.checkpoint_every=auto", OPTION_AUTO}};
    for (size_t i = 0; i < sizeof intervals / sizeof *intervals; i++) {
        const char *path =
            temporary_directory_write(&directory, "job.yaml", minimal_job, strlen(minimal_job));
        job *j = load_file(path, &intervals[i].setting, 1);
        assert_true(j->checkpoint_every == intervals[i].seconds);
        assert_string_equal(j->canonical, canonical_minimal);
        job_destroy(&j);
    }
    job *j = load(minimal_job);
    assert_true(j->checkpoint_every == OPTION_AUTO);
    job_destroy(&j);
}

static void differences_are_listed_by_key(void **state) {
    (void)state;
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    job_print_differences(out, "a = 1\na.b = 2\nc = 3\nsame = x\nz.long = 1, 2\n",
                          "a = 1\nb = 5\nc = 33\nsame = x\nz.long = 1, 2\nzz = 9\n");
    assert_int_equal(fclose(out), 0);
    assert_string_equal(text, "a.b: 2 → (absent)\nb: (absent) → 5\nc: 3 → 33\nzz: (absent) → 9\n");
    free(text);
}

/* ---- Files of the repository ------------------------------------------------------------------- */

static void job_files_are_good(void **state) {
    (void)state;
    static const char *const names[] = {"entropy_sensitivity", "quickstart"};
    for (int i = 0; i < 2; i++) {
        char path[PATH_MAX];
        snprintf(path, sizeof path, "%s/jobs/%s.yaml", SOURCE_DIRECTORY, names[i]);
        job *j = load_file(path, NULL, 0);
        assert_string_equal(j->name, names[i]);
        assert_int_equal(grid_cells(&j->grid), i == 0 ? 1250 : 50);
        dataset data = {.shape = {3, 32, 32}, .classes = 10, .train.count = 50000, .test.count = 10000};
        training_plan plan;
        error_info error = {0};
        if (job_check(j, &data, &plan, &error) != STATUS_OK)
            fail_msg("%s", error.text);
        job_destroy(&j);
    }
}

static char *read_all(const char *path) {
    FILE *stream = fopen(path, "rb");
    assert_non_null(stream);
    char *text = calloc(1, 1 << 20);
    assert_non_null(text);
    assert_true(fread(text, 1, (1 << 20) - 1, stream) > 0);
    fclose(stream);
    return text;
}

/* When this fails: bin/print_job_reference > docs/job-format.md */
static void documentation_is_that_of_the_tables(void **state) {
    (void)state;
    char *printed, *committed = read_all(SOURCE_DIRECTORY "/docs/job-format.md");
    print_reference(&printed);
    assert_string_equal(printed, committed);
    free(printed);
    free(committed);
}

/* The minimal job with another layer list, optimiser and schedule. */
static void other_layers_optimizers_and_schedules_are_stored(void **state) {
    (void)state;
    job *j = load(
        "job: other\n"
        "data: {source: synthetic}\n"
        "schedule: {kind: cyclical, policy: exp_range, base: 1e-5, max: 0.1, half_cycle: 2000, gamma: 0.5}\n"
        "optimizer: {kind: rmsprop, rho: 0.9, epsilon: 1e-7, epsilon_style: keras, weight_decay: 0.25}\n"
        "model:\n"
        "  layers:\n"
        "    - batch_norm: {momentum: 0.99, epsilon: 1e-3}\n"
        "    - avg_pool: 2\n"
        "    - dropout: 0.5\n"
        "    - dense: {units: 10, bias: false}\n"
        "    - leaky_relu: 0.25\n"
        "    - tanh\n"
        "    - sigmoid\n"
        "    - scaled_sigmoid\n"
        "    - identity\n"
        "    - softmax\n"
        "train: {epochs: 1, batch: 8}\n"
        "record: {learning_rate: {every: 1 step}}\n");
    const training_spec *spec = &j->base;
    const layer_spec *layers = spec->model.layers;
    const layer_kind kinds[] = {LAYER_BATCH_NORM, LAYER_AVG_POOL, LAYER_DROPOUT, LAYER_DENSE,
                                LAYER_LEAKY_RELU, LAYER_TANH,     LAYER_SIGMOID, LAYER_SCALED_SIGMOID,
                                LAYER_IDENTITY,   LAYER_SOFTMAX};
    assert_int_equal(spec->model.layer_count, 10);
    for (int i = 0; i < 10; i++)
        assert_int_equal(layers[i].kind, kinds[i]);
    assert_true(layers[0].momentum == 0.99 && layers[0].epsilon == 1e-3);
    assert_int_equal(layers[1].stride_width, 2);
    assert_true(layers[2].rate == 0.5 && layers[4].slope == 0.25);
    assert_false(layers[3].bias);
    assert_int_equal(spec->optimizer.kind, OPTIMIZER_RMSPROP);
    assert_int_equal(spec->optimizer.epsilon_style, EPSILON_KERAS);
    assert_true(spec->optimizer.rho == 0.9 && spec->optimizer.epsilon == 1e-7);
    assert_true(spec->optimizer.weight_decay == 0.25);
    assert_int_equal(spec->schedule.kind, SCHEDULE_CYCLICAL);
    assert_int_equal(spec->schedule.policy, CYCLE_EXP_RANGE);
    assert_int_equal(spec->schedule.half_cycle, 2000);
    assert_true(spec->schedule.base == 1e-5 && spec->schedule.max == 0.1 && spec->schedule.gamma == 0.5);
    assert_int_equal(spec->records[RECORD_LEARNING_RATE].every, 1);
    job_destroy(&j);
    j = load("job: other\n"
             "data: {source: synthetic}\n"
             "schedule: {kind: factors_at, steps: [5, 10], factor: 0.5}\n"
             "optimizer: {kind: adam, lr: 0.1, beta1: 0.5, beta2: 0.75}\n"
             "model: {init: normal, init_scale: 0.25, bias_init: constant, bias_init_scale: 0.5, layers: "
             "[dense: 10]}\n"
             "train: {epochs: 1, batch: 8}\n"
             "record: {train_loss: {every: 1 step}}\n");
    assert_int_equal(j->base.model.init.weights.kind, INIT_NORMAL);
    assert_true(j->base.model.init.weights.scale == 0.25 && j->base.model.init.biases.scale == 0.5);
    assert_true(j->base.optimizer.beta1 == 0.5 && j->base.optimizer.beta2 == 0.75);
    assert_int_equal(j->base.schedule.count, 2);
    assert_true(j->base.schedule.values[1] == 10 && j->base.schedule.factor == 0.5);
    job_destroy(&j);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_is_stored),
        cmocka_unit_test(layers_are_stored),
        cmocka_unit_test(other_layers_optimizers_and_schedules_are_stored),
        cmocka_unit_test(records_are_read),
        cmocka_unit_test(axes_are_in_the_order_of_the_file),
        cmocka_unit_test(values_between_the_ends_are_tidy),
        cmocka_unit_test(cells_get_their_axis_values),
        cmocka_unit_test(missing_keys_get_their_defaults),
        cmocka_unit_test(cifar10_has_its_own_counts),
        cmocka_unit_test(settings_replace_and_add),
        cmocka_unit_test(settings_lead_through_items),
        cmocka_unit_test(canonical_text_is_complete_and_sorted),
        cmocka_unit_test(later_keys_leave_earlier_jobs_alone),
        cmocka_unit_test(every_row_has_a_sample),
        cmocka_unit_test(canonical_values_are_read_back),
        cmocka_unit_test(canonical_text_has_layers_records_and_axes),
        cmocka_unit_test(canonical_text_ignores_form),
        cmocka_unit_test(intervals_are_numbers_with_a_unit),
        cmocka_unit_test(differences_are_listed_by_key),
        cmocka_unit_test(job_files_are_good),
        cmocka_unit_test(documentation_is_that_of_the_tables),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
