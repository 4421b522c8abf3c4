#include "library/settings.h"

#include <math.h>
#include <string.h>

#define SPEC(field) .offset = offsetof(training_spec, field)
#define LAYER(field) .offset = offsetof(layer_spec, field)
#define TWIN(field) .twin_offset = offsetof(layer_spec, field)
#define RANGE(least, most) .minimum = (least), .maximum = (most)
#define CHOICE(field, table) SETTING_CHOICE, SPEC(field), .names = &(table)

enum { MOST = 1000000, MOST_COUNTS = 1000000000, LARGEST_WINDOW = 256 };

static const setting training_rows[] = {
    {"data.mirror", SETTING_NUMBER, SPEC(mirror), RANGE(0, 1)},
    {"data.crop.padding", SETTING_INTEGER, SPEC(augment.padding), RANGE(0, 255)},
    {"data.flip.horizontal", SETTING_NUMBER, SPEC(augment.flip_horizontal), RANGE(0, 1)},
    {"data.flip.vertical", SETTING_NUMBER, SPEC(augment.flip_vertical), RANGE(0, 1)},
    {"data.cutout", SETTING_INTEGER, SPEC(augment.cutout), RANGE(0, 1000)},
    {"data.normalize.divide", SETTING_NUMBER, SPEC(normalize.divide), RANGE(0, 1e6)},
    {"data.normalize.offset", SETTING_NUMBER, SPEC(normalize.offset), RANGE(-1000, 1000)},
    {"data.normalize.mean", SETTING_LIST, SPEC(normalize.mean),
     .count_offset = offsetof(training_spec, normalize.channels), RANGE(-1000, 1000)},
    {"data.normalize.std", SETTING_LIST, SPEC(normalize.std),
     .count_offset = offsetof(training_spec, normalize.channels), RANGE(1e-6, 1e6)},
    {"model.init", CHOICE(model.init.weights.kind, initializer_names)},
    {"model.init_scale", SETTING_NUMBER, SPEC(model.init.weights.scale), RANGE(-1000, 1000), .preset = NAN},
    {"model.init_gain", SETTING_NUMBER, SPEC(model.init.weights.gain), RANGE(1e-6, 1000), .preset = 1},
    {"model.bias_init", CHOICE(model.init.biases.kind, initializer_names)},
    {"model.bias_init_scale", SETTING_NUMBER, SPEC(model.init.biases.scale), RANGE(-1000, 1000),
     .preset = NAN},
    {"loss.kind", CHOICE(loss.kind, loss_names)},
    {"loss.entropy_weight", SETTING_NUMBER, SPEC(loss.entropy_weight), RANGE(-1000, 1000)},
    {"loss.delta", SETTING_NUMBER, SPEC(loss.delta), RANGE(1e-30, 1e30), .preset = 1},
    {"loss.label_smoothing", SETTING_NUMBER, SPEC(loss.label_smoothing), RANGE(0, 1)},
    {"loss.class_weights", SETTING_LIST, SPEC(loss.class_weights),
     .count_offset = offsetof(training_spec, loss.class_weight_count), .longest = ENGINE_MAX_CLASSES,
     RANGE(0, 1e6)},
    {"loss.over_outputs", CHOICE(loss.over_outputs, reduction_names)},
    {"loss.over_samples", CHOICE(loss.over_samples, reduction_names)},
    {"loss.l2", SETTING_NUMBER, SPEC(loss.l2), RANGE(0, 1e6)},
    {"optimizer.kind", CHOICE(optimizer.kind, optimizer_names)},
    {"optimizer.lr", SETTING_NUMBER, SPEC(optimizer.lr), RANGE(0, 1000), .preset = NAN},
    {"optimizer.momentum", SETTING_NUMBER, SPEC(optimizer.momentum), RANGE(0, 1)},
    {"optimizer.weight_decay", SETTING_NUMBER, SPEC(optimizer.weight_decay), RANGE(0, 1000)},
    {"optimizer.decay", CHOICE(optimizer.decay, decay_scope_names)},
    {"optimizer.beta1", SETTING_NUMBER, SPEC(optimizer.beta1), RANGE(0, 0.999999), .preset = 0.9},
    {"optimizer.beta2", SETTING_NUMBER, SPEC(optimizer.beta2), RANGE(0, 0.999999), .preset = 0.999},
    {"optimizer.rho", SETTING_NUMBER, SPEC(optimizer.rho), RANGE(0, 0.999999), .preset = 0.99},
    {"optimizer.epsilon", SETTING_NUMBER, SPEC(optimizer.epsilon), RANGE(1e-30, 1), .preset = 1e-8},
    {"optimizer.epsilon_style", CHOICE(optimizer.epsilon_style, epsilon_style_names)},
    {"optimizer.clip_norm", SETTING_NUMBER, SPEC(optimizer.clip_norm), RANGE(0, 1e30)},
    {"optimizer.clip_value", SETTING_NUMBER, SPEC(optimizer.clip_value), RANGE(0, 1e30)},
    {"schedule.kind", CHOICE(schedule.kind, schedule_names)},
    {"schedule.factor", SETTING_NUMBER, SPEC(schedule.factor), RANGE(0, 1000), .preset = 0.1},
    {"schedule.per", CHOICE(schedule.per, schedule_per_names)},
    {"schedule.warmup", SETTING_INTEGER, SPEC(schedule.warmup), RANGE(0, MOST_COUNTS)},
    {"schedule.warmup_start", SETTING_NUMBER, SPEC(schedule.warmup_start), RANGE(0, 1), .preset = 0.01},
    {"schedule.length", SETTING_INTEGER, SPEC(schedule.length), RANGE(0, MOST_COUNTS)},
    {"schedule.period", SETTING_INTEGER, SPEC(schedule.period), RANGE(0, MOST_COUNTS)},
    {"schedule.multiplier", SETTING_INTEGER, SPEC(schedule.multiplier), RANGE(1, MOST), .preset = 1},
    {"schedule.start", SETTING_NUMBER, SPEC(schedule.start), RANGE(0, 1000), .preset = 1},
    {"schedule.end", SETTING_NUMBER, SPEC(schedule.end), RANGE(0, 1000)},
    {"schedule.rise", SETTING_NUMBER, SPEC(schedule.rise), RANGE(0, 1), .preset = 0.3},
    {"schedule.div_factor", SETTING_NUMBER, SPEC(schedule.div_factor), RANGE(1e-30, 1e30), .preset = 25},
    {"schedule.final_div_factor", SETTING_NUMBER, SPEC(schedule.final_div_factor), RANGE(1e-30, 1e30),
     .preset = 1e4},
    {"schedule.steps", SETTING_LIST, SPEC(schedule.values),
     .count_offset = offsetof(training_spec, schedule.count), RANGE(1, 1e12)},
    {"schedule.rates", SETTING_LIST, SPEC(schedule.values),
     .count_offset = offsetof(training_spec, schedule.count), RANGE(0, 1000)},
    {"schedule.every", SETTING_INTEGER, SPEC(schedule.every), RANGE(1, MOST), .preset = NAN},
    {"schedule.policy", CHOICE(schedule.policy, cycle_policy_names)},
    {"schedule.base", SETTING_NUMBER, SPEC(schedule.base), RANGE(0, 1000), .preset = NAN},
    {"schedule.max", SETTING_NUMBER, SPEC(schedule.max), RANGE(0, 1000), .preset = NAN},
    {"schedule.half_cycle", SETTING_INTEGER, SPEC(schedule.half_cycle), RANGE(1, MOST_COUNTS), .preset = NAN},
    {"schedule.gamma", SETTING_NUMBER, SPEC(schedule.gamma), RANGE(0, 1), .preset = 1},
    {"schedule.patience", SETTING_INTEGER, SPEC(schedule.patience), RANGE(0, MOST), .preset = 10},
    {"schedule.threshold", SETTING_NUMBER, SPEC(schedule.threshold), RANGE(0, 1e6), .preset = 1e-4},
    {"schedule.threshold_mode", CHOICE(schedule.threshold_mode, threshold_mode_names)},
    {"schedule.cooldown", SETTING_INTEGER, SPEC(schedule.cooldown), RANGE(0, MOST)},
    {"schedule.min_lr", SETTING_NUMBER, SPEC(schedule.min_lr), RANGE(0, 1000)},
    {"train.epochs", SETTING_INTEGER, SPEC(epochs), RANGE(0, MOST), .preset = NAN},
    {"train.batch", SETTING_INTEGER, SPEC(batch), RANGE(1, MOST), .preset = NAN},
    {"train.last_batch", CHOICE(last_batch, last_batch_names)},
    {"train.shuffle", SETTING_BOOLEAN, SPEC(shuffle), RANGE(0, 1), .preset = 1},
    {"train.monitor", CHOICE(monitor.number, monitor_names)},
    {"train.patience", SETTING_INTEGER, SPEC(monitor.patience), RANGE(0, MOST)},
    {"train.min_delta", SETTING_NUMBER, SPEC(monitor.min_delta), RANGE(0, 1e6)},
    {"train.keep", CHOICE(monitor.keep, keep_names)},
    {"train.max_seconds", SETTING_NUMBER, SPEC(max_seconds), RANGE(0, 1e9)},
};
const setting_table training_settings = {training_rows, sizeof training_rows / sizeof training_rows[0]};

