#include "engine/trainer.h"

#include <math.h>

#include "engine/data/epoch.h"
#include "engine/data/points.h"
#include "engine/full_batch.h"
#include "engine/initializers.h"
#include "engine/penalties.h"
#include "engine/schedules.h"

/* ---- Memory ------------------------------------------------------------------------------------ */

/* Evaluation runs in batches of at least this many samples, however small the training batch is. */
enum { EVALUATION_BATCH = 128 };

size_t trainer_batch(const training_spec *spec, const dataset *data) {
    return optimizer_is_full_batch(spec->optimizer.kind) ? data->train.count : (size_t)spec->batch;
}

static size_t capacity_of(const training_spec *spec, const dataset *data) {
    const size_t batch = trainer_batch(spec, data);
    return batch > EVALUATION_BATCH ? batch : EVALUATION_BATCH;
}

static void trainer_carve(trainer *t, arena *a) {
    model_carve(&t->model, a);
    optimizer_carve(&t->optimizer, &t->spec->optimizer, &t->model, a);
    recorder_carve(&t->recorder, t->spec, t->data, a);
    t->transform = arena_take(a, sizeof *t->transform);
    t->order = arena_take(a, t->data->train.count * sizeof *t->order);
    if (t->spec->mirror > 0)
        t->mirrored = arena_take(a, t->data->train.count);
    if (t->data->points.kind != POINTS_NONE)
        points_draw(&t->points, t->seed, t->coordinates, a);
    t->targets.labels = arena_take(a, t->model.capacity);
    t->targets.values = arena_take(a, t->model.capacity * (size_t)t->data->target_count * sizeof(real));
}

static status trainer_build(trainer *t, const training_spec *spec, const dataset *data, error_info *error) {
    *t = (trainer){.spec = spec, .data = data, .lr = NAN};
    if (data->points.kind != POINTS_NONE) {
        t->points = *data;
        t->data = &t->points;
    }
    RETURN_IF_FAILED(loss_open(&t->loss, &spec->loss, &spec->model, data->classes, error));
    RETURN_IF_FAILED(model_build(&t->model, &spec->model, t->loss.model_layers, data->shape,
                                 capacity_of(spec, data), error));
    t->loss.outputs = (int)shape_size(t->model.boundaries[t->model.layer_count].shape);
    return STATUS_OK;
}

static size_t trainer_bytes(trainer *t) {
    arena measure = {0};
    trainer_carve(t, &measure);
    return measure.used;
}

status trainer_measure(trainer *t, const training_spec *spec, const dataset *data, size_t *bytes,
                       error_info *error) {
    RETURN_IF_FAILED(trainer_build(t, spec, data, error));
    *bytes = trainer_bytes(t);
    return STATUS_OK;
}

status trainer_open(trainer *t, const training_spec *spec, const dataset *data, uint64_t seed,
                    uint64_t coordinates, arena *memory, error_info *error) {
    RETURN_IF_FAILED(trainer_build(t, spec, data, error));
    RETURN_IF_FAILED(arena_reserve(memory, trainer_bytes(t), error));
    t->seed = seed;
    t->coordinates = coordinates;
    trainer_carve(t, memory);
    input_transform_fill(t->transform, &spec->normalize, t->data);
    initialize_parameters(&t->model, &spec->model, seed, coordinates);
    return STATUS_OK;
}

/* ---- Steps ------------------------------------------------------------------------------------- */

void trainer_load_batch(trainer *t, size_t first, size_t count) {
    real *inputs = model_input(&t->model);
    batch_gather(t->transform, &t->data->train, t->order, first, count, inputs, &t->targets);
    if (t->mirrored != NULL)
        batch_mirror(t->transform, t->mirrored, t->order, first, count, inputs);
}

/* Notes a loss that is NaN or infinite. */
static bool is_finite(trainer *t, loss_sums sums) {
    if (isfinite(sums.loss))
        return true;
    t->outcome = TRAINING_DIVERGED;
    return false;
}

bool trainer_is_stopped(trainer *t) {
    if (t->stop != NULL && t->stop(t->stop_context))
        t->outcome = TRAINING_STOPPED;
    return t->outcome == TRAINING_STOPPED;
}

loss_sums trainer_differentiate(trainer *t, size_t count) {
    const pass_mode training = {true, t->seed, t->coordinates, t->steps++};
    model_forward(&t->model, count, training);
    loss_sums sums = loss_evaluate(&t->loss, model_output(&t->model), &t->targets, count,
                                   loss_scale(&t->spec->loss, count), model_output_gradient(&t->model));
    if (t->spec->records[RECORD_TRAIN_COST].every > 0)
        sums.penalty = (double)count * penalty_value(&t->model, &t->spec->loss);
    if (is_finite(t, sums)) {
        model_backward(&t->model, count, false);
        penalty_add_gradient(&t->model, &t->spec->loss);
    }
    return sums;
}

