#include "io/job_axes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "io/job_table.h"

enum { KEY_SIZE = 256, VALUE_SIZE = 32, MOST_VALUES = 1000000, MOST_CELLS = 100000000 };

/* ---- The keys of one axis ---------------------------------------------------------------------- */

typedef struct axis_source {
    const option *target;
    const tree_node *values, *linspace, *logspace; /* as written; NULL when not given */
} axis_source;

/* The table says which: they are too many for a line. */
static void accepted_target(const option *o, char *text, size_t size) {
    (void)o;
    snprintf(text, size, "a key of model, loss, schedule, optimizer or train that takes a number");
}

static status read_target(const option *o, const char *name, const tree_node *node, void *object,
                          error_info *error) {
    const option *target = node->kind == TREE_SCALAR ? option_find(&job_table, node->text) : NULL;
    if (target != NULL && job_option_is_settable(target)) {
        ((axis_source *)object)->target = target;
        return STATUS_OK;
    }
    const char *text = node->kind == TREE_SCALAR ? node->text : "";
    char found[100], accepted[KEY_SIZE], nearest[KEY_SIZE];
    tree_describe(node, found, sizeof found);
    accepted_target(o, accepted, sizeof accepted);
    option_nearest(&job_table, text, nearest, sizeof nearest);
    bool known = strcmp(nearest, text) == 0; /* but not for an axis */
    return tree_error(error, node->place, "%s: %s; accepted: %s%s%s", name, found, accepted,
                      known ? "" : "; nearest known key: ", known ? "" : nearest);
}

static status read_node(const option *o, const char *name, const tree_node *node, void *object,
                        error_info *error) {
    bool right_length = node->count >= (size_t)o->min && node->count <= (size_t)o->max;
    if (node->kind != TREE_LIST || !right_length)
        return option_refuse(o, name, node, error);
    *(const tree_node **)((char *)object + o->offset) = node;
    return STATUS_OK;
}

static void accepted_values(const option *o, char *text, size_t size) {
    (void)o;
    snprintf(text, size, "a list of different numbers that the key takes");
}

static void accepted_range(const option *o, char *text, size_t size) {
    (void)o;
    snprintf(text, size, "[first, last, count] with count from 2 to %d", MOST_VALUES);
}

static const option_type option_target = {.read = read_target, .accepted = accepted_target};
static const option_type option_values = {.read = read_node, .accepted = accepted_values};
static const option_type option_range = {.read = read_node, .accepted = accepted_range};

static const option axis_options[] = {
    {"set", &option_target, .help = "the key that the axis sets"},
    {"values", &option_values, offsetof(axis_source, values), .min = 1, .max = TREE_MAX_NODES,
     .default_text = "", .help = "the values, one by one"},
    {"linspace", &option_range, offsetof(axis_source, linspace), .min = 3, .max = 3, .default_text = "",
     .help = "evenly spaced from first to last, both included"},
    {"logspace", &option_range, offsetof(axis_source, logspace), .min = 3, .max = 3, .default_text = "",
     .help = "evenly spaced ratios from first to last, both included and above 0: the values themselves, not "
             "exponents"},
};

static const option_table axis_table = {axis_options, sizeof axis_options / sizeof axis_options[0]};

/* ---- Values ------------------------------------------------------------------------------------ */

static status allocate_values(grid_axis *axis, size_t count, error_info *error) {
    axis->count = count;
    axis->numbers = malloc(count * sizeof *axis->numbers);
    if (axis->numbers == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory for %zu values of axis %s", count,
                         axis->name);
    return STATUS_OK;
}

static status refuse_value(const option *target, const grid_axis *axis, const char *value, tree_place place,
                           error_info *error) {
    char accepted[KEY_SIZE];
    target->type->accepted(target, accepted, sizeof accepted);
    return tree_error(error, place, "sweep.%s: %s is no value for %s; accepted: %s", axis->name, value,
                      target->key, accepted);
}

static status list_values(const axis_source *source, grid_axis *axis, error_info *error) {
    RETURN_IF_FAILED(allocate_values(axis, source->values->count, error));
    double *next = axis->numbers;
    for (const tree_node *item = source->values->first; item != NULL; item = item->next, next++)
        if (!tree_number(item, next) || !option_accepts_number(source->target, *next)) {
            char found[100];
            tree_describe(item, found, sizeof found);
            return refuse_value(source->target, axis, found, item->place, error);
        }
    return STATUS_OK;
}

/* 12 digits: tidy values, and the same ones whatever the rounding of the machine's pow. */
static double rounded(double value) {
    char text[VALUE_SIZE];
    snprintf(text, sizeof text, "%.12g", value);
    return strtod(text, NULL);
}

static double between(double first, double last, double share, bool geometric) {
    return rounded(geometric ? first * pow(last / first, share) : first + (last - first) * share);
}

