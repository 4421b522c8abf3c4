/* Gradients of the cost against central differences, in double precision: every layer in odd sizes, every
 * kind of layer under every loss, and the whole network of the main job. Most cases open with a 1 × 1
 * convolution, so that the input gradient of the layer under test shows in that convolution's weight
 * gradient. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "engine/initializers.h"
#include "engine/losses.h"
#include "engine/model.h"
#include "engine/penalties.h"
#include "model_memory.h"
#include "networks.h"

static const double largest_error = 1e-6;
static const double difference_step = 1e-5; /* seldom crosses a kink of a ReLU or a maximum */
/* Gradients of smaller norm are compared with this one: their differences are rounding of the cost. */
static const double smallest_norm = 1e-4;

typedef struct problem {
    const char *name;
    model m;
    loss_function loss;
    size_t batch;
    pass_mode mode;
    batch_targets targets;
    arena memory;
} problem;

#define TRAINING                                                                                             \
    { .training = true, .seed = 13, .step = 5 }

static double cost(problem *p) {
    model_forward(&p->m, p->batch, p->mode);
    const loss_sums sums = loss_evaluate(&p->loss, model_output(&p->m), &p->targets, p->batch, 1, NULL);
    return loss_value(&p->loss.spec, sums) + penalty_value(&p->m, &p->loss.spec);
}

static void analytic_gradient(problem *p) {
    const double scale = loss_scale(&p->loss.spec, loss_weight(&p->loss, p->targets.labels, p->batch));
    model_forward(&p->m, p->batch, p->mode);
    loss_evaluate(&p->loss, model_output(&p->m), &p->targets, p->batch, scale, model_output_gradient(&p->m));
    model_backward(&p->m, p->batch, false);
    penalty_add_gradient(&p->m, &p->loss.spec);
}

static double central_difference(problem *p, double *parameter) {
    const double value = *parameter;
    *parameter = value + difference_step;
    double above = cost(p);
    *parameter = value - difference_step;
    double below = cost(p);
    *parameter = value;
    return (above - below) / (2 * difference_step);
}

/* ‖analytic − numeric‖ / ‖analytic + numeric‖ over the parameters of one layer. */
static double layer_error(problem *p, const layer *l, size_t stride) {
    double difference = 0, sum = 0;
    for (size_t n = 0; n < l->parameter_count; n += stride) {
        size_t place = l->parameter_offset + l->ops->parameter_place(l, n);
        double analytic = p->m.gradients[place];
        double numeric = central_difference(p, &p->m.parameters[place]);
        difference += (analytic - numeric) * (analytic - numeric);
        sum += (analytic + numeric) * (analytic + numeric);
    }
    return sqrt(difference) / fmax(sqrt(sum), smallest_norm);
}

/* Inputs, and labels and targets: a loss takes what it needs. */
static void draw_samples(problem *p) {
    random_stream stream = random_stream_open(12, 0, RANDOM_SYNTHETIC, 0);
    const size_t outputs = (size_t)p->loss.outputs, size = shape_size(p->m.boundaries[0].shape);
    p->targets.labels = malloc(p->batch);
    p->targets.values = malloc(p->batch * outputs * sizeof(real));
    assert_true(p->targets.labels != NULL && p->targets.values != NULL);
    for (size_t i = 0; i < p->batch; i++)
        p->targets.labels[i] = (uint8_t)random_below(&stream, outputs == 1 ? 2 : (uint32_t)outputs);
    for (size_t i = 0; i < p->batch * size; i++)
        model_input(&p->m)[i] = random_normal(&stream);
    for (size_t i = 0; i < p->batch * outputs; i++) {
        const double value = random_normal(&stream);
        /* an absolute error has a kink at 0: its targets are not among most outputs */
        p->targets.values[i] = p->loss.spec.kind == LOSS_MAE ? value + copysign(2, value) : value;
    }
}

/* Running statistics as after some training. */
static void draw_state(problem *p) {
    random_stream stream = random_stream_open(12, 0, RANDOM_SYNTHETIC, 1);
    for (size_t i = 0; i < p->m.state_reals; i++)
        p->m.state[i] = 0.5 + random_uniform(&stream);
}

