#include "base/arena.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/poison.h"

/* Blocks of at least this size are aligned to it and offered to the kernel as huge pages. */
enum { HUGE_PAGE = 2 << 20 };

static size_t round_up(size_t bytes, size_t to) {
    return (bytes + to - 1) / to * to;
}

status arena_reserve(arena *a, size_t bytes, error_info *error) {
    if (bytes > a->capacity) {
        arena_release(a);
        size_t alignment = bytes >= HUGE_PAGE ? HUGE_PAGE : ARENA_ALIGNMENT;
        size_t capacity = round_up(bytes, alignment);
        a->memory = aligned_alloc(alignment, capacity);
        if (a->memory == NULL)
            return error_set(error, STATUS_INTERNAL,
                             "out of memory: %zu bytes for one model cannot be allocated", bytes);
        a->capacity = capacity;
        if (alignment == HUGE_PAGE)
            madvise(a->memory, capacity, MADV_HUGEPAGE); /* advice: failure costs speed only */
    }
    a->used = 0;
    if (a->memory != NULL) {
        unpoison(a->memory, bytes);
        poison(a->memory + bytes, a->capacity - bytes);
    }
    return STATUS_OK;
}

status arena_extend(arena *a, size_t kept, size_t bytes, error_info *error) {
    if (bytes <= a->capacity)
        return arena_reserve(a, bytes, error);
    arena larger = {0};
    RETURN_IF_FAILED(arena_reserve(&larger, bytes + a->capacity, error));
    if (kept > 0)
        memcpy(larger.memory, a->memory, kept);
    arena_release(a);
    *a = larger;
    return arena_reserve(a, bytes, error);
}

void *arena_take(arena *a, size_t bytes) {
    size_t start = a->used;
    a->used += round_up(bytes, ARENA_ALIGNMENT);
    if (a->memory == NULL)
        return NULL;
    if (a->used > a->capacity)
        abort();
    if (start == 0)
        poison(a->memory, a->capacity);
    unpoison(a->memory + start, bytes);
    return a->memory + start;
}

void arena_release(arena *a) {
    unpoison(a->memory, a->capacity);
    free(a->memory);
    *a = (arena){0};
}
