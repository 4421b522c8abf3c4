/* Max-pooling in vectors of channels: the maximum of a window and its place stay in registers until the
 * window has been seen. The last vector of a pixel may reach into the next one, whose values are stored after
 * it; at the end of an image, where there is no next one, values go through a buffer. */
#include "engine/kernels/lanes.h"
#include "engine/kernels/set.h"

#include <assert.h>
#include <stdint.h>

typedef int32_t places __attribute__((vector_size(VECTOR_BYTES))); /* of a window; also masks, −1 or 0 */
typedef signed char bytes __attribute__((vector_size(LANES)));
typedef signed char unaligned_bytes __attribute__((vector_size(LANES), aligned(1), may_alias));

static int smaller(int a, int b) {
    return a < b ? a : b;
}

/* ---- The first `valid` of LANES values; the others are not touched ----------------------------- */

INLINE vector load_some(const float *from, int valid) {
    float buffer[LANES] = {0};
    if (valid >= LANES)
        return load(from);
    memcpy(buffer, from, (size_t)valid * sizeof *from);
    return load(buffer);
}

INLINE void store_some(float *to, vector v, int valid) {
    float buffer[LANES];
    if (valid >= LANES) {
        store(to, v);
        return;
    }
    store(buffer, v);
    memcpy(to, buffer, (size_t)valid * sizeof *to);
}

INLINE places load_places(const unsigned char *from, int valid) {
    unsigned char buffer[LANES] = {0};
    if (valid < LANES)
        from = memcpy(buffer, from, (size_t)valid);
    return __builtin_convertvector(*(const unaligned_bytes *)from, places) & 255;
}

INLINE void store_places(unsigned char *to, places place, int valid) {
    const bytes b = __builtin_convertvector(place, bytes);
    if (valid >= LANES)
        *(unaligned_bytes *)to = b;
    else
        memcpy(to, &b, (size_t)valid);
}

/* a where the mask is set, else b */
INLINE places choose(places mask, places a, places b) {
    return (mask & a) | (~mask & b);
}

/* ---- Forward ----------------------------------------------------------------------------------- */

/* The window at `corner`, for LANES channels. Its size is constant at most calls. */
INLINE void pool_window(const pooling *p, const int kernel_height, const int kernel_width,
                        const float *corner, int valid, float *y, unsigned char *winner) {
    const ptrdiff_t pixel = p->channels, row = p->width * pixel;
    vector best = load_some(corner, valid);
    places place = {0};
    for (int ky = 0; ky < kernel_height; ky++)
        for (int kx = 0; kx < kernel_width; kx++) {
            const vector x = load_some(corner + ky * row + kx * pixel, valid);
            const places wins = (x > best) | (x != x), number = (places){0} + (ky * kernel_width + kx);
            best = (vector)choose(wins, (places)x, (places)best);
            place = choose(wins, number, place);
        }
    store_some(y, best, valid);
    store_places(winner, place, valid);
}

/* All channels of a pixel; in whole vectors, or no more than they are. */
INLINE void pool_pixel(const pooling *p, const bool whole, const float *corner, float *y,
                       unsigned char *winner) {
    for (int c = 0; c < p->channels; c += LANES) {
        const int valid = whole ? LANES : smaller(p->channels - c, LANES);
        if (p->kernel_height == 2 && p->kernel_width == 2)
            pool_window(p, 2, 2, corner + c, valid, y + c, winner + c);
        else
            pool_window(p, p->kernel_height, p->kernel_width, corner + c, valid, y + c, winner + c);
    }
}

/* How many pixels the last vector of a pixel reaches into. */
static int pixels_beyond(const pooling *p) {
    const int beyond = (p->channels + LANES - 1) / LANES * LANES - p->channels;
    return (beyond + p->channels - 1) / p->channels;
}

static void max_pool(const pooling *p, const float *x, float *y, unsigned char *winner) {
    assert(pooling_is_valid(p));
    const int channels = p->channels, whole = p->out_height * p->out_width - pixels_beyond(p);
    int n = 0;
    for (int oy = 0; oy < p->out_height; oy++) {
        const float *corner = x + (ptrdiff_t)oy * p->stride_height * p->width * channels;
        for (int ox = 0; ox < p->out_width; ox++, n++, corner += p->stride_width * channels) {
            if (n < whole)
                pool_pixel(p, true, corner, y, winner);
            else
                pool_pixel(p, false, corner, y, winner);
            y += channels;
            winner += channels;
        }
    }
}

/* ---- Backward ---------------------------------------------------------------------------------- */

/* a where the lane is below `count`, else 0 */
INLINE vector first_lanes(vector a, int count) {
    places lane;
    for (int i = 0; i < LANES; i++)
        lane[i] = i;
    return (vector)((lane < count) & (places)a);
}

/* The window at `corner`, for LANES channels, `left` of which are those of the pixel. */
INLINE void return_window(const pooling *p, const int kernel_height, const int kernel_width, const bool adds,
                          const float *dy, const unsigned char *winner, int left, int valid, float *corner) {
    const ptrdiff_t pixel = p->channels, row = p->width * pixel;
    const vector all = load_some(dy, valid), d = adds ? first_lanes(all, left) : all;
    const places place = load_places(winner, valid);
    for (int ky = 0; ky < kernel_height; ky++)
        for (int kx = 0; kx < kernel_width; kx++) {
            float *dx = corner + ky * row + kx * pixel;
            const places won = place == (places){0} + (ky * kernel_width + kx);
            const vector share = (vector)(won & (places)d);
            store_some(dx, adds ? load_some(dx, valid) + share : share, valid);
        }
}

/* All channels of a pixel of dy; in whole vectors, or no more than they are. The last ones first: they reach
 * into the first ones of the next pixel of the window. */
INLINE void return_pixel(const pooling *p, const bool adds, const bool whole, const float *dy,
                         const unsigned char *winner, float *corner) {
    for (int c = (p->channels - 1) / LANES * LANES; c >= 0; c -= LANES) {
        const int left = p->channels - c, valid = whole ? LANES : smaller(left, LANES);
        if (p->kernel_height == 2 && p->kernel_width == 2)
            return_window(p, 2, 2, adds, dy + c, winner + c, left, valid, corner + c);
        else
            return_window(p, p->kernel_height, p->kernel_width, adds, dy + c, winner + c, left, valid,
                          corner + c);
    }
}

/* What is stored beyond a pixel is stored again, as long as it is in the same row. */
INLINE void return_all(const pooling *p, const bool adds, const float *dy, const unsigned char *winner,
                       float *dx) {
    const int channels = p->channels, whole = p->out_width - pixels_beyond(p);
    for (int oy = 0; oy < p->out_height; oy++) {
        float *corner = dx + (ptrdiff_t)oy * p->stride_height * p->width * channels;
        for (int ox = 0; ox < p->out_width; ox++, corner += p->stride_width * channels) {
            if (ox < whole)
                return_pixel(p, adds, true, dy, winner, corner);
            else
                return_pixel(p, adds, false, dy, winner, corner);
            dy += channels;
            winner += channels;
        }
    }
}

static void max_pool_backward(const pooling *p, const float *dy, const unsigned char *winner, float *dx) {
    assert(pooling_is_valid(p));
    if (windows_tile(p)) {
        return_all(p, false, dy, winner, dx);
        return;
    }
    memset(dx, 0, (size_t)p->height * (size_t)p->width * (size_t)p->channels * sizeof *dx);
    return_all(p, true, dy, winner, dx);
}

void KERNEL(fill_pooling)(kernel_set *set) {
    set->max_pool = max_pool;
    set->max_pool_backward = max_pool_backward;
}
