/* The arena: alignment, reuse, and the bytes between its blocks under AddressSanitizer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/arena.h"
#include "base/poison.h"

enum { FIRST = 17 * sizeof(float), SECOND = 1, THIRD = 64 };
enum { RESERVED = 4 * ARENA_ALIGNMENT };

/* Without AddressSanitizer nothing is checked. */
#ifdef POISON_IS_SEEN
static void assert_poisoned(const unsigned char *bytes, size_t size) {
    for (size_t i = 0; i < size; i++)
        assert_true(__asan_address_is_poisoned(bytes + i));
}

static void assert_usable(unsigned char *bytes, size_t size) {
    assert_null(__asan_region_is_poisoned(bytes, size));
}
#else
static void assert_poisoned(const unsigned char *bytes, size_t size) {
    (void)bytes, (void)size;
}

static void assert_usable(unsigned char *bytes, size_t size) {
    memset(bytes, 1, size);
}
#endif

static void reserve(arena *a, size_t bytes) {
    assert_int_equal(arena_reserve(a, bytes, NULL), STATUS_OK);
}

static void blocks_are_aligned_and_measured_alike(void **state) {
    (void)state;
    arena measure = {0}, a = {0};
    assert_null(arena_take(&measure, FIRST));
    assert_null(arena_take(&measure, SECOND));
    reserve(&a, measure.used);
    for (int i = 0; i < 2; i++)
        assert_int_equal((uintptr_t)arena_take(&a, i == 0 ? FIRST : SECOND) % ARENA_ALIGNMENT, 0);
    assert_int_equal(a.used, measure.used);
    arena_release(&a);
    assert_null(a.memory);
}

static void what_lies_between_blocks_is_poisoned(void **state) {
    (void)state;
    arena a = {0};
    reserve(&a, RESERVED + 1); /* there is always something after the last block */
    unsigned char *first = arena_take(&a, FIRST), *second = arena_take(&a, SECOND),
                  *third = arena_take(&a, THIRD);
    assert_usable(first, FIRST);
    assert_poisoned(first + FIRST, (size_t)(second - first) - FIRST);
    assert_usable(second, SECOND);
    assert_poisoned(second + SECOND, (size_t)(third - second) - SECOND);
    assert_usable(third, THIRD);
    assert_poisoned(third + THIRD, a.capacity - a.used);
    arena_release(&a);
}

/* As messages and checkpoints use it. */
static void what_was_reserved_may_be_used_uncarved(void **state) {
    (void)state;
    arena a = {0};
    reserve(&a, RESERVED);
    arena_take(&a, SECOND);
    reserve(&a, FIRST);
    assert_usable(a.memory, FIRST);
    assert_poisoned(a.memory + FIRST, a.capacity - FIRST);
    reserve(&a, RESERVED);
    assert_usable(a.memory, RESERVED);
    arena_release(&a);
}

/* A block of another arena or of other memory is carved again without arena_reserve. */
static void memory_of_others_is_guarded_too(void **state) {
    (void)state;
    arena a = {0};
    reserve(&a, RESERVED);
    for (int round = 0; round < 2; round++) {
        arena inner = {.memory = a.memory, .capacity = a.capacity};
        unsigned char *first = arena_take(&inner, round == 0 ? RESERVED : SECOND);
        assert_usable(first, round == 0 ? RESERVED : SECOND);
        assert_poisoned(first + SECOND, round == 0 ? 0 : a.capacity - SECOND);
    }
    arena_release(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_are_aligned_and_measured_alike),
        cmocka_unit_test(what_lies_between_blocks_is_poisoned),
        cmocka_unit_test(what_was_reserved_may_be_used_uncarved),
        cmocka_unit_test(memory_of_others_is_guarded_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
