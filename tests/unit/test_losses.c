/* Losses and penalties against their formulas, as written in losses.h and penalties.h, in double precision;
 * and where the formulas cannot be computed as written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "base/random.h"
#include "engine/initializers.h"
#include "engine/losses.h"
#include "engine/penalties.h"
#include "model_memory.h"
#include "networks.h"

enum { COUNT = 5, MOST = 17, CLASSES = 10 };

static const double delta = 0.75; /* of Huber losses */
static const double tolerance = 1e-12;
static const int widths[] = {2, 3, 10, 16, 17};
enum { WIDTHS = sizeof widths / sizeof *widths };

typedef struct loss_case {
    loss_kind kind;
    layer_kind end; /* of the model: LAYER_DENSE, or a layer that makes probabilities */
} loss_case;

static const loss_case cases[] = {
    {LOSS_CROSS_ENTROPY, LAYER_DENSE},
    {LOSS_CROSS_ENTROPY, LAYER_SOFTMAX},
    {LOSS_BINARY_CROSS_ENTROPY, LAYER_SIGMOID},
    {LOSS_BINARY_CROSS_ENTROPY, LAYER_SCALED_SIGMOID},
    {LOSS_BINARY_CROSS_ENTROPY, LAYER_SOFTMAX},
    {LOSS_SQUARED_ERROR, LAYER_DENSE},
    {LOSS_HUBER, LAYER_DENSE},
    {LOSS_MAE, LAYER_DENSE},
    {LOSS_BINARY_CROSS_ENTROPY_WITH_LOGITS, LAYER_DENSE},
};
enum { CASES = sizeof cases / sizeof *cases };

/* The loss of a model of `outputs` outputs. */
static loss_function open_loss(const loss_case *c, loss_spec spec, int outputs, int classes) {
    const model_spec network = {.layer_count = 2,
                                .layers = {DENSE(outputs), {.kind = c->end, .units = outputs}}};
    loss_function loss;
    error_info error;
    spec.kind = c->kind;
    spec.delta = delta;
    assert_int_equal(loss_open(&loss, &spec, &network, classes, &error), STATUS_OK);
    loss.outputs = outputs;
    return loss;
}

typedef struct samples {
    real z[COUNT * MOST], values[COUNT * MOST];
    uint8_t labels[COUNT];
    batch_targets targets;
} samples;

static void draw_samples(samples *s, int classes, uint64_t index) {
    random_stream stream = random_stream_open(4, 0, RANDOM_SYNTHETIC, index);
    for (int i = 0; i < COUNT * MOST; i++) {
        s->z[i] = 2 * random_normal(&stream);
        s->values[i] = random_normal(&stream);
    }
    for (int n = 0; n < COUNT; n++)
        s->labels[n] = (uint8_t)random_below(&stream, (uint32_t)classes);
    s->targets = (batch_targets){s->labels, s->values};
}

/* ---- The formulas as written ------------------------------------------------------------------- */

static void naive_probabilities(const loss_case *c, const double *z, int k, double *p) {
    const layer_kind end = c->kind == LOSS_BINARY_CROSS_ENTROPY_WITH_LOGITS ? LAYER_SIGMOID : c->end;
    double sum = 0;
    for (int i = 0; i < k; i++) {
        const double scale = end == LAYER_SCALED_SIGMOID ? 2 : 1;
        const bool sigmoid = end == LAYER_SIGMOID || end == LAYER_SCALED_SIGMOID;
        p[i] = sigmoid ? 1 / (1 + exp(-scale * z[i])) : exp(z[i]);
        sum += p[i];
    }
    for (int i = 0; i < k && (end == LAYER_SOFTMAX || end == LAYER_DENSE); i++)
        p[i] /= sum;
}

