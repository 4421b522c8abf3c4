#include "cli/file_job.h"

#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/build_info.h"
#include "cli/cpu_name.h"
#include "io/data/digest.h"
#include "io/job/data.h"

/* ---- Kernel set -------------------------------------------------------------------------------- */

static void use_kernels(const char *name) {
    const char *known;
    for (int bit = 0; (known = engine_kernels_name(bit)) != NULL; bit++)
        if (strcmp(known, name) == 0 && engine_kernels_usable() >> bit & 1)
            engine_kernels_use(bit);
}

status file_job_use_kernels(results_reader *reader, char in_file[RESULTS_SETTING_SIZE], error_info *error) {
    char *name;
    RETURN_IF_FAILED(engine_kernels_check(error));
    RETURN_IF_FAILED(results_reader_attribute(reader, "kernels", &name, error));
    if (!engine_kernels_forced())
        use_kernels(name);
    snprintf(in_file, RESULTS_SETTING_SIZE, "%s", name);
    free(name);
    return STATUS_OK;
}

/* ---- Job --------------------------------------------------------------------------------------- */

/* Where the job file would be: its name in messages, and the directory in which relative paths begin. */
static status name_job(const char *file, const char *directory, char path[PATH_MAX], error_info *error) {
    char copy[PATH_MAX];
    const char *slash = strrchr(file, '/');
    snprintf(copy, sizeof copy, "%s", file);
    if (directory == NULL)
        directory = dirname(copy);
    const int length =
        snprintf(path, PATH_MAX, "%s/job_text of %s", directory, slash != NULL ? slash + 1 : file);
    return length < PATH_MAX ? STATUS_OK : error_set(error, STATUS_IO, "%s: the path is too long", file);
}

status file_job_restore(file_job *f, results_reader *reader, const char *directory,
                        const char *const settings[], int count, error_info *error) {
    const char *file = results_reader_path(reader);
    char path[PATH_MAX], *text = NULL, *list = NULL;
    RETURN_IF_FAILED(name_job(file, directory, path, error));
    status result = results_reader_attribute(reader, "job_text", &text, error);
    if (result == STATUS_OK)
        result = results_reader_attribute_or(reader, "job_settings", "[]", &list, error);
    if (result == STATUS_OK)
        result = results_reader_attribute_or(reader, "libraries", "", &f->libraries, error);
    if (result == STATUS_OK) {
        result = job_restore(&f->job, path, text, list, settings, count, error);
        if (result != STATUS_OK)
            error_prefix(error, "the job in %s: ", file);
    }
    free(text);
    free(list);
    return result;
}

/* ---- Data -------------------------------------------------------------------------------------- */

static void set_origin(file_job *f, const char *data_directory) {
    cpu_name(f->cpu, sizeof f->cpu);
    f->origin = (results_origin){.version = build_version,
                                 .commit = build_commit,
                                 .kernels = engine_kernels(),
                                 .cpu = f->cpu,
                                 .libraries = f->libraries,
                                 .numerics = ENGINE_NUMERICS,
                                 .data = f->digests};
    for (int split = 0; split < SPLIT_COUNT; split++) {
        data_place(&f->job->data, data_directory, (data_split_kind)split, f->places[split], WIRE_PLACE_SIZE);
        f->origin.data_places[split] = f->places[split];
    }
}

status file_job_load_data(file_job *f, const char *data_directory, error_info *error) {
    job *j = f->job;
    RETURN_IF_FAILED(job_describe_data(j, data_directory, &f->stored, error));
    RETURN_IF_FAILED(job_check(j, &f->stored.data, NULL, error));
    RETURN_IF_FAILED(job_layout(j, &f->stored.data, &f->records, error));
    const size_t bytes = dataset_bytes(&f->stored);
    f->samples = malloc(bytes + 1); /* never of size zero */
    if (f->samples == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory for %zu bytes of data", bytes);
    RETURN_IF_FAILED(dataset_read(&j->data, data_directory, j->seed, f->samples, &f->stored, error));
    RETURN_IF_FAILED(data_digest(&f->stored.data, &f->digests, error));
    set_origin(f, data_directory);
    return STATUS_OK;
}

void file_job_release(file_job *f) {
    job_destroy(&f->job);
    free(f->samples);
    free(f->libraries);
    f->samples = NULL;
    f->libraries = NULL;
}
