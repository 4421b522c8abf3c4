/* Which arrays a results file has, with names, types and shapes. Plain data; no file is touched. */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "grid/grid.h"
#include "io/job/job.h"
#include "io/results/layout.h"
#include "io/results/results.h"

static const char unix_time[] = "seconds since 1970-01-01 00:00:00";

size_t element_size(element type) {
    static const size_t sizes[ELEMENT_COUNT] = {
        [ELEMENT_INT8] = 1,    [ELEMENT_INT32] = 4,   [ELEMENT_UINT32] = 4, [ELEMENT_INT64] = 8,
        [ELEMENT_FLOAT32] = 4, [ELEMENT_FLOAT64] = 8, [ELEMENT_CHAR] = 1,   [ELEMENT_TEXT] = 0,
    };
    return sizes[type];
}

static void add_dimension(results_array *a, const char *scale, size_t length) {
    enum { LONGEST = sizeof a->scales[0] - 1 };
    snprintf(a->scales[a->rank], sizeof a->scales[0], "%.*s", LONGEST, scale);
    a->dims[a->rank++] = length;
}

static results_array make_array(const char *name, const char *long_name, const char *units, element type) {
    results_array a = {.units = units, .type = type, .row_bytes = element_size(type)};
    snprintf(a.name, sizeof a.name, "%s", name);
    snprintf(a.long_name, sizeof a.long_name, "%s", long_name);
    return a;
}

/* One element per cell: dimensions are the axes. */
static results_array cell_array(const grid *g, const char *name, const char *long_name, const char *units,
                                element type) {
    results_array a = make_array(name, long_name, units, type);
    for (int i = 0; i < g->axis_count; i++)
        add_dimension(&a, g->axes[i].name, g->axes[i].count);
    return a;
}

/* A table of hosts or sessions. */
static results_array table_array(const results_scale *rows, const char *name, const char *long_name,
                                 const char *units, element type) {
    results_array a = make_array(name, long_name, units, type);
    add_dimension(&a, rows->name, rows->count);
    return a;
}

/* A table of texts of RECORD_HOST_SIZE characters, padded with zeros. */
static results_array text_table(const results_layout *layout, int rows, const char *name,
                                const char *long_name) {
    const results_scale *characters = &layout->scales[SCALE_CHARACTER];
    results_array a = table_array(&layout->scales[rows], name, long_name, NULL, ELEMENT_CHAR);
    add_dimension(&a, characters->name, characters->count);
    a.row_bytes *= characters->count;
    return a;
}

/* The sessions that opened the file. */
static void add_sessions(results_layout *out) {
    const results_scale *sessions = &out->scales[SCALE_SESSION];
    results_array *a = out->arrays;
    a[ARRAY_SESSION_START] =
        table_array(sessions, "provenance/session_start", "time of opening", unix_time, ELEMENT_FLOAT64);
    a[ARRAY_SESSION_UPDATED] = table_array(sessions, "provenance/session_updated", "time of the last sync",
                                           unix_time, ELEMENT_FLOAT64);
    a[ARRAY_SESSION_CELLS] =
        table_array(sessions, "provenance/session_cells", "cells stored", "1", ELEMENT_INT32);
    a[ARRAY_SESSION_SECONDS] = table_array(sessions, "provenance/session_seconds",
                                           "time from opening to the last sync", "s", ELEMENT_FLOAT64);
    a[ARRAY_SESSION_RANKS] =
        table_array(sessions, "provenance/session_ranks", "ranks of the run", "1", ELEMENT_INT32);
    a[ARRAY_SESSION_VERSION] =
        text_table(out, SCALE_SESSION, "provenance/session_version", "program and version");
    a[ARRAY_SESSION_COMMIT] =
        text_table(out, SCALE_SESSION, "provenance/session_commit", "commit that it was built from");
    a[ARRAY_SESSION_KERNELS] = text_table(out, SCALE_SESSION, "provenance/session_kernels", "kernel set");
    a[ARRAY_SESSION_CPU] = text_table(out, SCALE_SESSION, "provenance/session_cpu", "processor of rank 0");
    a[ARRAY_SESSION_NUMERICS] =
        table_array(sessions, "provenance/session_numerics", "number of the numerics", "1", ELEMENT_INT32);
}

