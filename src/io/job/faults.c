#include "io/job/faults.h"

#include <stdio.h>
#include <string.h>

#include "io/job/keys.h"
#include "io/job/layer_table.h"
#include "io/job/table.h"

const char *job_field_key(size_t offset) {
    for (size_t i = 0; i < job_table.count; i++)
        if (job_table.options[i].offset == offset)
            return job_table.options[i].key;
    return "";
}

static const char *layers_key(void) {
    for (size_t i = 0; i < job_table.count; i++)
        if (job_table.options[i].type == &option_layers)
            return job_table.options[i].key;
    return "";
}

void job_fault_key(fault f, char key[FAULT_KEY_SIZE]) {
    switch (f.subject) {
    case FAULT_FIELD:
        snprintf(key, FAULT_KEY_SIZE, "%s", job_field_key(offsetof(job, base) + f.index));
        break;
    case FAULT_LAYER:
        snprintf(key, FAULT_KEY_SIZE, "%s[%s]", layers_key(), layer_path_write((layer_path)f.index).text);
        break;
    case FAULT_LAYERS:
        snprintf(key, FAULT_KEY_SIZE, "%s", layers_key());
        break;
    case FAULT_DATA:
        snprintf(key, FAULT_KEY_SIZE, "data");
        break;
    case FAULT_NONE:
        key[0] = '\0';
        break;
    }
}

/* Where the key is written, or the innermost section of it that is. */
static tree_place key_place(const tree_node *tree, const char *key) {
    char path[FAULT_KEY_SIZE];
    snprintf(path, sizeof path, "%s", key);
    const tree_node *node = job_key_find(tree, path);
    for (char *end = path; node == NULL && end != NULL; node = job_key_find(tree, path)) {
        end = strrchr(path, '.');
        if (end != NULL)
            *end = '\0';
    }
    return (node != NULL ? node : tree)->place;
}

status job_prefix_place(tree_place place, const char *key, error_info *error) {
    char text[ERROR_TEXT_SIZE];
    tree_place_text(place, text, sizeof text);
    return error_prefix(error, "%s: %s%s", text, key, key[0] != '\0' ? ": " : "");
}

status job_prefix_key(const tree_node *tree, const char *key, error_info *error) {
    return job_prefix_place(key_place(tree, key), key, error);
}
