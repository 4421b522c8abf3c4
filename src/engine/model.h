/* A sequential network with all its memory: parameters, gradients, activations. Private to the engine.
 *
 * Parameters, gradients and optimiser state are one block each, carved by the layers' offsets, so that
 * optimiser, norms and copies are one loop. Spatial layers run one block of samples at a time, so that what
 * passes between them stays in the L2 cache; only what the backward pass needs is kept for the whole
 * batch. */
#ifndef ENGINE_MODEL_H
#define ENGINE_MODEL_H

#include "engine/layers/layer.h"

/* Consecutive layers that are run together, one block of samples at a time. */
typedef struct segment {
    int first, end; /* layers [first, end) */
    size_t block;   /* samples per block */
} segment;

/* The tensor between layer i − 1 and layer i; boundary 0 is the input, the last one the model's output. */
typedef struct boundary {
    tensor_shape shape;
    bool whole_batch; /* kept for the batch; else scratch for one block */
    bool shared;      /* shares the memory of the next boundary: an elementwise layer works in place */
    real *values;     /* (capacity or block, shape) */
    real *gradient;   /* the same */
} boundary;

typedef struct layer_clock {
    double forward, backward; /* seconds, summed */
} layer_clock;

typedef struct model {
    const kernel_set *kernels;
    size_t capacity; /* samples in a batch, at most */
    int layer_count;
    layer layers[ENGINE_MAX_LAYERS];
    int segment_count;
    segment segments[ENGINE_MAX_LAYERS];
    boundary boundaries[ENGINE_MAX_LAYERS + 1];
    int first_trained; /* the first layer with parameters: no gradient is needed below it */
    size_t parameter_count, parameter_reals, state_reals;
    real *parameters, *gradients; /* (parameter_reals) */
    real *state;                  /* (state_reals) what layers keep from batch to batch and do not learn */
    pass_mode mode;               /* of the last forward pass */
    unsigned char *saved[ENGINE_MAX_LAYERS];
    real *workspace[ENGINE_MAX_LAYERS];
    real *scratch;
    layer_clock *clocks; /* (layer_count) when the layers are timed, else NULL */
    fault fault;         /* the layer that model_build refused */
} model;

/* Build the structure of the specification's first `layer_count` layers: shapes, segments. No memory is
 * taken. STATUS_USAGE names the layer that does not fit, in m->fault, too. An image at the end is stored
 * channel-last; a flatten at the end puts its values into natural order. */
status model_build(model *m, const model_spec *spec, int layer_count, tensor_shape input, size_t capacity,
                   error_info *error);

/* The layer at a position of the specification's list; NULL where that one has nothing to do. */
const layer *model_layer(const model *m, int position);

/* Take the memory for parameters and state from `a` (measuring or real), uninitialised: what a training
 * changes. Padding among the parameters must be set to zero, and stays zero. */
void model_carve_kept(model *m, arena *a);

/* Take the memory for everything else that a pass needs: activations, and gradients, which are zero. */
void model_carve_passes(model *m, arena *a);

/* boundaries[0] of `count` samples → boundaries[layer_count], the output (count, shape). */
void model_forward(model *m, size_t count, pass_mode mode);

/* The gradient of the last boundary → gradients, which are overwritten, or added to when `accumulate`. After
 * model_forward of the same batch, in either mode. */
void model_backward(const model *m, size_t count, bool accumulate);

/* All parameters in natural order (PyTorch's, layer by layer), copied out or in: values (parameter_count). */
void model_get_parameters(const model *m, const real *stored, real *values);
void model_set_parameters(const model *m, const real *values);

static inline real *model_input(const model *m) {
    return m->boundaries[0].values;
}

static inline const real *model_output(const model *m) {
    return m->boundaries[m->layer_count].values;
}

static inline real *model_output_gradient(const model *m) {
    return m->boundaries[m->layer_count].gradient;
}

#endif
