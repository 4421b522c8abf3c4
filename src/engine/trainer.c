#include "engine/trainer.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "engine/data/augment.h"
#include "engine/data/epoch.h"
#include "engine/data/points.h"
#include "engine/initializers.h"
#include "engine/penalties.h"

/* ---- Memory ------------------------------------------------------------------------------------ */

/* Evaluation runs in batches of at least this many samples, however small the training batch is. */
enum { EVALUATION_BATCH = 128 };

size_t trainer_batch(const training_spec *spec, const dataset *data) {
    return optimizer_is_full_batch(spec->optimizer.kind) ? data->train.count : (size_t)spec->batch;
}

size_t trainer_epoch_samples(const training_spec *spec, const dataset *data) {
    const size_t count = data->train.count, batch = trainer_batch(spec, data);
    return spec->last_batch == LAST_BATCH_DROP ? count - count % batch : count;
}

size_t trainer_epoch_steps(const training_spec *spec, const dataset *data) {
    const size_t batch = trainer_batch(spec, data);
    return (trainer_epoch_samples(spec, data) + batch - 1) / batch;
}

static size_t capacity_of(const training_spec *spec, const dataset *data) {
    const size_t batch = trainer_batch(spec, data);
    return batch > EVALUATION_BATCH ? batch : EVALUATION_BATCH;
}

static kept_block kept_if(void *bytes, size_t size) {
    return (kept_block){bytes, bytes != NULL ? size : 0};
}

static void list_kept(trainer *t, kept_block tallied) {
    const model *m = &t->model;
    const optimizer *o = &t->optimizer;
    const monitor *w = &t->monitor;
    const kept_block blocks[KEPT_BLOCKS] = {
        kept_if(m->parameters, m->parameter_reals * sizeof *m->parameters),
        kept_if(m->state, m->state_reals * sizeof *m->state),
        kept_if(o->point, o->count * sizeof *o->point),
        kept_if(o->best, o->count * sizeof *o->best),
        kept_if(o->first, o->count * sizeof *o->first),
        kept_if(o->second, o->count * sizeof *o->second),
        kept_if(w->past, sizeof *w->past),
        kept_if(w->parameters, m->parameter_reals * sizeof *w->parameters),
        kept_if(w->state, m->state_reals * sizeof *w->state),
        tallied,
    };
    memcpy(t->kept, blocks, sizeof blocks);
    t->kept_bytes = 0;
    for (int i = 0; i < KEPT_BLOCKS; i++)
        t->kept_bytes += blocks[i].size;
}

static void trainer_carve(trainer *t, arena *a) {
    model_carve_kept(&t->model, a);
    optimizer_carve(&t->optimizer, &t->spec->optimizer, &t->model, a);
    monitor_carve(&t->monitor, t->spec, &t->model, a);
    size_t tallied_size;
    void *tallied = tallies_carve_kept(&t->metrics, t->spec, &t->loss, &tallied_size, a);
    list_kept(t, kept_if(tallied, tallied_size));
    model_carve_passes(&t->model, a);
    recorder_carve(&t->recorder, t->spec, t->data, a);
    tallies_carve_sets(&t->metrics, t->spec, &t->loss, a);
    input_transform_carve(&t->transform, t->data->shape, a);
    t->order = arena_take(a, t->data->train.count * sizeof *t->order);
    if (t->spec->mirror > 0)
        t->mirrored = arena_take(a, t->data->train.count);
    if (t->data->points.kind != POINTS_NONE)
        points_draw(&t->points, t->seed, t->coordinates, a);
    t->targets.labels = arena_take(a, t->model.capacity);
    t->targets.values = arena_take(a, t->model.capacity * (size_t)t->data->target_count * sizeof(real));
}

status trainer_build(trainer *t, const training_spec *spec, const dataset *data, error_info *error) {
    memset(t, 0, sizeof *t);
    t->spec = spec;
    t->data = data;
    t->augments = augment_changes(&spec->augment);
    if (data->points.kind != POINTS_NONE) {
        t->points = *data;
        t->data = &t->points;
    }
    const int last = layer_before(&spec->model, spec->model.layer_count);
    t->fault = (fault){FAULT_LAYER, (size_t)layer_path_of(&spec->model, last)};
    RETURN_IF_FAILED(loss_open(&t->loss, &spec->loss, &spec->model, data->classes, error));
    const status code = model_build(&t->model, &spec->model, layer_before(&spec->model, t->loss.model_layers),
                                    data->shape, capacity_of(spec, data), error);
    t->fault = t->model.fault;
    RETURN_IF_FAILED(code);
    schedule_open(&t->schedule, &spec->schedule, spec->optimizer.lr, spec->epochs,
                  trainer_epoch_steps(spec, data));
    t->loss.outputs = (int)shape_size(model_output_shape(&t->model));
    arena needed = {0};
    trainer_carve(t, &needed);
    t->bytes = needed.used;
    return STATUS_OK;
}

