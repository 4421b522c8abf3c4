/* Points that the engine draws (engine/data/points.h): there is nothing to read. */
#include "io/data/format.h"

const data_format data_xor = {.home = HOME_NONE,
                              .points = {.shape = {2, 1, 1}, .classes = 2, .points.kind = POINTS_XOR}};

const data_format data_absolute_value = {
    .home = HOME_NONE,
    .points = {.shape = {1, 1, 1}, .target_count = 1, .points.kind = POINTS_ABSOLUTE_VALUE}};
