/* A network with all its memory: parameters, gradients, activations. Private to the engine.
 *
 * Parameters, gradients and optimiser state are one block each, carved by the layers' offsets, so that
 * optimiser, norms and copies are one loop. Spatial layers run one block of samples at a time, so that what
 * passes between them stays in the L2 cache; only what the backward pass needs is kept for the whole
 * batch. */
#ifndef ENGINE_MODEL_H
#define ENGINE_MODEL_H

#include "engine/layers/layer.h"

enum { NO_BOUNDARY = -1 };

/* Layers are in the order in which they run: those of a residual block, those of its shortcut, then the layer
 * that adds both. What a layer reads is what the one before it made, except where a shortcut begins. */
typedef struct layer_links {
    int from;        /* the boundary that it reads */
    int other;       /* residual: that of the other summand; else NO_BOUNDARY */
    bool adds;       /* a layer after it has given the gradient of `from` already: it adds its own */
    bool adds_other; /* the same of `other` */
} layer_links;

/* Consecutive layers that are run together, one block of samples at a time. */
typedef struct segment {
    int first, end; /* layers [first, end) */
    size_t block;   /* samples per block */
} segment;

/* What layer i − 1 makes; boundary 0 is the input. */
typedef struct boundary {
    tensor_shape shape;
    bool forks;          /* another layer than the next one reads it, too: it is kept with its gradient */
    bool needs_gradient; /* parameters have a part in it */
    bool whole_batch;    /* kept for the batch; else scratch for one block */
    bool shared;         /* shares the memory of the next boundary: an elementwise layer works in place */
    real *values;        /* (capacity or block, shape) */
    real *gradient;      /* the same */
} boundary;

typedef struct layer_clock {
    double forward, backward; /* seconds, summed */
} layer_clock;

typedef struct model {
    const kernel_set *kernels;
    size_t capacity; /* samples in a batch, at most */
    int layer_count;
    layer layers[ENGINE_MAX_LAYERS];
    layer_links links[ENGINE_MAX_LAYERS];
    int segment_count;
    segment segments[ENGINE_MAX_LAYERS];
    boundary boundaries[ENGINE_MAX_LAYERS + 1];
    int output;        /* the boundary that is the model's output */
    int first_trained; /* the first layer with parameters: no gradient is needed below it */
    size_t parameter_count, parameter_reals, state_reals;
    real *parameters, *gradients; /* (parameter_reals) */
    real *state;                  /* (state_reals) what layers keep from batch to batch and do not learn */
    pass_mode mode;               /* of the last forward pass */
    unsigned char *saved[ENGINE_MAX_LAYERS];
    real *workspace[ENGINE_MAX_LAYERS];
    real *scratch;
    real *summand;       /* of a block: the part of a gradient that a layer adds; NULL where none does */
    layer_clock *clocks; /* (layer_count) when the layers are timed, else NULL */
    fault fault;         /* the layer that model_build refused */
} model;

/* Build the structure of a model that ends with the specification's layer at position `last`: shapes,
 * segments. −1: one without layers. Within a residual block it ends there, in the block's layers or in its
 * shortcut. No memory is taken. STATUS_USAGE names the layer that does not fit, in m->fault, too. An image at
 * the end is stored channel-last; a flatten at the end puts its values into natural order. */
status model_build(model *m, const model_spec *spec, int last, tensor_shape input, size_t capacity,
                   error_info *error);

/* Values of one sample. */
static inline size_t boundary_reals(const model *m, int i) {
    return shape_size(m->boundaries[i].shape);
}

/* The largest tensor that passes between two layers of a segment. */
size_t model_widest_inside(const model *m, const segment *s);

/* Is the gradient of a boundary kept for the batch: between two segments, at the end, where it forks? */
bool model_keeps_gradient(const model *m, int at);

/* The layer with a path; NULL where that one has nothing to do. */
const layer *model_layer(const model *m, layer_path path);

/* Take the memory for parameters and state from `a` (measuring or real), uninitialised: what a training
 * changes. Padding among the parameters must be set to zero, and stays zero. */
void model_carve_kept(model *m, arena *a);

/* Take the memory for everything else that a pass needs: activations, and gradients, which are zero. */
void model_carve_passes(model *m, arena *a);

/* boundaries[0] of `count` samples → the output (count, shape). */
void model_forward(model *m, size_t count, pass_mode mode);

/* The gradient of the output → gradients, which are overwritten, or added to when `accumulate`. After
 * model_forward of the same batch, in either mode. */
void model_backward(const model *m, size_t count, bool accumulate);

/* All parameters in natural order (PyTorch's, layer by layer), copied out or in: values (parameter_count). */
void model_get_parameters(const model *m, const real *stored, real *values);
void model_set_parameters(const model *m, const real *values);

static inline real *model_input(const model *m) {
    return m->boundaries[0].values;
}

static inline tensor_shape model_output_shape(const model *m) {
    return m->boundaries[m->output].shape;
}

static inline const real *model_output(const model *m) {
    return m->boundaries[m->output].values;
}

static inline real *model_output_gradient(const model *m) {
    return m->boundaries[m->output].gradient;
}

#endif
