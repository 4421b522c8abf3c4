#include "io/job/table.h"

#include <assert.h>

#include "io/job/axes_option.h"
#include "io/job/initial_parameters.h"
#include "io/job/layer_table.h"
#include "io/job/where.h"

static_assert(sizeof(size_t) == sizeof(uint64_t), "option_unsigned also stores counts of type size_t");

static const char *const task_list[] = {
    [TASK_AUTO] = "auto", [TASK_CLASSIFICATION] = "classification", [TASK_REGRESSION] = "regression"};
static const char *const layout_list[] = {
    [LAYOUT_CHANNELS_FIRST] = "channels_first", [LAYOUT_CHANNELS_LAST] = "channels_last"};
static const char *const separator_list[] = {
    [SEPARATOR_COMMA] = "comma", [SEPARATOR_SEMICOLON] = "semicolon", [SEPARATOR_TAB] = "tab"};
static const char *const hold_out_list[] = {
    [HOLD_OUT_STRATIFIED] = "stratified", [HOLD_OUT_RANDOM] = "random"};
static const name_table tasks = NAME_TABLE(task_list), layouts = NAME_TABLE(layout_list),
                        separators = NAME_TABLE(separator_list), hold_outs = NAME_TABLE(hold_out_list);

enum { MOST_PATH = 1023 };

#define FIELD(field) .offset = offsetof(job, field)
#define SPEC(field) FIELD(base.field), .by_axis = true
#define RANGE(least, greatest) .min = (least), .max = (greatest)
#define ONLY_DATA(set) .only_if = "data.source", .only_values = (set)
#define ONLY_SYNTHETIC ONLY_DATA(ONE(DATA_SYNTHETIC))
#define PATH(field) FIELD(data.field), .max = DATA_PATH_SIZE - 1
#define ONLY_LOSS(set) .only_if = "loss.kind", .only_values = (set)
#define ONLY_OPTIMIZER(set) .only_if = "optimizer.kind", .only_values = (set)
#define ONLY_BY_BATCH ONLY_OPTIMIZER(~(unsigned)OPTIMIZERS_FULL_BATCH)
#define ONLY_MONITORED .only_if = "train.monitor"
#define ONLY_SCHEDULE(set) .only_if = "schedule.kind", .only_values = (set)
#define ONE(value) (1u << (value))
#define EITHER(a, b) (ONE(a) | ONE(b))

/* The recorded quantities by name: a row of a name that the engine does not have does not compile. */
enum {
#define X(quantity, name) quantity_##name = RECORD_##quantity,
    RECORD_QUANTITIES(X)
#undef X
};

/* The rows of one recorded quantity: how often, and its other keys. */
#define RECORD(name, text)                                                                                   \
    {                                                                                                        \
        "record." #name ".every", &option_every, FIELD(base.records[quantity_##name]), RANGE(1, 1000000),    \
            .default_text = "never", .help = (text)                                                          \
    }
#define RECORD_KEY(name, key, kind, field)                                                                   \
    "record." #name "." key, &(kind), FIELD(base.records[quantity_##name].field),                            \
        .only_if = "record." #name ".every"
