#include "io/job/axis_values.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER_SIZE = 32, TEXT_SIZE = 256 };

static const tree_node *item_at(const tree_node *list, size_t index) {
    const tree_node *item = list->first;
    while (index-- > 0)
        item = item->next;
    return item;
}

const tree_node *axis_value_of_key(const job_axis *source, size_t index, int k) {
    if (source->draws != NULL)
        return source->draws->keys[k].words[index];
    const tree_node *value = item_at(source->values, index);
    if (!source->zipped)
        return value;
    const char *key = source->keys[k].text;
    return value->kind == TREE_LIST ? item_at(value, (size_t)k) : tree_entry(value, key, strlen(key));
}

tree_place axis_value_place(const job_axis *source, size_t index) {
    if (source->draws != NULL)
        return source->draws->keys[0].range->place;
    if (source->values != NULL)
        return item_at(source->values, index)->place;
    return (source->linspace != NULL ? source->linspace : source->logspace)->place;
}

status axis_values_allocate(grid_axis *axis, size_t count, error_info *error) {
    axis->count = count;
    axis->numbers = malloc(count * sizeof *axis->numbers);
    if (axis->numbers == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory for %zu values of axis %s", count,
                         axis->name);
    return STATUS_OK;
}

static status stands_twice(const job_axis *source, const grid_axis *axis, size_t index, error_info *error) {
    char text[TEXT_SIZE];
    grid_value_text(axis, index, text, sizeof text);
    return tree_error(error, axis_value_place(source, index),
                      "sweep.%s: %s appears twice; accepted: different values", axis->name, text);
}

/* ---- Numbers ----------------------------------------------------------------------------------- */

status axis_values_refuse_number(const option *target, const char *axis, const char *value, tree_place place,
                                 error_info *error) {
    char accepted[TEXT_SIZE];
    target->type->accepted(target, accepted, sizeof accepted);
    return tree_error(error, place, "sweep.%s: %s is not a value for %s; accepted: %s", axis, value,
                      target->key, accepted);
}

static status list_numbers(const job_axis *source, grid_axis *axis, error_info *error) {
    RETURN_IF_FAILED(axis_values_allocate(axis, source->values->count, error));
    double *next = axis->numbers;
    for (const tree_node *item = source->values->first; item != NULL; item = item->next, next++)
        if (!tree_number(item, next) || !option_accepts_number(source->number, *next)) {
            char found[100];
            tree_describe(item, found, sizeof found);
            return axis_values_refuse_number(source->number, axis->name, found, item->place, error);
        }
    return STATUS_OK;
}

/* 12 digits: tidy values, and the same ones whatever the rounding of the machine's pow. */
static double rounded(double value) {
    char text[NUMBER_SIZE];
    snprintf(text, sizeof text, "%.12g", value);
    return strtod(text, NULL);
}

double axis_values_between(double first, double last, double share, bool geometric) {
    return rounded(geometric ? first * pow(last / first, share) : first + (last - first) * share);
}

/* `list` is [first, last, count]. */
static status range_numbers(const tree_node *list, bool geometric, const option *target, grid_axis *axis,
                            error_info *error) {
    double range[3];
    for (size_t i = 0; i < 3; i++)
        tree_number(item_at(list, i), &range[i]);
    double first = range[0], last = range[1];
    if (geometric && (first <= 0 || last <= 0))
        return tree_error(error, list->place, "sweep.%s.logspace: both ends must be above 0", axis->name);
    RETURN_IF_FAILED(axis_values_allocate(axis, (size_t)range[2], error));
    for (size_t i = 0; i < axis->count; i++) {
        double share = (double)i / (double)(axis->count - 1);
        double value = i == 0                 ? first
                       : i + 1 == axis->count ? last
                                              : axis_values_between(first, last, share, geometric);
        axis->numbers[i] = value;
        if (!option_accepts_number(target, value)) {
            char text[NUMBER_SIZE];
            option_number_text(value, text, sizeof text);
            return axis_values_refuse_number(target, axis->name, text, list->place, error);
        }
    }
    return STATUS_OK;
}

static int compare_pointed_numbers(const void *a, const void *b) {
    double x = **(const double *const *)a, y = **(const double *const *)b;
    return (x > y) - (x < y);
}

