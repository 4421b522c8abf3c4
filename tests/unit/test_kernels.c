/* Every kernel set against the reference, over random shapes.
 *
 * Each of two sums of n products is within n ε Σ|a b| of the exact one (Higham, Accuracy and Stability,
 * §3.1), so they differ by at most twice that. Kernels that only choose values must agree exactly. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "engine/kernels/kernels.h"

enum { SHAPES = 1500, LARGEST = 1 << 16, MOST_PANELS = 4 };

static float *random_values(random_stream *stream, size_t count) {
    float *values = malloc(count * sizeof *values);
    assert_non_null(values);
    for (size_t i = 0; i < count; i++)
        values[i] = (float)random_normal(stream);
    return values;
}

static float *copy_of(const float *values, size_t count) {
    float *copy = malloc(count * sizeof *copy);
    assert_non_null(copy);
    memcpy(copy, values, count * sizeof *copy);
    return copy;
}

static int between(random_stream *stream, int low, int high) {
    return low + (int)random_below(stream, (uint32_t)(high - low + 1));
}

static int larger(int a, int b) {
    return a > b ? a : b;
}

static const kernel_set *reference_set(void) {
    const kernel_set *const *set = kernels_available();
    while (set[1] != NULL)
        set++;
    assert_string_equal((*set)->name, "reference");
    return *set;
}

/* Σ |a b| of one sum. */
static double magnitude(const product *p, int r, int j) {
    double sum = 0;
    for (int s = 0; s < p->segments; s++)
        for (int t = 0; t < p->length; t++)
            sum += fabs((double)p->a[s * p->a_segment + r * p->a_row + t * p->a_step] *
                        (double)p->b[j / PANEL * p->b_panel + s * p->b_segment + t * p->b_step + j % PANEL]);
    return sum;
}

/* How much two sets may differ at c[i], to which several rows are added where they overlap; 0 outside all
 * rows. */
static double tolerance(const product *p, size_t i, double expected) {
    double terms = 0, size = 0;
    for (int r = 0; r < p->rows; r++)
        for (int q = 0; q * PANEL < p->columns; q++) {
            const ptrdiff_t j = (ptrdiff_t)i - q * p->c_panel - r * p->c_row;
            if (j < 0 || j >= PANEL || q * PANEL + j >= p->columns)
                continue;
            terms += p->segments * p->length + 1.0;
            size += magnitude(p, r, q * PANEL + (int)j);
        }
    return 2 * terms * FLT_EPSILON * (size + fabs(expected) + 1);
}

/* A random product inside arrays of LARGEST values. */
static product random_product(random_stream *stream, const float *a, const float *b, const float *bias) {
    product p = {
        .rows = between(stream, 1, 40),
        .columns = between(stream, 0, 3) > 0 ? PANEL * between(stream, 1, MOST_PANELS)
                                             : between(stream, 1, MOST_PANELS * PANEL),
        .segments = between(stream, 1, 5),
        .length = between(stream, 1, 60),
        .a = a,
        .b = b,
        .bias = between(stream, 0, 1) ? bias : NULL,
        .accumulate = between(stream, 0, 1),
    };
    p.a_row = between(stream, 1, 70);
    p.a_step = between(stream, 0, 1) ? 1 : between(stream, 1, 40);
    p.a_segment = between(stream, 0, 1000);
    p.b_step = PANEL * between(stream, 1, 3);
    p.b_segment = p.length * p.b_step;
    p.b_panel = between(stream, 0, 1) ? p.segments * p.b_segment : PANEL;
    p.c_panel = PANEL;
    p.c_row = p.accumulate && p.columns <= PANEL ? between(stream, 1, 2 * PANEL)
                                                 : p.columns + between(stream, 0, 20);
    if (between(stream, 0, 1)) { /* a panel after the other */
        p.c_row = larger(p.c_row % (2 * PANEL), p.columns < PANEL ? p.columns : PANEL);
        p.c_panel = p.rows * p.c_row;
    }
    return p;
}

