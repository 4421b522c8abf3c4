/* Gradients against central differences, in double precision: every layer in odd sizes, and the whole network
 * of the main job. Each case opens with a 1 × 1 convolution, so that the input gradient of the layer under
 * test shows in that convolution's weight gradient. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>

#include "base/random.h"
#include "engine/initializers.h"
#include "engine/losses.h"
#include "engine/model.h"
#include "networks.h"

static const double largest_error = 1e-6;
static const double difference_step = 1e-5;

typedef struct gradient_case {
    const char *name;
    tensor_shape input;
    size_t batch;
    model_spec model;
    double entropy_weight;
    size_t checked; /* parameters to check, spread over all; 0: every one */
} gradient_case;

typedef struct problem {
    model m;
    loss_function loss;
    size_t batch;
    batch_targets targets;
} problem;

static const pass_mode training = {.training = true, .seed = 13, .step = 5};

static double mean_loss(problem *p) {
    model_forward(&p->m, p->batch, training);
    return loss_evaluate(&p->loss, model_output(&p->m), &p->targets, p->batch, 1, NULL).loss /
           (double)p->batch;
}

static void analytic_gradient(problem *p) {
    model_forward(&p->m, p->batch, training);
    loss_evaluate(&p->loss, model_output(&p->m), &p->targets, p->batch, 1.0 / (double)p->batch,
                  model_output_gradient(&p->m));
    model_backward(&p->m, p->batch, false);
}

static double central_difference(problem *p, double *parameter) {
    const double value = *parameter;
    *parameter = value + difference_step;
    double above = mean_loss(p);
    *parameter = value - difference_step;
    double below = mean_loss(p);
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
    return sqrt(difference / sum);
}

static void check_case(const gradient_case *c) {
    problem p = {.batch = c->batch};
    error_info error;
    const loss_spec loss = {.entropy_weight = c->entropy_weight};
    assert_int_equal(loss_open(&p.loss, &loss, &c->model, 10, &error), STATUS_OK);
    arena measure = {0}, memory = {0};
    assert_int_equal(model_build(&p.m, &c->model, p.loss.model_layers, c->input, c->batch, &error),
                     STATUS_OK);
    model_carve(&p.m, &measure);
    assert_int_equal(arena_reserve(&memory, measure.used, &error), STATUS_OK);
    model_carve(&p.m, &memory);
    initialize_parameters(&p.m, &(model_spec){0}, 11, 0);

    p.loss.outputs = (int)shape_size(p.m.boundaries[p.m.layer_count].shape);
    p.targets.labels = malloc(c->batch);
    assert_non_null(p.targets.labels);
    random_stream stream = random_stream_open(12, 0, RANDOM_SYNTHETIC, 0);
    for (size_t i = 0; i < c->batch; i++)
        p.targets.labels[i] = (uint8_t)random_below(&stream, (uint32_t)p.loss.outputs);
    for (size_t i = 0; i < c->batch * shape_size(c->input); i++)
        model_input(&p.m)[i] = random_normal(&stream);

    analytic_gradient(&p);
    for (int i = 0; i < p.m.layer_count; i++) {
        const layer *l = &p.m.layers[i];
        size_t stride =
            c->checked != 0 && l->parameter_count > c->checked ? l->parameter_count / c->checked : 1;
        double found = l->parameter_count > 0 ? layer_error(&p, l, stride) : 0;
        if (!(found < largest_error))
            fail_msg("%s, layer %d (%s): relative error %.3g", c->name, l->position, l->ops->name, found);
    }
    free(p.targets.labels);
    arena_release(&memory);
}

#define MODEL(n, ...)                                                                                        \
    {                                                                                                        \
        .layer_count = (n), .layers = { __VA_ARGS__ }                                                        \
    }
#define ENTRY(c) CONV(c, 1, 1, 1, 1, 0, 0)

