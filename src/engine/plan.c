/* What a specification means: checked against the data, counted and sized. */
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/data/augment.h"
#include "engine/lockstep/lockstep.h"
#include "engine/record/records.h"
#include "engine/training.h"

/* ---- Refusals ---------------------------------------------------------------------------------- */

#define FIELD(field)                                                                                         \
    (fault) {                                                                                                \
        FAULT_FIELD, offsetof(training_spec, field)                                                          \
    }

static fault layer_fault(const model_spec *spec, int position) {
    return (fault){FAULT_LAYER, (size_t)layer_path_of(spec, position)};
}

__attribute__((format(printf, 4, 5))) static status refuse(training_plan *plan, error_info *error,
                                                           fault subject, const char *format, ...) {
    char text[ERROR_TEXT_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    plan->fault = subject;
    return error_set(error, STATUS_USAGE, "%s", text);
}

/* ---- The specification and the data ------------------------------------------------------------ */

static status check_data(training_plan *plan, const dataset *data, error_info *error) {
    const fault of_data = {FAULT_DATA, 0};
    if (data->shape.channels < 1 || data->shape.height < 1 || data->shape.width < 1)
        return refuse(plan, error, of_data, "samples of %d × %d × %d values; accepted: at least 1",
                      data->shape.channels, data->shape.height, data->shape.width);
    if (data->train.count < 1 || data->train.count > UINT32_MAX)
        return refuse(plan, error, of_data, "%zu training samples; accepted: 1 to %u", data->train.count,
                      UINT32_MAX);
    if (data->classes == 1 || data->classes > ENGINE_MAX_CLASSES)
        return refuse(plan, error, of_data, "%d classes; accepted: 2 to %d", data->classes,
                      ENGINE_MAX_CLASSES);
    if (data->classes == 0 && data->target_count < 1)
        return refuse(plan, error, of_data, "neither classes nor targets; accepted: one of them");
    return STATUS_OK;
}

static status check_normalization(training_plan *plan, const training_spec *spec, const dataset *data,
                                  error_info *error) {
    const int given = spec->normalize.channels, channels = data->shape.channels;
    if (given < 0 || given > ENGINE_MAX_LIST || (given > 1 && given != channels))
        return refuse(
            plan, error, FIELD(normalize.mean),
            "%d values, but the samples have %d channels; accepted: one for all, or one for each of "
            "up to %d channels",
            given, channels, ENGINE_MAX_LIST);
    return STATUS_OK;
}

/* The first change that is wanted. */
static fault augment_fault(const augment_spec *a) {
    if (a->padding > 0)
        return FIELD(augment.padding);
    if (a->flip_horizontal > 0)
        return FIELD(augment.flip_horizontal);
    return a->flip_vertical > 0 ? FIELD(augment.flip_vertical) : FIELD(augment.cutout);
}

static status check_augment(training_plan *plan, const training_spec *spec, const dataset *data,
                            error_info *error) {
    const augment_spec *a = &spec->augment;
    const int height = data->shape.height, width = data->shape.width;
    if (augment_changes(a) && (height == 1 || width == 1))
        return refuse(plan, error, augment_fault(a),
                      "samples of %d × %d pixels are not images; accepted: images, or 0", height, width);
    if (a->flip_horizontal > 0 && spec->mirror > 0)
        return refuse(plan, error, FIELD(augment.flip_horizontal),
                      "%g, and images are mirrored as well; accepted: one of the two", a->flip_horizontal);
    return STATUS_OK;
}

static status check_plateau(training_plan *plan, const training_spec *spec, error_info *error) {
    const schedule_spec *s = &spec->schedule;
    if (spec->monitor.number == MONITOR_NONE)
        return refuse(plan, error, FIELD(schedule.kind),
                      "plateau needs a number that is watched; accepted: another schedule, or one with "
                      "train.monitor");
    if (s->patience < 0 || s->cooldown < 0)
        return refuse(plan, error, FIELD(schedule.patience),
                      "a patience of %d and a cooldown of %d recordings; accepted: 0 and more", s->patience,
                      s->cooldown);
    return STATUS_OK;
}

static status check_schedule(training_plan *plan, const training_spec *spec, error_info *error) {
    const schedule_spec *s = &spec->schedule;
    if (SCHEDULES_WITH_VALUES >> s->kind & 1 && (s->count < 1 || s->count > ENGINE_MAX_LIST))
        return refuse(plan, error, FIELD(schedule.values), "%d values; accepted: 1 to %d", s->count,
                      ENGINE_MAX_LIST);
    if (SCHEDULES_WITH_EVERY >> s->kind & 1 && s->every < 1)
        return refuse(plan, error, FIELD(schedule.every), "every %d epochs; accepted: 1 and more", s->every);
    if (SCHEDULES_WITH_CYCLES >> s->kind & 1 && s->half_cycle < 1)
        return refuse(plan, error, FIELD(schedule.half_cycle), "%d steps; accepted: 1 and more",
                      s->half_cycle);
    if (s->kind == SCHEDULE_COSINE && s->period > 0 && s->multiplier < 1)
        return refuse(plan, error, FIELD(schedule.multiplier), "%d; accepted: 1 and more", s->multiplier);
    if (s->kind == SCHEDULE_COSINE && s->period > 0 && s->length > 0)
        return refuse(plan, error, FIELD(schedule.period),
                      "restarts after %d, and a length of %d for a cosine without restarts; accepted: one of "
                      "the two",
                      s->period, s->length);
    if (s->kind == SCHEDULE_PLATEAU)
        return check_plateau(plan, spec, error);
    return STATUS_OK;
}

static status check_monitor(training_plan *plan, const training_spec *spec, error_info *error) {
    const monitor_spec *m = &spec->monitor;
    if (m->number == MONITOR_NONE && (m->patience != 0 || m->keep != KEEP_LAST))
        return refuse(plan, error, FIELD(monitor.number),
                      "patience and the best parameters need a number that is watched; accepted: one that is "
                      "recorded per step or per epoch");
    if (m->patience < 0)
        return refuse(plan, error, FIELD(monitor.patience), "%d recordings; accepted: 0 and more",
                      m->patience);
    return STATUS_OK;
}

/* PyTorch's mean over samples would be 0 / 0 where all weigh nothing. */
static status check_class_weights(training_plan *plan, const loss_spec *loss, const dataset *data,
                                  error_info *error) {
    double sum = 0;
    if (loss->class_weight_count == 0)
        return STATUS_OK;
    if (loss->class_weight_count != data->classes || data->classes > ENGINE_MAX_CLASSES)
        return refuse(plan, error, FIELD(loss.class_weights),
                      "%d weights, but the data set has %d classes; accepted: one for each class",
                      loss->class_weight_count, data->classes);
    for (int i = 0; i < loss->class_weight_count; i++)
        sum += loss->class_weights[i];
    if (!(sum > 0))
        return refuse(plan, error, FIELD(loss.class_weights),
                      "no class weighs anything; accepted: at least one weight above 0");
    return STATUS_OK;
}

/* A vector is not a matrix. */
static status check_bias_initializers(training_plan *plan, const model_spec *spec, error_info *error) {
    const char *const text = "biases have no matrix that could be %s; accepted: any other initialiser";
    for (int i = -1; i < spec->layer_count; i++) {
        const initializer_kind kind = (i < 0 ? spec->init : spec->layers[i].init).biases.kind;
        if (INITIALIZERS_OF_WEIGHTS >> kind & 1)
            return refuse(plan, error, i < 0 ? FIELD(model.init.biases.kind) : layer_fault(spec, i), text,
                          name_at(&initializer_names, kind));
    }
    return STATUS_OK;
}

static status check_ranges(training_plan *plan, const training_spec *spec, const dataset *data,
                           error_info *error) {
    if (spec->model.layer_count < 1 || spec->model.layer_count > ENGINE_MAX_LAYERS)
        return refuse(plan, error, (fault){FAULT_LAYERS, 0}, "%d layers; accepted: 1 to %d",
                      spec->model.layer_count, ENGINE_MAX_LAYERS);
    if (spec->epochs < 0)
        return refuse(plan, error, FIELD(epochs), "%d epochs; accepted: 0 and more", spec->epochs);
    if (!optimizer_is_full_batch(spec->optimizer.kind) && spec->batch < 1)
        return refuse(plan, error, FIELD(batch), "batches of %d; accepted: 1 and more", spec->batch);
    if (spec->mirror > 0 && data->shape.width == 1)
        return refuse(plan, error, FIELD(mirror), "mirror %g of samples of width 1; accepted: images, or 0",
                      spec->mirror);
    RETURN_IF_FAILED(check_augment(plan, spec, data, error));
    RETURN_IF_FAILED(check_monitor(plan, spec, error));
    RETURN_IF_FAILED(check_schedule(plan, spec, error));
    RETURN_IF_FAILED(check_class_weights(plan, &spec->loss, data, error));
    RETURN_IF_FAILED(check_bias_initializers(plan, &spec->model, error));
    return check_normalization(plan, spec, data, error);
}

/* The cost must be one function of the parameters, whose gradient the optimiser is given. */
static status check_full_batch(training_plan *plan, const training_spec *spec, error_info *error) {
    char names[128];
    if (!optimizer_is_full_batch(spec->optimizer.kind))
        return STATUS_OK;
    names_join(&optimizer_names, OPTIMIZERS_FULL_BATCH, " and ", names, sizeof names);
    for (int i = 0; i < spec->model.layer_count; i++)
        if (layer_ops_of(spec->model.layers[i].kind)->random)
            return refuse(plan, error, layer_fault(&spec->model, i),
                          "layer %s (%s) changes the cost at every evaluation; %s accept none",
                          layer_name_of(&spec->model, i).text,
                          name_at(&layer_names, spec->model.layers[i].kind), names);
    if (spec->mirror != 0)
        return refuse(plan, error, FIELD(mirror),
                      "mirror %g changes the cost at every evaluation; %s accept 0", spec->mirror, names);
    if (augment_changes(&spec->augment))
        return refuse(plan, error, augment_fault(&spec->augment),
                      "changed images change the cost at every evaluation; %s accept 0", names);
    if (spec->optimizer.weight_decay != 0)
        return refuse(plan, error, FIELD(optimizer.weight_decay),
                      "weight decay %g is not part of the cost; %s accept 0", spec->optimizer.weight_decay,
                      names);
    if (spec->monitor.number != MONITOR_NONE)
        return refuse(plan, error, FIELD(monitor.number),
                      "%s is watched, but searches end by themselves, with their best parameters; %s accept "
                      "none",
                      name_at(&monitor_names, spec->monitor.number), names);
    return STATUS_OK;
}

/* ---- Batches ----------------------------------------------------------------------------------- */

/* The fewest samples of a step. */
static size_t smallest_batch(const training_spec *spec, const dataset *data) {
    const size_t batch = trainer_batch(spec, data), samples = trainer_epoch_samples(spec, data);
    const size_t left = samples % batch;
    return left > 0 ? left : batch;
}

static status refuse_single_sample(training_plan *plan, const training_spec *spec, const dataset *data,
                                   const layer *l, error_info *error) {
    const size_t batch = trainer_batch(spec, data), samples = data->train.count;
    const layer_path_text name = layer_name_of(&spec->model, l->position);
    if (batch == 1 || samples == 1)
        return refuse(plan, error, FIELD(batch),
                      "batches of one sample have no variance for layer %s (%s), which sees one value "
                      "per channel of each sample; accepted: batches of 2 samples and more",
                      name.text, layer_name(l));
    return refuse(
        plan, error, FIELD(batch),
        "the last of the batches of %zu of %zu training samples is one sample, which has no variance "
        "for layer %s (%s); accepted: another batch, or train.last_batch: drop",
        batch, samples, name.text, layer_name(l));
}

static status check_batches(training_plan *plan, const trainer *t, const dataset *data, error_info *error) {
    const training_spec *spec = t->spec;
    if (trainer_epoch_samples(spec, data) == 0)
        return refuse(plan, error, FIELD(last_batch),
                      "%zu training samples do not fill a batch of %d; accepted: keep, or a smaller batch",
                      data->train.count, spec->batch);
    const bool single = spec->epochs > 0 && smallest_batch(spec, data) == 1;
    for (int i = 0; single && i < t->model.layer_count; i++) {
        const layer *l = &t->model.layers[i];
        if (l->ops->takes_variance && l->in.height * l->in.width == 1)
            return refuse_single_sample(plan, spec, data, l, error);
    }
    return STATUS_OK;
}

/* Steps are counted in 32 bits, in the results file, too. */
static status count_steps(training_plan *plan, const training_spec *spec, const dataset *data,
                          error_info *error) {
    const size_t per_epoch = trainer_epoch_steps(spec, data);
    const double steps = (double)per_epoch * spec->epochs;
    if (per_epoch > INT_MAX || steps > INT_MAX)
        return refuse(plan, error, FIELD(epochs), "%d epochs of %zu steps are %.0f steps; accepted: up to %d",
                      spec->epochs, per_epoch, steps, INT_MAX);
    plan->steps_per_epoch = (int)per_epoch;
    plan->steps = (long)plan->steps_per_epoch * spec->epochs;
    return STATUS_OK;
}

/* ---- The model --------------------------------------------------------------------------------- */

/* One output may decide between two classes, unless it is a softmax, which would always give 1. */
static bool fits_outputs(const loss_function *l, const dataset *data) {
    if (data->classes == 2 && l->outputs == 1)
        return l->link != LINK_SOFTMAX;
    return l->outputs == (data->classes > 0 ? data->classes : data->target_count);
}

static status refuse_numbers(training_plan *plan, error_info *error) {
    char numbers[128], labels[128];
    names_join(&loss_names, LOSSES_OF_NUMBERS, " or ", numbers, sizeof numbers);
    names_join(&loss_names, LOSSES_OF_LABELS, " or ", labels, sizeof labels);
    return refuse(
        plan, error, FIELD(loss.kind),
        "the data set has numbers as targets, not classes; accepted: the loss %s, or %s for targets "
        "of 0 and 1",
        numbers, labels);
}

/* The loss must be one of numbers, or of several labels: of classes all are. */
static status check_targets(training_plan *plan, const trainer *t, const dataset *data, error_info *error) {
    const loss_kind kind = t->spec->loss.kind;
    if (data->classes > 0)
        return STATUS_OK;
    if (!(LOSSES_OVER_OUTPUTS >> kind & 1))
        return refuse_numbers(plan, error);
    if (LOSSES_OF_LABELS >> kind & 1 && t->loss.link == LINK_SOFTMAX)
        return refuse(plan, error, layer_fault(&t->spec->model, t->loss.model_layers),
                      "layer %s (softmax) lets only one of several labels be right; accepted: sigmoid or "
                      "scaled_sigmoid",
                      layer_name_of(&t->spec->model, t->loss.model_layers).text);
    return STATUS_OK;
}

static status check_output(training_plan *plan, const trainer *t, const dataset *data, error_info *error) {
    const model *m = &t->model;
    if (m->parameter_count == 0)
        return refuse(plan, error, (fault){FAULT_LAYERS, 0},
                      "no layer has parameters: there is nothing to train");
    const tensor_shape out = model_output_shape(m);
    const int last = m->layers[m->layer_count - 1].position;
    const layer_path_text name = layer_name_of(&t->spec->model, last);
    const bool of_classes = data->classes > 0;
    const int wanted = of_classes ? data->classes : data->target_count;
    RETURN_IF_FAILED(check_targets(plan, t, data, error));
    if (!fits_outputs(&t->loss, data))
        return refuse(
            plan, error, layer_fault(&t->spec->model, last),
            "the last layer (%s) has %d × %d × %d outputs, but the data set has %d %s; accepted: as many "
            "outputs, such as those of dense: %d",
            name.text, out.channels, out.height, out.width, wanted, of_classes ? "classes" : "targets",
            wanted);
    if (out.channels > 1 && out.height * out.width > 1)
        return refuse(
            plan, error, layer_fault(&t->spec->model, last),
            "the last layer (%s) has outputs in rows and columns, %d × %d × %d; accepted: a vector, "
            "for example from a flatten after it",
            name.text, out.channels, out.height, out.width);
    return STATUS_OK;
}

static status check_start(training_plan *plan, const trainer *t, error_info *error) {
    const size_t given = t->spec->model.start.count, parameters = t->model.parameter_count;
    if (given != 0 && given != parameters)
        return refuse(plan, error, FIELD(model.start), "%zu initial parameters, but the model has %zu", given,
                      parameters);
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

static status check_model(training_plan *plan, const trainer *t, const dataset *data, error_info *error) {
    RETURN_IF_FAILED(check_output(plan, t, data, error));
    RETURN_IF_FAILED(check_start(plan, t, error));
    RETURN_IF_FAILED(check_batches(plan, t, data, error));
    return count_steps(plan, t->spec, data, error);
}

/* Also builds the trainer of `planned` for the specification. */
static status plan_training(training_plan *plan, training *planned, const training_spec *spec,
                            const dataset *data, error_info *error) {
    trainer *t = &planned->trainer;
    memset(plan, 0, offsetof(training_plan, records)); /* these are cleared when they are laid out */
    RETURN_IF_FAILED(check_data(plan, data, error));
    RETURN_IF_FAILED(check_ranges(plan, spec, data, error));
    RETURN_IF_FAILED(check_full_batch(plan, spec, error));
    const status code = trainer_build(t, spec, data, error);
    plan->fault = t->fault;
    RETURN_IF_FAILED(code);
    RETURN_IF_FAILED(check_model(plan, t, data, error));

    plan->shape = lockstep_shape(t);
    plan->memory_bytes = t->bytes + (plan->shape != 0 ? lockstep_bytes(planned) : 0);
    plan->parameters = t->model.parameter_count;
    double forward, backward;
    sample_flops(&t->model, &forward, &backward);
    plan->flops_per_step = (double)trainer_batch(spec, data) * (forward + backward);
    RETURN_IF_FAILED(
        record_layout_make(&plan->records, spec, data, &t->model, plan->steps, &plan->fault, error));
    plan->fault = (fault){0};
    plan->flops = (double)trainer_epoch_samples(spec, data) * spec->epochs * (forward + backward) +
                  record_flops(spec, data, &plan->records, forward, backward);
    return STATUS_OK;
}

static status allocate(training **out, error_info *error) {
    *out = calloc(1, sizeof **out);
    return *out != NULL ? STATUS_OK : error_set(error, STATUS_INTERNAL, "out of memory for a model");
}

status engine_plan(const training_spec *spec, const dataset *data, training_plan *plan, error_info *error) {
    training *t;
    memset(plan, 0, sizeof *plan);
    RETURN_IF_FAILED(allocate(&t, error));
    const status code = plan_training(plan, t, spec, data, error);
    training_close(&t);
    return code;
}

status training_open(training **out, const training_spec *spec, const dataset *data, error_info *error) {
    RETURN_IF_FAILED(allocate(out, error));
    const status code = plan_training(&(*out)->plan, *out, spec, data, error);
    if (code != STATUS_OK)
        training_close(out);
    return code;
}

status training_replace(training *t, const training_spec *spec, const dataset *data, error_info *error) {
    return plan_training(&t->plan, t, spec, data, error);
}

const training_plan *training_planned(const training *t) {
    return &t->plan;
}

void training_close(training **t) {
    free(*t);
    *t = NULL;
}
