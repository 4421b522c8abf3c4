#include "engine/initializers.h"

#include <math.h>

#include "base/random.h"

/* Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks", 2010; He et
 * al., "Delving deep into rectifiers", 2015. `pytorch` is the default of torch.nn.Linear and torch.nn.Conv2d:
 * Kaiming uniform with a = √5. */

static double uniform(random_stream *stream, double bound) {
    return (2.0 * random_uniform(stream) - 1.0) * bound;
}

static double pytorch(double scale, const layer *l, random_stream *stream) {
    (void)scale;
    return uniform(stream, 1.0 / sqrt(l->fan_in));
}

static double glorot_uniform(double scale, const layer *l, random_stream *stream) {
    (void)scale;
    return uniform(stream, sqrt(6.0 / (l->fan_in + l->fan_out)));
}

static double glorot_normal(double scale, const layer *l, random_stream *stream) {
    (void)scale;
    return random_normal(stream) * sqrt(2.0 / (l->fan_in + l->fan_out));
}

static double he_normal(double scale, const layer *l, random_stream *stream) {
    (void)scale;
    return random_normal(stream) * sqrt(2.0 / l->fan_in);
}

static double normal(double scale, const layer *l, random_stream *stream) {
    (void)l;
    return random_normal(stream) * scale;
}

static double scaled_uniform(double scale, const layer *l, random_stream *stream) {
    (void)l;
    return uniform(stream, scale);
}

static double constant(double scale, const layer *l, random_stream *stream) {
    (void)l, (void)stream;
    return scale;
}

typedef struct initializer_row {
    const char *name;
    double (*draw)(double scale, const layer *l, random_stream *stream); /* NULL: means another kind */
} initializer_row;

static const initializer_row rows[INIT_KIND_COUNT] = {
    [INIT_DEFAULT] = {"default", NULL},
    [INIT_PYTORCH] = {"pytorch", pytorch},
    [INIT_GLOROT_UNIFORM] = {"glorot_uniform", glorot_uniform},
    [INIT_GLOROT_NORMAL] = {"glorot_normal", glorot_normal},
    [INIT_HE_NORMAL] = {"he_normal", he_normal},
    [INIT_NORMAL] = {"normal", normal},
    [INIT_UNIFORM] = {"uniform", scaled_uniform},
    [INIT_CONSTANT] = {"constant", constant},
};

const name_table initializer_names = NAME_TABLE(rows);

static initializer_spec choose(initializer_spec wanted, initializer_spec otherwise) {
    return wanted.kind == INIT_DEFAULT ? otherwise : wanted;
}

/* What INIT_DEFAULT means in a layer. */
static layer_init_spec resolve(const layer_init_spec *of_model, const layer_init_spec *own) {
    static const initializer_spec as_pytorch = {.kind = INIT_PYTORCH}, zero = {.kind = INIT_CONSTANT};
    layer_init_spec init = {.weights = choose(own->weights, choose(of_model->weights, as_pytorch))};
    const initializer_spec usual = init.weights.kind == INIT_PYTORCH ? as_pytorch : zero;
    init.biases = choose(own->biases, choose(of_model->biases, usual));
    return init;
}

static void draw_layer(const layer *l, const layer_init_spec *init, random_stream *stream, real *parameters) {
    for (size_t n = 0; n < l->parameter_count; n++) {
        const initializer_spec *spec = n < l->weight_count ? &init->weights : &init->biases;
        parameters[l->ops->parameter_place(l, n)] = (real)rows[spec->kind].draw(spec->scale, l, stream);
    }
}

/* Parameter number `natural` of all. */
static real start_value(const start_spec *start, size_t natural) {
    double value = start->values[natural];
    for (int d = 0; d < start->direction_count; d++)
        value += start->shift[d] * start->directions[(size_t)d * start->count + natural];
    return (real)value;
}

static void start_layer(const layer *l, const start_spec *start, size_t first, real *parameters) {
    for (size_t n = 0; n < l->parameter_count; n++)
        parameters[l->ops->parameter_place(l, n)] = start_value(start, first + n);
}

void initialize_parameters(const model *m, const model_spec *spec, uint64_t seed, uint64_t coordinates) {
    size_t first = 0; /* parameter of the layer */
    for (int i = 0; i < m->layer_count; i++) {
        const layer *l = &m->layers[i];
        random_stream stream = random_stream_open(seed, coordinates, RANDOM_INIT, (uint64_t)l->position);
        const layer_init_spec init = resolve(&spec->init, &l->spec.init);
        real *parameters = m->parameters + l->parameter_offset;
        if (l->ops->reset != NULL)
            l->ops->reset(l, parameters, m->state + l->state_offset);
        if (spec->start.count > 0)
            start_layer(l, &spec->start, first, parameters);
        else if (l->ops->reset == NULL)
            draw_layer(l, &init, &stream, parameters);
        first += l->parameter_count;
    }
}
