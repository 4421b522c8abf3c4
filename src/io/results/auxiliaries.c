#include "io/results/auxiliaries.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static status copy_axes(results_reader *reader, grid *out, error_info *error) {
    const grid *g = results_reader_grid(reader);
    for (int i = 0; i < g->axis_count; i++)
        RETURN_IF_FAILED(results_reader_append_axis(reader, g->axes[i].name, out, error));
    return STATUS_OK;
}

/* The axis along which a data set of one dimension has coordinates; -1: it has none, or is the axis. */
static int find_axis(const grid *g, const results_dataset *d) {
    for (int axis = 0; axis < g->axis_count && d->rank == 1; axis++)
        if (strcmp(d->scales[0], g->axes[axis].name) == 0 && strcmp(d->name, d->scales[0]) != 0 &&
            d->dims[0] == g->axes[axis].count)
            return axis;
    return -1;
}

/* Take the values of a list, which was read as if it were an axis. */
static status add(results_reader *reader, const results_dataset *d, int axis, grid *out, error_info *error) {
    grid list = {0};
    grid_auxiliary *larger =
        realloc(out->auxiliaries, ((size_t)out->auxiliary_count + 1) * sizeof *out->auxiliaries);
    if (larger == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory");
    out->auxiliaries = larger;
    const status result = results_reader_append_axis(reader, d->name, &list, error);
    if (result == STATUS_OK) {
        grid_auxiliary *a = &larger[out->auxiliary_count++];
        *a = (grid_auxiliary){.axis = axis, .numbers = list.axes[0].numbers, .labels = list.axes[0].labels};
        snprintf(a->name, sizeof a->name, "%.*s", GRID_NAME_SIZE - 1, d->name);
        list.axes[0].numbers = NULL;
        list.axes[0].labels = NULL;
    }
    grid_release(&list);
    return result;
}

/* They are before the status. */
status results_read_auxiliaries(results_reader *reader, grid *out, error_info *error) {
    *out = (grid){0};
    RETURN_IF_FAILED(copy_axes(reader, out, error));
    for (int i = 0; i < results_reader_count(reader) && out->auxiliary_count < GRID_MAX_AUXILIARIES; i++) {
        results_dataset d;
        const char *name = results_reader_name(reader, i);
        if (strcmp(name, "status") == 0)
            break;
        RETURN_IF_FAILED(results_reader_describe(reader, name, &d, error));
        const int axis = find_axis(out, &d);
        if (axis >= 0)
            RETURN_IF_FAILED(add(reader, &d, axis, out, error));
    }
    return STATUS_OK;
}