#define OF(kind) (1u << LAYER_##kind)
#define POOLS (OF(MAX_POOL) | OF(AVG_POOL))
#define WINDOWS (OF(CONV) | POOLS)

/* A stride of 0 becomes that of the job file: 1, or of a pooling its kernel. */
static const setting layer_rows[] = {
    {"units", SETTING_INTEGER, LAYER(units), RANGE(1, MOST), .preset = NAN, .layers = OF(DENSE)},
    {"bias", SETTING_BOOLEAN, LAYER(bias), RANGE(0, 1), .preset = 1, .layers = OF(DENSE) | OF(CONV)},
    {"filters", SETTING_INTEGER, LAYER(filters), RANGE(1, MOST), .preset = NAN, .layers = OF(CONV)},
    {"kernel", SETTING_INTEGER, LAYER(kernel_height), TWIN(kernel_width), RANGE(1, LARGEST_WINDOW),
     .preset = NAN, .layers = WINDOWS},
    {"kernel.height", SETTING_INTEGER, LAYER(kernel_height), RANGE(1, LARGEST_WINDOW), .layers = WINDOWS},
    {"kernel.width", SETTING_INTEGER, LAYER(kernel_width), RANGE(1, LARGEST_WINDOW), .layers = WINDOWS},
    {"stride", SETTING_INTEGER, LAYER(stride_height), TWIN(stride_width), RANGE(1, LARGEST_WINDOW),
     .layers = WINDOWS},
    {"stride.height", SETTING_INTEGER, LAYER(stride_height), RANGE(1, LARGEST_WINDOW), .layers = WINDOWS},
    {"stride.width", SETTING_INTEGER, LAYER(stride_width), RANGE(1, LARGEST_WINDOW), .layers = WINDOWS},
    {"padding", SETTING_INTEGER, LAYER(padding_height), TWIN(padding_width),
     RANGE(PADDING_SAME, LARGEST_WINDOW), .layers = OF(CONV)},
    {"padding", SETTING_INTEGER, LAYER(padding_height), TWIN(padding_width), RANGE(0, LARGEST_WINDOW),
     .layers = POOLS},
    {"padding.height", SETTING_INTEGER, LAYER(padding_height), RANGE(0, LARGEST_WINDOW), .layers = WINDOWS},
    {"padding.width", SETTING_INTEGER, LAYER(padding_width), RANGE(0, LARGEST_WINDOW), .layers = WINDOWS},
    {"dilation", SETTING_INTEGER, LAYER(dilation_height), TWIN(dilation_width), RANGE(1, LARGEST_WINDOW),
     .preset = 1, .layers = OF(CONV)},
    {"dilation.height", SETTING_INTEGER, LAYER(dilation_height), RANGE(1, LARGEST_WINDOW), .preset = 1,
     .layers = OF(CONV)},
    {"dilation.width", SETTING_INTEGER, LAYER(dilation_width), RANGE(1, LARGEST_WINDOW), .preset = 1,
     .layers = OF(CONV)},
    {"groups", SETTING_INTEGER, LAYER(groups), RANGE(1, MOST), .preset = 1, .layers = OF(CONV)},
    {"slope", SETTING_NUMBER, LAYER(slope), RANGE(0, 1), .preset = 0.01, .layers = OF(LEAKY_RELU)},
    {"alpha", SETTING_NUMBER, LAYER(alpha), RANGE(0, 1000), .preset = 1, .layers = OF(ELU)},
    {"rate", SETTING_NUMBER, LAYER(rate), RANGE(0, 0.999), .preset = NAN, .layers = OF(DROPOUT)},
    {"momentum", SETTING_NUMBER, LAYER(momentum), RANGE(0, 1), .preset = 0.9, .layers = OF(BATCH_NORM)},
    {"epsilon", SETTING_NUMBER, LAYER(epsilon), RANGE(1e-12, 1), .preset = 1e-5,
     .layers = OF(BATCH_NORM) | OF(LAYER_NORM) | OF(GROUP_NORM)},
    {"groups", SETTING_INTEGER, LAYER(groups), RANGE(1, MOST), .preset = NAN, .layers = OF(GROUP_NORM)},
    {"approximate", SETTING_CHOICE, LAYER(approximate), .names = &gelu_approximation_names,
     .layers = OF(GELU)},
    {"beta", SETTING_NUMBER, LAYER(beta), RANGE(1e-3, 1000), .preset = 1, .layers = OF(SOFTPLUS)},
    {"threshold", SETTING_NUMBER, LAYER(threshold), RANGE(0, 1e6), .preset = 20, .layers = OF(SOFTPLUS)},
};
const setting_table layer_settings = {layer_rows, sizeof layer_rows / sizeof layer_rows[0]};

