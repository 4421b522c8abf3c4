#include "io/job/axis_names.h"

#include <ctype.h>
#include <string.h>

#include "io/job/keys.h"

bool axis_name_is_taken(const char *name) {
    static const char *const taken[] = {"status",     "step",       "epoch",     "steps_taken",
                                        "provenance", "best_epoch", "best_step", "steps_planned"};
    static const char best[] = "best_";
    for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++)
        if (strcmp(name, taken[i]) == 0)
            return true;
    if (strncmp(name, best, strlen(best)) == 0)
        name += strlen(best);
    for (size_t q = 0; q < record_names.count; q++) {
        const size_t length = strlen(name_at(&record_names, q));
        if (strncmp(name, name_at(&record_names, q), length) == 0 && strchr("_", name[length]) != NULL)
            return true;
    }
    return false;
}

/* Of the auxiliaries only those before `count`. */
static bool is_in_use(const grid *g, int count, const char *name) {
    for (int axis = 0; axis < g->axis_count; axis++)
        if (strcmp(g->axes[axis].name, name) == 0)
            return true;
    for (int i = 0; i < count; i++)
        if (strcmp(g->auxiliaries[i].name, name) == 0)
            return true;
    return axis_name_is_taken(name);
}

/* "model.layers[2].units" → "model_layers_2_units" */
static void make_name(const char *key, char name[GRID_NAME_SIZE]) {
    size_t length = 0;
    for (; *key != '\0' && length + 1 < GRID_NAME_SIZE; key++)
        if (isalnum((unsigned char)*key))
            name[length++] = *key;
        else if (length > 0 && name[length - 1] != '_' && key[1] != '\0')
            name[length++] = '_';
    name[length] = '\0';
}

void axis_names_of_auxiliaries(grid *g) {
    for (int i = 0; i < g->auxiliary_count; i++) {
        grid_auxiliary *auxiliary = &g->auxiliaries[i];
        make_name(job_key_last_word(auxiliary->key), auxiliary->name);
        if (is_in_use(g, i, auxiliary->name))
            make_name(auxiliary->key, auxiliary->name);
        for (int number = 2; is_in_use(g, i, auxiliary->name); number++) {
            char name[GRID_NAME_SIZE];
            make_name(auxiliary->key, name);
            snprintf(auxiliary->name, sizeof auxiliary->name, "%.*s_%d", GRID_NAME_SIZE - 12, name, number);
        }
    }
}
