#include "io/data/dataset_reader.h"

#include <stdio.h>
#include <string.h>

#include "io/data/format.h"

/* ---- Describing -------------------------------------------------------------------------------- */

/* The first `limit` samples; 0: all. */
static status limit_count(const data_request *request, size_t field, size_t limit, size_t available,
                          size_t *out, error_info *error) {
    *out = limit > 0 ? limit : available;
    if (limit > available)
        return data_refuse(request, field, error, "%zu; accepted: up to the %zu samples available", limit,
                           available);
    return STATUS_OK;
}

/* Count the first `count` training samples by class where anything depends on it, else only store their
 * number. */
static status count_classes(const data_request *request, const stored_split *split, size_t count,
                            sample_sink *tally, error_info *error) {
    const data_spec *spec = request->spec;
    *tally =
        (sample_sink){.wanted = count, .per_class = spec->per_class, .target_count = split->target_count};
    const bool stratified = spec->validation_fraction > 0 && spec->validation_kind == HOLD_OUT_STRATIFIED;
    if (split->target_count == 0 && (split->classes == 0 || spec->per_class > 0 || stratified))
        return data_format_of(spec->source)->read(request, split, tally, error);
    tally->kept = count;
    return STATUS_OK;
}

static int highest_class(const sample_sink *tally) {
    int highest = ENGINE_MAX_CLASSES - 1;
    while (highest > 0 && tally->class_counts[highest] == 0)
        highest--;
    return highest;
}

static status check_per_class(const data_request *request, const sample_sink *tally, int classes,
                              error_info *error) {
    const size_t wanted = request->spec->per_class;
    for (int c = 0; c < classes; c++)
        if (tally->class_counts[c] < wanted)
            return data_refuse(request, offsetof(data_spec, per_class), error,
                               "%zu, but the training set has only %zu samples of class %d", wanted,
                               tally->class_counts[c], c);
    return STATUS_OK;
}

/* Divide the stored training samples among train and validation. */
static status plan_hold_out(const data_request *request, const sample_sink *tally, dataset *d,
                            error_info *error) {
    const data_spec *spec = request->spec;
    const bool stratified = spec->validation_kind == HOLD_OUT_STRATIFIED;
    d->train.count = tally->kept;
    if (spec->validation_fraction == 0)
        return STATUS_OK;
    if (stratified && d->classes == 0)
        return data_refuse(request, offsetof(data_spec, validation_kind), error,
                           "stratified, but the data have no classes; accepted: random");
    d->validation.count = stratified
                              ? hold_out_count(spec->validation_fraction, tally->class_counts, d->classes)
                              : hold_out_count(spec->validation_fraction, &tally->kept, 1);
    d->train.count -= d->validation.count;
    if (d->validation.count == 0 || d->train.count == 0)
        return data_refuse(
            request, offsetof(data_spec, validation_fraction), error,
            "%g holds out %zu of %zu samples; accepted: a share that leaves some on both sides",
            spec->validation_fraction, d->validation.count, tally->kept);
    return STATUS_OK;
}

/* A class 0 without samples, where only the labels say how many classes there are, means that they count from
 * 1. */
static status find_classes(const data_spec *spec, const sample_sink *tally, stored_split *split,
                           error_info *error) {
    if (split->target_count > 0 || split->classes > 0)
        return STATUS_OK;
    split->classes = highest_class(tally) + 1;
    if (tally->class_counts[0] > 0 || spec->classes > 0)
        return STATUS_OK;
    int lowest = 0;
    while (tally->class_counts[lowest] == 0)
        lowest++;
    return error_set(
        error, STATUS_IO,
        "%s: labels from %d to %d, and no sample of class 0; accepted: labels that count from 0. "
        "In Python: y - %d; where class 0 only happens to have no sample, data.classes: %d",
        split->y_path, lowest, split->classes - 1, lowest, split->classes);
}

static status describe_train(const data_request *request, stored_dataset *out, error_info *error) {
    const data_spec *spec = request->spec;
    stored_split *split = &out->train_file;
    size_t count;
    sample_sink tally;
    RETURN_IF_FAILED(data_format_of(spec->source)->describe(request, split, error));
    RETURN_IF_FAILED(limit_count(request, offsetof(data_spec, train_count), spec->train_count, split->count,
                                 &count, error));
    if (split->target_count > 0 && spec->per_class > 0)
        return data_refuse(request, offsetof(data_spec, per_class), error,
                           "%zu, but the data have no classes; accepted: 0", spec->per_class);
    RETURN_IF_FAILED(count_classes(request, split, count, &tally, error));
    RETURN_IF_FAILED(find_classes(spec, &tally, split, error));
    RETURN_IF_FAILED(check_per_class(request, &tally, split->classes, error));
    out->train_count = tally.kept;
    out->data.classes = split->classes;
    out->data.target_count = split->target_count;
    return plan_hold_out(request, &tally, &out->data, error);
}

