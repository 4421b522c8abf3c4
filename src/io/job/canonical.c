#include "io/job/canonical.h"

#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "io/job/keys.h"
#include "io/job/table.h"
#include "io/job/variants.h"

static const char *const separator = " = ";
enum { LABEL_START_SIZE = 256, LONGEST_VALUE = 100 /* of a difference */ };

static status out_of_memory(error_info *error) {
    return error_set(error, STATUS_INTERNAL, "out of memory for the job's canonical text");
}

/* ---- Lines ------------------------------------------------------------------------------------- */

/* Collects a line "key = value" for every wanted key. */
typedef struct line_list {
    option_writer writer; /* the first member: options know only this */
    const job *job;
    const job_axis *axes; /* (axis_count) those of the part */
    int axis_count;
    const job_axis *only; /* the axis whose keys are wanted; NULL: all keys that no axis of the part sets */
    const char *start;    /* in front of keys */
    size_t count, capacity;
    char **lines; /* (capacity), the last one still being written while `stream` is open */
    size_t size;  /* of that one */
    FILE *stream; /* NULL: none is */
    bool failed;  /* for lack of memory */
} line_list;

static bool axis_sets(const job_axis *axis, const char *key) {
    for (int k = 0; k < axis->key_count; k++)
        if (job_key_is_within(key, axis->keys[k].text))
            return true;
    return false;
}

/* The file's value of a key that an axis sets does not affect any result. */
static bool is_wanted(const line_list *l, const char *key) {
    if (l->only != NULL)
        return axis_sets(l->only, key);
    for (int axis = 0; axis < l->axis_count; axis++)
        if (axis_sets(&l->axes[axis], key))
            return false;
    return true;
}

static void end_line(line_list *l) {
    l->failed |= l->stream != NULL && fclose(l->stream) != 0;
    l->failed |= l->writer.failed;
    l->stream = NULL;
}

static bool has_room(line_list *l) {
    if (l->count < l->capacity)
        return true;
    const size_t capacity = l->capacity > 0 ? 2 * l->capacity : 128;
    char **lines = realloc(l->lines, capacity * sizeof *lines);
    if (lines == NULL)
        return false;
    memset(lines + l->count, 0, (capacity - l->count) * sizeof *lines);
    l->lines = lines;
    l->capacity = capacity;
    return true;
}

static FILE *begin_line(option_writer *w, const char *key) {
    line_list *l = (line_list *)w;
    end_line(l);
    if (l->failed || !is_wanted(l, key))
        return NULL;
    if (has_room(l))
        l->stream = open_memstream(&l->lines[l->count], &l->size);
    l->failed = l->stream == NULL;
    if (l->failed)
        return NULL;
    l->count++;
    fprintf(l->stream, "%s%s%s", l->start, key, separator);
    return l->stream;
}

static void release_lines(line_list *l) {
    end_line(l);
    for (size_t i = 0; i < l->count; i++)
        free(l->lines[i]);
    free(l->lines);
}

/* ---- Canonical text ---------------------------------------------------------------------------- */

/* A line for every option of `described`, which shares the details of the list's job. */
static void add_options(line_list *l, const job *described) {
    option_write_all(&job_table, "", described, &l->writer);
    end_line(l);
}

/* The list's job with another base specification, for the caller to free; NULL without memory. */
static job *copy_job(line_list *l, const training_spec *base) {
    job *copy = malloc(sizeof *copy);
    l->failed |= copy == NULL;
    if (copy == NULL)
        return NULL;
    *copy = *l->job;
    copy->base = *base;
    return copy;
}

/* What one value of a label axis sets, with the other axes at `position`: "sweep.NAME.LABEL.KEY = …". */
static void add_label(line_list *l, int axis, const size_t position[GRID_MAX_AXES]) {
    const job *j = l->job;
    const grid_axis *labels = &j->grid.axes[axis];
    char start[LABEL_START_SIZE];
    job *variant = copy_job(l, &j->details->variants[job_variant_of(j, position)]);
    if (variant == NULL)
        return;
    variant->grid.axis_count = 0;
    snprintf(start, sizeof start, "sweep.%s.%s.", labels->name, labels->labels[position[axis]]);
    l->only = &j->details->axes[axis];
    l->start = start;
    add_options(l, variant);
    l->only = NULL;
    l->start = "";
    free(variant);
}

