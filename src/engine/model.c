#include "engine/model.h"

#include <assert.h>
#include <limits.h>
#include <string.h>

#include "base/clock.h"

/* Scratch tensors of a block are kept below this, so that they stay in an L2 cache of 512 KiB or more, next
 * to the weights. */
enum { BLOCK_BYTES = 192 * 1024 };

/* ---- Structure --------------------------------------------------------------------------------- */

/* Layers that do the same to every value, or to all values of a sample whatever their order. */
static bool ignores_order(layer_kind kind) {
    const layer_ops *ops = layer_ops_of(kind);
    return ops->elementwise || ops->keeps_values;
}

/* A layer that reads an image as a vector does so in natural order: a flatten before it has nothing to do. */
static bool is_read_flat(const model_spec *spec, int layer_count, int flatten) {
    int next = flatten + 1;
    while (next < layer_count && ignores_order(spec->layers[next].kind))
        next++;
    return next < layer_count && layer_ops_of(spec->layers[next].kind)->reads_flat;
}

/* What is flat has no rows and columns, though a window of 1 × 1 would fit it. */
static status check_flat(model *m, const model_spec *spec, int layer_count, error_info *error) {
    int flatten = 0;
    while (flatten < layer_count && spec->layers[flatten].kind != LAYER_FLATTEN)
        flatten++;
    for (int i = flatten + 1; i < layer_count; i++)
        if (layer_ops_of(spec->layers[i].kind)->windowed) {
            m->fault = (fault){FAULT_LAYER, (size_t)i};
            return error_set(
                error, STATUS_USAGE,
                "layer %d (%s) comes after flatten (layer %d), which leaves no rows and columns; "
                "accepted: before it",
                i, name_at(&layer_names, spec->layers[i].kind), flatten);
        }
    return STATUS_OK;
}

/* The layers that have something to do. */
static void choose_layers(model *m, const model_spec *spec, int layer_count) {
    for (int i = 0; i < layer_count; i++) {
        const layer_kind kind = spec->layers[i].kind;
        const layer_ops *ops = layer_ops_of(kind);
        if (ops->setup == NULL || (kind == LAYER_FLATTEN && is_read_flat(spec, layer_count, i)))
            continue;
        assert(m->layer_count < ENGINE_MAX_LAYERS);
        m->layers[m->layer_count++] = (layer){.ops = ops, .spec = spec->layers[i], .position = i};
    }
}

/* max(relu(x)) = relu(max(x)), and the gradients agree too: where the maximum is not positive both orders
 * stop it, elsewhere the first maximum is the same place. Pooling first makes the ReLU pass smaller by the
 * window. */
static void pool_before_relu(model *m) {
    for (int i = 0; i + 1 < m->layer_count; i++) {
        layer *first = &m->layers[i], *second = &m->layers[i + 1];
        if (first->spec.kind == LAYER_RELU && second->spec.kind == LAYER_MAX_POOL) {
            layer relu = *first;
            *first = *second;
            *second = relu;
        }
    }
}

/* Limits that no computer reaches, so that sizes within them do not wrap: values of one sample between two
 * layers, weights of one layer, bytes of a model with all that a training needs. */
static const double most_values = 0x1p30, most_weights = 0x1p40, most_bytes = 0x1p47;

static status check_values(tensor_shape s, error_info *error) {
    if (shape_values(s) <= most_values)
        return STATUS_OK;
    return error_set(error, STATUS_USAGE, "%d × %d × %d are %.4g values; accepted: up to %.0f", s.channels,
                     s.height, s.width, shape_values(s), most_values);
}

static status check_weights(const layer *l, error_info *error) {
    const double weights = l->ops->weights != NULL ? l->ops->weights(&l->spec, l->in) : 0;
    if (weights <= most_weights)
        return STATUS_OK;
    return error_set(error, STATUS_USAGE, "%.4g weights; accepted: up to %.4g", weights, most_weights);
}

/* Its sizes are computed only when they do not wrap. */
static status set_up_sized(layer *l, size_t capacity, error_info *error) {
    RETURN_IF_FAILED(check_values(l->in, error));
    RETURN_IF_FAILED(check_weights(l, error));
    RETURN_IF_FAILED(l->ops->setup(l, capacity, error));
    assert(l->out.channels > 0 && l->out.height > 0 && l->out.width > 0);
    return check_values(l->out, error);
}

