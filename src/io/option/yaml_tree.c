#include "io/option/yaml_tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

typedef struct tree_parser {
    yaml_parser_t yaml;
    const char *source;
    bool with_lines;
    const char *text;
    size_t size;
    size_t nodes;
    error_info *error;
} tree_parser;

static status out_of_memory(error_info *error) {
    return error_set(error, STATUS_INTERNAL, "out of memory while reading YAML");
}

static tree_place place_of(const tree_parser *p, yaml_mark_t mark) {
    if (!p->with_lines)
        return (tree_place){.source = p->source};
    return (tree_place){.source = p->source, .line = (int)mark.line + 1, .column = (int)mark.column + 1};
}

/* libyaml gives bytes that are not UTF-8 an offset but no mark. */
static yaml_mark_t mark_of_offset(const tree_parser *p, size_t offset) {
    yaml_mark_t mark = {0};
    for (size_t i = 0; i < offset && i < p->size; i++) {
        bool continues_character = ((unsigned char)p->text[i] & 0xC0) == 0x80;
        mark.column += !continues_character;
        if (p->text[i] == '\n') {
            mark.line++;
            mark.column = 0;
        }
    }
    return mark;
}

static status syntax_error(const tree_parser *p) {
    const yaml_parser_t *yaml = &p->yaml;
    if (yaml->error == YAML_MEMORY_ERROR)
        return out_of_memory(p->error);
    if (yaml->error == YAML_READER_ERROR)
        return tree_error(p->error, place_of(p, mark_of_offset(p, yaml->problem_offset)),
                          "not YAML: %s; accepted: text in UTF-8", yaml->problem);
    const size_t offset = yaml->problem_mark.index; /* in characters: exact where tabs are, after ASCII */
    const char at = offset < p->size ? p->text[offset] : '\0';
    return tree_error(p->error, place_of(p, yaml->problem_mark), "not YAML: %s%s", yaml->problem,
                      at == '\t'  ? "; this is a tab, accepted: spaces"
                      : at == '[' ? "; accepted: quotes around a text with brackets, such as "
                                    "\"model.layers[0].units\""
                                  : "");
}

static status next_event(tree_parser *p, yaml_event_t *event) {
    return yaml_parser_parse(&p->yaml, event) ? STATUS_OK : syntax_error(p);
}

/* Anchors and tags that the event carries, NULL for none. */
static void event_marks(const yaml_event_t *event, const void **anchor, const void **tag) {
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        *anchor = event->data.scalar.anchor, *tag = event->data.scalar.tag;
        return;
    case YAML_SEQUENCE_START_EVENT:
        *anchor = event->data.sequence_start.anchor, *tag = event->data.sequence_start.tag;
        return;
    case YAML_MAPPING_START_EVENT:
        *anchor = event->data.mapping_start.anchor, *tag = event->data.mapping_start.tag;
        return;
    default:
        *anchor = NULL, *tag = NULL;
    }
}

static status check_event(tree_parser *p, const yaml_event_t *event, int depth) {
    tree_place place = place_of(p, event->start_mark);
    const void *anchor, *tag;
    event_marks(event, &anchor, &tag);
    if (anchor != NULL || event->type == YAML_ALIAS_EVENT)
        return tree_error(p->error, place, "anchors and aliases are not accepted; write the value out");
    if (tag != NULL)
        return tree_error(p->error, place, "tag '%s' is not accepted; write the bare value",
                          (const char *)tag);
    if (depth > TREE_MAX_DEPTH)
        return tree_error(p->error, place, "nested too deeply; accepted: %d levels", TREE_MAX_DEPTH);
    if (++p->nodes > TREE_MAX_NODES)
        return tree_error(p->error, place, "too many values; accepted: %d", TREE_MAX_NODES);
    return STATUS_OK;
}

static status parse_value(tree_parser *p, const yaml_event_t *start, int depth, tree_node **out);

static status parse_list(tree_parser *p, tree_node *list, int depth) {
    for (tree_node **end = &list->first;; end = &(*end)->next, list->count++) {
        yaml_event_t event;
        RETURN_IF_FAILED(next_event(p, &event));
        bool at_end = event.type == YAML_SEQUENCE_END_EVENT;
        status result = at_end ? STATUS_OK : parse_value(p, &event, depth + 1, end);
        yaml_event_delete(&event);
        if (at_end || result != STATUS_OK)
            return result;
    }
}

/* Take the key of the next entry of `map` from its event. */
static status parse_key(tree_parser *p, const tree_node *map, const yaml_event_t *event, char **key) {
    tree_place place = place_of(p, event->start_mark);
    RETURN_IF_FAILED(check_event(p, event, 0));
    if (event->type != YAML_SCALAR_EVENT || event->data.scalar.length == 0)
        return tree_error(p->error, place, "a key must be a name");
    const char *name = (const char *)event->data.scalar.value;
    if (strlen(name) != event->data.scalar.length)
        return tree_error(p->error, place, "a key must not contain NUL");
    if (strcmp(name, "<<") == 0 && event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE)
        return tree_error(p->error, place, "merge keys are not accepted; write the keys out");
    const tree_node *earlier = tree_entry(map, name, strlen(name));
    if (earlier != NULL && p->with_lines)
        return tree_error(p->error, place, "%.60s: duplicate key; first given in line %d", name,
                          earlier->key_place.line);
    if (earlier != NULL)
        return tree_error(p->error, place, "%.60s: duplicate key", name);
    if (map->count == TREE_MAX_KEYS)
        return tree_error(p->error, place, "too many keys in one map; accepted: %d", TREE_MAX_KEYS);
    *key = strdup(name);
    return *key != NULL ? STATUS_OK : out_of_memory(p->error);
}

