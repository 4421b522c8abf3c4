#include "engine/layers/conv_frame.h"

#include <string.h>

size_t conv_terms(const layer *l) {
    return (size_t)l->spec.kernel_height * (size_t)l->spec.kernel_width * conv_group_channels(l);
}

bool conv_is_plain(const layer *l) {
    return conv_groups(&l->spec) == 1 && l->spec.dilation_height <= 1 && l->spec.dilation_width <= 1;
}

bool conv_fills_frame(const layer *l, frame f) {
    return l->in.height == f.height && l->in.width == f.width;
}

const real *conv_frame_input(const layer *l, frame f, const real *x, real *scratch) {
    if (conv_fills_frame(l, f))
        return x;
    const size_t channels = (size_t)l->in.channels, row = (size_t)l->in.width * channels;
    const size_t frame_row = (size_t)f.width * channels;
    const size_t before = (size_t)l->spec.padding_width * channels, after = frame_row - before - row;
    const int top = l->spec.padding_height;
    real *framed = scratch;
    memset(framed, 0, (size_t)top * frame_row * sizeof *framed);
    framed += (size_t)top * frame_row;
    for (int y = 0; y < l->in.height; y++, x += row, framed += frame_row) {
        memset(framed, 0, before * sizeof *framed);
        memcpy(framed + before, x, row * sizeof *framed);
        memset(framed + before + row, 0, after * sizeof *framed);
    }
    memset(framed, 0, (size_t)(f.height - top - l->in.height) * frame_row * sizeof *framed);
    return scratch;
}

void conv_unframe_input(const layer *l, frame f, const real *framed, real *x) {
    const size_t channels = (size_t)l->in.channels, row = (size_t)l->in.width * channels;
    const size_t frame_row = (size_t)f.width * channels;
    framed += (size_t)l->spec.padding_height * frame_row + (size_t)l->spec.padding_width * channels;
    for (int y = 0; y < l->in.height; y++, x += row, framed += frame_row)
        memcpy(x, framed, row * sizeof *x);
}
