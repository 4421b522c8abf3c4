/* The functions of a table of options; the types of values are in option_type.c. */
#include "io/option/option.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/spelling.h"
#include "grid/grid.h"
#include "io/option/yaml_tree.h"

enum { NAME_SIZE = 256, SECTION_SIZE = NAME_SIZE + 1, LIST_SIZE = 512 };

void option_number_text(double number, char *text, size_t size) {
    const grid_axis axis = {.kind = AXIS_NUMBER, .count = 1, .numbers = &number};
    grid_value_text(&axis, 0, text, size);
}

const option *option_find(const option_table *table, const char *key) {
    for (size_t i = 0; i < table->count; i++)
        if (strcmp(table->options[i].key, key) == 0)
            return &table->options[i];
    return NULL;
}

static bool starts_with(const char *text, const char *start) {
    return strncmp(text, start, strlen(start)) == 0;
}

static bool is_section(const option_table *table, const char *path) {
    char start[SECTION_SIZE];
    snprintf(start, sizeof start, "%s.", path);
    for (size_t i = 0; i < table->count; i++)
        if (starts_with(table->options[i].key, start))
            return true;
    return false;
}

bool option_takes_none(const option *o) {
    return o->type->may_be_none && o->default_text != NULL && o->default_text[0] == '\0';
}

/* ---- Errors ------------------------------------------------------------------------------------ */

void option_describe_accepted(const option *o, char *text, size_t size) {
    o->type->accepted(o, text, size);
    size_t used = strlen(text);
    if (option_takes_none(o))
        snprintf(text + used, size - used, ", or none");
}

status option_refuse(const option *o, const char *name, const tree_node *node, error_info *error) {
    char found[100], accepted[LIST_SIZE];
    tree_describe(node, found, sizeof found);
    option_describe_accepted(o, accepted, sizeof accepted);
    return tree_error(error, node->place, "%s: %s; accepted: %s", name, found, accepted);
}

/* The names that may be directly in a section ("" for the top, "optimizer."): "kind, lr, momentum". */
static void list_section(const option_table *table, const char *section, char *list, size_t size) {
    size_t used = 0;
    snprintf(list, size, "%s", "");
    for (size_t i = 0; i < table->count; i++) {
        if (!starts_with(table->options[i].key, section))
            continue;
        const char *component = table->options[i].key + strlen(section);
        int length = (int)strcspn(component, ".");
        bool listed = false;
        for (size_t earlier = 0; earlier < i && !listed; earlier++)
            listed = strncmp(table->options[earlier].key, table->options[i].key,
                             strlen(section) + (size_t)length) == 0;
        if (!listed && used < size)
            used +=
                (size_t)snprintf(list + used, size - used, "%s%.*s", used > 0 ? ", " : "", length, component);
    }
}

static const char *last_component(const char *path) {
    const char *dot = strrchr(path, '.');
    return dot != NULL ? dot + 1 : path;
}

static size_t depth_of(const char *path) {
    size_t depth = 0;
    for (; *path != '\0'; path++)
        depth += *path == '.';
    return depth;
}

/* How far `path` is from `known`, a key or else a section: SIZE_MAX for another word. People mistype the last
 * component, or an earlier one, or put the right key into the wrong section. */
static size_t distance_to(const char *path, const char *known, bool is_key) {
    const char *last = last_component(path), *known_last = last_component(known);
    const size_t allowed = spelling_slips(known_last);
    const size_t whole = spelling_distance(path, known), name = spelling_distance(last, known_last);
    if (depth_of(path) == depth_of(known) &&
        (whole <= allowed || (whole <= spelling_slips(path) && name == 0)))
        return whole;
    return is_key && name < allowed ? name + 1 : SIZE_MAX;
}

void option_nearest(const option_table *table, const char *path, char *nearest, size_t size) {
    size_t least = SIZE_MAX;
    snprintf(nearest, size, "%s", "");
    for (size_t i = 0; i < table->count; i++) {
        const char *key = table->options[i].key;
        for (size_t length = strcspn(key, ".");; length += 1 + strcspn(key + length + 1, ".")) {
            char known[NAME_SIZE];
            snprintf(known, sizeof known, "%.*s", (int)length, key);
            size_t distance = distance_to(path, known, key[length] == '\0');
            if (distance < least) {
                least = distance;
                snprintf(nearest, size, "%s", known);
            }
            if (key[length] == '\0')
                break;
        }
    }
}

status option_unknown(const option_table *table, const char *section, const char *name, tree_place place,
                      error_info *error) {
    char path[NAME_SIZE], list[LIST_SIZE], nearest[NAME_SIZE];
    snprintf(path, sizeof path, "%s%s", section, name);
    list_section(table, section, list, sizeof list);
    option_nearest(table, path, nearest, sizeof nearest);
    return tree_error(error, place, "%.100s: unknown key; accepted: %s%s%s", path, list,
                      nearest[0] != '\0' ? "; nearest known key: " : "", nearest);
}