static void add_tables(results_layout *out) {
    out->scales[SCALE_HOST] = (results_scale){"provenance/host_row", "row of hosts", 0, 1, RESULTS_HOSTS};
    out->scales[SCALE_CHARACTER] =
        (results_scale){"provenance/character", "place in a name", 0, 1, RECORD_HOST_SIZE};
    out->scales[SCALE_SESSION] =
        (results_scale){"provenance/session", "run that opened the file", 0, 1, RESULTS_SESSIONS};
    out->scale_count = SCALE_RECORDS;
    out->arrays[ARRAY_HOSTS] = text_table(out, SCALE_HOST, "provenance/hosts", "names of the hosts");
    add_sessions(out);
}

static void add_provenance(results_layout *out, const grid *g) {
    results_array *a = out->arrays;
    a[ARRAY_SECONDS] = cell_array(g, "provenance/seconds", "duration of the training", "s", ELEMENT_FLOAT64);
    a[ARRAY_RANK] = cell_array(g, "provenance/rank", "rank that trained the cell", "1", ELEMENT_INT32);
    a[ARRAY_TRIES] = cell_array(g, "provenance/tries", "how often the cell was stored", "1", ELEMENT_INT32);
    a[ARRAY_FINISHED] = cell_array(g, "provenance/finished", "time of storing", unix_time, ELEMENT_FLOAT64);
    a[ARRAY_HOST] = cell_array(g, "provenance/host", "row of hosts; -1: not known", "1", ELEMENT_INT32);
    a[ARRAY_CRASHES] =
        cell_array(g, "provenance/crashes", "how often a rank crashed in the training", "1", ELEMENT_INT32);
    a[ARRAY_SIGNAL] = cell_array(g, "provenance/signal", "signal of the last crash", "1", ELEMENT_INT32);
    a[ARRAY_CHECKSUM] = cell_array(g, "provenance/checksum", "CRC-32 of the cell", "1", ELEMENT_UINT32);
}

element results_scale_type(const results_scale *s) {
    return s->first == floor(s->first) && s->step == floor(s->step) ? ELEMENT_INT32 : ELEMENT_FLOAT64;
}

/* The scale of a variable's moments: "step" or "epoch" for the first kind seen, "step_K" for further ones. */
static const results_scale *moment_scale(results_layout *out, const record_variable *v) {
    static const char *const names[] = {[RECORD_AXIS_STEP] = "step", [RECORD_AXIS_EPOCH] = "epoch"};
    static const char *const long_names[] = {
        [RECORD_AXIS_STEP] = "optimiser steps taken so far", [RECORD_AXIS_EPOCH] = "epochs trained so far"};
    bool first = true;
    for (int i = SCALE_RECORDS; i < out->scale_count; i++) {
        const results_scale *s = &out->scales[i];
        if (s->long_name == long_names[v->axis] && s->step == v->every)
            return s;
        first &= s->long_name != long_names[v->axis];
    }
    assert(out->scale_count < SCALE_MAX);
    results_scale *s = &out->scales[out->scale_count++];
    *s = (results_scale){
        .long_name = long_names[v->axis], .first = v->first, .step = v->every, .count = v->count};
    if (first)
        snprintf(s->name, sizeof s->name, "%s", names[v->axis]);
    else
        snprintf(s->name, sizeof s->name, "%s_%d", names[v->axis], v->every);
    return s;
}

/* The scale of a recorded dimension: the same name means the same coordinates (engine.h). */
static const results_scale *dimension_scale(results_layout *out, const record_dimension *d) {
    for (int i = SCALE_RECORDS; i < out->scale_count; i++)
        if (strcmp(out->scales[i].name, d->name) == 0)
            return &out->scales[i];
    assert(out->scale_count < SCALE_MAX);
    results_scale *s = &out->scales[out->scale_count++];
    *s = (results_scale){
        .long_name = "coordinate in the array", .first = d->first, .step = d->step, .count = d->length};
    snprintf(s->name, sizeof s->name, "%s", d->name);
    return s;
}

static results_array *add_record(results_layout *out, const record_variable *v, const char *name) {
    assert(out->array_count < ARRAY_MAX);
    results_array *a = &out->arrays[out->array_count++];
    *a = cell_array(out->grid, name, v->long_name, v->units, ELEMENT_FLOAT32);
    a->source = v;
    return a;
}

