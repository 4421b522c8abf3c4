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

status layer_setup_elementwise(layer *l, size_t batch, error_info *error) {
    (void)batch, (void)error;
    l->out = l->in;
    return STATUS_OK;
}

status layer_setup_pooling(layer *l, size_t batch, error_info *error) {
    (void)batch;
    const layer_spec *s = &l->spec;
    if (s->kernel_height > l->in.height || s->kernel_width > l->in.width)
        return error_set(
            error, STATUS_USAGE,
            "a window of %d × %d does not fit an input of %d × %d; accepted: a smaller window, or fewer "
            "strides and pools before it",
            s->kernel_height, s->kernel_width, l->in.height, l->in.width);
    l->out = (tensor_shape){.channels = l->in.channels,
                            .height = (l->in.height - s->kernel_height) / s->stride_height + 1,
                            .width = (l->in.width - s->kernel_width) / s->stride_width + 1};
    return STATUS_OK;
}
