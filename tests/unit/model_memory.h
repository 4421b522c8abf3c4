/* A model's memory, for tests that run one without a trainer. */
#ifndef TESTS_UNIT_MODEL_MEMORY_H
#define TESTS_UNIT_MODEL_MEMORY_H

#include <string.h>

#include "engine/model.h"

static inline void take_model_memory(model *m, arena *memory) {
    arena needed = {0};
    model_carve_kept(m, &needed);
    model_carve_passes(m, &needed);
    assert_int_equal(arena_reserve(memory, needed.used, NULL), STATUS_OK);
    memset(memory->memory, 0, needed.used);
    model_carve_kept(m, memory);
    model_carve_passes(m, memory);
}

#endif
