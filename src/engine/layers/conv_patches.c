/* The input gradient of a convolution of few channels, window by window: what output pixel (oy, ox) gives to
 * the patch of the input under its window,
 *
 *   patch[(ky, kx, c)] = Σ_o dy[oy, ox, o] · W[o, c, ky, kx],
 *
 * is a product whose columns are the K = KH·KW·C terms of the window, and then added to the patch's place.
 * Workspace: the weights as [k / PANEL][o][k % PANEL], padded with zeros. */
#include "engine/layers/conv.h"

#include <string.h>

/* With more channels the columns of conv_direct.c's product are full enough. */
enum { MOST_CHANNELS = 4 };

static size_t filters(const layer *l) {
    return (size_t)l->spec.filters;
}

static size_t padded_terms(const layer *l) {
    return panel_count(conv_terms(l)) * PANEL;
}

bool conv_patches_suit(const layer *l) {
    return l->in.channels <= MOST_CHANNELS;
}

size_t conv_patches_workspace(const layer *l) {
    return padded_terms(l) * filters(l);
}

/* The framed dx, and the patches of one row of outputs. */
size_t conv_patches_scratch(const layer *l) {
    return frame_reals(conv_input_frame(l), l->in.channels) + (size_t)l->out.width * padded_terms(l);
}

void conv_patches_begin(const layer *l, const layer_pass *pass) {
    const size_t channels = (size_t)l->in.channels;
    real *to = pass->workspace;
    for (size_t panel = 0; panel < panel_count(conv_terms(l)); panel++)
        for (size_t o = 0; o < filters(l); o++, to += PANEL)
            for (size_t j = 0; j < PANEL; j++) {
                const size_t k = panel * PANEL + j;
                const bool valid = k < conv_terms(l);
                to[j] = valid ? pass->parameters[conv_weight_place(l, k / channels, k % channels, o)] : 0;
            }
}

/* patches (OW, padded K) of one row of outputs dy (OW, O) */
static void row_patches(const layer *l, const layer_pass *pass, const real *dy, real *patches) {
    product p = {
        .rows = l->out.width,
        .columns = PANEL,
        .segments = 1,
        .length = l->spec.filters,
        .a = dy,
        .a_row = l->spec.filters,
        .a_step = 1,
        .b = pass->workspace,
        .b_step = PANEL,
        .c = patches,
        .c_row = (ptrdiff_t)padded_terms(l),
    };
    for (size_t panel = 0; panel < panel_count(conv_terms(l)); panel++) {
        pass->kernels->product(&p);
        p.b += filters(l) * PANEL;
        p.c += PANEL;
    }
}

/* Add the patches of one row of outputs to the rows of the frame under them, `rows`; window_row: KW·C. */
static inline __attribute__((always_inline)) void add_windows(const layer *l, const real *patches,
                                                              const size_t window_row, real *restrict rows) {
    const size_t channels = (size_t)l->in.channels, step = (size_t)l->spec.stride_width * channels;
    const size_t frame_row = (size_t)conv_input_frame(l).width * channels, terms = padded_terms(l);
    for (int ox = 0; ox < l->out.width; ox++, rows += step, patches += terms)
        for (size_t ky = 0; ky < (size_t)l->spec.kernel_height; ky++)
            for (size_t i = 0; i < window_row; i++)
                rows[ky * frame_row + i] += patches[ky * window_row + i];
}

/* With the usual windows as constants, for which the compiler unrolls. */
static void add_patches(const layer *l, const real *patches, real *rows) {
    const size_t window_row = (size_t)l->spec.kernel_width * (size_t)l->in.channels;
    switch (window_row) {
    case 3:
        add_windows(l, patches, 3, rows);
        break;
    case 5:
        add_windows(l, patches, 5, rows);
        break;
    case 9:
        add_windows(l, patches, 9, rows);
        break;
    case 15:
        add_windows(l, patches, 15, rows);
        break;
    default:
        add_windows(l, patches, window_row, rows);
    }
}

void conv_patches_gradient(const layer *l, const layer_pass *pass, const real *dy, real *scratch, real *dx) {
    const frame f = conv_input_frame(l);
    const size_t channels = (size_t)l->in.channels, frame_row = (size_t)f.width * channels;

    real *framed = scratch, *patches = framed + frame_reals(f, l->in.channels);
    memset(framed, 0, frame_reals(f, l->in.channels) * sizeof *framed);
    for (int oy = 0; oy < l->out.height; oy++) {
        row_patches(l, pass, dy + (size_t)oy * (size_t)l->out.width * filters(l), patches);
        add_patches(l, patches, framed + (size_t)(oy * l->spec.stride_height) * frame_row);
    }
    conv_unframe_image(framed, conv_input_frame(l), l->spec.padding_height, l->spec.padding_width, l->in, dx);
}