/* ---- Reading ----------------------------------------------------------------------------------- */

static status check_keys(const option_table *table, const char *section, const tree_node *map,
                         error_info *error);

static status refuse_map(const option_table *table, const char *section, int name_length, const char *name,
                         const tree_node *node, error_info *error) {
    char found[100], list[LIST_SIZE];
    tree_describe(node, found, sizeof found);
    list_section(table, section, list, sizeof list);
    return tree_error(error, node->place, "%.*s%s%s; accepted: %s%s", name_length, name,
                      name_length > 0 ? ": " : "", found,
                      table->count > 0 ? "a map with keys among " : "nothing", list);
}

/* `path` is no option: it must be a section with known keys, and not an empty one. */
static status check_section(const option_table *table, const char *path, const tree_node *entry,
                            error_info *error) {
    char section[SECTION_SIZE];
    snprintf(section, sizeof section, "%s.", path);
    if (entry->kind == TREE_MAP && entry->count > 0)
        return check_keys(table, section, entry, error);
    return refuse_map(table, section, (int)strlen(path), path, entry, error);
}

static status check_keys(const option_table *table, const char *section, const tree_node *map,
                         error_info *error) {
    for (const tree_node *entry = map->first; entry != NULL; entry = entry->next) {
        char path[NAME_SIZE];
        int length = snprintf(path, sizeof path, "%s%s", section, entry->key);
        bool one_component = length < (int)sizeof path && strchr(entry->key, '.') == NULL;
        if (one_component && option_find(table, path) != NULL)
            continue;
        if (!one_component || !is_section(table, path))
            return option_unknown(table, section, entry->key, entry->key_place, error);
        RETURN_IF_FAILED(check_section(table, path, entry, error));
    }
    return STATUS_OK;
}

static bool is_known(const option_table *table, const option *o, const void *object);

/* Whether the option's condition is known and holds. */
static bool condition_holds(const option_table *table, const option *o, const void *object) {
    const option *condition = option_find(table, o->only_if);
    if (!is_known(table, condition, object))
        return false;
    if (condition->type->is_given != NULL)
        return condition->type->is_given(condition, object);
    return o->only_values >> *(const int *)((const char *)object + condition->offset) & 1;
}

static bool is_known(const option_table *table, const option *o, const void *object) {
    return o->only_if == NULL || condition_holds(table, o, object);
}

/* Several rows may share a key under different conditions. */
static bool key_is_known(const option_table *table, const char *key, const void *object) {
    for (size_t i = 0; i < table->count; i++)
        if (strcmp(table->options[i].key, key) == 0 && is_known(table, &table->options[i], object))
            return true;
    return false;
}

/* "optimizer.kind: sgd or nesterov", "model.init_file" */
void option_describe_condition(const option_table *table, const option *o, char *text, size_t size) {
    snprintf(text, size, "%s", "");
    if (o->only_if == NULL)
        return;
    const option *condition = option_find(table, o->only_if);
    bool is_choice = condition->type->is_given == NULL;
    size_t used = (size_t)snprintf(text, size, "%s%s", o->only_if, is_choice ? ": " : "");
    if (is_choice && used < size)
        names_join(condition->choices, o->only_values, " or ", text + used, size - used);
}

/* A known key where it has no meaning: its condition does not hold, or is misplaced itself. */
static status misplaced(const option_table *table, const option *o, const void *object, const char *name,
                        tree_place place, error_info *error) {
    const option *failed = o, *condition;
    while (condition = option_find(table, failed->only_if), !is_known(table, condition, object))
        failed = condition;
    char text[LIST_SIZE];
    option_describe_condition(table, failed, text, sizeof text);
    return tree_error(error, place, "%s: unknown key here; accepted only with %s", name, text);
}

/* The innermost section of `key` that exists, where a missing key would have to be. */
static tree_place section_place(const tree_node *map, const char *key) {
    for (const tree_node *entry;; map = entry, key = strchr(key, '.') + 1) {
        entry = tree_entry(map, key, strcspn(key, "."));
        if (entry == NULL)
            return map->place;
    }
}

static status missing_key(const option *o, const char *name, const tree_node *map, error_info *error) {
    char accepted[LIST_SIZE];
    option_describe_accepted(o, accepted, sizeof accepted);
    return tree_error(error, section_place(map, o->key), "%s: missing; accepted: %s", name, accepted);
}

static status read_default(const option *o, const char *name, void *object, error_info *error) {
    if (o->default_text[0] == '\0')
        return STATUS_OK;
    tree_node *node;
    RETURN_IF_FAILED(tree_parse(&node, "default", false, o->default_text, strlen(o->default_text), error));
    status result = o->type->read(o, name, node, object, error);
    tree_destroy(&node);
    return result;
}

