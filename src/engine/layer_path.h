/* Where a layer is in a model. Part of engine.h.
 *
 * A specification's layers are one list, in which a residual block is followed by what is within it: first
 * its `layers`, then those of its shortcut. A position in this list is for programs. People and jobs name a
 * layer by its path: "3" is the fourth of the model, "3.0" the first of the residual block 3, "3.shortcut.0"
 * the first of its shortcut. */
#ifndef ENGINE_LAYER_PATH_H
#define ENGINE_LAYER_PATH_H

#include <stdbool.h>

#include "engine/spec.h"

enum { LAYER_PATH_TEXT_SIZE = 48, LAYER_PATH_LONGEST_LIST = 126 }; /* within a block */

typedef struct layer_path_text {
    char text[LAYER_PATH_TEXT_SIZE];
} layer_path_text;

/* "3.0", "3.shortcut.0"; of a negative number, which is no path, that number. */
layer_path_text layer_path_write(layer_path path);

/* False: `text` is no path. */
bool layer_path_read(const char *text, layer_path *path);

/* Its place in the model's list; the steps from there into blocks, and each: the place in the block's layers,
 * or in its shortcut. */
int layer_path_index(layer_path path);
int layer_path_depth(layer_path path);
int layer_path_step(layer_path path, int depth, bool *shortcut);

/* The path of the block that has the layer within it, `depth` steps deep; the layer's own at its own depth.
 */
layer_path layer_path_outer(layer_path path, int depth);

/* The path of item `index` within a block that has a path itself, in its layers or in its shortcut; -1 where
 * it would be too deep, or too far behind in its list. */
layer_path layer_path_within(layer_path block, bool shortcut, int index);

/* The path of the layer at `position`. */
layer_path layer_path_of(const model_spec *model, int position);

/* The same as text. */
layer_path_text layer_name_of(const model_spec *model, int position);

/* The position of the layer with that path; -1: there is none. */
int layer_position(const model_spec *model, layer_path path);

/* The position behind a layer and all that is within it. */
int layer_end(const model_spec *model, int position);

/* The position of the last layer of the model's own list that begins before `end`; -1: there is none. */
int layer_before(const model_spec *model, int end);

#endif
