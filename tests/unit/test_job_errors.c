/* Wrong job files: every mistake is refused with its place, the value and what would be accepted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "group_directory.h"
#include "io/job/data.h"
#include "io/job/job.h"

enum { LINES = 14, TEXT_SIZE = 16384 };

static const char *const good[LINES] = {
    "job: test",                                                   /* 1 */
    "seed: 1",                                                     /* 2 */
    "data: {source: synthetic, train_count: 100, test_count: 50}", /* 3 */
    "model:",                                                      /* 4 */
    "  layers:",                                                   /* 5 */
    "    - conv: {filters: 4, kernel: 3, padding: 1}",             /* 6 */
    "    - max_pool: 2",                                           /* 7 */
    "    - dense: 10",                                             /* 8 */
    "optimizer: {kind: sgd, lr: 0.1, momentum: 0.9}",              /* 9 */
    "train: {epochs: 2, batch: 32}",                               /* 10 */
    "record: {train_loss: {every: 1 step}}",                       /* 11 */
    "sweep:",                                                      /* 12 */
    "  run: 3",                                                    /* 13 */
    "  lr: {set: optimizer.lr, values: [0.1, 0.01]}",              /* 14 */
};

/* The good job with one line replaced is wrong. */
typedef struct wrong_line {
    int line;
    const char *text;
    const char *place; /* LINE:COLUMN */
    const char *message;
} wrong_line;