static void layers_agree_with_central_differences(void **state) {
    (void)state;
    const gradient_case cases[] = {
        {"dense alone", {7, 1, 1}, 5, MODEL(1, DENSE(3)), 0.1, 0},
        {"dense after an image", {3, 5, 2}, 3, MODEL(2, ENTRY(2), DENSE(17)), 0, 0},
        {"two dense", {2, 3, 3}, 4, MODEL(3, DENSE(33), RELU, DENSE(5)), 0.5, 0},
        {"dense, batch 1", {5, 1, 1}, 1, MODEL(3, DENSE(16), RELU, DENSE(2)), 0.3, 0},
        {"wide dense: blocks of inputs", {3, 11, 17}, 2, MODEL(1, DENSE(4)), 0.2, 300},
        {"conv of one pixel", {2, 1, 1}, 3, MODEL(3, ENTRY(3), CONV(5, 1, 1, 1, 1, 0, 0), DENSE(3)), 0.1, 0},
        {"conv 3 × 3, pad 1", {3, 7, 5}, 2, MODEL(3, ENTRY(3), CONV(6, 3, 3, 1, 1, 1, 1), DENSE(4)), 0.1, 0},
        {"conv valid", {1, 7, 7}, 2, MODEL(3, ENTRY(2), CONV(4, 5, 3, 1, 1, 0, 0), DENSE(3)), 0, 0},
        {"conv with stride", {2, 11, 8}, 2, MODEL(3, ENTRY(3), CONV(5, 3, 2, 2, 3, 1, 0), DENSE(3)), 0.1, 0},
        {"conv, pad beyond the kernel",
         {1, 3, 4},
         2,
         MODEL(3, ENTRY(2), CONV(3, 2, 2, 1, 2, 3, 2), DENSE(3)),
         0.1,
         0},
        {"conv of 17 and 33 filters",
         {3, 4, 3},
         2,
         MODEL(4, ENTRY(17), RELU, CONV(33, 3, 3, 1, 1, 1, 1), DENSE(3)),
         0.1,
         400},
        {"conv of 16 and 32 filters",
         {3, 4, 3},
         2,
         MODEL(4, ENTRY(16), RELU, CONV(32, 3, 3, 1, 1, 1, 1), DENSE(3)),
         0.1,
         400},
        {"3 × 3 of many channels, valid",
         {2, 7, 9},
         3,
         MODEL(3, ENTRY(16), CONV(18, 3, 3, 1, 1, 0, 0), DENSE(3)),
         0.1,
         300},
        {"3 × 3 of many channels, pad 1",
         {2, 5, 6},
         3,
         MODEL(3, ENTRY(21), CONV(16, 3, 3, 1, 1, 1, 1), DENSE(3)),
         0.1,
         300},
        {"3 × 3 of many channels, pad 2",
         {2, 1, 2},
         3,
         MODEL(3, ENTRY(17), CONV(33, 3, 3, 1, 1, 2, 2), DENSE(3)),
         0.1,
         300},
        {"3 × 3 of many channels, uneven pad",
         {2, 23, 11},
         2,
         MODEL(3, ENTRY(16), CONV(16, 3, 3, 1, 1, 0, 1), DENSE(3)),
         0.1,
         100},
        {"conv after conv",
         {2, 6, 6},
         3,
         MODEL(5, CONV(4, 3, 3, 1, 1, 0, 0), RELU, CONV(5, 2, 2, 1, 1, 0, 0), RELU, DENSE(3)),
         0.1,
         0},
        {"pool", {3, 6, 6}, 3, MODEL(3, ENTRY(4), POOL(2, 2, 2, 2), DENSE(3)), 0.1, 0},
        {"pool with a rest", {2, 7, 5}, 3, MODEL(3, ENTRY(3), POOL(2, 3, 2, 3), DENSE(3)), 0.1, 0},
        {"overlapping pool", {2, 7, 7}, 3, MODEL(3, ENTRY(3), POOL(3, 3, 2, 1), DENSE(3)), 0.1, 0},
        {"relu, then pool", {3, 6, 6}, 3, MODEL(4, ENTRY(4), RELU, POOL(2, 2, 2, 2), DENSE(3)), 0.1, 0},
        {"pool, then relu", {3, 6, 6}, 3, MODEL(4, ENTRY(4), POOL(2, 2, 2, 2), RELU, DENSE(3)), 0.1, 0},
        {"relu and pool between convs",
         {2, 6, 6},
         3,
         MODEL(5, ENTRY(4), RELU, POOL(2, 2, 2, 2), CONV(3, 3, 3, 1, 1, 1, 1), DENSE(3)),
         0.1,
         0},
        {"relu twice", {3, 6, 6}, 3, MODEL(4, ENTRY(4), RELU, RELU, DENSE(3)), 0.1, 0},
        {"relu first and last", {4, 3, 3}, 3, MODEL(4, RELU, ENTRY(4), DENSE(3), RELU), 0.1, 0},
        {"conv after dense",
         {4, 1, 1},
         3,
         MODEL(4, DENSE(6), RELU, CONV(5, 1, 1, 1, 1, 0, 0), DENSE(3)),
         0.1,
         0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_case(&cases[i]);
}

static void layers_of_other_kinds_agree_with_central_differences(void **state) {
    (void)state;
    const gradient_case cases[] = {
        {"dense without bias",
         {3, 2, 3},
         4,
         MODEL(3, DENSE(7), {.kind = LAYER_DENSE, .units = 17}, DENSE(3)),
         0.1,
         0},
        {"tanh", {3, 4, 3}, 3, MODEL(3, ENTRY(4), LAYER(TANH), DENSE(3)), 0.1, 0},
        {"sigmoid", {3, 4, 3}, 3, MODEL(3, ENTRY(4), LAYER(SIGMOID), DENSE(3)), 0.1, 0},
        {"scaled sigmoid", {3, 4, 3}, 3, MODEL(3, ENTRY(4), LAYER(SCALED_SIGMOID), DENSE(3)), 0.1, 0},
        {"leaky relu",
         {3, 4, 3},
         3,
         MODEL(3, ENTRY(4), {.kind = LAYER_LEAKY_RELU, .slope = 0.3}, DENSE(3)),
         0.1,
         0},
        {"softmax", {5, 1, 1}, 3, MODEL(4, DENSE(6), LAYER(SOFTMAX), DENSE(3), LAYER(SOFTMAX)), 0.1, 0},
        {"identity", {5, 1, 1}, 3, MODEL(4, DENSE(6), LAYER(IDENTITY), DENSE(3), LAYER(IDENTITY)), 0.1, 0},
        {"average pool", {3, 6, 6}, 3, MODEL(3, ENTRY(4), AVG_POOL(2, 2, 2, 2), DENSE(3)), 0.1, 0},
        {"average pool with a rest",
         {2, 7, 5},
         3,
         MODEL(3, ENTRY(3), AVG_POOL(2, 3, 2, 3), DENSE(3)),
         0.1,
         0},
        {"overlapping average pool",
         {2, 7, 7},
         3,
         MODEL(3, ENTRY(3), AVG_POOL(3, 3, 2, 1), DENSE(3)),
         0.1,
         0},
        {"tanh, then average pool",
         {2, 6, 6},
         3,
         MODEL(5, ENTRY(3), LAYER(TANH), AVG_POOL(2, 2, 2, 2), CONV(4, 3, 3, 1, 1, 0, 0), DENSE(3)),
         0.1,
         0},
        {"dropout", {3, 4, 3}, 3, MODEL(4, ENTRY(4), DROPOUT(0.4), DENSE(9), DENSE(3)), 0.1, 0},
        {"dropout of inputs", {3, 4, 3}, 3, MODEL(3, DROPOUT(0.2), ENTRY(4), DENSE(3)), 0.1, 0},
        {"tanh, then dropout",
         {5, 1, 1},
         4,
         MODEL(4, DENSE(17), LAYER(TANH), DROPOUT(0.5), DENSE(3)),
         0.1,
         0},
        {"batch norm of pixels", {3, 5, 3}, 3, MODEL(3, ENTRY(5), BATCH_NORM, DENSE(3)), 0.1, 0},
        {"batch norm of features",
         {7, 1, 1},
         5,
         MODEL(4, DENSE(17), BATCH_NORM, LAYER(TANH), DENSE(3)),
         0.1,
         0},
        {"batch norm first", {2, 5, 3}, 3, MODEL(3, BATCH_NORM, ENTRY(5), DENSE(3)), 0.1, 0},
        {"batch norm between pool and conv",
         {2, 6, 6},
         3,
         MODEL(6, ENTRY(3), AVG_POOL(2, 2, 2, 2), BATCH_NORM, CONV(4, 2, 2, 1, 1, 0, 0), LAYER(TANH),
               DENSE(3)),
         0.1,
         0},
        {"batch norm, then dropout",
         {2, 4, 4},
         3,
         MODEL(5, ENTRY(3), BATCH_NORM, DROPOUT(0.3), CONV(4, 2, 2, 1, 1, 0, 0), DENSE(3)),
         0.1,
         0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_case(&cases[i]);
}

static void the_main_network_agrees_with_central_differences(void **state) {
    (void)state;
    check_case(&(gradient_case){
        "the main job's network", {3, 32, 32}, 3, {.layer_count = 9, .layers = SIMPLE_CNN}, 5e-3, 25});
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layers_agree_with_central_differences),
        cmocka_unit_test(layers_of_other_kinds_agree_with_central_differences),
        cmocka_unit_test(the_main_network_agrees_with_central_differences),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