/* name, batch and mode of p are given. */
static void open_problem(problem *p, const model_spec *spec, tensor_shape input, const loss_spec *loss,
                         bool regression) {
    error_info error;
    assert_int_equal(loss_open(&p->loss, loss, spec, regression ? 0 : 2, &error), STATUS_OK);
    if (model_build(&p->m, spec, layer_before(spec, p->loss.model_layers), input, p->batch, &error) !=
        STATUS_OK)
        fail_msg("%s: %s", p->name, error.text);
    take_model_memory(&p->m, &p->memory);
    initialize_parameters(&p->m, spec, 11, 0);
    p->loss.outputs = (int)shape_size(model_output_shape(&p->m));
    draw_samples(p);
    draw_state(p);
}

static void close_problem(problem *p) {
    free(p->targets.labels);
    free(p->targets.values);
    arena_release(&p->memory);
}

enum { FEW = 24 };

/* Check about `checked` parameters of every layer, spread over all; 0: every one. */
static void check_gradients(problem *p, size_t checked) {
    analytic_gradient(p);
    for (int i = 0; i < p->m.layer_count; i++) {
        const layer *l = &p->m.layers[i];
        size_t stride = checked != 0 && l->parameter_count > checked ? l->parameter_count / checked : 1;
        double found = layer_error(p, l, stride);
        if (!(found < largest_error))
            fail_msg("%s, layer %d (%s): relative error %.3g", p->name, l->position, layer_name(l), found);
    }
}

#define MODEL(n, ...)                                                                                        \
    {                                                                                                        \
        .layer_count = (n), .layers = { __VA_ARGS__ }                                                        \
    }
#define ENTRY(c) CONV(c, 1, 1, 1, 1, 0, 0)
#define RESIDUAL(layers, beside)                                                                             \
    { .kind = LAYER_RESIDUAL, .inner = (layers), .shortcut = (beside) }

/* ---- Every layer in odd sizes ------------------------------------------------------------------ */

typedef struct network_case {
    const char *name;
    tensor_shape input;
    size_t batch;
    model_spec model;
    size_t checked;
} network_case;

static void check_network(const network_case *c, pass_mode mode, size_t checked) {
    const loss_spec loss = {.entropy_weight = 0.1, .l2 = 0.01};
    problem p = {.name = c->name, .batch = c->batch, .mode = mode};
    open_problem(&p, &c->model, c->input, &loss, false);
    check_gradients(&p, checked);
    close_problem(&p);
}