const setting *setting_find(const setting_table *table, const char *key) {
    for (size_t i = 0; i < table->count; i++)
        if (strcmp(table->rows[i].key, key) == 0)
            return &table->rows[i];
    return NULL;
}

const setting *setting_of_layer(layer_kind kind, const char *key) {
    for (size_t i = 0; i < layer_settings.count; i++)
        if ((layer_rows[i].layers >> kind & 1) && strcmp(layer_rows[i].key, key) == 0)
            return &layer_rows[i];
    return NULL;
}

/* ---- Values ------------------------------------------------------------------------------------ */

static void write(const setting *s, void *object, size_t offset, double value) {
    void *field = (char *)object + offset;
    switch (s->type) {
    case SETTING_NUMBER:
    case SETTING_LIST:
        *(double *)field = value;
        break;
    case SETTING_INTEGER:
    case SETTING_CHOICE:
        *(int *)field = (int)value;
        break;
    case SETTING_BOOLEAN:
        *(bool *)field = value != 0;
        break;
    }
}

static void put(const setting *s, void *object, double value) {
    write(s, object, s->offset, value);
    if (s->twin_offset != 0)
        write(s, object, s->twin_offset, value);
}

static void preset(const setting *s, void *object) {
    if (s->type != SETTING_LIST)
        put(s, object, isnan(s->preset) ? s->minimum - 1 : s->preset);
}