static void products_agree(void **state) {
    (void)state;
    const kernel_set *reference = reference_set();
    random_stream stream = random_stream_open(21, 0, RANDOM_SYNTHETIC, 0);
    float *a = random_values(&stream, LARGEST), *b = random_values(&stream, LARGEST);
    float *bias = random_values(&stream, MOST_PANELS * PANEL);
    for (int shape = 0; shape < SHAPES; shape++) {
        product p = random_product(&stream, a, b, bias);
        const size_t panels = (size_t)(p.columns + PANEL - 1) / PANEL;
        size_t size = panels * (size_t)(p.rows * p.c_row) + PANEL;
        float *start = random_values(&stream, size), *expected = copy_of(start, size);
        p.c = expected;
        reference->product(&p);
        for (const kernel_set *const *set = kernels_available(); *set != reference; set++) {
            float *found = copy_of(start, size);
            p.c = found;
            (*set)->product(&p);
            for (size_t i = 0; i < size; i++) {
                if (!(fabs((double)found[i] - (double)expected[i]) <= tolerance(&p, i, (double)expected[i])))
                    fail_msg("%s: shape %d, element %zu: %g instead of %g", (*set)->name, shape, i,
                             (double)found[i], (double)expected[i]);
            }
            free(found);
        }
        free(start);
        free(expected);
    }
    free(a);
    free(b);
    free(bias);
}

typedef struct pool_case {
    pooling p;
    size_t in, out;
} pool_case;

static pool_case random_pooling(random_stream *stream) {
    pool_case c;
    c.p = (pooling){
        .channels = between(stream, 1, 40),
        .kernel_height = between(stream, 1, 4),
        .kernel_width = between(stream, 1, 4),
        .stride_height = between(stream, 1, 4),
        .stride_width = between(stream, 1, 4),
    };
    c.p.height = between(stream, c.p.kernel_height, 9);
    c.p.width = between(stream, c.p.kernel_width, 9);
    c.p.out_height = (c.p.height - c.p.kernel_height) / c.p.stride_height + 1;
    c.p.out_width = (c.p.width - c.p.kernel_width) / c.p.stride_width + 1;
    c.in = (size_t)(c.p.height * c.p.width * c.p.channels);
    c.out = (size_t)(c.p.out_height * c.p.out_width * c.p.channels);
    return c;
}

static void poolings_agree(void **state) {
    (void)state;
    const kernel_set *reference = reference_set();
    random_stream stream = random_stream_open(22, 0, RANDOM_SYNTHETIC, 0);
    for (int shape = 0; shape < SHAPES; shape++) {
        const pool_case c = random_pooling(&stream);
        float *x = random_values(&stream, c.in), *dy = random_values(&stream, c.out);
        for (size_t i = 0; i < c.in; i += 3)
            x[i] = (float)between(&stream, -1, 1); /* ties */
        x[random_below(&stream, (uint32_t)c.in)] = NAN;
        float *expected = copy_of(dy, c.out), *expected_dx = copy_of(x, c.in);
        unsigned char *places = malloc(2 * c.out);
        assert_non_null(places);
        reference->max_pool(&c.p, x, expected, places);
        reference->max_pool_backward(&c.p, dy, places, expected_dx);
        for (const kernel_set *const *set = kernels_available(); *set != reference; set++) {
            float *found = copy_of(dy, c.out), *dx = copy_of(x, c.in);
            (*set)->max_pool(&c.p, x, found, places + c.out);
            assert_memory_equal(found, expected, c.out * sizeof *found);
            assert_memory_equal(places + c.out, places, c.out);
            (*set)->max_pool_backward(&c.p, dy, places, dx);
            assert_memory_equal(dx, expected_dx, c.in * sizeof *dx);
            free(found);
            free(dx);
        }
        free(x);
        free(dy);
        free(expected);
        free(expected_dx);
        free(places);
    }
}