static double naive_loss(const loss_case *c, const double *z, const double *y, int k, double entropy_weight) {
    double p[MOST], loss = 0;
    naive_probabilities(c, z, k, p);
    for (int i = 0; i < k; i++) {
        if (c->kind == LOSS_CROSS_ENTROPY)
            loss -= y[i] * log(p[i]) + entropy_weight * p[i] * log(p[i] + 1e-8);
        else if (LOSSES_OF_LABELS >> c->kind & 1)
            loss -= y[i] * log(p[i]) + (1 - y[i]) * log(1 - p[i]);
        else if (c->kind == LOSS_SQUARED_ERROR)
            loss += (z[i] - y[i]) * (z[i] - y[i]);
        else if (c->kind == LOSS_MAE)
            loss += fabs(z[i] - y[i]);
        else
            loss += fabs(z[i] - y[i]) <= delta ? (z[i] - y[i]) * (z[i] - y[i]) / 2
                                               : delta * (fabs(z[i] - y[i]) - delta / 2);
    }
    return loss;
}

/* The targets of sample n. */
static void wanted(const samples *s, int n, int k, bool regression, double *y) {
    for (int i = 0; i < k; i++)
        y[i] = regression ? s->values[n * k + i] : k == 1 ? s->labels[n] : s->labels[n] == i;
}

static double naive_sum(const loss_case *c, const samples *s, int k, bool regression, double entropy_weight) {
    double sum = 0, y[MOST];
    for (int n = 0; n < COUNT; n++) {
        wanted(s, n, k, regression, y);
        sum += naive_loss(c, s->z + n * k, y, k, entropy_weight);
    }
    return sum;
}

static void assert_close(double found, double expected) {
    if (!(fabs(found - expected) <= tolerance * fmax(1, fabs(expected))))
        fail_msg("%.17g instead of %.17g", found, expected);
}

static void losses_agree_with_their_formulas(void **state) {
    (void)state;
    for (int i = 0; i < CASES * WIDTHS; i++) {
        const loss_case *c = &cases[i / WIDTHS];
        const int k = widths[i % WIDTHS];
        const double entropy_weight = c->kind == LOSS_CROSS_ENTROPY ? 0.3 : 0;
        const loss_spec spec = {.entropy_weight = entropy_weight, .over_outputs = REDUCE_SUM};
        const loss_function loss = open_loss(c, spec, k, k);
        samples s;
        draw_samples(&s, k, (uint64_t)i);
        const loss_sums sums = loss_evaluate(&loss, s.z, &s.targets, COUNT, 1, NULL);
        assert_int_equal(sums.samples, COUNT);
        assert_close(sums.loss, naive_sum(c, &s, k, false, entropy_weight));
    }
}

static void one_output_tells_two_classes(void **state) {
    (void)state;
    const loss_case one[] = {{LOSS_BINARY_CROSS_ENTROPY, LAYER_SIGMOID},
                             {LOSS_BINARY_CROSS_ENTROPY, LAYER_SCALED_SIGMOID},
                             {LOSS_SQUARED_ERROR, LAYER_DENSE},
                             {LOSS_HUBER, LAYER_DENSE},
                             {LOSS_MAE, LAYER_DENSE},
                             {LOSS_BINARY_CROSS_ENTROPY_WITH_LOGITS, LAYER_DENSE}};
    for (int i = 0; i < 6; i++) {
        const loss_function loss = open_loss(&one[i], (loss_spec){0}, 1, 2);
        samples s;
        draw_samples(&s, 2, (uint64_t)i);
        const loss_sums sums = loss_evaluate(&loss, s.z, &s.targets, COUNT, 1, NULL);
        assert_close(sums.loss, naive_sum(&one[i], &s, 1, false, 0));
        size_t correct = 0;
        for (int n = 0; n < COUNT; n++)
            correct += loss_class(&loss, s.z + n) == s.labels[n];
        assert_int_equal(sums.correct, correct);
        for (real z = -1; z < 1; z += 0.125) {
            real output;
            loss_outputs(&loss, &z, 1, &output);
            assert_int_equal(loss_class(&loss, &z), output > 0.5);
        }
    }
}

