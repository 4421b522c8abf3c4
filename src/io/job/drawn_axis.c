#include "io/job/drawn_axis.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/sobol.h"
#include "io/job/axis_values.h"
#include "io/job/draws.h"
#include "io/job/keys.h"

enum { PREFIX_SIZE = 320 };

static_assert((int)AXIS_MAX_KEYS <= (int)SOBOL_DIMENSIONS,
              "every key of an axis has a dimension of Sobol's sequence");

static_assert((int)GRID_MAX_AXES * (int)AXIS_MAX_KEYS <= (int)GRID_MAX_AUXILIARIES,
              "every key has a coordinate");

static const char *const sequence_list[] = {[DRAW_RANDOM] = "random", [DRAW_SOBOL] = "sobol"};
const name_table draw_sequence_names = NAME_TABLE(sequence_list);

static const char *const kind_list[] = {[DRAW_UNIFORM] = "uniform",
                                        [DRAW_LOG_UNIFORM] = "log_uniform",
                                        [DRAW_INTEGERS] = "integers",
                                        [DRAW_CHOICE] = "choice"};

static const double most_integers = 4294967296; /* 2^32, the points of Sobol's sequence */

static status out_of_memory(const char *axis, error_info *error) {
    return error_set(error, STATUS_INTERNAL, "out of memory for the values of axis %s", axis);
}

/* ---- Options ----------------------------------------------------------------------------------- */

static status read_list(const option *o, const char *name, const tree_node *node, void *object,
                        error_info *error) {
    if (node->kind != TREE_LIST || node->count == 0)
        return option_refuse(o, name, node, error);
    *(const tree_node **)((char *)object + o->offset) = node;
    return STATUS_OK;
}

static void accepted_range(const option *o, char *text, size_t size) {
    (void)o;
    snprintf(text, size, "[low, high] with low below high; with a list of keys a list of these");
}

static void accepted_choice(const option *o, char *text, size_t size) {
    (void)o;
    snprintf(text, size,
             "a list of different values that the key takes; with a list of keys a list of these");
}

const option_type option_draw_range = {.read = read_list, .accepted = accepted_range};
const option_type option_draw_choice = {.read = read_list, .accepted = accepted_choice};

typedef struct key_ranges {
    const tree_node *ranges[DRAW_KINDS];
} key_ranges;

static const option range_options[] = {DRAWN_AXIS_OPTIONS(key_ranges, ranges)};
static const option_table range_table = {range_options, sizeof range_options / sizeof *range_options};
static const option count_options[] = {DRAWN_AXIS_COUNT_OPTIONS};
static const option_table count_table = {count_options, sizeof count_options / sizeof *count_options};

/* ---- From the file to keys and ranges ---------------------------------------------------------- */

static int kinds_given(const tree_node *const ranges[DRAW_KINDS], draw_kind *kind) {
    int given = 0;
    for (int i = 0; i < DRAW_KINDS; i++)
        if (ranges[i] != NULL) {
            *kind = (draw_kind)i;
            given++;
        }
    return given;
}

static status allocate(job_axis *source, const char *axis, error_info *error) {
    source->draws = calloc(1, sizeof *source->draws);
    return source->draws != NULL ? STATUS_OK : out_of_memory(axis, error);
}

static status check_count(const job_axis *source, const tree_node *entry, error_info *error) {
    if (source->count > 0)
        return STATUS_OK;
    return tree_error(error, entry->place,
                      "sweep.%s.count: missing; accepted: an integer from 1 to %d, how many values are drawn",
                      entry->key, MOST_DRAWS);
}

static bool is_key(const tree_node *entry) {
    return strchr(entry->key, '.') != NULL;
}

bool drawn_axis_is_map(const tree_node *entry) {
    if (entry->kind != TREE_MAP || tree_find(entry, "set") != NULL)
        return false;
    for (const tree_node *node = entry->first; node != NULL; node = node->next)
        if (is_key(node))
            return true;
    return false;
}

