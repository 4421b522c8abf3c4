/* Does a results file belong to the job at hand? */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "grid/grid.h"
#include "io/job/job.h"
#include "io/results/check.h"
#include "io/results/reader.h"

enum { VALUE_SIZE = 256 };

/* The differing keys on one line, separated by "; ". NULL when memory is out; the caller frees it. */
static char *list_differences(const char *in_file, const char *in_job) {
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    if (stream == NULL)
        return NULL;
    job_print_differences(stream, in_file, in_job);
    if (fclose(stream) != 0) {
        free(text);
        return NULL;
    }
    while (size > 0 && text[size - 1] == '\n')
        text[--size] = '\0';
    for (char *end = strchr(text, '\n'); end != NULL; end = strchr(end, '\n'))
        *end = ';';
    return text;
}

static status other_job(const char *path, const char *in_file, const char *in_job, error_info *error) {
    char *differences = list_differences(in_file, in_job);
    error_set(
        error, STATUS_USAGE,
        "%s: holds the results of another job; name another file with -o, or undo these changes (file → "
        "job): %s",
        path, differences != NULL ? differences : "not listed, out of memory");
    free(differences);
    return STATUS_USAGE;
}

static bool same_axes(const grid *a, const grid *b) {
    for (int i = 0; i < a->axis_count && i < b->axis_count; i++)
        if (strcmp(a->axes[i].name, b->axes[i].name) != 0 || a->axes[i].kind != b->axes[i].kind)
            return false;
    return a->axis_count == b->axis_count;
}

/* Every value of the file's axis must be on the job's axis. */
static status check_values(const char *path, const grid_axis *in_file, const grid_axis *in_job,
                           error_info *error) {
    char value[VALUE_SIZE];
    size_t lost = 0, position = 0;
    for (size_t i = 0; i < in_file->count; i++)
        if (!grid_find_value(in_job, in_file, i, &position) && lost++ == 0)
            grid_value_text(in_file, i, value, sizeof value);
    if (lost == 0)
        return STATUS_OK;
    char more[64] = "";
    if (lost > 1)
        snprintf(more, sizeof more, " and %zu more of its values", lost - 1);
    return error_set(error, STATUS_USAGE,
                     "%s: has cells of %s=%s%s, which the job no longer has; a results file keeps its "
                     "values: put the values back (--only trains a part), or name another file with -o",
                     path, in_file->name, value, more);
}

/* The job has all axes of the file, and those that the file lacks have a base. */
static bool has_axes(const grid *whole, const grid *part) {
    int based = 0;
    for (int i = 0; i < whole->axis_count; i++)
        based += whole->axes[i].has_base && grid_find_axis(part, &whole->axes[i]) < 0;
    for (int i = 0; i < part->axis_count; i++)
        if (grid_find_axis(whole, &part->axes[i]) < 0)
            return false;
    return part->axis_count + based == whole->axis_count;
}

/* The first axis that the job has and the file lacks, when the file has no others; NULL. */
static const grid_axis *added_axis(const grid *whole, const grid *part) {
    const grid_axis *added = NULL;
    for (int i = 0; i < part->axis_count; i++)
        if (grid_find_axis(whole, &part->axes[i]) < 0)
            return NULL;
    for (int i = whole->axis_count - 1; i >= 0; i--)
        if (!whole->axes[i].has_base && grid_find_axis(part, &whole->axes[i]) < 0)
            added = &whole->axes[i];
    return added;
}

static status other_axes(const char *path, const char *in_file, const grid *part, const job *j,
                         error_info *error) {
    const grid_axis *added = added_axis(&j->grid, part);
    if (added == NULL)
        return other_job(path, in_file, j->canonical, error);
    return error_set(error, STATUS_USAGE,
                     "%s: has no axis %s; name another file with -o, or say which of its values the cells of "
                     "the file have: sweep.%s.base%s",
                     path, added->name, added->name,
                     added->kind == AXIS_RUN ? ", as in run: {count: 5, base: 0}" : "");
}

