/* Of layers: parameters, weights, their gradients, batch normalisation, what a layer makes of samples. */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/record/layers.h"
#include "engine/record/row.h"

/* ---- Listed layers ----------------------------------------------------------------------------- */

/* "3_0": a path in the name of a variable, where a dot would mislead programs that read the file. */
static layer_path_text name_part(layer_path path) {
    layer_path_text name = layer_path_write(path);
    for (char *c = name.text; *c != '\0'; c++)
        if (*c == '.')
            *c = '_';
    return name;
}

/* "weights_3": one variable of each layer. */
static record_variable new_layer_variable(const builder *b, record_quantity q, layer_path path) {
    record_variable v = record_new_variable(b, q);
    v.layer = path;
    snprintf(v.name, sizeof v.name, "%.14s_%.42s", name_at(&record_names, q), name_part(path).text);
    snprintf(v.long_name, sizeof v.long_name, "%s of layer %s", b->row->long_name,
             layer_path_write(path).text);
    return v;
}

static void add_own_shape(record_variable *v, const char *channels, tensor_shape shape) {
    record_add_own_dimension(v, channels, (size_t)shape.channels);
    record_add_own_dimension(v, "row", (size_t)shape.height);
    record_add_own_dimension(v, "column", (size_t)shape.width);
}

typedef status (*add_layer)(builder *b, record_quantity q, layer_path path);

static status add_layers(builder *b, record_quantity q, add_layer add) {
    const record_spec *r = &b->spec->records[q];
    const model_spec *spec = &b->spec->model;
    if (r->layer_count > ENGINE_MAX_LIST)
        return record_refuse(b, RECORD_FIELD(q, layers), "%d layers; accepted: up to %d", r->layer_count,
                             ENGINE_MAX_LIST);
    if (r->layer_count == 0)
        return record_refuse(b, RECORD_FIELD(q, layers), "no layer is named");
    for (int i = 0; i < r->layer_count; i++) {
        const layer_path path = r->layers[i];
        if (layer_position(spec, path) < 0)
            return record_refuse(b, RECORD_FIELD(q, layers), "there is no layer %s; accepted: 0 to %s",
                                 layer_path_write(path).text,
                                 layer_name_of(spec, layer_before(spec, spec->layer_count)).text);
        for (int k = 0; k < i; k++)
            if (r->layers[k] == path)
                return record_refuse(b, RECORD_FIELD(q, layers), "layer %s is named twice",
                                     layer_path_write(path).text);
        RETURN_IF_FAILED(add(b, q, r->layers[i]));
    }
    return STATUS_OK;
}

static status find_weights(const builder *b, record_quantity q, layer_path path, const layer **out) {
    *out = model_layer(b->model, path);
    if (*out == NULL || (*out)->weight_count == 0)
        return record_refuse(b, RECORD_FIELD(q, layers),
                             "layer %s has no weights; accepted: dense and convolution layers",
                             layer_path_write(path).text);
    return STATUS_OK;
}

/* Every stride-th of the first `count` parameters of a layer, in natural order; returns the end of out. */
static float *copy_natural(const layer *l, const real *block, size_t count, size_t stride, float *out) {
    for (size_t n = 0; n < count; n += stride)
        *out++ = (float)block[l->parameter_offset + l->ops->parameter_place(l, n)];
    return out;
}

/* ---- Parameters ----------------------------------------------------------------------------------- */

static status add_parameters(builder *b, record_quantity q) {
    record_variable v = record_new_variable(b, q);
    record_add_dimension(&v, "parameter", b->model->parameter_count);
    return record_append(b, &v);
}

static void write_parameters(note *n, const record_variable *v, float *out) {
    (void)v;
    const model *m = &n->trainer->model;
    for (int i = 0; i < m->layer_count; i++)
        out = copy_natural(&m->layers[i], m->parameters, m->layers[i].parameter_count, 1, out);
}

const record_row record_parameters = {
    .long_name = "all parameters in natural order", .add = add_parameters, .write = write_parameters};