static status read_key_ranges(job_axis *source, const char *axis, const tree_node *node, error_info *error) {
    char prefix[PREFIX_SIZE];
    key_ranges found = {0};
    snprintf(prefix, sizeof prefix, "sweep.%s.%.200s.", axis, node->key);
    if (source->key_count == AXIS_MAX_KEYS)
        return tree_error(error, node->key_place, "sweep.%s: too many keys; accepted: at most %d", axis,
                          AXIS_MAX_KEYS);
    RETURN_IF_FAILED(option_read_all(&range_table, prefix, node, &found, error));
    drawn_key *key = &source->draws->keys[source->key_count];
    const int given = kinds_given(found.ranges, &key->kind);
    if (given != 1)
        return tree_error(error, node->place,
                          "%.*s: %d of uniform, log_uniform, integers and choice; accepted: one",
                          (int)strlen(prefix) - 1, prefix, given);
    key->range = found.ranges[key->kind];
    source->keys[source->key_count++] = (axis_key){node->key, node->key_place};
    return STATUS_OK;
}

status drawn_axis_read_map(job_axis *source, const tree_node *entry, error_info *error) {
    RETURN_IF_FAILED(allocate(source, entry->key, error));
    for (const tree_node *node = entry->first; node != NULL; node = node->next) {
        char name[PREFIX_SIZE];
        const option *o = option_find(&count_table, node->key);
        snprintf(name, sizeof name, "sweep.%s.%.200s", entry->key, node->key);
        if (is_key(node))
            RETURN_IF_FAILED(read_key_ranges(source, entry->key, node, error));
        else if (o == NULL)
            return tree_error(error, node->key_place,
                              "%s: unknown key; accepted next to keys and their ranges: count, sequence",
                              name);
        else
            RETURN_IF_FAILED(o->type->read(o, name, node, source, error));
    }
    return check_count(source, entry, error);
}

/* Keys that only drawn axes have. */
static status refuse_drawn_keys(const tree_node *entry, error_info *error) {
    for (size_t i = 0; i < count_table.count; i++) {
        const tree_node *node = tree_find(entry, count_options[i].key);
        if (node != NULL)
            return tree_error(error, node->key_place,
                              "sweep.%s.%s: accepted only with uniform, log_uniform, integers or choice",
                              entry->key, node->key);
    }
    return STATUS_OK;
}

status drawn_axis_read(job_axis *source, const tree_node *entry, error_info *error) {
    draw_kind kind;
    if (kinds_given(source->ranges, &kind) == 0)
        return refuse_drawn_keys(entry, error);
    RETURN_IF_FAILED(allocate(source, entry->key, error));
    const tree_node *range = source->ranges[kind];
    if (source->zipped && range->count != (size_t)source->key_count)
        return tree_error(
            error, range->place,
            "sweep.%s.%s: a list of %zu; accepted: a list of %d ranges, one for each key of set", entry->key,
            kind_list[kind], range->count, source->key_count);
    const tree_node *item = source->zipped ? range->first : range;
    for (int k = 0; k < source->key_count; k++, item = item->next)
        source->draws->keys[k] = (drawn_key){.kind = kind, .range = item};
    return check_count(source, entry, error);
}

/* ---- Checks ------------------------------------------------------------------------------------ */

static status refuse_range(const char *axis, const drawn_key *key, const tree_node *node,
                           const char *accepted, error_info *error) {
    char found[100];
    tree_describe(node, found, sizeof found);
    return tree_error(error, node->place, "sweep.%s.%s: %s; accepted: %s", axis, kind_list[key->kind], found,
                      accepted);
}

/* The key must take the number at `node`. */
static status check_number(const char *axis, const drawn_key *key, const tree_node *node, error_info *error) {
    char found[100];
    double number;
    if (tree_number(node, &number) && option_accepts_number(key->number, number))
        return STATUS_OK;
    tree_describe(node, found, sizeof found);
    return axis_values_refuse_number(key->number, axis, found, node->place, error);
}

