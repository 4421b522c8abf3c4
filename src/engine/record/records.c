#include "engine/record/records.h"

#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

/* ---- Quantities -------------------------------------------------------------------------------- */

typedef struct quantity {
    const char *name, *long_name;
    sample_set set;
    measure measure;
} quantity;

static const quantity quantities[RECORD_QUANTITY_COUNT] = {
    [RECORD_TRAIN_LOSS] = {"train_loss", "training loss", SET_BATCH, MEASURE_LOSS},
    [RECORD_TRAIN_COST] = {"train_cost", "training loss with penalties", SET_BATCH, MEASURE_COST},
    [RECORD_TRAIN_ACCURACY] = {"train_accuracy", "training accuracy", SET_BATCH, MEASURE_ACCURACY},
    [RECORD_LEARNING_RATE] = {"learning_rate", "learning rate", SET_NONE, MEASURE_NONE},
    [RECORD_GRADIENT_NORM] = {"gradient_norm", "norm of the gradient of the cost, weights", SET_NONE,
                              MEASURE_NONE},
    [RECORD_TRAIN_SET_LOSS] = {"train_set_loss", "loss over the training set", SET_TRAIN, MEASURE_LOSS},
    [RECORD_TRAIN_SET_COST] = {"train_set_cost", "loss over the training set with penalties", SET_TRAIN,
                               MEASURE_COST},
    [RECORD_TRAIN_SET_ACCURACY] = {"train_set_accuracy", "accuracy on the training set", SET_TRAIN,
                                   MEASURE_ACCURACY},
    [RECORD_VALIDATION_LOSS] = {"validation_loss", "loss over the validation set", SET_VALIDATION,
                                MEASURE_LOSS},
    [RECORD_VALIDATION_COST] = {"validation_cost", "loss over the validation set with penalties",
                                SET_VALIDATION, MEASURE_COST},
    [RECORD_VALIDATION_ACCURACY] = {"validation_accuracy", "validation accuracy", SET_VALIDATION,
                                    MEASURE_ACCURACY},
    [RECORD_TEST_LOSS] = {"test_loss", "loss over the test set", SET_TEST, MEASURE_LOSS},
    [RECORD_TEST_COST] = {"test_cost", "loss over the test set with penalties", SET_TEST, MEASURE_COST},
    [RECORD_TEST_ACCURACY] = {"test_accuracy", "test accuracy", SET_TEST, MEASURE_ACCURACY},
    [RECORD_PARAMETERS] = {"parameters", "all parameters in natural order", SET_NONE, MEASURE_NONE},
    [RECORD_WEIGHTS] = {"weights", "weights", SET_NONE, MEASURE_NONE},
    [RECORD_TEST_GRADIENT] = {"test_gradient", "gradient of the loss over the test set, weights", SET_TEST,
                              MEASURE_NONE},
    [RECORD_BATCH_NORM] = {"batch_norm", "batch normalisation", SET_NONE, MEASURE_NONE},
    [RECORD_TEST_PROBABILITY] = {"test_probability", "probability given to the true class", SET_TEST,
                                 MEASURE_NONE},
    [RECORD_TEST_PREDICTION] = {"test_prediction", "predicted class, or output of a regression", SET_TEST,
                                MEASURE_NONE},
    [RECORD_TEST_TARGET] = {"test_target", "true class, or target of a regression", SET_TEST, MEASURE_NONE},
    [RECORD_TEST_INPUT] = {"test_input", "features of the test samples as they are stored", SET_TEST,
                           MEASURE_NONE},
    [RECORD_GRID_OUTPUT] = {"grid_output", "outputs over a grid of points", SET_NONE, MEASURE_NONE},
    [RECORD_FEATURE_MAPS] = {"feature_maps", "outputs for listed test samples", SET_TEST, MEASURE_NONE},
};

sample_set record_set(record_quantity q) {
    return quantities[q].set;
}

measure record_measure(record_quantity q) {
    return quantities[q].measure;
}

const dataset_split *record_split(const dataset *data, sample_set set) {
    switch (set) {
    case SET_TRAIN:
        return &data->train;
    case SET_VALIDATION:
        return &data->validation;
    case SET_TEST:
        return &data->test;
    case SET_NONE:
    case SET_BATCH:
    case SET_COUNT:
        break;
    }
    return NULL;
}

