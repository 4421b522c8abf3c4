#include "engine/record/recorder.h"

#include <assert.h>
#include <math.h>

#include "engine/penalties.h"
#include "engine/record/records.h"

void recorder_open(trainer *t, const record_layout *layout, float *values) {
    t->recorder.layout = layout;
    t->recorder.values = values;
    for (size_t i = 0; i < layout->value_count; i++)
        values[i] = NAN;
}

/* ---- Numbers ----------------------------------------------------------------------------------- */

/* One moment as it is written. */
typedef struct note {
    trainer *trainer;
    const moment *moment;
    loss_sums sums[SET_COUNT]; /* samples 0: not evaluated yet */
    bool has_test_gradient;    /* in the model's gradient block */
} note;

/* A set is evaluated once, however many records need it. */
static const loss_sums *sums_of(note *n, sample_set set) {
    loss_sums *sums = &n->sums[set];
    if (set == SET_BATCH)
        *sums = n->moment->train;
    else if (sums->samples == 0)
        *sums = trainer_evaluate(n->trainer, record_split(n->trainer->data, set));
    return sums;
}

static double measured(note *n, sample_set set, measure what) {
    const trainer *t = n->trainer;
    const loss_spec *loss = &t->spec->loss;
    const loss_sums *sums = sums_of(n, set);
    const double samples = (double)sums->samples;
    if (sums->samples == 0)
        return NAN;
    switch (what) {
    case MEASURE_LOSS:
        return loss_value(loss, *sums);
    case MEASURE_COST:
        return loss_value(loss, *sums) +
               (set == SET_BATCH ? sums->penalty / samples : penalty_value(&t->model, loss));
    case MEASURE_ACCURACY:
        return loss_accuracy(&t->loss, *sums);
    case MEASURE_NONE:
        break;
    }
    return NAN;
}

