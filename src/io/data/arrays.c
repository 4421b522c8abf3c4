/* Data sets of arrays: x (N, K), (N, H, W), (N, C, H, W) or, channels last, (N, H, W, C) of any numbers, and
 * y: labels (N), one-hot labels (N, M) or targets (N) or (N, M). Two .npy files, or two data sets of an HDF5
 * file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/array/array_file.h"
#include "io/data/format.h"
#include "io/file/path.h"

enum { LARGEST_SAMPLE = 1 << 24, CHUNK_BYTES = 1 << 20 };

typedef struct array_pair {
    array_file *x, *y;
} array_pair;

/* ---- Opening ----------------------------------------------------------------------------------- */

/* Where the job's data_spec names x or y of this split. */
static size_t field_of(const data_request *request, bool is_y) {
    static const size_t parts[] = {[PART_TRAIN] = offsetof(data_spec, train),
                                   [PART_VALIDATION] = offsetof(data_spec, validation),
                                   [PART_TEST] = offsetof(data_spec, test)};
    return parts[request->part] + (is_y ? offsetof(data_files, y) : offsetof(data_files, x));
}

static status open_array(array_file **out, const data_request *request, bool is_y, error_info *error) {
    static const char *const samples[] = {"x", "data", "features", "images", "inputs", "samples", NULL};
    static const char *const answers[] = {"y", "labels", "label", "targets", "target", NULL};
    const data_files *files = data_files_of(request);
    const char *name = is_y ? files->y : files->x;
    const bool is_hdf5 = request->spec->source == DATA_HDF5;
    char path[PATH_MAX];
    status result = path_beside(request->spec->job_path, is_hdf5 ? files->file : name, path, error);
    if (result == STATUS_OK)
        result = is_hdf5 ? array_file_open_data_set(out, path, name, is_y ? answers : samples, error)
                         : array_file_open(out, path, error);
    result = data_named(request, path, result, error);
    if (result == STATUS_USAGE)
        *request->faulty_field = field_of(request, is_y);
    return result;
}

/* On failure, too, the caller closes what is open. */
static status open_pair(array_pair *pair, const data_request *request, error_info *error) {
    RETURN_IF_FAILED(open_array(&pair->x, request, false, error));
    return open_array(&pair->y, request, true, error);
}

static void close_pair(array_pair *pair) {
    array_file_close(&pair->x);
    array_file_close(&pair->y);
}

/* ---- Samples: what x is ------------------------------------------------------------------------ */

static status check_samples(const array_file *x, error_info *error) {
    const array_shape *s = array_file_shape(x);
    if (s->rank < 2)
        return error_set(error, STATUS_IO,
                         "%s: %d dimension of %zu numbers; accepted: (N, K), (N, H, W) or (N, C, H, W); in "
                         "Python, one feature: x[:, None]",
                         array_file_path(x), s->rank, s->dims[0]);
    if (s->row_size > LARGEST_SAMPLE || s->dims[0] > UINT32_MAX)
        return error_set(error, STATUS_IO, "%s: %zu samples of %zu values; accepted: up to %u of up to %d",
                         array_file_path(x), s->dims[0], s->row_size, UINT32_MAX, LARGEST_SAMPLE);
    return STATUS_OK;
}

/* (N, K) is a vector, (N, H, W) has one channel. */
static tensor_shape sample_shape(const array_shape *x, data_layout layout) {
    const size_t *d = x->dims;
    if (x->rank == 2)
        return (tensor_shape){(int)d[1], 1, 1};
    if (x->rank == 3)
        return (tensor_shape){1, (int)d[1], (int)d[2]};
    if (layout == LAYOUT_CHANNELS_LAST)
        return (tensor_shape){(int)d[3], (int)d[1], (int)d[2]};
    return (tensor_shape){(int)d[1], (int)d[2], (int)d[3]};
}

static bool may_be_channels(size_t n) {
    return n == 1 || n == 3 || n == 4;
}