/* A number that is recorded once, or an array, is one data set; a curve has its final value next to it. */
static void add_variable(results_layout *out, const record_variable *v) {
    char name[RESULTS_NAME_SIZE];
    const bool is_curve = v->rank == 0 && v->axis != RECORD_AXIS_NONE;
    if (is_curve)
        add_record(out, v, v->name)->is_final = true;
    snprintf(name, sizeof name, "%s%s", v->name, is_curve ? "_curve" : "");
    results_array *whole = add_record(out, v, name);
    if (v->axis != RECORD_AXIS_NONE)
        add_dimension(whole, moment_scale(out, v)->name, v->count);
    for (int d = 0; d < v->rank; d++)
        add_dimension(whole, dimension_scale(out, &v->dims[d])->name, v->dims[d].length);
    whole->row_bytes *= v->count * record_moment_size(v);
}

size_t results_layout_datasets(const results_layout *layout) {
    return (size_t)(layout->grid->axis_count + layout->grid->auxiliary_count + layout->scale_count +
                    layout->array_count);
}

/* The i-th name of a data set: axes, auxiliary coordinates, scales, arrays. */
static const char *layout_name(const results_layout *layout, int i) {
    const grid *g = layout->grid;
    if (i < g->axis_count)
        return g->axes[i].name;
    i -= g->axis_count;
    if (i < g->auxiliary_count)
        return g->auxiliaries[i].name;
    i -= g->auxiliary_count;
    return i < layout->scale_count ? layout->scales[i].name : layout->arrays[i - layout->scale_count].name;
}

static status check_names(const results_layout *layout, error_info *error) {
    const int count = (int)results_layout_datasets(layout);
    for (int i = 0; i < count; i++) {
        const char *name = layout_name(layout, i);
        if (strcmp(name, "provenance") == 0)
            return error_set(error, STATUS_USAGE,
                             "the name \"provenance\" is taken; name the axis otherwise");
        for (int k = 0; k < i; k++)
            if (strcmp(name, layout_name(layout, k)) == 0)
                return error_set(error, STATUS_USAGE,
                                 "the results file would have two arrays named \"%s\"; axes and records need "
                                 "names of their own",
                                 name);
    }
    return STATUS_OK;
}

status results_layout_make(results_layout *out, const grid *g, const record_layout *records,
                           error_info *error) {
    memset(out, 0, sizeof *out);
    out->grid = g;
    out->records = records;
    out->cells = grid_cells(g);
    out->array_count = ARRAY_RECORDS;
    out->arrays[ARRAY_STATUS] = cell_array(g, "status", "state of the cell", NULL, ELEMENT_INT8);
    out->arrays[ARRAY_STEPS_TAKEN] =
        cell_array(g, "steps_taken", "optimiser steps taken", "1", ELEMENT_INT32);
    add_provenance(out, g);
    add_tables(out);
    for (int v = 0; v < records->variable_count; v++)
        add_variable(out, &records->variables[v]);
    return check_names(out, error);
}

bool results_array_is_table(int i) {
    return i >= ARRAY_HOSTS && i <= ARRAY_SESSION_NUMERICS;
}

size_t results_array_rows(const results_layout *layout, int i) {
    return results_array_is_table(i) ? layout->arrays[i].dims[0] : layout->cells;
}

uint64_t results_layout_bytes(const results_layout *layout) {
    uint64_t bytes = 0;
    for (int i = 0; i < layout->array_count; i++)
        bytes += layout->arrays[i].row_bytes * results_array_rows(layout, i);
    for (int i = 0; i < layout->grid->auxiliary_count; i++)
        bytes += layout->grid->axes[layout->grid->auxiliaries[i].axis].count * sizeof(double);
    for (int i = 0; i < layout->scale_count; i++)
        bytes += layout->scales[i].count * element_size(results_scale_type(&layout->scales[i]));
    return bytes;
}

status results_predict_bytes(const job *j, const record_layout *layout, uint64_t *bytes, error_info *error) {
    const uint64_t header_bytes = 1000; /* of a data set, with its attributes, as seen */
    results_layout *arrays = malloc(sizeof *arrays);
    if (arrays == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory");
    const status result = results_layout_make(arrays, &j->grid, layout, error);
    if (result == STATUS_OK)
        *bytes = results_layout_bytes(arrays) + header_bytes * results_layout_datasets(arrays) +
                 strlen(j->text) + strlen(j->canonical);
    free(arrays);
    return result;
}