/* ---- Weights -------------------------------------------------------------------------------------- */

static status add_weights_of(builder *b, record_quantity q, layer_path path) {
    const layer *l;
    RETURN_IF_FAILED(find_weights(b, q, path, &l));
    record_variable v = new_layer_variable(b, q, path);
    const bool conv = l->spec.kind == LAYER_CONV;
    record_add_own_dimension(&v, "output", (size_t)l->out.channels);
    if (conv || l->in.height * l->in.width > 1)
        add_own_shape(&v, "input", l->window);
    else
        record_add_own_dimension(&v, "input", (size_t)l->in.channels);
    return record_append(b, &v);
}

static status add_weights(builder *b, record_quantity q) {
    return add_layers(b, q, add_weights_of);
}

static void write_weights(note *n, const record_variable *v, float *out) {
    const model *m = &n->trainer->model;
    const layer *l = model_layer(m, v->layer);
    copy_natural(l, m->parameters, l->weight_count, 1, out);
}

const record_row record_weights = {.long_name = "weights", .add = add_weights, .write = write_weights};

/* ---- Norm of the gradient ------------------------------------------------------------------------- */

static status add_gradient_norm_of(builder *b, record_quantity q, layer_path path) {
    const layer *l;
    RETURN_IF_FAILED(find_weights(b, q, path, &l));
    if (b->spec->records[q].layer_count > 1)
        return record_refuse(b, RECORD_FIELD(q, layers), "%d layers; accepted: one",
                             b->spec->records[q].layer_count);
    record_variable v = record_new_variable(b, q);
    v.layer = path;
    return record_append(b, &v);
}

static status add_gradient_norm(builder *b, record_quantity q) {
    return add_layers(b, q, add_gradient_norm_of);
}

/* Of the last step; kept, because the gradient of the test set takes its place. */
double record_gradient_norm_now(trainer *t) {
    training_progress *p = &t->progress;
    if (p->norm_step == p->steps)
        return p->gradient_norm;
    const layer *l = model_layer(&t->model, t->spec->records[RECORD_GRADIENT_NORM].layers[0]);
    const real *gradient = t->model.gradients + l->parameter_offset;
    double squares = 0;
    for (size_t n = 0; n < l->weight_count; n++) {
        const double g = (double)gradient[l->ops->parameter_place(l, n)];
        squares += g * g;
    }
    p->norm_step = p->steps;
    p->gradient_norm = p->outcome == TRAINING_DIVERGED ? NAN : sqrt(squares);
    return p->gradient_norm;
}

void record_settle_gradient_norm(trainer *t) {
    if (t->spec->records[RECORD_GRADIENT_NORM].every > 0)
        record_gradient_norm_now(t);
}

static void write_gradient_norm(note *n, const record_variable *v, float *out) {
    (void)v;
    *out = (float)record_gradient_norm_now(n->trainer);
}

const record_row record_gradient_norm = {.long_name = "norm of the gradient of the cost, weights",
                                         .add = add_gradient_norm,
                                         .write = write_gradient_norm};

/* ---- Gradient over the test set ------------------------------------------------------------------- */

static status add_test_gradient_of(builder *b, record_quantity q, layer_path path) {
    const layer *l;
    const int stride = b->spec->records[q].stride;
    RETURN_IF_FAILED(find_weights(b, q, path, &l));
    if (stride < 1)
        return record_refuse(b, RECORD_FIELD(q, stride), "a stride of %d; accepted: at least 1", stride);
    record_variable v = new_layer_variable(b, q, path);
    record_add_own_dimension(&v, "weight", (l->weight_count - 1) / (size_t)stride + 1)->step = stride;
    return record_append(b, &v);
}

static status add_test_gradient(builder *b, record_quantity q) {
    return add_layers(b, q, add_test_gradient_of);
}

/* What the samples of the test set weigh in its loss. */
static double test_weight(const trainer *t) {
    const dataset_split *test = &t->data->test;
    double sum = 0;
    for (size_t i = 0; i < test->count; i++)
        sum += loss_weight(&t->loss, test->labels != NULL ? test->labels + split_place(test, i) : NULL, 1);
    return sum;
}

