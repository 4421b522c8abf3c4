/* Steps of all lanes at once. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "engine/lockstep/lanes.h"

/* ---- Samples ----------------------------------------------------------------------------------- */

/* (count, size) of every lane, of which value `place` becomes value k of (count, size) in lanes. */
static void interleave(const real *const from[LANES], size_t count, size_t size, size_t place, size_t k,
                       float *to) {
    for (size_t n = 0; n < count; n++)
        for (int lane = 0; lane < LANES; lane++)
            to[(n * size + k) * LANES + (size_t)lane] = (float)from[lane][n * size + place];
}

/* Labels as numbers: the label itself for one output, else one-hot. */
static void interleave_labels(const uint8_t *const from[LANES], size_t count, size_t size, float *to) {
    for (size_t n = 0; n < count; n++)
        for (size_t k = 0; k < size; k++)
            for (int lane = 0; lane < LANES; lane++) {
                const uint8_t label = from[lane][n];
                to[(n * size + k) * LANES + (size_t)lane] = size == 1 ? (float)label : (float)(label == k);
            }
}

/* The loaded batches of some trainers, one for each lane, at sample `at` of the window. */
static void interleave_batches(const lanes *s, const int readers[LANES], size_t at, size_t count) {
    const real *inputs[LANES], *values[LANES];
    const uint8_t *labels[LANES];
    float *to = s->window.inputs + at * s->inputs * LANES,
          *targets = s->window.targets + at * s->outputs * LANES;
    for (int lane = 0; lane < LANES; lane++) {
        const trainer *t = s->trainers[readers[lane]];
        inputs[lane] = model_input(&t->model);
        values[lane] = t->targets.values;
        labels[lane] = t->targets.labels;
    }
    for (size_t k = 0; k < s->inputs; k++)
        interleave(inputs, count, s->inputs, s->input_places[k], k, to);
    if (s->trainers[0]->data->classes > 0)
        interleave_labels(labels, count, s->outputs, targets);
    else
        for (size_t k = 0; k < s->outputs; k++)
            interleave(values, count, s->outputs, k, k, targets);
}

/* Whose samples each lane gets: its own, or those of the first when they are shared or nobody is in the lane.
 */
static void choose_readers(const lanes *s, int readers[LANES]) {
    int first = 0;
    while (s->alive[first] == 0)
        first++;
    for (int lane = 0; lane < LANES; lane++)
        readers[lane] = lane < s->count && s->alive[lane] != 0 && !s->window.shared ? lane : first;
}

/* What the window has is of no use in another epoch, or to a lane that it was not filled for. */
static void check_window(lanes *s, uint64_t epoch) {
    lane_window *w = &s->window;
    bool valid = w->repeats || w->epoch == epoch;
    for (int lane = 0; lane < s->count; lane++)
        valid &= w->lanes[lane] != 0 || s->alive[lane] == 0;
    w->epoch = epoch;
    w->count = valid ? w->count : 0;
}

/* From sample `first` of the epoch's `samples` on, or the whole epoch. */
static void fill_window(lanes *s, size_t first, size_t samples) {
    lane_window *w = &s->window;
    w->first = w->repeats && w->capacity == samples ? 0 : first;
    const size_t left = samples - w->first;
    w->count = left < w->capacity ? left : w->capacity;
    int readers[LANES];
    choose_readers(s, readers);
    const size_t most = s->trainers[readers[0]]->model.capacity;
    for (size_t at = 0, now; at < w->count; at += now) {
        now = w->count - at < most ? w->count - at : most;
        for (int lane = 0; lane < LANES; lane++)
            if (readers[lane] == lane)
                trainer_load_batch(s->trainers[lane], w->first + at, now);
        interleave_batches(s, readers, at, now);
    }
    for (int lane = 0; lane < s->count; lane++)
        w->lanes[lane] = w->shared ? -1 : s->alive[lane];
}

/* ---- Passes ------------------------------------------------------------------------------------ */

static void forward(lanes *s, const float *inputs, size_t count) {
    for (int i = 0; i < s->layer_count; i++) {
        lane_layer *l = &s->layers[i];
        if (i == 0)
            l->dense.x = l->elementwise.x = inputs;
        l->dense.count = count;
        l->elementwise.count = count * shape_size(l->source->out);
        if (l->forward != NULL)
            l->forward(&l->elementwise);
        else
            s->kernels.dense_forward(&l->dense);
    }
}

static void backward(lanes *s, bool fresh) {
    float *dy = s->output_gradient, *dx = s->other_gradient;
    for (int i = s->layer_count - 1; i >= 0; i--) {
        lane_layer *l = &s->layers[i];
        l->dense.dy = l->elementwise.dy = dy;
        l->dense.dx = l->passes_on ? dx : NULL;
        l->dense.fresh = fresh;
        if (l->backward != NULL)
            l->backward(&l->elementwise);
        else
            s->kernels.dense_backward(&l->dense);
        if (!l->passes_on)
            return;
        if (l->backward == NULL) {
            float *const next = dx;
            dx = dy;
            dy = next;
        }
    }
}

