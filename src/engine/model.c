#include "engine/model.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"

const layer *model_layer(const model *m, layer_path path) {
    for (int i = 0; i < m->layer_count; i++)
        if (m->layers[i].path == path)
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

static bool sums_gradients(const model *m) {
    for (int i = 0; i < m->layer_count; i++)
        if (m->links[i].adds)
            return true;
    return false;
}

/* Values are kept for the batch where boundaries say so; the rest, and all gradients inside a segment,
 * alternate between two scratch tensors. A gradient that leaves a segment is kept for the batch. */
static void carve_boundaries(model *m, arena *a) {
    size_t scratch = 0;
    for (int s = 0; s < m->segment_count; s++)
        scratch = larger(scratch, model_widest_inside(m, &m->segments[s]) * m->segments[s].block);
    real *values[2] = {take_reals(a, scratch), take_reals(a, scratch)};
    real *gradients[2] = {take_reals(a, scratch), take_reals(a, scratch)};
    m->summand = take_reals(a, sums_gradients(m) ? scratch : 0);
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
        b->gradient = model_keeps_gradient(m, i) ? take_reals(a, batch_reals) : gradients[turn];
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
    return from_sample(m, i, m->boundaries[i].gradient, model_keeps_gradient(m, owner), first);
}

static real *gradient_where_needed(const model *m, int i, size_t first) {
    return m->boundaries[i].needs_gradient ? gradient_from(m, i, first) : NULL;
}

static layer_pass pass_of(const model *m, int i, size_t first, size_t count) {
    const layer *l = &m->layers[i];
    const layer_links *links = &m->links[i];
    const bool has_other = links->other >= 0;
    return (layer_pass){
        .kernels = m->kernels,
        .mode = &m->mode,
        .first = first,
        .count = count,
        .input = values_from(m, links->from, first),
        .output = values_from(m, i + 1, first),
        .d_output = gradient_from(m, i + 1, first),
        .summand = m->summand,
        .d_input = gradient_where_needed(m, links->from, first),
        .other = has_other ? values_from(m, links->other, first) : NULL,
        .d_other = has_other ? gradient_where_needed(m, links->other, first) : NULL,
        .adds_other = links->adds_other,
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
static void run_layer(const model *m, int i, layer_function function, const layer_pass *pass,
                      double *seconds) {
    if (function == NULL)
        return;
    if (seconds == NULL) {
        function(&m->layers[i], pass);
        return;
    }
    double start = clock_seconds();
    function(&m->layers[i], pass);
    *seconds += clock_seconds() - start;
}

static void layer_forward(const model *m, int i, size_t first, size_t count) {
    const layer_ops *ops = m->layers[i].ops;
    const layer_pass pass = pass_of(m, i, first, count);
    double *seconds = m->clocks != NULL ? &m->clocks[i].forward : NULL;
    if (first == 0)
        run_layer(m, i, ops->forward_begin, &pass, seconds);
    run_layer(m, i, ops->forward, &pass, seconds);
}

/* A layer that reads what another one reads too gives its part of the gradient on the side. */
static void give_summand(const layer *l, const layer_pass *pass) {
    layer_pass own = *pass;
    own.d_input = pass->summand;
    l->ops->backward(l, &own);
    add_to(pass->d_input, pass->summand, pass->count * shape_size(l->in));
}

/* Skips a layer whose output does not depend on parameters. */
static void layer_backward(const model *m, int i, size_t first, size_t count, bool last) {
    const layer_ops *ops = m->layers[i].ops;
    if (!m->boundaries[i + 1].needs_gradient)
        return;
    const layer_pass pass = pass_of(m, i, first, count);
    const bool adds = m->links[i].adds && pass.d_input != NULL;
    double *seconds = m->clocks != NULL ? &m->clocks[i].backward : NULL;
    if (first == 0)
        run_layer(m, i, ops->backward_begin, &pass, seconds);
    run_layer(m, i, adds ? give_summand : ops->backward, &pass, seconds);
    if (last)
        run_layer(m, i, ops->backward_end, &pass, seconds);
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
