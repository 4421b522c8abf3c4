/* Options that name layers, by their paths. */
#include "io/option/option.h"

static status read_layer_at(const option *o, const char *name, const tree_node *node, layer_path *path,
                            error_info *error) {
    if (node->kind != TREE_SCALAR || !layer_path_read(node->text, path))
        return option_refuse(o, name, node, error);
    return STATUS_OK;
}

static status read_layer(const option *o, const char *name, const tree_node *node, void *object,
                         error_info *error) {
    *(int *)((char *)object + o->count_offset) = 1;
    return read_layer_at(o, name, node, (layer_path *)((char *)object + o->offset), error);
}

static void write_layer(const option *o, const char *name, const void *object, option_writer *w) {
    FILE *out = w->begin(w, name);
    if (out != NULL)
        fputs(layer_path_write(*(const layer_path *)((const char *)object + o->offset)).text, out);
}

static void accepted_layer(const option *o, char *text, size_t size) {
    (void)o;
    snprintf(text, size, "a layer, counted from 0; within a residual block such as 3.0 or 3.shortcut.0");
}

static status read_layer_list(const option *o, const char *name, const tree_node *node, void *object,
                              error_info *error) {
    if (node->kind != TREE_LIST || node->count < 1 || node->count > ENGINE_MAX_LIST)
        return option_refuse(o, name, node, error);
    layer_path *next = (layer_path *)((char *)object + o->offset);
    for (const tree_node *item = node->first; item != NULL; item = item->next)
        RETURN_IF_FAILED(read_layer_at(o, name, item, next++, error));
    *(int *)((char *)object + o->count_offset) = (int)node->count;
    return STATUS_OK;
}

static void write_layer_list(const option *o, const char *name, const void *object, option_writer *w) {
    const layer_path *paths = (const layer_path *)((const char *)object + o->offset);
    FILE *out = w->begin(w, name);
    if (out == NULL)
        return;
    fputs("[", out);
    for (int i = 0; i < *(const int *)((const char *)object + o->count_offset); i++)
        fprintf(out, "%s%s", i > 0 ? ", " : "", layer_path_write(paths[i]).text);
    fputs("]", out);
}

static void accepted_layer_list(const option *o, char *text, size_t size) {
    (void)o;
    snprintf(text, size, "a list of 1 to %d layers, counted from 0; within a residual block such as 3.0",
             ENGINE_MAX_LIST);
}

const option_type option_layer = {.read = read_layer, .write = write_layer, .accepted = accepted_layer};
const option_type option_layer_list = {
    .read = read_layer_list, .write = write_layer_list, .accepted = accepted_layer_list, .may_be_none = true};
