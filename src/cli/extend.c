/* mpisweep extend: gives a results file another axis, along which all its cells have one value. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/file_job.h"
#include "cli/verbs.h"
#include "io/job/added_axis.h"
#include "io/option/option.h"
#include "io/results/reader.h"
#include "io/results/results.h"

/* The texts point into argv. */
typedef struct extend_options {
    const char *path, *value, *axis, *data_directory, *job_directory;
} extend_options;

static status read_axis(const cli_option *o, const char *value, void *field, error_info *error) {
    if (!option_is_name(value, GRID_NAME_SIZE - 1))
        return cli_refuse(o, value, error, "at most %d letters, digits and _, beginning with a letter",
                          GRID_NAME_SIZE - 1);
    *(const char **)field = value;
    return STATUS_OK;
}

static const cli_kind axis_name_kind = {.read = read_axis};

static status has_no_axis(const results_reader *reader, const char *name, error_info *error) {
    const grid *g = results_reader_grid(reader);
    for (int i = 0; i < g->axis_count; i++)
        if (strcmp(g->axes[i].name, name) == 0)
            return error_set(error, STATUS_USAGE,
                             "%s: has an axis %s already; mpisweep run with more values in the job's "
                             "sweep.%s adds them",
                             results_reader_path(reader), name, name);
    return STATUS_OK;
}

/* The file's job with the axis. */
static status restore(file_job *f, const extend_options *o, const char *name, const char *setting,
                      error_info *error) {
    results_reader *reader;
    char kernels[RESULTS_SETTING_SIZE];
    RETURN_IF_FAILED(results_reader_open(&reader, o->path, error));
    status result = has_no_axis(reader, name, error);
    if (result == STATUS_OK)
        result = file_job_use_kernels(reader, kernels, error);
    if (result == STATUS_OK)
        result = file_job_restore(f, reader, o->job_directory, &setting, 1, error);
    results_reader_close(&reader);
    return result;
}

/* As a session that trains nothing. */
static status enlarge(file_job *f, const extend_options *o, error_info *error) {
    results *r;
    RETURN_IF_FAILED(file_job_load_data(f, o->data_directory, error));
    RETURN_IF_FAILED(results_open(&r, o->path, f->job, &f->records, &f->origin, 1, error));
    return results_close(&r, error);
}

static status extend(file_job *f, const extend_options *o, error_info *error) {
    char name[GRID_NAME_SIZE] = "", setting[ADDED_AXIS_SIZE];
    if (o->axis != NULL)
        snprintf(name, sizeof name, "%s", o->axis);
    RETURN_IF_FAILED(job_added_axis(o->value, name, setting, error));
    RETURN_IF_FAILED(restore(f, o, name, setting, error));
    RETURN_IF_FAILED(enlarge(f, o, error));
    printf("%s has the axis %s now. Put this into the job file, with more values, and run it with -o %s:\n"
           "  %.*s: %s\n",
           o->path, name, o->path, (int)strcspn(setting, "=") - 6, setting + 6, strchr(setting, '=') + 1);
    return STATUS_OK;
}

static status run_extend(int argc, char **argv, error_info *error) {
    extend_options options = {0};
    RETURN_IF_FAILED(cli_parse(&cli_extend, argc, argv, &options, error));
    options.data_directory = cli_data_directory(options.data_directory);
    file_job *f = calloc(1, sizeof *f);
    if (f == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory");
    const status result = extend(f, &options, error);
    file_job_release(f);
    free(f);
    return result;
}

const cli_verb cli_extend = {
    .name = "extend",
    .summary = "give a results file another axis",
    .description =
        "Adds an axis to the file, last, along which all its cells have the value that they were trained "
        "with. That becomes the base of the axis: cells there keep their results, bit for bit. The job with "
        "the axis and more values then trains the rest into the same file. Cells, settings and provenance "
        "are copied, all or nothing.\n"
        "mpisweep run does the same by itself when the job has an axis with a base that the file lacks.",
    .run = run_extend,
    .arguments = {{"RESULTS.h5", offsetof(extend_options, path), .help = "the results file"},
                  {"KEY=VALUE", offsetof(extend_options, value),
                   .help = "the key that the axis sets, or its last word where that is enough, and the value "
                           "that the cells have, such as optimizer.momentum=0.9; run=0 for repeats"}},
    .options =
        {
            {.name = "axis",
             .argument = "NAME",
             .kind = &axis_name_kind,
             .offset = offsetof(extend_options, axis),
             .help = "the name of the axis (default: the last word of the key)"},
            {.name = "data",
             .argument = "DIR",
             .kind = &cli_directory,
             .offset = offsetof(extend_options, data_directory),
             .help = "directory of the data sets (default: $MPISWEEP_DATA, else ./data)"},
            {.name = "job-directory",
             .argument = "DIR",
             .kind = &cli_directory,
             .offset = offsetof(extend_options, job_directory),
             .help = "where relative paths of the job begin (default: the directory of RESULTS.h5)"},
        },
};
