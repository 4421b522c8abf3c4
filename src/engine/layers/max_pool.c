/* Max-pooling: y[oy, ox, c] = max over the window of x[oy·sh + ky, ox·sw + kx, c]; no padding, rows and
 * columns that do not fill a window are left out (PyTorch's default). The gradient goes to the place of the
 * maximum. */
#include "engine/layers/layer.h"

static status setup(layer *l, size_t batch, error_info *error) {
    if (l->spec.kernel_height * l->spec.kernel_width > 256)
        return error_set(error, STATUS_USAGE, "a window of %d × %d is too large; accepted: up to 256 places",
                         l->spec.kernel_height, l->spec.kernel_width);
    RETURN_IF_FAILED(layer_setup_pooling(l, batch, error));
    l->saved_bytes = shape_size(l->out);
    return STATUS_OK;
}

static pooling layer_pooling(const layer *l) {
    return (pooling){
        .channels = l->in.channels,
        .height = l->in.height,
        .width = l->in.width,
        .out_height = l->out.height,
        .out_width = l->out.width,
        .kernel_height = l->spec.kernel_height,
        .kernel_width = l->spec.kernel_width,
        .stride_height = l->spec.stride_height,
        .stride_width = l->spec.stride_width,
    };
}

static void forward(const layer *l, const layer_pass *pass) {
    const size_t in = shape_size(l->in), out = shape_size(l->out);
    const pooling p = layer_pooling(l);
    for (size_t n = 0; n < pass->count; n++)
        pass->kernels->max_pool(&p, pass->input + n * in, pass->output + n * out, pass->saved + n * out);
}

static void backward(const layer *l, const layer_pass *pass) {
    if (pass->d_input == NULL)
        return;
    const size_t in = shape_size(l->in), out = shape_size(l->out);
    const pooling p = layer_pooling(l);
    for (size_t n = 0; n < pass->count; n++)
        pass->kernels->max_pool_backward(&p, pass->d_output + n * out, pass->saved + n * out,
                                         pass->d_input + n * in);
}

const layer_ops layer_max_pool = {
    .spatial = true,
    .windowed = true,
    .setup = setup,
    .forward = forward,
    .backward = backward,
};
