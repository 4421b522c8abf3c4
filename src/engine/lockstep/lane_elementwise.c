/* Activations in lanes; layers/NAME.c has the formulas. */
#include "engine/lockstep/lane_tables.h"

/* Run EXPRESSION over all values: forward with `x`, backward with `y` and `dy`, `p` is the parameter. */
#define FORWARD(name, expression)                                                                            \
    static void name(const lane_elementwise *e) {                                                            \
        for (int part = 0; part < e->lanes; part += VECTOR_LANES) {                                          \
            const vector p = e->parameter != NULL ? load(e->parameter + part) : all(0);                      \
            (void)p;                                                                                         \
            for (size_t i = 0; i < e->count; i++) {                                                          \
                const vector x = load(e->x + i * LANES + part);                                              \
                store(e->y + i * LANES + part, (expression));                                                \
            }                                                                                                \
        }                                                                                                    \
    }
#define BACKWARD(name, source, expression)                                                                   \
    static void name##_backward(const lane_elementwise *e) {                                                 \
        for (int part = 0; part < e->lanes; part += VECTOR_LANES) {                                          \
            const vector p = e->parameter != NULL ? load(e->parameter + part) : all(0);                      \
            (void)p;                                                                                         \
            for (size_t i = 0; i < e->count; i++) {                                                          \
                const vector source = load(e->source + i * LANES + part);                                    \
                const vector dy = load(e->dy + i * LANES + part);                                            \
                store(e->dy + i * LANES + part, (expression));                                               \
            }                                                                                                \
        }                                                                                                    \
    }

FORWARD(relu, choose(x < 0, all(0), x))
BACKWARD(relu, y, where(y > 0, dy))
FORWARD(leaky_relu, choose(x > 0, x, p *x))
BACKWARD(leaky_relu, y, choose(y > 0, dy, p *dy))
FORWARD(tanh_values, tangent(x))
BACKWARD(tanh_values, y, dy *(1 - y * y))
FORWARD(sigmoid, sigmoid_of(x))
BACKWARD(sigmoid, y, dy *y *(1 - y))
FORWARD(scaled_sigmoid, sigmoid_of(2 * x))
BACKWARD(scaled_sigmoid, y, dy * 2 * y * (1 - y))
FORWARD(elu, choose(x > 0, x, p *exponential_minus_1(x)))
BACKWARD(elu, x, dy *choose(x > 0, all(1), p *exponential(x)))

void LANE_KERNEL(fill_lane_elementwise)(lane_kernels *k) {
    k->relu = relu;
    k->leaky_relu = leaky_relu;
    k->tanh = tanh_values;
    k->sigmoid = sigmoid;
    k->scaled_sigmoid = scaled_sigmoid;
    k->elu = elu;
    k->relu_backward = relu_backward;
    k->leaky_relu_backward = leaky_relu_backward;
    k->tanh_backward = tanh_values_backward;
    k->sigmoid_backward = sigmoid_backward;
    k->scaled_sigmoid_backward = scaled_sigmoid_backward;
    k->elu_backward = elu_backward;
}