static const wrong_line wrong_lines[] = {
    /* YAML */
    {2, "seed: [1", "3:5", "not YAML"},
    {2, "seed: 'a", "15:1", "not YAML"},
    {2, "\tseed: 1", "2:1", "not YAML"},
    {2, "seed: \x01", "2:7", "not YAML: control characters are not allowed"},
    {2, "seed: \xff", "2:7", "not YAML: invalid leading UTF-8 octet"},
    {2, "seed: \xe9", "2:8", "accepted: text in UTF-8"},
    {13, "\trun: 2", "13:1", "this is a tab, accepted: spaces"},
    {9, "optimizer: {<<: {lr: 1}}", "9:13", "merge keys are not accepted"},
    {2, "seed: &x 1", "2:7", "anchors and aliases are not accepted"},
    {2, "seed: *x", "2:7", "anchors and aliases are not accepted"},
    {2, "seed: !!int 1", "2:7", "tag 'tag:yaml.org,2002:int' is not accepted"},
    {2, "seed: 1\nseed: 2", "3:1", "seed: duplicate key; first given in line 2"},
    {9, "optimizer: {lr: 1, lr: 2}", "9:20", "lr: duplicate key; first given in line 9"},
    {2, "? [a]\n: 1", "2:3", "a key must be a name"},
    {2, "? {a: 1}\n: 1", "2:3", "a key must be a name"},
    {2, "'': 1", "2:1", "a key must be a name"},
    {2, "---", "2:1", "a second document begins; accepted: one"},
    {14, "...\ntrailing text", "15:1", "not YAML: did not find expected <document start>"},
    {14, "--- {}", "14:1", "a second document begins; accepted: one"},
    /* keys */
    {2, "sed: 1", "2:1", "sed: unknown key; accepted: job, title, seed, data,"},
    {2, "sed: 1", "2:1", "nearest known key: seed"},
    {2, "optimiser: {lr: 1}", "2:1", "nearest known key: optimizer"},
    {2, "lr: 1", "2:1", "lr: unknown key; accepted: job, "},
    {2, "lr: 1", "2:1", "nearest known key: optimizer.lr"},
    {2, "optimizer.lr: 1", "2:1", "optimizer.lr: unknown key"},
    {9, "optimizer: {lr: 0.1, momentun: 0.9}", "9:22",
     "optimizer.momentun: unknown key; accepted: kind, lr, momentum, weight_decay, decay, "
     "beta1, beta2, rho, epsilon, epsilon_style, clip_norm, clip_value; nearest known key: "
     "optimizer.momentum"},
    {14, "  m: {set: optimizer.momentum, values: [0, 0.5]}\nschedule: {kind: step_decay}", "15:11",
     "schedule.every: missing; accepted: an integer from 1"},
    {10, "", "1:1", "train.epochs: missing"},
    {9, "optimizer: 3", "9:12",
     "optimizer: '3'; accepted: a map with keys among kind, lr, momentum, weight_decay"},
    {9, "optimizer: {}", "9:12", "optimizer: a map of 0; accepted: a map"},
    {9, "optimizer:", "9:11", "optimizer: nothing; accepted: a map"},
    {9, "optimizer: [lr]", "9:12", "optimizer: a list of 1; accepted: a map"},
    {1, "", "2:1", "job: missing; accepted: at most 63 letters"},
    {1, "job: 7up", "1:6", "job: '7up'; accepted: at most 63 letters"},
    {1, "job: ../escape", "1:6", "job: '../escape'; accepted"},
    {1, "job: {a: b}", "1:6", "job: a map of 1; accepted"},
    {2, "title: \"two\\nlines\"", "2:8", "title: 'two"},
    {2, "title: [a]", "2:8", "title: a list of 1; accepted: one line of text"},
    /* numbers and choices */
    {2, "seed: -1", "2:7", "seed: '-1'; accepted: an integer from 0 to 4294967295"},
    {2, "seed: 1.5", "2:7", "seed: '1.5'; accepted: an integer"},
    {2, "seed: '1'", "2:7", "seed: '1'; accepted: an integer"},
    {2, "seed: 0x10", "2:7", "seed: '0x10'; accepted: an integer"},
    {2, "seed: 1 2", "2:7", "seed: '1 2'; accepted: an integer"},
    {2, "seed:", "2:6", "seed: nothing; accepted: an integer"},
    {9, "optimizer: {lr: nan}", "9:17", "optimizer.lr: 'nan'; accepted: a number from 0 to 1000"},
    {9, "optimizer: {lr: inf}", "9:17", "optimizer.lr: 'inf'"},
    {9, "optimizer: {lr: 1e999}", "9:17", "optimizer.lr: '1e999'"},
    {9, "optimizer: {lr: 1e-999}", "9:17", "optimizer.lr: '1e-999'"},
    {9, "optimizer: {lr: 1e-3x}", "9:17", "optimizer.lr: '1e-3x'"},
    {9, "optimizer: {lr: -0.1}", "9:17", "optimizer.lr: '-0.1'"},
    {9, "optimizer: {lr: [0.1]}", "9:17", "optimizer.lr: a list of 1"},
    {9, "optimizer: {lr: 0.1, momentum: 1.1}", "9:32",
     "optimizer.momentum: '1.1'; accepted: a number from 0 to 1"},
    {9, "optimizer: {lr: 0.1, kind: adagrad}", "9:28",
     "optimizer.kind: 'adagrad'; accepted: sgd, nesterov, adam, rmsprop"},
    {9, "optimizer: {lr: 0.1, kind: adam, momentum: 0.9}", "9:34",
     "optimizer.momentum: unknown key here; accepted only with optimizer.kind: sgd or nesterov"},
    {9, "optimizer: {lr: 0.1, kind: adam, beta2: 1}", "9:41",
     "optimizer.beta2: '1'; accepted: a number from 0 to"},
    {9, "optimizer: {lr: 0.1, kind: rmsprop, epsilon: 0}", "9:46",
     "optimizer.epsilon: '0'; accepted: a number from"},
    {4, "model:\n  bias_init_scale: 1", "5:3",
     "model.bias_init_scale: unknown key here; accepted only with model.bias_init: normal or uniform or "
     "constant"},
    {4, "model:\n  init: uniform", "5:3", "model.init_scale: missing; accepted: a number from -1000 to 1000"},
    {4, "model:\n  init: kaiming", "5:9",
     "model.init: 'kaiming'; accepted: default, pytorch, glorot_uniform"},
    {2, "schedule: {kind: step_decay}", "2:11", "schedule.every: missing; accepted: an integer from 1"},
    {2, "schedule: {kind: sequence, every: 1, rates: []}", "2:45",
     "schedule.rates: a list of 0; accepted: a list of 1"},
    {2, "schedule: {kind: sequence, every: 1, rates: [1]}", "9:24",
     "optimizer.lr: unknown key here; accepted only with schedule.kind: constant or step_decay "
     "or factors_at"},
    {14, "  b: {set: optimizer.beta1, values: [0.5]}", "14:12",
     "optimizer.beta1: unknown key here; accepted only with optimizer.kind: adam"},
    {2, "schedule: {factor: 0.5}", "2:12",
     "schedule.factor: unknown key here; accepted only with schedule.kind: step_decay or factors_at"},
    {10, "train: {epochs: -1, batch: 32}", "10:17",
     "train.epochs: '-1'; accepted: an integer from 0 to 1000000 epochs"},
    {10, "train: {epochs: 99999999999, batch: 32}", "10:17", "train.epochs: '99999999999'"},
    {10, "train: {epochs: 1}", "10:8",
     "train.batch: missing; accepted: an integer from 1 to 1000000 samples"},
    /* data */
    {3, "data: {source: cifar}", "3:16", "data.source: 'cifar'; accepted: cifar10, mnist"},
    {3, "data: {train_count: 5}", "3:7", "data.source: missing; accepted: cifar10, mnist"},
    {3, "data: {source: cifar10, height: 32}", "3:25",
     "data.height: unknown key here; accepted only with "
     "data.source: synthetic"},
    {3, "data: {source: cifar10, train_count: -1}", "3:38",
     "data.train_count: '-1'; accepted: an integer from 0 to 4294967295 samples"},
    {3, "data: {source: xor, normalize: {per_feature: true}}", "3:33",
     "data.normalize.per_feature: unknown key here; accepted only with data.source: cifar10 or mnist"},
    {3, "data: {source: xor, validation: {fraction: 0.1}}", "3:34",
     "data.validation.fraction: unknown key here"},
    {3, "data: {source: synthetic, per_class: 5}", "3:27", "data.per_class: unknown key here"},
    {3, "data: {source: synthetic, mirror: 1.5}", "3:35",
     "data.mirror: '1.5'; accepted: a number from 0 to 1"},
    {3, "data: {source: synthetic, normalize: {per_feature: true, divide: 255}}", "3:58",
     "data.normalize.divide: unknown key here; accepted only with data.normalize.per_feature: false"},
    {3, "data: {source: synthetic, validation: {kind: odd}}", "3:46",
     "data.validation.kind: 'odd'; accepted: stratified, random"},
    {3, "data: {source: hdf5}", "3:7", "data.train: missing; accepted: a path"},
    {3, "data: {source: npy, train_x: a.npy}", "3:7", "data.train_y: missing; accepted: a path"},
    {3, "data: {source: npy, train_x: a.npy, train_y: b.npy, test_x: c.npy}", "3:53",
     "data.test_y: missing; accepted: a path"},
    {3, "data: {source: synthetic, train_count: 0}", "3:40",
     "data.train_count: '0'; accepted: an integer from 1"},
    {3, "data: {source: synthetic, normalize: {mean: [0.5, 0.5], std: [0.5]}}", "3:38",
     "data.normalize: 2 values in mean and 1 in std"},
    {3, "data: {source: synthetic, normalize: {std: [0.5]}}", "3:38",
     "data.normalize: 0 values in mean and 1 in std"},
    {3, "data: {source: synthetic, normalize: {mean: 0.5, std: 0.5}}", "3:45",
     "data.normalize.mean: '0.5'; accepted: a list"},
    {3, "data: {source: synthetic, normalize: {mean: [0.5], std: [0]}}", "3:58",
     "data.normalize.std: '0'; accepted"},
    {3, "data: {source: synthetic, normalize: {mean: [a], std: [1]}}", "3:46",
     "data.normalize.mean: 'a'; accepted"},
    /* layers */
    {6, "    - cnov: {filters: 4}", "6:7",
     "cnov: unknown key; accepted: dense, conv, max_pool, avg_pool, batch_norm, dropout, relu, "
     "leaky_relu, tanh, sigmoid, scaled_sigmoid, softmax, identity, flatten, elu, gelu, silu, softplus, "
     "layer_norm, group_norm, global_avg_pool, residual; nearest known key: conv"},
    {6, "    - conv: {filter: 4, kernel: 3}", "6:14", "nearest known key: filters"},
    {6, "    - conv: {filters: 4}", "6:13",
     "model.layers[0].kernel: missing; accepted: an integer from 1 to 256 pixels, "
     "or [height, width]"},
    {6, "    - conv: {filters: 4, kernel: [3]}", "6:34", "model.layers[0].kernel: a list of 1"},
    {6, "    - conv: {filters: 4, kernel: [3, 0]}", "6:38", "model.layers[0].kernel: '0'"},
    {6, "    - conv: 4", "6:13", "model.layers[0]: '4'; accepted: a map with keys among filters"},
    {6, "    - relu: 4", "6:13", "model.layers[0]: '4'; accepted: nothing"},
    {8, "    - dense: ten", "8:14", "model.layers[2].units: 'ten'; accepted: an integer from 1"},
    {8, "    - dense", "8:7", "model.layers[2].units: missing"},
    {8, "    - {dense: 10, relu: 1}", "8:7", "model.layers[2]: a map of 2; accepted: a layer"},
    {8, "    - [dense, 10]", "8:7", "model.layers[2]: a list of 2; accepted: a layer"},
    {8, "    -", "8:6", "model.layers[2]: nothing; accepted: a layer"},
    /* records */
    {11, "record: {train_loss: {every: 0 steps}}", "11:30",
     "record.train_loss.every: '0 steps'; accepted: \"N steps\""},
    {11, "record: {train_loss: {every: 1 stp}}", "11:30", "record.train_loss.every: '1 stp'"},
    {11, "record: {train_loss: {every: step}}", "11:30", "record.train_loss.every: 'step'"},
    {11, "record: {train_loss: {every: 5}}", "11:30", "record.train_loss.every: '5'"},
    {11, "record: {train_loss: {every: 99999999999999999999999999999999999999 steps}}", "11:30",
     "record.train_loss.every"},
    {11, "record: {train_los: {every: 1 step}}", "11:10", "nearest known key: record.train_loss"},
    {11, "record: {train_loss: {evry: 1 step}}", "11:23", "nearest known key: record.train_loss.every"},
    {11, "record: {train_loss: {}}", "11:22", "record.train_loss: a map of 0"},
    {11, "record: {train_loss: {every: never}}", "11:9", "record: nothing is recorded"},
    {11, "", "1:1", "record: nothing is recorded"},
    /* sweep */
    {13, "  run: 0", "13:8", "sweep.run: '0'; accepted: an integer from 1"},
    {13, "  run: {set: seed}", "13:9", "set: unknown key; accepted: count, base"},
    {13, "  paired: maybe", "13:11", "sweep.paired: 'maybe'; accepted: true or false"},
    {13, "  paired: 'true'", "13:11", "sweep.paired: 'true'; accepted: true or false"},
    {13, "  status: {set: optimizer.lr, values: [1]}", "13:3",
     "sweep.status: the results file uses this name"},
    {13, "  test_loss: {set: optimizer.lr, values: [1]}", "13:3",
     "sweep.test_loss: the results file uses this name"},
    {13, "  test_loss_curve: {set: optimizer.lr, values: [1]}", "13:3", "the results file uses this name"},
    {13, "  2nd: {set: optimizer.lr, values: [1]}", "13:3", "sweep.2nd: not an axis name"},
    {13, "  a/b: {set: optimizer.lr, values: [1]}", "13:3", "sweep.a/b: not an axis name"},
    {13, "  rate: {set: optimizer.lr, values: [1]}", "14:13",
     "sweep.lr.set: axis rate sets optimizer.lr already"},
    {14, "  lr: [0.1, 0.01]", "14:7", "sweep.lr: a list of 2; accepted: a map with keys among set, values"},
    {14, "  lr: {values: [0.1]}", "14:7", "sweep.lr.set: missing; accepted: model, loss, optimizer"},
    {14, "  lr: {set: optimizer.lr}", "14:7",
     "sweep.lr: 0 of values, linspace, logspace, uniform, log_uniform, integers and choice; accepted: one"},
    {14, "  lr: {set: optimizer.lr, values: [1], linspace: [1, 2, 2]}", "14:7", "sweep.lr: 2 of values"},
    {14, "  lr: {set: optimizer.rl, values: [1]}", "14:13",
     "sweep.lr.set: 'optimizer.rl'; accepted: model, loss, optimizer"},
    {14, "  lr: {set: optimiser.lr, values: [1]}", "14:13", "nearest known key: optimizer.lr"},
    {14, "  lr: {set: data.train_count, values: [1]}", "14:13",
     "sweep.lr.set: 'data.train_count'; accepted: model, loss"},
    {14, "  lr: {set: optimizer.kind, values: [1]}", "14:38",
     "optimizer.kind: '1'; accepted: sgd, nesterov, adam"},
    {14, "  lr: {set: [a], values: [1]}", "14:14", "sweep.lr.set: 'a'; accepted: model, loss, optimizer"},
    {14, "  lr: {set: optimizer.lr, vals: [1]}", "14:27", "nearest known key: values"},
    {14, "  lr: {set: optimizer.lr, values: []}", "14:35", "sweep.lr.values: a list of 0"},
    {14, "  lr: {set: optimizer.lr, values: 1}", "14:35", "sweep.lr.values: '1'; accepted: a list"},
    {14, "  lr: {set: optimizer.lr, values: [1, x]}", "14:39",
     "sweep.lr: 'x' is not a value for optimizer.lr; accepted: a "
     "number from 0 to 1000"},
    {14, "  lr: {set: optimizer.lr, values: [1, -1]}", "14:39",
     "sweep.lr: '-1' is not a value for optimizer.lr"},
    {14, "  lr: {set: train.batch, values: [1, 1.5]}", "14:38",
     "sweep.lr: '1.5' is not a value for train.batch"},
    {14, "  lr: {set: optimizer.lr, values: [1, 2, 1.0]}", "14:42", "sweep.lr: 1 appears twice"},
    {14, "  lr: {set: optimizer.lr, linspace: [1, 2]}", "14:37",
     "sweep.lr.linspace: a list of 2; accepted: [first, last, "
     "count]"},
    {14, "  lr: {set: optimizer.lr, linspace: [1, 2, 1]}", "14:44",
     "sweep.lr.linspace: '1'; accepted: [first"},
    {14, "  a: {set: optimizer.lr, values: [0.1, ~]}", "14:40", "'~' is not a value for optimizer.lr"},
    {14, "  a: {set: 'model.layers[0].l2', values: [~, none]}", "14:46", "sweep.a: none appears twice"},
    {14, "  a: {set: 'model.layers[0].l2', values: [none, 0.1, 0.10]}", "14:54",
     "sweep.a: 0.1 appears twice"},
    {14, "  a: {set: 'model.layers[0].l2', values: [none, -1]}", "14:49",
     "model.layers[0].l2: '-1'; accepted: a number from 0 to 1000000, or none"},
    {14, "  lr: {set: optimizer.lr, linspace: [1, x, 3]}", "14:41",
     "sweep.lr.linspace: 'x'; accepted: [first"},
    {14, "  lr: {set: optimizer.lr, linspace: [1, 1, 3]}", "14:37", "sweep.lr: 1 appears twice"},
    {14, "  lr: {set: optimizer.lr, linspace: [1, 2000, 3]}", "14:37", "sweep.lr: 1000.5 is not a value"},
    {14, "  lr: {set: train.epochs, linspace: [1, 2, 3]}", "14:37",
     "sweep.lr: 1.5 is not a value for train.epochs"},
    {14, "  lr: {set: optimizer.lr, logspace: [0, 1, 3]}", "14:37",
     "sweep.lr.logspace: both ends must be above 0"},
    {13, "  run: 1000000\n  b: {set: optimizer.momentum, linspace: [0, 1, 1000]}", "14:3",
     "sweep.b: 1000 values make the grid too large; accepted: 100000000 cells"},
    {12, "sweep: {}\nmodel2:", "13:1", "model2: unknown key"},
    {12, "sweep: {}\ntitle:", "12:8", "sweep: a map of 0; accepted: a map of 1 to 8 axes"},
    {12, "title: x\nloss:", "14:3", "loss.run: unknown key"},
};