static void networks_agree_with_central_differences(void **state) {
    (void)state;
    const network_case cases[] = {
        {"dense alone", {7, 1, 1}, 5, MODEL(1, DENSE(3)), 0},
        {"dense after an image", {3, 5, 2}, 3, MODEL(2, ENTRY(2), DENSE(17)), 0},
        {"two dense", {2, 3, 3}, 4, MODEL(3, DENSE(33), RELU, DENSE(5)), 0},
        {"dense of up to four", {3, 1, 1}, 21, MODEL(4, DENSE(4), DENSE(1), DENSE(2), DENSE(3)), 0},
        {"dense, batch 1", {5, 1, 1}, 1, MODEL(3, DENSE(16), RELU, DENSE(2)), 0},
        {"wide dense: blocks of inputs", {3, 11, 17}, 2, MODEL(1, DENSE(4)), 300},
        {"conv of one pixel", {2, 1, 1}, 3, MODEL(3, ENTRY(3), CONV(5, 1, 1, 1, 1, 0, 0), DENSE(3)), 0},
        {"conv 3 × 3, pad 1", {3, 7, 5}, 2, MODEL(3, ENTRY(3), CONV(6, 3, 3, 1, 1, 1, 1), DENSE(4)), 0},
        {"conv valid", {1, 7, 7}, 2, MODEL(3, ENTRY(2), CONV(4, 5, 3, 1, 1, 0, 0), DENSE(3)), 0},
        {"conv with stride", {2, 11, 8}, 2, MODEL(3, ENTRY(3), CONV(5, 3, 2, 2, 3, 1, 0), DENSE(3)), 0},
        {"conv, pad beyond the kernel",
         {1, 3, 4},
         2,
         MODEL(3, ENTRY(2), CONV(3, 2, 2, 1, 2, 3, 2), DENSE(3)),
         0},
        {"conv of 17 and 33 filters",
         {3, 4, 3},
         2,
         MODEL(4, ENTRY(17), RELU, CONV(33, 3, 3, 1, 1, 1, 1), DENSE(3)),
         400},
        {"conv of 16 and 32 filters",
         {3, 4, 3},
         2,
         MODEL(4, ENTRY(16), RELU, CONV(32, 3, 3, 1, 1, 1, 1), DENSE(3)),
         400},
        {"3 × 3 of many channels, valid",
         {2, 9, 15},
         2,
         MODEL(3, ENTRY(16), CONV(24, 3, 3, 1, 1, 0, 0), DENSE(3)),
         60},
        {"3 × 3 of few channels, pad 1",
         {2, 7, 11},
         2,
         MODEL(3, ENTRY(8), CONV(8, 3, 3, 1, 1, 1, 1), DENSE(3)),
         60},
        {"3 × 3 of few channels, pad beyond the kernel",
         {2, 1, 6},
         2,
         MODEL(3, ENTRY(8), CONV(16, 3, 3, 1, 1, 3, 4), DENSE(3)),
         60},
        {"5 × 5 of few channels, valid",
         {2, 11, 13},
         2,
         MODEL(3, ENTRY(8), CONV(16, 5, 5, 1, 1, 0, 0), DENSE(3)),
         60},
        {"5 × 5 of many channels, uneven pad",
         {2, 5, 6},
         2,
         MODEL(3, ENTRY(40), CONV(8, 5, 5, 1, 1, 1, 2), DENSE(3)),
         60},
        {"5 × 5 of many channels, pad 3 and 4",
         {2, 1, 3},
         2,
         MODEL(3, ENTRY(16), CONV(24, 5, 5, 1, 1, 3, 4), DENSE(3)),
         60},
        {"5 × 5 of many channels, wide",
         {1, 4, 81},
         1,
         MODEL(3, ENTRY(24), CONV(16, 5, 5, 1, 1, 2, 2), DENSE(2)),
         10},
        {"conv without bias", {2, 6, 5}, 2, MODEL(3, ENTRY(3), GROUPED(5, 3, 3, 1, 1, 1, 1, 1), DENSE(3)), 0},
        {"conv with dilation",
         {2, 9, 8},
         2,
         MODEL(3, ENTRY(3), GROUPED(5, 3, 2, 1, 1, 2, 3, 1), DENSE(3)),
         0},
        {"conv with dilation and stride",
         {2, 11, 10},
         2,
         MODEL(3, ENTRY(18), GROUPED(33, 2, 3, 2, 2, 3, 2, 1), DENSE(3)),
         60},
        {"conv in groups", {2, 6, 5}, 2, MODEL(3, ENTRY(6), GROUPED(9, 3, 2, 1, 1, 1, 1, 3), DENSE(3)), 0},
        {"conv in wide groups",
         {2, 5, 4},
         2,
         MODEL(3, ENTRY(34), GROUPED(66, 3, 3, 2, 1, 1, 1, 2), DENSE(3)),
         60},
        {"conv in groups with dilation",
         {2, 9, 7},
         2,
         MODEL(3, ENTRY(8), GROUPED(4, 2, 3, 2, 1, 3, 2, 4), DENSE(3)),
         0},
        {"two filters for each channel",
         {2, 6, 5},
         2,
         MODEL(3, ENTRY(5), GROUPED(10, 3, 3, 1, 1, 1, 1, 5), DENSE(3)),
         0},
        {"depthwise", {2, 6, 5}, 2, MODEL(3, ENTRY(5), GROUPED(5, 3, 3, 1, 1, 1, 1, 5), DENSE(3)), 0},
        {"depthwise with stride",
         {2, 8, 7},
         2,
         MODEL(3, ENTRY(16), GROUPED(16, 3, 3, 2, 1, 1, 1, 16), DENSE(3)),
         0},
        {"depthwise with dilation, pad beyond the kernel",
         {2, 7, 6},
         2,
         MODEL(3, ENTRY(4), GROUPED(4, 2, 5, 3, 5, 3, 1, 4), DENSE(3)),
         0},
        {"depthwise first", {3, 7, 5}, 2, MODEL(3, GROUPED(3, 4, 1, 1, 0, 1, 1, 3), RELU, DENSE(3)), 0},
        {"conv after conv",
         {2, 6, 6},
         3,
         MODEL(5, CONV(4, 3, 3, 1, 1, 0, 0), RELU, CONV(5, 2, 2, 1, 1, 0, 0), RELU, DENSE(3)),
         0},
        {"pool", {3, 6, 6}, 3, MODEL(3, ENTRY(4), POOL(2, 2, 2, 2), DENSE(3)), 0},
        {"pool with a rest", {2, 7, 5}, 3, MODEL(3, ENTRY(3), POOL(2, 3, 2, 3), DENSE(3)), 0},
        {"overlapping pool", {2, 7, 7}, 3, MODEL(3, ENTRY(3), POOL(3, 3, 2, 1), DENSE(3)), 0},
        {"relu, then pool", {3, 6, 6}, 3, MODEL(4, ENTRY(4), RELU, POOL(2, 2, 2, 2), DENSE(3)), 0},
        {"pool, then relu", {3, 6, 6}, 3, MODEL(4, ENTRY(4), POOL(2, 2, 2, 2), RELU, DENSE(3)), 0},
        {"relu and pool between convs",
         {2, 6, 6},
         3,
         MODEL(5, ENTRY(4), RELU, POOL(2, 2, 2, 2), CONV(3, 3, 3, 1, 1, 1, 1), DENSE(3)),
         0},
        {"relu twice", {3, 6, 6}, 3, MODEL(4, ENTRY(4), RELU, RELU, DENSE(3)), 0},
        {"relu first and last", {4, 3, 3}, 3, MODEL(4, RELU, ENTRY(4), DENSE(3), RELU), 0},
        {"conv after dense", {4, 1, 1}, 3, MODEL(4, DENSE(6), RELU, CONV(5, 1, 1, 1, 1, 0, 0), DENSE(3)), 0},
        {"dense with a penalty of its own",
         {5, 1, 1},
         3,
         MODEL(2, {.kind = LAYER_DENSE, .units = 7, .bias = true, .own_l2 = true, .l2 = 0.5}, DENSE(3)),
         0},
        {"dense without a penalty",
         {5, 1, 1},
         3,
         MODEL(2, {.kind = LAYER_DENSE, .units = 7, .bias = true, .own_l2 = true}, DENSE(3)),
         0},
        {"dense without bias",
         {3, 2, 3},
         4,
         MODEL(3, DENSE(7), {.kind = LAYER_DENSE, .units = 17}, DENSE(3)),
         0},
        {"tanh", {3, 4, 3}, 3, MODEL(3, ENTRY(4), LAYER(TANH), DENSE(3)), 0},
        {"sigmoid", {3, 4, 3}, 3, MODEL(3, ENTRY(4), LAYER(SIGMOID), DENSE(3)), 0},
        {"scaled sigmoid", {3, 4, 3}, 3, MODEL(3, ENTRY(4), LAYER(SCALED_SIGMOID), DENSE(3)), 0},
        {"leaky relu",
         {3, 4, 3},
         3,
         MODEL(3, ENTRY(4), {.kind = LAYER_LEAKY_RELU, .slope = 0.3}, DENSE(3)),
         0},
        {"elu", {3, 4, 3}, 3, MODEL(3, ENTRY(4), {.kind = LAYER_ELU, .alpha = 0.7}, DENSE(3)), 0},
        {"elu between convs",
         {2, 6, 6},
         3,
         MODEL(5, ENTRY(3), {.kind = LAYER_ELU, .alpha = 1}, CONV(4, 3, 3, 1, 1, 0, 0),
               {.kind = LAYER_ELU, .alpha = 1}, DENSE(3)),
         0},
        {"gelu", {3, 4, 3}, 3, MODEL(3, ENTRY(4), LAYER(GELU), DENSE(3)), 0},
        {"gelu by tanh",
         {3, 4, 3},
         3,
         MODEL(3, ENTRY(4), {.kind = LAYER_GELU, .approximate = GELU_TANH}, DENSE(3)),
         0},
        {"silu", {3, 4, 3}, 3, MODEL(3, ENTRY(4), LAYER(SILU), DENSE(3)), 0},
        {"softplus", {3, 4, 3}, 3, MODEL(3, ENTRY(4), SOFTPLUS(1.7, 2), DENSE(3)), 0},
        {"gelu and silu between convs",
         {2, 6, 6},
         3,
         MODEL(5, ENTRY(3), LAYER(GELU), CONV(4, 3, 3, 1, 1, 0, 0), LAYER(SILU), DENSE(3)),
         0},
        {"softmax", {5, 1, 1}, 3, MODEL(4, DENSE(6), LAYER(SOFTMAX), DENSE(3), LAYER(SOFTMAX)), 0},
        {"identity", {5, 1, 1}, 3, MODEL(4, DENSE(6), LAYER(IDENTITY), DENSE(3), LAYER(IDENTITY)), 0},
        {"residual of dense layers",
         {5, 1, 1},
         4,
         MODEL(6, DENSE(7), RESIDUAL(2, 0), LAYER(TANH), DENSE(7), RELU, DENSE(3)),
         0},
        {"residual first, elementwise first",
         {3, 5, 4},
         3,
         MODEL(5, RESIDUAL(2, 0), LAYER(TANH), CONV(3, 3, 3, 1, 1, 1, 1), RELU, DENSE(3)),
         0},
        {"residual first, a pool as its shortcut",
         {3, 6, 8},
         3,
         MODEL(5, RESIDUAL(1, 2), CONV(3, 3, 3, 2, 2, 1, 1), POOL(2, 2, 2, 2), LAYER(TANH), DENSE(3)),
         0},
        {"residual with a shortcut",
         {3, 7, 5},
         3,
         MODEL(10, ENTRY(3), RESIDUAL(5, 2), CONV(5, 3, 3, 2, 2, 1, 1), BATCH_NORM, RELU,
               CONV(5, 3, 3, 1, 1, 1, 1), BATCH_NORM, CONV(5, 1, 1, 2, 2, 0, 0), BATCH_NORM, DENSE(3)),
         0},
        {"residuals one after the other",
         {2, 5, 5},
         3,
         MODEL(9, ENTRY(4), RESIDUAL(1, 0), CONV(4, 3, 3, 1, 1, 1, 1), RELU, RESIDUAL(2, 1), LAYER(TANH),
               CONV(4, 3, 3, 1, 1, 1, 1), CONV(4, 1, 1, 1, 1, 0, 0), DENSE(3)),
         0},
        {"residual within a residual",
         {2, 5, 4},
         3,
         MODEL(8, ENTRY(3), RESIDUAL(5, 0), RESIDUAL(2, 0), CONV(3, 3, 3, 1, 1, 1, 1), LAYER(TANH), RELU,
               CONV(3, 3, 3, 1, 1, 1, 1), DENSE(3)),
         0},
        {"residual within a shortcut",
         {4, 3, 3},
         3,
         MODEL(9, RESIDUAL(1, 5), CONV(3, 1, 1, 1, 1, 0, 0), RESIDUAL(1, 2), CONV(3, 3, 3, 1, 1, 1, 1),
               LAYER(TANH), CONV(3, 1, 1, 1, 1, 0, 0), LAYER(SIGMOID), DENSE(4), DENSE(3)),
         0},
        {"residual with dropout, last",
         {5, 1, 1},
         4,
         MODEL(5, DENSE(3), RESIDUAL(3, 0), DENSE(9), DROPOUT(0.4), DENSE(3)),
         0},
        {"residual of pools",
         {2, 6, 6},
         3,
         MODEL(7, ENTRY(3), RELU, RESIDUAL(2, 1), POOL(2, 2, 2, 2), LAYER(TANH), AVG_POOL(2, 2, 2, 2),
               DENSE(3)),
         0},
        {"average pool", {3, 6, 6}, 3, MODEL(3, ENTRY(4), AVG_POOL(2, 2, 2, 2), DENSE(3)), 0},
        {"average pool with a rest", {2, 7, 5}, 3, MODEL(3, ENTRY(3), AVG_POOL(2, 3, 2, 3), DENSE(3)), 0},
        {"overlapping average pool", {2, 7, 7}, 3, MODEL(3, ENTRY(3), AVG_POOL(3, 3, 2, 1), DENSE(3)), 0},
        {"tanh, then average pool",
         {2, 6, 6},
         3,
         MODEL(5, ENTRY(3), LAYER(TANH), AVG_POOL(2, 2, 2, 2), CONV(4, 3, 3, 1, 1, 0, 0), DENSE(3)),
         0},
        {"padded pool", {3, 6, 5}, 3, MODEL(3, ENTRY(4), PADDED(MAX_POOL, 3, 2, 2, 1, 1, 1), DENSE(3)), 0},
        {"padded pool behind a relu",
         {3, 6, 5},
         3,
         MODEL(4, ENTRY(4), RELU, PADDED(MAX_POOL, 3, 3, 2, 2, 1, 1), DENSE(3)),
         0},
        {"padded average pool",
         {3, 6, 5},
         3,
         MODEL(3, ENTRY(4), PADDED(AVG_POOL, 3, 2, 2, 1, 1, 1), DENSE(3)),
         0},
        {"average pool padded on two sides",
         {2, 7, 7},
         3,
         MODEL(3, ENTRY(3), PADDED(AVG_POOL, 2, 4, 1, 3, 0, 2), DENSE(3)),
         0},
        {"global average pool", {3, 5, 3}, 3, MODEL(3, ENTRY(5), LAYER(GLOBAL_AVG_POOL), DENSE(3)), 0},
        {"global average pool of one pixel",
         {3, 1, 1},
         3,
         MODEL(4, ENTRY(5), LAYER(GLOBAL_AVG_POOL), LAYER(FLATTEN), DENSE(3)),
         0},
        {"dropout", {3, 4, 3}, 3, MODEL(4, ENTRY(4), DROPOUT(0.4), DENSE(9), DENSE(3)), 0},
        {"dropout of inputs", {3, 4, 3}, 3, MODEL(3, DROPOUT(0.2), ENTRY(4), DENSE(3)), 0},
        {"tanh, then dropout", {5, 1, 1}, 4, MODEL(4, DENSE(17), LAYER(TANH), DROPOUT(0.5), DENSE(3)), 0},
        {"batch norm of pixels", {3, 5, 3}, 3, MODEL(3, ENTRY(5), BATCH_NORM, DENSE(3)), 0},
        {"batch norm of features", {7, 1, 1}, 5, MODEL(4, DENSE(17), BATCH_NORM, LAYER(TANH), DENSE(3)), 0},
        {"batch norm first", {2, 5, 3}, 3, MODEL(3, BATCH_NORM, ENTRY(5), DENSE(3)), 0},
        {"batch norm between pool and conv",
         {2, 6, 6},
         3,
         MODEL(6, ENTRY(3), AVG_POOL(2, 2, 2, 2), BATCH_NORM, CONV(4, 2, 2, 1, 1, 0, 0), LAYER(TANH),
               DENSE(3)),
         0},
        {"layer norm of an image", {3, 5, 3}, 3, MODEL(3, ENTRY(5), LAYER_NORM, DENSE(3)), 0},
        {"layer norm of features", {7, 1, 1}, 5, MODEL(4, DENSE(17), LAYER_NORM, LAYER(TANH), DENSE(3)), 0},
        {"layer norm of many values", {1, 37, 31}, 2, MODEL(2, LAYER_NORM, DENSE(3)), 60},
        {"layer norm first and after a flatten",
         {3, 4, 3},
         3,
         MODEL(5, LAYER_NORM, ENTRY(5), LAYER(FLATTEN), LAYER_NORM, DENSE(3)),
         0},
        {"group norm of pixels", {3, 5, 3}, 3, MODEL(3, ENTRY(6), GROUP_NORM(3), DENSE(3)), 0},
        {"group norm of features",
         {7, 1, 1},
         5,
         MODEL(4, DENSE(15), GROUP_NORM(5), LAYER(TANH), DENSE(3)),
         0},
        {"group norm of one group, first", {3, 5, 3}, 3, MODEL(3, GROUP_NORM(1), ENTRY(5), DENSE(3)), 0},
        {"group norm between convs",
         {2, 6, 6},
         3,
         MODEL(5, ENTRY(4), GROUP_NORM(4), CONV(4, 2, 2, 1, 1, 0, 0), GROUP_NORM(2), DENSE(3)),
         0},
        {"batch norm, then dropout",
         {2, 4, 4},
         3,
         MODEL(5, ENTRY(3), BATCH_NORM, DROPOUT(0.3), CONV(4, 2, 2, 1, 1, 0, 0), DENSE(3)),
         0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        check_network(&cases[i], (pass_mode)TRAINING, cases[i].checked);
        check_network(&cases[i], (pass_mode){.training = false}, FEW);
    }
}

static void the_main_network_agrees_with_central_differences(void **state) {
    (void)state;
    const network_case c = {
        "the main job's network", {3, 32, 32}, 3, {.layer_count = 9, .layers = SIMPLE_CNN}, 10};
    check_network(&c, (pass_mode)TRAINING, c.checked);
}

/* The training of jobs/fashion_mlp.yaml, on 5 samples. */
static void the_fashion_network_agrees_with_central_differences(void **state) {
    (void)state;
    model_spec spec = MODEL(8, DENSE(10), RELU, DENSE(10), RELU, DENSE(10), RELU, DENSE(10), LAYER(SOFTMAX));
    spec.init.biases = (initializer_spec){INIT_CONSTANT, 0.01, 0};
    const loss_spec loss = {.kind = LOSS_BINARY_CROSS_ENTROPY, .over_outputs = REDUCE_SUM};
    problem p = {.name = "the network of fashion_mlp", .batch = 5, .mode = TRAINING};
    open_problem(&p, &spec, (tensor_shape){1, 28, 28}, &loss, false);
    check_gradients(&p, 0);
    close_problem(&p);
}

/* ---- Every kind of layer under every loss ------------------------------------------------------ */

/* The last layer before the loss or its link. Windows and kernels are cut to the size of the image. */
static const layer_spec endings[] = {
    DENSE(17),
    DENSE(1),
    {.kind = LAYER_DENSE, .units = 3},
    CONV(3, 3, 2, 1, 1, 1, 0),
    POOL(2, 3, 1, 1),
    AVG_POOL(3, 2, 1, 1),
    BATCH_NORM,
    DROPOUT(0.3),
    RELU,
    LAYER(TANH),
    LAYER(SIGMOID),
    LAYER(SCALED_SIGMOID),
    LAYER(SOFTMAX),
    LAYER(IDENTITY),
    {.kind = LAYER_LEAKY_RELU, .slope = 0.3},
    {.kind = LAYER_ELU, .alpha = 0.6},
    LAYER_NORM,
    GROUP_NORM(1),
    LAYER(GLOBAL_AVG_POOL),
    PADDED(AVG_POOL, 2, 2, 1, 1, 0, 0),
    LAYER(GELU),
    {.kind = LAYER_GELU, .approximate = GELU_TANH},
    LAYER(SILU),
    SOFTPLUS(0.7, 20),
};

typedef struct size_case {
    tensor_shape input;
    size_t batch;
} size_case;

static const size_case sizes[] = {{{1, 1, 1}, 1}, {{2, 1, 1}, 5}, {{3, 5, 3}, 2}, {{2, 7, 5}, 3}};

typedef struct loss_case {
    const char *name;
    loss_kind kind;
    layer_kind link; /* LAYER_IDENTITY: none */
    bool regression;
    double smoothing; /* cross-entropy */
    bool weighted;
} loss_case;

static const loss_case losses[] = {
    {"cross-entropy of logits", LOSS_CROSS_ENTROPY, LAYER_IDENTITY, false, 0, false},
    {"cross-entropy of a softmax", LOSS_CROSS_ENTROPY, LAYER_SOFTMAX, false, 0, false},
    {"binary cross-entropy of sigmoids", LOSS_BINARY_CROSS_ENTROPY, LAYER_SIGMOID, false, 0, false},
    {"binary cross-entropy of scaled sigmoids", LOSS_BINARY_CROSS_ENTROPY, LAYER_SCALED_SIGMOID, false, 0,
     false},
    {"binary cross-entropy of a softmax", LOSS_BINARY_CROSS_ENTROPY, LAYER_SOFTMAX, false, 0, false},
    {"squared error of labels", LOSS_SQUARED_ERROR, LAYER_IDENTITY, false, 0, false},
    {"squared error of targets", LOSS_SQUARED_ERROR, LAYER_IDENTITY, true, 0, false},
    {"Huber loss of labels", LOSS_HUBER, LAYER_IDENTITY, false, 0, false},
    {"Huber loss of targets", LOSS_HUBER, LAYER_IDENTITY, true, 0, false},
    {"absolute error of labels", LOSS_MAE, LAYER_IDENTITY, false, 0, false},
    {"absolute error of targets", LOSS_MAE, LAYER_IDENTITY, true, 0, false},
    {"binary cross-entropy of logits", LOSS_BINARY_CROSS_ENTROPY_WITH_LOGITS, LAYER_IDENTITY, false, 0,
     false},
    {"smoothed cross-entropy", LOSS_CROSS_ENTROPY, LAYER_IDENTITY, false, 0.2, false},
    {"weighted cross-entropy", LOSS_CROSS_ENTROPY, LAYER_SOFTMAX, false, 0, true},
    {"both", LOSS_CROSS_ENTROPY, LAYER_IDENTITY, false, 0.1, true},
};

static int smaller(int a, int b) {
    return a < b ? a : b;
}

static model_spec ending_model(layer_spec ending, tensor_shape image, layer_kind link) {
    ending.kernel_height = smaller(ending.kernel_height, image.height);
    ending.kernel_width = smaller(ending.kernel_width, image.width);
    return (model_spec)MODEL(3, ENTRY(5), ending, {.kind = link});
}

/* One output for two classes has its own formula, which cross-entropy and softmax lack; probabilities are no
 * logits. */
static bool can_follow(const loss_case *c, const layer_spec *ending) {
    const bool one = ending->kind == LAYER_DENSE && ending->units == 1;
    const bool probabilities = ending->kind == LAYER_SIGMOID || ending->kind == LAYER_SCALED_SIGMOID ||
                               ending->kind == LAYER_SOFTMAX;
    if (c->kind == LOSS_BINARY_CROSS_ENTROPY_WITH_LOGITS && probabilities)
        return false;
    return !one || (c->kind != LOSS_CROSS_ENTROPY && c->link != LAYER_SOFTMAX);
}

static void check_ending(const layer_spec *ending, const size_case *size, const loss_case *c, loss_spec loss,
                         bool train) {
    char name[160];
    snprintf(name, sizeof name, "%s after layer kind %d, outputs %d, samples %d, training %d", c->name,
             (int)ending->kind, (int)loss.over_outputs, (int)loss.over_samples, train);
    const model_spec spec = ending_model(*ending, size->input, c->link);
    problem p = {.name = name, .batch = size->batch, .mode = TRAINING};
    p.mode.training = train;
    open_problem(&p, &spec, size->input, &loss, c->regression);
    check_gradients(&p, FEW);
    close_problem(&p);
}

/* Of as many classes as there may be. */
static void weigh_classes(loss_spec *loss) {
    loss->class_weight_count = ENGINE_MAX_CLASSES;
    for (int i = 0; i < ENGINE_MAX_CLASSES; i++)
        loss->class_weights[i] = 0.25 + 0.5 * (i % 4);
}

static void every_kind_agrees_under_every_loss(void **state) {
    (void)state;
    enum { ENDINGS = sizeof endings / sizeof *endings, SIZES = sizeof sizes / sizeof *sizes };
    enum { LOSSES = sizeof losses / sizeof *losses, VARIANTS = 8 };
    for (int i = 0; i < ENDINGS * SIZES * LOSSES * VARIANTS; i++) {
        const int variant = i % VARIANTS;
        const loss_case *c = &losses[i / VARIANTS % LOSSES];
        const size_case *size = &sizes[i / VARIANTS / LOSSES % SIZES];
        const layer_spec *ending = &endings[i / VARIANTS / LOSSES / SIZES];
        loss_spec loss = {
            .kind = c->kind,
            .label_smoothing = c->smoothing,
            .delta = 0.5,
            .entropy_weight = variant & 1 ? 0.3 : 0, /* cross-entropy's over_outputs */
            .over_outputs = variant & 1 ? REDUCE_SUM : REDUCE_MEAN,
            .over_samples = variant & 2 ? REDUCE_SUM : REDUCE_MEAN,
            .l2 = 0.01,
        };
        if (c->weighted)
            weigh_classes(&loss);
        if (can_follow(c, ending))
            check_ending(ending, size, c, loss, (variant & 4) != 0);
    }
}

/* ---- Sums over chunks -------------------------------------------------------------------------- */

/* In evaluation mode the gradient of a set is the sum of those of its parts. */
static void gradients_of_chunks_add_up(void **state) {
    (void)state;
    const model_spec spec =
        MODEL(6, ENTRY(16), BATCH_NORM, CONV(17, 3, 3, 1, 1, 1, 1), DROPOUT(0.4), LAYER(TANH), DENSE(3));
    const tensor_shape input = {2, 5, 4};
    enum { WHOLE = 7, PART = 3 };
    problem p = {.name = "chunks", .batch = WHOLE};
    open_problem(&p, &spec, input, &(loss_spec){0}, false);
    analytic_gradient(&p);
    const size_t reals = p.m.parameter_reals, size = shape_size(input);
    real *whole = malloc(reals * sizeof *whole), *inputs = malloc(WHOLE * size * sizeof *inputs);
    assert_true(whole != NULL && inputs != NULL);
    memcpy(whole, p.m.gradients, reals * sizeof *whole);
    memcpy(inputs, model_input(&p.m), WHOLE * size * sizeof *inputs);
    for (size_t first = 0; first < WHOLE; first += PART) {
        const size_t count = WHOLE - first < PART ? WHOLE - first : PART;
        const batch_targets targets = {.labels = p.targets.labels + first};
        memcpy(model_input(&p.m), inputs + first * size, count * size * sizeof *inputs);
        model_forward(&p.m, count, p.mode);
        loss_evaluate(&p.loss, model_output(&p.m), &targets, count, 1.0 / WHOLE, model_output_gradient(&p.m));
        model_backward(&p.m, count, first > 0);
    }
    for (size_t i = 0; i < reals; i++)
        assert_true(fabs(p.m.gradients[i] - whole[i]) < 1e-12);
    free(whole);
    free(inputs);
    close_problem(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(networks_agree_with_central_differences),
        cmocka_unit_test(the_main_network_agrees_with_central_differences),
        cmocka_unit_test(the_fashion_network_agrees_with_central_differences),
        cmocka_unit_test(every_kind_agrees_under_every_loss),
        cmocka_unit_test(gradients_of_chunks_add_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
