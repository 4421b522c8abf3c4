/* What a specification means: checked against the data, counted and sized. */
#include "engine/records.h"
#include "engine/trainer.h"

static status check_ranges(const training_spec *spec, const dataset *data, error_info *error) {
    if (spec->model.layer_count < 1 || spec->model.layer_count > ENGINE_MAX_LAYERS)
        return error_set(error, STATUS_USAGE, "%d layers; accepted: 1 to %d", spec->model.layer_count,
                         ENGINE_MAX_LAYERS);
    if (spec->epochs < 1 || spec->batch < 1)
        return error_set(error, STATUS_USAGE, "%d epochs of batches of %d; accepted: at least 1 of each",
                         spec->epochs, spec->batch);
    if (data->train.count < 1 || data->train.count > UINT32_MAX)
        return error_set(error, STATUS_USAGE, "%zu training samples; accepted: 1 to %u", data->train.count,
                         UINT32_MAX);
    if (data->shape.channels > MAX_CHANNELS)
        return error_set(error, STATUS_USAGE, "images of %d channels; accepted: up to %d",
                         data->shape.channels, MAX_CHANNELS);
    if (spec->normalize.channels != 0 && spec->normalize.channels != data->shape.channels)
        return error_set(error, STATUS_USAGE, "normalisation for %d channels, but the images have %d",
                         spec->normalize.channels, data->shape.channels);
    if (data->classes < 2 || data->classes > ENGINE_MAX_CLASSES)
        return error_set(error, STATUS_USAGE, "%d classes; accepted: 2 to %d", data->classes,
                         ENGINE_MAX_CLASSES);
    return STATUS_OK;
}

static status check_records(const training_spec *spec, const dataset *data, error_info *error) {
    for (int q = 0; q < RECORD_QUANTITY_COUNT; q++) {
        bool test = q == RECORD_TEST_LOSS || q == RECORD_TEST_ACCURACY;
        if (spec->records[q].every > 0 && test && data->test.count == 0)
            return error_set(error, STATUS_USAGE, "a record of the test set, but the data set has none");
    }
    return STATUS_OK;
}

static status check_output(const model *m, const dataset *data, error_info *error) {
    const tensor_shape out = m->boundaries[m->layer_count].shape;
    if (shape_size(out) != (size_t)data->classes)
        return error_set(error, STATUS_USAGE,
                         "the last layer (%d) has %d × %d × %d outputs, but the data set has %d classes",
                         m->layers[m->layer_count - 1].position, out.channels, out.height, out.width,
                         data->classes);
    return STATUS_OK;
}

/* Arithmetic of one sample. No input gradient below the first layer with parameters, and none for it. */
static void sample_flops(const model *m, double *forward, double *backward) {
    *forward = *backward = 0;
    for (int i = 0; i < m->layer_count; i++) {
        *forward += m->layers[i].flops_forward;
        *backward += i == m->first_trained ? m->layers[i].flops_backward / 2 : m->layers[i].flops_backward;
    }
}

/* How often the test set is gone through in a whole training. */
static double evaluations(const training_spec *spec, long steps) {
    double times = 0;
    for (int unit = RECORD_PER_STEP; unit <= RECORD_PER_EPOCH; unit++) {
        long most = 0;
        for (int q = 0; q < RECORD_QUANTITY_COUNT; q++) {
            const record_spec *r = &spec->records[q];
            bool test = q == RECORD_TEST_LOSS || q == RECORD_TEST_ACCURACY;
            if (!test || r->every == 0)
                continue;
            long count = (unit == RECORD_PER_STEP ? steps : spec->epochs) / r->every;
            if ((int)r->unit == unit && count > most)
                most = count;
        }
        times += (double)most;
    }
    return times;
}

status engine_plan(const training_spec *spec, const dataset *data, training_plan *plan, error_info *error) {
    *plan = (training_plan){0};
    model m;
    RETURN_IF_FAILED(check_ranges(spec, data, error));
    RETURN_IF_FAILED(check_records(spec, data, error));
    RETURN_IF_FAILED(trainer_measure(spec, data, &plan->memory_bytes, &m, error));
    RETURN_IF_FAILED(check_output(&m, data, error));

    plan->parameters = m.parameter_count;
    plan->steps_per_epoch = (int)((data->train.count + (size_t)spec->batch - 1) / (size_t)spec->batch);
    plan->steps = (long)plan->steps_per_epoch * spec->epochs;
    double forward, backward;
    sample_flops(&m, &forward, &backward);
    plan->flops_per_step = (double)spec->batch * (forward + backward);
    plan->flops = (double)data->train.count * spec->epochs * (forward + backward) +
                  (double)data->test.count * evaluations(spec, plan->steps) * forward;
    record_layout_fill(&plan->records, spec, plan->steps, spec->epochs);
    return STATUS_OK;
}
