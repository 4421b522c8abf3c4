/* The inner loops of lockstep, behind one table per kernel set. Private to lockstep.
 *
 * A *value* is LANES floats, one for each network: value v of lane l is at [v · LANES + l]. Shapes below
 * count values. What a lane computes depends on its own numbers only, and is the same for any number of
 * lanes. All sums over samples are taken in the order of the samples, block by block: within a block from
 * zero, and then added to what earlier blocks gave. */
#ifndef ENGINE_LOCKSTEP_LANE_KERNELS_H
#define ENGINE_LOCKSTEP_LANE_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LANES = 16, LANES_ALIGNMENT = 64 };

/* Of the outputs of a dense layer, in the same pass. */
typedef enum lane_fused { FUSED_NONE, FUSED_RELU, FUSED_LEAKY_RELU } lane_fused;

/* y = f(x Wᵀ + b) of `count` samples; the bias is added last. */
typedef struct lane_dense {
    int lanes; /* the first ones of LANES, rounded up to whole vectors, are computed */
    size_t count;
    int inputs, outputs; /* K, O */
    lane_fused fused;
    bool fresh;         /* the first block of a batch: dw and db are set, not added to */
    const float *slope; /* (1) leaky_relu */
    const float *w, *b; /* (O, K), (O) or NULL */
    float *dw, *db;     /* the same */
    const float *x;     /* (count, K) */
    float *y;           /* (count, O) */
    float *dy;          /* (count, O) of the output of f; backward makes it the gradient of x Wᵀ + b */
    float *dx;          /* (count, K), or NULL when it is not needed */
} lane_dense;

/* y = f(x), value by value. */
typedef struct lane_elementwise {
    int lanes;
    size_t count;           /* values: samples times width */
    const float *parameter; /* (1) leaky_relu: slope; elu: alpha */
    const float *x;         /* (count) */
    float *y;               /* (count), may be x */
    float *dy;              /* (count) backward replaces it by the gradient of x */
} lane_elementwise;

/* The losses of `count` samples. */
typedef struct lane_loss {
    int lanes;
    size_t count;
    int outputs;          /* K */
    bool classes, labels; /* count samples with the right class, or right labels; neither: a regression */
    float half;           /* of one output for two classes: class 1 is above it */
    float link_scale;     /* logistic: probabilities are σ(link_scale · z) */
    float scale;          /* the gradient is that of `scale` times the sum of the losses */
    const float *delta;   /* (1) huber */
    const float *z;       /* (count, K) */
    const float *targets; /* (count, K) numbers, labels, or the class one-hot */
    float *dz;            /* (count, K) */
    double *sum;          /* (LANES) the losses are added, */
    int32_t *correct;     /* (LANES) and the right classes or labels */
} lane_loss;

/* One step of an optimiser; optimizers.c has the formulas, kernels.h the meaning of the numbers. */
typedef struct lane_update {
    int lanes;
    size_t count;         /* values */
    const int32_t *alive; /* (LANES) −1: is updated; 0: stays as it is */
    float *w;             /* (count) */
    const float *g;       /* (count) */
    float *first, *second;
    const float *lr, *weight_decay, *decay1, *decay2, *fresh1, *fresh2, *correction, *epsilon; /* (1) each */
    bool nesterov, epsilon_inside, decoupled;
} lane_update;

typedef void (*lane_elementwise_function)(const lane_elementwise *e);
typedef void (*lane_loss_function)(const lane_loss *l);
typedef void (*lane_update_function)(const lane_update *u);

typedef struct lane_kernels {
    void (*dense_forward)(const lane_dense *d);
    void (*dense_backward)(const lane_dense *d);
    lane_elementwise_function relu, leaky_relu, tanh, sigmoid, scaled_sigmoid, elu;
    /* From y, elu from x. */
    lane_elementwise_function relu_backward, leaky_relu_backward, tanh_backward, sigmoid_backward,
        scaled_sigmoid_backward, elu_backward;
    lane_loss_function squared_error, huber, logistic, cross_entropy;
    lane_update_function sgd, adam, rmsprop;
    /* g += slope·w of `count` values; slope (1) */
    void (*add_penalty)(size_t count, const float *slope, const float *w, float *g);
} lane_kernels;

/* Those of the kernel set in use. False when it has none, as in double precision. */
bool lane_kernels_select(lane_kernels *out);

#endif
