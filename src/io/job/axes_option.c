/* The key sweep: its axes are read before the other keys, which take their values from them. */
#include <stdio.h>

#include "io/job/axes_option.h"
#include "io/job/axis_values.h"
#include "io/job/table.h"

enum { VALUE_SIZE = 256, KEY_SIZE = 512 };

void job_axis_keys(const job *j, int axis, char keys[JOB_AXIS_KEYS_SIZE]) {
    const job_axis *source = &j->details->axes[axis];
    size_t used = 0;
    keys[0] = '\0';
    for (int k = 0; k < source->key_count && used < JOB_AXIS_KEYS_SIZE; k++)
        used += (size_t)snprintf(keys + used, JOB_AXIS_KEYS_SIZE - used, "%s%s", k > 0 ? ", " : "",
                                 source->keys[k].text);
}

/* The stream for the value of "sweep.AXIS.WHAT", or of "sweep.AXIS" where `what` is "". */
static FILE *begin(option_writer *w, const grid_axis *axis, const char *what) {
    char key[KEY_SIZE];
    snprintf(key, sizeof key, "sweep.%s%s%s", axis->name, what[0] != '\0' ? "." : "", what);
    return w->begin(w, key);
}

static void write_base(const grid_axis *axis, option_writer *w) {
    FILE *out = axis->has_base ? begin(w, axis, "base") : NULL;
    char text[VALUE_SIZE];
    if (out == NULL)
        return;
    grid_value_text(axis, axis->base, text, sizeof text);
    fputs(text, out);
}

static void write_run_axis(const grid_axis *axis, option_writer *w) {
    FILE *out = begin(w, axis, "");
    if (out != NULL)
        fprintf(out, "%zu", axis->count);
}

static void write_keys(const job *j, int axis, option_writer *w) {
    char keys[JOB_AXIS_KEYS_SIZE];
    FILE *out = begin(w, &j->grid.axes[axis], "set");
    job_axis_keys(j, axis, keys);
    if (out != NULL)
        fputs(keys, out);
}

static void write_values(const grid_axis *axis, option_writer *w) {
    FILE *out = begin(w, axis, "values");
    for (size_t i = 0; out != NULL && i < axis->count; i++) {
        char text[VALUE_SIZE];
        grid_value_text(axis, i, text, sizeof text);
        fprintf(out, "%s%s", i > 0 ? ", " : "", text);
    }
}

static void write_draw(const drawn_key *key, size_t draw, FILE *out) {
    char text[VALUE_SIZE] = "";
    if (key->words != NULL)
        axis_values_label(key->words[draw], text, sizeof text);
    else
        option_number_text(key->numbers[draw], text, sizeof text);
    fputs(text, out);
}

/* Of several keys, the values of each: "sweep.AXIS.KEY". The axis may have a part of the draws, by number. */
static void write_draws(const job *j, int index, option_writer *w) {
    const job_axis *source = &j->details->axes[index];
    const grid_axis *axis = &j->grid.axes[index];
    for (int k = 0; source->draws != NULL && source->key_count > 1 && k < source->key_count; k++) {
        FILE *out = begin(w, axis, source->keys[k].text);
        for (size_t i = 0; out != NULL && i < axis->count; i++) {
            fputs(i > 0 ? ", " : "", out);
            write_draw(&source->draws->keys[k], (size_t)axis->numbers[i], out);
        }
    }
}

static void write_names(const grid *g, FILE *out) {
    if (g->axis_count == 0)
        fputs("(none)", out);
    for (int i = 0; i < g->axis_count; i++)
        fprintf(out, "%s%s", i > 0 ? ", " : "", g->axes[i].name);
}

static void write_axes(const option *o, const char *name, const void *object, option_writer *w) {
    (void)o, (void)name;
    const job *j = object;
    FILE *out = w->begin(w, "sweep.axes");
    if (out != NULL)
        write_names(&j->grid, out);
    for (int i = 0; i < j->grid.axis_count; i++) {
        write_base(&j->grid.axes[i], w);
        if (j->grid.axes[i].kind == AXIS_RUN) {
            write_run_axis(&j->grid.axes[i], w);
            continue;
        }
        write_keys(j, i, w);
        write_values(&j->grid.axes[i], w);
        write_draws(j, i, w);
    }
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