static void relus_agree(void **state) {
    (void)state;
    const kernel_set *reference = reference_set();
    random_stream stream = random_stream_open(23, 0, RANDOM_SYNTHETIC, 0);
    for (int shape = 0; shape < SHAPES; shape++) {
        size_t n = (size_t)between(&stream, 1, 100);
        float *x = random_values(&stream, n), *dy = random_values(&stream, n);
        x[0] = shape % 7 == 0 ? NAN : x[0];
        float y[2][100], dx[2][100];
        for (const kernel_set *const *set = kernels_available(); *set != reference; set++) {
            const kernel_set *pair[2] = {reference, *set};
            for (int i = 0; i < 2; i++) {
                pair[i]->relu(n, x, y[i]);
                pair[i]->relu_backward(n, y[i], dy, dx[i]);
            }
            assert_memory_equal(y[0], y[1], n * sizeof **y);
            assert_memory_equal(dx[0], dx[1], n * sizeof **dx);
        }
        free(x);
        free(dy);
    }
}

/* The three updates in turn on the same numbers. */
static void update_all(const kernel_set *set, update u, int kind) {
    void (*const updates[3])(const update *) = {set->sgd, set->adam, set->rmsprop};
    updates[kind](&u);
}

static void updates_agree(void **state) {
    (void)state;
    const kernel_set *reference = reference_set();
    random_stream stream = random_stream_open(26, 0, RANDOM_SYNTHETIC, 0);
    for (int shape = 0; shape < SHAPES; shape++) {
        size_t n = (size_t)between(&stream, 1, 100);
        float *g = random_values(&stream, n), *start = random_values(&stream, 3 * n);
        for (size_t i = 2 * n; i < 3 * n; i++)
            start[i] = fabsf(start[i]); /* second moments */
        update u = {.n = n,
                    .g = g,
                    .lr = 0.01f,
                    .weight_decay = 0.1f * (float)between(&stream, 0, 1),
                    .decay1 = 0.9f,
                    .decay2 = 0.99f,
                    .correction = 1.5f,
                    .epsilon = 1e-4f,
                    .nesterov = between(&stream, 0, 1),
                    .epsilon_inside = between(&stream, 0, 1)};
        for (int kind = 0; kind < 3; kind++) {
            float *expected = copy_of(start, 3 * n);
            u.w = expected, u.first = expected + n, u.second = expected + 2 * n;
            update_all(reference, u, kind);
            for (const kernel_set *const *set = kernels_available(); *set != reference; set++) {
                float *found = copy_of(start, 3 * n);
                u.w = found, u.first = found + n, u.second = found + 2 * n;
                update_all(*set, u, kind);
                /* a handful of roundings of numbers up to the sum of these magnitudes */
                for (size_t i = 0; i < 3 * n; i++) {
                    double scale = fabs((double)start[i]) + fabs((double)g[i % n]) +
                                   fabs((double)start[i % n]) + fabs((double)expected[i]) +
                                   (double)g[i % n] * (double)g[i % n] + 1;
                    assert_true(fabs((double)found[i] - (double)expected[i]) <= 8 * FLT_EPSILON * scale);
                }
                free(found);
            }
            free(expected);
        }
        free(g);
        free(start);
    }
}

/* Units in the last place of the greater of `expected` and `floor`. */
static double units_apart(float found, double expected, double floor) {
    if (isnan(expected))
        return isnan(found) ? 0 : INFINITY;
    return fabs((double)found - expected) / (FLT_EPSILON * fmax(fabs(expected), floor));
}

