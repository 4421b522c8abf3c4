#include "io/job/canonical.h"

#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "io/job/keys.h"
#include "io/job/table.h"
#include "io/job/variants.h"

static const char *const separator = " = ";
enum { LONGEST_VALUE = 100 }; /* of a difference */

static status out_of_memory(error_info *error) {
    return error_set(error, STATUS_INTERNAL, "out of memory for the job's canonical text");
}

/* ---- Canonical text ---------------------------------------------------------------------------- */

/* Whether the axis sets the key that a line begins with. */
static bool axis_sets(const job_axis *axis, const char *line) {
    for (int k = 0; k < axis->key_count; k++)
        if (job_key_is_within(line, axis->keys[k]->text))
            return true;
    return false;
}

/* A line for every option, in the order of the table. The caller frees *text. */
static status write_options(const job *j, char **text, error_info *error) {
    size_t size;
    FILE *stream = open_memstream(text, &size);
    if (stream == NULL)
        return out_of_memory(error);
    option_write_all(&job_table, "", j, stream);
    if (fclose(stream) == 0)
        return STATUS_OK;
    free(*text);
    return out_of_memory(error);
}

/* What one value of a label axis says, the other axes being at `position`: "sweep.NAME.LABEL.KEY = …". */
static status write_label(const job *j, int axis, const size_t position[GRID_MAX_AXES], FILE *stream,
                          error_info *error) {
    const grid_axis *labels = &j->grid.axes[axis];
    job variant = *j;
    variant.base = j->details->variants[job_variant_of(j, position)];
    variant.grid.axis_count = 0;
    char *text, *rest;
    RETURN_IF_FAILED(write_options(&variant, &text, error));
    for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest))
        if (axis_sets(&j->details->axes[axis], line))
            fprintf(stream, "sweep.%s.%s.%s\n", labels->name, labels->labels[position[axis]], line);
    free(text);
    return STATUS_OK;
}

/* The labels of `part`, the other axes being at its first values. */
static status write_labels(const job *j, const grid *part, const size_t first[GRID_MAX_AXES], FILE *stream,
                           error_info *error) {
    for (int axis = 0; axis < part->axis_count; axis++) {
        if (part->axes[axis].kind != AXIS_LABEL)
            continue;
        size_t position[GRID_MAX_AXES];
        memcpy(position, first, sizeof position);
        for (size_t i = 0; i < part->axes[axis].count; i++) {
            grid_find_value(&j->grid.axes[axis], &part->axes[axis], i, &position[axis]);
            RETURN_IF_FAILED(write_label(j, axis, position, stream, error));
        }
    }
    return STATUS_OK;
}

/* All lines of the job with the axes of `part`: of the options, then of labels. The caller frees *text, also
 * on failure. */
static status write_lines(const job *j, const grid *part, char **text, error_info *error) {
    char *options;
    size_t size, first[GRID_MAX_AXES] = {0};
    job partial = *j;
    for (int axis = 0; axis < part->axis_count; axis++)
        grid_find_value(&j->grid.axes[axis], &part->axes[axis], 0, &first[axis]);
    partial.base = j->details->variants[job_variant_of(j, first)];
    partial.grid = *part;
    partial.grid.paired = j->grid.paired;
    RETURN_IF_FAILED(write_options(&partial, &options, error));
    FILE *stream = open_memstream(text, &size);
    status result = stream != NULL ? STATUS_OK : out_of_memory(error);
    if (stream != NULL) {
        fputs(options, stream);
        result = write_labels(j, part, first, stream, error);
        if (fclose(stream) != 0)
            result = out_of_memory(error);
    }
    free(options);
    return result;
}

