/* Convolution with groups or dilation: a product for each place of the kernel, group and row of outputs, or
 * for a row of the kernel at once; of images in a frame. The input gradient takes the weights transposed,
 * [ky][kx][o][c], and adds the products to dx in its frame. */
#include "engine/layers/conv_algorithm.h"

#include <string.h>

/* What all loops run over. */
typedef struct grouping {
    int groups, channels, filters;       /* of a group */
    int kernel_height, kernel_width;     /* KH, KW */
    ptrdiff_t all_channels, all_filters; /* C, O */
    ptrdiff_t out_row;                   /* reals of a row of y */
    ptrdiff_t step_row, step_pixel;      /* of the framed input from output to output */
    ptrdiff_t place_row, place_pixel;    /* … from place to place of the kernel */
    ptrdiff_t place_weights;             /* weights of one place of the kernel */
} grouping;

static grouping group_layer(const layer *l) {
    const layer_spec *s = &l->spec;
    const ptrdiff_t channels = l->in.channels, row = conv_input_frame(l).width * channels;
    const int groups = conv_groups(s);
    return (grouping){
        .groups = groups,
        .channels = l->in.channels / groups,
        .filters = s->filters / groups,
        .kernel_height = s->kernel_height,
        .kernel_width = s->kernel_width,
        .all_channels = channels,
        .all_filters = s->filters,
        .out_row = (ptrdiff_t)l->out.width * s->filters,
        .step_row = s->stride_height * row,
        .step_pixel = s->stride_width * channels,
        .place_row = s->dilation_height * row,
        .place_pixel = s->dilation_width * channels,
        .place_weights = channels / groups * s->filters,
    };
}

static bool suits(const layer *l) {
    (void)l;
    return true;
}

static size_t framed_reals(const layer *l) {
    return frame_reals(conv_input_frame(l), l->in.channels);
}

/* Transposed weights; the framed input, its gradient, dy and what a panel reads beyond it. */
static void setup(layer *l) {
    l->workspace_reals = l->weight_count + PANEL;
    l->scratch_reals = 2 * framed_reals(l) + shape_size(l->out) + PANEL;
}

/* One row of the kernel and one group: y += its terms, or y = bias + its terms for the first one. */
static void forward_row(const layer *l, const layer_pass *pass, const grouping *t, int ky, int group,
                        const real *framed, real *y) {
    product p = {
        .rows = l->out.width,
        .columns = t->filters,
        .segments = t->kernel_width,
        .length = t->channels,
        .a_segment = t->place_pixel,
        .a_row = t->step_pixel,
        .a_step = 1,
        .b = pass->parameters + ky * t->kernel_width * t->place_weights + group * t->filters,
        .b_panel = PANEL,
        .b_segment = t->place_weights,
        .b_step = t->all_filters,
        .c_panel = PANEL,
        .c_row = t->all_filters,
        .bias = ky == 0 ? pass->parameters + l->weight_reals + group * t->filters : NULL,
        .accumulate = ky > 0,
    };
    for (int oy = 0; oy < l->out.height; oy++) {
        p.a = framed + oy * t->step_row + ky * t->place_row + group * t->channels;
        p.c = y + oy * t->out_row + group * t->filters;
        pass->kernels->product(&p);
    }
}

static void forward(const layer *l, const layer_pass *pass) {
    const grouping t = group_layer(l);
    for (size_t n = 0; n < pass->count; n++) {
        const real *framed =
            conv_frame_input(l, conv_input_frame(l), pass->input + n * shape_size(l->in), pass->scratch);
        for (int ky = 0; ky < t.kernel_height; ky++)
            for (int group = 0; group < t.groups; group++)
                forward_row(l, pass, &t, ky, group, framed, pass->output + n * shape_size(l->out));
    }
}