/* Against the library's functions in double precision; the sigmoid's argument is a product of the kernel. */
static void elementary_functions_are_within_units_of_the_exact_ones(void **state) {
    (void)state;
    const float special[] = {0,  -0.0f, 1e-30f, -1e-7f, 0.625f,   -0.625f,   9,  -9.5f,
                             87, -88,   1e4f,   -1e30f, INFINITY, -INFINITY, NAN};
    enum { SPECIAL = sizeof special / sizeof *special };
    random_stream stream = random_stream_open(27, 0, RANDOM_SYNTHETIC, 0);
    for (int shape = 0; shape < SHAPES; shape++) {
        const size_t n = (size_t)between(&stream, SPECIAL, 150);
        float *x = random_values(&stream, n), y[150];
        const float width = (float)(shape % 12), scale = shape % 2 ? 1 : 2;
        for (size_t i = 0; i < n; i++)
            x[i] = i < SPECIAL ? special[i] : width * x[i];
        for (const kernel_set *const *set = kernels_available(); *set != NULL; set++) {
            (*set)->tanh(n, x, y);
            for (size_t i = 0; i < n; i++)
                assert_true(units_apart(y[i], tanh((double)x[i]), 1e-30) <= 3);
            memcpy(y, x, n * sizeof *x);
            (*set)->sigmoid(n, scale, y, y);
            for (size_t i = 0; i < n; i++)
                assert_true(units_apart(y[i], 1 / (1 + exp((double)(-scale * x[i]))), 1e-30) <= 4);
        }
        free(x);
    }
}

typedef double (*exact_function)(double x);

static double exact_gelu(double x) {
    return x * erfc(-x / sqrt(2)) / 2;
}

static double exact_gelu_slope(double x) {
    return erfc(-x / sqrt(2)) / 2 + x * exp(-x * x / 2) / sqrt(2 * acos(-1));
}

/* 2 √(2/π) and that times 0.044715 */
static const double bend = 1.5957691216057308, bend_3 = 0.071354816272600249;

static double exact_share(double x) {
    return 1 / (1 + exp(-x));
}

static double exact_gelu_tanh(double x) {
    return x * exact_share(x * (bend + bend_3 * x * x));
}

static double exact_gelu_tanh_slope(double x) {
    const double s = exact_share(x * (bend + bend_3 * x * x));
    return s * (1 + x * (1 - s) * (bend + 3 * bend_3 * x * x));
}

static double exact_silu(double x) {
    return x * exact_share(x);
}

static double exact_silu_slope(double x) {
    return exact_share(x) * (1 + x * (1 - exact_share(x)));
}

static const softplus_shape bent = {.beta = 2, .threshold = 20};

static double exact_softplus(double x) {
    return 2 * x > 20 ? x : log1p(exp(2 * x)) / 2;
}

static double exact_softplus_slope(double x) {
    return 2 * x > 20 ? 1 : exact_share(2 * x);
}

/* Values against `y`, and gradients of 3 against its slope: below 0.1 the digits that `y` has absolutely. */
static void check_activation(const char *name, size_t n, const float *x, const float *y, exact_function value,
                             const float *dx, exact_function slope) {
    for (size_t i = 0; i < n; i++) {
        const double found = units_apart(y[i], value((double)x[i]), 0.1);
        const double found_slope = units_apart(dx[i], 3 * slope((double)x[i]), 3);
        if (!(found <= 6 && found_slope <= 6))
            fail_msg("%s of %g: %.3g and %.3g units from the exact value and slope", name, (double)x[i],
                     found, found_slope);
    }
}

static void check_activations(const kernel_set *set, size_t n, const float *x) {
    float y[4][150], dx[4][150];
    for (size_t i = 0; i < n; i++)
        dx[0][i] = dx[1][i] = dx[2][i] = dx[3][i] = 3;
    set->gelu(n, x, y[0]);
    set->gelu_backward(n, x, dx[0], dx[0]);
    set->gelu_tanh(n, x, y[1]);
    set->gelu_tanh_backward(n, x, dx[1], dx[1]);
    set->silu(n, x, y[2]);
    set->silu_backward(n, x, dx[2], dx[2]);
    set->softplus(n, bent, x, y[3]);
    set->softplus_backward(n, bent, x, dx[3], dx[3]);
    check_activation("gelu", n, x, y[0], exact_gelu, dx[0], exact_gelu_slope);
    check_activation("gelu_tanh", n, x, y[1], exact_gelu_tanh, dx[1], exact_gelu_tanh_slope);
    check_activation("silu", n, x, y[2], exact_silu, dx[2], exact_silu_slope);
    check_activation("softplus", n, x, y[3], exact_softplus, dx[3], exact_softplus_slope);
}

