#include "engine/initializers.h"

#include <math.h>

#include "base/random.h"

/* PyTorch's default for dense and convolution layers: weights and biases uniform in ±1/√fan_in
 * (torch.nn.Linear, torch.nn.Conv2d: Kaiming uniform with a = √5). */
static real draw_pytorch(const layer *l, random_stream *stream) {
    double bound = 1.0 / sqrt((double)l->fan_in);
    return (real)((2.0 * random_uniform(stream) - 1.0) * bound);
}

static real draw(initializer_kind kind, const layer *l, random_stream *stream) {
    switch (kind) {
    case INIT_PYTORCH:
        return draw_pytorch(l, stream);
    }
    return 0;
}

void initialize_parameters(const model *m, initializer_kind kind, uint64_t seed, uint64_t coordinates) {
    for (int i = 0; i < m->layer_count; i++) {
        const layer *l = &m->layers[i];
        random_stream stream = random_stream_open(seed, coordinates, RANDOM_INIT, (uint64_t)l->position);
        real *parameters = m->parameters + l->parameter_offset;
        if (l->ops->reset != NULL) {
            l->ops->reset(l, parameters, m->state + l->state_offset);
            continue;
        }
        for (size_t n = 0; n < l->parameter_count; n++)
            parameters[l->ops->parameter_place(l, n)] = draw(kind, l, &stream);
    }
}
