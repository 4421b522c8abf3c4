/* Correlation of planes, for layers of few channels: there the vectors run along an image row, and a block of
 * rows, planes and columns of the result is held in registers while all terms of its sums are added. */
#include "engine/kernels/lanes.h"
#include "engine/kernels/set.h"

#include <assert.h>

enum { MOST_ROWS = 3, MOST_PLANES = 3, MOST_VECTORS = 4, MOST_TOGETHER = 2 };

static int smaller(int a, int b) {
    return a < b ? a : b;
}

static int vectors_of(int columns) {
    return (columns + LANES - 1) / LANES;
}

/* Where a block of the result begins. */
typedef struct corner {
    int plane, row, column;
} corner;

/* The sums of a block; its size is constant at every call, so that they live in registers. */
INLINE void correlate_block(const plane_correlation *p, corner at, const int rows, const int planes,
                            const int vectors) {
    vector sum[MOST_ROWS][MOST_PLANES][MOST_VECTORS];
    for (int o = 0; o < planes; o++)
        for (int r = 0; r < rows; r++)
            for (int v = 0; v < vectors; v++)
                sum[r][o][v] = (vector){0} + (p->bias != NULL ? p->bias[at.plane + o] : 0);

    const int terms = p->inputs * p->kernel_height * p->kernel_width;
    const real *w = p->w + (ptrdiff_t)at.plane * terms;
    for (int c = 0; c < p->inputs; c++)
        for (int ky = 0; ky < p->kernel_height; ky++) {
            const real *x = p->x + c * p->x_plane + (at.row + ky) * p->x_row + at.column;
            for (int kx = 0; kx < p->kernel_width; kx++, x++, w++)
                for (int r = 0; r < rows; r++)
                    for (int v = 0; v < vectors; v++) {
                        const vector under = load(x + r * p->x_row + v * LANES);
                        for (int o = 0; o < planes; o++)
                            sum[r][o][v] += w[o * terms] * under;
                    }
        }

    for (int o = 0; o < planes; o++)
        for (int r = 0; r < rows; r++)
            for (int v = 0; v < vectors; v++)
                store(p->y + (at.plane + o) * p->y_plane + (at.row + r) * p->y_row + at.column + v * LANES,
                      sum[r][o][v]);
}

/* All columns of `rows` rows of `planes` planes. */
INLINE void correlate_rows(const plane_correlation *p, corner at, const int rows, const int planes) {
    const int all = vectors_of(p->width);
    for (int first = 0; first < all; first += MOST_VECTORS) {
        at.column = first * LANES;
        switch (smaller(all - first, MOST_VECTORS)) {
        case 1:
            correlate_block(p, at, rows, planes, 1);
            break;
        case 2:
            correlate_block(p, at, rows, planes, 2);
            break;
        case 3:
            correlate_block(p, at, rows, planes, 3);
            break;
        default:
            correlate_block(p, at, rows, planes, MOST_VECTORS);
        }
    }
}

/* Blocks of several planes and one row, whose inputs are the same; then, of the planes that are left over,
 * blocks of several rows, whose weights are the same. */
void KERNEL(correlate_planes)(const plane_correlation *p) {
    assert(planes_are_valid(p));
    corner at = {0};
    for (; at.plane + MOST_PLANES <= p->outputs; at.plane += MOST_PLANES)
        for (at.row = 0; at.row < p->height; at.row++)
            correlate_rows(p, at, 1, MOST_PLANES);
    for (; at.plane < p->outputs; at.plane++) {
        for (at.row = 0; at.row + MOST_ROWS <= p->height; at.row += MOST_ROWS)
            correlate_rows(p, at, MOST_ROWS, 1);
        for (; at.row < p->height; at.row++)
            correlate_rows(p, at, 1, 1);
    }
}

static real sum_of_lanes(vector v) {
    real sum = 0;
    for (int i = 0; i < LANES; i++)
        sum += v[i];
    return sum;
}

/* One row of the kernel: dw[kx] of `planes` planes of y and one plane of x, from y and from x under it. */
INLINE void kernel_row_gradient(const plane_correlation *p, const real *y, const real *x, real *dw,
                                const int planes, const int kernel_width) {
    const int terms = p->inputs * p->kernel_height * p->kernel_width, all = vectors_of(p->width);
    vector sum[MOST_TOGETHER][PLANES_WIDEST] = {0};
    for (int row = 0; row < p->height; row++, y += p->y_row, x += p->x_row)
        for (int v = 0; v < all; v++) {
            vector above[MOST_TOGETHER];
            for (int o = 0; o < planes; o++)
                above[o] = load(y + o * p->y_plane + v * LANES);
            for (int kx = 0; kx < kernel_width; kx++) {
                const vector under = load(x + v * LANES + kx);
                for (int o = 0; o < planes; o++)
                    sum[o][kx] += above[o] * under;
            }
        }
    for (int o = 0; o < planes; o++)
        for (int kx = 0; kx < kernel_width; kx++)
            dw[o * terms + kx] += sum_of_lanes(sum[o][kx]);
}

INLINE void kernel_gradient(const plane_correlation *p, const int kernel_width) {
    const ptrdiff_t terms = p->inputs * p->kernel_height * kernel_width;
    for (int o = 0; o < p->outputs; o += MOST_TOGETHER)
        for (int c = 0; c < p->inputs; c++)
            for (int ky = 0; ky < p->kernel_height; ky++) {
                const real *y = p->y + o * p->y_plane, *x = p->x + c * p->x_plane + ky * p->x_row;
                real *dw = p->dw + o * terms + (c * p->kernel_height + ky) * kernel_width;
                if (o + 1 < p->outputs)
                    kernel_row_gradient(p, y, x, dw, MOST_TOGETHER, kernel_width);
                else
                    kernel_row_gradient(p, y, x, dw, 1, kernel_width);
            }
}

/* The usual widths as constants: then the sums live in registers. */
void KERNEL(correlate_planes_gradient)(const plane_correlation *p) {
    assert(planes_are_valid(p) && p->dw != NULL);
    switch (p->kernel_width) {
    case 3:
        kernel_gradient(p, 3);
        break;
    case 5:
        kernel_gradient(p, 5);
        break;
    default:
        kernel_gradient(p, p->kernel_width);
    }
}
