#include "engine/layers/layer.h"

#include <string.h>

void pack_panel(const real *x, size_t rows, size_t columns, size_t panel, real *out) {
    const size_t valid = (size_t)panel_columns(columns, panel);
    const real *from = x + panel * PANEL;
    if (valid < PANEL)
        memset(out, 0, rows * PANEL * sizeof *out);
    for (size_t r = 0; r < rows; r++, from += columns, out += PANEL)
        for (size_t j = 0; j < valid; j++)
            out[j] = from[j];
}

void add_to(real *restrict sum, const real *restrict more, size_t n) {
    for (size_t i = 0; i < n; i++)
        sum[i] += more[i];
}

status layer_setup_elementwise(layer *l, size_t batch, error_info *error) {
    (void)batch, (void)error;
    l->out = l->in;
    return STATUS_OK;
}

/* The output that windows of this size leave; at least half of a window must be inside the image. */
static int pooled_size(int size, int padding, int kernel, int stride) {
    return (size + 2 * padding - kernel) / stride + 1;
}

status layer_setup_pooling(layer *l, size_t batch, error_info *error) {
    (void)batch;
    const layer_spec *s = &l->spec;
    if (2 * s->padding_height > s->kernel_height || 2 * s->padding_width > s->kernel_width)
        return error_set(error, STATUS_USAGE,
                         "a padding of %d × %d around windows of %d × %d; accepted: up to half of the window",
                         s->padding_height, s->padding_width, s->kernel_height, s->kernel_width);
    const int height = l->in.height + 2 * s->padding_height, width = l->in.width + 2 * s->padding_width;
    if (s->kernel_height > height || s->kernel_width > width)
        return error_set(
            error, STATUS_USAGE,
            "a window of %d × %d does not fit an input of %d × %d; accepted: a smaller window, or fewer "
            "strides and pools before it",
            s->kernel_height, s->kernel_width, height, width);
    l->out = (tensor_shape){
        .channels = l->in.channels,
        .height = pooled_size(l->in.height, s->padding_height, s->kernel_height, s->stride_height),
        .width = pooled_size(l->in.width, s->padding_width, s->kernel_width, s->stride_width)};
    return STATUS_OK;
}
