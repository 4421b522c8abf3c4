#include "engine/initializers.h"

#include <math.h>
#include <string.h>

#include "base/random.h"

/* Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks", 2010; He et
 * al., "Delving deep into rectifiers", 2015. `pytorch` is the default of torch.nn.Linear and torch.nn.Conv2d:
 * Kaiming uniform with a = √5. */

static double uniform(random_stream *stream, double bound) {
    return (2.0 * random_uniform(stream) - 1.0) * bound;
}

/* Drawn again until it is within two standard deviations, as in TensorFlow. */
static double truncated(random_stream *stream) {
    double x;
    do
        x = random_normal(stream);
    while (fabs(x) > 2);
    return x;
}

/* The standard deviation of `truncated`; Keras divides by it (keras/initializers: VarianceScaling). */
static const double truncated_deviation = 0.87962566103423978;

static double gain_of(const initializer_spec *s) {
    return s->gain != 0 ? s->gain : 1;
}

static double glorot_deviation(const layer *l) {
    return sqrt(2.0 / (l->fan_in + l->fan_out));
}

static double he_deviation(const layer *l) {
    return sqrt(2.0 / l->fan_in);
}

static double pytorch(const initializer_spec *s, const layer *l, random_stream *stream) {
    (void)s;
    return uniform(stream, 1.0 / sqrt(l->fan_in));
}

static double glorot_uniform(const initializer_spec *s, const layer *l, random_stream *stream) {
    return uniform(stream, gain_of(s) * sqrt(6.0 / (l->fan_in + l->fan_out)));
}

static double glorot_normal(const initializer_spec *s, const layer *l, random_stream *stream) {
    return random_normal(stream) * (gain_of(s) * glorot_deviation(l));
}

static double he_normal(const initializer_spec *s, const layer *l, random_stream *stream) {
    (void)s;
    return random_normal(stream) * he_deviation(l);
}

static double normal(const initializer_spec *s, const layer *l, random_stream *stream) {
    (void)l;
    return random_normal(stream) * s->scale;
}

static double scaled_uniform(const initializer_spec *s, const layer *l, random_stream *stream) {
    (void)l;
    return uniform(stream, s->scale);
}

static double constant(const initializer_spec *s, const layer *l, random_stream *stream) {
    (void)l, (void)stream;
    return s->scale;
}

/* The matrix before it is made orthogonal. */
static double unscaled_normal(const initializer_spec *s, const layer *l, random_stream *stream) {
    (void)s, (void)l;
    return random_normal(stream);
}

static double truncated_normal(const initializer_spec *s, const layer *l, random_stream *stream) {
    (void)l;
    return truncated(stream) * s->scale;
}

static double keras_glorot_normal(const initializer_spec *s, const layer *l, random_stream *stream) {
    (void)s;
    return truncated(stream) * (glorot_deviation(l) / truncated_deviation);
}

static double keras_he_normal(const initializer_spec *s, const layer *l, random_stream *stream) {
    (void)s;
    return truncated(stream) * (he_deviation(l) / truncated_deviation);
}

typedef struct initializer_row {
    const char *name;
    /* One parameter; NULL: means another kind. */
    double (*draw)(const initializer_spec *s, const layer *l, random_stream *stream);
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
    [INIT_ORTHOGONAL] = {"orthogonal", unscaled_normal},
    [INIT_TRUNCATED_NORMAL] = {"truncated_normal", truncated_normal},
    [INIT_KERAS_GLOROT_NORMAL] = {"keras_glorot_normal", keras_glorot_normal},
    [INIT_KERAS_HE_NORMAL] = {"keras_he_normal", keras_he_normal},
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

/* ---- Orthogonal matrices ----------------------------------------------------------------------- */

/* Vectors in a matrix: entry k of vector v is at v·step + k·stride. */
typedef struct vectors {
    real *values;
    size_t count, length, step, stride;
} vectors;

static double dot(const vectors *m, size_t v, size_t w) {
    double sum = 0;
    for (size_t k = 0; k < m->length; k++)
        sum +=
            (double)m->values[v * m->step + k * m->stride] * (double)m->values[w * m->step + k * m->stride];
    return sum;
}

/* v ← v − w (v·w), for a w of length 1. */
static void project(const vectors *m, size_t v, size_t w) {
    const double share = dot(m, v, w);
    for (size_t k = 0; k < m->length; k++)
        m->values[v * m->step + k * m->stride] -=
            (real)(share * (double)m->values[w * m->step + k * m->stride]);
}

static void normalize(const vectors *m, size_t v) {
    const double size = sqrt(dot(m, v, v));
    for (size_t k = 0; k < m->length; k++) {
        real *value = &m->values[v * m->step + k * m->stride];
        *value = (real)((double)*value / size);
    }
}

/* Gram and Schmidt's process. Rounding leaves a vector that nearly depends on those before it far from
 * orthogonal to them; twice is enough (Parlett, "The symmetric eigenvalue problem", 1980, section 6.9). */
static void orthonormalize(const vectors *m) {
    for (size_t v = 0; v < m->count; v++) {
        for (int pass = 0; pass < 2; pass++)
            for (size_t w = 0; w < v; w++)
                project(m, v, w);
        normalize(m, v);
    }
}

/* torch.nn.init.orthogonal_ (Saxe, McClelland, Ganguli, "Exact solutions to the nonlinear dynamics of
 * learning in deep linear neural networks", 2013): of the drawn weights as a matrix A (O, K), of its
 * transpose where O < K, the factor Q of A = Q R with a positive diagonal of R, which Gram and Schmidt's
 * process finds; times the gain. `scratch` (weight_count) is zero, and stays zero. */
static void make_orthogonal(const layer *l, double gain, real *scratch, real *parameters) {
    const size_t outputs = (size_t)l->out.channels, inputs = l->weight_count / outputs;
    for (size_t n = 0; n < l->weight_count; n++)
        scratch[n] = parameters[l->ops->parameter_place(l, n)];
    orthonormalize(outputs <= inputs ? &(vectors){scratch, outputs, inputs, inputs, 1}
                                     : &(vectors){scratch, inputs, outputs, 1, inputs});
    for (size_t n = 0; n < l->weight_count; n++)
        parameters[l->ops->parameter_place(l, n)] = (real)(gain * (double)scratch[n]);
    memset(scratch, 0, l->weight_count * sizeof *scratch);
}

/* ---- Layers ------------------------------------------------------------------------------------ */

/* `scratch`: see make_orthogonal. */
static void draw_layer(const layer *l, const layer_init_spec *init, random_stream *stream, real *scratch,
                       real *parameters) {
    for (size_t n = 0; n < l->parameter_count; n++) {
        const initializer_spec *spec = n < l->weight_count ? &init->weights : &init->biases;
        parameters[l->ops->parameter_place(l, n)] = (real)rows[spec->kind].draw(spec, l, stream);
    }
    if (init->weights.kind == INIT_ORTHOGONAL && l->weight_count > 0)
        make_orthogonal(l, gain_of(&init->weights), scratch, parameters);
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
            draw_layer(l, &init, &stream, m->gradients, parameters);
        first += l->parameter_count;
    }
}
