/* What a layer is: one file per kind, behind one table of functions. Private to the engine.
 *
 * Activations are stored channel-last, (N, H, W, C): the C values of a pixel side by side, so that an image
 * row is one long vector for the product kernel. */
#ifndef ENGINE_LAYERS_LAYER_H
#define ENGINE_LAYERS_LAYER_H

#include "engine/engine.h"
#include "engine/kernels/kernels.h"

typedef struct layer_ops layer_ops;

typedef struct layer {
    const layer_ops *ops;
    layer_spec spec;
    int position; /* in the specification's list */
    layer_path path;
    tensor_shape in, out;
    tensor_shape other;      /* residual: of what is added to its input */
    size_t parameter_count;  /* learnable numbers */
    size_t parameter_reals;  /* the same, padded as stored */
    size_t parameter_offset; /* of this layer in the model's parameter block */
    size_t weight_count;     /* of parameter_count, the first are weights; the rest are biases */
    size_t weight_reals;     /* the same of parameter_reals: weights and the zeros that pad them */
    tensor_shape window;     /* inputs that an output has weights for, (1, 1) high and wide when flat */
    double fan_in, fan_out;  /* inputs of an output, outputs of an input */
    size_t saved_bytes;      /* per sample, from forward to backward */
    size_t state_reals;      /* kept from batch to batch, not learned: running statistics */
    size_t state_offset;     /* of this layer in the model's state block */
    size_t workspace_reals;  /* for what is prepared once per batch */
    size_t scratch_reals;  /* within one call, for one sample or for `batch` where the layer is not spatial */
    double flops_forward;  /* per sample; a multiply-add counts as two */
    double flops_backward; /* per sample, input gradient included */
} layer;

/* What turns the values before it into probabilities. */
typedef enum output_link { LINK_IDENTITY, LINK_SIGMOID, LINK_SCALED_SIGMOID, LINK_SOFTMAX } output_link;

/* What a forward pass is for. */
typedef struct pass_mode {
    bool training; /* batch statistics and dropout; else running statistics and no dropout */
    uint64_t seed, coordinates, step; /* name the random streams of a training pass */
} pass_mode;

/* One call: `count` consecutive samples. Gradients of parameters accumulate. */
typedef struct layer_pass {
    const kernel_set *kernels;
    const pass_mode *mode;
    size_t first; /* number of the first sample in its batch */
    size_t count;
    const real *input;      /* (count, in); in backward only where the layer keeps it */
    real *output;           /* (count, out); in backward only where the layer keeps it; may be input */
    real *d_output;         /* (count, out), gradient of the loss; backward */
    real *d_input;          /* (count, in), or NULL when it is not needed; may be d_output; backward */
    real *summand;          /* (count, in), where d_input has another part already; for model.c */
    const real *other;      /* (count, other) residual */
    real *d_other;          /* (count, other), or NULL; residual, backward */
    bool adds_other;        /* d_other has a gradient already, to which this one is added */
    unsigned char *saved;   /* (count, saved_bytes) */
    const real *parameters; /* (parameter_reals) */
    real *d_parameters;     /* (parameter_reals) */
    real *state;            /* (state_reals) */
    real *workspace;        /* (workspace_reals) */
    real *scratch;          /* (scratch_reals) */
} layer_pass;

struct layer_ops {
    bool spatial;        /* works image by image: run in blocks that stay in cache */
    bool elementwise;    /* output may overwrite input; runs in whatever blocks its neighbours do */
    bool keeps_input;    /* backward reads input */
    bool keeps_output;   /* backward reads output */
    bool reads_flat;     /* takes an image as the vector of its values, in natural order */
    bool windowed;       /* looks at rows and columns through a window */
    bool random;         /* a training pass depends on random streams */
    bool takes_variance; /* in training a channel needs at least two values */
    bool keeps_values;   /* output is input, in another shape at most */
    output_link link;    /* what a loss takes it for at the end of a model */

    /* The weights that a layer with this input would have, possibly too many for a size_t. NULL: none. */
    double (*weights)(const layer_spec *spec, tensor_shape in);
    /* Given spec and in, fill out and the sizes. STATUS_USAGE when they do not fit. `batch` is the largest
     * count of a pass. NULL for a layer that has nothing to do. */
    status (*setup)(layer *l, size_t batch, error_info *error);
    /* Set state, and parameters where they are not drawn at random. NULL for a layer whose parameters are
     * drawn. */
    void (*reset)(const layer *l, real *parameters, real *state);
    /* Where parameter number `natural` is stored; natural order is PyTorch's: weight (O, K), then bias (O), K
     * in the order channel, row, column. NULL for a layer without parameters. */
    size_t (*parameter_place)(const layer *l, size_t natural);
    void (*forward)(const layer *l, const layer_pass *pass);
    void (*backward)(const layer *l, const layer_pass *pass);
    /* Around the blocks of a batch: what depends only on the parameters, kept in workspace. May be NULL. */
    void (*forward_begin)(const layer *l, const layer_pass *pass);
    void (*backward_begin)(const layer *l, const layer_pass *pass);
    void (*backward_end)(const layer *l, const layer_pass *pass);
};

#define X(kind, name) extern const layer_ops layer_##name;
LAYER_KINDS(X)
#undef X

const layer_ops *layer_ops_of(layer_kind kind);

static inline const char *layer_name(const layer *l) {
    return name_at(&layer_names, l->spec.kind);
}

static inline double shape_values(tensor_shape s) {
    return (double)s.channels * s.height * s.width;
}

static inline size_t shape_size(tensor_shape s) {
    return (size_t)s.channels * (size_t)s.height * (size_t)s.width;
}

/* Number of panels that hold `columns` columns. */
static inline size_t panel_count(size_t columns) {
    return (columns + PANEL - 1) / PANEL;
}

/* Valid columns of panel `panel` out of `columns`. */
static inline int panel_columns(size_t columns, size_t panel) {
    size_t left = columns - panel * PANEL;
    return left < PANEL ? (int)left : PANEL;
}

/* Columns to ask a product for where all PANEL of its b and c exist, and those beyond `columns` are zeros: as
 * many as fill whole vectors. */
static inline int whole_lanes(const kernel_set *kernels, int columns) {
    return (columns + kernels->lanes - 1) / kernels->lanes * kernels->lanes;
}

/* Copy the columns of one panel: x (rows, columns) → out (rows, PANEL), padded with zeros. */
void pack_panel(const real *x, size_t rows, size_t columns, size_t panel, real *out);

/* sum += more, of n values each. */
void add_to(real *restrict sum, const real *restrict more, size_t n);

/* The setup of layers whose output has the shape of their input, and of layers that look through a window. */
status layer_setup_elementwise(layer *l, size_t batch, error_info *error);
status layer_setup_pooling(layer *l, size_t batch, error_info *error);

#endif