static void smooth_activations_are_within_units_of_the_exact_ones(void **state) {
    (void)state;
    const float special[] = {0, -0.0f, 1e-30f, -1e-7f, 0.625f, -0.625f, 9, -9.5f, 87, -88, 1e4f, -1e9f, NAN};
    enum { SPECIAL = sizeof special / sizeof *special };
    random_stream stream = random_stream_open(28, 0, RANDOM_SYNTHETIC, 0);
    for (int shape = 0; shape < SHAPES; shape++) {
        const size_t n = (size_t)between(&stream, SPECIAL, 150);
        float *x = random_values(&stream, n);
        const float width = (float)(shape % 12);
        for (size_t i = 0; i < n; i++)
            x[i] = i < SPECIAL ? special[i] : width * x[i];
        for (const kernel_set *const *set = kernels_available(); *set != NULL; set++)
            check_activations(*set, n, x);
        free(x);
    }
}

/* μ and 1 / √(σ² + ε) of x (n), in double. */
static void exact_statistics(size_t n, const float *x, double epsilon, double statistics[2]) {
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)x[i];
    for (size_t i = 0; i < n; i++)
        squares += pow((double)x[i] - sum / (double)n, 2);
    statistics[0] = sum / (double)n;
    statistics[1] = 1 / sqrt(squares / (double)n + epsilon);
}

/* Largest distance of found (n) from exact (n), in units of numbers up to `scale`. */
static void assert_within(size_t n, const float *found, const double *expected, double scale) {
    for (size_t i = 0; i < n; i++)
        assert_true(fabs((double)found[i] - expected[i]) <= 20 * FLT_EPSILON * scale);
}

enum { LONGEST_NORM = 3000 };

static void check_layer_norm(const kernel_set *set, size_t n, const float *x, const float *dy,
                             const float *gamma) {
    static float y[LONGEST_NORM], dx[LONGEST_NORM], d_gamma[LONGEST_NORM], d_beta[LONGEST_NORM];
    static double expected[4][LONGEST_NORM];
    const double epsilon = 1e-3;
    double exact[2], plain = 0, weighted = 0;
    float statistics[2];
    exact_statistics(n, x, epsilon, exact);
    for (size_t i = 0; i < n; i++) {
        const double unit = ((double)x[i] - exact[0]) * exact[1];
        plain += (double)gamma[i] * (double)dy[i] / (double)n;
        weighted += (double)gamma[i] * (double)dy[i] * unit / (double)n;
        expected[0][i] = unit * (double)gamma[i] + (double)dy[i];
        expected[1][i] = 1 + (double)dy[i] * unit;
        expected[2][i] = 2 + (double)dy[i];
        d_gamma[i] = 1, d_beta[i] = 2;
    }
    for (size_t i = 0; i < n; i++) {
        const double unit = ((double)x[i] - exact[0]) * exact[1];
        expected[3][i] = exact[1] * ((double)gamma[i] * (double)dy[i] - plain - unit * weighted);
    }
    set->layer_norm(n, epsilon, x, gamma, dy, y, statistics); /* dy serves as β */
    const layer_norm_gradient g = {.n = n,
                                   .x = x,
                                   .dy = dy,
                                   .gamma = gamma,
                                   .mean = statistics[0],
                                   .inverse = statistics[1],
                                   .d_gamma = d_gamma,
                                   .d_beta = d_beta,
                                   .dx = dx};
    set->layer_norm_backward(&g);
    assert_within(n, y, expected[0], 8);
    assert_within(n, d_gamma, expected[1], 8);
    assert_within(n, d_beta, expected[2], 8);
    assert_within(n, dx, expected[3], 8 * fmax(exact[1], 1));
}