static status set_up(layer *l, tensor_shape input, size_t capacity, error_info *error) {
    l->in = input;
    if (set_up_sized(l, capacity, error) != STATUS_OK)
        return error_prefix(error, "layer %d (%s) on an input of %d × %d × %d: ", l->position, layer_name(l),
                            input.channels, input.height, input.width);
    return STATUS_OK;
}

/* Parameters, gradients and two states of an optimiser; values and gradients between the layers. */
static status check_bytes(model *m, error_info *error) {
    double reals = 4 * (double)m->parameter_reals, saved = 0;
    for (int i = 0; i <= m->layer_count; i++)
        reals += 2 * (double)m->capacity * shape_values(m->boundaries[i].shape);
    for (int i = 0; i < m->layer_count; i++) {
        reals += (double)m->layers[i].workspace_reals + (double)m->layers[i].scratch_reals;
        saved += (double)m->capacity * (double)m->layers[i].saved_bytes;
    }
    const double bytes = saved + reals * sizeof(real);
    if (bytes <= most_bytes)
        return STATUS_OK;
    m->fault = (fault){FAULT_LAYERS, 0};
    return error_set(error, STATUS_USAGE,
                     "%.4g bytes for %zu parameters and batches of %zu samples; accepted: up to %.4g", bytes,
                     m->parameter_count, m->capacity, most_bytes);
}

static status build_layers(model *m, const model_spec *spec, int layer_count, tensor_shape input,
                           error_info *error) {
    choose_layers(m, spec, layer_count);
    pool_before_relu(m);
    for (int i = 0; i < m->layer_count; i++) {
        layer *l = &m->layers[i];
        m->boundaries[i].shape = input;
        m->fault = (fault){FAULT_LAYER, (size_t)l->position};
        RETURN_IF_FAILED(set_up(l, input, m->capacity, error));
        l->parameter_offset = m->parameter_reals;
        m->parameter_reals += l->parameter_reals;
        l->state_offset = m->state_reals;
        m->state_reals += l->state_reals;
        m->parameter_count += l->parameter_count;
        if (l->parameter_count > 0 && m->first_trained == ENGINE_MAX_LAYERS)
            m->first_trained = i;
        input = l->out;
    }
    m->fault = (fault){0};
    m->boundaries[m->layer_count].shape = input;
    return STATUS_OK;
}

/* Spatial layers and the elementwise ones around them share a segment; a dense layer ends it. */
static void cut_segments(model *m) {
    bool spatial = false;
    for (int i = 0; i < m->layer_count; i++) {
        const layer_ops *ops = m->layers[i].ops;
        bool same = m->segment_count > 0 && (ops->elementwise || ops->spatial == spatial);
        if (!same) {
            m->segments[m->segment_count++] = (segment){.first = i, .block = m->capacity};
            spatial = ops->spatial;
        }
        m->segments[m->segment_count - 1].end = i + 1;
    }
}

/* Is boundary `at` between two segments, or at the end? */
static bool leaves_segment(const model *m, int at) {
    if (at == m->layer_count)
        return true;
    for (int s = 0; s < m->segment_count; s++)
        if (m->segments[s].first == at)
            return true;
    return false;
}

/* Which tensors outlive a block, and which share the memory of the next one. From the end, because a shared
 * tensor lives as long as its successor. */
static void place_boundaries(model *m) {
    for (int i = m->layer_count; i >= 0; i--) {
        boundary *b = &m->boundaries[i];
        bool kept_by_producer = i > 0 && m->layers[i - 1].ops->keeps_output;
        bool kept_by_consumer = i < m->layer_count && m->layers[i].ops->keeps_input;
        b->whole_batch = leaves_segment(m, i) || kept_by_producer || kept_by_consumer;
        if (!b->whole_batch && m->layers[i].ops->elementwise) {
            b->shared = true;
            b->whole_batch = b[1].whole_batch;
        }
    }
}

static size_t boundary_reals(const model *m, int i) {
    return shape_size(m->boundaries[i].shape);
}

/* The largest tensor that passes between two layers of a segment. */
static size_t widest_inside(const model *m, const segment *s) {
    size_t widest = 1;
    for (int i = s->first; i <= s->end; i++)
        if (boundary_reals(m, i) > widest)
            widest = boundary_reals(m, i);
    return widest;
}

