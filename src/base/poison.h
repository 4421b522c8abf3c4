/* Bytes that must not be accessed: AddressSanitizer reports accesses to them; without it these functions do
 * nothing. It guards malloc's blocks by itself; this is for what we carve out of larger blocks. */
#ifndef BASE_POISON_H
#define BASE_POISON_H

#include <stddef.h>

#ifdef __SANITIZE_ADDRESS__ /* gcc */
#define POISON_IS_SEEN
#elif defined(__has_feature) /* clang */
#if __has_feature(address_sanitizer)
#define POISON_IS_SEEN
#endif
#endif

#ifdef POISON_IS_SEEN
#include <sanitizer/asan_interface.h>
#endif

/* From now on a read or write of these bytes is reported. */
static inline void poison(void *bytes, size_t size) {
#ifdef POISON_IS_SEEN
    __asan_poison_memory_region(bytes, size);
#else
    (void)bytes, (void)size;
#endif
}

/* These bytes may be used again. Needed before memory returns to its owner, unless it is passed to free(). */
static inline void unpoison(void *bytes, size_t size) {
#ifdef POISON_IS_SEEN
    __asan_unpoison_memory_region(bytes, size);
#else
    (void)bytes, (void)size;
#endif
}

#endif