static bool same_samples(const stored_split *a, const stored_split *b) {
    return a->shape.channels == b->shape.channels && a->shape.height == b->shape.height &&
           a->shape.width == b->shape.width && a->floats == b->floats && a->target_count == b->target_count &&
           a->answer_columns == b->answer_columns;
}

static void describe_samples(const stored_split *s, char *text, size_t size) {
    char answers[48];
    if (s->answer_columns > 1)
        snprintf(answers, sizeof answers, "%zu %s", s->answer_columns,
                 s->target_count > 0 ? "targets each" : "one-hot numbers each");
    else
        snprintf(answers, sizeof answers, "%s", s->target_count > 0 ? "targets" : "labels");
    snprintf(text, size, "%s of %d × %d × %d with %s", s->floats ? "floating-point numbers" : "bytes",
             s->shape.channels, s->shape.height, s->shape.width, answers);
}

static status check_like_training(const stored_split *train, const stored_split *other, const char *name,
                                  error_info *error) {
    char train_text[128], other_text[128];
    if (other->count == 0 || same_samples(train, other))
        return STATUS_OK;
    describe_samples(train, train_text, sizeof train_text);
    describe_samples(other, other_text, sizeof other_text);
    return error_set(error, STATUS_IO, "the training samples are %s, the %s samples %s", train_text, name,
                     other_text);
}

static status describe_test(const data_request *request, stored_dataset *out, error_info *error) {
    stored_split *test = &out->test_file;
    RETURN_IF_FAILED(data_format_of(request->spec->source)->describe(request, test, error));
    RETURN_IF_FAILED(limit_count(request, offsetof(data_spec, test_count), request->spec->test_count,
                                 test->count, &out->test_count, error));
    out->data.test.count = out->test_count;
    test->classes = out->train_file.classes;
    return check_like_training(&out->train_file, test, "test", error);
}

/* Validation samples from files of their own. */
static status describe_validation(const data_request *request, stored_dataset *out, error_info *error) {
    const data_files *files = data_files_of(request);
    stored_split *validation = &out->validation_file;
    if (files->file[0] == '\0' && files->x[0] == '\0')
        return STATUS_OK;
    RETURN_IF_FAILED(data_format_of(request->spec->source)->describe(request, validation, error));
    out->data.validation.count = out->validation_count = validation->count;
    validation->classes = out->train_file.classes;
    return check_like_training(&out->train_file, validation, "validation", error);
}

static status cut_border(const data_request *request, tensor_shape *shape, error_info *error) {
    const int border = request->spec->border;
    if (border > 0 && (2 * border >= shape->height || 2 * border >= shape->width))
        return data_refuse(request, offsetof(data_spec, border), error,
                           "%d leaves nothing of images of %d × %d pixels", border, shape->height,
                           shape->width);
    shape->height -= 2 * border;
    shape->width -= 2 * border;
    return STATUS_OK;
}

static void describe_points(const data_spec *spec, dataset *out) {
    *out = data_format_of(spec->source)->points;
    const point_kind kind = out->points.kind;
    out->train.count = spec->points.train_count;
    out->validation.count = spec->points.validation_count;
    out->test.count = spec->points.test_count;
    out->points = spec->points;
    out->points.kind = kind;
}

status dataset_describe(const data_spec *spec, const char *data_directory, stored_dataset *out,
                        error_info *error) {
    data_request request = {.spec = spec,
                            .directory = data_directory,
                            .class_names = out->class_names,
                            .faulty_field = &out->faulty_field,
                            .part = PART_TRAIN};
    memset(out, 0, sizeof *out);
    out->per_feature = spec->per_feature;
    out->faulty_field = DATA_NO_FIELD;
    if (data_format_of(spec->source)->describe == NULL) {
        describe_points(spec, &out->data);
        return STATUS_OK;
    }
    RETURN_IF_FAILED(describe_train(&request, out, error));
    request.like = &out->train_file;
    request.part = PART_VALIDATION;
    RETURN_IF_FAILED(describe_validation(&request, out, error));
    request.part = PART_TEST;
    RETURN_IF_FAILED(describe_test(&request, out, error));
    out->data.shape = out->train_file.shape;
    return cut_border(&request, &out->data.shape, error);
}