/* Only the dimension that is not used as channels looks like channels. */
static bool layout_is_doubtful(const array_shape *x, data_layout layout) {
    const size_t *d = x->dims;
    if (x->rank < 4 || d[1] == d[3])
        return false;
    const size_t taken = layout == LAYOUT_CHANNELS_LAST ? d[3] : d[1];
    const size_t other = layout == LAYOUT_CHANNELS_LAST ? d[1] : d[3];
    return may_be_channels(other) && !may_be_channels(taken);
}

/* ---- Answers: what y is ------------------------------------------------------------------------ */

static status check_answers(const array_pair *pair, error_info *error) {
    const array_shape *x = array_file_shape(pair->x), *y = array_file_shape(pair->y);
    const char *path = array_file_path(pair->y);
    if (y->rank > 2)
        return error_set(error, STATUS_IO,
                         "%s: %d dimensions of %s; accepted: labels (N), one-hot labels (N, M), or targets "
                         "(N) or (N, M)",
                         path, y->rank, y->type_name);
    if (y->dims[0] != x->dims[0])
        return error_set(error, STATUS_IO,
                         "%s: %zu labels or targets, but %s has %zu samples; accepted: one for each%s", path,
                         y->dims[0], array_file_path(pair->x), x->dims[0],
                         y->dims[y->rank - 1] == x->dims[0] ? "; is it transposed? In Python: y.T" : "");
    if (y->row_size > ENGINE_MAX_CLASSES)
        return error_set(error, STATUS_IO, "%s: %zu numbers per sample; accepted: up to %d", path,
                         y->row_size, ENGINE_MAX_CLASSES);
    return STATUS_OK;
}

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

static size_t larger(size_t a, size_t b) {
    return a > b ? a : b;
}

/* Reads y to its end. */
static status look_at_answers(array_file *y, answer_look *look, error_info *error) {
    enum { ROWS = 1024 };
    const array_shape *s = array_file_shape(y);
    double *rows = malloc(ROWS * s->row_size * sizeof *rows);
    status result = rows != NULL ? STATUS_OK : error_set(error, STATUS_INTERNAL, "out of memory");
    for (size_t first = 0; result == STATUS_OK && first < s->dims[0]; first += ROWS) {
        const size_t count = smaller(ROWS, s->dims[0] - first);
        result = array_file_read_rows(y, count, ARRAY_AS_DOUBLES, rows, error);
        for (size_t i = 0; result == STATUS_OK && i < count; i++)
            answers_look(look, rows + i * s->row_size);
    }
    free(rows);
    return result;
}

/* The form of the answers: that of the training set, or, for the training set itself, by the task, the type
 * and the values. */
static status find_form(const data_request *request, array_file *y, stored_split *out, error_info *error) {
    const array_shape *s = array_file_shape(y);
    answer_look look = {
        .columns = s->row_size, .floats = s->type == ARRAY_FLOAT, .one_hot = true, .labels = true};
    out->answer_columns = s->row_size;
    if (request->like != NULL) {
        out->answers = request->like->answers;
        return STATUS_OK;
    }
    if (request->spec->task == TASK_AUTO)
        RETURN_IF_FAILED(look_at_answers(y, &look, error));
    out->answers = answers_form(request->spec, &look);
    out->answers_may_be_labels = request->spec->task == TASK_AUTO && look.floats && look.labels &&
                                 out->answers == ANSWER_TARGETS && s->row_size == 1;
    return STATUS_OK;
}

static status describe_answers(const data_request *request, array_file *y, stored_split *out,
                               error_info *error) {
    const array_shape *s = array_file_shape(y);
    const int classes = request->spec->classes;
    RETURN_IF_FAILED(find_form(request, y, out, error));
    out->target_count = out->answers == ANSWER_TARGETS ? (int)s->row_size : 0;
    if (out->answers == ANSWER_TARGETS && classes > 0)
        return data_refuse(request, offsetof(data_spec, classes), error,
                           "%d, but %s holds %s targets; accepted: 0, or data.task: classification", classes,
                           array_file_path(y), s->type_name);
    if (out->answers == ANSWER_ONE_HOT && classes > 0 && (size_t)classes != s->row_size)
        return data_refuse(request, offsetof(data_spec, classes), error,
                           "%d, but %s has one-hot labels of %zu classes", classes, array_file_path(y),
                           s->row_size);
    out->classes = out->answers == ANSWER_ONE_HOT ? (int)s->row_size : classes;
    if (s->is_bool && out->answers == ANSWER_LABEL && classes == 0)
        out->classes = 2;
    return STATUS_OK;
}