/* What both ends must be. */
static status check_ends(const char *axis, const char *name, const drawn_key *key, double low, double high,
                         error_info *error) {
    const double between = low + 0.5 * fmin(1, high - low);
    if (low >= high)
        return refuse_range(axis, key, key->range, "[low, high] with low below high", error);
    if (key->kind == DRAW_LOG_UNIFORM && low <= 0)
        return refuse_range(axis, key, key->range->first, "a number above 0", error);
    if (key->kind == DRAW_INTEGERS && (low != floor(low) || high != floor(high)))
        return refuse_range(axis, key, low != floor(low) ? key->range->first : key->range->first->next,
                            "an integer", error);
    if (key->kind == DRAW_INTEGERS && high - low >= most_integers)
        return refuse_range(axis, key, key->range, "at most 2^32 integers", error);
    if (key->kind != DRAW_INTEGERS && !option_accepts_number(key->number, between))
        return tree_error(error, key->range->place,
                          "sweep.%s.%s: %s takes integers only; accepted: integers or choice", axis,
                          kind_list[key->kind], name);
    return STATUS_OK;
}

static status check_range(const char *axis, const char *name, const drawn_key *key, error_info *error) {
    const tree_node *range = key->range;
    double low, high;
    if (key->number == NULL)
        return tree_error(error, range->place, "sweep.%s.%s: %s takes no single numbers; accepted: choice",
                          axis, kind_list[key->kind], name);
    if (range->kind != TREE_LIST || range->count != 2)
        return refuse_range(axis, key, range, "[low, high] with low below high", error);
    RETURN_IF_FAILED(check_number(axis, key, range->first, error));
    RETURN_IF_FAILED(check_number(axis, key, range->first->next, error));
    tree_number(range->first, &low);
    tree_number(range->first->next, &high);
    return check_ends(axis, name, key, low, high, error);
}

static bool same_choice(const drawn_key *key, const tree_node *a, const tree_node *b) {
    double x, y;
    if (key->number != NULL)
        return tree_number(a, &x) && tree_number(b, &y) && x == y;
    char text_a[AXIS_LABEL_SIZE + 1], text_b[AXIS_LABEL_SIZE + 1];
    return axis_values_label(a, text_a, sizeof text_a) && axis_values_label(b, text_b, sizeof text_b) &&
           strcmp(text_a, text_b) == 0;
}

static status check_choice(const char *axis, const drawn_key *key, const tree_node *choice,
                           error_info *error) {
    char text[AXIS_LABEL_SIZE + 1];
    if (choice->kind != TREE_SCALAR || !axis_values_label(choice, text, sizeof text))
        return refuse_range(axis, key, choice, "a value of the key that is one word or number", error);
    if (key->number != NULL)
        RETURN_IF_FAILED(check_number(axis, key, choice, error));
    for (const tree_node *other = key->range->first; other != choice; other = other->next)
        if (same_choice(key, other, choice))
            return tree_error(error, choice->place, "sweep.%s: %s appears twice; accepted: different values",
                              axis, text);
    return STATUS_OK;
}

/* `none` is not a number: with it the values are words. */
static status check_choices(const char *axis, drawn_key *key, error_info *error) {
    if (key->range->kind != TREE_LIST || key->range->count == 0)
        return refuse_range(axis, key, key->range, "a list of different values that the key takes", error);
    if (key->range->count > AXIS_MAX_LABELS)
        return tree_error(error, key->range->place, "sweep.%s.choice: %zu values; accepted: at most %d", axis,
                          key->range->count, AXIS_MAX_LABELS);
    for (const tree_node *choice = key->range->first; choice != NULL; choice = choice->next)
        if (key->number != NULL && option_takes_none(key->number) && tree_is_none(choice))
            key->number = NULL;
    for (const tree_node *choice = key->range->first; choice != NULL; choice = choice->next)
        RETURN_IF_FAILED(check_choice(axis, key, choice, error));
    return STATUS_OK;
}

static status check_key(const job *j, const char *axis, const char *name, drawn_key *key, error_info *error) {
    key->number = job_key_number(j->details->tree, name, &key->offset, &key->layer);
    return key->kind == DRAW_CHOICE ? check_choices(axis, key, error) : check_range(axis, name, key, error);
}

