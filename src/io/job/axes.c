#include "io/job/axes.h"
#include "io/job/axes_option.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "io/job/axis_names.h"
#include "io/job/axis_values.h"
#include "io/job/drawn_axis.h"
#include "io/job/keys.h"
#include "io/job/variants.h"

enum { KEY_SIZE = 256, MOST_CELLS = 100000000 };

/* ---- The keys of one axis ---------------------------------------------------------------------- */

/* The table lists them: they are too many for a line. */
static void accepted_set(const option *o, char *text, size_t size) {
    (void)o;
    snprintf(text, size,
             "model, loss, optimizer, schedule or train, a key or layer of these, data.mirror, data.crop, "
             "data.flip, data.cutout or a key of data.normalize except per_feature, or a list of at most %d "
             "of these",
             AXIS_MAX_KEYS);
}

static status read_set(const option *o, const char *name, const tree_node *node, void *object,
                       error_info *error) {
    job_axis *axis = object;
    axis->zipped = node->kind == TREE_LIST;
    const tree_node *key = axis->zipped ? node->first : node;
    if (key == NULL || node->count > AXIS_MAX_KEYS)
        return option_refuse(o, name, node, error);
    for (; key != NULL; key = axis->zipped ? key->next : NULL) {
        if (key->kind != TREE_SCALAR)
            return option_refuse(o, name, key, error);
        axis->keys[axis->key_count++] = (axis_key){key->text, key->place};
    }
    return STATUS_OK;
}

static const tree_node **node_of(const option *o, void *object) {
    return (const tree_node **)((char *)object + o->offset);
}

static status read_values(const option *o, const char *name, const tree_node *node, void *object,
                          error_info *error) {
    if (node->kind == TREE_SCALAR || node->count == 0)
        return option_refuse(o, name, node, error);
    *node_of(o, object) = node;
    return STATUS_OK;
}

static void accepted_values(const option *o, char *text, size_t size) {
    (void)o;
    snprintf(text, size,
             "a list of different values that the key takes, such as [1, 2], or a map of labels to values");
}

static status read_range(const option *o, const char *name, const tree_node *node, void *object,
                         error_info *error) {
    if (node->kind != TREE_LIST || node->count != 3)
        return option_refuse(o, name, node, error);
    for (const tree_node *item = node->first; item != NULL; item = item->next) {
        double number;
        bool is_count = item->next == NULL;
        if (!tree_number(item, &number) ||
            (is_count && (number < 2 || number > AXIS_MAX_VALUES || number != floor(number))))
            return option_refuse(o, name, item, error);
    }
    *node_of(o, object) = node;
    return STATUS_OK;
}

static void accepted_range(const option *o, char *text, size_t size) {
    (void)o;
    snprintf(text, size, "[first, last, count] with count from 2 to %d", AXIS_MAX_VALUES);
}

static status read_base(const option *o, const char *name, const tree_node *node, void *object,
                        error_info *error) {
    if (node->kind != TREE_SCALAR)
        return option_refuse(o, name, node, error);
    *node_of(o, object) = node;
    return STATUS_OK;
}

static void accepted_base(const option *o, char *text, size_t size) {
    (void)o;
    snprintf(text, size, "one of the axis' values");
}

static const option_type option_set = {.read = read_set, .accepted = accepted_set};
static const option_type option_values = {.read = read_values, .accepted = accepted_values};
static const option_type option_range = {.read = read_range, .accepted = accepted_range};
static const option_type option_base = {.read = read_base, .accepted = accepted_base};

static const option axis_options[] = {
    {"set", &option_set, .help = "what the axis sets; with a list of keys each value is a list"},
    {"values", &option_values, offsetof(job_axis, values), .default_text = "",
     .help = "the values, one by one"},
    {"linspace", &option_range, offsetof(job_axis, linspace), .default_text = "",
     .help = "evenly spaced from first to last, both included"},
    {"logspace", &option_range, offsetof(job_axis, logspace), .default_text = "",
     .help = "evenly spaced ratios from first to last, both included and above 0: the values themselves, not "
             "exponents"},
    {"base", &option_base, offsetof(job_axis, base), .default_text = "",
     .help =
         "the value that the cells of a results file had before it had this axis: they keep their results, "
         "and a file without the axis is enlarged"},
    DRAWN_AXIS_OPTIONS(job_axis, ranges),
    DRAWN_AXIS_COUNT_OPTIONS,
};

static const option_table axis_table = {axis_options, sizeof axis_options / sizeof axis_options[0]};

/* ---- Axes -------------------------------------------------------------------------------------- */

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
    if (axis_name_is_taken(entry->key))
        return tree_error(error, entry->key_place,
                          "sweep.%s: the results file uses this name; accepted: another axis name",
                          entry->key);
    return STATUS_OK;
}

typedef struct run_axis {
    int count;
    const tree_node *base;
} run_axis;

/* A count, or a map with it. */
static status read_runs(const tree_node *entry, run_axis *runs, error_info *error) {
    static const option run_options[] = {
        {"count", &option_integer, offsetof(run_axis, count), .min = 1, .max = AXIS_MAX_VALUES},
        {"base", &option_base, offsetof(run_axis, base), .default_text = ""},
    };
    static const option_table run_table = {run_options, sizeof run_options / sizeof run_options[0]};
    if (entry->kind == TREE_MAP)
        return option_read_all(&run_table, "sweep.run.", entry, runs, error);
    return option_integer.read(&run_options[0], "sweep.run", entry, &runs->count, error);
}