static status describe_pair(const data_request *request, const array_pair *pair, stored_split *out,
                            error_info *error) {
    const array_shape *x = array_file_shape(pair->x);
    RETURN_IF_FAILED(check_samples(pair->x, error));
    RETURN_IF_FAILED(check_answers(pair, error));
    *out = (stored_split){.count = x->dims[0],
                          .shape = sample_shape(x, request->spec->layout),
                          .floats = x->type != ARRAY_BYTE,
                          .layout_is_doubtful = layout_is_doubtful(x, request->spec->layout)};
    snprintf(out->x_path, sizeof out->x_path, "%s", array_file_path(pair->x));
    snprintf(out->y_path, sizeof out->y_path, "%s", array_file_path(pair->y));
    snprintf(out->x_type, sizeof out->x_type, "%s", x->type_name);
    snprintf(out->y_type, sizeof out->y_type, "%s", array_file_shape(pair->y)->type_name);
    return describe_answers(request, pair->y, out, error);
}

static status describe(const data_request *request, stored_split *out, error_info *error) {
    const data_files *files = data_files_of(request);
    *out = (stored_split){0};
    if (files->file[0] == '\0' && files->x[0] == '\0') /* only the training set is required */
        return STATUS_OK;
    array_pair pair = {0};
    status result = open_pair(&pair, request, error);
    if (result == STATUS_OK)
        result = describe_pair(request, &pair, out, error);
    close_pair(&pair);
    return result;
}

/* ---- Reading ----------------------------------------------------------------------------------- */

/* The rows that are read at a time, and room for them. */
typedef struct chunk {
    size_t rows, sample_bytes;
    array_numbers x_numbers;
    unsigned char *x;      /* (rows, sample) */
    double *y;             /* (rows, columns) */
    unsigned char *turned; /* one sample, channels first */
    flaws flaws;
} chunk;

static status allocate_chunk(chunk *c, const array_shape *x, const array_shape *y, error_info *error) {
    const size_t number = x->type == ARRAY_BYTE ? sizeof(uint8_t) : sizeof(float);
    c->x_numbers = x->type == ARRAY_BYTE ? ARRAY_AS_BYTES : ARRAY_AS_FLOATS;
    c->sample_bytes = x->row_size * number;
    c->rows =
        smaller(larger(CHUNK_BYTES / larger(c->sample_bytes, y->row_size * sizeof *c->y), 1), x->dims[0]);
    c->x = malloc(c->rows * c->sample_bytes);
    c->y = malloc(c->rows * y->row_size * sizeof *c->y);
    c->turned = malloc(c->sample_bytes);
    return c->x != NULL && c->y != NULL && c->turned != NULL
               ? STATUS_OK
               : error_set(error, STATUS_INTERNAL, "out of memory");
}

static void free_chunk(chunk *c) {
    free(c->x);
    free(c->y);
    free(c->turned);
}

/* (H, W, C) → (C, H, W) */
static const unsigned char *turn_sample(const chunk *c, tensor_shape shape, const unsigned char *sample) {
    const size_t channels = (size_t)shape.channels, plane = (size_t)shape.height * (size_t)shape.width;
    const size_t bytes = c->sample_bytes / (channels * plane);
    for (size_t i = 0; i < plane; i++)
        for (size_t k = 0; k < channels; k++)
            memcpy(c->turned + (k * plane + i) * bytes, sample + (i * channels + k) * bytes, bytes);
    return c->turned;
}

