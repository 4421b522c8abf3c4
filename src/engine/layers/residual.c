/* The end of a residual block (He, Zhang, Ren, Sun, "Deep residual learning for image recognition", 2016):
 *
 *   y = F(x) + S(x)    F: the block's layers, S: its shortcut
 *
 * What came last is the input of this layer, the other summand its `other`; each is given the gradient of y.
 */
#include "engine/layers/layer.h"

#include <string.h>

static status setup(layer *l, size_t batch, error_info *error) {
    (void)batch;
    const tensor_shape a = l->in, b = l->other;
    if (a.channels != b.channels || a.height != b.height || a.width != b.width)
        return error_set(
            error, STATUS_USAGE,
            "its two ways make %d × %d × %d and %d × %d × %d, which cannot be added; accepted: the "
            "same, for example by a shortcut of a conv with the filters and strides of the block",
            b.channels, b.height, b.width, a.channels, a.height, a.width);
    l->out = l->in;
    l->flops_forward = l->flops_backward = shape_values(l->in);
    return STATUS_OK;
}

static void forward(const layer *l, const layer_pass *pass) {
    const size_t n = pass->count * shape_size(l->in);
    for (size_t i = 0; i < n; i++)
        pass->output[i] = pass->input[i] + pass->other[i];
}

static void backward(const layer *l, const layer_pass *pass) {
    const size_t n = pass->count * shape_size(l->in);
    if (pass->d_other != NULL && pass->adds_other)
        add_to(pass->d_other, pass->d_output, n);
    else if (pass->d_other != NULL)
        memcpy(pass->d_other, pass->d_output, n * sizeof *pass->d_other);
    if (pass->d_input != NULL && pass->d_input != pass->d_output)
        memcpy(pass->d_input, pass->d_output, n * sizeof *pass->d_input);
}

const layer_ops layer_residual = {
    .elementwise = true,
    .setup = setup,
    .forward = forward,
    .backward = backward,
};
