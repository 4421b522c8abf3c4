#include "io/job/job.h"
#include "io/option/yaml_tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "io/file/path.h"
#include "io/job/axes.h"
#include "io/job/canonical.h"
#include "io/job/draws.h"
#include "io/job/keys.h"
#include "io/job/table.h"
#include "io/job/variants.h"
#include "io/job/where.h"

static status out_of_memory(error_info *error) {
    return error_set(error, STATUS_INTERNAL, "out of memory while reading the job file");
}

/* ---- Loading ----------------------------------------------------------------------------------- */

/* Reads one byte more than a job file may have, so that tree_parse sees that it is too long. */
static status read_text(job *j, size_t *size, error_info *error) {
    uint64_t ignored;
    RETURN_IF_FAILED(path_file_size(j->path, &ignored, error));
    FILE *stream = fopen(j->path, "rb");
    if (stream == NULL)
        return error_set(error, STATUS_IO, "%s: %s", j->path, strerror(errno));
    j->text = calloc(1, TREE_MAX_BYTES + 2);
    status result = j->text != NULL ? STATUS_OK : out_of_memory(error);
    if (result == STATUS_OK) {
        *size = fread(j->text, 1, TREE_MAX_BYTES + 1, stream);
        if (ferror(stream))
            result = error_set(error, STATUS_IO, "%s: %s", j->path, strerror(errno));
    }
    fclose(stream); /* read only: nothing can be lost */
    return result;
}

static bool is_path(const char *key) {
    return key[0] != '\0' && key[0] != '.' && key[strlen(key) - 1] != '.' && strstr(key, "..") == NULL;
}

static const char set_option[] = "--set ";

/* Put "KEY=VALUE" into the tree. `source`, "--set KEY=VALUE", outlives the tree. */
static status apply_setting(job *j, const char *source, const char *setting, error_info *error) {
    const char *value = strchr(setting, '=');
    char *key = strndup(setting, value != NULL ? (size_t)(value - setting) : 0);
    if (key == NULL)
        return out_of_memory(error);
    tree_node *node = NULL;
    status result = is_path(key) ? STATUS_OK
                                 : tree_error(error, (tree_place){.source = source},
                                              "not a setting; accepted: KEY=VALUE, such as train.epochs=3");
    if (result == STATUS_OK)
        result = tree_parse(&node, source, false, value + 1, strlen(value + 1), error);
    if (result == STATUS_OK)
        result = job_key_replace(j->details->tree, key, node, error);
    free(key);
    return result;
}

/* After those that were applied before. */
static status apply_settings(job *j, const char *const settings[], int count, error_info *error) {
    job_details *details = j->details;
    if (details->tree->kind != TREE_MAP || count == 0)
        return STATUS_OK;
    char **sources =
        realloc(details->sources, (size_t)(details->source_count + count) * sizeof *details->sources);
    if (sources == NULL)
        return out_of_memory(error);
    details->sources = sources;
    for (int i = 0; i < count; i++) {
        char **source = &details->sources[details->source_count];
        if (asprintf(source, "%s%s", set_option, settings[i]) < 0)
            return out_of_memory(error);
        details->source_count++;
        RETURN_IF_FAILED(apply_setting(j, *source, settings[i], error));
    }
    return STATUS_OK;
}

static status check_records(const job *j, error_info *error) {
    for (int q = 0; q < RECORD_QUANTITY_COUNT; q++)
        if (j->base.records[q].every > 0)
            return STATUS_OK;
    const tree_node *section = tree_find(j->details->tree, "record");
    return tree_error(error, (section != NULL ? section : j->details->tree)->place,
                      "record: nothing is recorded; accepted: at least one quantity, such as "
                      "record.test_accuracy.every: 1 epoch");
}

static status begin(job **out, const char *path, error_info *error) {
    job *j = *out = calloc(1, sizeof **out);
    if (j == NULL)
        return out_of_memory(error);
    j->path = strdup(path);
    j->details = calloc(1, sizeof *j->details);
    if (j->path == NULL || j->details == NULL)
        return out_of_memory(error);
    j->data.job_path = j->path;
    return STATUS_OK;
}

static status parse(job *j, size_t size, error_info *error) {
    return tree_parse(&j->details->tree, j->path, true, j->text, size, error);
}