static int compare_lines(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Cut `text` into its lines and sort them. The caller frees the array, which points into `text`. */
static status sort_lines(char *text, char ***lines, size_t *count, error_info *error) {
    size_t capacity = 0;
    for (const char *c = text; *c != '\0'; c++)
        capacity += *c == '\n';
    *count = 0;
    *lines = calloc(capacity + 1, sizeof **lines);
    if (*lines == NULL)
        return out_of_memory(error);
    for (char *line = text, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        *end = '\0';
        (*lines)[(*count)++] = line;
    }
    qsort(*lines, *count, sizeof **lines, compare_lines);
    return STATUS_OK;
}

/* The value in the file of a key that an axis sets has no bearing on any result. */
static bool is_set_by_axis(const job *j, const char *line) {
    for (int axis = 0; axis < j->grid.axis_count; axis++)
        if (axis_sets(&j->details->axes[axis], line))
            return true;
    return false;
}

static void join_lines(const job *j, char *const *lines, size_t count, char *joined) {
    for (size_t i = 0; i < count; i++)
        if (!is_set_by_axis(j, lines[i]))
            joined += sprintf(joined, "%s\n", lines[i]);
}

status job_part_canonical(const job *j, const grid *part, char **canonical, error_info *error) {
    char *text = NULL, **lines = NULL;
    size_t count;
    *canonical = NULL;
    status result = write_lines(j, part, &text, error);
    if (result == STATUS_OK && (*canonical = calloc(1, strlen(text) + 1)) == NULL)
        result = out_of_memory(error);
    if (result == STATUS_OK)
        result = sort_lines(text, &lines, &count, error);
    if (result == STATUS_OK)
        join_lines(j, lines, count, *canonical);
    free(lines);
    free(text);
    return result;
}

status job_write_canonical(job *j, error_info *error) {
    RETURN_IF_FAILED(job_part_canonical(j, &j->grid, &j->canonical, error));
    j->digest = hash_bytes(j->canonical, strlen(j->canonical));
    return STATUS_OK;
}

/* ---- Differences ------------------------------------------------------------------------------- */

typedef struct canonical_line {
    const char *key, *value;
    int key_length, value_length;
} canonical_line;

/* The line at `text`; key is NULL at the end of the text. */
static canonical_line line_at(const char *text) {
    size_t length = strcspn(text, "\n");
    const char *sign = memmem(text, length, separator, strlen(separator));
    if (sign == NULL)
        return (canonical_line){0};
    const char *value = sign + strlen(separator);
    return (canonical_line){.key = text,
                            .value = value,
                            .key_length = (int)(sign - text),
                            .value_length = (int)(text + length - value)};
}

static const char *after(canonical_line line) {
    const char *end = line.value + line.value_length;
    return *end == '\n' ? end + 1 : end;
}

/* < 0: only the first text has a's key; > 0: only the second has b's; 0: both have it. The separator sorts
 * before every character of a key, so sorted lines are sorted by key. */
static int compare_keys(canonical_line a, canonical_line b) {
    if (a.key == NULL || b.key == NULL)
        return (a.key == NULL) - (b.key == NULL);
    int shorter = a.key_length < b.key_length ? a.key_length : b.key_length;
    int order = memcmp(a.key, b.key, (size_t)shorter);
    return order != 0 ? order : a.key_length - b.key_length;
}

/* An axis may have a million values. */
static void print_value(FILE *out, canonical_line line) {
    const bool is_long = line.value_length > LONGEST_VALUE;
    fprintf(out, "%.*s%s", is_long ? LONGEST_VALUE : line.value_length, line.value, is_long ? " …" : "");
}

static void print_difference(FILE *out, canonical_line key, canonical_line a, canonical_line b) {
    fprintf(out, "%.*s: ", key.key_length, key.key);
    print_value(out, a);
    fprintf(out, " → ");
    print_value(out, b);
    fprintf(out, "\n");
}

void job_print_differences(FILE *out, const char *canonical_a, const char *canonical_b) {
    static const canonical_line absent = {.value = "(absent)", .value_length = 8};
    for (;;) {
        canonical_line a = line_at(canonical_a), b = line_at(canonical_b);
        if (a.key == NULL && b.key == NULL)
            return;
        int order = compare_keys(a, b);
        if (order < 0)
            print_difference(out, a, a, absent);
        else if (order > 0)
            print_difference(out, b, absent, b);
        else if (a.value_length != b.value_length || memcmp(a.value, b.value, (size_t)a.value_length) != 0)
            print_difference(out, a, a, b);
        if (order <= 0)
            canonical_a = after(a);
        if (order >= 0)
            canonical_b = after(b);
    }
}