static bool begins(const char **text, const char *start) {
    bool found = strncmp(*text, start, strlen(start)) == 0;
    *text += found ? strlen(start) : 0;
    return found;
}

/* The message must be "SOURCE:PLACE: …fragment…", or "SOURCE: …fragment…" when the place is "". */
static void assert_message(const error_info *error, const char *source, const char *place,
                           const char *fragment) {
    const char *text = error->text;
    bool placed = begins(&text, source) && (place[0] == '\0' || (begins(&text, ":") && begins(&text, place)));
    if (!placed || !begins(&text, ": ") || strstr(text, fragment) == NULL)
        fail_msg("got \"%s\", expected \"%s:%s: …%s\"", error->text, source, place, fragment);
}

static void assert_refused(const char *path, const char *const settings[], int count, const char *source,
                           const char *place, const char *fragment) {
    error_info error = {0};
    job *j = NULL;
    status result = job_load(&j, path, settings, count, &error);
    if (result == STATUS_OK)
        fail_msg("accepted, expected \"%s:%s: …%s\"", source, place, fragment);
    assert_null(j);
    assert_message(&error, source, place, fragment);
    assert_int_equal(result, STATUS_USAGE);
    assert_int_equal(error.code, STATUS_USAGE);
}

static void assert_file_refused(const char *text, size_t size, const char *place, const char *fragment) {
    const char *path = temporary_directory_write(&directory, "job.yaml", text, size);
    assert_refused(path, NULL, 0, path, place, fragment);
}

