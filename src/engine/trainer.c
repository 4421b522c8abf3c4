#include "engine/trainer.h"

#include <math.h>

#include "base/random.h"
#include "engine/initializers.h"
#include "engine/penalties.h"
#include "engine/recorder.h"
#include "engine/schedules.h"

/* ---- Memory ------------------------------------------------------------------------------------ */

/* Evaluation runs in batches of at least this many samples, however small the training batch is. */
enum { EVALUATION_BATCH = 128 };

static size_t capacity_of(const training_spec *spec) {
    return spec->batch > EVALUATION_BATCH ? (size_t)spec->batch : EVALUATION_BATCH;
}

static void trainer_carve(trainer *t, arena *a) {
    model_carve(&t->model, a);
    optimizer_carve(&t->optimizer, &t->spec->optimizer, &t->model, a);
    t->pixels = arena_take(a, sizeof *t->pixels);
    t->order = arena_take(a, t->data->train.count * sizeof *t->order);
    t->targets.labels = arena_take(a, t->model.capacity);
    t->targets.values = arena_take(a, t->model.capacity * (size_t)t->data->target_count * sizeof(real));
}

static status trainer_build(trainer *t, const training_spec *spec, const dataset *data, error_info *error) {
    *t = (trainer){.spec = spec, .data = data};
    RETURN_IF_FAILED(loss_open(&t->loss, &spec->loss, &spec->model, data->classes, error));
    RETURN_IF_FAILED(
        model_build(&t->model, &spec->model, t->loss.model_layers, data->shape, capacity_of(spec), error));
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
    trainer_carve(t, memory);
    t->seed = seed;
    t->coordinates = coordinates;
    pixel_table_fill(t->pixels, &spec->normalize, data->shape.channels);
    initialize_parameters(&t->model, &spec->model, seed, coordinates);
    return STATUS_OK;
}

/* ---- Steps ------------------------------------------------------------------------------------- */

void trainer_load_batch(trainer *t, size_t first, size_t count) {
    batch_gather(&t->data->train, t->data->shape, t->pixels, t->order, first, count, model_input(&t->model),
                 t->targets.labels);
}

/* Notes a loss that is NaN or infinite. */
static bool is_finite(trainer *t, loss_sums sums) {
    if (isfinite(sums.loss))
        return true;
    t->outcome = TRAINING_DIVERGED;
    return false;
}

/* Asks the caller's stop function. */
static bool is_stopped(trainer *t) {
    if (t->stop != NULL && t->stop(t->stop_context))
        t->outcome = TRAINING_STOPPED;
    return t->outcome == TRAINING_STOPPED;
}

loss_sums trainer_step(trainer *t, size_t count) {
    t->lr = schedule_rate(&t->spec->schedule, t->spec->optimizer.lr, t->steps, t->epoch);
    const pass_mode training = {true, t->seed, t->coordinates, t->steps++};
    model_forward(&t->model, count, training);
    loss_sums sums = loss_evaluate(&t->loss, model_output(&t->model), &t->targets, count,
                                   loss_scale(&t->spec->loss, count), model_output_gradient(&t->model));
    if (is_finite(t, sums)) {
        model_backward(&t->model, count, false);
        penalty_add_gradient(&t->model, &t->spec->loss);
        optimizer_step(&t->optimizer, &t->model, t->lr, t->steps);
    }
    return sums;
}

static void add_sums(loss_sums *total, loss_sums more) {
    total->loss += more.loss;
    total->correct += more.correct;
    total->samples += more.samples;
}

loss_sums trainer_evaluate(trainer *t, const dataset_split *split) {
    loss_sums total = {0};
    for (size_t first = 0; first < split->count && !is_stopped(t); first += t->model.capacity) {
        size_t left = split->count - first, count = left < t->model.capacity ? left : t->model.capacity;
        batch_gather(split, t->data->shape, t->pixels, NULL, first, count, model_input(&t->model),
                     t->targets.labels);
        model_forward(&t->model, count, (pass_mode){.training = false});
        add_sums(&total, loss_evaluate(&t->loss, model_output(&t->model), &t->targets, count, 1, NULL));
    }
    is_finite(t, total);
    return total;
}

/* ---- Training ---------------------------------------------------------------------------------- */

/* A new order of the samples. */
static void begin_epoch(trainer *t, int epoch) {
    t->epoch = epoch;
    const uint32_t count = (uint32_t)t->data->train.count;
    random_stream stream = random_stream_open(t->seed, t->coordinates, RANDOM_SHUFFLE, (uint64_t)epoch);
    if (t->spec->shuffle)
        random_permutation(&stream, t->order, count);
    for (uint32_t i = 0; !t->spec->shuffle && i < count; i++)
        t->order[i] = i;
}

static void train_epoch(trainer *t, const recorder *records, training_report *report, loss_sums *epoch) {
    const size_t samples = t->data->train.count, batch = (size_t)t->spec->batch;
    for (size_t first = 0; first < samples && t->outcome == TRAINING_DONE && !is_stopped(t); first += batch) {
        size_t count = samples - first < batch ? samples - first : batch;
        trainer_load_batch(t, first, count);
        loss_sums sums = trainer_step(t, count);
        report->steps_taken++;
        add_sums(epoch, sums);
        recorder_note(records, &(moment){RECORD_PER_STEP, report->steps_taken, sums});
    }
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
    report->steps_taken = 0;
    recorder records;
    recorder_open(&records, &t, &plan.records, report->values);
    for (int epoch = 0; epoch < spec->epochs && t.outcome == TRAINING_DONE; epoch++) {
        loss_sums sums = {0};
        begin_epoch(&t, epoch);
        train_epoch(&t, &records, report, &sums);
        if (t.outcome == TRAINING_DONE)
            recorder_note(&records, &(moment){RECORD_PER_EPOCH, epoch + 1, sums});
    }
    report->outcome = t.outcome;
    return STATUS_OK;
}
