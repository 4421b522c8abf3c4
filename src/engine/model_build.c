/* The structure of a model: which layers have something to do, what each reads, shapes, segments. */
#include <assert.h>
#include <limits.h>
#include <string.h>

#include "engine/model.h"

/* Scratch tensors of a block are kept below this, so that they stay in an L2 cache of 512 KiB or more, next
 * to the weights. */
enum { BLOCK_BYTES = 192 * 1024 };

/* ---- Which layers there are ----------------------------------------------------------------------- */

/* Layers that do the same to every value, or to all values of a sample whatever their order. */
static bool ignores_order(layer_kind kind) {
    const layer_ops *ops = layer_ops_of(kind);
    return ops->elementwise || ops->keeps_values;
}

/* A layer that reads an image as a vector does so in natural order: a flatten before it, in a list that ends
 * before `end`, has nothing to do. */
static bool is_read_flat(const model_spec *spec, int end, int flatten) {
    int next = flatten + 1;
    while (next < end && spec->layers[next].kind != LAYER_RESIDUAL && ignores_order(spec->layers[next].kind))
        next++;
    return next < end && layer_ops_of(spec->layers[next].kind)->reads_flat;
}

static fault fault_of(const model_spec *spec, int position) {
    return (fault){FAULT_LAYER, (size_t)layer_path_of(spec, position)};
}

/* What is flat has no rows and columns, though a window of 1 × 1 would fit it. */
static status check_flat(model *m, const model_spec *spec, int end, error_info *error) {
    int flatten = 0;
    while (flatten < end && spec->layers[flatten].kind != LAYER_FLATTEN)
        flatten++;
    for (int i = flatten + 1; i < end; i++)
        if (layer_ops_of(spec->layers[i].kind)->windowed) {
            m->fault = fault_of(spec, i);
            return error_set(
                error, STATUS_USAGE,
                "layer %s (%s) comes after flatten (layer %s), which leaves no rows and columns; "
                "accepted: before it",
                layer_name_of(spec, i).text, name_at(&layer_names, spec->layers[i].kind),
                layer_name_of(spec, flatten).text);
        }
    return STATUS_OK;
}

/* A model that ends with the layer at `last`. */
typedef struct builder {
    model *m;
    const model_spec *spec;
    int last;
} builder;

/* A layer that reads boundary `from`, and `other` unless that is −1; the boundary of what it makes. */
static int append(const builder *b, int position, int from, int other) {
    model *m = b->m;
    const layer_spec *spec = &b->spec->layers[position];
    const int i = m->layer_count++;
    assert(i < ENGINE_MAX_LAYERS);
    m->layers[i] = (layer){.ops = layer_ops_of(spec->kind),
                           .spec = *spec,
                           .position = position,
                           .path = layer_path_of(b->spec, position)};
    m->links[i] = (layer_links){.from = from, .other = other};
    m->boundaries[from].forks |= from != i;
    if (other >= 0)
        m->boundaries[other].forks = true;
    return i + 1;
}

static int append_list(const builder *b, int first, int end, int from);

/* A block in which nothing is done is a fault. A model that ends within a block ends with one of its ways;
 * one within a shortcut has all layers before it, so that parameters have their places. Else the last of the
 * block's two ways is read as any layer is, the other one from where it was left. */
static int append_block(const builder *b, int position, int from) {
    const int shortcut = position + 1 + b->spec->layers[position].inner, end = layer_end(b->spec, position);
    const bool whole = b->last == position || b->last >= end;
    const builder inner = {b->m, b->spec, whole || b->last >= shortcut ? end : b->last};
    const builder bypass = {b->m, b->spec, whole ? end : b->last};
    const int inner_out = append_list(&inner, position + 1, shortcut, from);
    if (inner.last < shortcut)
        return inner_out;
    const int shortcut_out = append_list(&bypass, shortcut, end, from);
    if (!whole)
        return shortcut_out;
    if (inner_out == from && shortcut_out == from)
        b->m->fault = fault_of(b->spec, position);
    return shortcut_out != from ? append(b, position, shortcut_out, inner_out)
                                : append(b, position, inner_out, from);
}

/* The layers of a list that have something to do, the first of which reads boundary `from`; the boundary of
 * what the last one makes. */
static int append_list(const builder *b, int first, int end, int from) {
    const int list_end = end <= b->last ? end : b->last + 1;
    for (int i = first; i < list_end; i = layer_end(b->spec, i)) {
        const layer_kind kind = b->spec->layers[i].kind;
        if (kind == LAYER_RESIDUAL)
            from = append_block(b, i, from);
        else if (layer_ops_of(kind)->setup != NULL &&
                 !(kind == LAYER_FLATTEN && is_read_flat(b->spec, list_end, i)))
            from = append(b, i, from, NO_BOUNDARY);
    }
    return from;
}