loss_sums trainer_step(trainer *t, size_t count) {
    t->lr = schedule_rate(&t->spec->schedule, t->spec->optimizer.lr, t->steps, t->epoch);
    const loss_sums sums = trainer_differentiate(t, count);
    if (t->outcome == TRAINING_DONE)
        optimizer_step(&t->optimizer, &t->model, t->lr, t->steps);
    return sums;
}

static void add_sums(loss_sums *total, loss_sums more) {
    total->loss += more.loss;
    total->penalty += more.penalty;
    total->correct += more.correct;
    total->samples += more.samples;
}

size_t trainer_forward(trainer *t, const dataset_split *split, size_t first) {
    const size_t left = split->count - first, count = left < t->model.capacity ? left : t->model.capacity;
    batch_gather(t->transform, split, NULL, first, count, model_input(&t->model), &t->targets);
    model_forward(&t->model, count, (pass_mode){.training = false});
    return count;
}

loss_sums trainer_evaluate(trainer *t, const dataset_split *split) {
    loss_sums total = {0};
    for (size_t first = 0; first < split->count && !trainer_is_stopped(t); first += t->model.capacity) {
        const size_t count = trainer_forward(t, split, first);
        add_sums(&total, loss_evaluate(&t->loss, model_output(&t->model), &t->targets, count, 1, NULL));
    }
    is_finite(t, total);
    return total;
}

/* ---- Training ---------------------------------------------------------------------------------- */

void trainer_begin_epoch(trainer *t, int epoch) {
    t->epoch = epoch;
    const uint32_t count = (uint32_t)t->data->train.count;
    if (t->spec->shuffle)
        epoch_order(t->seed, t->coordinates, epoch, t->order, count);
    for (uint32_t i = 0; !t->spec->shuffle && i < count; i++)
        t->order[i] = i;
    if (t->mirrored != NULL)
        epoch_mirrors(t->seed, t->coordinates, epoch, t->spec->mirror, t->mirrored, count);
}

static loss_sums train_epoch(trainer *t) {
    const size_t samples = t->data->train.count, batch = (size_t)t->spec->batch;
    loss_sums epoch = {0};
    for (size_t first = 0; first < samples && t->outcome == TRAINING_DONE && !trainer_is_stopped(t);
         first += batch) {
        size_t count = samples - first < batch ? samples - first : batch;
        trainer_load_batch(t, first, count);
        loss_sums sums = trainer_step(t, count);
        add_sums(&epoch, sums);
        recorder_note(t, &(moment){RECORD_PER_STEP, (long)t->steps, sums});
    }
    return epoch;
}

/* Sums over the last epoch. */
static loss_sums train_epochs(trainer *t) {
    loss_sums sums = {0};
    for (int epoch = 0; epoch < t->spec->epochs && t->outcome == TRAINING_DONE; epoch++) {
        trainer_begin_epoch(t, epoch);
        sums = train_epoch(t);
        if (t->outcome == TRAINING_DONE)
            recorder_note(t, &(moment){RECORD_PER_EPOCH, epoch + 1, sums});
    }
    return sums;
}

status engine_train(const training_spec *spec, const dataset *data, uint64_t seed, uint64_t coordinates,
                    arena *memory, training_stop stop, void *stop_context, training_report *report,
                    error_info *error) {
    training_plan plan;
    trainer t;
    RETURN_IF_FAILED(engine_plan(spec, data, &plan, error));
    RETURN_IF_FAILED(trainer_open(&t, spec, data, seed, coordinates, memory, error));
    t.stop = stop;
    t.stop_context = stop_context;
    recorder_open(&t, &plan.records, report->values);
    loss_sums sums = {0};
    if (spec->epochs == 0)
        recorder_note(&t, &(moment){RECORD_PER_EPOCH, 0, sums});
    else if (optimizer_is_full_batch(spec->optimizer.kind))
        RETURN_IF_FAILED(full_batch_train(&t, &sums, error));
    else
        sums = train_epochs(&t);
    if (t.outcome == TRAINING_DONE)
        recorder_note(&t, &(moment){RECORD_AT_END, 1, sums});
    report->steps_taken = (long)t.steps;
    report->outcome = t.outcome;
    return STATUS_OK;
}