/* The gradient of the loss of the whole test set → the model's gradients, chunk by chunk. */
static void find_test_gradient(trainer *t) {
    const dataset_split *test = &t->data->test;
    const double scale = loss_scale(&t->spec->loss, test_weight(t));
    for (size_t first = 0; first < test->count && !trainer_is_stopped(t); first += t->model.capacity) {
        const size_t count = trainer_forward(t, test, first);
        loss_evaluate(&t->loss, model_output(&t->model), &t->targets, count, scale,
                      model_output_gradient(&t->model));
        model_backward(&t->model, count, first > 0);
    }
}

static void write_test_gradient(note *n, const record_variable *v, float *out) {
    trainer *t = n->trainer;
    const layer *l = model_layer(&t->model, v->layer);
    record_settle_gradient_norm(t);
    if (!n->has_test_gradient)
        find_test_gradient(t);
    n->has_test_gradient = true;
    copy_natural(l, t->model.gradients, l->weight_count, (size_t)t->spec->records[v->quantity].stride, out);
}

/* The gradients of all layers come from one pass. */
static double test_gradient_samples(const record_variable *v, const record_spec *r, size_t test_samples) {
    return v->layer == r->layers[0] ? (double)test_samples : 0;
}

const record_row record_test_gradient = {.long_name = "gradient of the loss over the test set, weights",
                                         .add = add_test_gradient,
                                         .write = write_test_gradient,
                                         .samples = test_gradient_samples,
                                         .differentiates = true};

/* ---- Batch normalisation -------------------------------------------------------------------------- */

static status add_batch_norm_of(builder *b, record_quantity q, layer_path path) {
    static const char *const parts[] = {"gamma", "beta", "mean", "variance"};
    const layer *l = model_layer(b->model, path);
    if (l == NULL || l->spec.kind != LAYER_BATCH_NORM)
        return record_refuse(b, RECORD_FIELD(q, layers), "layer %s is not a batch_norm layer",
                             layer_path_write(path).text);
    for (int part = 0; part < 4; part++) {
        record_variable v = new_layer_variable(b, q, path);
        v.part = part;
        record_add_own_dimension(&v, "channel", (size_t)l->in.channels);
        snprintf(v.name, sizeof v.name, "batch_norm_%.42s_%s", name_part(path).text, parts[part]);
        snprintf(v.long_name, sizeof v.long_name, "%s%s of layer %s", part < 2 ? "" : "running ", parts[part],
                 layer_path_write(path).text);
        RETURN_IF_FAILED(record_append(b, &v));
    }
    return STATUS_OK;
}

/* Those listed, else all. There may be none: one of several models that a job compares. */
static status add_batch_norm(builder *b, record_quantity q) {
    if (b->spec->records[q].layer_count > 0)
        return add_layers(b, q, add_batch_norm_of);
    const model_spec *spec = &b->spec->model;
    for (int i = 0; i < spec->layer_count; i++)
        if (spec->layers[i].kind == LAYER_BATCH_NORM)
            RETURN_IF_FAILED(add_batch_norm_of(b, q, layer_path_of(spec, i)));
    return STATUS_OK;
}

/* Running statistics have the same order in the state as γ and β have among the parameters. */
static void write_batch_norm(note *n, const record_variable *v, float *out) {
    const model *m = &n->trainer->model;
    const layer *l = model_layer(m, v->layer);
    const size_t channels = (size_t)l->in.channels;
    const real *from = v->part < 2 ? m->parameters + l->parameter_offset : m->state + l->state_offset;
    for (size_t c = 0; c < channels; c++)
        out[c] = (float)from[(size_t)(v->part % 2) * channels + c];
}

const record_row record_batch_norm = {
    .long_name = "batch normalisation", .add = add_batch_norm, .write = write_batch_norm};

/* ---- Feature maps --------------------------------------------------------------------------------- */

