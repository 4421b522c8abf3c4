#include "grid/grid.h"

#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "base/text.h"

enum { VALUE_TEXT_SIZE = 256 };

size_t grid_cells(const grid *g) {
    size_t cells = 1;
    for (int axis = 0; axis < g->axis_count; axis++)
        cells *= g->axes[axis].count;
    return cells;
}

void grid_cell_index(const grid *g, size_t cell, size_t index[GRID_MAX_AXES]) {
    for (int axis = g->axis_count - 1; axis >= 0; axis--) {
        index[axis] = cell % g->axes[axis].count;
        cell /= g->axes[axis].count;
    }
}

size_t grid_index_cell(const grid *g, const size_t index[GRID_MAX_AXES]) {
    size_t cell = 0;
    for (int axis = 0; axis < g->axis_count; axis++)
        cell = cell * g->axes[axis].count + index[axis];
    return cell;
}

/* A sum, so that the order of the axes does not matter. */
uint64_t grid_coordinates(const grid *g, size_t cell) {
    size_t index[GRID_MAX_AXES];
    grid_cell_index(g, cell, index);
    uint64_t sum = 0;
    for (int i = 0; i < g->axis_count; i++) {
        const grid_axis *axis = &g->axes[i];
        if ((g->paired && axis->kind != AXIS_RUN) || (axis->has_base && index[i] == axis->base))
            continue;
        char value[VALUE_TEXT_SIZE];
        grid_value_text(axis, index[i], value, sizeof value);
        char pair[GRID_NAME_SIZE + sizeof value];
        int length = snprintf(pair, sizeof pair, "%s=%s", axis->name, value);
        sum += hash_bytes(pair, (size_t)length);
    }
    return sum;
}

/* 15 digits suffice for every number that people write; 17 distinguish any two doubles. */
void grid_value_text(const grid_axis *axis, size_t index, char *text, size_t size) {
    if (axis->kind == AXIS_LABEL) {
        snprintf(text, size, "%s", axis->labels[index]);
        return;
    }
    double number = axis->numbers[index];
    snprintf(text, size, "%.15g", number);
    if (strtod(text, NULL) != number)
        snprintf(text, size, "%.17g", number);
}

void grid_print_json_value(FILE *out, const grid_axis *axis, size_t index) {
    char text[VALUE_TEXT_SIZE];
    grid_value_text(axis, index, text, sizeof text);
    if (axis->kind == AXIS_LABEL)
        text_print_json(out, text);
    else
        fputs(text, out);
}

int grid_find_axis(const grid *g, const grid_axis *like) {
    for (int i = 0; i < g->axis_count; i++)
        if (g->axes[i].kind == like->kind && strcmp(g->axes[i].name, like->name) == 0)
            return i;
    return -1;
}

/* -0 and 0 are two values: they name different random streams. */
static bool same_value(const grid_axis *a, size_t i, const grid_axis *b, size_t k) {
    if (a->kind == AXIS_LABEL)
        return strcmp(a->labels[i], b->labels[k]) == 0;
    return memcmp(&a->numbers[i], &b->numbers[k], sizeof *a->numbers) == 0;
}

bool grid_find_value(const grid_axis *whole, const grid_axis *part, size_t i, size_t *position) {
    if (whole->kind != part->kind)
        return false;
    for (size_t tried = 0; tried < whole->count; tried++) {
        const size_t at = (*position + tried) % whole->count;
        if (same_value(whole, at, part, i)) {
            *position = at;
            return true;
        }
    }
    return false;
}

grid_axis grid_auxiliary_axis(const grid *g, const grid_auxiliary *auxiliary) {
    grid_axis axis = {.kind = auxiliary->labels != NULL ? AXIS_LABEL : AXIS_NUMBER,
                      .count = g->axes[auxiliary->axis].count,
                      .numbers = auxiliary->numbers,
                      .labels = auxiliary->labels};
    memcpy(axis.name, auxiliary->name, sizeof axis.name);
    return axis;
}

static void print_json_member(FILE *out, const grid_axis *axis, size_t index, bool first) {
    fputs(first ? "" : ", ", out);
    text_print_json(out, axis->name);
    fputs(": ", out);
    grid_print_json_value(out, axis, index);
}

void grid_print_json_cell(FILE *out, const grid *g, size_t cell) {
    size_t index[GRID_MAX_AXES];
    grid_cell_index(g, cell, index);
    fputc('{', out);
    for (int axis = 0; axis < g->axis_count; axis++)
        print_json_member(out, &g->axes[axis], index[axis], axis == 0);
    for (int i = 0; i < g->auxiliary_count; i++) {
        const grid_axis auxiliary = grid_auxiliary_axis(g, &g->auxiliaries[i]);
        print_json_member(out, &auxiliary, index[g->auxiliaries[i].axis], false);
    }
    fputc('}', out);
}

static void release_labels(char **labels, size_t count) {
    for (size_t value = 0; labels != NULL && value < count; value++)
        free(labels[value]);
    free(labels);
}

void grid_release(grid *g) {
    for (int i = 0; i < g->auxiliary_count; i++) {
        const grid_auxiliary *auxiliary = &g->auxiliaries[i];
        release_labels(auxiliary->labels, g->axes[auxiliary->axis].count);
        free(auxiliary->numbers);
        free(auxiliary->key);
    }
    free(g->auxiliaries);
    for (int i = 0; i < g->axis_count; i++) {
        release_labels(g->axes[i].labels, g->axes[i].count);
        free(g->axes[i].numbers);
    }
    *g = (grid){0};
}