static void a_regression_is_measured_by_its_targets(void **state) {
    (void)state;
    const loss_case of_numbers[] = {
        {LOSS_SQUARED_ERROR, LAYER_DENSE}, {LOSS_HUBER, LAYER_DENSE}, {LOSS_MAE, LAYER_DENSE}};
    for (int i = 0; i < 9; i++) {
        const loss_case *c = &of_numbers[i / 3];
        const int k = i % 3 + 1;
        const loss_function loss = open_loss(c, (loss_spec){.over_outputs = REDUCE_SUM}, k, 0);
        samples s;
        draw_samples(&s, 2, (uint64_t)k);
        const loss_sums sums = loss_evaluate(&loss, s.z, &s.targets, COUNT, 1, NULL);
        assert_close(sums.loss, naive_sum(c, &s, k, true, 0));
        assert_int_equal(sums.correct, 0);
    }
}

/* As binary accuracy counts them: labels whose output is on the right side of ½. */
static void several_labels_are_told_by_as_many_outputs(void **state) {
    (void)state;
    static const loss_case of_labels[] = {{LOSS_BINARY_CROSS_ENTROPY, LAYER_SIGMOID},
                                          {LOSS_BINARY_CROSS_ENTROPY, LAYER_SCALED_SIGMOID},
                                          {LOSS_BINARY_CROSS_ENTROPY_WITH_LOGITS, LAYER_DENSE}};
    for (int i = 0; i < 3 * WIDTHS; i++) {
        const loss_case c = of_labels[i / WIDTHS];
        const int k = widths[i % WIDTHS];
        const loss_function loss = open_loss(&c, (loss_spec){.over_outputs = REDUCE_SUM}, k, 0);
        const double scale = c.end == LAYER_SCALED_SIGMOID ? 2 : 1;
        samples s;
        real dz[COUNT * MOST];
        size_t correct = 0;
        draw_samples(&s, 2, (uint64_t)i);
        for (int n = 0; n < COUNT * k; n++) {
            s.values[n] = s.values[n] > 0;
            correct += (s.z[n] > 0) == (s.values[n] > 0);
        }
        const loss_sums sums = loss_evaluate(&loss, s.z, &s.targets, COUNT, 0.5, dz);
        assert_close(sums.loss, naive_sum(&c, &s, k, true, 0));
        assert_int_equal(sums.correct, correct);
        assert_close(loss_accuracy(&loss, sums), 100.0 * (double)correct / (COUNT * k));
        for (int n = 0; n < COUNT * k; n++)
            assert_close(dz[n], 0.5 * scale * (1 / (1 + exp(-scale * s.z[n])) - s.values[n]));
    }
}

static void outputs_are_probabilities_after_the_link(void **state) {
    (void)state;
    for (int i = 0; i < CASES; i++) {
        const loss_function loss = open_loss(&cases[i], (loss_spec){0}, CLASSES, CLASSES);
        samples s;
        draw_samples(&s, CLASSES, 0);
        real out[COUNT * CLASSES], expected[CLASSES];
        loss_outputs(&loss, s.z, COUNT, out);
        for (int n = 0; n < COUNT; n++) {
            naive_probabilities(&cases[i], s.z + n * CLASSES, CLASSES, expected);
            const real *from = LOSSES_OF_NUMBERS >> cases[i].kind & 1 ? s.z + n * CLASSES : expected;
            for (int k = 0; k < CLASSES; k++)
                assert_close(out[n * CLASSES + k], from[k]);
        }
    }
}

/* ---- Reductions -------------------------------------------------------------------------------- */

