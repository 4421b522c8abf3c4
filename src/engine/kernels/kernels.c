/* Which kernel set to use: the CPU is asked once, when the program starts; the ranks of a session may then
 * agree on a set that all of them have. */
#include "engine/kernels/kernels.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- The sets ---------------------------------------------------------------------------------- */

typedef struct kernel_row {
    const char *name;
    void (*fill)(kernel_set *set, const char *name);
    bool (*supported)(void); /* by this CPU; NULL: by all */
} kernel_row;

extern const kernel_set plain_kernels_reference;

static void fill_reference(kernel_set *set, const char *name) {
    *set = plain_kernels_reference;
    set->name = name;
}

#ifndef ENGINE_DOUBLE
void fill_kernels_portable(kernel_set *set, const char *name);
#ifdef __x86_64__
void fill_kernels_avx2(kernel_set *set, const char *name);
void fill_kernels_avx512(kernel_set *set, const char *name);

static bool has_avx2(void) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

static bool has_avx512(void) {
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq");
}
#endif
#endif

/* Best first. */
static const kernel_row rows[] = {
#ifndef ENGINE_DOUBLE
#ifdef __x86_64__
    {"avx512", fill_kernels_avx512, has_avx512},
    {"avx2", fill_kernels_avx2, has_avx2},
#endif
    {"portable", fill_kernels_portable, NULL},
#endif
    {"reference", fill_reference, NULL},
};

enum { SET_COUNT = sizeof rows / sizeof rows[0] };

/* ---- Those of this CPU ------------------------------------------------------------------------- */

typedef struct kernel_registry {
    kernel_set sets[SET_COUNT];                 /* in the places of their rows */
    uint32_t usable;                            /* bit i: row i */
    const kernel_set *available[SET_COUNT + 1]; /* best first, NULL-terminated */
    const kernel_set *selected;                 /* NULL: MPISWEEP_KERNELS does not name any of them */
} kernel_registry;

static kernel_registry registry;

static const char *wanted_set(void) {
    const char *wanted = getenv("MPISWEEP_KERNELS");
    return wanted != NULL && *wanted != '\0' ? wanted : NULL;
}

static void select_set(const char *wanted) {
    for (int i = 0; registry.available[i] != NULL && registry.selected == NULL; i++)
        if (wanted == NULL || strcmp(wanted, registry.available[i]->name) == 0)
            registry.selected = registry.available[i];
    if (wanted != NULL && registry.selected != NULL)
        registry.usable = (uint32_t)1 << (registry.selected - registry.sets);
}

/* Runs before main, so that no two threads can run it at once. */
__attribute__((constructor)) static void fill_registry(void) {
    int count = 0;
#ifdef __x86_64__
    __builtin_cpu_init();
#endif
    for (int i = 0; i < SET_COUNT; i++) {
        if (rows[i].supported != NULL && !rows[i].supported())
            continue;
        rows[i].fill(&registry.sets[i], rows[i].name);
        registry.available[count++] = &registry.sets[i];
        registry.usable |= (uint32_t)1 << i;
    }
    select_set(wanted_set());
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

uint32_t engine_kernels_usable(void) {
    return registry.usable;
}

const char *engine_kernels_name(int bit) {
    return bit >= 0 && bit < SET_COUNT ? rows[bit].name : NULL;
}

void engine_kernels_use(int bit) {
    assert(bit >= 0 && bit < SET_COUNT && registry.usable >> bit & 1);
    registry.selected = &registry.sets[bit];
}

bool engine_kernels_forced(void) {
    return wanted_set() != NULL;
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
                     "MPISWEEP_KERNELS=%s: no such kernel set on this CPU; available: %s", wanted_set(),
                     names);
}
