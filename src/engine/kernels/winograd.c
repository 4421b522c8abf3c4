/* The transforms of Winograd's F(2×2, 3×3), with
 *
 *        ⎡1  0 −1  0⎤         ⎡1  1  1  0⎤
 *   Bᵀ = ⎢0  1  1  0⎥    Aᵀ = ⎣0  1 −1 −1⎦
 *        ⎢0 −1  1  0⎥
 *        ⎣0  1  0 −1⎦
 *
 * Plain C over chunks of channels, which compilers vectorise. */
#include "engine/kernels/set.h"

/* Channels at a time. The last chunk may be shorter; the others have a length that the compiler knows. */
enum { CHUNK = PANEL };

typedef real chunk[CHUNK];

#define INLINE static inline __attribute__((always_inline))

/* out = Bᵀ (d0 d1 d2 d3) */
INLINE void input_row(int n, const real *d0, const real *d1, const real *d2, const real *d3,
                      real *restrict out0, real *restrict out1, real *restrict out2, real *restrict out3) {
    for (int i = 0; i < n; i++) {
        out0[i] = d0[i] - d2[i];
        out1[i] = d1[i] + d2[i];
        out2[i] = d2[i] - d1[i];
        out3[i] = d1[i] - d3[i];
    }
}

INLINE void input_chunk(const winograd_tile *t, int n, const real *x, real *v) {
    chunk rows[4][4]; /* Bᵀ x */
    const ptrdiff_t row = t->image_row;
    for (int j = 0; j < 4; j++) {
        const real *column = x + j * t->channels;
        input_row(n, column, column + row, column + 2 * row, column + 3 * row, rows[0][j], rows[1][j],
                  rows[2][j], rows[3][j]);
    }
    for (int a = 0; a < 4; a++) {
        real *to = v + 4 * a * t->plane;
        input_row(n, rows[a][0], rows[a][1], rows[a][2], rows[a][3], to, to + t->plane, to + 2 * t->plane,
                  to + 3 * t->plane);
    }
}

void KERNEL(winograd_input)(const winograd_tile *t, const real *x, real *v) {
    int c = 0;
    for (; c + CHUNK <= t->channels; c += CHUNK)
        input_chunk(t, CHUNK, x + c, v + c);
    if (c < t->channels)
        input_chunk(t, t->channels - c, x + c, v + c);
}

/* out = Aᵀ (m0 m1 m2 m3) */
INLINE void output_row(int n, const real *m0, const real *m1, const real *m2, const real *m3,
                       real *restrict out0, real *restrict out1) {
    for (int i = 0; i < n; i++) {
        out0[i] = m0[i] + m1[i] + m2[i];
        out1[i] = m1[i] - m2[i] - m3[i];
    }
}

INLINE void output_chunk(const winograd_tile *t, int n, const real *m, const real *bias, real *y) {
    chunk rows[2][4], out[2]; /* Aᵀ m; one row of y */
    for (int b = 0; b < 4; b++) {
        const real *column = m + b * t->plane;
        output_row(n, column, column + 4 * t->plane, column + 8 * t->plane, column + 12 * t->plane,
                   rows[0][b], rows[1][b]);
    }
    for (int a = 0; a < t->rows; a++) {
        output_row(n, rows[a][0], rows[a][1], rows[a][2], rows[a][3], out[0], out[1]);
        for (int b = 0; b < t->columns; b++)
            for (int i = 0; i < n; i++)
                y[a * t->image_row + b * t->channels + i] = bias != NULL ? out[b][i] + bias[i] : out[b][i];
    }
}

void KERNEL(winograd_output)(const winograd_tile *t, const real *m, const real *bias, real *y) {
    int c = 0;
    for (; c + CHUNK <= t->channels; c += CHUNK)
        output_chunk(t, CHUNK, m + c, bias != NULL ? bias + c : NULL, y + c);
    if (c < t->channels)
        output_chunk(t, t->channels - c, m + c, bias != NULL ? bias + c : NULL, y + c);
}

/* out = A (d0 d1) */
INLINE void gradient_row(const real *d0, const real *d1, real *restrict out0, real *restrict out1,
                         real *restrict out2, real *restrict out3) {
    for (int i = 0; i < CHUNK; i++) {
        out0[i] = d0[i];
        out1[i] = d0[i] + d1[i];
        out2[i] = d0[i] - d1[i];
        out3[i] = -d1[i];
    }
}

/* n valid channels; what lies outside the image or beyond them counts as zero. */
INLINE void gradient_chunk(const winograd_tile *t, int n, const real *dy, real *m) {
    chunk pixels[2][2] = {0}, rows[4][2]; /* A dy */
    for (int a = 0; a < t->rows; a++)
        for (int b = 0; b < t->columns; b++)
            for (int i = 0; i < n; i++)
                pixels[a][b][i] = dy[a * t->image_row + b * t->channels + i];
    for (int b = 0; b < 2; b++)
        gradient_row(pixels[0][b], pixels[1][b], rows[0][b], rows[1][b], rows[2][b], rows[3][b]);
    for (int a = 0; a < 4; a++) {
        real *to = m + 4 * a * t->plane;
        gradient_row(rows[a][0], rows[a][1], to, to + t->plane, to + 2 * t->plane, to + 3 * t->plane);
    }
}

void KERNEL(winograd_gradient)(const winograd_tile *t, const real *dy, ptrdiff_t panel_step, real *m) {
    int c = 0;
    for (; c + CHUNK <= t->channels; c += CHUNK, m += panel_step)
        gradient_chunk(t, CHUNK, dy + c, m);
    if (c < t->channels)
        gradient_chunk(t, t->channels - c, dy + c, m);
}