/* The labels of `part`, with the other axes at their first values. */
static void add_labels(line_list *l, const grid *part, const size_t first[GRID_MAX_AXES]) {
    for (int k = 0; k < part->axis_count; k++) {
        if (part->axes[k].kind != AXIS_LABEL)
            continue;
        const int axis = grid_find_axis(&l->job->grid, &part->axes[k]);
        size_t position[GRID_MAX_AXES];
        memcpy(position, first, sizeof position);
        for (size_t i = 0; i < part->axes[k].count; i++) {
            grid_find_value(&l->job->grid.axes[axis], &part->axes[k], i, &position[axis]);
            add_label(l, axis, position);
        }
    }
}

/* The axes of a part, in its order, and where its first cell is in the job's grid. */
typedef struct part_axes {
    job_details details;         /* the job's, with the part's axes */
    size_t first[GRID_MAX_AXES]; /* on the job's axes; the base where the part lacks one */
} part_axes;

static void find_part_axes(const job *j, const grid *part, part_axes *out) {
    *out = (part_axes){.details = *j->details};
    for (int i = 0; i < j->grid.axis_count; i++)
        out->first[i] = j->grid.axes[i].base;
    for (int k = 0; k < part->axis_count; k++) {
        const int axis = grid_find_axis(&j->grid, &part->axes[k]);
        out->details.axes[k] = j->details->axes[axis];
        grid_find_value(&j->grid.axes[axis], &part->axes[k], 0, &out->first[axis]);
    }
}

/* A part that lacks the base has none, and is then another job. */
static void set_bases(const job *j, grid *part) {
    for (int k = 0; k < part->axis_count; k++) {
        grid_axis *axis = &part->axes[k];
        const grid_axis *whole = &j->grid.axes[grid_find_axis(&j->grid, axis)];
        axis->base = 0;
        axis->has_base = whole->has_base && grid_find_value(axis, whole, whole->base, &axis->base);
    }
}

/* All lines of the job with the axes of `part`: of the options, then of labels. */
static void add_lines(line_list *l, const grid *part) {
    const job *j = l->job;
    part_axes axes;
    find_part_axes(j, part, &axes);
    job *partial = copy_job(l, &j->details->variants[job_variant_of(j, axes.first)]);
    if (partial == NULL)
        return;
    for (int i = 0; i < j->grid.axis_count; i++)
        if (j->grid.axes[i].kind == AXIS_NUMBER)
            job_apply_number(j, i, axes.first[i], &partial->base);
    partial->grid = *part;
    partial->grid.paired = j->grid.paired;
    set_bases(j, &partial->grid);
    partial->details = &axes.details;
    l->axes = axes.details.axes;
    l->axis_count = part->axis_count;
    add_options(l, partial);
    free(partial);
    add_labels(l, part, axes.first);
}

static int compare_lines(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The caller frees *text, also on failure. */
static status join_lines(const line_list *l, char **text, error_info *error) {
    size_t size;
    FILE *stream = open_memstream(text, &size);
    if (stream == NULL)
        return out_of_memory(error);
    for (size_t i = 0; i < l->count; i++)
        fprintf(stream, "%s\n", l->lines[i]);
    return fclose(stream) == 0 ? STATUS_OK : out_of_memory(error);
}

status job_part_canonical(const job *j, const grid *part, char **canonical, error_info *error) {
    line_list list = {.writer = {.begin = begin_line}, .job = j, .start = ""};
    *canonical = NULL;
    add_lines(&list, part);
    if (list.count > 0)
        qsort(list.lines, list.count, sizeof *list.lines, compare_lines);
    const status result = list.failed ? out_of_memory(error) : join_lines(&list, canonical, error);
    release_lines(&list);
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