static const char *write_job(int replaced_line, const char *replacement) {
    char text[TEXT_SIZE];
    size_t used = 0;
    for (int line = 1; line <= LINES; line++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s\n",
                                 line == replaced_line ? replacement : good[line - 1]);
    return temporary_directory_write(&directory, "job.yaml", text, used);
}

static void wrong_lines_are_refused(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof wrong_lines / sizeof wrong_lines[0]; i++) {
        const wrong_line *wrong = &wrong_lines[i];
        const char *path = write_job(wrong->line, wrong->text);
        assert_refused(path, NULL, 0, path, wrong->place, wrong->message);
    }
}

static void good_job_is_accepted(void **state) {
    (void)state;
    error_info error = {0};
    job *j;
    assert_int_equal(job_load(&j, write_job(0, ""), NULL, 0, &error), STATUS_OK);
    job_destroy(&j);
    assert_null(j);
    job_destroy(&j);
}

static void odd_files_are_refused(void **state) {
    (void)state;
    assert_file_refused("", 0, "1:1", "there is nothing in it");
    assert_file_refused("\xff\xfej\0o\0b\0", 8, "1:1", "not YAML: UTF-16, UTF-32 or binary");
    assert_file_refused("\xfe\xff\0j\0o\0b", 8, "1:1", "not YAML: UTF-16, UTF-32 or binary");
    assert_file_refused("j\0o\0b\0", 6, "1:1", "not YAML: UTF-16, UTF-32 or binary");
    assert_file_refused("\xef\xbb\xbf", 3, "1:1", "there is nothing in it");
    assert_file_refused("# only this\n", 12, "2:1", "there is nothing in it");
    assert_file_refused("hello", 5, "1:1", "'hello'; accepted: a map with keys among job, title");
    assert_file_refused("- a", 3, "1:1", "a list of 1; accepted: a map with keys among job, title");
    assert_file_refused("a: b\0c", 6, "1:5", "not YAML: control characters are not allowed");
    char deep[200] = {0};
    memset(deep, '[', 100);
    assert_file_refused(deep, 100, "1:33", "nested too deeply; accepted: 32 levels");
}