static void the_mean_over_outputs_is_the_sum_divided_by_their_number(void **state) {
    (void)state;
    for (int i = 0; i < CASES; i++) {
        const loss_function sum =
            open_loss(&cases[i], (loss_spec){.over_outputs = REDUCE_SUM}, CLASSES, CLASSES);
        const loss_function mean =
            open_loss(&cases[i], (loss_spec){.over_outputs = REDUCE_MEAN}, CLASSES, CLASSES);
        const double share = cases[i].kind == LOSS_CROSS_ENTROPY ? 1 : 1.0 / CLASSES;
        samples s;
        draw_samples(&s, CLASSES, 0);
        real d_sum[COUNT * CLASSES], d_mean[COUNT * CLASSES];
        const loss_sums sums = loss_evaluate(&sum, s.z, &s.targets, COUNT, 1, d_sum);
        const loss_sums means = loss_evaluate(&mean, s.z, &s.targets, COUNT, 1, d_mean);
        assert_close(means.loss, share * sums.loss);
        for (int k = 0; k < COUNT * CLASSES; k++)
            assert_close(d_mean[k], share * d_sum[k]);
    }
}

/* A set in two parts, with the gradient of its mean, is the set in one. */
static void parts_of_a_set_add_up(void **state) {
    (void)state;
    enum { PART = 2 };
    for (int i = 0; i < CASES; i++) {
        const loss_function loss = open_loss(&cases[i], (loss_spec){.entropy_weight = 0.3}, CLASSES, CLASSES);
        const double scale = loss_scale(&loss.spec, COUNT);
        samples s;
        draw_samples(&s, CLASSES, 0);
        real whole[COUNT * CLASSES], parts[COUNT * CLASSES];
        const loss_sums all = loss_evaluate(&loss, s.z, &s.targets, COUNT, scale, whole);
        const batch_targets rest = {s.labels + PART, NULL};
        const loss_sums a = loss_evaluate(&loss, s.z, &s.targets, PART, scale, parts);
        const loss_sums b =
            loss_evaluate(&loss, s.z + PART * CLASSES, &rest, COUNT - PART, scale, parts + PART * CLASSES);
        assert_memory_equal(whole, parts, sizeof whole);
        assert_close(a.loss + b.loss, all.loss);
        assert_int_equal(a.correct + b.correct, all.correct);
    }
}

static void the_loss_of_a_set_is_the_mean_or_the_sum_over_samples(void **state) {
    (void)state;
    const loss_sums sums = {.loss = 12, .weight = 8, .samples = 8};
    const loss_spec mean = {.over_samples = REDUCE_MEAN}, sum = {.over_samples = REDUCE_SUM};
    assert_true(loss_value(&mean, sums) == 1.5 && loss_scale(&mean, 8) == 0.125);
    assert_true(loss_value(&sum, sums) == 12 && loss_scale(&sum, 8) == 1);
}

/* ---- Label smoothing and weights of classes ---------------------------------------------------- */

/* Every third class weighs nothing, but not the first. */
static loss_spec weighted(double smoothing, bool has_weights, int k) {
    loss_spec spec = {.label_smoothing = smoothing, .class_weight_count = has_weights ? k : 0};
    for (int i = 0; i < k; i++)
        spec.class_weights[i] = i % 3 == 2 ? 0 : 0.5 + 0.25 * i;
    return spec;
}

/* Σ_c t_c w_c (−log p_c) of a sample, t = (1 − ε) onehot + ε / K, and the gradient p_i Σ_c t_c w_c − t_i
 * w_i. */
static double naive_weighted(const loss_spec *spec, const double *z, int label, int k, double *dz) {
    const loss_case c = {LOSS_CROSS_ENTROPY, LAYER_DENSE};
    double p[MOST], t[MOST], loss = 0, sum = 0;
    naive_probabilities(&c, z, k, p);
    for (int i = 0; i < k; i++) {
        const double w = spec->class_weight_count > 0 ? spec->class_weights[i] : 1;
        t[i] = w * ((1 - spec->label_smoothing) * (i == label) + spec->label_smoothing / k);
        loss -= t[i] * log(p[i]);
        sum += t[i];
    }
    for (int i = 0; i < k; i++)
        dz[i] = p[i] * sum - t[i];
    return loss;
}

