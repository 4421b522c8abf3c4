/* Which kernel set to use: the CPU is asked once, when the program starts. */
#include "engine/kernels/kernels.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const kernel_set plain_kernels_reference;

enum { MAX_SETS = 4 };

typedef struct kernel_registry {
    kernel_set sets[MAX_SETS];
    const kernel_set *available[MAX_SETS + 1]; /* best first, NULL-terminated */
    const kernel_set *selected;                /* NULL: MPISWEEP_KERNELS does not name any of them */
} kernel_registry;

#ifndef ENGINE_DOUBLE
void fill_kernels_portable(kernel_set *set, const char *name);
#ifdef __x86_64__
void fill_kernels_avx2(kernel_set *set, const char *name);
void fill_kernels_avx512(kernel_set *set, const char *name);
#endif

/* The vector sets that this CPU can run, best first; returns how many. */
static int fill_vector_sets(kernel_set *sets) {
    int count = 0;
#ifdef __x86_64__
    __builtin_cpu_init();
    bool fma = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (fma && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq"))
        fill_kernels_avx512(&sets[count++], "avx512");
    if (fma)
        fill_kernels_avx2(&sets[count++], "avx2");
#endif
    fill_kernels_portable(&sets[count++], "portable");
    return count;
}
#else
static int fill_vector_sets(kernel_set *sets) {
    (void)sets;
    return 0;
}
#endif

static kernel_registry registry;

/* Runs before main, so that no two threads can run it at once. */
__attribute__((constructor)) static void fill_registry(void) {
    int count = fill_vector_sets(registry.sets);
    assert(count < MAX_SETS);
    registry.sets[count++] = plain_kernels_reference;
    for (int i = 0; i < count; i++)
        registry.available[i] = &registry.sets[i];

    const char *wanted = getenv("MPISWEEP_KERNELS");
    if (wanted == NULL || *wanted == '\0')
        registry.selected = registry.available[0];
    for (int i = 0; i < count && registry.selected == NULL; i++)
        if (strcmp(wanted, registry.sets[i].name) == 0)
            registry.selected = &registry.sets[i];
}

const kernel_set *const *kernels_available(void) {
    return registry.available;
}

const kernel_set *kernels_select(void) {
    return registry.selected != NULL ? registry.selected : registry.available[0];
}

const char *engine_kernels(void) {
    return kernels_select()->name;
}

status engine_kernels_check(error_info *error) {
    if (registry.selected != NULL)
        return STATUS_OK;
    char names[128] = "";
    size_t used = 0;
    for (const kernel_set *const *set = registry.available; *set != NULL && used < sizeof names; set++)
        used +=
            (size_t)snprintf(names + used, sizeof names - used, "%s%s", used > 0 ? ", " : "", (*set)->name);
    return error_set(error, STATUS_USAGE,
                     "MPISWEEP_KERNELS=%s: no such kernel set on this CPU; available: %s",
                     getenv("MPISWEEP_KERNELS"), names);
}
