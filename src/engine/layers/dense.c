/* Dense: y = x Wᵀ + b for x (N, K), W (O, K), b (O), y (N, O).
 *
 *   dW = dyᵀ x    db = Σ_n dy    dx = dy W
 *
 * W is stored as panels [o / P][k][o % P], then b padded to whole panels; P is PANEL, or TINY where special
 * kernels do the work. The input is channel-last; the natural order of K is channel, row, column, so that
 * parameters agree with PyTorch's after a flatten. */
#include "engine/layers/layer.h"

#include <string.h>

/* Inputs per block of the forward product: a block of a panel (16 KiB) stays in L1. */
enum { INPUT_BLOCK = 256 };
/* Inputs per block of the weight gradient: a block of x is copied so that its rows are close together. */
enum { GRADIENT_BLOCK = 96 };
/* Panels of the weights that are transposed together for the input gradient, and outputs per block of its
 * product: as INPUT_BLOCK. */
enum { TURNED_PANELS = 2, OUTPUT_BLOCK = 256 };

static size_t inputs(const layer *l) {
    return shape_size(l->in);
}

static size_t outputs(const layer *l) {
    return (size_t)l->spec.units;
}

static bool is_tiny(const layer *l) {
    return inputs(l) <= TINY && outputs(l) <= TINY;
}

/* Few sums of many terms: in single precision they lose digits, and most columns of a panel would be empty.
 */
static bool is_wide(const layer *l) {
    return inputs(l) > INPUT_BLOCK && outputs(l) <= TINY;
}

/* P above. */
static size_t panel_width(const layer *l) {
    return is_tiny(l) ? TINY : PANEL;
}

/* A panel of transposed weights. */
static size_t turned_reals(const layer *l) {
    return panel_count(outputs(l)) * PANEL * PANEL;
}

static size_t larger(size_t a, size_t b) {
    return a > b ? a : b;
}

static double weights(const layer_spec *spec, tensor_shape in) {
    return spec->units * shape_values(in);
}

static status setup(layer *l, size_t batch, error_info *error) {
    (void)error;
    const size_t k = inputs(l), o = outputs(l), width = panel_width(l);
    const size_t padded = (o + width - 1) / width * width;
    l->out = (tensor_shape){.channels = l->spec.units, .height = 1, .width = 1};
    l->parameter_count = o * k + (l->spec.bias ? o : 0);
    l->weight_count = o * k;
    l->window = l->in;
    l->weight_reals = padded * k;
    l->parameter_reals = l->weight_reals + (l->spec.bias ? padded : 0);
    l->fan_in = (double)k;
    l->fan_out = (double)o;
    /* weight gradient: a block of x and dy as panels; input gradient: some transposed panels */
    l->scratch_reals =
        larger(batch * (GRADIENT_BLOCK + panel_count(o) * PANEL), TURNED_PANELS * turned_reals(l));
    if (is_wide(l))
        l->scratch_reals = larger(l->scratch_reals, o * k); /* the weights without their padding */
    l->flops_forward = 2.0 * (double)(o * k);
    l->flops_backward = 2.0 * l->flops_forward;
    return STATUS_OK;
}

/* Natural k = (c, h, w) → stored k = (h, w, c). */
static size_t stored_input(const layer *l, size_t natural) {
    const size_t pixels = (size_t)l->in.height * (size_t)l->in.width;
    return natural % pixels * (size_t)l->in.channels + natural / pixels;
}

static size_t parameter_place(const layer *l, size_t natural) {
    const size_t k = inputs(l), weights = outputs(l) * k, width = panel_width(l);
    if (natural >= weights)
        return l->weight_reals + natural - weights;
    const size_t o = natural / k;
    return (o / width * k + stored_input(l, natural % k)) * width + o % width;
}

static void wide_forward(const layer *l, const layer_pass *pass) {
    const size_t k = inputs(l), o = outputs(l);
    const real *bias = l->spec.bias ? pass->parameters + l->weight_reals : NULL;
    for (size_t j = 0; j < o; j++)
        for (size_t i = 0; i < k; i++)
            pass->scratch[j * k + i] = pass->parameters[i * PANEL + j];
    pass->kernels->wide_forward(pass->count, k, o, pass->input, pass->scratch, bias, pass->output);
}

static void tiny_forward(const layer *l, const layer_pass *pass) {
    const real *bias = l->spec.bias ? pass->parameters + l->weight_reals : NULL;
    pass->kernels->tiny_forward(pass->count, (int)inputs(l), (int)outputs(l), pass->input, pass->parameters,
                                bias, pass->output);
}

static void panel_forward(const layer *l, const layer_pass *pass) {
    const size_t k = inputs(l), o = outputs(l);
    const real *bias = pass->parameters + l->weight_reals;
    for (size_t first = 0; first < k; first += INPUT_BLOCK) {
        const size_t block = k - first < INPUT_BLOCK ? k - first : INPUT_BLOCK;
        pass->kernels->product(&(product){
            .rows = (int)pass->count,
            .columns = (int)o,
            .segments = 1,
            .length = (int)block,
            .a = pass->input + first,
            .a_row = (ptrdiff_t)k,
            .a_step = 1,
            .b = pass->parameters + first * PANEL,
            .b_panel = (ptrdiff_t)k * PANEL,
            .b_step = PANEL,
            .c = pass->output,
            .c_panel = PANEL,
            .c_row = (ptrdiff_t)o,
            .bias = l->spec.bias ? bias : NULL,
            .accumulate = first > 0,
        });
    }
}