/* ---- Into the grid ----------------------------------------------------------------------------- */

static status make_labels(const drawn_key *key, size_t count, char ***out, const char *axis,
                          error_info *error) {
    char **labels = *out = calloc(count, sizeof *labels);
    for (size_t i = 0; labels != NULL && i < count; i++) {
        char text[AXIS_LABEL_SIZE + 1] = "";
        axis_values_label(key->words[i], text, sizeof text);
        labels[i] = strdup(text);
        if (labels[i] == NULL)
            return out_of_memory(axis, error);
    }
    return labels != NULL ? STATUS_OK : out_of_memory(axis, error);
}

/* The values of one key are those of the axis. */
static status take_one(job_axis *source, grid_axis *axis, uint64_t seed, error_info *error) {
    drawn_key *key = &source->draws->keys[0];
    const size_t count = (size_t)source->count;
    RETURN_IF_FAILED(draws_take(source, 0, axis->name, seed, true, error));
    source->number = key->number;
    source->offset = key->offset;
    source->layer = key->layer;
    axis->kind = key->number != NULL ? AXIS_NUMBER : AXIS_LABEL;
    if (axis->kind == AXIS_LABEL) {
        axis->count = count;
        return make_labels(key, count, &axis->labels, axis->name, error);
    }
    RETURN_IF_FAILED(axis_values_allocate(axis, count, error));
    memcpy(axis->numbers, key->numbers, count * sizeof *axis->numbers);
    return STATUS_OK;
}

static status add_auxiliary(grid *g, int axis, const char *name, const drawn_key *key, error_info *error) {
    const size_t count = g->axes[axis].count;
    grid_auxiliary *list = realloc(g->auxiliaries, (size_t)(g->auxiliary_count + 1) * sizeof *list);
    if (list == NULL)
        return out_of_memory(g->axes[axis].name, error);
    g->auxiliaries = list;
    grid_auxiliary *out = &list[g->auxiliary_count++];
    *out = (grid_auxiliary){.axis = axis, .key = strdup(name)};
    if (out->key == NULL)
        return out_of_memory(g->axes[axis].name, error);
    if (key->words != NULL)
        return make_labels(key, count, &out->labels, g->axes[axis].name, error);
    out->numbers = malloc(count * sizeof *out->numbers);
    if (out->numbers == NULL)
        return out_of_memory(g->axes[axis].name, error);
    memcpy(out->numbers, key->numbers, count * sizeof *out->numbers);
    return STATUS_OK;
}

/* Of several keys the axis has the numbers of the draws. */
static status take_several(job *j, int index, error_info *error) {
    job_axis *source = &j->details->axes[index];
    grid_axis *axis = &j->grid.axes[index];
    axis->kind = AXIS_NUMBER;
    RETURN_IF_FAILED(axis_values_allocate(axis, (size_t)source->count, error));
    for (size_t i = 0; i < axis->count; i++)
        axis->numbers[i] = (double)i;
    for (int k = 0; k < source->key_count; k++) {
        RETURN_IF_FAILED(draws_take(source, k, axis->name, j->seed, false, error));
        RETURN_IF_FAILED(
            add_auxiliary(&j->grid, index, source->keys[k].text, &source->draws->keys[k], error));
    }
    return draws_combine(source, error);
}

/* Axes are read before the other keys. */
static status read_seed(job *j, error_info *error) {
    static const char key[] = "seed";
    const option *o = option_find(&job_table, key);
    const tree_node *node = tree_find(j->details->tree, key);
    return node != NULL ? o->type->read(o, key, node, j, error) : STATUS_OK;
}

status drawn_axis_take(job *j, int index, error_info *error) {
    job_axis *source = &j->details->axes[index];
    grid_axis *axis = &j->grid.axes[index];
    RETURN_IF_FAILED(read_seed(j, error));
    for (int k = 0; k < source->key_count; k++)
        RETURN_IF_FAILED(check_key(j, axis->name, source->keys[k].text, &source->draws->keys[k], error));
    return source->key_count == 1 ? take_one(source, axis, j->seed, error) : take_several(j, index, error);
}