static void bounds_hold(void **state) {
    (void)state;
    size_t size = (1 << 20) + 1;
    char *text = malloc(size);
    assert_non_null(text);
    memset(text, '#', size);
    assert_file_refused(text, size, "", "too long: more than 1048576 bytes");
    memset(text, 0, size);
    strcpy(text, "a: [");
    for (int i = 0; i < 100001; i++)
        strcat(text + 4 + 2 * i, "1,");
    assert_file_refused(text, strlen(text), "1:199999", "too many values; accepted: 100000");
    size_t used = 0;
    for (int i = 0; i < 4097; i++)
        used += (size_t)sprintf(text + used, "k%d: 1\n", i);
    assert_file_refused(text, used, "4097:1", "too many keys in one map; accepted: 4096");
    free(text);
}

static void wrong_settings_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *setting, *message;
    } wrong[] = {
        {"train.epochs", "not a setting; accepted: KEY=VALUE"},
        {"=3", "not a setting"},
        {"train.=3", "not a setting"},
        {"train..epochs=3", "not a setting"},
        {"train.epochs=", "no value is given"},
        {"train.epochs=-1", "train.epochs: '-1'; accepted: an integer from 0"},
        {"train.epoch=3", "train.epoch: unknown key; accepted: epochs, batch, last_batch, shuffle, monitor, "
                          "patience, min_delta, keep, max_seconds; "
                          "nearest known key: train.epochs"},
        {"model.layers=[]", "model.layers: a list of 0; accepted: a list of 1 to 128 layers"},
        {"run.checkpoint_every=10", "run.checkpoint_every: '10'; accepted: \"N s\", \"N min\" or \"N h\", at "
                                    "least 0.01 s, auto, or never "
                                    "(0)"},
        {"run.checkpoint_every=10 minutes", "run.checkpoint_every: '10 minutes'"},
        {"run.checkpoint_every=-1 s", "run.checkpoint_every: '-1 s'"},
        {"run.checkpoint_every=1 s 2", "run.checkpoint_every: '1 s 2'"},
        {"run.checkpoint_every=1s", "run.checkpoint_every: '1s'"},
        {"run.checkpoint_every=[1 s]", "run.checkpoint_every: a list of 1"},
        {"seed.value=3", "seed: '1' has no keys to set"},
        {"sweep.lr.values[9]=3", "values[9]: there is no such item"},
        {"sweep.lr.values[9].a=3", "values[9]: there is no such item"},
        {"sweep.lr.values=[0.1, 0.1]", "sweep.lr: 0.1 appears twice"},
        {"sweep.lr.values=[0.1", "not YAML"},
        {"sweep.lr.values={a: 1, a: 2}", "a: duplicate key"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char source[256];
        snprintf(source, sizeof source, "--set %s", wrong[i].setting);
        assert_refused(write_job(0, ""), &wrong[i].setting, 1, source, "", wrong[i].message);
    }
}