#define TOP_K(set)                                                                                           \
    {                                                                                                        \
        RECORD_KEY(set##_top_k_accuracy, "k", option_integer, k), RANGE(1, ENGINE_MAX_CLASSES),              \
            .default_text = "5", .help = "how many classes"                                                  \
    }

/* The metrics of a set, which is named in front of theirs; `of` in words. */
#define METRICS(set, of)                                                                                     \
    RECORD(set##_top_k_accuracy, "percent whose class is among the k likeliest, of " of), TOP_K(set),        \
        RECORD(set##_balanced_accuracy, "mean over classes of the percentage that is right, of " of),        \
        RECORD(set##_macro_f1, "mean over classes of F1, in percent, of " of),                               \
        RECORD(set##_confusion_matrix, "samples by true and predicted class, of " of),                       \
        RECORD(set##_mae, "mean absolute error of a regression, of " of),                                    \
        RECORD(set##_r2, "coefficient of determination R² of a regression, of " of)
#define RECORD_COUNT(name, field) .count_offset = offsetof(job, base.records[quantity_##name].field)
#define RECORD_LAYERS(name)                                                                                  \
    RECORD_KEY(name, "layers", option_layer_list, layers), RECORD_COUNT(name, layer_count)

/* A condition (only_if) must come before the rows that depend on it. */
static const option job_options[] = {
    {"job", &option_name, FIELD(name), .max = GRID_NAME_SIZE - 1, .help = "short name"},
    {"title", &option_text, FIELD(title), .max = sizeof((job *)0)->title - 1, .default_text = "",
     .help = "what the sweep shows, for people"},
    {"seed", &option_unsigned, FIELD(seed), RANGE(0, UINT32_MAX), .default_text = "0",
     .help = "names all random streams of the job"},

    {"data.source", &option_choice, FIELD(data.source), .choices = &data_source_names,
     .help = "samples to train and test on, see Data"},
    {"data.train", &option_path, PATH(train.file), ONLY_DATA(EITHER(DATA_HDF5, DATA_CSV)),
     .help = "file with the training samples"},
    {"data.test", &option_path, PATH(test.file), ONLY_DATA(EITHER(DATA_HDF5, DATA_CSV)), .default_text = "",
     .help = "file with the test samples"},
    {"data.validation.file", &option_path, PATH(validation.file), ONLY_DATA(EITHER(DATA_HDF5, DATA_CSV)),
     .default_text = "", .help = "file with validation samples, in place of a held-out share"},
    {"data.train_x", &option_path, PATH(train.x), ONLY_DATA(ONE(DATA_NPY)), .help = "training samples"},
    {"data.train_y", &option_path, PATH(train.y), ONLY_DATA(ONE(DATA_NPY)),
     .help = "their labels or targets"},
    {"data.validation.x", &option_path, PATH(validation.x), ONLY_DATA(ONE(DATA_NPY)), .default_text = "",
     .help = "validation samples"},
    {"data.validation.y", &option_path, PATH(validation.y), ONLY_DATA(ONE(DATA_NPY)), .default_text = "",
     .help = "their labels or targets"},
    {"data.test_x", &option_path, PATH(test.x), ONLY_DATA(ONE(DATA_NPY)), .default_text = "",
     .help = "test samples"},
    {"data.test_y", &option_path, PATH(test.y), ONLY_DATA(ONE(DATA_NPY)), .default_text = "",
     .help = "their labels or targets"},
    {"data.train_x", &option_path, PATH(train.x), ONLY_DATA(ONE(DATA_HDF5)), .default_text = "",
     .help = "data set of the samples in the file; empty: found by its name, see Data"},
    {"data.train_y", &option_path, PATH(train.y), ONLY_DATA(ONE(DATA_HDF5)), .default_text = "",
     .help = "data set of their labels or targets"},
    {"data.validation.x", &option_path, PATH(validation.x), ONLY_DATA(ONE(DATA_HDF5)), .default_text = "",
     .help = "data set of the samples in the file; empty: found by its name, see Data"},
    {"data.validation.y", &option_path, PATH(validation.y), ONLY_DATA(ONE(DATA_HDF5)), .default_text = "",
     .help = "data set of their labels or targets"},
    {"data.test_x", &option_path, PATH(test.x), ONLY_DATA(ONE(DATA_HDF5)), .default_text = "",
     .help = "data set of the samples in the file; empty: found by its name, see Data"},
    {"data.test_y", &option_path, PATH(test.y), ONLY_DATA(ONE(DATA_HDF5)), .default_text = "",
     .help = "data set of their labels or targets"},
    {"data.target", &option_names, FIELD(data.target), ONLY_DATA(ONE(DATA_CSV)),
     .help = "column of the labels or targets; several columns: targets, or one-hot labels"},
    {"data.ignore", &option_names, FIELD(data.ignore), ONLY_DATA(ONE(DATA_CSV)), .default_text = "",
     .help = "columns that are not features"},
    {"data.separator", &option_choice, FIELD(data.separator), .choices = &separators,
     ONLY_DATA(ONE(DATA_CSV)), .default_text = "comma", .help = "between the fields of a row"},
    {"data.task", &option_choice, FIELD(data.task), .choices = &tasks, ONLY_DATA(DATA_OWN),
     .default_text = "auto",
     .help = "whether y are classes or numbers to predict; auto: integers and texts are classes, see Data"},
    {"data.layout", &option_choice, FIELD(data.layout), .choices = &layouts, ONLY_DATA(DATA_ARRAYS),
     .default_text = "channels_first", .help = "images are (N, C, H, W) or (N, H, W, C)"},
    {"data.allow_nonfinite", &option_boolean, FIELD(data.allow_nonfinite), ONLY_DATA(DATA_OWN),
     .default_text = "false", .help = "accept NaN and infinities in samples and targets"},
    {"data.classes", &option_integer, FIELD(data.classes), RANGE(0, ENGINE_MAX_CLASSES), ONLY_DATA(DATA_OWN),
     .default_text = "0", .help = "labels are below this; 0: the highest training label + 1"},
    {"data.train_count", &option_unsigned, FIELD(data.train_count), RANGE(0, UINT32_MAX), .unit = "samples",
     ONLY_DATA(DATA_FILES), .default_text = "0", .help = "use only the first N training samples; 0: all"},
    {"data.test_count", &option_unsigned, FIELD(data.test_count), RANGE(0, UINT32_MAX), .unit = "samples",
     ONLY_DATA(DATA_FILES), .default_text = "0", .help = "use only the first N test samples; 0: all"},
    {"data.per_class", &option_unsigned, FIELD(data.per_class), RANGE(0, UINT32_MAX), .unit = "samples",
     ONLY_DATA(DATA_FILES), .default_text = "0",
     .help = "of these, train on only the first N of each class; 0: all"},
    {"data.border", &option_integer, FIELD(data.border), RANGE(0, 1000), .unit = "pixels",
     ONLY_DATA(DATA_FILES), .default_text = "0", .help = "cut this many off every side of the images"},
    {"data.channels", &option_integer, FIELD(data.synthetic.shape.channels), RANGE(1, SYNTHETIC_MAX_CHANNELS),
     ONLY_SYNTHETIC, .default_text = "3", .help = "colour planes"},
    {"data.height", &option_integer, FIELD(data.synthetic.shape.height), RANGE(1, 256), .unit = "pixels",
     ONLY_SYNTHETIC, .default_text = "32", .help = "image height"},
    {"data.width", &option_integer, FIELD(data.synthetic.shape.width), RANGE(1, 256), .unit = "pixels",
     ONLY_SYNTHETIC, .default_text = "32", .help = "image width"},
    {"data.classes", &option_integer, FIELD(data.synthetic.classes), RANGE(2, ENGINE_MAX_CLASSES),
     ONLY_SYNTHETIC, .default_text = "10", .help = "number of classes"},
    {"data.train_count", &option_unsigned, FIELD(data.synthetic.train_count), RANGE(1, 10000000),
     .unit = "samples", ONLY_SYNTHETIC, .default_text = "2000", .help = "training images to generate"},
    {"data.test_count", &option_unsigned, FIELD(data.synthetic.test_count), RANGE(1, 10000000),
     .unit = "samples", ONLY_SYNTHETIC, .default_text = "1000", .help = "test images to generate"},
    {"data.train_count", &option_unsigned, FIELD(data.points.train_count), RANGE(1, 10000000),
     .unit = "samples", ONLY_DATA(DATA_POINTS), .default_text = "1000", .help = "training points to draw"},
    {"data.validation_count", &option_unsigned, FIELD(data.points.validation_count), RANGE(0, 10000000),
     .unit = "samples", ONLY_DATA(DATA_POINTS), .default_text = "0", .help = "validation points to draw"},
    {"data.test_count", &option_unsigned, FIELD(data.points.test_count), RANGE(0, 10000000),
     .unit = "samples", ONLY_DATA(DATA_POINTS), .default_text = "1000", .help = "test points to draw"},
    {"data.spread", &option_number, FIELD(data.points.spread), RANGE(0, 1e6), ONLY_DATA(ONE(DATA_XOR)),
     .default_text = "0.4", .help = "standard deviation of each of the four clusters at (±1, ±1)"},
    {"data.spread", &option_number, FIELD(data.points.spread), RANGE(0, 1e6),
     ONLY_DATA(ONE(DATA_ABSOLUTE_VALUE)), .default_text = "7", .help = "x is uniform in ±spread"},
    {"data.per_cell", &option_boolean, FIELD(data.points.per_cell), ONLY_DATA(DATA_POINTS),
     .default_text = "false", .help = "every cell draws its own points; else all have the same"},
    {"data.validation.fraction", &option_number, FIELD(data.validation_fraction), RANGE(0, 1),
     ONLY_DATA(DATA_FILES | ONE(DATA_SYNTHETIC)), .default_text = "0",
     .help = "share of the training samples held out, drawn once for all cells"},
    {"data.validation.kind", &option_choice, FIELD(data.validation_kind), .choices = &hold_outs,
     ONLY_DATA(DATA_FILES | ONE(DATA_SYNTHETIC)), .default_text = "stratified",
     .help = "the same share of every class, or of all samples"},
    {"data.mirror", &option_number, SPEC(mirror), RANGE(0, 1), ONLY_DATA(DATA_FILES | ONE(DATA_SYNTHETIC)),
     .default_text = "0",
     .help = "probability that a training image is flipped left to right, drawn again every epoch"},
    {"data.crop.padding", &option_integer, SPEC(augment.padding), RANGE(0, 255), .unit = "pixels",
     ONLY_DATA(DATA_FILES | ONE(DATA_SYNTHETIC)), .default_text = "0", .omits_default = true,
     .help = "black pixels on every side of a training image, of which a crop of the original size is taken, "
             "drawn again every epoch; 0: no crop"},
    {"data.flip.horizontal", &option_number, SPEC(augment.flip_horizontal), RANGE(0, 1),
     ONLY_DATA(DATA_FILES | ONE(DATA_SYNTHETIC)), .default_text = "0", .omits_default = true,
     .help = "probability that a training image is flipped left to right, in place of data.mirror"},
    {"data.flip.vertical", &option_number, SPEC(augment.flip_vertical), RANGE(0, 1),
     ONLY_DATA(DATA_FILES | ONE(DATA_SYNTHETIC)), .default_text = "0", .omits_default = true,
     .help = "probability that a training image is flipped upside down"},
    {"data.cutout", &option_integer, SPEC(augment.cutout), RANGE(0, 1000), .unit = "pixels",
     ONLY_DATA(DATA_FILES | ONE(DATA_SYNTHETIC)), .default_text = "0", .omits_default = true,
     .help =
         "side of a square around a random pixel of a training image that becomes 0, after normalisation"},
    {"data.normalize.per_feature", &option_boolean, FIELD(data.per_feature),
     ONLY_DATA(DATA_FILES | ONE(DATA_SYNTHETIC)), .default_text = "false",
     .help = "x = (stored - mean) / std of every feature over the training set, in place of the keys below"},
    {"data.normalize.divide", &option_number, SPEC(normalize.divide), RANGE(0, 1e6), .default_text = "0",
     .help = "x = (stored / divide + offset - mean) / std; 0: 255 for bytes, 1 for other numbers"},
    {"data.normalize.offset", &option_number, SPEC(normalize.offset), RANGE(-1000, 1000), .default_text = "0",
     .help = "added after the division"},
    {"data.normalize.mean", &option_numbers, SPEC(normalize.mean),
     .count_offset = offsetof(job, base.normalize.channels), RANGE(-1000, 1000), .default_text = "",
     .help = "one for all channels and features, or one per channel; none: 0"},
    {"data.normalize.std", &option_numbers, SPEC(normalize.std),
     .count_offset = offsetof(job, base.normalize.channels), RANGE(1e-6, 1e6), .default_text = "",
     .help = "the same, as many as mean; none: 1"},

    {"model.init", &option_choice, SPEC(model.init.weights.kind), .choices = &initializer_names,
     .default_text = "default", .help = "how weights start, see docs/engine.md; default: pytorch"},
    {"model.init_scale", &option_number, SPEC(model.init.weights.scale), RANGE(-1000, 1000),
     .only_if = "model.init", .only_values = INITIALIZERS_WITH_SCALE,
     .help = "standard deviation, half the width, or the value"},
    {"model.init_gain", &option_number, SPEC(model.init.weights.gain), RANGE(1e-6, 1000),
     .only_if = "model.init", .only_values = INITIALIZERS_WITH_GAIN, .default_text = "1",
     .omits_default = true, .help = "multiplies the weights, as PyTorch's gain"},
    {"model.bias_init", &option_choice, SPEC(model.init.biases.kind), .choices = &initializer_names,
     .default_text = "default",
     .help = "how biases start; default: as pytorch does when init is pytorch or default, else 0"},
    {"model.bias_init_scale", &option_number, SPEC(model.init.biases.scale), RANGE(-1000, 1000),
     .only_if = "model.bias_init", .only_values = INITIALIZERS_WITH_SCALE,
     .help = "standard deviation, half the width, or the value"},
    {"model.init_file", &option_init_file, SPEC(model.start), .max = MOST_PATH, .default_text = "",
     .help = "all parameters, in place of drawn ones, see Parameters"},
    {"model.shift_file", &option_shift_file, SPEC(model.start), .max = MOST_PATH,
     .only_if = "model.init_file", .default_text = "",
     .help = "one or two directions in which the parameters are shifted: (1 or 2, parameters)"},
    {"model.shift_1", &option_number, SPEC(model.start.shift[0]), RANGE(-1e6, 1e6),
     .only_if = "model.shift_file", .default_text = "0", .help = "adds this times the first direction"},
    {"model.shift_2", &option_number, SPEC(model.start.shift[1]), RANGE(-1e6, 1e6),
     .only_if = "model.shift_file", .default_text = "0", .help = "adds this times the second direction"},
    {"model.layers", &option_layers, SPEC(model), .help = "see Layers"},

    {"loss.kind", &option_choice, SPEC(loss.kind), .choices = &loss_names, .default_text = "cross_entropy",
     .help = "formulas in docs/engine.md"},
    {"loss.entropy_weight", &option_number, SPEC(loss.entropy_weight), RANGE(-1000, 1000),
     ONLY_LOSS(ONE(LOSS_CROSS_ENTROPY)), .default_text = "0",
     .help = "λ: adds λ times the entropy of softmax(logits) to the loss of a sample"},
    {"loss.delta", &option_number, SPEC(loss.delta), RANGE(1e-30, 1e30), ONLY_LOSS(ONE(LOSS_HUBER)),
     .default_text = "1", .help = "the largest difference whose square counts; beyond, the loss is linear"},
    {"loss.label_smoothing", &option_number, SPEC(loss.label_smoothing), RANGE(0, 1),
     ONLY_LOSS(ONE(LOSS_CROSS_ENTROPY)), .default_text = "0", .omits_default = true,
     .help = "share of the target that all classes have alike, as in PyTorch"},
    {"loss.class_weights", &option_numbers, SPEC(loss.class_weights),
     .count_offset = offsetof(job, base.loss.class_weight_count), .longest = ENGINE_MAX_CLASSES,
     RANGE(0, 1e6), ONLY_LOSS(ONE(LOSS_CROSS_ENTROPY)), .default_text = "", .omits_default = true,
     .help = "one for each class, by label; the mean over samples divides by the sum of their weights, as in "
             "PyTorch; none: all are 1"},
    {"loss.over_outputs", &option_choice, SPEC(loss.over_outputs), .choices = &reduction_names,
     ONLY_LOSS(LOSSES_OVER_OUTPUTS), .default_text = "mean",
     .help = "the loss of a sample: mean or sum over its outputs"},
    {"loss.over_samples", &option_choice, SPEC(loss.over_samples), .choices = &reduction_names,
     .default_text = "mean", .help = "the loss of a batch or a set: mean or sum over its samples"},
    {"loss.l2", &option_number, SPEC(loss.l2), RANGE(0, 1e6), .default_text = "0",
     .help =
         "c: adds c times the sum of the squared weights (without biases) of dense and conv layers to the "
         "cost"},

    {"optimizer.kind", &option_choice, SPEC(optimizer.kind), .choices = &optimizer_names,
     .default_text = "sgd",
     .help = "formulas in docs/engine.md; truncated_newton and lbfgs take all training samples at once"},
    {"schedule.kind", &option_choice, SPEC(schedule.kind), .choices = &schedule_names, ONLY_BY_BATCH,
     .default_text = "constant", .help = "the learning rate over time, see docs/engine.md"},
    {"schedule.factor", &option_number, SPEC(schedule.factor), RANGE(0, 1000),
     ONLY_SCHEDULE(SCHEDULES_WITH_FACTOR), .default_text = "0.1",
     .help = "multiplies the rate; exponential: at every count"},
    {"schedule.per", &option_choice, SPEC(schedule.per), .choices = &schedule_per_names, ONLY_BY_BATCH,
     .omits_default = true, .default_text = "auto",
     .help = "what the schedule counts; auto: epochs for step_decay, sequence, plateau, cosine, linear and "
             "exponential, steps for the others"},
    {"schedule.warmup", &option_integer, SPEC(schedule.warmup), RANGE(0, 1000000000), ONLY_BY_BATCH,
     .omits_default = true, .default_text = "0",
     .help = "counts before the schedule, in which the rate rises in a line up to lr (or to the schedule's "
             "first rate where it has its own); then the schedule starts from its beginning"},
    {"schedule.warmup_start", &option_number, SPEC(schedule.warmup_start), RANGE(0, 1), ONLY_BY_BATCH,
     .omits_default = true, .default_text = "0.01",
     .help = "the share of that rate that the warm-up starts with"},
    {"schedule.length", &option_integer, SPEC(schedule.length), RANGE(0, 1000000000),
     ONLY_SCHEDULE(SCHEDULES_WITH_LENGTH), .default_text = "0",
     .help = "counts from the first rate to the last; 0: all that the warm-up leaves of the training"},
    {"schedule.period", &option_integer, SPEC(schedule.period), RANGE(0, 1000000000),
     ONLY_SCHEDULE(ONE(SCHEDULE_COSINE)), .default_text = "0",
     .help = "counts after which the cosine restarts from lr, in place of length; 0: it does not restart"},
    {"schedule.multiplier", &option_integer, SPEC(schedule.multiplier), RANGE(1, 1000000),
     ONLY_SCHEDULE(ONE(SCHEDULE_COSINE)), .default_text = "1",
     .help = "makes each period this many times as long as the one before"},
    {"schedule.start", &option_number, SPEC(schedule.start), RANGE(0, 1000),
     ONLY_SCHEDULE(ONE(SCHEDULE_LINEAR)), .default_text = "1", .help = "first rate, as a share of lr"},
    {"schedule.end", &option_number, SPEC(schedule.end), RANGE(0, 1000), ONLY_SCHEDULE(ONE(SCHEDULE_LINEAR)),
     .default_text = "0", .help = "rate after length counts, as a share of lr"},
    {"schedule.rise", &option_number, SPEC(schedule.rise), RANGE(0, 1),
     ONLY_SCHEDULE(ONE(SCHEDULE_ONE_CYCLE)), .default_text = "0.3",
     .help = "share of the length in which the rate rises to lr"},
    {"schedule.div_factor", &option_number, SPEC(schedule.div_factor), RANGE(1e-30, 1e30),
     ONLY_SCHEDULE(ONE(SCHEDULE_ONE_CYCLE)), .default_text = "25", .help = "the first rate is lr by this"},
    {"schedule.final_div_factor", &option_number, SPEC(schedule.final_div_factor), RANGE(1e-30, 1e30),
     ONLY_SCHEDULE(ONE(SCHEDULE_ONE_CYCLE)), .default_text = "10000",
     .help = "the last rate is the first one by this"},
    {"schedule.steps", &option_numbers, SPEC(schedule.values),
     .count_offset = offsetof(job, base.schedule.count), RANGE(1, 1e12),
     ONLY_SCHEDULE(ONE(SCHEDULE_FACTORS_AT)),
     .help = "steps (schedule.per: epoch: epochs) after each of which the factor is applied once more"},
    {"schedule.rates", &option_numbers, SPEC(schedule.values),
     .count_offset = offsetof(job, base.schedule.count), RANGE(0, 1000),
     ONLY_SCHEDULE(ONE(SCHEDULE_SEQUENCE)), .help = "one rate after the other, then the last"},
    {"schedule.every", &option_integer, SPEC(schedule.every), RANGE(1, 1000000),
     ONLY_SCHEDULE(SCHEDULES_WITH_EVERY),
     .help = "epochs (schedule.per: step: steps) between applications of the factor, or of each rate"},
    {"schedule.policy", &option_choice, SPEC(schedule.policy), .choices = &cycle_policy_names,
     ONLY_SCHEDULE(SCHEDULES_WITH_CYCLES), .default_text = "triangular",
     .help = "amplitude: the same, halved after every cycle, or times gamma^count"},
    {"schedule.base", &option_number, SPEC(schedule.base), RANGE(0, 1000),
     ONLY_SCHEDULE(SCHEDULES_WITH_CYCLES), .help = "lowest rate"},
    {"schedule.max", &option_number, SPEC(schedule.max), RANGE(0, 1000), ONLY_SCHEDULE(SCHEDULES_WITH_CYCLES),
     .help = "highest rate"},
    {"schedule.half_cycle", &option_integer, SPEC(schedule.half_cycle), RANGE(1, 1000000000),
     ONLY_SCHEDULE(SCHEDULES_WITH_CYCLES),
     .help = "steps (schedule.per: epoch: epochs) from lowest to highest"},
    {"schedule.gamma", &option_number, SPEC(schedule.gamma), RANGE(0, 1),
     ONLY_SCHEDULE(SCHEDULES_WITH_CYCLES), .default_text = "1", .help = "of exp_range"},
    {"schedule.patience", &option_integer, SPEC(schedule.patience), RANGE(0, 1000000), .unit = "recordings",
     ONLY_SCHEDULE(ONE(SCHEDULE_PLATEAU)), .default_text = "10",
     .help = "of train.monitor in a row may be without improvement; the next one applies the factor"},
    {"schedule.threshold", &option_number, SPEC(schedule.threshold), RANGE(0, 1e6),
     ONLY_SCHEDULE(ONE(SCHEDULE_PLATEAU)), .default_text = "1e-4", .help = "a smaller improvement is none"},
    {"schedule.threshold_mode", &option_choice, SPEC(schedule.threshold_mode),
     .choices = &threshold_mode_names, ONLY_SCHEDULE(ONE(SCHEDULE_PLATEAU)), .default_text = "rel",
     .help = "the threshold is a share of the best value, or an amount"},
    {"schedule.cooldown", &option_integer, SPEC(schedule.cooldown), RANGE(0, 1000000), .unit = "recordings",
     ONLY_SCHEDULE(ONE(SCHEDULE_PLATEAU)), .default_text = "0",
     .help = "after the factor was applied, this many do not count"},
    {"schedule.min_lr", &option_number, SPEC(schedule.min_lr), RANGE(0, 1000),
     ONLY_SCHEDULE(SCHEDULES_WITH_MIN_LR), .default_text = "0",
     .help = "lowest rate: the last one of a cosine; a plateau does not fall below it"},

    {"optimizer.lr", &option_number, SPEC(optimizer.lr), RANGE(0, 1000), ONLY_SCHEDULE(SCHEDULES_WITH_LR),
     .help = "learning rate; of one_cycle the highest"},
    {"optimizer.momentum", &option_number, SPEC(optimizer.momentum), RANGE(0, 1),
     ONLY_OPTIMIZER(OPTIMIZERS_WITH_MOMENTUM), .omits_default = true, .omits_for = ONE(OPTIMIZER_RMSPROP),
     .default_text = "0", .help = "0: plain gradient descent, or rmsprop without a velocity"},
    {"optimizer.weight_decay", &option_number, SPEC(optimizer.weight_decay), RANGE(0, 1000),
     .default_text = "0",
     .help = "adds this times the parameters to their gradient; adamw takes this times the rate times the "
             "parameters off them (PyTorch's default for adamw is 0.01)"},
    {"optimizer.decay", &option_choice, SPEC(optimizer.decay), .choices = &decay_scope_names, ONLY_BY_BATCH,
     .omits_default = true, .default_text = "all",
     .help = "what weight_decay is for: all parameters, or the weights of dense and conv layers, not biases "
             "and what norms learn"},
    {"optimizer.beta1", &option_number, SPEC(optimizer.beta1), RANGE(0, 0.999999),
     ONLY_OPTIMIZER(OPTIMIZERS_WITH_BETAS), .default_text = "0.9", .help = "decay of the first moment"},
    {"optimizer.beta2", &option_number, SPEC(optimizer.beta2), RANGE(0, 0.999999),
     ONLY_OPTIMIZER(OPTIMIZERS_WITH_BETAS), .default_text = "0.999", .help = "decay of the second moment"},
    {"optimizer.rho", &option_number, SPEC(optimizer.rho), RANGE(0, 0.999999),
     ONLY_OPTIMIZER(ONE(OPTIMIZER_RMSPROP)), .default_text = "0.99", .help = "decay of the mean square"},
    {"optimizer.epsilon", &option_number, SPEC(optimizer.epsilon), RANGE(1e-30, 1),
     ONLY_OPTIMIZER(OPTIMIZERS_WITH_EPSILON), .default_text = "1e-8",
     .help = "keeps the divisor away from 0"},
    {"optimizer.epsilon_style", &option_choice, SPEC(optimizer.epsilon_style),
     .choices = &epsilon_style_names, ONLY_OPTIMIZER(OPTIMIZERS_WITH_EPSILON), .default_text = "pytorch",
     .help = "where epsilon is added, see docs/engine.md"},
    {"optimizer.clip_norm", &option_number, SPEC(optimizer.clip_norm), RANGE(0, 1e30), ONLY_BY_BATCH,
     .omits_default = true, .default_text = "0",
     .help =
         "a gradient of the cost with a larger L2 norm, over all parameters, is scaled to this; 0: none is"},
    {"optimizer.clip_value", &option_number, SPEC(optimizer.clip_value), RANGE(0, 1e30), ONLY_BY_BATCH,
     .omits_default = true, .default_text = "0",
     .help = "values of the gradient, after clip_norm, are kept within ± this; 0: they are not"},

    {"train.epochs", &option_integer, SPEC(epochs), .shapes_records = true, RANGE(0, 1000000),
     .unit = "epochs",
     .help = "passes over the training samples; with truncated_newton and lbfgs the maximum number of "
             "evaluations of the cost; 0: nothing is trained, and records per epoch have one value"},
    {"train.batch", &option_integer, SPEC(batch), .shapes_records = true, RANGE(1, 1000000),
     .unit = "samples", ONLY_BY_BATCH, .help = "samples of a step"},
    {"train.last_batch", &option_choice, SPEC(last_batch), .choices = &last_batch_names, ONLY_BY_BATCH,
     .default_text = "keep",
     .help = "the last batch of an epoch when it is shorter than the others: trained on, or dropped"},
    {"train.shuffle", &option_boolean, SPEC(shuffle), ONLY_BY_BATCH, .default_text = "true",
     .help = "a new order of the samples every epoch; false: as stored"},
    {"train.monitor", &option_choice_or_none, SPEC(monitor.number), .choices = &monitor_names, ONLY_BY_BATCH,
     .default_text = "none", .omits_default = true,
     .help = "a number to watch, which is recorded per step or per epoch, see docs/engine.md"},
    {"train.patience", &option_integer, SPEC(monitor.patience), RANGE(0, 1000000), .unit = "recordings",
     ONLY_MONITORED, .default_text = "0", .omits_default = true,
     .help =
         "the training ends after this many recordings in a row of train.monitor that are not better than "
         "the best before; 0: never"},
    {"train.min_delta", &option_number, SPEC(monitor.min_delta), RANGE(0, 1e6), ONLY_MONITORED,
     .default_text = "0", .omits_default = true,
     .help = "better means by more than this, of an accuracy in percentage points"},
    {"train.keep", &option_choice, SPEC(monitor.keep), .choices = &keep_names, ONLY_MONITORED,
     .default_text = "last", .omits_default = true,
     .help = "the parameters that a cell ends with: the last ones, or those of the best recording of "
             "train.monitor, with the numbers recorded then as final values"},
    {"train.max_seconds", &option_limit, SPEC(max_seconds), RANGE(0, 1e9), .unit = "seconds",
     .default_text = "0",
     .help = "a cell that has trained longer ends before its next step with the status timed_out; its curves "
             "up to then are kept; 0: no limit. It may be changed for a sweep that has begun"},

    RECORD(train_loss, "loss of the batch, before its update"),
    RECORD(train_cost, "the same with the penalties"),
    RECORD(train_accuracy, "percent of the batch that is classified correctly, before its update"),
    RECORD(learning_rate, "learning rate of the step, or of the last step of the epoch"),
    RECORD(gradient_norm,
           "L2 norm of the cost's gradient with respect to a layer's weights, of the last batch"),
    {RECORD_KEY(gradient_norm, "layer", option_layer, layers), RECORD_COUNT(gradient_norm, layer_count),
     .help = "which, counted from 0"},
    RECORD(train_set_loss, "loss over the whole training set"),
    RECORD(train_set_cost, "the same with the penalties"),
    RECORD(train_set_accuracy, "percent of the whole training set that is classified correctly"),
    RECORD(validation_loss, "loss over the validation set"),
    RECORD(validation_cost, "the same with the penalties"),
    RECORD(validation_accuracy, "percent of the validation set that is classified correctly"),
    RECORD(test_loss, "loss over the test set"),
    RECORD(test_cost, "the same with the penalties"),
    RECORD(test_accuracy, "percent of the test set that is classified correctly"),
    RECORD(parameters, "all parameters, in the order of model.init_file"),
    RECORD(weights, "weights of layers"),
    {RECORD_LAYERS(weights), .help = "which, counted from 0"},
    RECORD(test_gradient, "gradient of the loss over the test set with respect to the weights of layers"),
    {RECORD_LAYERS(test_gradient), .help = "which, counted from 0"},
    {RECORD_KEY(test_gradient, "stride", option_integer, stride), RANGE(1, 1000000000), .default_text = "1",
     .help = "every N-th value of each layer"},
    RECORD(batch_norm, "gamma, beta, running mean and running variance of batch normalisations"),
    {RECORD_LAYERS(batch_norm), .default_text = "", .help = "which, counted from 0; none: all"},
    RECORD(test_probability, "probability that the model gives to the true class of every test sample"),
    RECORD(test_prediction, "predicted class of every test sample, or the first output of a regression"),
    RECORD(test_target, "true class of every test sample, or the first target of a regression"),
    RECORD(test_input, "features of every test sample as they are stored"),
    RECORD(grid_output, "outputs over a square grid of points of two features"),
    {RECORD_KEY(grid_output, "from", option_number, from), RANGE(-1e6, 1e6),
     .help = "lowest value of both features"},
    {RECORD_KEY(grid_output, "to", option_number, to), RANGE(-1e6, 1e6),
     .help = "highest value of both features"},
    {RECORD_KEY(grid_output, "points", option_integer, points), RANGE(2, 10000),
     .help = "values of each feature, from and to inclusive"},
    RECORD(feature_maps, "outputs of layers for single test samples"),
    {RECORD_LAYERS(feature_maps), .help = "which, counted from 0"},
    {RECORD_KEY(feature_maps, "samples", option_integers, samples), RECORD_COUNT(feature_maps, sample_count),
     RANGE(0, 1000000000), .help = "which, counted from 0 in the test set"},

    METRICS(train, "the batch, before its update"),
    METRICS(train_set, "the whole training set"),
    METRICS(validation, "the validation set"),
    METRICS(test, "the test set"),

    {"run.checkpoint_every", &option_interval, FIELD(checkpoint_every), RANGE(0.01, 1e9),
     .default_text = "auto",
     .help = "how often a cell that is being trained leaves a checkpoint, so that a power cut costs no more "
             "than that; auto: 10 min, but only cells that take longer than 20 min. It may be changed for a "
             "sweep that has begun"},

    {"sweep.paired", &option_boolean, FIELD(grid.paired), .default_text = "false",
     .help = "cells of one run share initial weights and order of samples"},
    {"sweep.where", &option_where, .offset = 0, .default_text = "",
     .help = "combinations that are left out, see Sweep. It may be changed for a sweep that has begun"},
    {"sweep", &option_axes, .offset = 0, .default_text = "", .help = "see Sweep; none: one cell"},
};

const option_table job_table = {job_options, sizeof job_options / sizeof job_options[0]};
