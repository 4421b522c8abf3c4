#include "io/dataset_reader.h"

#include <stdio.h>

#include "io/data_internal.h"

static const data_format *format_of(data_source source) {
    switch (source) {
    case DATA_CIFAR10:
        return &data_cifar10;
    case DATA_MNIST:
    case DATA_FASHION_MNIST:
        return &data_idx;
    case DATA_HDF5:
    case DATA_NPY:
        return &data_arrays;
    case DATA_SYNTHETIC:
        return &data_synthetic;
    case DATA_XOR:
    case DATA_ABSOLUTE_VALUE:
        break;
    }
    return NULL; /* points that the engine draws */
}

/* ---- Describing -------------------------------------------------------------------------------- */

/* The first `limit` samples; 0: all. */
static status limit_count(const char *key, size_t limit, size_t available, size_t *out, error_info *error) {
    *out = limit > 0 ? limit : available;
    if (limit > available)
        return error_set(error, STATUS_USAGE, "%s: %zu; accepted: up to the %zu samples that there are", key,
                         limit, available);
    return STATUS_OK;
}

/* Tally the first `count` training samples by class where anything depends on it, else just note them. */
static status count_classes(const data_request *request, const stored_split *split, size_t count,
                            sample_sink *tally, error_info *error) {
    const data_spec *spec = request->spec;
    *tally =
        (sample_sink){.wanted = count, .per_class = spec->per_class, .target_count = split->target_count};
    const bool stratified = spec->validation_fraction > 0 && spec->validation_kind == HOLD_OUT_STRATIFIED;
    if (split->target_count == 0 && (split->classes == 0 || spec->per_class > 0 || stratified))
        return format_of(spec->source)->read(request, split, tally, error);
    tally->kept = count;
    return STATUS_OK;
}

static int highest_class(const sample_sink *tally) {
    int highest = ENGINE_MAX_CLASSES - 1;
    while (highest > 0 && tally->class_counts[highest] == 0)
        highest--;
    return highest;
}

static status check_per_class(const data_spec *spec, const sample_sink *tally, int classes,
                              error_info *error) {
    for (int c = 0; c < classes; c++)
        if (tally->class_counts[c] < spec->per_class)
            return error_set(error, STATUS_USAGE,
                             "data.per_class: %zu, but the training set has only %zu samples of class %d",
                             spec->per_class, tally->class_counts[c], c);
    return STATUS_OK;
}

/* Share the stored training samples out among train and validation. */
static status plan_hold_out(const data_spec *spec, const sample_sink *tally, dataset *d, error_info *error) {
    const bool stratified = spec->validation_kind == HOLD_OUT_STRATIFIED;
    d->train.count = tally->kept;
    if (spec->validation_fraction == 0)
        return STATUS_OK;
    if (stratified && d->classes == 0)
        return error_set(error, STATUS_USAGE,
                         "data.validation.kind: stratified, but the data have no classes; accepted: random");
    d->validation.count = stratified
                              ? hold_out_count(spec->validation_fraction, tally->class_counts, d->classes)
                              : hold_out_count(spec->validation_fraction, &tally->kept, 1);
    d->train.count -= d->validation.count;
    if (d->validation.count == 0 || d->train.count == 0)
        return error_set(error, STATUS_USAGE,
                         "data.validation.fraction: %g holds out %zu of %zu samples; accepted: a share that "
                         "leaves some on both sides",
                         spec->validation_fraction, d->validation.count, tally->kept);
    return STATUS_OK;
}

static status describe_train(const data_request *request, stored_dataset *out, error_info *error) {
    const data_spec *spec = request->spec;
    stored_split *split = &out->train_file;
    size_t count;
    sample_sink tally;
    RETURN_IF_FAILED(format_of(spec->source)->describe(request, split, error));
    RETURN_IF_FAILED(limit_count("data.train_count", spec->train_count, split->count, &count, error));
    if (split->target_count > 0 && spec->per_class > 0)
        return error_set(error, STATUS_USAGE,
                         "data.per_class: %zu, but the data have no classes; accepted: 0", spec->per_class);
    RETURN_IF_FAILED(count_classes(request, split, count, &tally, error));
    if (split->target_count == 0 && split->classes == 0)
        split->classes = highest_class(&tally) + 1;
    RETURN_IF_FAILED(check_per_class(spec, &tally, split->classes, error));
    out->train_count = tally.kept;
    out->data.classes = split->classes;
    out->data.target_count = split->target_count;
    return plan_hold_out(spec, &tally, &out->data, error);
}

static bool same_samples(const stored_split *a, const stored_split *b) {
    return a->shape.channels == b->shape.channels && a->shape.height == b->shape.height &&
           a->shape.width == b->shape.width && a->floats == b->floats && a->target_count == b->target_count;
}

static void describe_samples(const stored_split *s, char *text, size_t size) {
    snprintf(text, size, "%s of %d × %d × %d with %s", s->floats ? "floating-point numbers" : "bytes",
             s->shape.channels, s->shape.height, s->shape.width, s->target_count > 0 ? "targets" : "labels");
}