/* max(relu(x)) = relu(max(x)), and the gradients agree too: where the maximum is not positive both orders
 * stop it, elsewhere the first maximum is the same place. Pooling first makes the ReLU pass smaller by the
 * window. */
static void pool_before_relu(model *m) {
    for (int i = 0; i + 1 < m->layer_count; i++) {
        layer *first = &m->layers[i], *second = &m->layers[i + 1];
        const bool alone = m->links[i + 1].from == i + 1 && !m->boundaries[i + 1].forks;
        if (alone && first->spec.kind == LAYER_RELU && second->spec.kind == LAYER_MAX_POOL) {
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

static status set_up(layer *l, size_t capacity, error_info *error) {
    if (set_up_sized(l, capacity, error) != STATUS_OK)
        return error_prefix(error,
                            "layer %s (%s) on an input of %d × %d × %d: ", layer_path_write(l->path).text,
                            layer_name(l), l->in.channels, l->in.height, l->in.width);
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

/* Give layer i its place in the model's blocks. */
static void place_layer(model *m, int i) {
    layer *l = &m->layers[i];
    l->parameter_offset = m->parameter_reals;
    m->parameter_reals += l->parameter_reals;
    l->state_offset = m->state_reals;
    m->state_reals += l->state_reals;
    m->parameter_count += l->parameter_count;
    if (l->parameter_count > 0 && m->first_trained == ENGINE_MAX_LAYERS)
        m->first_trained = i;
}

static bool needs_gradient(const model *m, int at) {
    return at >= 0 && m->boundaries[at].needs_gradient;
}

static status build_layers(model *m, const model_spec *spec, int last, tensor_shape input,
                           error_info *error) {
    m->output = append_list(&(builder){m, spec, last}, 0, spec->layer_count, 0);
    if (m->fault.subject != FAULT_NONE)
        return error_set(
            error, STATUS_USAGE,
            "layer %s (residual): neither its layers nor its shortcut do anything; accepted: at least "
            "one that does",
            layer_path_write((layer_path)m->fault.index).text);
    m->boundaries[m->output].forks |= m->output != m->layer_count;
    pool_before_relu(m);
    m->boundaries[0].shape = input;
    for (int i = 0; i < m->layer_count; i++) {
        layer *l = &m->layers[i];
        const layer_links *links = &m->links[i];
        l->in = m->boundaries[links->from].shape;
        if (links->other >= 0)
            l->other = m->boundaries[links->other].shape;
        m->fault = (fault){FAULT_LAYER, (size_t)l->path};
        RETURN_IF_FAILED(set_up(l, m->capacity, error));
        place_layer(m, i);
        m->boundaries[i + 1].shape = l->out;
        m->boundaries[i + 1].needs_gradient =
            l->parameter_count > 0 || needs_gradient(m, links->from) || needs_gradient(m, links->other);
    }
    m->fault = (fault){0};
    return STATUS_OK;
}

/* The backward pass comes from the end: of the layers that read a boundary the last one gives its gradient,
 * and the others add to it. */
static void order_gradients(model *m) {
    bool given[ENGINE_MAX_LAYERS + 1] = {false};
    for (int i = m->layer_count - 1; i >= 0; i--) {
        layer_links *links = &m->links[i];
        if (links->other >= 0) {
            links->adds_other = given[links->other];
            given[links->other] = true;
        }
        links->adds = given[links->from];
        given[links->from] = true;
    }
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

bool model_keeps_gradient(const model *m, int at) {
    if (at == m->layer_count || m->boundaries[at].forks)
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
        b->whole_batch = model_keeps_gradient(m, i) || kept_by_producer || kept_by_consumer;
        if (!b->whole_batch && m->layers[i].ops->elementwise) {
            b->shared = true;
            b->whole_batch = b[1].whole_batch;
        }
    }
}

size_t model_widest_inside(const model *m, const segment *s) {
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
        size_t block = BLOCK_BYTES / (model_widest_inside(m, seg) * sizeof(real));
        seg->block = block < 1 ? 1 : block < m->capacity ? block : m->capacity;
    }
}

status model_build(model *m, const model_spec *spec, int last, tensor_shape input, size_t capacity,
                   error_info *error) {
    memset(m, 0, sizeof *m);
    m->kernels = kernels_select();
    m->capacity = capacity;
    m->first_trained = ENGINE_MAX_LAYERS;
    assert(last >= -1 && last < spec->layer_count && spec->layer_count <= ENGINE_MAX_LAYERS);
    RETURN_IF_FAILED(check_flat(m, spec, last >= 0 ? layer_end(spec, last) : 0, error));
    RETURN_IF_FAILED(build_layers(m, spec, last, input, error));
    m->fault = (fault){FAULT_LAYERS, 0};
    RETURN_IF_FAILED(check_bytes(m, error));
    m->fault = (fault){0};
    order_gradients(m);
    cut_segments(m);
    place_boundaries(m);
    size_blocks(m);
    return STATUS_OK;
}
