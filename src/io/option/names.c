/* The option type of names that others gave: one text or a list of them. */
#include <string.h>

#include "io/option/name_list.h"
#include "io/option/option.h"

static status read_name(const option *o, const char *name, const tree_node *node, name_list *out,
                        error_info *error) {
    const size_t length = node->kind == TREE_SCALAR ? strlen(node->text) : 0;
    if (length == 0 || length >= NAME_LIST_TEXT_SIZE || strpbrk(node->text, "\n\r") != NULL)
        return option_refuse(o, name, node, error);
    memcpy(out->names[out->count++], node->text, length + 1);
    return STATUS_OK;
}

static status read_names(const option *o, const char *name, const tree_node *node, void *object,
                         error_info *error) {
    name_list *out = (name_list *)((char *)object + o->offset);
    out->count = 0;
    if (node->kind == TREE_SCALAR)
        return read_name(o, name, node, out, error);
    if (node->kind != TREE_LIST || node->count < 1 || node->count > NAME_LIST_MAX)
        return option_refuse(o, name, node, error);
    for (const tree_node *item = node->first; item != NULL; item = item->next)
        RETURN_IF_FAILED(read_name(o, name, item, out, error));
    return STATUS_OK;
}

static void write_names(const option *o, const char *name, const void *object, option_writer *w) {
    const name_list *list = (const name_list *)((const char *)object + o->offset);
    FILE *out = w->begin(w, name);
    if (out == NULL)
        return;
    fputs("[", out);
    for (int i = 0; i < list->count; i++)
        fprintf(out, "%s%s", i > 0 ? ", " : "", list->names[i]);
    fputs("]", out);
}

static void accepted_names(const option *o, char *text, size_t size) {
    (void)o;
    snprintf(text, size, "a name, or a list of 1 to %d, of at most %d bytes each", NAME_LIST_MAX,
             NAME_LIST_TEXT_SIZE - 1);
}

const option_type option_names = {.read = read_names, .write = write_names, .accepted = accepted_names};
