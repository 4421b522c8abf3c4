/* Timing of the kernels one by one, over counts of channels. */
#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "engine/kernel_work.h"

const int engine_kernel_channels[KERNEL_CHANNEL_COUNTS] = {1, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 100};

static const double block_seconds = 1e-3;

/* ---- Data -------------------------------------------------------------------------------------- */

/* Arrays begin at different places of a page, or loads from one would wait for stores to another. */
enum { ARRAYS = 4, ARRAY_STEP = WORK_REALS + 5 * 16 };

typedef struct arrays_memory {
    real reals[ARRAYS * ARRAY_STEP];
    unsigned char bytes[WORK_REALS];
} arrays_memory;

/* The same numbers for all rows, whatever was done with the arrays before: between -1 and 1, none near 0. */
static void fill(arrays_memory *m) {
    for (size_t i = 0; i < ARRAYS * ARRAY_STEP; i++)
        m->reals[i] = ((real)(i * 7919 % 101) - (real)50.5) / 51;
    for (size_t i = 0; i < WORK_REALS; i++)
        m->bytes[i] = (unsigned char)(i * 7919 % 101 % 4);
}

static work_arrays arrays_in(arrays_memory *m) {
    return (work_arrays){.kernels = kernels_select(),
                         .a = m->reals,
                         .b = m->reals + ARRAY_STEP,
                         .c = m->reals + 2 * ARRAY_STEP,
                         .d = m->reals + 3 * ARRAY_STEP,
                         .bytes = m->bytes};
}

/* The second moments of the updates must not be negative; all else that d is read for may be either. */
static void make_positive(real *values) {
    for (size_t i = 0; i < WORK_REALS; i++)
        values[i] = values[i] < 0 ? -values[i] : values[i];
}

/* ---- Time -------------------------------------------------------------------------------------- */

static double seconds_of(const kernel_work *work, const work_arrays *w, int channels, int rounds) {
    const double start = clock_seconds();
    for (int i = 0; i < rounds; i++)
        work->run(w, channels);
    return clock_seconds() - start;
}

/* Rounds that fill a block; the first call warms up. */
static int rounds_of_block(const kernel_work *work, const work_arrays *w, int channels) {
    seconds_of(work, w, channels, 1);
    const double one = fmax(seconds_of(work, w, channels, 1), 1e-7);
    return one < block_seconds ? (int)ceil(block_seconds / one) : 1;
}

static int list_counts(const kernel_work *work, int channels[KERNEL_CHANNEL_COUNTS]) {
    int count = 0;
    if (work->takes == NULL)
        channels[count++] = 0;
    for (int i = 0; i < KERNEL_CHANNEL_COUNTS && work->takes != NULL; i++)
        if (work->takes(engine_kernel_channels[i]))
            channels[count++] = engine_kernel_channels[i];
    return count;
}

static void begin_row(const kernel_work *work, const work_arrays *w, kernel_times *out) {
    int channels[KERNEL_CHANNEL_COUNTS];
    *out = (kernel_times){.kernel = work->kernel,
                          .shape = work->shape,
                          .value = work->value,
                          .count = list_counts(work, channels)};
    for (int i = 0; i < out->count; i++) {
        const work_done done = work->run(w, channels[i]);
        out->times[i] = (kernel_time){.channels = channels[i],
                                      .seconds = INFINITY,
                                      .flops = done.flops / done.values,
                                      .bytes = done.bytes / done.values};
    }
}

/* The counts alternate, so that all see the same load and clock. */
static void time_blocks(const kernel_work *work, const work_arrays *w, int blocks, kernel_times *out) {
    int rounds[KERNEL_CHANNEL_COUNTS];
    for (int i = 0; i < out->count; i++)
        rounds[i] = rounds_of_block(work, w, out->times[i].channels);
    for (int block = 0; block < blocks; block++)
        for (int i = 0; i < out->count; i++) {
            kernel_time *t = &out->times[i];
            const double values = rounds[i] * work->run(w, t->channels).values; /* and back into the cache */
            t->seconds = fmin(t->seconds, seconds_of(work, w, t->channels, rounds[i]) / values);
        }
}

/* Returns the largest. */
static double compare(kernel_times *out) {
    double least = INFINITY, most = 0;
    for (int i = 0; i < out->count; i++)
        least = fmin(least, out->times[i].seconds);
    for (int i = 0; i < out->count; i++) {
        out->times[i].relative = out->times[i].seconds / least;
        most = fmax(most, out->times[i].relative);
    }
    return most;
}

int engine_kernel_rows(void) {
    return kernel_work_count;
}

status engine_bench_kernel(int index, int blocks, kernel_times *out, error_info *error) {
    const kernel_work *work = &kernel_works[index];
    arrays_memory *memory = malloc(sizeof *memory);
    if (memory == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory for %zu bytes", sizeof *memory);
    fill(memory);
    const work_arrays w = arrays_in(memory);
    make_positive(w.d);
    begin_row(work, &w, out);
    time_blocks(work, &w, blocks, out);
    if (compare(out) > KERNEL_MOST_RELATIVE) {
        time_blocks(work, &w, blocks, out);
        compare(out);
    }
    free(memory);
    return STATUS_OK;
}