static void weights_and_smoothing_agree_with_their_formulas(void **state) {
    (void)state;
    const double smoothings[] = {0, 0.1, 1};
    for (int i = 0; i < WIDTHS * 6; i++) {
        const int k = widths[i / 6];
        const loss_spec spec = weighted(smoothings[i % 3], i % 6 >= 3, k);
        const loss_function loss = open_loss(&cases[i % 2], spec, k, k);
        samples s;
        real dz[COUNT * MOST];
        double sum = 0, weight = 0, expected[MOST];
        draw_samples(&s, k, (uint64_t)i);
        const loss_sums sums = loss_evaluate(&loss, s.z, &s.targets, COUNT, 0.5, dz);
        for (int n = 0; n < COUNT; n++) {
            sum += naive_weighted(&spec, s.z + n * k, s.labels[n], k, expected);
            weight += spec.class_weight_count > 0 ? spec.class_weights[s.labels[n]] : 1;
            for (int j = 0; j < k; j++)
                assert_close(dz[n * k + j], 0.5 * expected[j]);
        }
        assert_close(sums.loss, sum);
        assert_close(sums.weight, weight);
        assert_true(loss_weight(&loss, s.labels, COUNT) == sums.weight && sums.samples == COUNT);
        assert_close(loss_value(&loss.spec, sums), sum / weight);
    }
}

/* torch.nn.CrossEntropyLoss of PyTorch 1.13 in double precision, of the logits and labels below:
 * (label_smoothing, with weight, reduction) → value. */
static void weights_and_smoothing_are_those_of_pytorch(void **state) {
    (void)state;
    enum { N = 4, K = 3 };
    const real z[N * K] = {0.5, -1, 2, 1, 1, -0.5, -2, 0.25, 0.75, 3, -1, 0};
    uint8_t labels[N] = {0, 1, 2, 1};
    const struct {
        double smoothing;
        bool has_weights;
        reduction over_samples;
        double value;
    } expected[] = {
        {0, true, REDUCE_MEAN, 1.346924305680733},     {0, true, REDUCE_SUM, 9.697855000901281},
        {0.1, false, REDUCE_MEAN, 1.77771905102269},   {0.1, false, REDUCE_SUM, 7.110876204090759},
        {0.1, true, REDUCE_MEAN, 1.394312867535425},   {0.1, true, REDUCE_SUM, 10.03905264625507},
        {0.35, false, REDUCE_MEAN, 1.772510717689356}, {0.35, false, REDUCE_SUM, 7.090042870757424},
        {0.35, true, REDUCE_MEAN, 1.512784272172155},  {0.35, true, REDUCE_SUM, 10.89204675963952},
    };
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        loss_spec spec = {.label_smoothing = expected[i].smoothing,
                          .class_weight_count = expected[i].has_weights ? K : 0,
                          .class_weights = {0.2, 1.5, 4},
                          .over_samples = expected[i].over_samples};
        const loss_function loss = open_loss(&cases[0], spec, K, K);
        assert_close(loss_value(&spec, loss_evaluate(&loss, z, &(batch_targets){labels, NULL}, N, 1, NULL)),
                     expected[i].value);
    }
}

/* A weight multiplies the whole loss of a sample when labels are not smoothed, entropy term included. */
static void the_entropy_term_weighs_as_the_label(void **state) {
    (void)state;
    loss_spec spec = weighted(0, true, CLASSES), plain = {.entropy_weight = 0.3};
    spec.entropy_weight = 0.3;
    const loss_function with = open_loss(&cases[0], spec, CLASSES, CLASSES),
                        without = open_loss(&cases[0], plain, CLASSES, CLASSES);
    samples s;
    draw_samples(&s, CLASSES, 7);
    for (int n = 0; n < COUNT; n++) {
        const real *z = s.z + n * CLASSES;
        const batch_targets one = {s.labels + n, NULL};
        real dz[CLASSES], expected[CLASSES];
        const double w = spec.class_weights[s.labels[n]], loss = loss_evaluate(&with, z, &one, 1, 1, dz).loss;
        assert_close(loss, w * loss_evaluate(&without, z, &one, 1, 1, expected).loss);
        for (int i = 0; i < CLASSES; i++)
            assert_close(dz[i], w * expected[i]);
    }
}

