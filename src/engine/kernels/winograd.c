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

/* Vectors are not wider than the least count of channels. */
#ifndef VECTOR_BYTES
enum { LANES = 1 };
#elif VECTOR_BYTES < 32
enum { LANES = VECTOR_BYTES / sizeof(real) };
#else
enum { LANES = WINOGRAD_CHANNELS };
#endif

typedef real vector __attribute__((vector_size(LANES * sizeof(real))));
typedef real unaligned_vector
    __attribute__((vector_size(LANES * sizeof(real)), aligned(sizeof(real)), may_alias));

#define INLINE static inline __attribute__((always_inline))

enum { MOST_PAIRS = 3, MOST_POINTS = 2 * MOST_PAIRS + 2 };

/* ±point[j] is pair j. */
static const real point[MOST_PAIRS] = {1, 2, (real)1 / 2};

/* Of this many pairs: the coefficients of Π_j (z − p_j²), and of the same without pair j. */
static const real all_pairs[MOST_PAIRS + 1][MOST_PAIRS + 1] = {
    [2] = {4, -5, 1}, [3] = {-1, (real)21 / 4, -(real)21 / 4, 1}};
static const real other_pairs[MOST_PAIRS + 1][MOST_PAIRS][MOST_PAIRS] = {
    [2] = {{-4, 1}, {-1, 1}}, [3] = {{1, -(real)17 / 4, 1}, {(real)1 / 4, -(real)5 / 4, 1}, {4, -5, 1}}};

INLINE vector load(const real *from) {
    return *(const unaligned_vector *)from;
}

INLINE void store(real *to, vector v) {
    *(unaligned_vector *)to = v;
}

/* ---- In one dimension; pairs and size are constants at every call ----------------------------- */

/* Σ_{i < count} factors[i] · x[2i] */
INLINE vector every_second(const int count, const real *factors, const vector *x) {
    vector sum = factors[0] * x[0];
    for (int i = 1; i < count; i++)
        sum += factors[i] * x[2 * i];
    return sum;
}

/* v (n) = Bᵀ x (n) */
INLINE void input(const int pairs, const vector *x, vector *v) {
    v[0] = every_second(pairs + 1, all_pairs[pairs], x);
    for (int j = 0; j < pairs; j++) {
        const vector even = every_second(pairs, other_pairs[pairs][j], x + 2);
        const vector odd = every_second(pairs, other_pairs[pairs][j], x + 1);
        v[2 * j + 1] = even + point[j] * odd;
        v[2 * j + 2] = even - point[j] * odd;
    }
    v[2 * pairs + 1] = every_second(pairs + 1, all_pairs[pairs], x + 1);
}

/* x (n) = B v (n) */
INLINE void input_transposed(const int pairs, const vector *v, vector *x) {
    for (int i = 0; i <= pairs; i++) {
        x[2 * i] = all_pairs[pairs][i] * v[0];
        x[2 * i + 1] = all_pairs[pairs][i] * v[2 * pairs + 1];
    }
    for (int j = 0; j < pairs; j++) {
        const vector even = v[2 * j + 1] + v[2 * j + 2], odd = point[j] * (v[2 * j + 1] - v[2 * j + 2]);
        for (int i = 0; i < pairs; i++) {
            x[2 * i + 2] += other_pairs[pairs][j][i] * even;
            x[2 * i + 1] += other_pairs[pairs][j][i] * odd;
        }
    }
}

/* m (n) = V y (size) */
INLINE void evaluate(const int pairs, const int size, const vector *y, vector *m) {
    m[0] = y[0];
    for (int j = 0; j < pairs; j++) {
        vector part[2] = {y[0], point[j] * y[1]}; /* even, odd */
        real power = point[j];
        for (int i = 2; i < size; i++) {
            power *= point[j];
            part[i % 2] += power * y[i];
        }
        m[2 * j + 1] = part[0] + part[1];
        m[2 * j + 2] = part[0] - part[1];
    }
    m[2 * pairs + 1] = y[size - 1];
}

/* y (size) = Vᵀ m (n) */
INLINE void evaluate_transposed(const int pairs, const int size, const vector *m, vector *y) {
    y[0] = m[0];
    for (int i = 1; i < size; i++)
        y[i] = i == size - 1 ? m[2 * pairs + 1] : (vector){0};
    for (int j = 0; j < pairs; j++) {
        const vector part[2] = {m[2 * j + 1] + m[2 * j + 2], m[2 * j + 1] - m[2 * j + 2]};
        real power = 1;
        for (int i = 0; i < size; i++) {
            y[i] += power * part[i % 2];
            power *= point[j];
        }
    }
}

/* ---- In two dimensions, columns first, for LANES channels -------------------------------------- */

/* v = Bᵀ x B */
INLINE void input_tile(const winograd_tile *t, const int pairs, const real *x, real *v) {
    const int n = 2 * pairs + 2;
    vector rows[MOST_POINTS][MOST_POINTS], in[MOST_POINTS], out[MOST_POINTS];
    for (int j = 0; j < n; j++) {
        for (int i = 0; i < n; i++)
            in[i] = load(x + i * t->row + j * t->pixel);
        input(pairs, in, out);
        for (int a = 0; a < n; a++)
            rows[a][j] = out[a];
    }
    for (int a = 0; a < n; a++) {
        input(pairs, rows[a], out);
        for (int b = 0; b < n; b++)
            store(v + (a * n + b) * t->plane, out[b]);
    }
}