static void unreadable_files_are_io_errors(void **state) {
    (void)state;
    error_info error = {0};
    job *j;
    assert_int_equal(job_load(&j, "/nonexistent/job.yaml", NULL, 0, &error), STATUS_IO);
    assert_message(&error, "/nonexistent/job.yaml", "", "No such file");
    assert_int_equal(job_load(&j, directory.path, NULL, 0, &error), STATUS_IO);
    assert_message(&error, directory.path, "", "Is a directory");
}

/* ---- Mistakes that only the data show ---------------------------------------------------------- */

static void assert_file_fails_check(const char *path, const char *place, const char *fragment) {
    error_info error = {0};
    job *j;
    stored_dataset stored;
    training_plan plan;
    if (job_load(&j, path, NULL, 0, &error) != STATUS_OK)
        fail_msg("%s", error.text);
    status result = job_describe_data(j, "", &stored, &error);
    if (result == STATUS_OK)
        result = job_check(j, &stored.data, &plan, &error);
    assert_int_equal(result, STATUS_USAGE);
    assert_message(&error, path, place, fragment);
    job_destroy(&j);
}

static void assert_check_refuses(int line, const char *text, const char *place, const char *fragment) {
    assert_file_fails_check(write_job(line, text), place, fragment);
}

static void models_must_fit_the_data(void **state) {
    (void)state;
    assert_check_refuses(3, "data: {source: synthetic, normalize: {mean: [0, 1], std: [1, 1]}}", "3:45",
                         "data.normalize.mean: 2 values, but the samples have 3 channels");
    assert_check_refuses(3, "data: {source: synthetic, train_count: 20, validation: {fraction: 0.001}}",
                         "3:67", "data.validation.fraction: 0.001 holds out 0 of 20 samples");
    assert_check_refuses(3, "data: {source: npy, train_x: a.csv, train_y: b.npy}", "3:30", "data.train_x: ");
    assert_check_refuses(7, "    - max_pool: 64", "7:7",
                         "model.layers[1]: layer 1 (max_pool) on an input of");
    assert_check_refuses(7, "    - residual: [relu, max_pool: 64]", "7:24",
                         "model.layers[1.1]: layer 1.1 (max_pool) on an input of");
    assert_check_refuses(
        7, "    - residual: [max_pool: 2]", "7:7",
        "model.layers[1]: layer 1 (residual) on an input of 4 × 16 × 16: its two ways make 4 × 32 "
        "× 32 and 4 × 16 × 16, which cannot be added");
    assert_check_refuses(
        7, "    - residual: [identity]", "7:7",
        "model.layers[1]: layer 1 (residual): neither its layers nor its shortcut do anything");
    assert_check_refuses(8, "    - dense: 11", "8:7", "model.layers[2]: the last layer (2) has 11 × 1 × 1");
}

