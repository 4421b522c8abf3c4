/* Networks into lanes and out of them. */
#include "engine/lockstep/lanes.h"

#include <assert.h>
#include <string.h>

#include "engine/lockstep/lockstep.h"

/* What passes between the layers stays in L1, or close to it. Sums over samples are taken block by
 * block: the size must not depend on anything but the shape. */
enum { BLOCK_BYTES = 48 * 1024, SMALLEST_BLOCK = 8, LARGEST_BLOCK = 64 };

/* Samples that are interleaved at once; a whole epoch where its order never changes and it is small. */
enum { WINDOW_BYTES = 64 * 1024, EPOCH_BYTES = 1024 * 1024 };

enum { VALUE_BYTES = LANES * sizeof(float) };

static void *take_values(arena *a, size_t count) {
    float *values = arena_take(a, count * VALUE_BYTES);
    if (values != NULL)
        memset(values, 0, count * VALUE_BYTES);
    return values;
}

/* Numbers of the lanes that are not floats. */
static void *take_lanes(arena *a, size_t size) {
    void *numbers = arena_take(a, LANES * size);
    if (numbers != NULL)
        memset(numbers, 0, LANES * size);
    return numbers;
}

/* ---- Layers ------------------------------------------------------------------------------------ */

typedef struct elementwise_row {
    size_t forward, backward; /* offsets in lane_kernels */
    lane_fused fused;         /* what a dense layer before it does in its own pass */
} elementwise_row;

#define ROW(name) .forward = offsetof(lane_kernels, name), .backward = offsetof(lane_kernels, name##_backward)

static const elementwise_row elementwise_rows[LAYER_KIND_COUNT] = {
    [LAYER_RELU] = {ROW(relu), FUSED_RELU},
    [LAYER_LEAKY_RELU] = {ROW(leaky_relu), FUSED_LEAKY_RELU},
    [LAYER_TANH] = {ROW(tanh)},
    [LAYER_SIGMOID] = {ROW(sigmoid)},
    [LAYER_SCALED_SIGMOID] = {ROW(scaled_sigmoid)},
    [LAYER_ELU] = {ROW(elu)},
};

static lane_elementwise_function function_at(const lane_kernels *k, size_t offset) {
    lane_elementwise_function f;
    memcpy(&f, (const char *)k + offset, sizeof f);
    return f;
}

static float number_of(const layer_spec *spec) {
    return (float)(spec->kind == LAYER_ELU ? spec->alpha : spec->slope);
}

static const layer *layer_of(const lanes *s, int lane, const lane_layer *l) {
    const trainer *t = s->trainers[lane];
    return &t->model.layers[l->source - s->trainers[0]->model.layers];
}

static double penalty_of(const lanes *s, int lane, const lane_layer *l) {
    const layer_spec *spec = &layer_of(s, lane, l)->spec;
    return spec->own_l2 ? spec->l2 : s->trainers[lane]->spec->loss.l2;
}

/* The numbers of each network; (1) from `a`. `offset`: to its layer after this one. */
static float *take_numbers(lanes *s, const lane_layer *l, int offset, arena *a) {
    float *numbers = take_values(a, 1);
    for (int lane = 0; numbers != NULL && lane < s->count; lane++)
        numbers[lane] = number_of(&layer_of(s, lane, l)[offset].spec);
    return numbers;
}

static void add_dense(lanes *s, lane_layer *l, bool followed, arena *a) {
    const layer *source = l->source;
    const size_t weights = source->weight_count;
    l->first = s->values;
    l->weights = weights;
    l->dense = (lane_dense){.inputs = (int)shape_size(source->in),
                            .outputs = (int)shape_size(source->out),
                            .fused = followed ? elementwise_rows[source[1].spec.kind].fused : FUSED_NONE};
    if (l->dense.fused == FUSED_LEAKY_RELU)
        l->dense.slope = l->number = take_numbers(s, l, 1, a);
    l->penalty = take_values(a, 1);
    l->coefficient = take_lanes(a, sizeof *l->coefficient);
    for (int lane = 0; l->penalty != NULL && lane < s->count; lane++) {
        l->coefficient[lane] = penalty_of(s, lane, l);
        l->penalty[lane] = (float)(2 * l->coefficient[lane]);
    }
    l->penalised = penalty_of(s, 0, l) != 0;
    s->values += source->parameter_count;
}

