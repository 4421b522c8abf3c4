#include "engine/layer_path.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A path is a number, so that it can be stored and compared like one: the place in the model's list in 7
 * bits, above it up to three steps of 8 bits into blocks, each the place in the block's list plus 1, with the
 * highest bit for a shortcut. 0 in place of a step ends the path. */
enum { OUTER_BITS = 7, STEP_BITS = 8, MOST_STEPS = 3, IN_SHORTCUT = 1 << (STEP_BITS - 1) };

static_assert((int)LAYER_PATH_LONGEST_LIST < (int)IN_SHORTCUT, "a step has room for its number, from 1");
static_assert((int)ENGINE_MAX_LAYERS <= 1 << OUTER_BITS, "a path has room for every layer");

static const char shortcut_word[] = "shortcut";

/* ---- Numbers and texts --------------------------------------------------------------------------- */

static int step_of(layer_path path, int depth) {
    return path >> (OUTER_BITS + depth * STEP_BITS) & ((1 << STEP_BITS) - 1);
}

int layer_path_index(layer_path path) {
    return path & ((1 << OUTER_BITS) - 1);
}

int layer_path_depth(layer_path path) {
    int depth = 0;
    while (depth < MOST_STEPS && step_of(path, depth) != 0)
        depth++;
    return depth;
}

int layer_path_step(layer_path path, int depth, bool *shortcut) {
    const int step = step_of(path, depth);
    *shortcut = (step & IN_SHORTCUT) != 0;
    return (step & ~IN_SHORTCUT) - 1;
}

layer_path layer_path_outer(layer_path path, int depth) {
    return (layer_path)((unsigned)path & ((1U << (OUTER_BITS + depth * STEP_BITS)) - 1));
}

layer_path layer_path_within(layer_path block, bool shortcut, int index) {
    const int depth = layer_path_depth(block);
    if (depth == MOST_STEPS || index >= LAYER_PATH_LONGEST_LIST)
        return -1;
    return block | (index + 1 + (shortcut ? IN_SHORTCUT : 0)) << (OUTER_BITS + depth * STEP_BITS);
}

layer_path_text layer_path_write(layer_path path) {
    layer_path_text out;
    int length = snprintf(out.text, sizeof out.text, "%d", path < 0 ? path : layer_path_index(path));
    for (int depth = 0; path >= 0 && depth < layer_path_depth(path); depth++) {
        bool shortcut;
        const int index = layer_path_step(path, depth, &shortcut);
        length += snprintf(out.text + length, sizeof out.text - (size_t)length, "%s.%d",
                           shortcut ? ".shortcut" : "", index);
    }
    return out;
}

/* A place in a list of at most `count`; moves *text behind it. */
static bool read_index(const char **text, int count, int *index) {
    char *end;
    if (!isdigit((unsigned char)**text))
        return false;
    const unsigned long number = strtoul(*text, &end, 10);
    *text = end;
    *index = (int)number;
    return number < (unsigned long)count;
}

bool layer_path_read(const char *text, layer_path *path) {
    if (!read_index(&text, ENGINE_MAX_LAYERS, path))
        return false;
    while (*text == '.') {
        const size_t length = strlen(shortcut_word);
        const bool shortcut = strncmp(++text, shortcut_word, length) == 0 && text[length] == '.';
        int index;
        text += shortcut ? length + 1 : 0;
        if (!read_index(&text, ENGINE_MAX_LAYERS, &index))
            return false;
        *path = layer_path_within(*path, shortcut, index);
        if (*path < 0)
            return false;
    }
    return *text == '\0';
}

/* ---- Positions ------------------------------------------------------------------------------------- */

int layer_end(const model_spec *model, int position) {
    const layer_spec *l = &model->layers[position];
    return position + 1 + l->inner + l->shortcut;
}

int layer_before(const model_spec *model, int end) {
    int last = -1;
    for (int i = 0; i < end; i = layer_end(model, i))
        last = i;
    return last;
}

/* The number in the list that begins at `first` of the layer that is, or has within it, the one at
 * `position`; where that one begins → *begins. */
static int find_item(const model_spec *model, int first, int position, int *begins) {
    int item = 0;
    for (*begins = first; layer_end(model, *begins) <= position; item++)
        *begins = layer_end(model, *begins);
    return item;
}

layer_path layer_path_of(const model_spec *model, int position) {
    int block;
    layer_path path = find_item(model, 0, position, &block);
    while (block < position) {
        const int shortcut = block + 1 + model->layers[block].inner;
        const bool in_shortcut = position >= shortcut;
        const int item = find_item(model, in_shortcut ? shortcut : block + 1, position, &block);
        path = layer_path_within(path, in_shortcut, item);
    }
    return path;
}

layer_path_text layer_name_of(const model_spec *model, int position) {
    return layer_path_write(layer_path_of(model, position));
}

/* The position in a list that begins at `first` and ends before `end` of its item `index`; -1. */
static int walk(const model_spec *model, int first, int end, int index) {
    while (first < end && index-- > 0)
        first = layer_end(model, first);
    return first < end ? first : -1;
}

int layer_position(const model_spec *model, layer_path path) {
    int position = path >= 0 ? walk(model, 0, model->layer_count, layer_path_index(path)) : -1;
    for (int depth = 0; position >= 0 && depth < layer_path_depth(path); depth++) {
        bool shortcut;
        const int index = layer_path_step(path, depth, &shortcut);
        const int inner = position + 1, bypass = inner + model->layers[position].inner;
        position =
            walk(model, shortcut ? bypass : inner, shortcut ? layer_end(model, position) : bypass, index);
    }
    return position;
}