/* Take [first, last, count] from its list. */
static status read_range(const tree_node *list, const char *name, bool geometric, double range[3],
                         error_info *error) {
    double *next = range;
    for (const tree_node *item = list->first; item != NULL; item = item->next, next++) {
        bool is_count = next == range + 2;
        bool accepted = tree_number(item, next) &&
                        (!is_count || (*next >= 2 && *next <= MOST_VALUES && *next == floor(*next)));
        if (!accepted)
            return option_refuse(option_find(&axis_table, list->key), name, item, error);
    }
    if (geometric && (range[0] <= 0 || range[1] <= 0))
        return tree_error(error, list->place, "%s: both ends must be above 0", name);
    return STATUS_OK;
}

static status range_values(const tree_node *list, bool geometric, const option *target, grid_axis *axis,
                           error_info *error) {
    char name[KEY_SIZE];
    snprintf(name, sizeof name, "sweep.%s.%s", axis->name, list->key);
    double range[3] = {0};
    RETURN_IF_FAILED(read_range(list, name, geometric, range, error));
    double first = range[0], last = range[1];
    RETURN_IF_FAILED(allocate_values(axis, (size_t)range[2], error));
    for (size_t i = 0; i < axis->count; i++) {
        double share = (double)i / (double)(axis->count - 1);
        double value = i == 0 ? first : i + 1 == axis->count ? last : between(first, last, share, geometric);
        axis->numbers[i] = value;
        if (!option_accepts_number(target, value)) {
            char text[VALUE_SIZE];
            option_number_text(value, text, sizeof text);
            return refuse_value(target, axis, text, list->place, error);
        }
    }
    return STATUS_OK;
}

static status read_values(const axis_source *source, const tree_node *entry, grid_axis *axis,
                          error_info *error) {
    int given = (source->values != NULL) + (source->linspace != NULL) + (source->logspace != NULL);
    if (given != 1)
        return tree_error(error, entry->place, "sweep.%s: %d of values, linspace and logspace; accepted: one",
                          axis->name, given);
    if (source->values != NULL)
        return list_values(source, axis, error);
    bool geometric = source->logspace != NULL;
    return range_values(geometric ? source->logspace : source->linspace, geometric, source->target, axis,
                        error);
}

static int compare_pointed_numbers(const void *a, const void *b) {
    double x = **(const double *const *)a, y = **(const double *const *)b;
    return (x > y) - (x < y);
}

static status check_distinct(const job *j, int axis_index, error_info *error) {
    const grid_axis *axis = &j->grid.axes[axis_index];
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
            char text[VALUE_SIZE];
            option_number_text(*later, text, sizeof text);
            result = tree_error(error, job_axis_value_place(j, axis_index, (size_t)(later - axis->numbers)),
                                "sweep.%s: %s stands twice; accepted: different values", axis->name, text);
        }
    free(sorted);
    return result;
}

/* ---- Axes -------------------------------------------------------------------------------------- */

/* Names that the results file gives to other things. */
static bool name_is_taken(const char *name) {
    static const char *const taken[] = {"status", "step", "epoch", "steps_taken", "provenance"};
    for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++)
        if (strcmp(name, taken[i]) == 0)
            return true;
    for (size_t i = 0; i < job_table.count; i++) {
        char quantity[KEY_SIZE], curve[KEY_SIZE + 8];
        if (sscanf(job_table.options[i].key, "record.%255[^.]", quantity) != 1)
            continue;
        snprintf(curve, sizeof curve, "%s_curve", quantity);
        if (strcmp(name, quantity) == 0 || strcmp(name, curve) == 0)
            return true;
    }
    return false;
}

static status check_axis_name(const job *j, const tree_node *entry, error_info *error) {
    if (j->grid.axis_count == GRID_MAX_AXES)
        return tree_error(error, entry->key_place, "sweep.%.60s: too many axes; accepted: %d", entry->key,
                          GRID_MAX_AXES);
    if (!option_is_name(entry->key, GRID_NAME_SIZE - 1))
        return tree_error(
            error, entry->key_place,
            "sweep.%.60s: not an axis name; accepted: at most %d letters, digits and _, beginning "
            "with a letter",
            entry->key, GRID_NAME_SIZE - 1);
    if (name_is_taken(entry->key))
        return tree_error(error, entry->key_place,
                          "sweep.%s: the results file uses this name; accepted: another axis name",
                          entry->key);
    return STATUS_OK;
}

static status read_run_axis(const tree_node *entry, grid_axis *axis, error_info *error) {
    static const option run_option = {"run", &option_integer, .offset = 0, .min = 1, .max = MOST_VALUES};
    int runs;
    RETURN_IF_FAILED(run_option.type->read(&run_option, "sweep.run", entry, &runs, error));
    axis->kind = AXIS_RUN;
    RETURN_IF_FAILED(allocate_values(axis, (size_t)runs, error));
    for (size_t i = 0; i < axis->count; i++)
        axis->numbers[i] = (double)i;
    return STATUS_OK;
}