/* ---- Where the formulas cannot be computed as written ------------------------------------------ */

/* z = 10⁴ (0, 1, −1, …) in every rotation, with every label. */
static void large_outputs_give_finite_losses_and_gradients(void **state) {
    (void)state;
    const double corners[] = {0, 1e4, -1e4, 1e4, 1};
    enum { WIDTH = sizeof corners / sizeof *corners };
    for (int i = 0; i < CASES * WIDTH * WIDTH; i++) {
        const loss_function loss =
            open_loss(&cases[i / WIDTH / WIDTH], (loss_spec){.entropy_weight = 0.3}, WIDTH, WIDTH);
        uint8_t label = (uint8_t)(i % WIDTH);
        real z[WIDTH], dz[WIDTH];
        for (int k = 0; k < WIDTH; k++)
            z[k] = corners[(k + i / WIDTH) % WIDTH];
        assert_true(isfinite(loss_evaluate(&loss, z, &(batch_targets){&label, NULL}, 1, 1, dz).loss));
        for (int k = 0; k < WIDTH; k++)
            assert_true(isfinite(dz[k]));
    }
}

static void assert_loss(const loss_case *c, const real *z, int outputs, double expected, const real *slope) {
    const loss_function loss = open_loss(c, (loss_spec){.over_outputs = REDUCE_SUM}, outputs, 2);
    uint8_t label = 0;
    real dz[2];
    assert_close(loss_evaluate(&loss, z, &(batch_targets){&label, NULL}, 1, 1, dz).loss, expected);
    for (int k = 0; k < outputs; k++)
        assert_close(dz[k], slope[k]);
}

/* Label 0, and the model is certain of class 1: log p = −10⁴ and log(1 − p) = −10⁴, where p is 0 and 1. */
static void a_wrong_certainty_costs_what_the_limit_says(void **state) {
    (void)state;
    assert_loss(&(loss_case){LOSS_CROSS_ENTROPY, LAYER_DENSE}, (real[]){0, 1e4}, 2, 1e4, (real[]){-1, 1});
    assert_loss(&(loss_case){LOSS_BINARY_CROSS_ENTROPY, LAYER_SOFTMAX}, (real[]){0, 1e4}, 2, 2e4,
                (real[]){-2, 2});
    assert_loss(&(loss_case){LOSS_BINARY_CROSS_ENTROPY, LAYER_SIGMOID}, (real[]){-1e4, 1e4}, 2, 2e4,
                (real[]){-1, 1});
    assert_loss(&(loss_case){LOSS_BINARY_CROSS_ENTROPY, LAYER_SCALED_SIGMOID}, (real[]){1e4}, 1, 2e4,
                (real[]){2});
}

/* ---- Penalties --------------------------------------------------------------------------------- */

/* Σ c w² over the weights in natural order, c = 0.25 but for the layer whose own is `own`. */
static double naive_penalty(const model *m, const real *natural, int own_layer, double own) {
    double sum = 0;
    for (int i = 0; i < m->layer_count; i++) {
        const layer *l = &m->layers[i];
        for (size_t n = 0; n < l->weight_count; n++)
            sum += (l->position == own_layer ? own : 0.25) * natural[n] * natural[n];
        natural += l->parameter_count;
    }
    return sum;
}