/* ---- Memory ------------------------------------------------------------------------------------ */

typedef struct set_memory {
    void *samples;   /* (count, C, H, W) of bytes or floats */
    uint8_t *labels; /* (count) … */
    float *targets;  /* … or (count, target_count) */
} set_memory;

typedef struct dataset_memory {
    set_memory train, validation, test;       /* validation: from separate files */
    uint32_t *train_index, *validation_index; /* NULL without a hold-out split */
    float *mean, *std;                        /* (C, H, W); NULL unless standardised by feature */
} dataset_memory;

static size_t sample_size(const dataset *d) {
    return (size_t)d->shape.channels * (size_t)d->shape.height * (size_t)d->shape.width;
}

static size_t element_bytes(const stored_dataset *d) {
    return d->train_file.floats ? sizeof(float) : sizeof(uint8_t);
}

/* Whether validation samples are taken from the training files. */
static bool is_held_out(const stored_dataset *d) {
    return d->data.validation.count > 0 && d->validation_count == 0;
}

static set_memory carve_set(const stored_dataset *d, size_t count, arena *a) {
    const size_t targets = (size_t)d->data.target_count;
    set_memory m = {.samples = arena_take(a, count * sample_size(&d->data) * element_bytes(d))};
    if (targets > 0)
        m.targets = arena_take(a, count * targets * sizeof *m.targets);
    else
        m.labels = arena_take(a, count);
    return m;
}

static dataset_memory carve(const stored_dataset *d, arena *a) {
    dataset_memory m = {.train = carve_set(d, d->train_count, a),
                        .validation = carve_set(d, d->validation_count, a),
                        .test = carve_set(d, d->test_count, a)};
    if (is_held_out(d)) {
        m.train_index = arena_take(a, d->data.train.count * sizeof *m.train_index);
        m.validation_index = arena_take(a, d->data.validation.count * sizeof *m.validation_index);
    }
    if (d->per_feature) {
        m.mean = arena_take(a, sample_size(&d->data) * sizeof *m.mean);
        m.std = arena_take(a, sample_size(&d->data) * sizeof *m.std);
    }
    return m;
}

size_t dataset_bytes(const stored_dataset *described) {
    arena measure = {0};
    if (described->train_count > 0)
        carve(described, &measure);
    return measure.used;
}

static dataset_memory carve_block(const stored_dataset *d, void *memory) {
    return carve(d, &(arena){.memory = memory, .capacity = dataset_bytes(d)});
}

static void attach_split(const stored_dataset *d, const set_memory *m, const uint32_t *index,
                         dataset_split *out) {
    *out = (dataset_split){.count = out->count,
                           .index = index,
                           .pixels = d->train_file.floats ? NULL : m->samples,
                           .features = d->train_file.floats ? m->samples : NULL,
                           .labels = m->labels,
                           .targets = m->targets};
}

void dataset_attach(stored_dataset *d, void *memory) {
    if (d->train_count == 0) /* drawn points */
        return;
    const dataset_memory m = carve_block(d, memory);
    attach_split(d, &m.train, m.train_index, &d->data.train);
    attach_split(d, &m.test, NULL, &d->data.test);
    if (d->data.validation.count > 0)
        attach_split(d, is_held_out(d) ? &m.train : &m.validation, m.validation_index, &d->data.validation);
    d->data.feature_mean = m.mean;
    d->data.feature_std = m.std;
}

/* ---- Reading ----------------------------------------------------------------------------------- */

/* For any split of a described data set. */
static data_request request_of(const data_spec *spec, const char *data_directory, uint64_t seed,
                               stored_dataset *d) {
    return (data_request){.spec = spec,
                          .directory = data_directory,
                          .seed = seed,
                          .like = &d->train_file,
                          .class_names = d->class_names};
}

/* The files of one split, and how many samples of it are in memory. */
typedef struct stored_part {
    const stored_split *file;
    size_t count;
    const char *name;
} stored_part;

static stored_part part_of(const stored_dataset *d, data_part part) {
    switch (part) {
    case PART_TRAIN:
        return (stored_part){&d->train_file, d->train_count, "training"};
    case PART_VALIDATION:
        return (stored_part){&d->validation_file, d->validation_count, "validation"};
    case PART_TEST:
        break;
    }
    return (stored_part){&d->test_file, d->test_count, "test"};
}

