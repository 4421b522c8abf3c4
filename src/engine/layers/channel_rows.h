/* Statistics per channel and what is done with them. Private to the normalisation layers.
 *
 * Loops run over rows of ROW values or a little more, whole pixels repeated, so that few channels fill
 * vectors too; what belongs to a channel is repeated along such a row. */
#ifndef ENGINE_LAYERS_CHANNEL_ROWS_H
#define ENGINE_LAYERS_CHANNEL_ROWS_H

#include "engine/layers/layer.h"

static inline size_t channels_of(const layer *l) {
    return (size_t)l->in.channels;
}

static inline size_t pixels_of(const layer *l) {
    return (size_t)l->in.height * (size_t)l->in.width;
}

/* Values of a row. */
size_t channel_row_values(const layer *l);

/* Reals of a scratch with `rows` rows; channel_sums takes those numbered 0 to 2. */
size_t channel_rows_reals(const layer *l, size_t rows);

/* Row number `which` of the scratch. */
real *channel_row(const layer *l, const layer_pass *pass, int which);

/* Repeat what belongs to the channels, (C), along a row of the scratch; zeros for NULL. */
const real *channel_repeat(const layer *l, const layer_pass *pass, int which, const real *values);

/* sums (C) = Σ over samples and pixels of (a − a_shift)(b − b_shift), or of a where b is NULL; a, b (count,
 * C, H, W), shifts (C) or NULL for 0. Few rows are added up in single precision, all of them in double: a
 * mean may be much smaller than its terms. */
void channel_sums(const layer *l, const layer_pass *pass, const real *a, const real *a_shift, const real *b,
                  const real *b_shift, real *sums);

/* y = (x − mean) gain + offset; x, y (values), the others one row of `width` values */
void channel_scale(size_t values, size_t width, const real *x, const real *mean, const real *gain,
                   const real *offset, real *y);

#endif
