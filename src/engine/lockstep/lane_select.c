/* The lane kernels of the kernel set in use. */
#include <assert.h>
#include <string.h>

#include "engine/kernels/kernels.h"
#include "engine/lockstep/lane_kernels.h"

#ifdef ENGINE_DOUBLE

bool lane_kernels_select(lane_kernels *out) {
    (void)out;
    return false;
}

#else

#ifdef __x86_64__
#define SETS(X) X(reference) X(portable) X(avx2) X(avx512)
#else
#define SETS(X) X(reference) X(portable)
#endif

#define X(name) void fill_lane_kernels_##name(lane_kernels *k);
SETS(X)
#undef X

typedef struct lane_row {
    const char *name;
    void (*fill)(lane_kernels *k);
} lane_row;

static const lane_row rows[] = {
#define X(name) {#name, fill_lane_kernels_##name},
    SETS(X)
#undef X
};

bool lane_kernels_select(lane_kernels *out) {
    const char *wanted = kernels_select()->name;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(rows[i].name, wanted) == 0) {
            rows[i].fill(out);
            return true;
        }
    return false;
}

#endif
