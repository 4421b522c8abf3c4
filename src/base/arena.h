/* A block of memory that is grown once, carved many times and reused from cell to cell.
 *
 * Two passes over the same carving code: first with a measuring arena (no memory: arena_take returns NULL and
 * counts), then, after arena_reserve, for real. The pages stay mapped between cells, so that training a cell
 * neither allocates nor page-faults. */
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

/* Make sure that `bytes` can be carved, and rewind. Earlier contents and pointers are invalid when it grows.
 * Until something is carved, memory[0 … bytes) may be used as it is. */
status arena_reserve(arena *a, size_t bytes, error_info *error);

/* The same for an arena that nothing is carved from, whose first `kept` bytes stay as they are; it grows by
 * more than is needed. */
status arena_extend(arena *a, size_t kept, size_t bytes, error_info *error);

/* The next `bytes`, aligned, uninitialised. NULL while measuring, and only then: carving more than was
 * reserved is a defect and aborts. The bytes between the blocks and after the last one are poisoned
 * (base/poison.h), so that AddressSanitizer reports every access outside a block. */
void *arena_take(arena *a, size_t bytes);

/* Release the memory; `a` is empty and can be reserved again. */
void arena_release(arena *a);

#endif