static void layer_norms_are_exact(void **state) {
    (void)state;
    random_stream stream = random_stream_open(29, 0, RANDOM_SYNTHETIC, 0);
    for (int shape = 0; shape < SHAPES; shape++) {
        const size_t n = (size_t)between(&stream, 1, shape % 4 == 0 ? LONGEST_NORM : 100);
        float *x = random_values(&stream, n), *dy = random_values(&stream, n);
        float *gamma = random_values(&stream, n);
        for (size_t i = 0; i < n; i++)
            x[i] += (float)(shape % 3); /* a mean that is not 0 */
        for (const kernel_set *const *set = kernels_available(); *set != NULL; set++)
            check_layer_norm(*set, n, x, dy, gamma);
        free(x);
        free(dy);
        free(gamma);
    }
}

static void bytes_are_scaled_and_interleaved(void **state) {
    (void)state;
    enum { MOST_CHANNELS = 5, PIXELS = 120 };
    random_stream stream = random_stream_open(28, 0, RANDOM_SYNTHETIC, 0);
    for (int shape = 0; shape < SHAPES; shape++) {
        const int channels = between(&stream, 1, MOST_CHANNELS);
        const size_t n = (size_t)between(&stream, 1, PIXELS);
        unsigned char x[MOST_CHANNELS * PIXELS];
        for (size_t i = 0; i < sizeof x; i++)
            x[i] = (unsigned char)between(&stream, 0, 255);
        float *gain = random_values(&stream, MOST_CHANNELS), *shift = random_values(&stream, MOST_CHANNELS);
        for (const kernel_set *const *set = kernels_available(); *set != NULL; set++) {
            float y[MOST_CHANNELS * PIXELS + 1] = {0};
            (*set)->scale_bytes(n, channels, x, gain, shift, y);
            for (size_t i = 0; i < n * (size_t)channels; i++) {
                const size_t c = i % (size_t)channels, byte = c * n + i / (size_t)channels;
                const double part = x[byte] * (double)gain[c], exact = part + (double)shift[c];
                assert_true(fabs((double)y[i] - exact) <=
                            2 * FLT_EPSILON * (fabs(part) + fabs((double)shift[c])));
            }
            assert_true(y[n * (size_t)channels] == 0);
        }
        free(gain);
        free(shift);
    }
}

/* Sums in double precision and of magnitudes, which bound the error of single precision. */
typedef struct exact_sum {
    double value, size;
    int terms;
} exact_sum;

static void add_term(exact_sum *s, double term) {
    s->value += term;
    s->size += fabs(term);
    s->terms++;
}

static void assert_sum(float found, exact_sum expected) {
    assert_true(fabs((double)found - expected.value) <= (expected.terms + 1) * FLT_EPSILON * expected.size);
}

enum { TINY_SAMPLES = 40 };

typedef struct tiny_case {
    size_t count;
    int k, o;
    float *x, *dy, *w, *bias; /* (count, k), (count, o), [k][TINY], (o) */
    float y[TINY_SAMPLES * TINY], dx[TINY_SAMPLES * TINY], dw[TINY * TINY], db[TINY];
} tiny_case;

static void check_tiny(const tiny_case *t) {
    const size_t k = (size_t)t->k, o = (size_t)t->o;
    for (size_t n = 0; n < t->count; n++) {
        for (size_t j = 0; j < o; j++) {
            exact_sum y = {0};
            add_term(&y, (double)t->bias[j]);
            for (size_t i = 0; i < k; i++)
                add_term(&y, (double)t->x[n * k + i] * (double)t->w[i * TINY + j]);
            assert_sum(t->y[n * o + j], y);
        }
        for (size_t i = 0; i < k; i++) {
            exact_sum dx = {0};
            for (size_t j = 0; j < o; j++)
                add_term(&dx, (double)t->dy[n * o + j] * (double)t->w[i * TINY + j]);
            assert_sum(t->dx[n * k + i], dx);
        }
    }
    for (size_t j = 0; j < o; j++) {
        exact_sum db = {0};
        add_term(&db, 1);
        for (size_t n = 0; n < t->count; n++)
            add_term(&db, (double)t->dy[n * o + j]);
        assert_sum(t->db[j], db);
        for (size_t i = 0; i < k; i++) {
            exact_sum dw = {0};
            add_term(&dw, 1);
            for (size_t n = 0; n < t->count; n++)
                add_term(&dw, (double)t->dy[n * o + j] * (double)t->x[n * k + i]);
            assert_sum(t->dw[i * TINY + j], dw);
        }
    }
}