static status check_numbers_differ(const job_axis *source, const grid_axis *axis, error_info *error) {
    const double **sorted = malloc(axis->count * sizeof *sorted);
    if (sorted == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory for %zu values", axis->count);
    for (size_t i = 0; i < axis->count; i++)
        sorted[i] = &axis->numbers[i];
    qsort(sorted, axis->count, sizeof *sorted, compare_pointed_numbers);
    status result = STATUS_OK;
    for (size_t i = 1; i < axis->count && result == STATUS_OK; i++)
        if (*sorted[i] == *sorted[i - 1]) {
            const double *later = sorted[i] > sorted[i - 1] ? sorted[i] : sorted[i - 1];
            result = stands_twice(source, axis, (size_t)(later - axis->numbers), error);
        }
    free(sorted);
    return result;
}

static status read_numbers(const job_axis *source, grid_axis *axis, error_info *error) {
    const tree_node *linspace = source->linspace, *logspace = source->logspace;
    axis->kind = AXIS_NUMBER;
    if (source->values != NULL)
        RETURN_IF_FAILED(list_numbers(source, axis, error));
    else
        RETURN_IF_FAILED(range_numbers(linspace != NULL ? linspace : logspace, linspace == NULL,
                                       source->number, axis, error));
    return check_numbers_differ(source, axis, error);
}

/* ---- Labels ------------------------------------------------------------------------------------ */

/* Labels name values on the command line, in canonical text and in the results file. */
static bool is_label(const char *text) {
    static const char accepted[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.+-";
    size_t length = strlen(text);
    return length > 0 && length < AXIS_LABEL_SIZE && strspn(text, accepted) == length;
}

static void append_scalar(const tree_node *scalar, char *label, size_t size) {
    double number;
    char text[NUMBER_SIZE];
    size_t used = strlen(label);
    const char *word = tree_is_none(scalar) ? "none" : scalar->text;
    if (tree_number(scalar, &number)) {
        option_number_text(number, text, sizeof text);
        word = text;
    }
    snprintf(label + used, size - used, "%s%s", used > 0 ? "_" : "", word);
}

/* The name in a map; for a value in a list its text (`none` for every word for it), or the texts of its items
 * joined by "_". False for anything else. */
bool axis_values_label(const tree_node *value, char *label, size_t size) {
    snprintf(label, size, "%s", value->key != NULL ? value->key : "");
    if (value->key != NULL)
        return is_label(label);
    if (value->kind == TREE_SCALAR)
        append_scalar(value, label, size);
    for (const tree_node *item = value->first; item != NULL; item = item->next) {
        if (value->kind != TREE_LIST || item->kind != TREE_SCALAR)
            return false;
        append_scalar(item, label, size);
    }
    return is_label(label);
}

static bool is_key_of(const job_axis *source, const char *key) {
    for (int k = 0; k < source->key_count; k++)
        if (strcmp(source->keys[k].text, key) == 0)
            return true;
    return false;
}

/* A value for several keys: a list of one for each, or a map of some of them. */
static status check_zipped(const job_axis *source, const tree_node *value, const char *axis,
                           error_info *error) {
    char found[100];
    tree_describe(value, found, sizeof found);
    bool is_list = value->kind == TREE_LIST && value->count == (size_t)source->key_count;
    if (!is_list && value->kind != TREE_MAP)
        return tree_error(error, value->place,
                          "sweep.%s.values: %s; accepted: a list of %d, one for each key, or a map of keys",
                          axis, found, source->key_count);
    for (const tree_node *entry = value->first; !is_list && entry != NULL; entry = entry->next)
        if (!is_key_of(source, entry->key))
            return tree_error(error, entry->key_place,
                              "sweep.%s.values: %.100s: not a key of this axis; accepted: those in set", axis,
                              entry->key);
    return STATUS_OK;
}

static status read_label(const job_axis *source, const tree_node *value, grid_axis *axis, error_info *error) {
    char label[AXIS_LABEL_SIZE + 1] = "", found[100]; /* the length shows that a label is too long */
    tree_describe(value, found, sizeof found);
    if (!axis_values_label(value, label, sizeof label))
        return tree_error(
            error, value->key != NULL ? value->key_place : value->place,
            "sweep.%s.values: %s gives no label; accepted: a map of labels to values, each label "
            "at most %d letters, digits, _ . + and -",
            axis->name, value->key != NULL ? value->key : found, AXIS_LABEL_SIZE - 1);
    if (source->zipped)
        RETURN_IF_FAILED(check_zipped(source, value, axis->name, error));
    axis->labels[axis->count] = strdup(label);
    if (axis->labels[axis->count] == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory for the values of axis %s", axis->name);
    axis->count++;
    for (size_t i = 0; i + 1 < axis->count; i++)
        if (strcmp(axis->labels[i], label) == 0)
            return stands_twice(source, axis, axis->count - 1, error);
    return STATUS_OK;
}

static status read_labels(const job_axis *source, grid_axis *axis, error_info *error) {
    const tree_node *range = source->linspace != NULL ? source->linspace : source->logspace;
    if (range != NULL)
        return tree_error(error, range->place, "sweep.%s.%s: not for this key; accepted: values", axis->name,
                          range->key);
    if (source->values->count > AXIS_MAX_LABELS)
        return tree_error(error, source->values->place, "sweep.%s.values: %zu values; accepted: at most %d",
                          axis->name, source->values->count, AXIS_MAX_LABELS);
    axis->kind = AXIS_LABEL;
    axis->labels = calloc(source->values->count, sizeof *axis->labels);
    if (axis->labels == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory for the values of axis %s", axis->name);
    for (const tree_node *value = source->values->first; value != NULL; value = value->next)
        RETURN_IF_FAILED(read_label(source, value, axis, error));
    return STATUS_OK;
}

status axis_values_read(const job_axis *source, grid_axis *axis, error_info *error) {
    return source->number != NULL ? read_numbers(source, axis, error) : read_labels(source, axis, error);
}

static bool is_value(const tree_node *node, const grid_axis *axis, size_t index) {
    double number;
    if (axis->kind != AXIS_LABEL)
        return tree_number(node, &number) && number == axis->numbers[index];
    char label[AXIS_LABEL_SIZE + 1] = "";
    append_scalar(node, label, sizeof label);
    return strcmp(label, axis->labels[index]) == 0;
}

status axis_values_find_base(const tree_node *base, grid_axis *axis, error_info *error) {
    if (base == NULL)
        return STATUS_OK;
    for (axis->base = 0; axis->base < axis->count; axis->base++)
        if (is_value(base, axis, axis->base)) {
            axis->has_base = true;
            return STATUS_OK;
        }
    char found[100];
    tree_describe(base, found, sizeof found);
    return tree_error(error, base->place, "sweep.%s.base: %s; accepted: one of the axis' values", axis->name,
                      found);
}