/* Sample i of the chunk as the engine stores it, checked for numbers that are not finite. */
static const unsigned char *take_sample(const data_request *request, const stored_split *split, chunk *c,
                                        size_t i, size_t row) {
    const unsigned char *sample = c->x + i * c->sample_bytes;
    if (request->spec->layout == LAYOUT_CHANNELS_LAST && split->shape.height * split->shape.width > 1)
        sample = turn_sample(c, split->shape, sample);
    if (split->floats && !request->spec->allow_nonfinite)
        flaws_look(&c->flaws, row, (const float *)(const void *)sample, c->sample_bytes / sizeof(float));
    return sample;
}

/* Give `rows` rows, of which the first is row `first` of the file, to the sink. */
static status put_rows(const data_request *request, const stored_split *split, chunk *c, size_t first,
                       size_t rows, sample_sink *sink, error_info *error) {
    answer_place place = {.path = split->y_path, .unit = "row"};
    for (size_t i = 0; i < rows && !sample_sink_is_full(sink); i++) {
        const bool needed = sample_sink_needs_samples(sink);
        const void *sample = needed ? take_sample(request, split, c, i, first + i) : NULL;
        place.number = first + i;
        RETURN_IF_FAILED(
            answers_put(request, split, &place, c->y + i * split->answer_columns, sample, sink, error));
    }
    return STATUS_OK;
}

/* Where in a sample value number `place` is. */
static void place_text(tensor_shape shape, size_t place, char *text, size_t size) {
    const size_t width = (size_t)shape.width, plane = (size_t)shape.height * width;
    if (plane == 1)
        snprintf(text, size, "column %zu", place);
    else
        snprintf(text, size, "channel %zu, image row %zu, image column %zu", place / plane,
                 place % plane / width, place % width);
}

/* x is not read when samples are only counted. */
static status read_chunks(const data_request *request, const array_pair *pair, const stored_split *split,
                          chunk *c, sample_sink *sink, error_info *error) {
    for (size_t first = 0; first < split->count && !sample_sink_is_full(sink); first += c->rows) {
        const size_t rows = smaller(split->count - first, c->rows);
        RETURN_IF_FAILED(array_file_read_rows(pair->y, rows, ARRAY_AS_DOUBLES, c->y, error));
        if (sample_sink_needs_samples(sink))
            RETURN_IF_FAILED(array_file_read_rows(pair->x, rows, c->x_numbers, c->x, error));
        RETURN_IF_FAILED(put_rows(request, split, c, first, rows, sink, error));
    }
    char where[96];
    place_text(split->shape, c->flaws.place, where, sizeof where);
    return flaws_refuse(&c->flaws, split->x_path, "row", where, error);
}

/* The files may have changed since they were described. */
static status check_same(const array_pair *pair, const stored_split *split, error_info *error) {
    const array_shape *x = array_file_shape(pair->x), *y = array_file_shape(pair->y);
    const size_t size =
        (size_t)split->shape.channels * (size_t)split->shape.height * (size_t)split->shape.width;
    const bool same = x->dims[0] == split->count && y->dims[0] == split->count && x->row_size == size &&
                      y->row_size == split->answer_columns && (x->type != ARRAY_BYTE) == split->floats;
    return same ? STATUS_OK
                : error_set(error, STATUS_IO, "%s, %s: changed while they were read", split->x_path,
                            split->y_path);
}

static status read_pair(const data_request *request, const stored_split *split, sample_sink *sink,
                        error_info *error) {
    array_pair pair = {0};
    chunk c = {0};
    status result = open_pair(&pair, request, error);
    if (result == STATUS_OK)
        result = check_same(&pair, split, error);
    if (result == STATUS_OK)
        result = allocate_chunk(&c, array_file_shape(pair.x), array_file_shape(pair.y), error);
    if (result == STATUS_OK)
        result = read_chunks(request, &pair, split, &c, sink, error);
    free_chunk(&c);
    close_pair(&pair);
    return result;
}

const data_format data_hdf5 = {.home = HOME_JOB, .describe = describe, .read = read_pair};
const data_format data_npy = {.home = HOME_JOB, .describe = describe, .read = read_pair};
