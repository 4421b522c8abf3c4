/* Exponential linear unit (Clevert, Unterthiner, Hochreiter 2016): y = x for x > 0, else α (exp(x) − 1); the
 * derivative is 1 or α exp(x), at 0 α. It is taken from x: y + α would lose its digits far below 0. */
#include "engine/layers/layer.h"
#include "engine/real.h"

static void forward(const layer *l, const layer_pass *pass) {
    const size_t n = pass->count * shape_size(l->in);
    const real alpha = (real)l->spec.alpha;
    for (size_t i = 0; i < n; i++)
        pass->output[i] = pass->input[i] > 0 ? pass->input[i] : alpha * (real)expm1((double)pass->input[i]);
}

static void backward(const layer *l, const layer_pass *pass) {
    const size_t n = pass->d_input != NULL ? pass->count * shape_size(l->in) : 0;
    const real alpha = (real)l->spec.alpha;
    for (size_t i = 0; i < n; i++)
        pass->d_input[i] = pass->d_output[i] * (pass->input[i] > 0 ? 1 : alpha * real_exp(pass->input[i]));
}

const layer_ops layer_elu = {
    .elementwise = true,
    .keeps_input = true,
    .setup = layer_setup_elementwise,
    .forward = forward,
    .backward = backward,
};
