/* Depthwise convolution in vectors of channels: the sums of some pixels, or of all places of the kernel, stay
 * in registers while their terms are added. */
#include "engine/kernels/lanes.h"
#include "engine/kernels/set.h"

#include <assert.h>

/* Pixels together: as many independent sums as multiply-adds are under way, or half of them. */
enum { PIXELS = 8, HALF = PIXELS / 2, USUAL_SIZE = 3, PLACES = USUAL_SIZE * USUAL_SIZE };

/* LANES channels of `pixels` pixels of a row. The sizes are constants at most calls. */
INLINE void sum_pixels(const depthwise *d, const real *x, real *y, int channel, const int pixels,
                       const int kernel_height, const int kernel_width) {
    const ptrdiff_t channels = d->channels, x_pixel = d->x_pixel, place_pixel = d->place_pixel;
    const ptrdiff_t y_pixel = d->y_pixel;
    const real *w = d->w + channel;
    vector sum[PIXELS];
    for (int i = 0; i < pixels; i++)
        sum[i] = d->bias != NULL ? load(d->bias + channel) : (vector){0};
    for (int ky = 0; ky < kernel_height; ky++)
        for (int kx = 0; kx < kernel_width; kx++, w += channels) {
            const real *under = x + ky * d->place_row + kx * place_pixel + channel;
            const vector weight = load(w);
            for (int i = 0; i < pixels; i++)
                sum[i] += weight * load(under + i * x_pixel);
        }
    for (int i = 0; i < pixels; i++)
        store(y + i * y_pixel + channel, sum[i]);
}

/* LANES channels of a row of y. */
INLINE void sum_row(const depthwise *d, const real *x, real *y, int channel, const int kernel_height,
                    const int kernel_width) {
    int j = 0;
    for (; j + PIXELS <= d->width; j += PIXELS)
        sum_pixels(d, x + j * d->x_pixel, y + j * d->y_pixel, channel, PIXELS, kernel_height, kernel_width);
    for (; j + HALF <= d->width; j += HALF)
        sum_pixels(d, x + j * d->x_pixel, y + j * d->y_pixel, channel, HALF, kernel_height, kernel_width);
    for (; j < d->width; j++)
        sum_pixels(d, x + j * d->x_pixel, y + j * d->y_pixel, channel, 1, kernel_height, kernel_width);
}

INLINE void sum_image(const depthwise *d, const int kernel_height, const int kernel_width) {
    const real *x = d->x;
    real *y = d->y;
    for (int i = 0; i < d->height; i++, x += d->x_row, y += d->y_row)
        for (int channel = 0; channel < d->channels; channel += LANES)
            sum_row(d, x, y, channel, kernel_height, kernel_width);
}

void KERNEL(depthwise)(const depthwise *d) {
    assert(depthwise_is_valid(d, LANES));
    if (d->kernel_height == USUAL_SIZE && d->kernel_width == USUAL_SIZE)
        sum_image(d, USUAL_SIZE, USUAL_SIZE);
    else
        sum_image(d, d->kernel_height, d->kernel_width);
}

/* What a row of dy gives to `rows` rows of `columns` places of the kernel, from (ky, kx) on, for LANES
 * channels.
 */
INLINE void sum_places(const depthwise *d, int row, int channel, int ky, int kx, const int rows,
                       const int columns) {
    const ptrdiff_t place_row = d->place_row, place_pixel = d->place_pixel;
    const real *x = d->x + row * d->x_row + ky * place_row + kx * place_pixel + channel;
    const real *dy = d->dy + row * d->y_row + channel;
    vector sum[PLACES] = {0};
    for (int j = 0; j < d->width; j++, x += d->x_pixel, dy += d->y_pixel) {
        const vector above = load(dy);
        for (int r = 0; r < rows; r++)
            for (int c = 0; c < columns; c++)
                sum[r * columns + c] += above * load(x + r * place_row + c * place_pixel);
    }
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < columns; c++) {
            real *dw = d->dw + (ptrdiff_t)((ky + r) * d->kernel_width + kx + c) * d->channels + channel;
            store(dw, load(dw) + sum[r * columns + c]);
        }
}

/* All of the kernel at once. Rows of all channels one after the other: images may come from memory. */
INLINE void sum_kernel(const depthwise *d, const int rows, const int columns) {
    for (int row = 0; row < d->height; row++)
        for (int channel = 0; channel < d->channels; channel += LANES)
            sum_places(d, row, channel, 0, 0, rows, columns);
}

/* Kernels of any size, in pieces of a row. */
static void sum_pieces(const depthwise *d, int row, int channel) {
    for (int ky = 0; ky < d->kernel_height; ky++) {
        int kx = 0;
        for (; kx + USUAL_SIZE <= d->kernel_width; kx += USUAL_SIZE)
            sum_places(d, row, channel, ky, kx, 1, USUAL_SIZE);
        if (kx + 2 <= d->kernel_width)
            sum_places(d, row, channel, ky, kx, 1, 2);
        else if (kx < d->kernel_width)
            sum_places(d, row, channel, ky, kx, 1, 1);
    }
}

/* The usual size, and its parts where strides are 2, have loops of their own. */
void KERNEL(depthwise_gradient)(const depthwise *d) {
    assert(depthwise_is_valid(d, LANES) && d->dw != NULL);
    const int rows = d->kernel_height, columns = d->kernel_width;
    if (rows == USUAL_SIZE && columns == USUAL_SIZE)
        sum_kernel(d, USUAL_SIZE, USUAL_SIZE);
    else if (rows == 2 && columns == 2)
        sum_kernel(d, 2, 2);
    else if (rows == 2 && columns == 1)
        sum_kernel(d, 2, 1);
    else
        for (int row = 0; row < d->height; row++)
            for (int channel = 0; channel < d->channels; channel += LANES)
                sum_pieces(d, row, channel);
}
