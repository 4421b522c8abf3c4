/* What people call the values of an axis, and cells chosen by these names. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "grid/grid.h"

enum { VALUE_TEXT_SIZE = 256, LIST_SIZE = 512, LEAST_DIGITS = 3, PLAIN_DIGITS = 6, MOST_DIGITS = 17 };

/* ---- Names of numbers -------------------------------------------------------------------------- */

/* `digits` significant digits, zeros at the end left out. */
static double rounded(double number, int digits, char text[VALUE_TEXT_SIZE]) {
    snprintf(text, VALUE_TEXT_SIZE, "%.*g", digits, number);
    return strtod(text, NULL);
}

/* The digits to which a name is rounded: the significant ones that are written, and at least LEAST_DIGITS. */
static int digits_of_name(const char *text) {
    int digits = 0;
    for (const char *c = text + strcspn(text, "123456789"); *c != '\0' && strchr("0123456789.", *c) != NULL;
         c++)
        digits += *c != '.';
    return digits < LEAST_DIGITS ? LEAST_DIGITS : digits > MOST_DIGITS ? MOST_DIGITS : digits;
}

/* Whether the number is `name` when it is rounded to the digits of that name. */
static bool has_name(double number, double name, int digits) {
    char text[VALUE_TEXT_SIZE];
    return fabs(number - name) <= 0.01 * fabs(name) && rounded(number, digits, text) == name;
}

/* The values next to `number`, below and above; infinite where there are none. */
static void find_neighbours(const grid_axis *axis, double number, double *below, double *above) {
    *below = -INFINITY;
    *above = INFINITY;
    for (size_t i = 0; i < axis->count; i++) {
        const double other = axis->numbers[i];
        if (other < number && other > *below)
            *below = other;
        if (other > number && other < *above)
            *above = other;
    }
}

/* Numbers that are short in full, as people write them, have no other name. */
static bool is_plain(double number) {
    char text[VALUE_TEXT_SIZE];
    return rounded(number, PLAIN_DIGITS, text) == number || number == rint(number);
}

void grid_value_name(const grid_axis *axis, size_t index, char *text, size_t size) {
    grid_value_text(axis, index, text, size);
    if (axis->kind == AXIS_LABEL || is_plain(axis->numbers[index]))
        return;
    double below, above;
    find_neighbours(axis, axis->numbers[index], &below, &above);
    for (int digits = LEAST_DIGITS; digits < MOST_DIGITS; digits++) {
        char name[VALUE_TEXT_SIZE];
        const double value = rounded(axis->numbers[index], digits, name);
        /* rounding keeps the order: when the neighbours have other names, so have all */
        if (digits_of_name(name) != digits || has_name(below, value, digits) ||
            has_name(above, value, digits))
            continue;
        if (strlen(name) < strlen(text))
            snprintf(text, size, "%s", name);
        return;
    }
}

/* "lr=0.01" after `before`, at text + used, as far as there is room; returns what is then used. */
static size_t append_value(const grid_axis *axis, size_t index, const char *before, char *text, size_t used,
                           size_t size) {
    char value[VALUE_TEXT_SIZE];
    if (used >= size)
        return used;
    grid_value_name(axis, index, value, sizeof value);
    return used + (size_t)snprintf(text + used, size - used, "%s%s=%s", before, axis->name, value);
}

/* " (lr=0.01, batch=32)" for an axis that has auxiliary coordinates. */
static size_t append_auxiliaries(const grid *g, int axis, size_t index, char *text, size_t used,
                                 size_t size) {
    bool any = false;
    for (int i = 0; i < g->auxiliary_count; i++) {
        if (g->auxiliaries[i].axis != axis)
            continue;
        const grid_axis auxiliary = grid_auxiliary_axis(g, &g->auxiliaries[i]);
        used = append_value(&auxiliary, index, any ? ", " : " (", text, used, size);
        any = true;
    }
    if (any && used < size)
        used += (size_t)snprintf(text + used, size - used, ")");
    return used;
}

void grid_cell_text(const grid *g, size_t cell, char *text, size_t size) {
    size_t index[GRID_MAX_AXES], used = 0;
    grid_cell_index(g, cell, index);
    snprintf(text, size, "%s", "");
    for (int axis = 0; axis < g->axis_count; axis++) {
        used = append_value(&g->axes[axis], index[axis], axis > 0 ? ", " : "", text, used, size);
        used = append_auxiliaries(g, axis, index[axis], text, used, size);
    }
}

/* ---- Selections -------------------------------------------------------------------------------- */

/* Whether `text` is a decimal number: strtod alone would also take "nan", "0x10" and leading blanks. */
static bool parse_decimal(const char *text, double *number) {
    char *end;
    *number = strtod(text, &end);
    return end != text && *end == '\0' && strspn(text, "+-.0123456789eE") == strlen(text);
}

/* Mark in `matches` (axis->count) the values that are `wanted`; their number. */
static size_t match_exactly(const grid_axis *axis, const char *wanted, bool *matches) {
    double number;
    const bool is_number = parse_decimal(wanted, &number);
    size_t found = 0;
    for (size_t i = 0; i < axis->count; i++) {
        matches[i] = axis->kind == AXIS_LABEL ? strcmp(axis->labels[i], wanted) == 0
                                              : is_number && axis->numbers[i] == number;
        found += matches[i];
    }
    return found;
}