/* The gradient of the batch from sample `first` of the epoch's `samples` on and its loss, block by block. */
static void differentiate(lanes *s, size_t first, size_t count, size_t samples) {
    const lane_window *w = &s->window;
    const lane_layer *last = &s->layers[s->layer_count - 1];
    memset(s->batch_loss, 0, LANES * sizeof *s->batch_loss);
    memset(s->batch_correct, 0, LANES * sizeof *s->batch_correct);
    for (size_t done = 0, block; done < count; done += block) {
        block = count - done < s->block ? count - done : s->block;
        if (first + done < w->first || first + done + block > w->first + w->count)
            fill_window(s, first + done, samples);
        const size_t at = first + done - w->first;
        forward(s, w->inputs + at * s->inputs * LANES, block);
        s->loss.count = block;
        s->loss.z = last->backward != NULL ? last->elementwise.y : last->dense.y;
        s->loss.targets = w->targets + at * s->outputs * LANES;
        s->loss.dz = s->output_gradient;
        s->evaluate(&s->loss);
        backward(s, done == 0);
    }
    for (int lane = 0; lane < LANES; lane++)
        s->batch_loss[lane] *= s->loss_share;
}

/* ---- Penalties --------------------------------------------------------------------------------- */

/* Σ c Σ w² of every lane, once per sample. */
static void add_penalties(lanes *s, size_t count) {
    memset(s->batch_penalty, 0, LANES * sizeof *s->batch_penalty);
    if (s->trainers[0]->spec->records[RECORD_TRAIN_COST].every == 0)
        return;
    for (int i = 0; i < s->layer_count; i++) {
        const lane_layer *l = &s->layers[i];
        double squares[LANES] = {0};
        for (size_t v = 0; l->penalised && v < l->weights * LANES; v++)
            squares[v % LANES] += (double)l->dense.w[v] * (double)l->dense.w[v];
        for (int lane = 0; l->penalised && lane < LANES; lane++)
            s->batch_penalty[lane] += (double)count * l->coefficient[lane] * squares[lane];
    }
}

static void add_penalty_gradients(lanes *s) {
    for (int i = 0; i < s->layer_count; i++) {
        const lane_layer *l = &s->layers[i];
        if (l->penalised)
            s->kernels.add_penalty(l->weights, l->penalty, l->dense.w, l->dense.dw);
    }
}

/* ---- Updates ----------------------------------------------------------------------------------- */

static void set_rates(lanes *s, int lane, uint64_t step, uint64_t epoch) {
    const lane_rates *r = &s->rates;
    const trainer *t = s->trainers[lane];
    update u;
    s->numbers_of_step[lane] = schedule_rate(&t->schedule, step - 1, epoch);
    optimizer_prepare(&t->optimizer, &t->model, s->numbers_of_step[lane], step, &u);
    r->lr[lane] = (float)u.lr;
    r->weight_decay[lane] = (float)u.weight_decay;
    r->decay1[lane] = (float)u.decay1;
    r->decay2[lane] = (float)u.decay2;
    r->fresh1[lane] = (float)u.fresh1;
    r->fresh2[lane] = (float)u.fresh2;
    r->correction[lane] = (float)u.correction;
    r->epsilon[lane] = (float)u.epsilon;
}

static void set_all_rates(lanes *s, uint64_t step, uint64_t epoch) {
    for (int lane = 0; lane < s->count; lane++)
        if (s->alive[lane] != 0)
            set_rates(s, lane, step, epoch);
}

static void run_update(const lanes *s, const lane_update *u) {
    const lane_update_function functions[OPTIMIZER_KIND_COUNT] = {[OPTIMIZER_SGD] = s->kernels.sgd,
                                                                  [OPTIMIZER_NESTEROV] = s->kernels.sgd,
                                                                  [OPTIMIZER_ADAM] = s->kernels.adam,
                                                                  [OPTIMIZER_RMSPROP] = s->kernels.rmsprop,
                                                                  [OPTIMIZER_ADAMW] = s->kernels.adam};
    functions[s->trainers[0]->optimizer.spec.kind](u);
}

/* The values [first, first + count). */
static void update_part(const lanes *s, const lane_update *all, size_t first, size_t count, bool decays) {
    lane_update u = *all;
    u.count = count;
    u.w += first * LANES;
    u.g += first * LANES;
    u.first += u.first != NULL ? first * LANES : 0;
    u.second += u.second != NULL ? first * LANES : 0;
    u.weight_decay = decays ? u.weight_decay : s->rates.none;
    if (count > 0)
        run_update(s, &u);
}

/* Of dense layers, the only ones that have parameters. */
static void update_by_layers(const lanes *s, const lane_update *all) {
    for (int i = 0; i < s->layer_count; i++) {
        const lane_layer *l = &s->layers[i];
        update_part(s, all, l->first, l->weights, true);
        update_part(s, all, l->first + l->weights, l->source->parameter_count - l->weights, false);
    }
}

