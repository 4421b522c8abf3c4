/* Inverted dropout (Srivastava et al. 2014): in training y = x / (1 − rate) with probability 1 − rate, else
 * 0; in evaluation y = x. The mask of a value is named by cell, step, layer, sample and position, not by the
 * order of computation. */
#include "base/random.h"
#include "engine/layers/layer.h"

static status setup(layer *l, size_t batch, error_info *error) {
    l->saved_bytes = shape_size(l->in);
    return layer_setup_elementwise(l, batch, error);
}

/* Streams of a step: numbers that every layer of a model without residual blocks had when 64 were the most.
 */
enum { LAYERS = 64 };

/* The stream of a sample starts at a block of its own. */
static random_stream sample_stream(const layer *l, const layer_pass *pass, size_t sample) {
    const uint64_t place = (uint64_t)l->position;
    const uint64_t index = place / LAYERS << 48 | (pass->mode->step * LAYERS + place % LAYERS);
    random_stream stream =
        random_stream_open(pass->mode->seed, pass->mode->coordinates, RANDOM_DROPOUT, index);
    stream.block = (uint64_t)(pass->first + sample) * ((shape_size(l->in) + 3) / 4);
    return stream;
}

static void draw_mask(const layer *l, const layer_pass *pass) {
    const size_t size = shape_size(l->in);
    const double threshold = l->spec.rate * 0x1p32;
    for (size_t n = 0; n < pass->count; n++) {
        random_stream stream = sample_stream(l, pass, n);
        for (size_t i = 0; i < size; i++)
            pass->saved[n * size + i] = random_u32(&stream) >= threshold;
    }
}

static real scale_of(const layer *l, const layer_pass *pass) {
    return pass->mode->training ? 1 / (real)(1 - l->spec.rate) : 1;
}

static bool is_kept(const layer_pass *pass, size_t i) {
    return !pass->mode->training || pass->saved[i];
}

static void forward(const layer *l, const layer_pass *pass) {
    const size_t n = pass->count * shape_size(l->in);
    if (pass->mode->training)
        draw_mask(l, pass);
    const real scale = scale_of(l, pass);
    for (size_t i = 0; i < n; i++)
        pass->output[i] = is_kept(pass, i) ? scale * pass->input[i] : 0;
}

static void backward(const layer *l, const layer_pass *pass) {
    const size_t n = pass->d_input != NULL ? pass->count * shape_size(l->in) : 0;
    const real scale = scale_of(l, pass);
    for (size_t i = 0; i < n; i++)
        pass->d_input[i] = is_kept(pass, i) ? scale * pass->d_output[i] : 0;
}

const layer_ops layer_dropout = {
    .elementwise = true,
    .random = true,
    .setup = setup,
    .forward = forward,
    .backward = backward,
};