static void add_elementwise(lanes *s, lane_layer *l, arena *a) {
    const elementwise_row *row = &elementwise_rows[l->source->spec.kind];
    l->forward = function_at(&s->kernels, row->forward);
    l->backward = function_at(&s->kernels, row->backward);
    l->number = take_numbers(s, l, 0, a);
    l->elementwise.parameter = l->number;
}

/* A flatten has nothing to do where values are in natural order; a ReLU after a dense layer is part of it. */
static void add_layers(lanes *s, arena *a) {
    const model *m = &s->trainers[0]->model;
    for (int i = 0; i < m->layer_count; i++) {
        lane_layer *l = &s->layers[s->layer_count];
        const bool last = i + 1 == m->layer_count;
        if (m->layers[i].spec.kind == LAYER_FLATTEN)
            continue;
        *l = (lane_layer){.source = &m->layers[i], .passes_on = i > m->first_trained};
        s->layer_count++;
        if (m->layers[i].spec.kind != LAYER_DENSE)
            add_elementwise(s, l, a);
        else {
            add_dense(s, l, !last, a);
            i += l->dense.fused != FUSED_NONE;
        }
    }
}

/* ---- Activations ------------------------------------------------------------------------------- */

static size_t width_of(const lane_layer *l) {
    return shape_size(l->source->out);
}

/* After a dense layer, which does not look at its output again, a layer works in place, unless its own
 * backward pass needs its input. */
static bool works_in_place(const lanes *s, int i) {
    return i > 0 && s->layers[i].source->spec.kind != LAYER_DENSE &&
           s->layers[i].source->spec.kind != LAYER_ELU && s->layers[i - 1].source->spec.kind == LAYER_DENSE &&
           s->layers[i - 1].dense.fused == FUSED_NONE;
}

static size_t block_of(const lanes *s) {
    size_t widest = s->inputs, values = s->inputs + s->outputs, block = LARGEST_BLOCK;
    for (int i = 0; i < s->layer_count; i++) {
        const size_t width = width_of(&s->layers[i]);
        widest = width > widest ? width : widest;
        values += works_in_place(s, i) ? 0 : width;
    }
    while (block > SMALLEST_BLOCK && block * (values + 2 * widest) * VALUE_BYTES > BLOCK_BYTES)
        block /= 2;
    return block;
}

static void connect(lane_layer *l, const float *x, float *y) {
    l->dense.x = l->elementwise.x = x;
    l->dense.y = l->elementwise.y = y;
}

static void carve_activations(lanes *s, arena *a) {
    size_t widest = s->inputs;
    float *x = NULL; /* of the first layer: the samples, set at every block */
    for (int i = 0; i < s->layer_count; i++) {
        const size_t width = width_of(&s->layers[i]);
        float *y = works_in_place(s, i) ? x : take_values(a, s->block * width);
        widest = width > widest ? width : widest;
        connect(&s->layers[i], x, y);
        x = y;
    }
    s->output_gradient = take_values(a, s->block * widest);
    s->other_gradient = take_values(a, s->block * widest);
}

/* ---- Parameters -------------------------------------------------------------------------------- */

static void list_places(lanes *s) {
    for (int i = 0; i < s->layer_count; i++) {
        const lane_layer *l = &s->layers[i];
        for (size_t n = 0; l->weights > 0 && n < l->source->parameter_count; n++)
            s->places[l->first + n] =
                (uint32_t)(l->source->parameter_offset + l->source->ops->parameter_place(l->source, n));
    }
    const tensor_shape in = s->trainers[0]->data->shape;
    const size_t channels = (size_t)in.channels, pixels = s->inputs / channels;
    for (size_t k = 0; k < s->inputs; k++) /* (C, H, W) in (H, W, C) */
        s->input_places[k] = (uint32_t)(k % pixels * channels + k / pixels);
}