/* x += B v Bᵀ */
INLINE void input_tile_transposed(const winograd_tile *t, const int pairs, const real *v, real *x) {
    const int n = 2 * pairs + 2;
    vector rows[MOST_POINTS][MOST_POINTS], in[MOST_POINTS], out[MOST_POINTS];
    for (int b = 0; b < n; b++) {
        for (int a = 0; a < n; a++)
            in[a] = load(v + (a * n + b) * t->plane);
        input_transposed(pairs, in, out);
        for (int i = 0; i < n; i++)
            rows[i][b] = out[i];
    }
    for (int i = 0; i < n; i++) {
        input_transposed(pairs, rows[i], out);
        for (int j = 0; j < n; j++) {
            real *pixel = x + i * t->row + j * t->pixel;
            store(pixel, load(pixel) + out[j]);
        }
    }
}

/* m = V y Vᵀ */
INLINE void evaluate_tile(const winograd_tile *t, const int pairs, const int size, const real *y, real *m) {
    const int n = 2 * pairs + 2;
    vector rows[MOST_POINTS][MOST_POINTS], in[MOST_POINTS], out[MOST_POINTS];
    for (int j = 0; j < size; j++) {
        for (int i = 0; i < size; i++)
            in[i] = i < t->rows && j < t->columns ? load(y + i * t->row + j * t->pixel) : (vector){0};
        evaluate(pairs, size, in, out);
        for (int a = 0; a < n; a++)
            rows[a][j] = out[a];
    }
    for (int a = 0; a < n; a++) {
        evaluate(pairs, size, rows[a], out);
        for (int b = 0; b < n; b++)
            store(m + (a * n + b) * t->plane, out[b]);
    }
}

/* y = Vᵀ m V + bias */
INLINE void evaluate_tile_transposed(const winograd_tile *t, const int pairs, const int size, const real *m,
                                     vector bias, real *y) {
    const int n = 2 * pairs + 2;
    vector rows[MOST_POINTS][MOST_POINTS], in[MOST_POINTS], out[MOST_POINTS];
    for (int b = 0; b < n; b++) {
        for (int a = 0; a < n; a++)
            in[a] = load(m + (a * n + b) * t->plane);
        evaluate_transposed(pairs, size, in, out);
        for (int i = 0; i < size; i++)
            rows[i][b] = out[i];
    }
    for (int i = 0; i < size && i < t->rows; i++) {
        evaluate_transposed(pairs, size, rows[i], out);
        for (int j = 0; j < size && j < t->columns; j++)
            store(y + i * t->row + j * t->pixel, out[j] + bias);
    }
}

/* ---- All channels ------------------------------------------------------------------------------ */

/* The tile is copied: for all the compiler knows, stores might change the caller's. */

void KERNEL(winograd_input)(const winograd_tile *tile, const real *x, real *v) {
    assert(winograd_is_valid(tile));
    const winograd_tile t = *tile;
    for (int c = 0; c < t.channels; c += LANES)
        if (t.points == 6)
            input_tile(&t, 2, x + c, v + c);
        else
            input_tile(&t, 3, x + c, v + c);
}

void KERNEL(winograd_input_transposed)(const winograd_tile *tile, const real *v, real *x) {
    assert(winograd_is_valid(tile));
    const winograd_tile t = *tile;
    for (int c = 0; c < t.channels; c += LANES)
        if (t.points == 6)
            input_tile_transposed(&t, 2, v + c, x + c);
        else
            input_tile_transposed(&t, 3, v + c, x + c);
}

void KERNEL(winograd_evaluate)(const winograd_tile *tile, const real *y, real *m) {
    assert(winograd_is_valid(tile));
    const winograd_tile t = *tile;
    for (int c = 0; c < t.channels; c += LANES)
        if (t.points == 6 && t.size == 4)
            evaluate_tile(&t, 2, 4, y + c, m + c);
        else if (t.points == 6)
            evaluate_tile(&t, 2, 3, y + c, m + c);
        else if (t.size == 4)
            evaluate_tile(&t, 3, 4, y + c, m + c);
        else
            evaluate_tile(&t, 3, 5, y + c, m + c);
}

void KERNEL(winograd_evaluate_transposed)(const winograd_tile *tile, const real *m, const real *bias,
                                          real *y) {
    assert(winograd_is_valid(tile));
    const winograd_tile t = *tile;
    for (int c = 0; c < t.channels; c += LANES) {
        const vector start = bias != NULL ? load(bias + c) : (vector){0};
        if (t.points == 6 && t.size == 4)
            evaluate_tile_transposed(&t, 2, 4, m + c, start, y + c);
        else if (t.points == 6)
            evaluate_tile_transposed(&t, 2, 3, m + c, start, y + c);
        else if (t.size == 4)
            evaluate_tile_transposed(&t, 3, 4, m + c, start, y + c);
        else
            evaluate_tile_transposed(&t, 3, 5, m + c, start, y + c);
    }
}
