#include "engine/layers/pool_frame.h"

#include <string.h>

static bool is_padded(const layer *l) {
    return l->spec.padding_height > 0 || l->spec.padding_width > 0;
}

tensor_shape pool_framed(const layer *l) {
    return (tensor_shape){.channels = l->in.channels,
                          .height = l->in.height + 2 * l->spec.padding_height,
                          .width = l->in.width + 2 * l->spec.padding_width};
}

size_t pool_frame_reals(const layer *l) {
    return is_padded(l) ? shape_size(pool_framed(l)) : 0;
}

/* Of the frame's rows, and of the image's; where the image begins in the frame. */
typedef struct frame_rows {
    size_t framed, own, first;
} frame_rows;

static frame_rows rows_of(const layer *l) {
    const size_t channels = (size_t)l->in.channels, framed = (size_t)pool_framed(l).width * channels;
    return (frame_rows){.framed = framed,
                        .own = (size_t)l->in.width * channels,
                        .first = (size_t)l->spec.padding_height * framed +
                                 (size_t)l->spec.padding_width * channels};
}

const real *pool_frame(const layer *l, real outside, const real *x, real *frame) {
    if (!is_padded(l))
        return x;
    const frame_rows rows = rows_of(l);
    for (size_t i = 0; i < pool_frame_reals(l); i++)
        frame[i] = outside;
    real *to = frame + rows.first;
    for (int y = 0; y < l->in.height; y++, x += rows.own, to += rows.framed)
        memcpy(to, x, rows.own * sizeof *x);
    return frame;
}

real *pool_frame_gradient(const layer *l, real *frame, real *dx) {
    return is_padded(l) ? frame : dx;
}

void pool_unframe(const layer *l, const real *framed, real *dx) {
    if (!is_padded(l))
        return;
    const frame_rows rows = rows_of(l);
    framed += rows.first;
    for (int y = 0; y < l->in.height; y++, dx += rows.own, framed += rows.framed)
        memcpy(dx, framed, rows.own * sizeof *dx);
}
