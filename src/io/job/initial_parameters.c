#include "io/job/initial_parameters.h"

#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "io/array/array_file.h"
#include "io/file/path.h"
#include "io/job/table.h"

struct job_array {
    job_array *next;
    char *path;
    float *values; /* (rows, columns) */
    size_t rows, columns;
};

void job_arrays_destroy(job_array **first) {
    for (job_array *a = *first, *next; a != NULL; a = next) {
        next = a->next;
        free(a->path);
        free(a->values);
        free(a);
    }
    *first = NULL;
}

/* The file is in the list as soon as there is anything to free. */
static status read_array(job_array **first, const char *path, error_info *error) {
    job_array *array = calloc(1, sizeof *array);
    if (array == NULL || (array->path = strdup(path)) == NULL) {
        free(array);
        return error_set(error, STATUS_INTERNAL, "out of memory for %s", path);
    }
    array->next = *first;
    *first = array;
    return array_file_read(path, &array->values, &array->rows, &array->columns, error);
}

/* The array that `node` names, relative to the job file. One that cannot be read is a mistake in the job. */
static status find_array(const option *o, const char *name, const tree_node *node, const job *j,
                         const job_array **array, error_info *error) {
    char path[PATH_MAX];
    error_info reason = {0};
    if (node->kind != TREE_SCALAR || node->text[0] == '\0' || strlen(node->text) > (size_t)o->max)
        return option_refuse(o, name, node, error);
    RETURN_IF_FAILED(path_beside(j->path, node->text, path, error));
    for (*array = j->details->arrays; *array != NULL; *array = (*array)->next)
        if (strcmp((*array)->path, path) == 0)
            return STATUS_OK;
    status result = read_array(&j->details->arrays, path, &reason);
    *array = j->details->arrays;
    if (result == STATUS_INTERNAL)
        return error_set(error, result, "%s", reason.text);
    return result == STATUS_OK ? STATUS_OK : tree_error(error, node->place, "%s: %s", name, reason.text);
}

static start_spec *start_of(const option *o, void *object) {
    return (start_spec *)((char *)object + o->offset);
}

static const start_spec *const_start_of(const option *o, const void *object) {
    return (const start_spec *)((const char *)object + o->offset);
}

static status read_init_file(const option *o, const char *name, const tree_node *node, void *object,
                             error_info *error) {
    const job_array *array;
    RETURN_IF_FAILED(find_array(o, name, node, object, &array, error));
    if (array->rows != 1)
        return tree_error(error, node->place, "%s: %zu rows of %zu numbers; accepted: one row", name,
                          array->rows, array->columns);
    start_spec *start = start_of(o, object);
    start->values = array->values;
    start->count = array->columns;
    return STATUS_OK;
}

static status read_shift_file(const option *o, const char *name, const tree_node *node, void *object,
                              error_info *error) {
    const job_array *array;
    start_spec *start = start_of(o, object);
    RETURN_IF_FAILED(find_array(o, name, node, object, &array, error));
    if (array->rows > 2 || array->columns != start->count)
        return tree_error(error, node->place,
                          "%s: %zu rows of %zu numbers; accepted: 1 or 2 rows of %zu, as in model.init_file",
                          name, array->rows, array->columns, start->count);
    start->directions = array->values;
    start->direction_count = (int)array->rows;
    return STATUS_OK;
}

static void write_hash(const char *name, const float *values, size_t rows, size_t columns, option_writer *w) {
    FILE *out = rows * columns > 0 ? w->begin(w, name) : NULL;
    if (out == NULL)
        return;
    uint64_t hash = hash_bytes(values, rows * columns * sizeof *values);
    fprintf(out, "(%zu, %zu) %016llx", rows, columns, (unsigned long long)hash);
}

static void write_init_file(const option *o, const char *name, const void *object, option_writer *w) {
    const start_spec *start = const_start_of(o, object);
    write_hash(name, start->values, 1, start->count, w);
}

static void write_shift_file(const option *o, const char *name, const void *object, option_writer *w) {
    const start_spec *start = const_start_of(o, object);
    write_hash(name, start->directions, (size_t)start->direction_count, start->count, w);
}

static void accepted_array(const option *o, char *text, size_t size) {
    snprintf(text, size, "FILE.npy or FILE.h5:/NAME, at most %.0f bytes", o->max);
}

static bool has_values(const option *o, const void *object) {
    return const_start_of(o, object)->count > 0;
}

static bool has_directions(const option *o, const void *object) {
    return const_start_of(o, object)->direction_count > 0;
}

const option_type option_init_file = {.read = read_init_file,
                                      .write = write_init_file,
                                      .accepted = accepted_array,
                                      .is_given = has_values,
                                      .may_be_none = true};
const option_type option_shift_file = {.read = read_shift_file,
                                       .write = write_shift_file,
                                       .accepted = accepted_array,
                                       .is_given = has_directions,
                                       .may_be_none = true};
