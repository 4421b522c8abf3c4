/* 2-D convolution (cross-correlation, as everywhere in the field), any kernel, stride, zero padding, dilation
 * and number of groups, as torch.nn.Conv2d. The formulas are in conv_algorithm.h; the sums are computed by
 * conv_winograd.c or conv_planes.c where they suit, and by conv_direct.c elsewhere; with groups or dilation
 * by conv_depthwise.c or conv_grouped.c. */
#include "engine/layers/conv_algorithm.h"

static size_t filters(const layer *l) {
    return (size_t)l->spec.filters;
}

static size_t out_pixels(const layer *l) {
    return (size_t)l->out.height * (size_t)l->out.width;
}

/* Whether every place of the kernel meets the image, and not only padding. The gradient of a weight that
 * meets none is exactly 0, which Winograd's transforms turn into noise; optimisers that divide by the size of
 * gradients would amplify it. */
static bool whole_kernel_meets_image(const layer *l) {
    const layer_spec *s = &l->spec;
    return s->kernel_height - s->padding_height <= l->in.height &&
           s->kernel_width - s->padding_width <= l->in.width;
}

static const conv_algorithm *algorithm(const layer *l) {
    if (!conv_is_plain(l))
        return conv_depthwise.suits(l) ? &conv_depthwise : &conv_grouped;
    return conv_winograd.suits(l) && whole_kernel_meets_image(l) ? &conv_winograd
           : conv_planes.suits(l)                                ? &conv_planes
                                                                 : &conv_direct;
}

/* PADDING_SAME becomes the zeros that keep the size: ⌊kernel / 2⌋ on each side, times the dilation. */
static status resolve_padding(int kernel, int stride, int dilation, int *padding, error_info *error) {
    if (*padding != PADDING_SAME)
        return STATUS_OK;
    if (kernel % 2 == 0 || stride != 1)
        return error_set(
            error, STATUS_USAGE,
            "padding same with a kernel of %d and a stride of %d; accepted: odd kernels, stride 1", kernel,
            stride);
    *padding = kernel / 2 * dilation;
    return STATUS_OK;
}

static status check_groups(const layer *l, error_info *error) {
    const int groups = conv_groups(&l->spec);
    if (l->in.channels % groups == 0 && l->spec.filters % groups == 0)
        return STATUS_OK;
    return error_set(error, STATUS_USAGE,
                     "%d groups of %d channels and %d filters; accepted: a number that divides both", groups,
                     l->in.channels, l->spec.filters);
}

static double weights(const layer_spec *spec, tensor_shape in) {
    return (double)spec->filters * in.channels / conv_groups(spec) * spec->kernel_height * spec->kernel_width;
}

/* Pixels from the first to the last place of a kernel. */
static int kernel_span(int kernel, int dilation) {
    return (kernel - 1) * dilation + 1;
}

static status set_output_shape(layer *l, error_info *error) {
    layer_spec *s = &l->spec;
    s->dilation_height = s->dilation_height > 1 ? s->dilation_height : 1;
    s->dilation_width = s->dilation_width > 1 ? s->dilation_width : 1;
    RETURN_IF_FAILED(
        resolve_padding(s->kernel_height, s->stride_height, s->dilation_height, &s->padding_height, error));
    RETURN_IF_FAILED(
        resolve_padding(s->kernel_width, s->stride_width, s->dilation_width, &s->padding_width, error));
    const int height = l->in.height + 2 * s->padding_height, width = l->in.width + 2 * s->padding_width;
    const int span_height = kernel_span(s->kernel_height, s->dilation_height);
    const int span_width = kernel_span(s->kernel_width, s->dilation_width);
    if (span_height > height || span_width > width)
        return error_set(
            error, STATUS_USAGE,
            "a kernel of %d × %d does not fit an input of %d × %d with padding; accepted: a smaller "
            "kernel, more padding, or fewer strides and pools before it",
            span_height, span_width, height, width);
    l->out = (tensor_shape){.channels = s->filters,
                            .height = (height - span_height) / s->stride_height + 1,
                            .width = (width - span_width) / s->stride_width + 1};
    return STATUS_OK;
}

/* Rows of weights are read in panels, the last of which may begin near the end of the last row. */
static void size_parameters(layer *l) {
    const size_t o = filters(l), k = conv_terms(l), bias = panel_count(o) * PANEL;
    l->weight_count = o * k;
    l->parameter_count = l->weight_count + (l->spec.bias ? o : 0);
    if (conv_is_plain(l)) {
        l->weight_reals = panel_count(o) * PANEL * k;
        l->parameter_reals = l->weight_reals + bias;
    } else {
        l->weight_reals = (panel_count(o * k) + 1) * PANEL;
        l->parameter_reals = l->weight_reals + bias + PANEL;
    }
}

static status setup(layer *l, size_t batch, error_info *error) {
    (void)batch;
    RETURN_IF_FAILED(check_groups(l, error));
    RETURN_IF_FAILED(set_output_shape(l, error));
    const size_t o = filters(l), k = conv_terms(l);
    size_parameters(l);
    l->window = (tensor_shape){(int)conv_group_channels(l), l->spec.kernel_height, l->spec.kernel_width};
    l->fan_in = (double)k;
    l->fan_out = (double)(o * k) / l->window.channels; /* as PyTorch and Keras count it */
    l->flops_forward = 2.0 * (double)(o * k) * (double)out_pixels(l);
    l->flops_backward = 2.0 * l->flops_forward;
    algorithm(l)->setup(l);
    return STATUS_OK;
}

/* Natural order is (o, c, ky, kx). */
static size_t parameter_place(const layer *l, size_t natural) {
    const size_t k = conv_terms(l), weights = filters(l) * k, places = k / conv_group_channels(l);
    if (natural >= weights)
        return l->weight_reals + natural - weights;
    const size_t place = natural % places, c = natural % k / places, o = natural / k;
    return conv_is_plain(l) ? conv_weight_place(l, place, c, o) : conv_row_place(l, place, c, o);
}

static void forward_begin(const layer *l, const layer_pass *pass) {
    if (algorithm(l)->forward_begin != NULL)
        algorithm(l)->forward_begin(l, pass);
}

static void forward(const layer *l, const layer_pass *pass) {
    algorithm(l)->forward(l, pass);
}

static void backward_begin(const layer *l, const layer_pass *pass) {
    algorithm(l)->backward_begin(l, pass);
}

static void backward(const layer *l, const layer_pass *pass) {
    if (l->spec.bias)
        pass->kernels->column_sums(pass->count * out_pixels(l), filters(l), pass->d_output,
                                   pass->d_parameters + l->weight_reals);
    algorithm(l)->backward(l, pass);
}

static void backward_end(const layer *l, const layer_pass *pass) {
    if (algorithm(l)->backward_end != NULL)
        algorithm(l)->backward_end(l, pass);
}

const layer_ops layer_conv = {
    .spatial = true,
    .keeps_input = true,
    .windowed = true,
    .weights = weights,
    .setup = setup,
    .parameter_place = parameter_place,
    .forward = forward,
    .backward = backward,
    .forward_begin = forward_begin,
    .backward_begin = backward_begin,
    .backward_end = backward_end,
};
