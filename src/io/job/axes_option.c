/* The key sweep: its axes are read before the other keys, which take their values from them. */
#include <stdio.h>

#include "io/job/axes_option.h"
#include "io/job/table.h"

enum { VALUE_SIZE = 256 };

static void write_axis(const job *j, int index, FILE *out) {
    const grid_axis *axis = &j->grid.axes[index];
    const job_axis *source = &j->details->axes[index];
    if (axis->kind == AXIS_RUN) {
        fprintf(out, "sweep.%s = %zu\n", axis->name, axis->count);
        return;
    }
    fprintf(out, "sweep.%s.set = ", axis->name);
    for (int k = 0; k < source->key_count; k++)
        fprintf(out, "%s%s", k > 0 ? ", " : "", source->keys[k]->text);
    fprintf(out, "\nsweep.%s.values = ", axis->name);
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

/* job_axes_read has read them: the other keys are read with their values in place. */
static status read_nothing(const option *o, const char *name, const tree_node *node, void *object,
                           error_info *error) {
    (void)o, (void)name, (void)node, (void)object, (void)error;
    return STATUS_OK;
}

static void accepted_axes(const option *o, char *text, size_t size) {
    (void)o;
    snprintf(text, size, "a map of 1 to %d axes", GRID_MAX_AXES);
}

const option_type option_axes = {.read = read_nothing, .write = write_axes, .accepted = accepted_axes};