/* The file holds a part of the job's grid when the job with the file's axis values would be the file's. */
static status check_part(results_reader *reader, const char *path, const char *in_file, const job *j,
                         error_info *error) {
    const grid *part = results_reader_grid(reader);
    if (!has_axes(&j->grid, part))
        return other_axes(path, in_file, part, j, error);
    for (int i = 0; i < part->axis_count; i++) {
        const int axis = grid_find_axis(&j->grid, &part->axes[i]);
        RETURN_IF_FAILED(check_values(path, &part->axes[i], &j->grid.axes[axis], error));
    }
    char *canonical;
    status result = job_part_canonical(j, part, &canonical, error);
    if (result == STATUS_OK && strcmp(in_file, canonical) != 0)
        result = other_job(path, in_file, canonical, error);
    free(canonical);
    return result;
}

/* No checksum covers the values of the axes, but the job has them. */
static status check_axes(results_reader *reader, const char *path, const grid *g, error_info *error) {
    const grid *in_file = results_reader_grid(reader);
    bool same = same_axes(in_file, g);
    for (int i = 0; same && i < g->axis_count; i++)
        same = in_file->axes[i].count == g->axes[i].count;
    for (int i = 0; same && i < g->axis_count; i++)
        for (size_t k = 0; same && k < g->axes[i].count; k++) {
            size_t position = k;
            same = grid_find_value(&g->axes[i], &in_file->axes[i], k, &position) && position == k;
        }
    return same ? STATUS_OK
                : error_set(
                      error, STATUS_IO,
                      "%s: is damaged: the values on its axes are not those of the job in it; restore it "
                      "from a copy",
                      path);
}

status results_check_job(results_reader *reader, const char *path, const job *j, bool *grows,
                         error_info *error) {
    char *canonical = NULL;
    *grows = false;
    RETURN_IF_FAILED(results_reader_attribute(reader, "job_canonical", &canonical, error));
    status result;
    if (strcmp(canonical, j->canonical) != 0) {
        result = check_part(reader, path, canonical, j, error);
        *grows = result == STATUS_OK;
    } else {
        result = check_axes(reader, path, &j->grid, error);
    }
    free(canonical);
    return result;
}

/* The differing keys, and what to do where only axis values differ. */
static status other_job_than(results_reader *reader, results_reader *model, const char *in_file,
                             const char *in_model, error_info *error) {
    const bool grows = same_axes(results_reader_grid(reader), results_reader_grid(model));
    char *differences = list_differences(in_model, in_file);
    error_set(error, STATUS_USAGE, "%s: holds the results of another job than %s: %s%s",
              results_reader_path(reader), results_reader_path(model),
              differences != NULL ? differences : "not listed, out of memory",
              grows ? "; where only axis values differ, mpisweep run -o FILE with a job that has them all "
                      "enlarges each file first"
                    : "");
    free(differences);
    return STATUS_USAGE;
}

status results_check_same_job(results_reader *reader, results_reader *model, error_info *error) {
    char *in_file = NULL, *in_model = NULL;
    status result = results_reader_attribute(reader, "job_canonical", &in_file, error);
    if (result == STATUS_OK)
        result = results_reader_attribute(model, "job_canonical", &in_model, error);
    if (result == STATUS_OK && strcmp(in_file, in_model) != 0)
        result = other_job_than(reader, model, in_file, in_model, error);
    else if (result == STATUS_OK)
        result = check_axes(reader, results_reader_path(reader), results_reader_grid(model), error);
    free(in_file);
    free(in_model);
    return result;
}

status results_check_restored_job(results_reader *reader, const job *j, error_info *error) {
    char *in_file;
    RETURN_IF_FAILED(results_reader_attribute(reader, "job_canonical", &in_file, error));
    const bool same = strcmp(in_file, j->canonical) == 0;
    char *differences = same ? NULL : list_differences(in_file, j->canonical);
    free(in_file);
    if (same)
        return check_axes(reader, results_reader_path(reader), &j->grid, error);
    error_set(
        error, STATUS_USAGE,
        "%s: its job text does not give the job of its cells; where that had settings that the file does "
        "not record, repeat them with --set (cells → job text): %s",
        results_reader_path(reader), differences != NULL ? differences : "not listed, out of memory");
    free(differences);
    return STATUS_USAGE;
}
