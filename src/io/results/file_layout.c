#include "io/results/file_layout.h"

#include <stdlib.h>
#include <string.h>

#include "grid/grid.h"
#include "io/results/create.h"

static status wrong_array(const results_reader *reader, const char *name, error_info *error) {
    return error_set(error, STATUS_IO, "%s: the data set %s is not one of cells", results_reader_path(reader),
                     name);
}

/* Append the array of a record. */
static status add_record(results_reader *reader, const char *name, results_layout *out, error_info *error) {
    const grid *g = out->grid;
    if (out->array_count == ARRAY_MAX)
        return wrong_array(reader, name, error);
    results_array *a = &out->arrays[out->array_count++];
    RETURN_IF_FAILED(results_reader_describe(reader, name, a, error));
    if (a->rank < g->axis_count || a->type == ELEMENT_TEXT)
        return wrong_array(reader, name, error);
    for (int i = 0; i < g->axis_count; i++)
        if (a->dims[i] != g->axes[i].count)
            return wrong_array(reader, name, error);
    a->row_bytes = element_size(a->type);
    for (int i = g->axis_count; i < a->rank; i++)
        a->row_bytes *= a->dims[i];
    return a->row_bytes > 0 ? STATUS_OK : wrong_array(reader, name, error);
}

/* The records of a cell follow the status and the steps, in the order of the file. */
static status add_records(results_reader *reader, results_layout *out, error_info *error) {
    const int count = results_reader_count(reader);
    bool after_steps = false;
    for (int i = 0; i < count; i++) {
        const char *name = results_reader_name(reader, i);
        if (after_steps)
            RETURN_IF_FAILED(add_record(reader, name, out, error));
        after_steps |= strcmp(name, out->arrays[ARRAY_STEPS_TAKEN].name) == 0;
    }
    return STATUS_OK;
}

status results_file_layout(results_reader *reader, results_layout *out, error_info *error) {
    bool contiguous;
    record_layout *nothing = calloc(1, sizeof *nothing);
    if (nothing == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory");
    status result = results_layout_make(out, results_reader_grid(reader), nothing, error);
    out->records = NULL;
    free(nothing);
    if (result == STATUS_OK)
        result = add_records(reader, out, error);
    if (result == STATUS_OK)
        result = results_locate(reader, out, &contiguous, error);
    if (result == STATUS_OK && !contiguous)
        result = error_set(error, STATUS_IO,
                           "%s: was rewritten by another tool (h5repack?), which compressed or split its "
                           "arrays; h5repack -l CONTI -f NONE makes them whole again",
                           results_reader_path(reader));
    return result;
}