static void forward(const layer *l, const layer_pass *pass) {
    if (is_tiny(l))
        tiny_forward(l, pass);
    else if (is_wide(l))
        wide_forward(l, pass);
    else
        panel_forward(l, pass);
}

/* dW[o, k] += Σ_n dy[n, o] x[n, k], one block of inputs at a time. */
static void weight_gradient(const layer *l, const layer_pass *pass) {
    const size_t k = inputs(l), o = outputs(l), count = pass->count;
    real *dy_panels = pass->scratch;                            /* [panel][n][PANEL] */
    real *x_block = dy_panels + panel_count(o) * PANEL * count; /* [n][block] */
    for (size_t panel = 0; panel < panel_count(o); panel++)
        pack_panel(pass->d_output, count, o, panel, dy_panels + panel * count * PANEL);
    for (size_t first = 0; first < k; first += GRADIENT_BLOCK) {
        const size_t block = k - first < GRADIENT_BLOCK ? k - first : GRADIENT_BLOCK;
        for (size_t n = 0; n < count; n++)
            for (size_t i = 0; i < block; i++)
                x_block[n * block + i] = pass->input[n * k + first + i];
        pass->kernels->product(&(product){
            .rows = (int)block,
            .columns = (int)panel_count(o) * PANEL,
            .segments = 1,
            .length = (int)count,
            .a = x_block,
            .a_row = 1,
            .a_step = (ptrdiff_t)block,
            .b = dy_panels,
            .b_panel = (ptrdiff_t)count * PANEL,
            .b_step = PANEL,
            .c = pass->d_parameters + first * PANEL,
            .c_panel = (ptrdiff_t)k * PANEL,
            .c_row = PANEL,
            .accumulate = true,
        });
    }
}

/* One panel of `columns` inputs of W, transposed: out[o][j] = W[o, first + j], for o in whole panels. */
static void turn_weights(const layer *l, const layer_pass *pass, size_t first, int columns, real *out) {
    const size_t k = inputs(l);
    for (size_t panel = 0; panel < panel_count(outputs(l)); panel++, out += PANEL * PANEL) {
        const real *from = pass->parameters + (panel * k + first) * PANEL;
        real rows[PANEL * PANEL] = {0};
        if (columns < PANEL)
            from = memcpy(rows, from, (size_t)(columns * PANEL) * sizeof *rows);
        pass->kernels->transpose(from, out);
    }
}

/* dx[n, first + j] = Σ_o dy[n, o] W[o, first + j] for `columns` inputs, from their transposed panels. */
static void turned_product(const layer *l, const layer_pass *pass, size_t first, size_t columns,
                           const real *turned) {
    const size_t o = outputs(l);
    for (size_t from = 0; from < o; from += OUTPUT_BLOCK)
        pass->kernels->product(&(product){
            .rows = (int)pass->count,
            .columns = (int)columns,
            .segments = 1,
            .length = (int)(o - from < OUTPUT_BLOCK ? o - from : OUTPUT_BLOCK),
            .a = pass->d_output + from,
            .a_row = (ptrdiff_t)o,
            .a_step = 1,
            .b = turned + from * PANEL,
            .b_panel = (ptrdiff_t)turned_reals(l),
            .b_step = PANEL,
            .c = pass->d_input + first,
            .c_panel = PANEL,
            .c_row = (ptrdiff_t)inputs(l),
            .accumulate = from > 0,
        });
}

/* dx[n, k] = Σ_o dy[n, o] W[o, k], some panels of k at a time. */
static void input_gradient(const layer *l, const layer_pass *pass) {
    const size_t k = inputs(l), most = TURNED_PANELS * PANEL;
    for (size_t first = 0; first < k; first += most) {
        const size_t columns = k - first < most ? k - first : most;
        for (size_t panel = 0; panel < panel_count(columns); panel++)
            turn_weights(l, pass, first + panel * PANEL, panel_columns(columns, panel),
                         pass->scratch + panel * turned_reals(l));
        turned_product(l, pass, first, columns, pass->scratch);
    }
}

static void tiny_backward(const layer *l, const layer_pass *pass) {
    pass->kernels->tiny_backward(&(tiny_gradient){
        .count = pass->count,
        .inputs = (int)inputs(l),
        .outputs = (int)outputs(l),
        .x = pass->input,
        .dy = pass->d_output,
        .w = pass->parameters,
        .dw = pass->d_parameters,
        .db = l->spec.bias ? pass->d_parameters + l->weight_reals : NULL,
        .dx = pass->d_input,
    });
}

static void backward(const layer *l, const layer_pass *pass) {
    if (is_tiny(l)) {
        tiny_backward(l, pass);
        return;
    }
    weight_gradient(l, pass);
    if (l->spec.bias)
        pass->kernels->column_sums(pass->count, outputs(l), pass->d_output,
                                   pass->d_parameters + l->weight_reals);
    if (pass->d_input != NULL)
        input_gradient(l, pass);
}

const layer_ops layer_dense = {
    .keeps_input = true,
    .reads_flat = true,
    .weights = weights,
    .setup = setup,
    .parameter_place = parameter_place,
    .forward = forward,
    .backward = backward,
};