void trainer_start(trainer *t, uint64_t seed, uint64_t coordinates, arena *memory) {
    t->started = clock_seconds();
    t->progress = (training_progress){.lr = NAN, .gradient_norm = NAN};
    t->seed = seed;
    t->coordinates = coordinates;
    trainer_carve(t, memory);
    for (int i = 0; i < KEPT_BLOCKS; i++)
        if (t->kept[i].size > 0)
            memset(t->kept[i].bytes, 0, t->kept[i].size);
    if (t->monitor.past != NULL)
        monitor_start(&t->monitor, record_is_best_high(monitor_quantity(t->spec->monitor.number)));
    input_transform_fill(&t->transform, &t->spec->normalize, t->data);
    initialize_parameters(&t->model, &t->spec->model, seed, coordinates);
}

status trainer_begin(trainer *t, uint64_t seed, uint64_t coordinates, arena *memory, error_info *error) {
    RETURN_IF_FAILED(arena_reserve(memory, t->bytes, error));
    trainer_start(t, seed, coordinates, memory);
    return STATUS_OK;
}

/* ---- Steps ------------------------------------------------------------------------------------- */

void trainer_load_batch(trainer *t, size_t first, size_t count) {
    real *inputs = model_input(&t->model);
    batch_gather(&t->transform, &t->data->train, t->order, first, count, inputs, &t->targets);
    if (t->augments)
        augment_batch(&t->spec->augment, (augment_epoch){t->seed, t->coordinates, t->progress.epoch},
                      &t->transform, &t->data->train, t->order, first, count, inputs);
    if (t->mirrored != NULL)
        batch_mirror(&t->transform, t->mirrored, t->order, first, count, inputs);
}

/* Notes a loss that is NaN or infinite. */
static bool is_finite(trainer *t, loss_sums sums) {
    if (isfinite(sums.loss))
        return true;
    t->progress.outcome = TRAINING_DIVERGED;
    return false;
}

bool trainer_is_stopped(trainer *t) {
    if (!t->stopped && t->stop != NULL)
        t->stopped = t->stop(t->stop_context);
    return t->stopped;
}

bool trainer_may_step(trainer *t) {
    training_progress *p = &t->progress;
    const double limit = t->spec->max_seconds;
    if (p->outcome != TRAINING_DONE || trainer_is_stopped(t))
        return false;
    if (limit > 0 && t->progress.seconds + clock_seconds() - t->started >= limit)
        p->outcome = TRAINING_TIMED_OUT;
    return p->outcome == TRAINING_DONE;
}

double trainer_seconds(const trainer *t) {
    return t->progress.seconds + (clock_seconds() - t->started) / (1 + t->companions);
}

loss_sums trainer_differentiate(trainer *t, size_t count) {
    const pass_mode mode = {true, t->seed, t->coordinates, t->progress.steps++};
    model_forward(&t->model, count, mode);
    const double scale = loss_scale(&t->spec->loss, loss_weight(&t->loss, t->targets.labels, count));
    loss_sums sums = loss_evaluate(&t->loss, model_output(&t->model), &t->targets, count, scale,
                                   model_output_gradient(&t->model));
    tallies_add_batch(&t->metrics, &t->loss, model_output(&t->model), &t->targets, count,
                      t->progress.position == 0);
    if (t->spec->records[RECORD_TRAIN_COST].every > 0)
        sums.penalty = (double)count * penalty_value(&t->model, &t->spec->loss);
    if (is_finite(t, sums)) {
        model_backward(&t->model, count, false);
        penalty_add_gradient(&t->model, &t->spec->loss);
    }
    return sums;
}

loss_sums trainer_step(trainer *t, size_t count) {
    training_progress *p = &t->progress;
    t->schedule.lr = monitor_rate(&t->monitor);
    p->lr = schedule_rate(&t->schedule, p->steps, p->epoch);
    const loss_sums sums = trainer_differentiate(t, count);
    if (p->outcome == TRAINING_DONE)
        optimizer_step(&t->optimizer, &t->model, p->lr, p->steps);
    return sums;
}

size_t trainer_forward(trainer *t, const dataset_split *split, size_t first) {
    const size_t left = split->count - first, count = left < t->model.capacity ? left : t->model.capacity;
    batch_gather(&t->transform, split, NULL, first, count, model_input(&t->model), &t->targets);
    model_forward(&t->model, count, (pass_mode){.training = false});
    return count;
}

loss_sums trainer_evaluate(trainer *t, const dataset_split *split, tally *sums) {
    loss_sums total = {0};
    tally_clear(sums);
    for (size_t first = 0; first < split->count && !trainer_is_stopped(t); first += t->model.capacity) {
        const size_t count = trainer_forward(t, split, first);
        const real *z = model_output(&t->model);
        loss_sums_add(&total, loss_evaluate(&t->loss, z, &t->targets, count, 1, NULL));
        tally_add(sums, &t->loss, z, &t->targets, count);
    }
    if (!t->stopped)
        is_finite(t, total);
    return total;
}

/* ---- Training ---------------------------------------------------------------------------------- */

void trainer_draw_order(trainer *t) {
    const int epoch = (int)t->progress.epoch;
    const uint32_t count = (uint32_t)t->data->train.count;
    if (t->spec->shuffle)
        epoch_order(t->seed, t->coordinates, epoch, t->order, count);
    for (uint32_t i = 0; !t->spec->shuffle && i < count; i++)
        t->order[i] = i;
    if (t->mirrored != NULL)
        epoch_mirrors(t->seed, t->coordinates, epoch, t->spec->mirror, t->mirrored, count);
    t->order_drawn = true;
}