static status read_run_axis(const tree_node *entry, grid_axis *axis, error_info *error) {
    run_axis runs = {0};
    RETURN_IF_FAILED(read_runs(entry, &runs, error));
    axis->kind = AXIS_RUN;
    RETURN_IF_FAILED(axis_values_allocate(axis, (size_t)runs.count, error));
    for (size_t i = 0; i < axis->count; i++)
        axis->numbers[i] = (double)i;
    return axis_values_find_base(runs.base, axis, error);
}

static status check_settable(const job *j, const char *axis, const axis_key *key, error_info *error) {
    if (job_key_is_settable(j->details->tree, key->text))
        return STATUS_OK;
    char accepted[KEY_SIZE], nearest[KEY_SIZE];
    accepted_set(NULL, accepted, sizeof accepted);
    option_nearest(&job_table, key->text, nearest, sizeof nearest);
    bool mistyped = nearest[0] != '\0' && strcmp(nearest, key->text) != 0 && strchr(key->text, '[') == NULL;
    return tree_error(error, key->place, "sweep.%s.set: '%.100s'; accepted: %s%s%s", axis, key->text,
                      accepted, mistyped ? "; nearest known key: " : "", mistyped ? nearest : "");
}

/* No two keys of a job's axes may be equal, or one within the other. */
static status check_not_set_yet(const job *j, int axis, int k, error_info *error) {
    const axis_key *key = &j->details->axes[axis].keys[k];
    for (int earlier = 0; earlier <= axis; earlier++) {
        const job_axis *other = &j->details->axes[earlier];
        for (int i = 0; i < (earlier < axis ? other->key_count : k); i++)
            if (job_key_is_within(key->text, other->keys[i].text) ||
                job_key_is_within(other->keys[i].text, key->text))
                return tree_error(error, key->place,
                                  "sweep.%s.set: axis %s sets %s already; accepted: another key",
                                  j->grid.axes[axis].name, j->grid.axes[earlier].name, other->keys[i].text);
    }
    return STATUS_OK;
}

/* `none` is not a number: with it the values are labels. */
static bool lists_none(const tree_node *values) {
    for (const tree_node *value = values != NULL ? values->first : NULL; value != NULL; value = value->next)
        if (tree_is_none(value))
            return true;
    return false;
}

/* `set`, and one of the forms of values. */
static status read_forms(job_axis *source, const char *prefix, const tree_node *entry, error_info *error) {
    RETURN_IF_FAILED(option_read_all(&axis_table, prefix, entry, source, error));
    int given = (source->values != NULL) + (source->linspace != NULL) + (source->logspace != NULL);
    for (int kind = 0; kind < DRAW_KINDS; kind++)
        given += source->ranges[kind] != NULL;
    if (given != 1)
        return tree_error(error, entry->place,
                          "sweep.%s: %d of values, linspace, logspace, uniform, log_uniform, integers and "
                          "choice; accepted: one",
                          entry->key, given);
    if (source->base != NULL && source->values == NULL && source->linspace == NULL &&
        source->logspace == NULL)
        return tree_error(error, source->base->place,
                          "sweep.%s.base: accepted only with values, linspace and logspace", entry->key);
    return drawn_axis_read(source, entry, error);
}

static status read_key_axis(job *j, int index, const tree_node *entry, error_info *error) {
    job_axis *source = &j->details->axes[index];
    char prefix[KEY_SIZE];
    snprintf(prefix, sizeof prefix, "sweep.%s.", entry->key);
    if (drawn_axis_is_map(entry))
        RETURN_IF_FAILED(drawn_axis_read_map(source, entry, error));
    else
        RETURN_IF_FAILED(read_forms(source, prefix, entry, error));
    for (int k = 0; k < source->key_count; k++) {
        RETURN_IF_FAILED(check_settable(j, entry->key, &source->keys[k], error));
        RETURN_IF_FAILED(check_not_set_yet(j, index, k, error));
    }
    if (source->draws != NULL)
        return drawn_axis_take(j, index, error);
    bool labelled = source->values != NULL && source->values->kind == TREE_MAP;
    if (!source->zipped && !labelled)
        source->number =
            job_key_number(j->details->tree, source->keys[0].text, &source->offset, &source->layer);
    if (source->number != NULL && option_takes_none(source->number) && lists_none(source->values))
        source->number = NULL;
    RETURN_IF_FAILED(axis_values_read(source, &j->grid.axes[index], error));
    return axis_values_find_base(source->base, &j->grid.axes[index], error);
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
    if (job_variant_count(j) > AXIS_MAX_LABELS)
        return tree_error(error, entry->key_place,
                          "sweep.%s: with its %zu values there are %zu combinations of labels; accepted: %d",
                          axis->name, axis->count, job_variant_count(j), AXIS_MAX_LABELS);
    return STATUS_OK;
}

status job_axes_read(job *j, error_info *error) {
    static const option sweep = {.type = &option_axes};
    const tree_node *node = tree_find(j->details->tree, "sweep");
    if (node == NULL || tree_is_none(node))
        return STATUS_OK;
    if (node->kind != TREE_MAP || node->count == 0)
        return option_refuse(&sweep, "sweep", node, error);
    for (const tree_node *entry = node->first; entry != NULL; entry = entry->next)
        if (strcmp(entry->key, "paired") != 0 && strcmp(entry->key, "where") != 0)
            RETURN_IF_FAILED(read_axis(j, entry, error));
    axis_names_of_auxiliaries(&j->grid);
    return STATUS_OK;
}

void job_axes_print_reference(FILE *out) {
    option_print_reference(&axis_table, out);
}

const option_table *job_axes_table(void) {
    return &axis_table;
}
