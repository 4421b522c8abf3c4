/* Max-pooling, as torch.nn.MaxPool2d: y[oy, ox, c] = max over the window of
 * x[oy·sh + ky − ph, ox·sw + kx − pw, c], which is −∞ outside the image; rows and columns that do not fill a
 * window are left out. The gradient goes to the place of the maximum. */
#include "engine/layers/pool_frame.h"

#include <math.h>

static status setup(layer *l, size_t batch, error_info *error) {
    if (l->spec.kernel_height * l->spec.kernel_width > 256)
        return error_set(error, STATUS_USAGE, "a window of %d × %d is too large; accepted: up to 256 places",
                         l->spec.kernel_height, l->spec.kernel_width);
    RETURN_IF_FAILED(layer_setup_pooling(l, batch, error));
    l->saved_bytes = shape_size(l->out);
    l->scratch_reals = pool_frame_reals(l);
    return STATUS_OK;
}

static pooling layer_pooling(const layer *l) {
    const tensor_shape framed = pool_framed(l);
    return (pooling){
        .channels = framed.channels,
        .height = framed.height,
        .width = framed.width,
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
    for (size_t n = 0; n < pass->count; n++) {
        const real *x = pool_frame(l, -(real)INFINITY, pass->input + n * in, pass->scratch);
        pass->kernels->max_pool(&p, x, pass->output + n * out, pass->saved + n * out);
    }
}

static void backward(const layer *l, const layer_pass *pass) {
    if (pass->d_input == NULL)
        return;
    const size_t in = shape_size(l->in), out = shape_size(l->out);
    const pooling p = layer_pooling(l);
    for (size_t n = 0; n < pass->count; n++) {
        real *dx = pass->d_input + n * in, *framed = pool_frame_gradient(l, pass->scratch, dx);
        pass->kernels->max_pool_backward(&p, pass->d_output + n * out, pass->saved + n * out, framed);
        pool_unframe(l, framed, dx);
    }
}

const layer_ops layer_max_pool = {
    .spatial = true,
    .windowed = true,
    .setup = setup,
    .forward = forward,
    .backward = backward,
};
