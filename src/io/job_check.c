/* Does a job fit its data? */
#include <string.h>

#include "io/axis_values.h"
#include "io/job_keys.h"
#include "io/job_table.h"
#include "io/job_variants.h"

enum { KEY_SIZE = 128 };

/* ---- Where a message of engine_plan belongs ---------------------------------------------------- */

/* Words of such messages, and the keys that they are about. */
static const struct {
    const char *words, *key;
} subjects[] = {
    {"initial parameters", "model.init_file"},
    {"normalisation", "data.normalize"},
    {"mirror", "data.mirror"},
    {"the loss", "loss"},
    {"training samples", "data"},
    {"epochs of", "train.epochs"},
};

/* "layer 3" or "layer (3)" means an item of the list. */
static void find_layer(const tree_node *tree, const char *message, char key[KEY_SIZE]) {
    const char *named = strstr(message, "layer ");
    int layer;
    if (named != NULL && sscanf(named, "layer%*[ (]%d", &layer) == 1)
        snprintf(key, KEY_SIZE, "model.layers[%d]", layer);
    if (named == NULL || tree_find(tree, key) == NULL)
        snprintf(key, KEY_SIZE, "model.layers");
}

static void find_subject(const tree_node *tree, const char *message, char key[KEY_SIZE]) {
    for (size_t i = 0; i < sizeof subjects / sizeof subjects[0]; i++)
        if (strstr(message, subjects[i].words) != NULL) {
            snprintf(key, KEY_SIZE, "%s", subjects[i].key);
            return;
        }
    find_layer(tree, message, key);
}

static status prefix_place(tree_place place, const char *key, error_info *error) {
    char text[ERROR_TEXT_SIZE];
    tree_place_text(place, text, sizeof text);
    return error_prefix(error, "%s: %s%s", text, key, key[0] != '\0' ? ": " : "");
}

/* Messages about records begin with their keys. */
static status prefix_subject(const tree_node *tree, error_info *error) {
    char key[KEY_SIZE];
    const char *message = error != NULL ? error->text : "";
    bool names_key = strncmp(message, "record.", strlen("record.")) == 0;
    if (names_key)
        snprintf(key, sizeof key, "%.*s", (int)strcspn(message, ":"), message);
    else
        find_subject(tree, message, key);
    const tree_node *node = tree_find(tree, key);
    return prefix_place((node != NULL ? node : tree)->place, names_key ? "" : key, error);
}

/* ---- Checking ---------------------------------------------------------------------------------- */

static status check_axis(const job *j, const training_spec *variant, int axis, const dataset *data,
                         error_info *error) {
    const job_axis *source = &j->details->axes[axis];
    for (size_t i = 0; i < j->grid.axes[axis].count; i++) {
        training_spec spec = *variant;
        training_plan plan;
        job_apply_number(j, axis, i, &spec);
        if (engine_plan(&spec, data, &plan, error) != STATUS_OK)
            return prefix_place(axis_value_place(source, i), source->keys[0]->text, error);
    }
    return STATUS_OK;
}

static status check_variant(const job *j, size_t variant, const dataset *data, training_plan *plan,
                            error_info *error) {
    const training_spec *spec = &j->details->variants[variant];
    if (engine_plan(spec, data, plan, error) != STATUS_OK) {
        RETURN_IF_FAILED(job_variant_select(j, variant, error));
        return prefix_subject(j->details->tree, error);
    }
    for (int axis = 0; axis < j->grid.axis_count; axis++)
        if (j->grid.axes[axis].kind == AXIS_NUMBER)
            RETURN_IF_FAILED(check_axis(j, spec, axis, data, error));
    return STATUS_OK;
}

status job_check(const job *j, const dataset *data, training_plan *plan, error_info *error) {
    RETURN_IF_FAILED(check_variant(j, 0, data, plan, error));
    for (size_t variant = 1; variant < job_variant_count(j); variant++) {
        training_plan other;
        RETURN_IF_FAILED(check_variant(j, variant, data, &other, error));
    }
    return STATUS_OK;
}