/* The same for the values that have the name `wanted`. */
static size_t match_name(const grid_axis *axis, const char *wanted, bool *matches) {
    double number;
    size_t found = 0;
    if (axis->kind == AXIS_LABEL || !parse_decimal(wanted, &number))
        return 0;
    const int digits = digits_of_name(wanted);
    for (size_t i = 0; i < axis->count; i++) {
        matches[i] = has_name(axis->numbers[i], number, digits);
        found += matches[i];
    }
    return found;
}

/* "a, b, c" of the marked values (all: NULL) in full, as far as there is room. */
static void list_values(const grid_axis *axis, const bool *marked, char list[LIST_SIZE]) {
    size_t used = 0;
    list[0] = '\0';
    for (size_t i = 0; i < axis->count; i++) {
        char text[VALUE_TEXT_SIZE];
        if (marked != NULL && !marked[i])
            continue;
        grid_value_text(axis, i, text, sizeof text);
        if (used + strlen(text) + sizeof ", …" >= LIST_SIZE) {
            snprintf(list + used, LIST_SIZE - used, ", …");
            return;
        }
        used += (size_t)snprintf(list + used, LIST_SIZE - used, "%s%s", used > 0 ? ", " : "", text);
    }
}

/* Add the one value called `wanted` to `chosen` (axis->count). matches: scratch of the same size. */
static status choose_value(const grid_axis *axis, const char *wanted, bool *chosen, bool *matches,
                           error_info *error) {
    char list[LIST_SIZE];
    size_t found = match_exactly(axis, wanted, matches);
    if (found == 0)
        found = match_name(axis, wanted, matches);
    if (found == 0) {
        list_values(axis, NULL, list);
        return error_set(error, STATUS_USAGE, "axis %s has no value \"%.100s\"; it has %zu: %s", axis->name,
                         wanted, axis->count, list);
    }
    if (found > 1) {
        list_values(axis, matches, list);
        return error_set(error, STATUS_USAGE,
                         "axis %s has %zu values that round to %.100s: %s; write one with more digits",
                         axis->name, found, wanted, list);
    }
    for (size_t i = 0; i < axis->count; i++)
        chosen[i] |= matches[i];
    return STATUS_OK;
}

status grid_choose_value(const grid_axis *axis, const char *wanted, bool *chosen, error_info *error) {
    bool *matches = malloc(axis->count * sizeof *matches);
    if (matches == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory");
    const status result = choose_value(axis, wanted, chosen, matches, error);
    free(matches);
    return result;
}

/* The same for a comma-separated list. */
static status choose_values(const grid_axis *axis, const char *list, bool *chosen, error_info *error) {
    bool *matches = malloc(axis->count * sizeof *matches);
    if (matches == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory");
    status result = STATUS_OK;
    for (const char *item = list; result == STATUS_OK && item != NULL;) {
        size_t length = strcspn(item, ",");
        char wanted[VALUE_TEXT_SIZE];
        snprintf(wanted, sizeof wanted, "%.*s", (int)length, item);
        item = item[length] == ',' ? item + length + 1 : NULL;
        result = choose_value(axis, wanted, chosen, matches, error);
    }
    free(matches);
    return result;
}

/* The position of the axis called `name` (length). */
static status find_axis(const grid *g, const char *name, size_t length, int *axis, error_info *error) {
    char known[GRID_MAX_AXES * (GRID_NAME_SIZE + 2)] = "";
    size_t used = 0;
    for (*axis = 0; *axis < g->axis_count; (*axis)++) {
        const char *candidate = g->axes[*axis].name;
        if (strlen(candidate) == length && strncmp(candidate, name, length) == 0)
            return STATUS_OK;
        used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", used > 0 ? ", " : "", candidate);
    }
    return error_set(error, STATUS_USAGE, "there is no axis \"%.*s\"; the axes are: %s", (int)length, name,
                     used > 0 ? known : "none");
}

/* Add the values of one selection to chosen[axis] (count of that axis), which is made when it is NULL. */
static status choose(const grid *g, const char *selection, bool *chosen[GRID_MAX_AXES], error_info *error) {
    size_t name_length = strcspn(selection, "=");
    int axis;
    if (selection[name_length] != '=')
        return error_set(error, STATUS_USAGE, "not a selection; accepted: AXIS=VALUE[,VALUE]...");
    RETURN_IF_FAILED(find_axis(g, selection, name_length, &axis, error));
    if (chosen[axis] == NULL)
        chosen[axis] = calloc(g->axes[axis].count, sizeof *chosen[axis]);
    if (chosen[axis] == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory");
    return choose_values(&g->axes[axis], selection + name_length + 1, chosen[axis], error);
}

static bool is_chosen(const grid *g, size_t cell, bool *const chosen[GRID_MAX_AXES]) {
    size_t index[GRID_MAX_AXES];
    grid_cell_index(g, cell, index);
    for (int axis = 0; axis < g->axis_count; axis++)
        if (chosen[axis] != NULL && !chosen[axis][index[axis]])
            return false;
    return true;
}

status grid_select(const grid *g, const char *const selections[], int count, bool *selected,
                   error_info *error) {
    bool *chosen[GRID_MAX_AXES] = {NULL};
    status result = STATUS_OK;
    for (int i = 0; i < count && result == STATUS_OK; i++) {
        result = choose(g, selections[i], chosen, error);
        if (result != STATUS_OK)
            error_prefix(error, "%.200s: ", selections[i]);
    }
    const size_t cells = result == STATUS_OK ? grid_cells(g) : 0;
    for (size_t cell = 0; cell < cells; cell++)
        selected[cell] = is_chosen(g, cell, chosen);
    for (int axis = 0; axis < g->axis_count; axis++)
        free(chosen[axis]);
    return result;
}
