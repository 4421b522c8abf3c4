/* A block of memory that is grown once, carved many times and reused from trial to trial.
 *
 * Two passes over the same carving code: first with a measuring arena (no memory: arena_take returns NULL and
 * counts), then, after arena_reserve, for real. The pages stay mapped between trials, so that a trial neither
 * allocates nor faults. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

#include "base/status.h"

enum { ARENA_ALIGNMENT = 64 }; /* a cache line, and the widest vector */

typedef struct arena {
    unsigned char *memory; /* NULL while measuring */
    size_t capacity;
    size_t used; /* bytes carved since the last reset, measured or real */
} arena;

/* Make sure that `bytes` can be carved, and rewind. Earlier contents and pointers are gone when it grows.
 * Until something is carved, memory[0 … bytes) may be used as it is. */
status arena_reserve(arena *a, size_t bytes, error_info *error);

/* The next `bytes`, aligned, uninitialised. NULL while measuring, and only then: carving more than was
 * reserved is a defect and aborts. What lies between the blocks and behind the last one is poisoned
 * (base/poison.h), so that AddressSanitizer reports whoever leaves a block. */
void *arena_take(arena *a, size_t bytes);

/* Release the memory; `a` is empty and can be reserved again. */
void arena_release(arena *a);

#endif