static void tiny_dense_layers_are_sums(void **state) {
    (void)state;
    random_stream stream = random_stream_open(29, 0, RANDOM_SYNTHETIC, 0);
    for (int shape = 0; shape < SHAPES; shape++) {
        tiny_case t = {.count = (size_t)between(&stream, 1, TINY_SAMPLES),
                       .k = between(&stream, 1, TINY),
                       .o = between(&stream, 1, TINY)};
        t.x = random_values(&stream, t.count * TINY);
        t.dy = random_values(&stream, t.count * TINY);
        t.w = random_values(&stream, TINY * TINY);
        t.bias = random_values(&stream, TINY);
        for (const kernel_set *const *set = kernels_available(); *set != NULL; set++) {
            for (int i = 0; i < TINY * TINY; i++)
                t.dw[i] = 1;
            for (int j = 0; j < TINY; j++)
                t.db[j] = 1;
            (*set)->tiny_forward(t.count, t.k, t.o, t.x, t.w, t.bias, t.y);
            (*set)->tiny_backward(&(tiny_gradient){t.count, t.k, t.o, t.x, t.dy, t.w, t.dw, t.db, t.dx});
            check_tiny(&t);
        }
        free(t.x);
        free(t.dy);
        free(t.w);
        free(t.bias);
    }
}

static void column_sums_are_sums(void **state) {
    (void)state;
    random_stream stream = random_stream_open(24, 0, RANDOM_SYNTHETIC, 0);
    for (int shape = 0; shape < SHAPES; shape++) {
        size_t rows = (size_t)between(&stream, 1, 50), columns = (size_t)between(&stream, 1, 80);
        float *x = random_values(&stream, rows * columns), *start = random_values(&stream, columns);
        for (const kernel_set *const *set = kernels_available(); *set != NULL; set++) {
            float *found = copy_of(start, columns);
            (*set)->column_sums(rows, columns, x, found);
            for (size_t j = 0; j < columns; j++) {
                double sum = (double)start[j], size = fabs(sum);
                for (size_t r = 0; r < rows; r++) {
                    sum += (double)x[r * columns + j];
                    size += fabs((double)x[r * columns + j]);
                }
                assert_true(fabs((double)found[j] - sum) <= (double)(rows + 1) * FLT_EPSILON * size);
            }
            free(found);
        }
        free(x);
        free(start);
    }
}

static double dot(const float *a, const float *b, size_t count) {
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += (double)a[i] * (double)b[i];
    return sum;
}

static double distance(const float *a, const float *b, size_t count) {
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += ((double)a[i] - (double)b[i]) * ((double)a[i] - (double)b[i]);
    return sqrt(sum);
}

/* A random tile: an image of n rows and planes, each in whole arrays of their own. */
typedef struct tile_case {
    winograd_tile tile;
    size_t image, planes; /* numbers in each */
    float *x, *m, *bias;
} tile_case;

static tile_case random_tile(random_stream *stream) {
    const int points = 2 * between(stream, 3, 4), size = between(stream, 0, 1) ? 4 : points - 3;
    const int channels = WINOGRAD_CHANNELS * between(stream, 1, 9), pixel = channels + between(stream, 0, 9);
    tile_case c = {.tile = {.points = points,
                            .size = size,
                            .channels = channels,
                            .row = pixel * between(stream, points, points + 2),
                            .pixel = pixel,
                            .plane = channels + between(stream, 0, 40),
                            .rows = between(stream, 1, size),
                            .columns = between(stream, 1, size)}};
    c.image = (size_t)(points * c.tile.row);
    c.planes = (size_t)(points * points * c.tile.plane);
    c.x = random_values(stream, c.image);
    c.m = random_values(stream, c.planes);
    c.bias = between(stream, 0, 1) ? random_values(stream, (size_t)channels) : NULL;
    return c;
}

static void close_tile(tile_case *c) {
    free(c->x);
    free(c->m);
    free(c->bias);
}