void settings_preset_training(training_spec *spec) {
    for (size_t i = 0; i < training_settings.count; i++)
        preset(&training_rows[i], spec);
}

/* The rows of a single direction come after those of both. */
void settings_preset_layer(layer_spec *layer) {
    for (size_t i = 0; i < layer_settings.count; i++)
        if (layer_rows[i].layers >> layer->kind & 1)
            preset(&layer_rows[i], layer);
}

status setting_store(const setting *s, void *object, double value, error_info *error) {
    const bool whole = s->type == SETTING_INTEGER || s->type == SETTING_BOOLEAN;
    if (!(value >= s->minimum && value <= s->maximum) || (whole && value != floor(value)))
        return error_set(error, STATUS_USAGE, "%s: %g; accepted: %s from %g to %g", s->key, value,
                         whole ? "a whole number" : "a number", s->minimum, s->maximum);
    put(s, object, value);
    return STATUS_OK;
}

/* ---- What has not been set --------------------------------------------------------------------- */

/* A key that matters for some values of a choice, and only where parameters are updated by batches if
 * `by_batch`. */
typedef struct need {
    const char *key;
    size_t choice;
    unsigned values;
    bool by_batch;
} need;

#define IN(field) offsetof(training_spec, field)

static const need needs[] = {
    {"train.epochs", IN(optimizer.kind), ~0u, false},
    {"train.batch", IN(optimizer.kind), ~0u, true},
    {"optimizer.lr", IN(schedule.kind), SCHEDULES_WITH_LR, true},
    {"schedule.every", IN(schedule.kind), SCHEDULES_WITH_EVERY, true},
    {"schedule.steps", IN(schedule.kind), 1u << SCHEDULE_FACTORS_AT, true},
    {"schedule.rates", IN(schedule.kind), 1u << SCHEDULE_SEQUENCE, true},
    {"schedule.base", IN(schedule.kind), SCHEDULES_WITH_CYCLES, true},
    {"schedule.max", IN(schedule.kind), SCHEDULES_WITH_CYCLES, true},
    {"schedule.half_cycle", IN(schedule.kind), SCHEDULES_WITH_CYCLES, true},
    {"model.init_scale", IN(model.init.weights.kind), INITIALIZERS_WITH_SCALE, false},
    {"model.bias_init_scale", IN(model.init.biases.kind), INITIALIZERS_WITH_SCALE, false},
};

