/* What y says of a sample: a class by its number, a class by a 1 among 0s, or numbers to predict. */
#include <math.h>

#include "io/data/format.h"

answer_form answers_form(const data_spec *spec, const answer_look *look) {
    if (spec->task == TASK_REGRESSION)
        return ANSWER_TARGETS;
    if (look->columns > 1)
        return spec->task == TASK_CLASSIFICATION || look->one_hot ? ANSWER_ONE_HOT : ANSWER_TARGETS;
    if (spec->task == TASK_CLASSIFICATION)
        return ANSWER_LABEL;
    return look->floats || (spec->predicts_numbers && !look->labels) ? ANSWER_TARGETS : ANSWER_LABEL;
}

void answers_look(answer_look *look, const double *row) {
    look->one_hot = look->one_hot && answers_is_one_hot(row, look->columns);
    for (size_t i = 0; i < look->columns; i++)
        look->labels = look->labels && row[i] >= 0 && row[i] < ENGINE_MAX_CLASSES && row[i] == floor(row[i]);
}

bool answers_is_one_hot(const double *row, size_t columns) {
    size_t ones = 0;
    for (size_t i = 0; i < columns; i++) {
        if (row[i] != 0 && row[i] != 1)
            return false;
        ones += row[i] == 1;
    }
    return ones == 1;
}

/* ---- Refusals ---------------------------------------------------------------------------------- */

static status refuse_label(const data_request *request, const stored_split *split, const answer_place *place,
                           double label, error_info *error) {
    const int classes = split->classes > 0 ? split->classes : ENGINE_MAX_CLASSES;
    const char *advice = "";
    if (label != floor(label) || label >= ENGINE_MAX_CLASSES)
        advice = ". For numbers to predict instead of classes: data.task: regression";
    else if (label < 0)
        advice = ". Labels count from 0";
    else if (request->spec->classes > 0)
        advice = ", by data.classes";
    else if (request->part != PART_TRAIN)
        advice = ", the classes of the training set; a greater data.classes accepts others";
    return error_set(error, STATUS_IO, "%s: %s %zu: label %.17g; accepted: 0 to %d%s", place->path,
                     place->unit, place->number, label, classes - 1, advice);
}

static status refuse_one_hot(const answer_place *place, size_t columns, error_info *error) {
    return error_set(error, STATUS_IO,
                     "%s: %s %zu: not one 1 among %zu numbers, which would name a class as elsewhere in the "
                     "labels. For several labels per sample: data.task: regression, with the loss "
                     "binary_cross_entropy",
                     place->path, place->unit, place->number, columns);
}

/* ---- Putting ----------------------------------------------------------------------------------- */

static status put_label(const data_request *request, const stored_split *split, const answer_place *place,
                        double label, const void *sample, sample_sink *sink, error_info *error) {
    const int classes = split->classes > 0 ? split->classes : ENGINE_MAX_CLASSES;
    if (!(label >= 0 && label < classes && label == floor(label)))
        return refuse_label(request, split, place, label, error);
    sample_sink_put(sink, sample, (uint8_t)label);
    return STATUS_OK;
}

static status put_one_hot(const stored_split *split, const answer_place *place, const double *row,
                          const void *sample, sample_sink *sink, error_info *error) {
    if (!answers_is_one_hot(row, split->answer_columns))
        return refuse_one_hot(place, split->answer_columns, error);
    size_t label = 0;
    while (row[label] != 1)
        label++;
    sample_sink_put(sink, sample, (uint8_t)label);
    return STATUS_OK;
}

static status put_targets(const data_request *request, const stored_split *split, const answer_place *place,
                          const double *row, const void *sample, sample_sink *sink, error_info *error) {
    float targets[ENGINE_MAX_CLASSES];
    for (size_t i = 0; i < split->answer_columns; i++) {
        targets[i] = (float)row[i];
        if (request->spec->predicts_probabilities && !(targets[i] >= 0 && targets[i] <= 1))
            return error_set(
                error, STATUS_IO,
                "%s: %s %zu, target %zu: %g; accepted: 0 to 1, for the loss binary_cross_entropy",
                place->path, place->unit, place->number, i, row[i]);
        if (!isfinite(targets[i]) && !request->spec->allow_nonfinite)
            return error_set(error, STATUS_IO,
                             "%s: %s %zu, target %zu: %g; accepted: finite numbers of at most 3.4e38, or "
                             "data.allow_nonfinite: true",
                             place->path, place->unit, place->number, i, row[i]);
    }
    sample_sink_put_targets(sink, sample, targets);
    return STATUS_OK;
}

status answers_put(const data_request *request, const stored_split *split, const answer_place *place,
                   const double *row, const void *sample, sample_sink *sink, error_info *error) {
    switch (split->answers) {
    case ANSWER_LABEL:
        return put_label(request, split, place, row[0], sample, sink, error);
    case ANSWER_ONE_HOT:
        return put_one_hot(split, place, row, sample, sink, error);
    case ANSWER_TARGETS:
        break;
    }
    return put_targets(request, split, place, row, sample, sink, error);
}

/* ---- Numbers that are not finite --------------------------------------------------------------- */

void flaws_look(flaws *f, size_t row, const float *numbers, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (isfinite(numbers[i]))
            continue;
        if (f->count == 0)
            *f = (flaws){.row = row, .place = i, .value = (double)numbers[i]};
        f->count++;
    }
}

status flaws_refuse(const flaws *f, const char *path, const char *unit, const char *where,
                    error_info *error) {
    if (f->count == 0)
        return STATUS_OK;
    return error_set(error, STATUS_IO,
                     "%s: %s %zu, %s: %g, the first of %zu numbers that are NaN, infinite or beyond 3.4e38; "
                     "accepted: finite numbers, or data.allow_nonfinite: true",
                     path, unit, f->row, where, f->value, f->count);
}