static void size_blocks(model *m) {
    for (int s = 0; s < m->segment_count; s++) {
        segment *seg = &m->segments[s];
        if (!m->layers[seg->first].ops->spatial)
            continue;
        size_t block = BLOCK_BYTES / (widest_inside(m, seg) * sizeof(real));
        seg->block = block < 1 ? 1 : block < m->capacity ? block : m->capacity;
    }
}

status model_build(model *m, const model_spec *spec, int layer_count, tensor_shape input, size_t capacity,
                   error_info *error) {
    memset(m, 0, sizeof *m);
    m->kernels = kernels_select();
    m->capacity = capacity;
    m->first_trained = ENGINE_MAX_LAYERS;
    assert(layer_count >= 0 && layer_count <= ENGINE_MAX_LAYERS);
    RETURN_IF_FAILED(check_flat(m, spec, layer_count, error));
    RETURN_IF_FAILED(build_layers(m, spec, layer_count, input, error));
    m->fault = (fault){FAULT_LAYERS, 0};
    RETURN_IF_FAILED(check_bytes(m, error));
    m->fault = (fault){0};
    cut_segments(m);
    place_boundaries(m);
    size_blocks(m);
    return STATUS_OK;
}

const layer *model_layer(const model *m, int position) {
    for (int i = 0; i < m->layer_count; i++)
        if (m->layers[i].position == position)
            return &m->layers[i];
    return NULL;
}

/* ---- Memory ------------------------------------------------------------------------------------ */

static real *take_reals(arena *a, size_t count) {
    return arena_take(a, count * sizeof(real));
}

static size_t larger(size_t a, size_t b) {
    return a > b ? a : b;
}

/* Values are kept for the batch where boundaries say so; the rest, and all gradients inside a segment,
 * alternate between two scratch tensors. A gradient that leaves a segment is kept for the batch. */
static void carve_boundaries(model *m, arena *a) {
    size_t scratch = 0;
    for (int s = 0; s < m->segment_count; s++)
        scratch = larger(scratch, widest_inside(m, &m->segments[s]) * m->segments[s].block);
    real *values[2] = {take_reals(a, scratch), take_reals(a, scratch)};
    real *gradients[2] = {take_reals(a, scratch), take_reals(a, scratch)};
    int turn = 0; /* neighbours that are not shared take different scratch */
    for (int i = m->layer_count; i >= 0; i--) {
        boundary *b = &m->boundaries[i], *next = b + 1;
        if (b->shared) {
            b->values = next->values;
            b->gradient = next->gradient;
            continue;
        }
        turn = !turn;
        size_t batch_reals = m->capacity * boundary_reals(m, i);
        b->values = b->whole_batch ? take_reals(a, batch_reals) : values[turn];
        b->gradient = leaves_segment(m, i) ? take_reals(a, batch_reals) : gradients[turn];
    }
}

void model_carve_kept(model *m, arena *a) {
    m->parameters = take_reals(a, m->parameter_reals);
    m->state = take_reals(a, m->state_reals);
}

void model_carve_passes(model *m, arena *a) {
    m->gradients = take_reals(a, m->parameter_reals);
    if (m->gradients != NULL)
        memset(m->gradients, 0, m->parameter_reals * sizeof(real));
    carve_boundaries(m, a);
    size_t scratch = 0;
    for (int i = 0; i < m->layer_count; i++) {
        const layer *l = &m->layers[i];
        m->saved[i] = arena_take(a, m->capacity * l->saved_bytes);
        m->workspace[i] = take_reals(a, l->workspace_reals);
        scratch = larger(scratch, l->scratch_reals);
    }
    m->scratch = take_reals(a, scratch);
}

/* ---- Passes ------------------------------------------------------------------------------------ */

/* A tensor from sample `first` on: whole-batch tensors are indexed, block scratch starts at its beginning. */
static real *from_sample(const model *m, int i, real *tensor, bool whole_batch, size_t first) {
    return whole_batch ? tensor + first * boundary_reals(m, i) : tensor;
}

static real *values_from(const model *m, int i, size_t first) {
    return from_sample(m, i, m->boundaries[i].values, m->boundaries[i].whole_batch, first);
}