static sample_sink make_sink(const data_request *request, const stored_dataset *d, const set_memory *m) {
    const stored_part part = part_of(d, request->part);
    return (sample_sink){.stored = part.file->shape,
                         .border = request->spec->border,
                         .element_bytes = element_bytes(d),
                         .wanted = part.count,
                         .per_class = request->part == PART_TRAIN ? request->spec->per_class : 0,
                         .target_count = part.file->target_count,
                         .samples = m->samples,
                         .labels = m->labels,
                         .targets = m->targets};
}

static status fill_sink(const data_request *request, const stored_dataset *d, sample_sink *sink,
                        error_info *error) {
    const stored_part part = part_of(d, request->part);
    if (sink->wanted == 0)
        return STATUS_OK;
    RETURN_IF_FAILED(data_format_of(request->spec->source)->read(request, part.file, sink, error));
    return sample_sink_is_full(sink)
               ? STATUS_OK
               : error_set(error, STATUS_IO, "the files of the %s set changed while they were read",
                           part.name);
}

static status read_sets(data_request *request, const stored_dataset *d, const dataset_memory *m,
                        error_info *error) {
    const set_memory *const sets[] = {
        [PART_TRAIN] = &m->train, [PART_VALIDATION] = &m->validation, [PART_TEST] = &m->test};
    for (request->part = PART_TRAIN; request->part <= PART_TEST; request->part++) {
        sample_sink sink = make_sink(request, d, sets[request->part]);
        RETURN_IF_FAILED(fill_sink(request, d, &sink, error));
    }
    return STATUS_OK;
}

status dataset_read(const data_spec *spec, const char *data_directory, uint64_t seed, void *memory,
                    stored_dataset *d, error_info *error) {
    if (d->train_count == 0) /* drawn points */
        return STATUS_OK;
    data_request request = request_of(spec, data_directory, seed, d);
    const dataset_memory m = carve_block(d, memory);
    RETURN_IF_FAILED(read_sets(&request, d, &m, error));
    if (is_held_out(d))
        hold_out_draw(spec->validation_fraction,
                      spec->validation_kind == HOLD_OUT_STRATIFIED ? m.train.labels : NULL, d->train_count,
                      seed, m.train_index, m.validation_index);
    dataset_attach(d, memory);
    if (d->per_feature)
        dataset_statistics(&d->data.train, sample_size(&d->data), m.mean, m.std);
    return STATUS_OK;
}

/* ---- Survey ------------------------------------------------------------------------------------ */

static status look_at_part(const data_request *request, const stored_dataset *d, split_survey *out,
                           error_info *error) {
    static const set_memory none = {0};
    sample_sink sink = make_sink(request, d, &none);
    sink.looks_at_samples = true;
    RETURN_IF_FAILED(fill_sink(request, d, &sink, error));
    *out = (split_survey){
        .known = sink.wanted > 0, .least_target = sink.least_target, .greatest_target = sink.greatest_target};
    memcpy(out->class_counts, sink.class_counts, sizeof out->class_counts);
    return STATUS_OK;
}

/* The same share of every class is held out. */
static void share_out(const data_spec *spec, const stored_dataset *d, dataset_survey *s) {
    if (!is_held_out(d) || spec->validation_kind != HOLD_OUT_STRATIFIED)
        return;
    s->validation.known = true;
    for (int c = 0; c < d->data.classes; c++) {
        size_t *train = &s->train.class_counts[c];
        s->validation.class_counts[c] = hold_out_count(spec->validation_fraction, train, 1);
        *train -= s->validation.class_counts[c];
    }
}

status dataset_look(const data_spec *spec, const char *data_directory, uint64_t seed, stored_dataset *d,
                    dataset_survey *out, error_info *error) {
    *out = (dataset_survey){0};
    if (d->train_count == 0) /* drawn points */
        return STATUS_OK;
    data_request request = request_of(spec, data_directory, seed, d);
    split_survey *const parts[] = {
        [PART_TRAIN] = &out->train, [PART_VALIDATION] = &out->validation, [PART_TEST] = &out->test};
    for (request.part = PART_TRAIN; request.part <= PART_TEST; request.part++)
        RETURN_IF_FAILED(look_at_part(&request, d, parts[request.part], error));
    share_out(spec, d, out);
    return STATUS_OK;
}