static void penalties_count_the_weights_of_each_layer(void **state) {
    (void)state;
    const tensor_shape input = {2, 4, 3};
    const double own[] = {0, 2};
    for (int i = 0; i < 2; i++) {
        model_spec spec = {.layer_count = 4,
                           .layers = {CONV(5, 3, 2, 1, 1, 0, 0), BATCH_NORM, DENSE(17), DENSE(3)}};
        spec.layers[2].own_l2 = true;
        spec.layers[2].l2 = own[i];
        model m;
        error_info error;
        arena memory = {0};
        real natural[1000];
        assert_int_equal(model_build(&m, &spec, spec.layer_count - 1, input, 1, &error), STATUS_OK);
        take_model_memory(&m, &memory);
        initialize_parameters(&m, &spec, 5, 0);
        assert_in_range(m.parameter_count, 1, sizeof natural / sizeof *natural);
        model_get_parameters(&m, m.parameters, natural);
        assert_close(penalty_value(&m, &(loss_spec){.l2 = 0.25}), naive_penalty(&m, natural, 2, own[i]));
        arena_release(&memory);
    }
}

/* ---- What the loss is computed from ------------------------------------------------------------ */

static loss_function opened(loss_kind kind, const model_spec *network) {
    loss_function loss;
    error_info error;
    assert_int_equal(loss_open(&loss, &(loss_spec){.kind = kind}, network, CLASSES, &error), STATUS_OK);
    return loss;
}

static void a_last_softmax_or_sigmoid_belongs_to_the_loss(void **state) {
    (void)state;
    const model_spec logits = {.layer_count = 1, .layers = {DENSE(CLASSES)}};
    const model_spec softmax = {.layer_count = 2, .layers = {DENSE(CLASSES), LAYER(SOFTMAX)}};
    const model_spec flat = {.layer_count = 3, .layers = {DENSE(CLASSES), LAYER(SOFTMAX), LAYER(FLATTEN)}};
    const model_spec *models[] = {&logits, &softmax, &flat};
    for (int i = 0; i < 3; i++) {
        const loss_function loss = opened(LOSS_CROSS_ENTROPY, models[i]);
        assert_int_equal(loss.link, LINK_SOFTMAX);
        assert_int_equal(loss.model_layers, 1);
    }
    assert_int_equal(opened(LOSS_BINARY_CROSS_ENTROPY, &softmax).model_layers, 1);
    const loss_function squares = opened(LOSS_SQUARED_ERROR, &softmax);
    assert_int_equal(squares.link, LINK_IDENTITY);
    assert_int_equal(squares.model_layers, 2);
}

static void binary_cross_entropy_of_other_outputs_is_refused(void **state) {
    (void)state;
    const model_spec network = {.layer_count = 2, .layers = {DENSE(CLASSES), LAYER(TANH)}};
    loss_function loss;
    error_info error;
    const loss_spec spec = {.kind = LOSS_BINARY_CROSS_ENTROPY};
    assert_int_equal(loss_open(&loss, &spec, &network, CLASSES, &error), STATUS_USAGE);
    assert_non_null(strstr(error.text, "layer 1; accepted: a last layer sigmoid"));
}

typedef struct fit_case {
    loss_kind kind;
    layer_kind end;
    int outputs, classes, target_count;
    const char *refusal; /* NULL: accepted */
} fit_case;