static void point_layers(lanes *s) {
    for (int i = 0; i < s->layer_count; i++) {
        lane_layer *l = &s->layers[i];
        if (l->weights == 0)
            continue;
        const size_t weights = l->first * LANES, biases = (l->first + l->weights) * LANES;
        const bool biased = l->source->parameter_count > l->weights;
        l->dense.w = s->parameters + weights;
        l->dense.dw = s->gradients + weights;
        l->dense.b = biased ? s->parameters + biases : NULL;
        l->dense.db = biased ? s->gradients + biases : NULL;
    }
}

static void carve_parameters(lanes *s, arena *a) {
    const optimizer *o = &s->trainers[0]->optimizer;
    s->places = arena_take(a, s->values * sizeof *s->places);
    s->input_places = arena_take(a, s->inputs * sizeof *s->input_places);
    s->parameters = take_values(a, s->values);
    s->gradients = take_values(a, s->values);
    s->first = optimizer_keeps_first(&o->spec) ? take_values(a, s->values) : NULL;
    s->second = optimizer_keeps_second(&o->spec) ? take_values(a, s->values) : NULL;
    if (s->parameters == NULL) /* measuring */
        return;
    list_places(s);
    point_layers(s);
}

/* ---- Samples ----------------------------------------------------------------------------------- */

/* Do two networks train on the same samples in the same order? */
static bool shares_samples(const trainer *a, const trainer *b) {
    const size_t channels = (size_t)a->data->shape.channels * sizeof(real);
    const bool drawn = a->spec->shuffle || a->spec->mirror > 0 || a->data->points.per_cell;
    return (!drawn || a->coordinates == b->coordinates) && a->spec->mirror == b->spec->mirror &&
           memcmp(a->transform.gain, b->transform.gain, channels) == 0 &&
           memcmp(a->transform.shift, b->transform.shift, channels) == 0;
}

static void carve_window(lanes *s, arena *a) {
    lane_window *w = &s->window;
    const training_spec *spec = s->trainers[0]->spec;
    const size_t bytes = (s->inputs + s->outputs) * VALUE_BYTES;
    const size_t samples = trainer_epoch_samples(spec, s->trainers[0]->data);
    w->repeats = !spec->shuffle && spec->mirror == 0;
    w->capacity = (w->repeats && samples * bytes <= EPOCH_BYTES ? EPOCH_BYTES : WINDOW_BYTES) / bytes;
    w->capacity = w->capacity > s->block ? w->capacity : s->block;
    w->capacity = w->capacity < samples ? w->capacity : samples;
    w->inputs = take_values(a, w->capacity * s->inputs);
    w->targets = take_values(a, w->capacity * s->outputs);
    w->lanes = take_lanes(a, sizeof *w->lanes);
    w->shared = w->inputs != NULL;
    for (int lane = 1; w->shared && lane < s->count; lane++)
        w->shared = shares_samples(s->trainers[0], s->trainers[lane]);
}

/* ---- Loss and rates ---------------------------------------------------------------------------- */

static lane_loss_function evaluation_of(const lane_kernels *k, loss_kind kind) {
    const lane_loss_function functions[LOSS_KIND_COUNT] = {[LOSS_CROSS_ENTROPY] = k->cross_entropy,
                                                           [LOSS_BINARY_CROSS_ENTROPY] = k->logistic,
                                                           [LOSS_SQUARED_ERROR] = k->squared_error,
                                                           [LOSS_HUBER] = k->huber};
    return functions[kind];
}