static bool is_set(const setting *s, const void *object) {
    const void *field = (const char *)object + s->offset;
    if (s->type == SETTING_LIST)
        return *(const int *)((const char *)object + s->count_offset) > 0;
    return (s->type == SETTING_NUMBER ? *(const double *)field : *(const int *)field) >= s->minimum;
}

static bool matters(const need *n, const training_spec *spec) {
    const int choice = *(const int *)((const char *)spec + n->choice);
    const bool full_batch = OPTIMIZERS_FULL_BATCH >> spec->optimizer.kind & 1;
    return (n->values >> choice & 1) && !(n->by_batch && full_batch);
}

static status check_layer(const layer_spec *layer, int position, error_info *error) {
    for (size_t i = 0; i < layer_settings.count; i++) {
        const setting *s = &layer_rows[i];
        if ((s->layers >> layer->kind & 1) && isnan(s->preset) && !is_set(s, layer))
            return error_set(error, STATUS_USAGE, "layer %d, %s: %s is not set", position,
                             name_at(&layer_names, layer->kind), s->key);
    }
    return STATUS_OK;
}

status settings_check(const training_spec *spec, error_info *error) {
    for (size_t i = 0; i < sizeof needs / sizeof needs[0]; i++) {
        const setting *s = setting_find(&training_settings, needs[i].key);
        if (matters(&needs[i], spec) && !is_set(s, spec))
            return error_set(error, STATUS_USAGE, "%s is not set; accepted: %s from %g to %g", s->key,
                             s->type == SETTING_LIST ? "a list of numbers" : "a number", s->minimum,
                             s->maximum);
    }
    for (int i = 0; i < spec->model.layer_count; i++)
        RETURN_IF_FAILED(check_layer(&spec->model.layers[i], i, error));
    return STATUS_OK;
}
