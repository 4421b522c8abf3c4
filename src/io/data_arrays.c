/* Data sets of arrays: x (N, K), (N, H, W) or (N, C, H, W) of unsigned bytes or floating-point numbers, and
 * y: labels (N), integers, or targets (N) or (N, M), floating-point numbers. Two .npy files, or /x and /y of
 * an HDF5 file. */
#include <stdio.h>
#include <stdlib.h>

#include "io/array_file.h"
#include "io/data_internal.h"
#include "io/path.h"

enum { LARGEST_SAMPLE = 1 << 24, CHUNK_BYTES = 1 << 20 };

typedef struct array_pair {
    array_file *x, *y;
} array_pair;

static const data_files *files_of(const data_request *request) {
    return request->test ? &request->spec->test : &request->spec->train;
}

/* ---- Opening ----------------------------------------------------------------------------------- */

/* `key` names the path in the job; `data_set` is put behind it. */
static status open_array(array_file **out, const data_request *request, const char *key, const char *path,
                         const char *data_set, error_info *error) {
    char resolved[PATH_MAX], full[PATH_MAX + 8];
    status result = path_beside(request->spec->job_path, path, resolved, error);
    snprintf(full, sizeof full, "%s%s", resolved, data_set);
    if (result == STATUS_OK)
        result = array_file_open(out, full, error);
    return result == STATUS_USAGE ? error_prefix(error, "%s: ", key) : result;
}

/* On failure, too, what is open is to be closed. */
static status open_pair(array_pair *pair, const data_request *request, error_info *error) {
    const data_files *files = files_of(request);
    const bool test = request->test;
    if (request->spec->source == DATA_HDF5) {
        const char *key = test ? "data.test" : "data.train";
        RETURN_IF_FAILED(open_array(&pair->x, request, key, files->x, ":/x", error));
        return open_array(&pair->y, request, key, files->x, ":/y", error);
    }
    RETURN_IF_FAILED(
        open_array(&pair->x, request, test ? "data.test_x" : "data.train_x", files->x, "", error));
    return open_array(&pair->y, request, test ? "data.test_y" : "data.train_y", files->y, "", error);
}

static void close_pair(array_pair *pair) {
    array_file_close(&pair->x);
    array_file_close(&pair->y);
}

static status check_samples(const array_file *x, error_info *error) {
    const array_shape *s = array_file_shape(x);
    if (s->rank < 2)
        return error_set(error, STATUS_IO, "%s: %d dimension; accepted: (N, K), (N, H, W) or (N, C, H, W)",
                         array_file_path(x), s->rank);
    if (s->type == ARRAY_INTEGER)
        return error_set(error, STATUS_IO, "%s: integers; accepted: unsigned bytes or floating-point numbers",
                         array_file_path(x));
    if (s->row_size > LARGEST_SAMPLE || s->dims[0] > UINT32_MAX)
        return error_set(error, STATUS_IO, "%s: %zu samples of %zu values; accepted: up to %u of up to %d",
                         array_file_path(x), s->dims[0], s->row_size, UINT32_MAX, LARGEST_SAMPLE);
    return STATUS_OK;
}

static status check_answers(const array_pair *pair, error_info *error) {
    const array_shape *x = array_file_shape(pair->x), *y = array_file_shape(pair->y);
    const char *path = array_file_path(pair->y);
    if (y->rank > (y->type == ARRAY_FLOAT ? 2 : 1))
        return error_set(
            error, STATUS_IO,
            "%s: %d dimensions; accepted: integer labels (N) or floating-point targets (N) or (N, M)", path,
            y->rank);
    if (y->dims[0] != x->dims[0])
        return error_set(error, STATUS_IO, "%s: %zu labels or targets, but %s has %zu samples", path,
                         y->dims[0], array_file_path(pair->x), x->dims[0]);
    if (y->row_size > ENGINE_MAX_CLASSES)
        return error_set(error, STATUS_IO, "%s: %zu targets per sample; accepted: up to %d", path,
                         y->row_size, ENGINE_MAX_CLASSES);
    return STATUS_OK;
}

/* (N, K) is a vector, (N, H, W) has one channel. */
static tensor_shape sample_shape(const array_shape *x) {
    const size_t *d = x->dims;
    if (x->rank == 2)
        return (tensor_shape){(int)d[1], 1, 1};
    if (x->rank == 3)
        return (tensor_shape){1, (int)d[1], (int)d[2]};
    return (tensor_shape){(int)d[1], (int)d[2], (int)d[3]};
}

