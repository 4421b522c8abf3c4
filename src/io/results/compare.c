/* Are two results files scientifically the same, bit for bit? */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "grid/digest.h"
#include "grid/grid.h"
#include "io/results/compare.h"
#include "io/results/layout.h"
#include "io/results/origin.h"
#include "io/results/reader.h"
#include "io/results/settings.h"
#include "io/results/words.h"

enum { COMPARE_BYTES = 16 << 20, VALUE_SIZE = RESULTS_VALUE_SIZE, PLACE_SIZE = RESULTS_PLACE_SIZE };

typedef struct comparison {
    results_reader *a, *b;
    const char *path_a, *path_b;
    bool equal;
    char *difference; /* (size), caller's memory */
    size_t size;
} comparison;

__attribute__((format(printf, 2, 3))) static status differ(comparison *c, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(c->difference, c->size, format, arguments);
    va_end(arguments);
    c->equal = false;
    return STATUS_OK;
}

/* ---- Words for a difference -------------------------------------------------------------------- */

static status differ_at(comparison *c, const results_dataset *d, size_t number, const void *in_a,
                        const void *in_b, error_info *error) {
    char place[PLACE_SIZE], a[VALUE_SIZE], b[VALUE_SIZE];
    RETURN_IF_FAILED(results_place_text(c->a, d, number, place, error));
    results_value_text(d->type, in_a, a);
    results_value_text(d->type, in_b, b);
    return differ(c, "%s(%s): %s != %s", d->name, place, a, b);
}

/* ---- Values ------------------------------------------------------------------------------------ */

/* Compare `count` elements; `first` is the number of the first one. */
static status compare_bytes(comparison *c, const results_dataset *d, size_t first, size_t count,
                            const char *a, const char *b, error_info *error) {
    const size_t size = element_size(d->type);
    if (memcmp(a, b, count * size) == 0)
        return STATUS_OK;
    size_t i = 0;
    while (memcmp(a + i * size, b + i * size, size) == 0)
        i++;
    return differ_at(c, d, first + i, a + i * size, b + i * size, error);
}

/* In blocks of whole slices, as many as fit into COMPARE_BYTES, but at least one. */
static status compare_values(comparison *c, const results_dataset *d, error_info *error) {
    const size_t slices = d->rank > 0 ? d->dims[0] : 1, slice = results_dataset_slice(d);
    const size_t slice_bytes = slice * element_size(d->type);
    const size_t block = slice_bytes < COMPARE_BYTES ? COMPARE_BYTES / (slice_bytes + 1) + 1 : 1;
    const size_t most = block < slices ? block : slices;
    char *a = malloc(most * slice_bytes + 1), *b = malloc(most * slice_bytes + 1);
    status result = STATUS_OK;
    if (a == NULL || b == NULL)
        result = error_set(error, STATUS_INTERNAL, "out of memory: 2 × %zu bytes", most * slice_bytes);
    for (size_t first = 0; result == STATUS_OK && c->equal && first < slices; first += most) {
        size_t count = slices - first < most ? slices - first : most;
        result = results_reader_read(c->a, d, first, count, a, error);
        if (result == STATUS_OK)
            result = results_reader_read(c->b, d, first, count, b, error);
        if (result == STATUS_OK)
            result = compare_bytes(c, d, first * slice, count * slice, a, b, error);
    }
    free(a);
    free(b);
    return result;
}

static status compare_labels(comparison *c, const char *name, error_info *error) {
    grid a = {0}, b = {0};
    status result = results_reader_append_axis(c->a, name, &a, error);
    if (result == STATUS_OK)
        result = results_reader_append_axis(c->b, name, &b, error);
    for (size_t i = 0; result == STATUS_OK && c->equal && i < a.axes[0].count; i++)
        if (strcmp(a.axes[0].labels[i], b.axes[0].labels[i]) != 0)
            result = differ(c, "%s(%zu): %s != %s", name, i, a.axes[0].labels[i], b.axes[0].labels[i]);
    grid_release(&a);
    grid_release(&b);
    return result;
}

/* ---- Structure --------------------------------------------------------------------------------- */

static void shape_text(const results_dataset *d, char text[PLACE_SIZE]) {
    static_assert(PLACE_SIZE > RESULTS_MAX_RANK * (RESULTS_NAME_SIZE + 24) + 2, "every shape fits");
    size_t used = (size_t)snprintf(text, PLACE_SIZE, "(");
    for (int i = 0; i < d->rank; i++)
        used += (size_t)snprintf(text + used, PLACE_SIZE - used, "%s%s: %zu", i > 0 ? ", " : "", d->scales[i],
                                 d->dims[i]);
    snprintf(text + used, PLACE_SIZE - used, ")");
}

