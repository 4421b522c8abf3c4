/* Sizes of a convolution, and its input in a frame of zeros. Private to conv*.c. */
#ifndef ENGINE_LAYERS_CONV_FRAME_H
#define ENGINE_LAYERS_CONV_FRAME_H

#include "engine/layers/layer.h"

/* Groups of channels and filters; each filter sees the C / G channels of its group. */
static inline int conv_groups(const layer_spec *s) {
    return s->groups > 1 ? s->groups : 1;
}

/* Channels of a group. */
static inline size_t conv_group_channels(const layer *l) {
    return (size_t)(l->in.channels / conv_groups(&l->spec));
}

/* Terms of one output: KH·KW·C / G. */
size_t conv_terms(const layer *l);

/* One group, and a kernel without gaps? */
bool conv_is_plain(const layer *l);

/* Element (place, c, o) of the weights as stored where it is plain, place = ky·KW + kx. */
static inline size_t conv_weight_place(const layer *l, size_t place, size_t c, size_t o) {
    const size_t channels = (size_t)l->in.channels;
    return (o / PANEL * conv_terms(l) + place * channels + c) * PANEL + o % PANEL;
}

/* The same where it is not, c being the channel's number in its group. */
static inline size_t conv_row_place(const layer *l, size_t place, size_t c, size_t o) {
    return (place * conv_group_channels(l) + c) * (size_t)l->spec.filters + o;
}

/* A frame of zeros (height, width, channels). */
typedef struct frame {
    int height, width;
} frame;

static inline size_t frame_reals(frame f, int channels) {
    return (size_t)f.height * (size_t)f.width * (size_t)channels;
}

/* The input with its padding. */
static inline frame conv_input_frame(const layer *l) {
    return (frame){.height = l->in.height + 2 * l->spec.padding_height,
                   .width = l->in.width + 2 * l->spec.padding_width};
}

/* Is the input as large as frame f, so that it needs none? */
bool conv_fills_frame(const layer *l, frame f);
/* Input x with the layer's padding in a frame of zeros: in `scratch`, or x itself where it fills the frame.
 */
const real *conv_frame_input(const layer *l, frame f, const real *x, real *scratch);
/* Take it out of its frame again. */
void conv_unframe_input(const layer *l, frame f, const real *framed, real *x);

#endif