static void outputs_must_fit_the_classes_or_targets(void **state) {
    (void)state;
    const fit_case fits[] = {
        {LOSS_CROSS_ENTROPY, LAYER_SOFTMAX, 3, 3, 0, NULL},
        {LOSS_CROSS_ENTROPY, LAYER_SOFTMAX, 2, 3, 0, "2 × 1 × 1 outputs, but the data set has 3 classes"},
        {LOSS_CROSS_ENTROPY, LAYER_IDENTITY, 1, 2, 0, "has 2 classes"},
        {LOSS_BINARY_CROSS_ENTROPY, LAYER_SIGMOID, 1, 2, 0, NULL},
        {LOSS_BINARY_CROSS_ENTROPY, LAYER_SIGMOID, 2, 2, 0, NULL},
        {LOSS_BINARY_CROSS_ENTROPY, LAYER_SIGMOID, 1, 3, 0, "has 3 classes"},
        {LOSS_BINARY_CROSS_ENTROPY, LAYER_SOFTMAX, 1, 2, 0, "has 2 classes"},
        {LOSS_BINARY_CROSS_ENTROPY, LAYER_TANH, 2, 2, 0, "a last layer sigmoid"},
        {LOSS_SQUARED_ERROR, LAYER_TANH, 1, 2, 0, NULL},
        {LOSS_SQUARED_ERROR, LAYER_IDENTITY, 3, 3, 0, NULL},
        {LOSS_SQUARED_ERROR, LAYER_IDENTITY, 2, 0, 2, NULL},
        {LOSS_SQUARED_ERROR, LAYER_IDENTITY, 1, 0, 2, "has 2 targets"},
        {LOSS_CROSS_ENTROPY, LAYER_IDENTITY, 2, 0, 2, "accepted: the loss squared_error or huber"},
        {LOSS_BINARY_CROSS_ENTROPY, LAYER_SIGMOID, 3, 0, 3, NULL},
        {LOSS_BINARY_CROSS_ENTROPY, LAYER_SCALED_SIGMOID, 1, 0, 1, NULL},
        {LOSS_BINARY_CROSS_ENTROPY, LAYER_SIGMOID, 2, 0, 3, "has 3 targets"},
        {LOSS_BINARY_CROSS_ENTROPY, LAYER_SOFTMAX, 3, 0, 3, "only one of several labels"},
    };
    for (size_t i = 0; i < sizeof fits / sizeof *fits; i++) {
        const fit_case *f = &fits[i];
        const training_spec spec = {
            .model = {.layer_count = 2, .layers = {DENSE(f->outputs), {.kind = f->end}}},
            .loss.kind = f->kind,
            .epochs = 1,
            .batch = 1,
        };
        const dataset data = {
            .shape = {4, 1, 1}, .classes = f->classes, .target_count = f->target_count, .train.count = 1};
        training_plan plan;
        error_info error = {0};
        const status code = engine_plan(&spec, &data, &plan, &error);
        assert_int_equal(code, f->refusal == NULL ? STATUS_OK : STATUS_USAGE);
        if (f->refusal != NULL && strstr(error.text, f->refusal) == NULL)
            fail_msg("case %zu: \"%s\" does not say \"%s\"", i, error.text, f->refusal);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(losses_agree_with_their_formulas),
        cmocka_unit_test(one_output_tells_two_classes),
        cmocka_unit_test(a_regression_is_measured_by_its_targets),
        cmocka_unit_test(several_labels_are_told_by_as_many_outputs),
        cmocka_unit_test(outputs_are_probabilities_after_the_link),
        cmocka_unit_test(the_mean_over_outputs_is_the_sum_divided_by_their_number),
        cmocka_unit_test(parts_of_a_set_add_up),
        cmocka_unit_test(the_loss_of_a_set_is_the_mean_or_the_sum_over_samples),
        cmocka_unit_test(weights_and_smoothing_agree_with_their_formulas),
        cmocka_unit_test(weights_and_smoothing_are_those_of_pytorch),
        cmocka_unit_test(the_entropy_term_weighs_as_the_label),
        cmocka_unit_test(large_outputs_give_finite_losses_and_gradients),
        cmocka_unit_test(a_wrong_certainty_costs_what_the_limit_says),
        cmocka_unit_test(penalties_count_the_weights_of_each_layer),
        cmocka_unit_test(a_last_softmax_or_sigmoid_belongs_to_the_loss),
        cmocka_unit_test(outputs_must_fit_the_classes_or_targets),
        cmocka_unit_test(binary_cross_entropy_of_other_outputs_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