static status describe_pair(const array_pair *pair, int classes, stored_split *out, error_info *error) {
    const array_shape *x = array_file_shape(pair->x), *y = array_file_shape(pair->y);
    RETURN_IF_FAILED(check_samples(pair->x, error));
    RETURN_IF_FAILED(check_answers(pair, error));
    if (classes > 0 && y->type == ARRAY_FLOAT)
        return error_set(error, STATUS_USAGE,
                         "data.classes: %d, but %s holds floating-point targets; accepted: 0", classes,
                         array_file_path(pair->y));
    *out = (stored_split){.count = x->dims[0],
                          .shape = sample_shape(x),
                          .floats = x->type == ARRAY_FLOAT,
                          .classes = classes,
                          .target_count = y->type == ARRAY_FLOAT ? (int)y->row_size : 0};
    return STATUS_OK;
}

static status describe(const data_request *request, stored_split *out, error_info *error) {
    *out = (stored_split){0};
    if (files_of(request)->x[0] == '\0') /* a test set is optional */
        return STATUS_OK;
    array_pair pair = {0};
    status result = open_pair(&pair, request, error);
    if (result == STATUS_OK)
        result = describe_pair(&pair, request->spec->classes, out, error);
    close_pair(&pair);
    return result;
}

/* ---- Reading ----------------------------------------------------------------------------------- */

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

static size_t larger(size_t a, size_t b) {
    return a > b ? a : b;
}

/* Rows that are read at a time, and room for them. */
typedef struct chunk {
    size_t rows;
    unsigned char *x; /* (rows, K) */
    void *y;          /* (rows) bytes or int64_t, or (rows, M) floats */
} chunk;

static size_t element_bytes(array_type type) {
    return type == ARRAY_BYTE ? sizeof(uint8_t) : type == ARRAY_FLOAT ? sizeof(float) : sizeof(int64_t);
}

static status allocate_chunk(chunk *c, const array_shape *x, const array_shape *y, error_info *error) {
    const size_t x_row = x->row_size * element_bytes(x->type), y_row = y->row_size * element_bytes(y->type);
    c->rows = smaller(larger(CHUNK_BYTES / larger(x_row, y_row), 1), x->dims[0]);
    c->x = malloc(c->rows * x_row);
    c->y = malloc(c->rows * y_row);
    return c->x != NULL && c->y != NULL ? STATUS_OK : error_set(error, STATUS_INTERNAL, "out of memory");
}

/* Give `rows` rows, of which the first is row `first` of the file, to the sink. */
static status put_rows(const array_pair *pair, const chunk *c, size_t first, size_t rows, int classes,
                       sample_sink *sink, error_info *error) {
    const array_shape *x = array_file_shape(pair->x), *y = array_file_shape(pair->y);
    const size_t x_row = x->row_size * element_bytes(x->type);
    for (size_t i = 0; i < rows && !sample_sink_is_full(sink); i++) {
        const void *sample = c->x + i * x_row;
        if (y->type == ARRAY_FLOAT) {
            sample_sink_put_targets(sink, sample, (const float *)c->y + i * y->row_size);
            continue;
        }
        const int64_t label = y->type == ARRAY_BYTE ? ((const uint8_t *)c->y)[i] : ((const int64_t *)c->y)[i];
        if (label < 0 || label >= classes)
            return error_set(error, STATUS_IO, "%s: row %zu: label %lld; accepted: 0 to %d",
                             array_file_path(pair->y), first + i, (long long)label, classes - 1);
        sample_sink_put(sink, sample, (uint8_t)label);
    }
    return STATUS_OK;
}

/* x is not read when samples are only counted. */
static status read_chunks(const array_pair *pair, const stored_split *split, const chunk *c,
                          sample_sink *sink, error_info *error) {
    const int classes = split->classes > 0 ? split->classes : ENGINE_MAX_CLASSES;
    for (size_t first = 0; first < split->count && !sample_sink_is_full(sink); first += c->rows) {
        const size_t rows = smaller(split->count - first, c->rows);
        RETURN_IF_FAILED(array_file_read_rows(pair->y, rows, c->y, error));
        if (sink->samples != NULL)
            RETURN_IF_FAILED(array_file_read_rows(pair->x, rows, c->x, error));
        RETURN_IF_FAILED(put_rows(pair, c, first, rows, classes, sink, error));
    }
    return STATUS_OK;
}

static status read_pair(const data_request *request, const stored_split *split, sample_sink *sink,
                        error_info *error) {
    array_pair pair = {0};
    chunk c = {0};
    status result = open_pair(&pair, request, error);
    if (result == STATUS_OK)
        result = allocate_chunk(&c, array_file_shape(pair.x), array_file_shape(pair.y), error);
    if (result == STATUS_OK)
        result = read_chunks(&pair, split, &c, sink, error);
    free(c.x);
    free(c.y);
    close_pair(&pair);
    return result;
}

const data_format data_arrays = {describe, read_pair};
