#include "io/data/digest.h"

#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <xxhash.h>

#include "io/data/format.h"
#include "io/file/path.h"

/* ---- Digests ----------------------------------------------------------------------------------- */

static void add_number(XXH3_state_t *hash, uint64_t number) {
    XXH3_128bits_update(hash, &number, sizeof number);
}

/* `rows` rows of `bytes` each, in the order of the split; one piece where the split is the whole store. */
static void add_rows(XXH3_state_t *hash, const dataset_split *split, const void *rows, size_t bytes) {
    if (rows == NULL)
        return;
    if (split->index == NULL) {
        XXH3_128bits_update(hash, rows, split->count * bytes);
        return;
    }
    for (size_t i = 0; i < split->count; i++)
        XXH3_128bits_update(hash, (const char *)rows + split->index[i] * bytes, bytes);
}

static void add_description(XXH3_state_t *hash, const dataset *d, const dataset_split *split) {
    const uint64_t numbers[] = {split->count,
                                (uint64_t)d->shape.channels,
                                (uint64_t)d->shape.height,
                                (uint64_t)d->shape.width,
                                (uint64_t)d->classes,
                                (uint64_t)d->target_count,
                                split->features != NULL,
                                split->labels != NULL,
                                (uint64_t)d->points.kind};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        add_number(hash, numbers[i]);
    XXH3_128bits_update(hash, &d->points.spread, sizeof d->points.spread);
    add_number(hash, d->points.per_cell);
}

static digest128 digest_split(XXH3_state_t *hash, const dataset *d, const dataset_split *split) {
    const size_t size = (size_t)d->shape.channels * (size_t)d->shape.height * (size_t)d->shape.width;
    if (split->count == 0)
        return (digest128){0};
    XXH3_128bits_reset(hash);
    add_description(hash, d, split);
    add_rows(hash, split, split->pixels, size);
    add_rows(hash, split, split->features, size * sizeof *split->features);
    add_rows(hash, split, split->labels, sizeof *split->labels);
    add_rows(hash, split, split->targets, (size_t)d->target_count * sizeof *split->targets);
    const XXH128_hash_t result = XXH3_128bits_digest(hash);
    return (digest128){result.high64, result.low64};
}

status data_digest(const dataset *d, data_digests *out, error_info *error) {
    XXH3_state_t *hash = XXH3_createState();
    if (hash == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory");
    out->splits[SPLIT_TRAIN] = digest_split(hash, d, &d->train);
    out->splits[SPLIT_VALIDATION] = digest_split(hash, d, &d->validation);
    out->splits[SPLIT_TEST] = digest_split(hash, d, &d->test);
    XXH3_freeState(hash);
    return STATUS_OK;
}

/* ---- Words ------------------------------------------------------------------------------------- */

/* As the reader finds it; as written where the path is too long for that. */
static void resolve(const data_spec *spec, const char *path, char out[PATH_MAX]) {
    if (path_beside(spec->job_path, path, out, NULL) != STATUS_OK)
        snprintf(out, PATH_MAX, "%s", path);
}

static void files_text(const data_spec *spec, const data_files *files, char *text, size_t size) {
    char x[PATH_MAX], y[PATH_MAX];
    const bool two = files->file[0] == '\0';
    resolve(spec, two ? files->x : files->file, x);
    resolve(spec, files->y, y);
    snprintf(text, size, "%s%s%s", x, two ? " and " : "", two ? y : "");
}

/* Validation samples without files of their own are held out of the training set. */
static const data_files *files_of(const data_spec *spec, data_split_kind split) {
    const data_files *own = split == SPLIT_TEST         ? &spec->test
                            : split == SPLIT_VALIDATION ? &spec->validation
                                                        : &spec->train;
    return own->file[0] != '\0' || own->x[0] != '\0' ? own : &spec->train;
}

void data_place(const data_spec *spec, const char *data_directory, data_split_kind split, char *text,
                size_t size) {
    switch (data_format_of(spec->source)->home) {
    case HOME_DIRECTORY:
        snprintf(text, size, "the data directory %s", data_directory);
        break;
    case HOME_JOB:
        files_text(spec, files_of(spec, split), text, size);
        break;
    case HOME_NONE:
        snprintf(text, size, "a generator");
        break;
    }
}

void data_shape_text(const dataset *d, char *text, size_t size) {
    snprintf(text, size, "%zu + %zu + %zu samples of %d × %d × %d, %d %s", d->train.count,
             d->validation.count, d->test.count, d->shape.channels, d->shape.height, d->shape.width,
             d->classes > 0 ? d->classes : d->target_count, d->classes > 0 ? "classes" : "targets");
}

/* ---- Origin ------------------------------------------------------------------------------------ */

static data_origin origin_of_directory(const char *path) {
    struct stat info;
    if (stat(path, &info) != 0)
        return (data_origin){0};
    return (data_origin){info.st_dev, info.st_ino};
}

/* Paths of files are relative to the job file; absolute ones are the same for all. */
data_origin data_origin_of(const data_spec *spec, const char *data_directory) {
    char path[PATH_MAX];
    switch (data_format_of(spec->source)->home) {
    case HOME_DIRECTORY:
        return origin_of_directory(data_directory);
    case HOME_JOB:
        snprintf(path, sizeof path, "%s", spec->job_path);
        return origin_of_directory(dirname(path));
    case HOME_NONE:
        break;
    }
    return (data_origin){0};
}