static status compare_shape(comparison *c, const results_dataset *a, const results_dataset *b) {
    char shape_a[PLACE_SIZE], shape_b[PLACE_SIZE];
    shape_text(a, shape_a);
    shape_text(b, shape_b);
    if (strcmp(shape_a, shape_b) != 0)
        return differ(c, "%s: shape %s != %s", a->name, shape_a, shape_b);
    return a->type == b->type ? STATUS_OK : differ(c, "%s: the types of the values differ", a->name);
}

static bool has_name(const results_reader *r, const char *name) {
    for (int i = 0; i < results_reader_count(r); i++)
        if (strcmp(results_reader_name(r, i), name) == 0)
            return true;
    return false;
}

static void compare_names(comparison *c, const results_reader *one, const results_reader *other,
                          const char *path) {
    for (int i = 0; c->equal && i < results_reader_count(one); i++)
        if (!has_name(other, results_reader_name(one, i)))
            differ(c, "%s: not in %s", results_reader_name(one, i), path);
}

static status compare_dataset(comparison *c, const char *name, error_info *error) {
    results_dataset a, b;
    RETURN_IF_FAILED(results_reader_describe(c->a, name, &a, error));
    RETURN_IF_FAILED(results_reader_describe(c->b, name, &b, error));
    RETURN_IF_FAILED(compare_shape(c, &a, &b));
    if (!c->equal)
        return STATUS_OK;
    return a.type == ELEMENT_TEXT ? compare_labels(c, name, error) : compare_values(c, &a, error);
}

/* Only the first differing key is reported. */
static status differ_in_job(comparison *c, const char *canonical_a, const char *canonical_b,
                            error_info *error) {
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    if (stream == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory");
    job_print_differences(stream, canonical_a, canonical_b);
    fclose(stream);
    differ(c, "job: %.*s", (int)strcspn(text, "\n"), text);
    free(text);
    return STATUS_OK;
}

static status compare_jobs(comparison *c, error_info *error) {
    char *a = NULL, *b = NULL;
    status result = results_reader_attribute(c->a, "job_canonical", &a, error);
    if (result == STATUS_OK)
        result = results_reader_attribute(c->b, "job_canonical", &b, error);
    if (result == STATUS_OK && strcmp(a, b) != 0)
        result = differ_in_job(c, a, b, error);
    free(a);
    free(b);
    return result;
}

static status compare_data(comparison *c, data_split_kind split, error_info *error) {
    char name[RESULTS_SETTING_SIZE], *a = NULL, *b = NULL;
    results_digest_name(split, name);
    status result = results_reader_attribute_or(c->a, name, "not recorded", &a, error);
    if (result == STATUS_OK)
        result = results_reader_attribute_or(c->b, name, "not recorded", &b, error);
    if (result == STATUS_OK && c->equal && strcmp(a, b) != 0)
        result = differ(c, "data, %s split: digest %s != %s", data_split_label(split), a, b);
    free(a);
    free(b);
    return result;
}

static status compare(comparison *c, error_info *error) {
    RETURN_IF_FAILED(results_reader_open(&c->a, c->path_a, error));
    RETURN_IF_FAILED(results_reader_open(&c->b, c->path_b, error));
    RETURN_IF_FAILED(compare_jobs(c, error));
    for (int split = 0; split < SPLIT_COUNT; split++)
        RETURN_IF_FAILED(compare_data(c, (data_split_kind)split, error));
    compare_names(c, c->a, c->b, c->path_b);
    compare_names(c, c->b, c->a, c->path_a);
    for (int i = 0; c->equal && i < results_reader_count(c->a); i++)
        RETURN_IF_FAILED(compare_dataset(c, results_reader_name(c->a, i), error));
    return STATUS_OK;
}

status results_compare(const char *path_a, const char *path_b, bool *equal, char *difference, size_t size,
                       error_info *error) {
    comparison c = {
        .path_a = path_a, .path_b = path_b, .equal = true, .difference = difference, .size = size};
    status result = compare(&c, error);
    results_reader_close(&c.a);
    results_reader_close(&c.b);
    *equal = result == STATUS_OK && c.equal;
    return result;
}
