/* A digest of what verify compares, to quote: the job, the digests of the data, and every data set outside
 * /provenance, by name. It does not depend on ranks, times or how the file is laid out. */
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "grid/digest.h"
#include "grid/grid.h"
#include "io/results/digest.h"
#include "io/results/layout.h"
#include "io/results/origin.h"
#include "io/results/reader.h"
#include "io/results/settings.h"

enum { BLOCK_BYTES = 8 << 20 };

/* With its zero byte, so that two texts do not run together. */
static void add_text(XXH3_state_t *hash, const char *text) {
    XXH3_128bits_update(hash, text, strlen(text) + 1);
}

static void add_number(XXH3_state_t *hash, uint64_t number) {
    XXH3_128bits_update(hash, &number, sizeof number);
}

static status add_attribute(XXH3_state_t *hash, results_reader *reader, const char *name, error_info *error) {
    char *text;
    RETURN_IF_FAILED(results_reader_attribute_or(reader, name, "none", &text, error));
    add_text(hash, text);
    free(text);
    return STATUS_OK;
}

static status add_labels(XXH3_state_t *hash, results_reader *reader, const char *name, error_info *error) {
    grid axis = {0};
    status result = results_reader_append_axis(reader, name, &axis, error);
    for (size_t i = 0; result == STATUS_OK && i < axis.axes[0].count; i++)
        add_text(hash, axis.axes[0].labels[i]);
    grid_release(&axis);
    return result;
}

/* In blocks of whole slices along the first dimension. */
static status add_values(XXH3_state_t *hash, results_reader *reader, const results_dataset *d,
                         error_info *error) {
    const size_t slices = d->rank > 0 ? d->dims[0] : 1;
    const size_t slice_bytes = results_dataset_slice(d) * element_size(d->type);
    const size_t block = BLOCK_BYTES / (slice_bytes + 1) + 1, most = block < slices ? block : slices;
    void *values = malloc(most * slice_bytes + 1);
    if (values == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory: %zu bytes", most * slice_bytes);
    status result = STATUS_OK;
    for (size_t first = 0; result == STATUS_OK && first < slices; first += most) {
        const size_t count = slices - first < most ? slices - first : most;
        result = results_reader_read(reader, d, first, count, values, error);
        if (result == STATUS_OK)
            XXH3_128bits_update(hash, values, count * slice_bytes);
    }
    free(values);
    return result;
}

static status add_dataset(XXH3_state_t *hash, results_reader *reader, const char *name, error_info *error) {
    results_dataset d;
    RETURN_IF_FAILED(results_reader_describe(reader, name, &d, error));
    add_text(hash, name);
    add_number(hash, d.type);
    add_number(hash, (uint64_t)d.rank);
    for (int i = 0; i < d.rank; i++) {
        add_text(hash, d.scales[i]);
        add_number(hash, d.dims[i]);
    }
    return d.type == ELEMENT_TEXT ? add_labels(hash, reader, name, error)
                                  : add_values(hash, reader, &d, error);
}

static int compare_names(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static status add_datasets(XXH3_state_t *hash, results_reader *reader, error_info *error) {
    const int count = results_reader_count(reader);
    const char **names = calloc((size_t)count, sizeof *names);
    if (names == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory");
    for (int i = 0; i < count; i++)
        names[i] = results_reader_name(reader, i);
    qsort(names, (size_t)count, sizeof *names, compare_names);
    status result = STATUS_OK;
    for (int i = 0; result == STATUS_OK && i < count; i++)
        result = add_dataset(hash, reader, names[i], error);
    free(names);
    return result;
}

static status add_all(XXH3_state_t *hash, results_reader *reader, error_info *error) {
    RETURN_IF_FAILED(add_attribute(hash, reader, "job_canonical", error));
    for (int split = 0; split < SPLIT_COUNT; split++) {
        char name[RESULTS_SETTING_SIZE];
        results_digest_name((data_split_kind)split, name);
        RETURN_IF_FAILED(add_attribute(hash, reader, name, error));
    }
    return add_datasets(hash, reader, error);
}

static status digest_content(results_reader *reader, digest128 *out, error_info *error) {
    XXH3_state_t *hash = XXH3_createState();
    if (hash == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory");
    XXH3_128bits_reset(hash);
    status result = add_all(hash, reader, error);
    const XXH128_hash_t digest = XXH3_128bits_digest(hash);
    XXH3_freeState(hash);
    *out = (digest128){digest.high64, digest.low64};
    return result;
}

status results_content_digest(const char *path, digest128 *out, error_info *error) {
    results_reader *reader;
    RETURN_IF_FAILED(results_reader_open(&reader, path, error));
    status result = digest_content(reader, out, error);
    results_reader_close(&reader);
    return result;
}
