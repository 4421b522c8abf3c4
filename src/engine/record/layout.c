/* Layouts of recorded values, of one cell and of many. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "engine/record/records.h"

/* ---- One layout -------------------------------------------------------------------------------- */

/* Of dimension d; those beyond the rank have length 1. */
static size_t length_of(const record_variable *v, int d) {
    return d < v->rank && d < RECORD_MAX_RANK ? v->dims[d].length : 1;
}

/* Floats of an array from dimension d on. */
static size_t size_from(const record_variable *v, int d) {
    size_t size = 1;
    for (; d < v->rank; d++)
        size *= length_of(v, d);
    return size;
}

size_t record_moment_size(const record_variable *v) {
    return size_from(v, 0);
}

/* Floats of all moments of a variable. */
static size_t moments_size(const record_variable *v) {
    return v->count * record_moment_size(v);
}

float record_final(const record_variable *v, const float *values) {
    if (v->has_final)
        return values[v->offset + moments_size(v)];
    for (size_t i = v->count; i > 0; i--)
        if (!isnan(values[v->offset + i - 1]))
            return values[v->offset + i - 1];
    return NAN;
}

status record_layout_append(record_layout *layout, const record_variable *v, error_info *error) {
    if (layout->variable_count == ENGINE_MAX_VARIABLES)
        return error_set(error, STATUS_USAGE, "%s is one recorded array too many; accepted: up to %d",
                         v->name, ENGINE_MAX_VARIABLES);
    layout->variables[layout->variable_count++] = *v;
    return STATUS_OK;
}

/* Curves of the same moments share their coordinates in the results file, and so their length. */
static void align_moments(record_layout *layout, record_variable *v) {
    for (int i = 0; i < layout->variable_count; i++) {
        const record_variable *other = &layout->variables[i];
        if (other->axis == v->axis && other->first == v->first && other->every == v->every &&
            other->count > v->count)
            v->count = other->count;
    }
}

/* A cell's values travel in one message, whose length is an int. */
static const double most_recorded = 0x1p29 - 1024;

static double recorded(const record_variable *v) {
    double values = (double)v->count;
    for (int d = 0; d < v->rank; d++)
        values *= (double)v->dims[d].length;
    return values;
}

const record_variable *record_layout_largest(const record_layout *layout) {
    const record_variable *most = &layout->variables[0];
    for (int i = 1; i < layout->variable_count; i++)
        if (recorded(&layout->variables[i]) > recorded(most))
            most = &layout->variables[i];
    return most;
}

static status check_recorded(const record_layout *layout, error_info *error) {
    double sum = 0;
    for (int i = 0; i < layout->variable_count; i++)
        sum += recorded(&layout->variables[i]);
    if (sum <= most_recorded)
        return STATUS_OK;
    const record_variable *most = record_layout_largest(layout);
    return error_set(
        error, STATUS_USAGE,
        "a cell records %.4g values, %.4g of them %s; accepted: up to %.0f; record fewer moments or "
        "arrays",
        sum, recorded(most), most->name, most_recorded);
}

status record_layout_place(record_layout *layout, error_info *error) {
    layout->value_count = 0;
    for (int i = 0; i < layout->variable_count; i++)
        align_moments(layout, &layout->variables[i]);
    RETURN_IF_FAILED(check_recorded(layout, error));
    for (int i = 0; i < layout->variable_count; i++) {
        record_variable *v = &layout->variables[i];
        assert(v->rank >= 0 && v->rank <= RECORD_MAX_RANK && (v->axis == RECORD_AXIS_NONE || v->every > 0));
        v->offset = layout->value_count;
        layout->value_count += moments_size(v) + v->has_final;
    }
    return STATUS_OK;
}

/* ---- Sets and moments --------------------------------------------------------------------------- */

const dataset_split *record_split(const dataset *data, sample_set set) {
    switch (set) {
    case SET_TRAIN:
        return &data->train;
    case SET_VALIDATION:
        return &data->validation;
    case SET_TEST:
        return &data->test;
    case SET_NONE:
    case SET_BATCH:
    case SET_COUNT:
        break;
    }
    return NULL;
}

bool record_due(const record_spec *r, record_unit unit, long done) {
    return r->every > 0 && r->unit == unit && (unit == RECORD_AT_END || done % r->every == 0);
}

/* ---- Several layouts --------------------------------------------------------------------------- */

/* The number of a variable, or the count of all when there is none of that name. */
static int find_variable(const record_layout *layout, const char *name) {
    int i = 0;
    while (i < layout->variable_count && strcmp(layout->variables[i].name, name) != 0)
        i++;
    return i;
}

static bool same_coordinates(const record_variable *a, const record_variable *b) {
    bool same = a->axis == b->axis && a->first == b->first && a->every == b->every;
    for (int d = 0; d < a->rank && d < b->rank; d++)
        same &= strcmp(a->dims[d].name, b->dims[d].name) == 0 && a->dims[d].first == b->dims[d].first &&
                a->dims[d].step == b->dims[d].step;
    return same;
}

static void widen(record_variable *v, const record_variable *other) {
    v->count = other->count > v->count ? other->count : v->count;
    v->has_final |= other->has_final;
    for (int d = 0; d < other->rank; d++)
        if (d == v->rank)
            v->dims[v->rank++] = other->dims[d];
        else if (other->dims[d].length > v->dims[d].length)
            v->dims[d].length = other->dims[d].length;
}

status record_layout_merge(record_layout *into, const record_layout *other, error_info *error) {
    for (int i = 0; i < other->variable_count; i++) {
        const record_variable *more = &other->variables[i];
        const int place = find_variable(into, more->name);
        record_variable *v = &into->variables[place];
        if (place == into->variable_count)
            RETURN_IF_FAILED(record_layout_append(into, more, error));
        else if (same_coordinates(v, more))
            widen(v, more);
        else
            return error_set(error, STATUS_USAGE,
                             "%s is recorded at different moments or positions in different cells", v->name);
    }
    return record_layout_place(into, error);
}

/* Do two arrays have the same layout from dimension d on? */
static bool same_from(const record_variable *a, const record_variable *b, int d) {
    for (; d < a->rank || d < b->rank; d++)
        if (size_from(a, d) != size_from(b, d))
            return false;
    return true;
}

/* Copy an array into the corner of a wider one, from dimension d on. */
static void copy_corner(const record_variable *from, const float *values, const record_variable *to,
                        float *out, int d) {
    if (same_from(from, to, d)) {
        memcpy(out, values, size_from(from, d) * sizeof *out);
        return;
    }
    for (size_t i = 0; i < length_of(from, d); i++)
        copy_corner(from, values + i * size_from(from, d + 1), to, out + i * size_from(to, d + 1), d + 1);
}

void record_copy(const record_layout *from, const float *values, const record_layout *to, float *out) {
    for (size_t i = 0; i < to->value_count; i++)
        out[i] = NAN;
    for (int i = 0; i < from->variable_count; i++) {
        const record_variable *v = &from->variables[i];
        const int found = find_variable(to, v->name);
        assert(found < to->variable_count); /* `from` was merged into it */
        const record_variable *place = &to->variables[found];
        assert(v->count <= place->count && record_moment_size(v) <= record_moment_size(place));
        for (size_t at = 0; at < v->count; at++)
            copy_corner(v, values + v->offset + at * record_moment_size(v), place,
                        out + place->offset + at * record_moment_size(place), 0);
        if (place->has_final)
            out[place->offset + moments_size(place)] = record_final(v, values);
    }
}