static void carve_loss(lanes *s, arena *a) {
    const loss_function *l = &s->trainers[0]->loss;
    float *delta = take_values(a, 1);
    s->batch_loss = take_lanes(a, sizeof *s->batch_loss);
    s->epoch_loss = take_lanes(a, sizeof *s->epoch_loss);
    s->batch_penalty = take_lanes(a, sizeof *s->batch_penalty);
    s->epoch_penalty = take_lanes(a, sizeof *s->epoch_penalty);
    s->batch_correct = take_lanes(a, sizeof *s->batch_correct);
    s->epoch_correct = take_lanes(a, sizeof *s->epoch_correct);
    for (int lane = 0; delta != NULL && lane < s->count; lane++)
        delta[lane] = (float)s->trainers[lane]->loss.spec.delta;
    s->evaluate = evaluation_of(&s->kernels, l->spec.kind);
    s->loss_share = loss_share(l);
    s->loss = (lane_loss){.outputs = l->outputs,
                          .classes = l->classes > 0,
                          .labels = l->classes == 0 && LOSSES_OF_LABELS >> l->spec.kind & 1,
                          .half = l->link == LINK_IDENTITY ? 0.5f : 0, /* σ(0) = ½ */
                          .link_scale = l->link == LINK_SCALED_SIGMOID ? 2 : 1,
                          .delta = delta,
                          .sum = s->batch_loss,
                          .correct = s->batch_correct};
}

static void carve_rates(lanes *s, arena *a) {
    lane_rates *r = &s->rates;
    float **const rates[] = {&r->lr,     &r->weight_decay, &r->decay1,  &r->decay2, &r->fresh1,
                             &r->fresh2, &r->correction,   &r->epsilon, &r->none};
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++)
        *rates[i] = take_values(a, 1);
    s->numbers_of_step = take_lanes(a, sizeof *s->numbers_of_step);
    s->alive = take_lanes(a, sizeof *s->alive);
    for (int lane = 0; lane < s->count; lane++) {
        const training_spec *spec = s->trainers[lane]->spec;
        s->rates_vary |=
            schedule_varies(&spec->schedule) || OPTIMIZERS_WITH_BETAS >> spec->optimizer.kind & 1;
    }
}

/* ---- All --------------------------------------------------------------------------------------- */

void lanes_open(lanes *s, trainer *const trainers[], int count, arena *a) {
    assert(count > 0 && count <= LANES);
    memset(s, 0, sizeof *s);
    lane_kernels_select(&s->kernels);
    s->count = count;
    for (int lane = 0; lane < count; lane++)
        s->trainers[lane] = trainers[lane];
    s->inputs = shape_size(trainers[0]->data->shape);
    s->outputs = (size_t)trainers[0]->loss.outputs;
    add_layers(s, a);
    s->block = block_of(s);
    carve_parameters(s, a);
    carve_activations(s, a);
    carve_window(s, a);
    carve_loss(s, a);
    carve_rates(s, a);
}

static void copy_in(const lanes *s, int lane, const real *from, float *to) {
    for (size_t v = 0; to != NULL && v < s->values; v++)
        to[v * LANES + (size_t)lane] = (float)from[s->places[v]];
}

static void copy_out(const lanes *s, int lane, const float *from, real *to) {
    for (size_t v = 0; from != NULL && v < s->values; v++)
        to[s->places[v]] = (real)from[v * LANES + (size_t)lane];
}

void lanes_load(lanes *s, int lane) {
    const trainer *t = s->trainers[lane];
    copy_in(s, lane, t->model.parameters, s->parameters);
    copy_in(s, lane, t->optimizer.first, s->first);
    copy_in(s, lane, t->optimizer.second, s->second);
}

void lanes_store(const lanes *s, int lane) {
    const trainer *t = s->trainers[lane];
    copy_out(s, lane, s->parameters, t->model.parameters);
    copy_out(s, lane, s->first, t->optimizer.first);
    copy_out(s, lane, s->second, t->optimizer.second);
    if (t->spec->records[RECORD_GRADIENT_NORM].every > 0)
        copy_out(s, lane, s->gradients, t->model.gradients);
}

size_t lockstep_bytes(training *first) {
    arena needed = {0};
    trainer *const one[] = {&first->trainer};
    lanes_open(&first->lanes, one, 1, &needed);
    return needed.used;
}