static status read_option(const option_table *table, const option *o, const char *prefix,
                          const tree_node *map, void *object, error_info *error) {
    char name[NAME_SIZE];
    snprintf(name, sizeof name, "%s%s", prefix, o->key);
    const tree_node *node = tree_find(map, o->key);
    if (!is_known(table, o, object)) {
        if (node != NULL && !key_is_known(table, o->key, object))
            return misplaced(table, o, object, name, node->key_place, error);
        return STATUS_OK;
    }
    if (node != NULL && option_takes_none(o) && tree_is_none(node))
        return STATUS_OK;
    if (node == NULL && o->default_key != NULL)
        node = tree_find(map, o->default_key);
    if (node != NULL)
        return o->type->read(o, name, node, object, error);
    return o->default_text != NULL ? read_default(o, name, object, error) : missing_key(o, name, map, error);
}

status option_check_keys(const option_table *table, const char *prefix, const tree_node *map,
                         error_info *error) {
    int unpunctuated = (int)strlen(prefix) - (prefix[0] != '\0'); /* without its last dot */
    if (map->kind != TREE_MAP)
        return refuse_map(table, "", unpunctuated, prefix, map, error);
    return check_keys(table, "", map, error);
}

status option_read_all(const option_table *table, const char *prefix, const tree_node *map, void *object,
                       error_info *error) {
    RETURN_IF_FAILED(option_check_keys(table, prefix, map, error));
    for (size_t i = 0; i < table->count; i++)
        RETURN_IF_FAILED(read_option(table, &table->options[i], prefix, map, object, error));
    return STATUS_OK;
}

/* ---- Printing ---------------------------------------------------------------------------------- */

/* Takes the value of one option as text. */
typedef struct value_holder {
    option_writer writer; /* the first member: options know only this */
    FILE *stream;
    char *text;
    size_t size;
} value_holder;

static FILE *begin_held(option_writer *w, const char *key) {
    value_holder *h = (value_holder *)w;
    (void)key;
    h->stream = open_memstream(&h->text, &h->size);
    return h->stream;
}

/* Whether the key is younger than results files of jobs like this one. */
static bool is_younger(const option_table *table, const option *o, const void *object) {
    if (!o->omits_default || o->omits_for == 0)
        return o->omits_default;
    const option *condition = option_find(table, o->only_if);
    return o->omits_for >> *(const int *)((const char *)object + condition->offset) & 1;
}

/* NULL without memory. The caller frees it. */
static char *value_text(const option *o, const void *object) {
    value_holder h = {.writer = {.begin = begin_held}};
    o->type->write(o, o->key, object, &h.writer);
    if (h.stream != NULL && fclose(h.stream) == 0)
        return h.text;
    free(h.text);
    return NULL;
}

enum { LARGEST_VALUE = 256 }; /* of an option that omits its default */

/* Without memory `w` fails. */
static bool has_default(const option *o, const void *object, option_writer *w) {
    const size_t last = o->offset > o->count_offset ? o->offset : o->count_offset;
    void *fresh = calloc(1, last + LARGEST_VALUE);
    char *text = value_text(o, object), *fresh_text = NULL;
    if (fresh != NULL && read_default(o, o->key, fresh, NULL) == STATUS_OK)
        fresh_text = value_text(o, fresh);
    w->failed |= text == NULL || fresh_text == NULL;
    const bool has = text != NULL && fresh_text != NULL && strcmp(text, fresh_text) == 0;
    free(fresh);
    free(text);
    free(fresh_text);
    return has;
}

void option_write_all(const option_table *table, const char *prefix, const void *object, option_writer *w) {
    for (size_t i = 0; i < table->count; i++) {
        const option *o = &table->options[i];
        if (o->type->write == NULL || !is_known(table, o, object))
            continue;
        char name[NAME_SIZE];
        snprintf(name, sizeof name, "%s%s", prefix, o->key);
        if (!is_younger(table, o, object) || !has_default(o, object, w))
            o->type->write(o, name, object, w);
    }
}

static void print_default(const option *o, FILE *out) {
    if (o->default_key != NULL)
        fprintf(out, "as `%s`", o->default_key);
    else if (o->default_text == NULL)
        fprintf(out, "required");
    else if (o->default_text[0] == '\0')
        fprintf(out, "none");
    else
        fprintf(out, "`%s`", o->default_text);
}

void option_print_reference(const option_table *table, FILE *out) {
    fprintf(out, "| key | accepted | default | meaning |\n|---|---|---|---|\n");
    for (size_t i = 0; i < table->count; i++) {
        const option *o = &table->options[i];
        char accepted[LIST_SIZE];
        option_describe_accepted(o, accepted, sizeof accepted);
        fprintf(out, "| `%s` | %s | ", o->key, accepted);
        print_default(o, out);
        fprintf(out, " | %s", o->help);
        if (o->only_if != NULL) {
            char condition[LIST_SIZE];
            option_describe_condition(table, o, condition, sizeof condition);
            fprintf(out, " (only with `%s`)", condition);
        }
        fprintf(out, " |\n");
    }
}