static status check_target(const job *j, int axis, const tree_node *entry, error_info *error) {
    const option *const *targets = j->details->targets;
    if (!option_is_known(&job_table, targets[axis], j))
        return option_misplaced(&job_table, targets[axis], targets[axis]->key,
                                tree_entry(entry, "set", 3)->place, error);
    for (int earlier = 0; earlier < axis; earlier++)
        if (targets[earlier] == targets[axis])
            return tree_error(error, tree_entry(entry, "set", 3)->place,
                              "sweep.%s.set: axis %s sets %s already; accepted: another key", entry->key,
                              j->grid.axes[earlier].name, targets[axis]->key);
    return STATUS_OK;
}

static status read_key_axis(job *j, int index, const tree_node *entry, error_info *error) {
    grid_axis *axis = &j->grid.axes[index];
    axis_source source = {0};
    char prefix[KEY_SIZE];
    snprintf(prefix, sizeof prefix, "sweep.%s.", entry->key);
    RETURN_IF_FAILED(option_read_all(&axis_table, prefix, entry, &source, error));
    axis->kind = AXIS_NUMBER;
    j->details->targets[index] = source.target;
    RETURN_IF_FAILED(check_target(j, index, entry, error));
    RETURN_IF_FAILED(read_values(&source, entry, axis, error));
    return check_distinct(j, index, error);
}

static status read_axis(job *j, const tree_node *entry, error_info *error) {
    RETURN_IF_FAILED(check_axis_name(j, entry, error));
    size_t cells = grid_cells(&j->grid);
    int index = j->grid.axis_count++;
    grid_axis *axis = &j->grid.axes[index];
    memcpy(axis->name, entry->key, strlen(entry->key) + 1);
    if (strcmp(entry->key, "run") == 0)
        RETURN_IF_FAILED(read_run_axis(entry, axis, error));
    else
        RETURN_IF_FAILED(read_key_axis(j, index, entry, error));
    if (axis->count > MOST_CELLS / cells)
        return tree_error(error, entry->key_place,
                          "sweep.%s: %zu values make the grid too large; accepted: %d cells", axis->name,
                          axis->count, MOST_CELLS);
    return STATUS_OK;
}

static status read_axes(const option *o, const char *name, const tree_node *node, void *object,
                        error_info *error) {
    if (node->kind != TREE_MAP || node->count == 0)
        return option_refuse(o, name, node, error);
    for (const tree_node *entry = node->first; entry != NULL; entry = entry->next)
        if (strcmp(entry->key, "paired") != 0)
            RETURN_IF_FAILED(read_axis(object, entry, error));
    return STATUS_OK;
}

static void write_axis(const job *j, int index, FILE *out) {
    const grid_axis *axis = &j->grid.axes[index];
    if (axis->kind == AXIS_RUN) {
        fprintf(out, "sweep.%s = %zu\n", axis->name, axis->count);
        return;
    }
    fprintf(out, "sweep.%s.set = %s\nsweep.%s.values = ", axis->name, j->details->targets[index]->key,
            axis->name);
    for (size_t i = 0; i < axis->count; i++) {
        char text[VALUE_SIZE];
        grid_value_text(axis, i, text, sizeof text);
        fprintf(out, "%s%s", i > 0 ? ", " : "", text);
    }
    fprintf(out, "\n");
}

static void write_axes(const option *o, const char *name, const void *object, FILE *out) {
    (void)o;
    const job *j = object;
    fprintf(out, "%s.axes = %s", name, j->grid.axis_count == 0 ? "(none)" : "");
    for (int i = 0; i < j->grid.axis_count; i++)
        fprintf(out, "%s%s", i > 0 ? ", " : "", j->grid.axes[i].name);
    fprintf(out, "\n");
    for (int i = 0; i < j->grid.axis_count; i++)
        write_axis(j, i, out);
}

static void accepted_axes(const option *o, char *text, size_t size) {
    (void)o;
    snprintf(text, size, "a map of 1 to %d axes", GRID_MAX_AXES);
}

const option_type option_axes = {.read = read_axes, .write = write_axes, .accepted = accepted_axes};

tree_place job_axis_value_place(const job *j, int axis, size_t index) {
    char path[KEY_SIZE];
    snprintf(path, sizeof path, "sweep.%s", j->grid.axes[axis].name);
    const tree_node *entry = tree_find(j->details->tree, path);
    const tree_node *values = tree_find(entry, "values"), *linspace = tree_find(entry, "linspace");
    if (values == NULL)
        return (linspace != NULL ? linspace : tree_find(entry, "logspace"))->place;
    const tree_node *item = values->first;
    while (index-- > 0)
        item = item->next;
    return item->place;
}

void job_axes_print_reference(FILE *out) {
    option_print_reference(&axis_table, out);
}