static status describe_test(const data_request *request, stored_dataset *out, error_info *error) {
    stored_split *test = &out->test_file;
    RETURN_IF_FAILED(format_of(request->spec->source)->describe(request, test, error));
    RETURN_IF_FAILED(
        limit_count("data.test_count", request->spec->test_count, test->count, &out->test_count, error));
    out->data.test.count = out->test_count;
    if (test->count > 0 && !same_samples(&out->train_file, test)) {
        char train_text[128], test_text[128];
        describe_samples(&out->train_file, train_text, sizeof train_text);
        describe_samples(test, test_text, sizeof test_text);
        return error_set(error, STATUS_IO, "the training samples are %s, the test samples %s", train_text,
                         test_text);
    }
    test->classes = out->train_file.classes;
    return STATUS_OK;
}

static status cut_border(int border, tensor_shape *shape, error_info *error) {
    if (border > 0 && (2 * border >= shape->height || 2 * border >= shape->width))
        return error_set(error, STATUS_USAGE, "data.border: %d leaves nothing of images of %d × %d pixels",
                         border, shape->height, shape->width);
    shape->height -= 2 * border;
    shape->width -= 2 * border;
    return STATUS_OK;
}

static void describe_points(const data_spec *spec, dataset *out) {
    const bool is_xor = spec->source == DATA_XOR;
    *out = (dataset){.shape = {is_xor ? 2 : 1, 1, 1},
                     .classes = is_xor ? 2 : 0,
                     .target_count = is_xor ? 0 : 1,
                     .train.count = spec->points.train_count,
                     .validation.count = spec->points.validation_count,
                     .test.count = spec->points.test_count,
                     .points = spec->points};
    out->points.kind = is_xor ? POINTS_XOR : POINTS_ABSOLUTE_VALUE;
}

status dataset_describe(const data_spec *spec, const char *data_directory, stored_dataset *out,
                        error_info *error) {
    data_request request = {.spec = spec, .directory = data_directory};
    *out = (stored_dataset){.per_feature = spec->per_feature};
    if (format_of(spec->source) == NULL) {
        describe_points(spec, &out->data);
        return STATUS_OK;
    }
    RETURN_IF_FAILED(describe_train(&request, out, error));
    request.test = true;
    RETURN_IF_FAILED(describe_test(&request, out, error));
    out->data.shape = out->train_file.shape;
    return cut_border(spec->border, &out->data.shape, error);
}

/* ---- Memory ------------------------------------------------------------------------------------ */

typedef struct set_memory {
    void *samples;   /* (count, C, H, W) of bytes or floats */
    uint8_t *labels; /* (count) … */
    float *targets;  /* … or (count, target_count) */
} set_memory;

typedef struct dataset_memory {
    set_memory train, test;
    uint32_t *train_index, *validation_index; /* NULL without a hold-out split */
    float *mean, *std;                        /* (C, H, W); NULL unless standardised by feature */
} dataset_memory;

static size_t sample_size(const dataset *d) {
    return (size_t)d->shape.channels * (size_t)d->shape.height * (size_t)d->shape.width;
}

static size_t element_bytes(const stored_dataset *d) {
    return d->train_file.floats ? sizeof(float) : sizeof(uint8_t);
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
    dataset_memory m = {.train = carve_set(d, d->train_count, a), .test = carve_set(d, d->test_count, a)};
    if (d->data.validation.count > 0) {
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
        attach_split(d, &m.train, m.validation_index, &d->data.validation);
    d->data.feature_mean = m.mean;
    d->data.feature_std = m.std;
}

/* ---- Reading ----------------------------------------------------------------------------------- */

static status read_set(const data_request *request, const stored_dataset *d, const set_memory *m,
                       error_info *error) {
    const stored_split *file = request->test ? &d->test_file : &d->train_file;
    sample_sink sink = {.stored = file->shape,
                        .border = request->spec->border,
                        .element_bytes = element_bytes(d),
                        .wanted = request->test ? d->test_count : d->train_count,
                        .per_class = request->test ? 0 : request->spec->per_class,
                        .target_count = file->target_count,
                        .samples = m->samples,
                        .labels = m->labels,
                        .targets = m->targets};
    if (sink.wanted == 0)
        return STATUS_OK;
    RETURN_IF_FAILED(format_of(request->spec->source)->read(request, file, &sink, error));
    if (!sample_sink_is_full(&sink))
        return error_set(error, STATUS_IO, "the files of the %s set changed while they were read",
                         request->test ? "test" : "training");
    return STATUS_OK;
}

status dataset_read(const data_spec *spec, const char *data_directory, uint64_t seed, void *memory,
                    stored_dataset *d, error_info *error) {
    if (d->train_count == 0) /* drawn points */
        return STATUS_OK;
    data_request request = {.spec = spec, .directory = data_directory, .seed = seed};
    const dataset_memory m = carve_block(d, memory);
    RETURN_IF_FAILED(read_set(&request, d, &m.train, error));
    request.test = true;
    RETURN_IF_FAILED(read_set(&request, d, &m.test, error));
    if (d->data.validation.count > 0)
        hold_out_draw(spec->validation_fraction,
                      spec->validation_kind == HOLD_OUT_STRATIFIED ? m.train.labels : NULL, d->train_count,
                      seed, m.train_index, m.validation_index);
    dataset_attach(d, memory);
    if (d->per_feature)
        dataset_statistics(&d->data.train, sample_size(&d->data), m.mean, m.std);
    return STATUS_OK;
}