bool record_due(const record_spec *r, record_unit unit, long done) {
    return r->every > 0 && r->unit == unit && (unit == RECORD_AT_END || done % r->every == 0);
}

/* ---- Building a layout ------------------------------------------------------------------------- */

/* Where a field of a quantity's record_spec is in a training_spec. */
#define FIELD(q, field)                                                                                      \
    (offsetof(training_spec, records) + (size_t)(q) * sizeof(record_spec) + offsetof(record_spec, field))

typedef struct builder {
    const training_spec *spec;
    const dataset *data;
    const model *model;
    long steps;
    record_layout *layout;
    fault *fault;
    error_info *error;
} builder;

/* `field`: the offset in a training_spec of what is refused. */
__attribute__((format(printf, 3, 4))) static status refuse(const builder *b, size_t field, const char *format,
                                                           ...) {
    char text[ERROR_TEXT_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    *b->fault = (fault){FAULT_FIELD, field};
    return error_set(b->error, STATUS_USAGE, "%s", text);
}

static status append(const builder *b, const record_variable *v) {
    *b->fault = (fault){FAULT_FIELD, FIELD(v->quantity, every)};
    return record_layout_append(b->layout, v, b->error);
}

/* When a quantity is recorded. Without training, what belongs to epochs is recorded once, after epoch 0. */
static void set_moments(const builder *b, const record_spec *r, record_variable *v) {
    const bool untrained = b->spec->epochs == 0;
    v->first = v->every = r->every;
    switch (r->unit) {
    case RECORD_PER_STEP:
        v->axis = RECORD_AXIS_STEP;
        v->count = (size_t)(b->steps / r->every);
        break;
    case RECORD_PER_EPOCH:
        v->axis = RECORD_AXIS_EPOCH;
        v->first = untrained ? 0 : r->every;
        v->count = untrained ? 1 : (size_t)(b->spec->epochs / r->every);
        break;
    case RECORD_AT_END:
        v->axis = RECORD_AXIS_NONE;
        v->count = 1;
        break;
    }
}

static record_variable new_variable(const builder *b, record_quantity q) {
    record_variable v = {.quantity = q, .units = quantities[q].measure == MEASURE_ACCURACY ? "percent" : "1"};
    set_moments(b, &b->spec->records[q], &v);
    snprintf(v.name, sizeof v.name, "%s", quantities[q].name);
    const char *samples = quantities[q].set != SET_BATCH ? ""
                          : v.axis == RECORD_AXIS_EPOCH  ? " over the epoch"
                                                         : " of the batch";
    snprintf(v.long_name, sizeof v.long_name, "%s%s", quantities[q].long_name, samples);
    return v;
}

/* "weights_3": one variable of each layer. */
static record_variable new_layer_variable(const builder *b, record_quantity q, int position) {
    record_variable v = new_variable(b, q);
    v.layer = position;
    snprintf(v.name, sizeof v.name, "%s_%d", quantities[q].name, position);
    snprintf(v.long_name, sizeof v.long_name, "%s of layer %d", quantities[q].long_name, position);
    return v;
}

static record_dimension *add_dimension(record_variable *v, const char *name, size_t length) {
    assert(v->rank < RECORD_MAX_RANK);
    record_dimension *d = &v->dims[v->rank++];
    *d = (record_dimension){.length = length, .step = 1};
    snprintf(d->name, sizeof d->name, "%s", name);
    return d;
}

/* A dimension that no other variable has: "weights_0_output". */
static record_dimension *add_own_dimension(record_variable *v, const char *name, size_t length) {
    char own[RECORD_NAME_SIZE];
    snprintf(own, sizeof own, "%.30s_%s", v->name, name);
    return add_dimension(v, own, length);
}

static void add_own_shape(record_variable *v, const char *channels, tensor_shape shape) {
    add_own_dimension(v, channels, (size_t)shape.channels);
    add_own_dimension(v, "row", (size_t)shape.height);
    add_own_dimension(v, "column", (size_t)shape.width);
}

/* ---- Layers ------------------------------------------------------------------------------------ */

typedef status (*add_layer)(builder *b, record_quantity q, int layer);

static status add_layers(builder *b, record_quantity q, add_layer add) {
    const record_spec *r = &b->spec->records[q];
    if (r->layer_count > ENGINE_MAX_LIST)
        return refuse(b, FIELD(q, layers), "%d layers; accepted: up to %d", r->layer_count, ENGINE_MAX_LIST);
    if (r->layer_count == 0)
        return refuse(b, FIELD(q, layers), "no layer is named");
    for (int i = 0; i < r->layer_count; i++) {
        if (r->layers[i] < 0 || r->layers[i] >= b->spec->model.layer_count)
            return refuse(b, FIELD(q, layers), "there is no layer %d; accepted: 0 to %d", r->layers[i],
                          b->spec->model.layer_count - 1);
        for (int k = 0; k < i; k++)
            if (r->layers[k] == r->layers[i])
                return refuse(b, FIELD(q, layers), "layer %d is named twice", r->layers[i]);
        RETURN_IF_FAILED(add(b, q, r->layers[i]));
    }
    return STATUS_OK;
}

static status find_weights(const builder *b, record_quantity q, int position, const layer **out) {
    *out = model_layer(b->model, position);
    if (*out == NULL || (*out)->weight_count == 0)
        return refuse(b, FIELD(q, layers), "layer %d has no weights; accepted: dense and convolution layers",
                      position);
    return STATUS_OK;
}

static status add_gradient_norm(builder *b, record_quantity q, int position) {
    const layer *l;
    RETURN_IF_FAILED(find_weights(b, q, position, &l));
    if (b->spec->records[q].layer_count > 1)
        return refuse(b, FIELD(q, layers), "%d layers; accepted: one", b->spec->records[q].layer_count);
    record_variable v = new_variable(b, q);
    v.layer = position;
    return append(b, &v);
}

static status add_weights(builder *b, record_quantity q, int position) {
    const layer *l;
    RETURN_IF_FAILED(find_weights(b, q, position, &l));
    record_variable v = new_layer_variable(b, q, position);
    const bool conv = l->spec.kind == LAYER_CONV;
    const tensor_shape window = {l->in.channels, conv ? l->spec.kernel_height : l->in.height,
                                 conv ? l->spec.kernel_width : l->in.width};
    add_own_dimension(&v, "output", (size_t)l->out.channels);
    if (conv || l->in.height * l->in.width > 1)
        add_own_shape(&v, "input", window);
    else
        add_own_dimension(&v, "input", (size_t)l->in.channels);
    return append(b, &v);
}

static status add_test_gradient(builder *b, record_quantity q, int position) {
    const layer *l;
    const int stride = b->spec->records[q].stride;
    RETURN_IF_FAILED(find_weights(b, q, position, &l));
    if (stride < 1)
        return refuse(b, FIELD(q, stride), "a stride of %d; accepted: at least 1", stride);
    record_variable v = new_layer_variable(b, q, position);
    add_own_dimension(&v, "weight", (l->weight_count - 1) / (size_t)stride + 1)->step = stride;
    return append(b, &v);
}

static status add_batch_norm(builder *b, record_quantity q, int position) {
    static const char *const parts[] = {"gamma", "beta", "mean", "variance"};
    const layer *l = model_layer(b->model, position);
    if (l == NULL || l->spec.kind != LAYER_BATCH_NORM)
        return refuse(b, FIELD(q, layers), "layer %d is not a batch_norm layer", position);
    for (int part = 0; part < 4; part++) {
        record_variable v = new_layer_variable(b, q, position);
        v.part = part;
        add_own_dimension(&v, "channel", (size_t)l->in.channels);
        snprintf(v.name, sizeof v.name, "batch_norm_%d_%s", position, parts[part]);
        snprintf(v.long_name, sizeof v.long_name, "%s%s of layer %d", part < 2 ? "" : "running ", parts[part],
                 position);
        RETURN_IF_FAILED(append(b, &v));
    }
    return STATUS_OK;
}

/* There may be none: one of several models that a job compares. */
static status add_every_batch_norm(builder *b, record_quantity q) {
    for (int i = 0; i < b->spec->model.layer_count; i++)
        if (b->spec->model.layers[i].kind == LAYER_BATCH_NORM)
            RETURN_IF_FAILED(add_batch_norm(b, q, i));
    return STATUS_OK;
}

static status add_feature_maps(builder *b, record_quantity q, int position) {
    model probe;
    *b->fault = (fault){FAULT_FIELD, FIELD(q, layers)};
    RETURN_IF_FAILED(model_build(&probe, &b->spec->model, position + 1, b->data->shape, 1, b->error));
    record_variable v = new_layer_variable(b, q, position);
    add_dimension(&v, "feature_maps_sample", (size_t)b->spec->records[q].sample_count);
    add_own_shape(&v, "channel", probe.boundaries[probe.layer_count].shape);
    return append(b, &v);
}

/* ---- Samples and points ------------------------------------------------------------------------ */

static status check_samples(const builder *b, record_quantity q) {
    const record_spec *r = &b->spec->records[q];
    if (r->sample_count > ENGINE_MAX_LIST)
        return refuse(b, FIELD(q, samples), "%d samples; accepted: up to %d", r->sample_count,
                      ENGINE_MAX_LIST);
    if (r->sample_count == 0)
        return refuse(b, FIELD(q, samples), "no sample is named");
    for (int i = 0; i < r->sample_count; i++)
        if (r->samples[i] < 0 || (size_t)r->samples[i] >= b->data->test.count)
            return refuse(b, FIELD(q, samples), "there is no test sample %d; accepted: 0 to %zu",
                          r->samples[i], b->data->test.count - 1);
    return STATUS_OK;
}

static status add_test_samples(builder *b, record_quantity q) {
    record_variable v = new_variable(b, q);
    add_dimension(&v, "test_sample", b->data->test.count);
    if (q == RECORD_TEST_INPUT)
        add_own_dimension(&v, "feature", shape_size(b->data->shape));
    return append(b, &v);
}

static status add_grid(builder *b, record_quantity q) {
    const record_spec *r = &b->spec->records[q];
    const size_t features = shape_size(b->data->shape);
    if (features != 2)
        return refuse(b, FIELD(q, every), "the samples have %zu features; accepted: 2", features);
    if (r->points < 2 || !(r->from < r->to))
        return refuse(b, FIELD(q, points),
                      "%d points from %g to %g; accepted: at least 2 points, in rising order", r->points,
                      r->from, r->to);
    record_variable v = new_variable(b, q);
    for (int i = 0; i < 2; i++) {
        record_dimension *d = add_dimension(&v, i == 0 ? "grid_y" : "grid_x", (size_t)r->points);
        d->first = r->from;
        d->step = (r->to - r->from) / (r->points - 1);
    }
    add_dimension(&v, "output", shape_size(b->model->boundaries[b->model->layer_count].shape));
    return append(b, &v);
}

static status add_parameters(builder *b, record_quantity q) {
    record_variable v = new_variable(b, q);
    add_dimension(&v, "parameter", b->model->parameter_count);
    return append(b, &v);
}

static status add_number(builder *b, record_quantity q) {
    const record_variable v = new_variable(b, q);
    return append(b, &v);
}

/* ---- Layout ------------------------------------------------------------------------------------ */

static status check_quantity(const builder *b, record_quantity q) {
    static const char *const names[] = {
        [SET_TRAIN] = "training", [SET_VALIDATION] = "validation", [SET_TEST] = "test"};
    const sample_set set = quantities[q].set;
    const dataset_split *split = record_split(b->data, set);
    const bool classes = b->data->classes > 0, labels = b->spec->loss.kind == LOSS_BINARY_CROSS_ENTROPY;
    if (b->spec->records[q].unit == RECORD_PER_STEP && b->spec->epochs == 0)
        return refuse(b, FIELD(q, every),
                      "per step, but 0 epochs have no steps; accepted: per epoch, or at the end");
    if (split != NULL && split->count == 0)
        return refuse(b, FIELD(q, every), "the data set has no %s set", names[set]);
    if (quantities[q].measure == MEASURE_ACCURACY && !classes && !labels)
        return refuse(b, FIELD(q, every), "a regression has no classes");
    if (q == RECORD_TEST_PROBABILITY && !classes)
        return refuse(b, FIELD(q, every), "samples without classes have no true class");
    return STATUS_OK;
}

static status add_quantity(builder *b, record_quantity q) {
    RETURN_IF_FAILED(check_quantity(b, q));
    switch (q) {
    case RECORD_GRADIENT_NORM:
        return add_layers(b, q, add_gradient_norm);
    case RECORD_PARAMETERS:
        return add_parameters(b, q);
    case RECORD_WEIGHTS:
        return add_layers(b, q, add_weights);
    case RECORD_TEST_GRADIENT:
        return add_layers(b, q, add_test_gradient);
    case RECORD_BATCH_NORM:
        return b->spec->records[q].layer_count > 0 ? add_layers(b, q, add_batch_norm)
                                                   : add_every_batch_norm(b, q);
    case RECORD_TEST_PROBABILITY:
    case RECORD_TEST_PREDICTION:
    case RECORD_TEST_TARGET:
    case RECORD_TEST_INPUT:
        return add_test_samples(b, q);
    case RECORD_GRID_OUTPUT:
        return add_grid(b, q);
    case RECORD_FEATURE_MAPS:
        RETURN_IF_FAILED(check_samples(b, q));
        return add_layers(b, q, add_feature_maps);
    default:
        return add_number(b, q);
    }
}

status record_layout_make(record_layout *layout, const training_spec *spec, const dataset *data,
                          const model *m, long steps, fault *refused, error_info *error) {
    *layout = (record_layout){0};
    builder b = {spec, data, m, steps, layout, refused, error};
    for (int q = 0; q < RECORD_QUANTITY_COUNT; q++)
        if (spec->records[q].every > 0)
            RETURN_IF_FAILED(add_quantity(&b, (record_quantity)q));
    const status result = record_layout_place(layout, error);
    if (result != STATUS_OK)
        *refused = (fault){FAULT_FIELD, FIELD(record_layout_largest(layout)->quantity, every)};
    return result;
}

/* ---- Cost -------------------------------------------------------------------------------------- */

/* How often a set is evaluated for its numbers: those of one unit are taken at the same moments. */
static double evaluations(const record_layout *layout, sample_set set) {
    double most[] = {[RECORD_AXIS_STEP] = 0, [RECORD_AXIS_EPOCH] = 0, [RECORD_AXIS_NONE] = 0};
    for (int i = 0; i < layout->variable_count; i++) {
        const record_variable *v = &layout->variables[i];
        if (record_set(v->quantity) == set && record_measure(v->quantity) != MEASURE_NONE)
            most[v->axis] = fmax(most[v->axis], (double)v->count);
    }
    return most[RECORD_AXIS_STEP] + most[RECORD_AXIS_EPOCH] + most[RECORD_AXIS_NONE];
}

/* Of one moment of an array. The gradients of all layers come from one pass. */
static double array_flops(const record_variable *v, const record_spec *r, size_t test_samples, double forward,
                          double backward) {
    switch (v->quantity) {
    case RECORD_TEST_GRADIENT:
        return v->layer == r->layers[0] ? (double)test_samples * (forward + backward) : 0;
    case RECORD_TEST_PROBABILITY:
    case RECORD_TEST_PREDICTION:
        return (double)test_samples * forward;
    case RECORD_GRID_OUTPUT:
        return (double)r->points * r->points * forward;
    case RECORD_FEATURE_MAPS:
        return r->sample_count * forward;
    default:
        return 0;
    }
}

double record_flops(const training_spec *spec, const dataset *data, const record_layout *layout,
                    double forward, double backward) {
    double flops = 0;
    for (sample_set set = SET_TRAIN; set < SET_COUNT; set++)
        flops += evaluations(layout, set) * (double)record_split(data, set)->count * forward;
    for (int i = 0; i < layout->variable_count; i++) {
        const record_variable *v = &layout->variables[i];
        flops += (double)v->count *
                 array_flops(v, &spec->records[v->quantity], data->test.count, forward, backward);
    }
    return flops;
}
