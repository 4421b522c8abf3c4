#include "engine/initializers.h"

#include <math.h>

#include "base/random.h"

/* Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks", 2010; He et
 * al., "Delving deep into rectifiers", 2015. `pytorch` is the default of torch.nn.Linear and torch.nn.Conv2d:
 * Kaiming uniform with a = √5. */

static double uniform(random_stream *stream, double bound) {
    return (2.0 * random_uniform(stream) - 1.0) * bound;
}

static double draw(const initializer_spec *spec, const layer *l, random_stream *stream) {
    switch (spec->kind) {
    case INIT_PYTORCH:
        return uniform(stream, 1.0 / sqrt(l->fan_in));
    case INIT_GLOROT_UNIFORM:
        return uniform(stream, sqrt(6.0 / (l->fan_in + l->fan_out)));
    case INIT_GLOROT_NORMAL:
        return random_normal(stream) * sqrt(2.0 / (l->fan_in + l->fan_out));
    case INIT_HE_NORMAL:
        return random_normal(stream) * sqrt(2.0 / l->fan_in);
    case INIT_NORMAL:
        return random_normal(stream) * spec->scale;
    case INIT_UNIFORM:
        return uniform(stream, spec->scale);
    case INIT_CONSTANT:
        return spec->scale;
    }
    return 0;
}

static void draw_layer(const layer *l, const initializer_spec *spec, random_stream *stream,
                       real *parameters) {
    for (size_t n = 0; n < l->parameter_count; n++) {
        bool drawn = n < l->weight_count || spec->kind == INIT_PYTORCH;
        parameters[l->ops->parameter_place(l, n)] = (real)(drawn ? draw(spec, l, stream) : spec->bias);
    }
}

void initialize_parameters(const model *m, const initializer_spec *spec, uint64_t seed,
                           uint64_t coordinates) {
    for (int i = 0; i < m->layer_count; i++) {
        const layer *l = &m->layers[i];
        random_stream stream = random_stream_open(seed, coordinates, RANDOM_INIT, (uint64_t)l->position);
        real *parameters = m->parameters + l->parameter_offset;
        if (l->ops->reset != NULL)
            l->ops->reset(l, parameters, m->state + l->state_offset);
        else
            draw_layer(l, spec, &stream, parameters);
    }
}