/* Of the last step; kept, because the gradient of the test set takes its place. */
static double gradient_norm(trainer *t) {
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

void recorder_settle(trainer *t) {
    if (t->spec->records[RECORD_GRADIENT_NORM].every > 0)
        gradient_norm(t);
}

static double number(note *n, record_quantity q) {
    trainer *t = n->trainer;
    if (q == RECORD_LEARNING_RATE)
        return t->progress.steps > 0 ? t->progress.lr : NAN;
    if (q == RECORD_GRADIENT_NORM)
        return gradient_norm(t);
    return measured(n, record_set(q), record_measure(q));
}

/* ---- Parameters and gradients ------------------------------------------------------------------ */

/* Every stride-th of the first `count` parameters of a layer, in natural order; returns the end of out. */
static float *copy_natural(const layer *l, const real *block, size_t count, size_t stride, float *out) {
    for (size_t n = 0; n < count; n += stride)
        *out++ = (float)block[l->parameter_offset + l->ops->parameter_place(l, n)];
    return out;
}

static void write_parameters(const model *m, float *out) {
    for (int i = 0; i < m->layer_count; i++)
        out = copy_natural(&m->layers[i], m->parameters, m->layers[i].parameter_count, 1, out);
}

/* Running statistics have the same order in the state as γ and β have among the parameters. */
static void write_batch_norm(const model *m, const record_variable *v, float *out) {
    const layer *l = model_layer(m, v->layer);
    const size_t channels = (size_t)l->in.channels;
    const real *from = v->part < 2 ? m->parameters + l->parameter_offset : m->state + l->state_offset;
    for (size_t c = 0; c < channels; c++)
        out[c] = (float)from[(size_t)(v->part % 2) * channels + c];
}

/* The gradient of the loss of the whole test set → the model's gradients, chunk by chunk. */
static void find_test_gradient(trainer *t) {
    const dataset_split *test = &t->data->test;
    const double scale = loss_scale(&t->spec->loss, test->count);
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
    recorder_settle(t);
    if (!n->has_test_gradient)
        find_test_gradient(t);
    n->has_test_gradient = true;
    copy_natural(l, t->model.gradients, l->weight_count, (size_t)t->spec->records[v->quantity].stride, out);
}

/* ---- Outputs ----------------------------------------------------------------------------------- */

/* The predictions for the samples of the last pass (count, outputs), in the memory of the output's
 * gradient. */
static const real *outputs_of(trainer *t, size_t count) {
    real *outputs = model_output_gradient(&t->model);
    loss_outputs(&t->loss, model_output(&t->model), count, outputs);
    return outputs;
}

static void write_probabilities(trainer *t, float *out) {
    const dataset_split *test = &t->data->test;
    const size_t width = (size_t)t->loss.outputs;
    for (size_t first = 0; first < test->count && !trainer_is_stopped(t); first += t->model.capacity) {
        const size_t count = trainer_forward(t, test, first);
        const real *z = model_output(&t->model);
        for (size_t n = 0; n < count; n++)
            out[first + n] = (float)loss_probability(&t->loss, z + n * width, t->targets.labels[n]);
    }
}

static void write_predictions(trainer *t, float *out) {
    const dataset_split *test = &t->data->test;
    const size_t width = (size_t)t->loss.outputs;
    for (size_t first = 0; first < test->count && !trainer_is_stopped(t); first += t->model.capacity) {
        const size_t count = trainer_forward(t, test, first);
        const real *z = t->data->classes > 0 ? model_output(&t->model) : outputs_of(t, count);
        for (size_t n = 0; n < count; n++)
            out[first + n] =
                t->data->classes > 0 ? (float)loss_class(&t->loss, z + n * width) : (float)z[n * width];
    }
}

static void write_targets(const trainer *t, float *out) {
    const dataset_split *test = &t->data->test;
    for (size_t n = 0; n < test->count; n++) {
        const size_t place = split_place(test, n);
        out[n] = test->labels != NULL ? (float)test->labels[place]
                                      : test->targets[place * (size_t)t->data->target_count];
    }
}

static void write_inputs(const trainer *t, float *out) {
    const dataset_split *test = &t->data->test;
    const size_t size = shape_size(t->data->shape);
    for (size_t n = 0; n < test->count; n++)
        for (size_t k = 0; k < size; k++)
            *out++ = split_value(test, size, n, k);
}

/* Row after row of the grid, in chunks that the model takes at once. Points are samples (x, y). */
static void write_grid(trainer *t, const record_variable *v, float *out) {
    const size_t columns = v->dims[1].length, width = v->dims[2].length;
    for (size_t row = 0; row < v->dims[0].length && !trainer_is_stopped(t); row++) {
        float *points = t->recorder.points;
        for (size_t column = 0; column < columns; column++) {
            points[2 * column] = (float)(v->dims[1].first + (double)column * v->dims[1].step);
            points[2 * column + 1] = (float)(v->dims[0].first + (double)row * v->dims[0].step);
        }
        const dataset_split split = {.count = columns, .features = points};
        for (size_t first = 0; first < columns; first += t->model.capacity) {
            const size_t count = trainer_forward(t, &split, first);
            const real *outputs = outputs_of(t, count);
            for (size_t i = 0; i < count * width; i++)
                *out++ = (float)outputs[i];
        }
    }
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
static void write_feature_maps(trainer *t, const record_variable *v, float *out) {
    const record_spec *r = &t->spec->records[RECORD_FEATURE_MAPS];
    const size_t samples = (size_t)r->sample_count;
    uint32_t order[ENGINE_MAX_LIST];
    assert(samples <= ENGINE_MAX_LIST);
    model probe;
    arena memory = t->recorder.probe;
    if (probe_build(&probe, t->spec, t->data, v->layer, &memory) != STATUS_OK)
        return;
    probe.parameters = t->model.parameters;
    probe.state = t->model.state;
    for (size_t i = 0; i < samples; i++)
        order[i] = (uint32_t)r->samples[i];
    batch_gather(&t->transform, &t->data->test, order, 0, samples, model_input(&probe), &t->targets);
    model_forward(&probe, samples, (pass_mode){.training = false});
    write_maps(model_output(&probe), samples, probe.boundaries[probe.layer_count].shape, out);
}

/* ---- Moments ----------------------------------------------------------------------------------- */

static void write_weights(const model *m, const record_variable *v, float *out) {
    const layer *l = model_layer(m, v->layer);
    copy_natural(l, m->parameters, l->weight_count, 1, out);
}

static void write_variable(note *n, const record_variable *v, float *out) {
    trainer *t = n->trainer;
    switch (v->quantity) {
    case RECORD_PARAMETERS:
        write_parameters(&t->model, out);
        break;
    case RECORD_WEIGHTS:
        write_weights(&t->model, v, out);
        break;
    case RECORD_TEST_GRADIENT:
        write_test_gradient(n, v, out);
        break;
    case RECORD_BATCH_NORM:
        write_batch_norm(&t->model, v, out);
        break;
    case RECORD_TEST_PROBABILITY:
        write_probabilities(t, out);
        break;
    case RECORD_TEST_PREDICTION:
        write_predictions(t, out);
        break;
    case RECORD_TEST_TARGET:
        write_targets(t, out);
        break;
    case RECORD_TEST_INPUT:
        write_inputs(t, out);
        break;
    case RECORD_GRID_OUTPUT:
        write_grid(t, v, out);
        break;
    case RECORD_FEATURE_MAPS:
        write_feature_maps(t, v, out);
        break;
    default:
        *out = (float)number(n, v->quantity);
    }
}

void recorder_note(trainer *t, const moment *now) {
    const record_layout *layout = t->recorder.layout;
    note n = {.trainer = t, .moment = now};
    for (int i = 0; i < layout->variable_count && !t->stopped; i++) {
        const record_variable *v = &layout->variables[i];
        if (!record_due(&t->spec->records[v->quantity], now->unit, now->done))
            continue;
        const size_t place = v->axis == RECORD_AXIS_NONE ? 0 : (size_t)((now->done - v->first) / v->every);
        write_variable(&n, v, t->recorder.values + v->offset + place * record_moment_size(v));
    }
}
