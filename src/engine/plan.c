/* What a specification means: checked against the data, counted and sized. */
#include "engine/records.h"
#include "engine/trainer.h"

static status check_ranges(const training_spec *spec, const dataset *data, error_info *error) {
    if (spec->model.layer_count < 1 || spec->model.layer_count > ENGINE_MAX_LAYERS)
        return error_set(error, STATUS_USAGE, "%d layers; accepted: 1 to %d", spec->model.layer_count,
                         ENGINE_MAX_LAYERS);
    if (spec->epochs < 0 || trainer_batch(spec, data) < 1)
        return error_set(error, STATUS_USAGE, "%d epochs of batches of %d; accepted: 0 and 1 at least",
                         spec->epochs, spec->batch);
    if (data->train.count < 1 || data->train.count > UINT32_MAX)
        return error_set(error, STATUS_USAGE, "%zu training samples; accepted: 1 to %u", data->train.count,
                         UINT32_MAX);
    if (spec->normalize.channels != 0 && spec->normalize.channels != data->shape.channels)
        return error_set(error, STATUS_USAGE, "normalisation for %d channels, but the images have %d",
                         spec->normalize.channels, data->shape.channels);
    if (spec->mirror > 0 && data->shape.width == 1)
        return error_set(error, STATUS_USAGE,
                         "mirror %g of samples of width 1; accepted: images, or mirror 0", spec->mirror);
    if (data->classes == 1 || data->classes > ENGINE_MAX_CLASSES)
        return error_set(error, STATUS_USAGE, "%d classes; accepted: 2 to %d", data->classes,
                         ENGINE_MAX_CLASSES);
    return STATUS_OK;
}

/* The cost must be one function of the parameters, whose gradient the optimiser is given. */
static status check_full_batch(const training_spec *spec, error_info *error) {
    if (!optimizer_is_full_batch(spec->optimizer.kind))
        return STATUS_OK;
    for (int i = 0; i < spec->model.layer_count; i++)
        if (spec->model.layers[i].kind == LAYER_DROPOUT)
            return error_set(error, STATUS_USAGE,
                             "layer %d (dropout) changes the cost at every evaluation; truncated_newton and "
                             "lbfgs accept none",
                             i);
    if (spec->mirror != 0 || spec->optimizer.weight_decay != 0)
        return error_set(error, STATUS_USAGE,
                         "mirror %g and weight_decay %g; truncated_newton and lbfgs accept 0 for both",
                         spec->mirror, spec->optimizer.weight_decay);
    return STATUS_OK;
}

/* Two classes may be told by one output, unless it is a softmax, which would always say 1. */
static bool fits_outputs(const loss_function *l, const dataset *data) {
    if (data->classes == 2 && l->outputs == 1)
        return l->link != LINK_SOFTMAX;
    return l->outputs == (data->classes > 0 ? data->classes : data->target_count);
}

static status check_output(const trainer *t, const dataset *data, error_info *error) {
    const model *m = &t->model;
    if (m->parameter_count == 0)
        return error_set(error, STATUS_USAGE, "no layer has parameters: there is nothing to train");
    const tensor_shape out = m->boundaries[m->layer_count].shape;
    const bool regression = data->classes == 0;
    if (regression && t->spec->loss.kind != LOSS_SQUARED_ERROR)
        return error_set(error, STATUS_USAGE,
                         "the data set has numbers as targets, no classes; accepted: the loss squared_error");
    if (!fits_outputs(&t->loss, data))
        return error_set(error, STATUS_USAGE,
                         "the last layer (%d) has %d × %d × %d outputs, but the data set has %d %s",
                         m->layers[m->layer_count - 1].position, out.channels, out.height, out.width,
                         regression ? data->target_count : data->classes, regression ? "targets" : "classes");
    return STATUS_OK;
}

static status check_start(const trainer *t, error_info *error) {
    const size_t given = t->spec->model.start.count, parameters = t->model.parameter_count;
    if (given != 0 && given != parameters)
        return error_set(error, STATUS_USAGE, "%zu initial parameters, but the model has %zu", given,
                         parameters);
    return STATUS_OK;
}

/* Steps are counted in 32 bits, in the results file, too. */
static status count_steps(const training_spec *spec, const dataset *data, training_plan *plan,
                          error_info *error) {
    const size_t batch = trainer_batch(spec, data);
    const size_t per_epoch = (data->train.count + batch - 1) / batch;
    const double steps = (double)per_epoch * spec->epochs;
    if (per_epoch > INT32_MAX || steps > INT32_MAX)
        return error_set(error, STATUS_USAGE, "%d epochs of %zu steps are %.0f steps; accepted: up to %d",
                         spec->epochs, per_epoch, steps, INT32_MAX);
    plan->steps_per_epoch = (int)per_epoch;
    plan->steps = (long)plan->steps_per_epoch * spec->epochs;
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

status engine_plan(const training_spec *spec, const dataset *data, training_plan *plan, error_info *error) {
    *plan = (training_plan){0};
    trainer t;
    RETURN_IF_FAILED(check_ranges(spec, data, error));
    RETURN_IF_FAILED(check_full_batch(spec, error));
    RETURN_IF_FAILED(count_steps(spec, data, plan, error));
    RETURN_IF_FAILED(trainer_measure(&t, spec, data, &plan->memory_bytes, error));
    RETURN_IF_FAILED(check_output(&t, data, error));
    RETURN_IF_FAILED(check_start(&t, error));

    plan->parameters = t.model.parameter_count;
    const size_t batch = trainer_batch(spec, data);
    double forward, backward;
    sample_flops(&t.model, &forward, &backward);
    plan->flops_per_step = (double)batch * (forward + backward);
    RETURN_IF_FAILED(record_layout_make(&plan->records, spec, data, &t.model, plan->steps, error));
    plan->flops = (double)data->train.count * spec->epochs * (forward + backward) +
                  record_flops(spec, data, &plan->records, forward, backward);
    return STATUS_OK;
}