/* All that follows from the tree. */
static status complete(job *j, error_info *error) {
    RETURN_IF_FAILED(option_check_keys(&job_table, "", j->details->tree, error));
    RETURN_IF_FAILED(job_axes_read(j, error));
    RETURN_IF_FAILED(job_where_read(j, error));
    RETURN_IF_FAILED(job_variants_read(j, error));
    RETURN_IF_FAILED(check_records(j, error));
    j->data.predicts_probabilities = LOSSES_OF_LABELS >> j->base.loss.kind & 1;
    j->data.predicts_numbers = LOSSES_OF_NUMBERS >> j->base.loss.kind & 1;
    return job_write_canonical(j, error);
}

static status load(job **out, const char *path, const char *const settings[], int count, error_info *error) {
    size_t size = 0;
    RETURN_IF_FAILED(begin(out, path, error));
    RETURN_IF_FAILED(read_text(*out, &size, error));
    RETURN_IF_FAILED(parse(*out, size, error));
    RETURN_IF_FAILED(apply_settings(*out, settings, count, error));
    return complete(*out, error);
}

status job_load(job **out, const char *path, const char *const settings[], int count, error_info *error) {
    const status result = load(out, path, settings, count, error);
    if (result != STATUS_OK)
        job_destroy(out);
    return result;
}

/* ---- In a results file ------------------------------------------------------------------------- */

status job_list_settings(const job *j, char **list, error_info *error) {
    size_t size;
    FILE *stream = open_memstream(list, &size);
    if (stream == NULL)
        return out_of_memory(error);
    putc('[', stream);
    for (int i = 0; i < j->details->source_count; i++) {
        fputs(i > 0 ? ", " : "", stream);
        text_print_json(stream, j->details->sources[i] + strlen(set_option));
    }
    putc(']', stream);
    if (fclose(stream) == 0)
        return STATUS_OK;
    free(*list);
    *list = NULL;
    return out_of_memory(error);
}

static status apply_list(job *j, const char *list, error_info *error) {
    tree_node *settings;
    RETURN_IF_FAILED(tree_parse(&settings, "the settings of the job", false, list, strlen(list), error));
    status result = STATUS_OK;
    for (const tree_node *node = settings->first; result == STATUS_OK && node != NULL; node = node->next) {
        const char *const setting = node->kind == TREE_SCALAR ? node->text : "";
        result = apply_settings(j, &setting, 1, error);
    }
    tree_destroy(&settings);
    return result;
}

static status restore(job **out, const char *path, const char *text, const char *list,
                      const char *const settings[], int count, error_info *error) {
    RETURN_IF_FAILED(begin(out, path, error));
    (*out)->text = strdup(text);
    if ((*out)->text == NULL)
        return out_of_memory(error);
    RETURN_IF_FAILED(parse(*out, strlen(text), error));
    RETURN_IF_FAILED(apply_list(*out, list, error));
    RETURN_IF_FAILED(apply_settings(*out, settings, count, error));
    return complete(*out, error);
}

status job_restore(job **out, const char *path, const char *text, const char *list,
                   const char *const settings[], int count, error_info *error) {
    const status result = restore(out, path, text, list, settings, count, error);
    if (result != STATUS_OK)
        job_destroy(out);
    return result;
}

static void details_destroy(job *j) {
    job_details *details = j->details;
    if (details == NULL)
        return;
    tree_destroy(&details->tree);
    for (int i = 0; i < details->source_count; i++)
        free(details->sources[i]);
    free(details->sources);
    for (int axis = 0; axis < GRID_MAX_AXES; axis++)
        job_draws_destroy(&details->axes[axis].draws, details->axes[axis].key_count);
    job_where_destroy(j);
    free(details->variants);
    job_arrays_destroy(&details->arrays);
    free(details);
}

void job_destroy(job **j) {
    if (*j == NULL)
        return;
    details_destroy(*j);
    grid_release(&(*j)->grid);
    free((*j)->path);
    free((*j)->text);
    free((*j)->canonical);
    free(*j);
    *j = NULL;
}

bool job_axis_is_drawn(const job *j, int axis) {
    return j->details->axes[axis].draws != NULL;
}

/* ---- Cells ------------------------------------------------------------------------------------- */

void job_cell_spec(const job *j, size_t cell, training_spec *spec) {
    size_t index[GRID_MAX_AXES];
    grid_cell_index(&j->grid, cell, index);
    *spec = j->details->variants[job_variant_of(j, index)];
    for (int axis = 0; axis < j->grid.axis_count; axis++)
        if (j->grid.axes[axis].kind == AXIS_NUMBER)
            job_apply_number(j, axis, index[axis], spec);
}