enum { TRANSFORMS = 4 };

/* What each transform leaves of a copy of what it writes to. */
static void transform_tile(const kernel_set *set, const tile_case *c, float *results[TRANSFORMS]) {
    results[0] = copy_of(c->m, c->planes);
    results[1] = copy_of(c->m, c->planes);
    results[2] = copy_of(c->x, c->image);
    results[3] = copy_of(c->x, c->image);
    set->winograd_input(&c->tile, c->x, results[0]);
    set->winograd_evaluate(&c->tile, c->x, results[1]);
    set->winograd_input_transposed(&c->tile, c->m, results[2]);
    set->winograd_evaluate_transposed(&c->tile, c->m, c->bias, results[3]);
}

/* The same sums in the same order, with and without fused multiply-add. */
static void winograd_transforms_agree(void **state) {
    (void)state;
    const kernel_set *reference = reference_set();
    random_stream stream = random_stream_open(25, 0, RANDOM_SYNTHETIC, 0);
    for (int shape = 0; shape < SHAPES; shape++) {
        tile_case c = random_tile(&stream);
        float *expected[TRANSFORMS], *found[TRANSFORMS];
        transform_tile(reference, &c, expected);
        for (const kernel_set *const *set = kernels_available(); *set != reference; set++) {
            transform_tile(*set, &c, found);
            for (int i = 0; i < TRANSFORMS; i++) {
                const size_t count = i < 2 ? c.planes : c.image;
                assert_true(distance(found[i], expected[i], count) <=
                            8 * FLT_EPSILON * sqrt(dot(expected[i], expected[i], count)));
                free(found[i]);
            }
        }
        for (int i = 0; i < TRANSFORMS; i++)
            free(expected[i]);
        close_tile(&c);
    }
}

/* ⟨T x, m⟩ = ⟨x, Tᵀ m⟩ for both transforms T. */
static void winograd_transforms_are_transposes(void **state) {
    (void)state;
    random_stream stream = random_stream_open(29, 0, RANDOM_SYNTHETIC, 0);
    for (int shape = 0; shape < SHAPES; shape++) {
        tile_case c = random_tile(&stream);
        for (const kernel_set *const *set = kernels_available(); *set != NULL; set++) {
            float *to[2] = {calloc(c.planes, sizeof(float)), calloc(c.planes, sizeof(float))};
            float *from[2] = {calloc(c.image, sizeof(float)), calloc(c.image, sizeof(float))};
            assert_true(to[0] != NULL && to[1] != NULL && from[0] != NULL && from[1] != NULL);
            (*set)->winograd_input(&c.tile, c.x, to[0]);
            (*set)->winograd_input_transposed(&c.tile, c.m, from[0]);
            (*set)->winograd_evaluate(&c.tile, c.x, to[1]);
            (*set)->winograd_evaluate_transposed(&c.tile, c.m, NULL, from[1]);
            for (int i = 0; i < 2; i++) {
                const double scale = sqrt(dot(to[i], to[i], c.planes) * dot(c.m, c.m, c.planes));
                assert_true(fabs(dot(to[i], c.m, c.planes) - dot(c.x, from[i], c.image)) <=
                            8 * FLT_EPSILON * scale);
                free(to[i]);
                free(from[i]);
            }
        }
        close_tile(&c);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_agree),
        cmocka_unit_test(poolings_agree),
        cmocka_unit_test(relus_agree),
        cmocka_unit_test(elementary_functions_are_within_units_of_the_exact_ones),
        cmocka_unit_test(smooth_activations_are_within_units_of_the_exact_ones),
        cmocka_unit_test(layer_norms_are_exact),
        cmocka_unit_test(bytes_are_scaled_and_interleaved),
        cmocka_unit_test(updates_agree),
        cmocka_unit_test(tiny_dense_layers_are_sums),
        cmocka_unit_test(column_sums_are_sums),
        cmocka_unit_test(winograd_transforms_agree),
        cmocka_unit_test(winograd_transforms_are_transposes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