/* Lines of the good job and their replacements: a fault of the engine's check is reported with its key. */
static void faults_are_told_with_their_keys(void **state) {
    (void)state;
    static const char lbfgs[] = "optimizer: {kind: lbfgs}";
    static const struct {
        struct {
            int line;
            const char *text;
        } lines[4]; /* line 0: no more */
        const char *place, *message;
    } cases[] = {
        {{{6, "    - flatten"}, {7, ""}, {8, ""}}, "6:5", "model.layers: no layer has parameters"},
        {{{6, "    - flatten"}, {7, "    - softmax"}, {8, ""}}, "6:5", "model.layers: no layer has"},
        {{{6, "    - flatten"}}, "7:7", "model.layers[1]: layer 1 (max_pool) comes after flatten"},
        {{{8, "    - conv: {filters: 10, kernel: 15}"}},
         "8:7",
         "model.layers[2]: the last layer (2) has 10 × 2"},
        {{{8, "    - dense: 10\nloss: {kind: binary_cross_entropy}"}},
         "8:7",
         "model.layers[2]: binary_cross_entropy of a model that ends with layer 2"},
        {{{3, "data: {source: absolute_value}"}, {6, "    - dense: 1"}, {7, ""}, {8, ""}},
         "1:1",
         "loss.kind: the data set has numbers as targets"},
        {{{3, "data: {source: absolute_value}\nloss: {l2: 0, kind: cross_entropy}"},
          {6, "    - dense: 1"},
          {7, ""},
          {8, ""}},
         "4:21",
         "loss.kind: the data set has numbers as targets"},
        {{{9, "optimizer: {kind: lbfgs, weight_decay: 0.1}"}, {10, "train: {epochs: 2}"}, {14, ""}},
         "9:40",
         "optimizer.weight_decay: weight decay 0.1 is not part of the cost"},
        {{{3, "data: {source: synthetic, mirror: 0.5}"}, {9, lbfgs}, {10, "train: {epochs: 2}"}, {14, ""}},
         "3:35",
         "data.mirror: mirror 0.5 changes the cost"},
        {{{7, "    - dropout: 0.5"}, {9, lbfgs}, {10, "train: {epochs: 2}"}, {14, ""}},
         "7:7",
         "model.layers[1]: layer 1 (dropout) changes the cost"},
        {{{3, "data: {source: synthetic, width: 1, mirror: 1}"}, {7, ""}},
         "3:45",
         "data.mirror: mirror 1 of samples"},
        {{{3, "data: {source: synthetic, mirror: 1, flip: {horizontal: 0.5}}"}},
         "3:57",
         "data.flip.horizontal: 0.5, and images are mirrored"},
        {{{3, "data: {source: synthetic, cutout: 3}"}, {9, lbfgs}, {10, "train: {epochs: 2}"}, {14, ""}},
         "3:35",
         "data.cutout: changed images change the cost"},
        {{{10, "train: {epochs: 2, batch: 101, last_batch: drop}"}},
         "10:44",
         "train.last_batch: 100 training samples do not fill a batch of 101"},
        {{{10, "train: {epochs: 2, batch: 9, monitor: test_loss}"}},
         "10:39",
         "train.monitor: test_loss is not recorded; accepted: "},
        {{{8, "    - dense: 4\n    - batch_norm\n    - dense: 10"}, {10, "train: {epochs: 2, batch: 99}"}},
         "12:27",
         "train.batch: the last of the batches of 99 of 100"},
        {{{10, "train: {epochs: 1000000, batch: 1}"}, {3, "data: {source: synthetic, train_count: 100000}"}},
         "10:17",
         "train.epochs: 1000000 epochs of 100000 steps"},
        {{{11, "record: {weights: {every: end, layers: [1]}}"}},
         "11:40",
         "record.weights.layers: layer 1 has no"},
        {{{11, "record: {gradient_norm: {every: 1 step, layer: 1}}"}},
         "11:48",
         "record.gradient_norm.layer: layer 1 has no weights"},
        {{{11, "record: {batch_norm: {every: end, layers: [0]}}"}},
         "11:43",
         "record.batch_norm.layers: layer 0 is not"},
        {{{11, "record: {validation_loss: {every: end}}"}},
         "11:35",
         "record.validation_loss.every: the data set has"},
        {{{14, "  batch: {set: train.batch, values: [5, 99]}"},
          {8, "    - dense: 4\n    - batch_norm\n    - dense: 10"}},
         "16:41",
         "train.batch: the last of the batches of 99"},
        {{{14, "  epochs: {set: train.epochs, values: [1, 0]}"}},
         "14:43",
         "train.epochs: record.train_loss.every: per step, but 0 epochs"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[TEXT_SIZE];
        size_t used = 0;
        for (int line = 1; line <= LINES; line++) {
            const char *written = good[line - 1];
            for (int k = 0; k < 4; k++)
                if (cases[i].lines[k].line == line)
                    written = cases[i].lines[k].text;
            used += (size_t)snprintf(text + used, sizeof text - used, "%s\n", written);
        }
        assert_file_fails_check(temporary_directory_write(&directory, "job.yaml", text, used), cases[i].place,
                                cases[i].message);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_job_is_accepted),       cmocka_unit_test(wrong_lines_are_refused),
        cmocka_unit_test(odd_files_are_refused),      cmocka_unit_test(bounds_hold),
        cmocka_unit_test(wrong_settings_are_refused), cmocka_unit_test(unreadable_files_are_io_errors),
        cmocka_unit_test(models_must_fit_the_data),   cmocka_unit_test(faults_are_told_with_their_keys),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