static status parse_map_value(tree_parser *p, int depth, tree_node **out) {
    yaml_event_t event;
    RETURN_IF_FAILED(next_event(p, &event));
    status result = parse_value(p, &event, depth, out);
    yaml_event_delete(&event);
    return result;
}

static status parse_map(tree_parser *p, tree_node *map, int depth) {
    for (tree_node **end = &map->first;; end = &(*end)->next, map->count++) {
        yaml_event_t event;
        RETURN_IF_FAILED(next_event(p, &event));
        bool at_end = event.type == YAML_MAPPING_END_EVENT;
        char *key = NULL;
        tree_place key_place = place_of(p, event.start_mark);
        status result = at_end ? STATUS_OK : parse_key(p, map, &event, &key);
        yaml_event_delete(&event);
        if (at_end || result != STATUS_OK)
            return result;
        result = parse_map_value(p, depth + 1, end);
        if (*end == NULL) {
            free(key);
            return result;
        }
        (*end)->key = key;
        (*end)->key_place = key_place;
        if (result != STATUS_OK)
            return result;
    }
}

static status parse_scalar(tree_parser *p, tree_node *node, const yaml_event_t *event) {
    const char *value = (const char *)event->data.scalar.value;
    if (strlen(value) != event->data.scalar.length)
        return tree_error(p->error, node->place, "text must not contain NUL");
    node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    node->text = strdup(value);
    return node->text != NULL ? STATUS_OK : out_of_memory(p->error);
}

/* The node that begins with `start`. *out is set as soon as it exists, so that the tree can always be
 * destroyed from its root. */
static status parse_value(tree_parser *p, const yaml_event_t *start, int depth, tree_node **out) {
    RETURN_IF_FAILED(check_event(p, start, depth));
    tree_node *node = calloc(1, sizeof *node);
    if (node == NULL)
        return out_of_memory(p->error);
    *out = node;
    node->place = place_of(p, start->start_mark);
    switch (start->type) {
    case YAML_SCALAR_EVENT:
        node->kind = TREE_SCALAR;
        return parse_scalar(p, node, start);
    case YAML_SEQUENCE_START_EVENT:
        node->kind = TREE_LIST;
        return parse_list(p, node, depth);
    default: /* check_event refuses aliases, so this is YAML_MAPPING_START_EVENT */
        node->kind = TREE_MAP;
        return parse_map(p, node, depth);
    }
}

/* A stream must hold one document: stream start, document start, the value, document end, stream end. */
static status parse_stream(tree_parser *p, tree_node **root) {
    static const yaml_event_type_t frame[] = {YAML_STREAM_START_EVENT, YAML_DOCUMENT_START_EVENT,
                                              YAML_NO_EVENT, YAML_DOCUMENT_END_EVENT, YAML_STREAM_END_EVENT};
    for (size_t i = 0; i < sizeof frame / sizeof frame[0]; i++) {
        yaml_event_t event;
        RETURN_IF_FAILED(next_event(p, &event));
        tree_place place = place_of(p, event.start_mark);
        status result = STATUS_OK;
        if (frame[i] == YAML_NO_EVENT)
            result = parse_value(p, &event, 1, root);
        else if (frame[i] == YAML_DOCUMENT_START_EVENT && event.type == YAML_STREAM_END_EVENT)
            result =
                tree_error(p->error, place, p->with_lines ? "there is nothing in it" : "no value is given");
        else if (frame[i] != event.type)
            result = tree_error(p->error, place, "a second document begins; accepted: one");
        yaml_event_delete(&event);
        if (result != STATUS_OK)
            return result;
    }
    return STATUS_OK;
}

/* Skip the mark that some editors put before UTF-8, and refuse other encodings that they call Unicode. */
static status check_encoding(tree_place start, const char **text, size_t *size, error_info *error) {
    const char *t = *text;
    if (*size >= 3 && memcmp(t, "\xEF\xBB\xBF", 3) == 0) {
        *text += 3;
        *size -= 3;
        return STATUS_OK;
    }
    if (*size >= 4 && memcmp(t, "\x89HDF", 4) == 0)
        return tree_error(error, start, "not YAML: this is an HDF5 file; accepted: text in UTF-8");
    const bool has_mark = *size >= 2 && (memcmp(t, "\xFF\xFE", 2) == 0 || memcmp(t, "\xFE\xFF", 2) == 0);
    if (has_mark || (*size >= 2 && (t[0] == '\0' || t[1] == '\0')))
        return tree_error(error, start,
                          "not YAML: UTF-16, UTF-32 or binary; accepted: text in UTF-8; `iconv -f UTF-16 -t "
                          "UTF-8` converts it");
    return STATUS_OK;
}

status tree_parse(tree_node **out, const char *source, bool with_lines, const char *text, size_t size,
                  error_info *error) {
    *out = NULL;
    const tree_place start = {.source = source, .line = with_lines, .column = with_lines};
    RETURN_IF_FAILED(check_encoding(start, &text, &size, error));
    tree_parser p = {.source = source, .with_lines = with_lines, .text = text, .size = size, .error = error};
    if (size > TREE_MAX_BYTES)
        return tree_error(error, (tree_place){.source = source}, "too long: more than %d bytes",
                          TREE_MAX_BYTES);
    if (!yaml_parser_initialize(&p.yaml))
        return out_of_memory(error);
    yaml_parser_set_encoding(&p.yaml, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&p.yaml, (const unsigned char *)text, size);
    status result = parse_stream(&p, out);
    yaml_parser_delete(&p.yaml);
    if (result != STATUS_OK)
        tree_destroy(out);
    return result;
}
