/* The transforms of Winograd's F(m×m, r×r) over n = m + r − 1 points 0, ±1, … and ∞ (Cook and Toom). With
 * B_k(x) = Π_{l ≠ k} (x − p_l) over the finite points p, B_∞ over all of them:
 *
 *   Bᵀ (n, n)   row k holds the coefficients of B_k
 *   V (n, size) row k holds 1, p_k, p_k², …; row ∞ holds 0, …, 0, 1
 *
 * As points come in pairs ±p, so do rows: an even part plus and minus an odd part, with coefficients in p².
 */
#include "engine/kernels/set.h"
#include <assert.h>

#define INLINE static inline __attribute__((always_inline))
#define TRANSFORM(name, width) KERNEL_PASTE(name, width)

enum { MOST_PAIRS = 3, MOST_POINTS = 2 * MOST_PAIRS + 2 };

/* ±point[j] is pair j. */
static const real point[MOST_PAIRS] = {1, 2, (real)1 / 2};

/* Of this many pairs: the coefficients of Π_j (z − p_j²), and of the same without pair j. */
static const real all_pairs[MOST_PAIRS + 1][MOST_PAIRS + 1] = {
    [2] = {4, -5, 1}, [3] = {-1, (real)21 / 4, -(real)21 / 4, 1}};
static const real other_pairs[MOST_PAIRS + 1][MOST_PAIRS][MOST_PAIRS] = {
    [2] = {{-4, 1}, {-1, 1}}, [3] = {{1, -(real)17 / 4, 1}, {(real)1 / 4, -(real)5 / 4, 1}, {4, -5, 1}}};

/* Vectors are as wide as the registers; narrower ones take the channels that are left over. */
#ifndef VECTOR_BYTES
#define NARROW 1
#elif VECTOR_BYTES < 32
#define NARROW 4
#else
#define NARROW 8
#endif

#define WIDTH NARROW
#include "engine/kernels/winograd_width.h"
#undef WIDTH
#if defined(VECTOR_BYTES) && VECTOR_BYTES == 64
#define WIDE 16
#define WIDTH WIDE
#include "engine/kernels/winograd_width.h"
#undef WIDTH
#endif

/* CHANNELS(t, c, name, arguments): name_WIDTH(arguments) for all channels c of tile t. */
#ifdef WIDE
#define CHANNELS(t, c, name, ...)                                                                            \
    int c = 0;                                                                                               \
    for (; c + WIDE <= (t)->channels; c += WIDE)                                                             \
        TRANSFORM(name, WIDE)(__VA_ARGS__);                                                                  \
    for (; c < (t)->channels; c += NARROW)                                                                   \
        TRANSFORM(name, NARROW)(__VA_ARGS__);
#else
#define CHANNELS(t, c, name, ...)                                                                            \
    for (int c = 0; c < (t)->channels; c += NARROW)                                                          \
        TRANSFORM(name, NARROW)(__VA_ARGS__);
#endif

/* The tile is copied: for all the compiler knows, stores might change the caller's. */

void KERNEL(winograd_input)(const winograd_tile *tile, const real *x, real *v) {
    assert(winograd_is_valid(tile));
    const winograd_tile t = *tile;
    CHANNELS(&t, c, input_channels, &t, x + c, v + c)
}

void KERNEL(winograd_input_transposed)(const winograd_tile *tile, const real *v, real *x) {
    assert(winograd_is_valid(tile));
    const winograd_tile t = *tile;
    CHANNELS(&t, c, input_channels_transposed, &t, v + c, x + c)
}

void KERNEL(winograd_evaluate)(const winograd_tile *tile, const real *y, real *m) {
    assert(winograd_is_valid(tile));
    const winograd_tile t = *tile;
    CHANNELS(&t, c, evaluate_channels, &t, y + c, m + c)
}

void KERNEL(winograd_evaluate_transposed)(const winograd_tile *tile, const real *m, const real *bias,
                                          real *y) {
    assert(winograd_is_valid(tile));
    const winograd_tile t = *tile;
    CHANNELS(&t, c, evaluate_channels_transposed, &t, m + c, bias != NULL ? bias + c : NULL, y + c)
}
