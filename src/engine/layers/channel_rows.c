#include "engine/layers/channel_rows.h"

#include <string.h>

enum { ROW = 64, ROWS_TOGETHER = 16 };

size_t channel_row_values(const layer *l) {
    const size_t channels = channels_of(l);
    return (ROW + channels - 1) / channels * channels;
}

/* Reals that hold the sums in double, which come first in the scratch. */
static size_t totals_reals(const layer *l) {
    const size_t bytes = channels_of(l) * sizeof(double);
    return (bytes + ARENA_ALIGNMENT - 1) / ARENA_ALIGNMENT * (ARENA_ALIGNMENT / sizeof(real));
}

static double *scratch_totals(const layer_pass *pass) {
    return (double *)(void *)pass->scratch;
}

size_t channel_rows_reals(const layer *l, size_t rows) {
    return totals_reals(l) + rows * channel_row_values(l);
}

real *channel_row(const layer *l, const layer_pass *pass, int which) {
    return pass->scratch + totals_reals(l) + (size_t)which * channel_row_values(l);
}

const real *channel_repeat(const layer *l, const layer_pass *pass, int which, const real *values) {
    real *row = channel_row(l, pass, which);
    for (size_t first = 0; first < channel_row_values(l); first += channels_of(l))
        for (size_t c = 0; c < channels_of(l); c++)
            row[first + c] = values != NULL ? values[c] : 0;
    return row;
}

/* row += (a − a_shift) (b − b_shift) over `values` values; b NULL: row += a */
static void add_values(size_t values, size_t width, const real *a, const real *a_shift, const real *b,
                       const real *b_shift, real *restrict row) {
    for (size_t first = 0; first < values; first += width) {
        const size_t count = values - first < width ? values - first : width;
        if (b == NULL)
            for (size_t i = 0; i < count; i++)
                row[i] += a[first + i];
        else
            for (size_t i = 0; i < count; i++)
                row[i] += (a[first + i] - a_shift[i]) * (b[first + i] - b_shift[i]);
    }
}

void channel_sums(const layer *l, const layer_pass *pass, const real *a, const real *a_shift, const real *b,
                  const real *b_shift, real *sums) {
    const size_t channels = channels_of(l), width = channel_row_values(l), most = ROWS_TOGETHER * width;
    const size_t values = pass->count * shape_size(l->in);
    const real *a_row = channel_repeat(l, pass, 0, a_shift), *b_row = channel_repeat(l, pass, 1, b_shift);
    real *row = channel_row(l, pass, 2);
    double *totals = scratch_totals(pass);
    memset(totals, 0, channels * sizeof *totals);
    for (size_t first = 0; first < values; first += most) {
        const size_t count = values - first < most ? values - first : most;
        memset(row, 0, width * sizeof *row);
        add_values(count, width, a + first, a_row, b != NULL ? b + first : NULL, b_row, row);
        for (size_t pixel = 0; pixel < width; pixel += channels)
            for (size_t c = 0; c < channels; c++)
                totals[c] += (double)row[pixel + c];
    }
    for (size_t c = 0; c < channels; c++)
        sums[c] = (real)totals[c];
}

void channel_scale(size_t values, size_t width, const real *x, const real *mean, const real *gain,
                   const real *offset, real *restrict y) {
    for (size_t first = 0; first < values; first += width) {
        const size_t count = values - first < width ? values - first : width;
        for (size_t i = 0; i < count; i++)
            y[first + i] = (x[first + i] - mean[i]) * gain[i] + offset[i];
    }
}