static status check_samples(const builder *b, record_quantity q) {
    const record_spec *r = &b->spec->records[q];
    if (r->sample_count > ENGINE_MAX_LIST)
        return record_refuse(b, RECORD_FIELD(q, samples), "%d samples; accepted: up to %d", r->sample_count,
                             ENGINE_MAX_LIST);
    if (r->sample_count == 0)
        return record_refuse(b, RECORD_FIELD(q, samples), "no sample is named");
    for (int i = 0; i < r->sample_count; i++)
        if (r->samples[i] < 0 || (size_t)r->samples[i] >= b->data->test.count)
            return record_refuse(b, RECORD_FIELD(q, samples),
                                 "there is no test sample %d; accepted: 0 to %zu", r->samples[i],
                                 b->data->test.count - 1);
    return STATUS_OK;
}

/* What a layer gives, which the trained model may have no tensor for. */
static status find_shape(const builder *b, layer_path path, tensor_shape *shape) {
    const int position = layer_position(&b->spec->model, path);
    model *probe = malloc(sizeof *probe);
    if (probe == NULL)
        return error_set(b->error, STATUS_INTERNAL, "out of memory");
    const status result = model_build(probe, &b->spec->model, position, b->data->shape, 1, b->error);
    if (result == STATUS_OK)
        *shape = model_output_shape(probe);
    free(probe);
    return result;
}

static status add_feature_maps_of(builder *b, record_quantity q, layer_path path) {
    tensor_shape shape = {0};
    *b->fault = (fault){FAULT_FIELD, RECORD_FIELD(q, layers)};
    RETURN_IF_FAILED(find_shape(b, path, &shape));
    record_variable v = new_layer_variable(b, q, path);
    record_add_dimension(&v, "feature_maps_sample", (size_t)b->spec->records[q].sample_count);
    add_own_shape(&v, "channel", shape);
    return record_append(b, &v);
}

static status add_feature_maps(builder *b, record_quantity q) {
    RETURN_IF_FAILED(check_samples(b, q));
    return add_layers(b, q, add_feature_maps_of);
}

/* Tensors of the engine are channel-last, (N, H, W, C) → out (N, C, H, W). */
static void write_maps(const real *values, size_t samples, tensor_shape shape, float *out) {
    const size_t channels = (size_t)shape.channels, pixels = (size_t)shape.height * (size_t)shape.width;
    for (size_t n = 0; n < samples; n++, values += channels * pixels)
        for (size_t c = 0; c < channels; c++)
            for (size_t i = 0; i < pixels; i++)
                *out++ = (float)values[i * channels + c];
}

/* The probe's layers are the model's first ones, so its parameters and state come first in the model's. */
static void write_feature_maps(note *n, const record_variable *v, float *out) {
    trainer *t = n->trainer;
    const record_spec *r = &t->spec->records[RECORD_FEATURE_MAPS];
    const size_t samples = (size_t)r->sample_count;
    uint32_t order[ENGINE_MAX_LIST];
    assert(samples <= ENGINE_MAX_LIST);
    model *probe = &t->recorder.probe;
    arena memory = t->recorder.probe_memory;
    if (probe_build(probe, t->spec, t->data, v->layer, &memory) != STATUS_OK)
        return;
    probe->parameters = t->model.parameters;
    probe->state = t->model.state;
    for (size_t i = 0; i < samples; i++)
        order[i] = (uint32_t)r->samples[i];
    batch_gather(&t->transform, &t->data->test, order, 0, samples, model_input(probe), &t->targets);
    model_forward(probe, samples, (pass_mode){.training = false});
    write_maps(model_output(probe), samples, model_output_shape(probe), out);
}

static double feature_maps_samples(const record_variable *v, const record_spec *r, size_t test_samples) {
    (void)v, (void)test_samples;
    return r->sample_count;
}

const record_row record_feature_maps = {.long_name = "outputs for listed test samples",
                                        .add = add_feature_maps,
                                        .write = write_feature_maps,
                                        .samples = feature_maps_samples};