/* A shared boundary has the gradient tensor of the next one that is not. */
static real *gradient_from(const model *m, int i, size_t first) {
    int owner = i;
    while (m->boundaries[owner].shared)
        owner++;
    return from_sample(m, i, m->boundaries[i].gradient, leaves_segment(m, owner), first);
}

static layer_pass pass_of(const model *m, int i, size_t first, size_t count) {
    const layer *l = &m->layers[i];
    bool trained_below = i > m->first_trained;
    return (layer_pass){
        .kernels = m->kernels,
        .mode = &m->mode,
        .first = first,
        .count = count,
        .input = values_from(m, i, first),
        .output = values_from(m, i + 1, first),
        .d_output = gradient_from(m, i + 1, first),
        .d_input = trained_below ? gradient_from(m, i, first) : NULL,
        .saved = m->saved[i] + first * l->saved_bytes,
        .parameters = m->parameters + l->parameter_offset,
        .d_parameters = m->gradients + l->parameter_offset,
        .state = m->state + l->state_offset,
        .workspace = m->workspace[i],
        .scratch = m->scratch,
    };
}

typedef void (*layer_function)(const layer *l, const layer_pass *pass);

/* Call one function of layer i, if it has it, on a clock. */
static void run_layer(const model *m, int i, layer_function function, size_t first, size_t count,
                      double *seconds) {
    if (function == NULL)
        return;
    const layer_pass pass = pass_of(m, i, first, count);
    if (seconds == NULL) {
        function(&m->layers[i], &pass);
        return;
    }
    double start = clock_seconds();
    function(&m->layers[i], &pass);
    *seconds += clock_seconds() - start;
}

static void layer_forward(const model *m, int i, size_t first, size_t count) {
    const layer_ops *ops = m->layers[i].ops;
    double *seconds = m->clocks != NULL ? &m->clocks[i].forward : NULL;
    if (first == 0)
        run_layer(m, i, ops->forward_begin, first, count, seconds);
    run_layer(m, i, ops->forward, first, count, seconds);
}

static void layer_backward(const model *m, int i, size_t first, size_t count, bool last) {
    const layer_ops *ops = m->layers[i].ops;
    double *seconds = m->clocks != NULL ? &m->clocks[i].backward : NULL;
    if (first == 0)
        run_layer(m, i, ops->backward_begin, first, count, seconds);
    run_layer(m, i, ops->backward, first, count, seconds);
    if (last)
        run_layer(m, i, ops->backward_end, first, count, seconds);
}

static size_t block_count(const segment *s, size_t first, size_t count) {
    return count - first < s->block ? count - first : s->block;
}

void model_forward(model *m, size_t count, pass_mode mode) {
    assert(count > 0 && count <= m->capacity);
    m->mode = mode;
    for (int s = 0; s < m->segment_count; s++) {
        const segment *seg = &m->segments[s];
        for (size_t first = 0; first < count; first += seg->block)
            for (int i = seg->first; i < seg->end; i++)
                layer_forward(m, i, first, block_count(seg, first, count));
    }
}

void model_backward(const model *m, size_t count, bool accumulate) {
    assert(count > 0 && count <= m->capacity);
    if (!accumulate)
        memset(m->gradients, 0, m->parameter_reals * sizeof(real));
    for (int s = m->segment_count - 1; s >= 0; s--) {
        const segment *seg = &m->segments[s];
        for (size_t first = 0; first < count; first += seg->block)
            for (int i = seg->end - 1; i >= seg->first && i >= m->first_trained; i--)
                layer_backward(m, i, first, block_count(seg, first, count), first + seg->block >= count);
    }
}

/* ---- Parameters in natural order --------------------------------------------------------------- */

void model_get_parameters(const model *m, const real *stored, real *values) {
    for (int i = 0; i < m->layer_count; i++) {
        const layer *l = &m->layers[i];
        for (size_t n = 0; n < l->parameter_count; n++)
            *values++ = stored[l->parameter_offset + l->ops->parameter_place(l, n)];
    }
}

void model_set_parameters(const model *m, const real *values) {
    for (int i = 0; i < m->layer_count; i++) {
        const layer *l = &m->layers[i];
        for (size_t n = 0; n < l->parameter_count; n++)
            m->parameters[l->parameter_offset + l->ops->parameter_place(l, n)] = *values++;
    }
}