static void update_parameters(const lanes *s) {
    const optimizer_spec *o = &s->trainers[0]->optimizer.spec;
    const lane_rates *r = &s->rates;
    const lane_update u = {.lanes = s->used,
                           .count = s->values,
                           .alive = s->alive,
                           .w = s->parameters,
                           .g = s->gradients,
                           .first = s->first,
                           .second = s->second,
                           .lr = r->lr,
                           .weight_decay = r->weight_decay,
                           .decay1 = r->decay1,
                           .decay2 = r->decay2,
                           .fresh1 = r->fresh1,
                           .fresh2 = r->fresh2,
                           .correction = r->correction,
                           .epsilon = r->epsilon,
                           .nesterov = o->kind == OPTIMIZER_NESTEROV,
                           .epsilon_inside =
                               o->kind == OPTIMIZER_RMSPROP && o->epsilon_style == EPSILON_KERAS,
                           .decoupled = o->kind == OPTIMIZER_ADAMW};
    (o->decay == DECAY_WEIGHTS ? update_by_layers : run_update)(s, &u);
}

/* ---- Steps ------------------------------------------------------------------------------------- */

/* Add the batch to the epoch of the lanes that took part; returns how many of them diverged, which take part
 * no longer. */
static int account(lanes *s) {
    int diverged = 0;
    for (int lane = 0; lane < LANES; lane++) {
        const int32_t took_part = s->alive[lane];
        s->epoch_loss[lane] += took_part != 0 ? s->batch_loss[lane] : 0;
        s->epoch_penalty[lane] += took_part != 0 ? s->batch_penalty[lane] : 0;
        s->epoch_correct[lane] += took_part & s->batch_correct[lane];
        s->alive[lane] = isfinite(s->batch_loss[lane]) ? took_part : 0;
        diverged += s->alive[lane] != took_part;
    }
    return diverged;
}

static void set_used(lanes *s) {
    s->used = 0;
    for (int lane = 0; lane < s->count; lane++)
        if (s->alive[lane] != 0)
            s->used = lane + 1;
    s->loss.lanes = s->used;
    for (int i = 0; i < s->layer_count; i++)
        s->layers[i].dense.lanes = s->layers[i].elementwise.lanes = s->used;
}

/* What the trainers need to know of `taken` steps, the last of `count` samples; `took_part` as `alive` was.
 */
static void note_progress(lanes *s, size_t taken, size_t samples, size_t count,
                          const int32_t took_part[LANES]) {
    for (int lane = 0; lane < s->count; lane++) {
        training_progress *p = &s->trainers[lane]->progress;
        if (took_part[lane] == 0)
            continue;
        p->steps += taken;
        p->position += samples;
        p->lr = s->numbers_of_step[lane];
        p->last_batch = (loss_sums){.loss = s->batch_loss[lane],
                                    .weight = (double)count,
                                    .penalty = s->batch_penalty[lane],
                                    .correct = (size_t)s->batch_correct[lane],
                                    .samples = count};
        p->last_epoch.loss = s->epoch_loss[lane];
        p->last_epoch.penalty = s->epoch_penalty[lane];
        p->last_epoch.correct = (size_t)s->epoch_correct[lane];
        p->last_epoch.weight += (double)samples;
        p->last_epoch.samples += samples;
        p->stage = STAGE_NOTE_STEP;
        if (s->alive[lane] == 0)
            p->outcome = TRAINING_DIVERGED;
    }
}

/* The sums of the epoch so far. */
static void load_sums(lanes *s) {
    for (int lane = 0; lane < s->count; lane++) {
        const loss_sums *sums = &s->trainers[lane]->progress.last_epoch;
        s->epoch_loss[lane] = sums->loss;
        s->epoch_penalty[lane] = sums->penalty;
        s->epoch_correct[lane] = (int64_t)sums->correct;
    }
}

static int first_alive(const lanes *s) {
    int lane = 0;
    while (s->alive[lane] == 0)
        lane++;
    return lane;
}

size_t lanes_run(lanes *s, size_t steps, bool (*stop)(void *context), void *context) {
    set_used(s);
    load_sums(s);
    const trainer *t = s->trainers[first_alive(s)];
    const training_progress *p = &t->progress;
    const size_t samples = trainer_epoch_samples(t->spec, t->data), batch = (size_t)t->spec->batch;
    const uint64_t epoch = p->epoch, position = p->position;
    size_t taken = 0, done = 0, count = 0;
    int32_t took_part[LANES];
    int diverged = 0;
    memcpy(took_part, s->alive, sizeof took_part);
    check_window(s, epoch);
    for (; taken < steps && diverged == 0 && !stop(context); taken++, done += count) {
        const size_t first = position + done, left = samples - first;
        count = left < batch ? left : batch;
        if (taken == 0 || s->rates_vary)
            set_all_rates(s, p->steps + taken + 1, epoch);
        s->loss.scale = (float)(s->loss_share * loss_scale(&t->spec->loss, (double)count));
        add_penalties(s, count);
        differentiate(s, first, count, samples);
        add_penalty_gradients(s);
        diverged = account(s);
        update_parameters(s);
    }
    if (taken > 0)
        note_progress(s, taken, done, count, took_part);
    return taken;
}