/* Workspace: [ky][kx][o][c], and zeros that a panel reads beyond it. */
static void backward_begin(const layer *l, const layer_pass *pass) {
    if (pass->d_input == NULL)
        return;
    const size_t channels = conv_group_channels(l), places = conv_terms(l) / channels;
    real *to = pass->workspace;
    for (size_t place = 0; place < places; place++)
        for (size_t o = 0; o < (size_t)l->spec.filters; o++)
            for (size_t c = 0; c < channels; c++)
                *to++ = pass->parameters[conv_row_place(l, place, c, o)];
    memset(to, 0, PANEL * sizeof *to);
}

/* dW of one place of the kernel and one group. */
static void weight_gradient(const layer *l, const layer_pass *pass, const grouping *t, int place, int group,
                            const real *framed, const real *dy) {
    const int ky = place / t->kernel_width, kx = place % t->kernel_width;
    const product p = {
        .rows = t->channels,
        .columns = t->filters,
        .segments = l->out.height,
        .length = l->out.width,
        .a = framed + ky * t->place_row + kx * t->place_pixel + group * t->channels,
        .a_segment = t->step_row,
        .a_row = 1,
        .a_step = t->step_pixel,
        .b = dy + group * t->filters,
        .b_panel = PANEL,
        .b_segment = t->out_row,
        .b_step = t->all_filters,
        .c = pass->d_parameters + place * t->place_weights + group * t->filters,
        .c_panel = PANEL,
        .c_row = t->all_filters,
        .accumulate = true,
    };
    pass->kernels->product(&p);
}

/* What one place of the kernel and one group give to the framed dx. */
static void input_gradient(const layer *l, const layer_pass *pass, const grouping *t, int place, int group,
                           const real *dy, real *framed) {
    const int ky = place / t->kernel_width, kx = place % t->kernel_width;
    product p = {
        .rows = l->out.width,
        .columns = t->channels,
        .segments = 1,
        .length = t->filters,
        .a_row = t->all_filters,
        .a_step = 1,
        .b = pass->workspace + place * t->place_weights + group * t->filters * t->channels,
        .b_panel = PANEL,
        .b_step = t->channels,
        .c_panel = PANEL,
        .c_row = t->step_pixel,
        .accumulate = true,
    };
    for (int oy = 0; oy < l->out.height; oy++) {
        p.a = dy + oy * t->out_row + group * t->filters;
        p.c = framed + oy * t->step_row + ky * t->place_row + kx * t->place_pixel + group * t->channels;
        pass->kernels->product(&p);
    }
}

/* dy where a panel may be read from any filter of any pixel. */
static const real *readable(const layer *l, const real *dy, real *scratch) {
    memcpy(scratch, dy, shape_size(l->out) * sizeof *dy);
    memset(scratch + shape_size(l->out), 0, PANEL * sizeof *dy);
    return scratch;
}

static void backward(const layer *l, const layer_pass *pass) {
    const grouping t = group_layer(l);
    const frame f = conv_input_frame(l);
    const size_t in = shape_size(l->in), out = shape_size(l->out);
    const int places = t.kernel_height * t.kernel_width;
    real *dx = pass->scratch + framed_reals(l), *panels = dx + framed_reals(l);
    for (size_t n = 0; n < pass->count; n++) {
        const real *framed = conv_frame_input(l, f, pass->input + n * in, pass->scratch);
        const real *dy = readable(l, pass->d_output + n * out, panels);
        for (int i = 0; i < places * t.groups; i++)
            weight_gradient(l, pass, &t, i / t.groups, i % t.groups, framed, dy);
        if (pass->d_input == NULL)
            continue;
        memset(dx, 0, framed_reals(l) * sizeof *dx);
        for (int i = 0; i < places * t.groups; i++)
            input_gradient(l, pass, &t, i / t.groups, i % t.groups, dy, dx);
        conv_unframe_input(l, f, dx, pass->d_input + n * in);
    }
}

const conv_algorithm conv_grouped = {
    .suits = suits,
    .setup = setup,
    .forward = forward,
    .backward_begin = backward_begin,
    .backward = backward,
};
