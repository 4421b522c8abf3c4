/* The plain C kernels. Compiled once without extensions as the reference set, and once per instruction set
 * for the entries that the compiler vectorises well by itself; KERNEL_SET is the suffix of the names. */
#include "engine/kernels/set.h"
#include "engine/real.h"

#include <assert.h>
#include <string.h>

/* Row r of column j. */
static void plain_sum(const product *p, int r, int j) {
    const ptrdiff_t panel = j / PANEL, column = j % PANEL;
    real *c = p->c + panel * p->c_panel + r * p->c_row + column;
    const real bias = p->bias != NULL ? p->bias[j] : 0;
    real sum = 0;
    for (int s = 0; s < p->segments; s++) {
        const real *a = p->a + s * p->a_segment + r * p->a_row;
        const real *b = p->b + panel * p->b_panel + s * p->b_segment + column;
        for (int t = 0; t < p->length; t++)
            sum += a[t * p->a_step] * b[t * p->b_step];
    }
    *c = (p->accumulate ? *c : bias) + sum;
}

static void plain_product(const product *p) {
    assert(product_is_valid(p));
    for (int r = 0; r < p->rows; r++)
        for (int j = 0; j < p->columns; j++)
            plain_sum(p, r, j);
}

/* In eight sums, which fill vectors; products of two floats are exact in double. */
static double wide_product(size_t n, const real *restrict a, const real *restrict b) {
    enum { SUMS = 8 };
    double sums[SUMS] = {0}, rest = 0;
    size_t i = 0;
    for (; i + SUMS <= n; i += SUMS)
        for (size_t j = 0; j < SUMS; j++)
            sums[j] += (double)a[i + j] * (double)b[i + j];
    for (; i < n; i++)
        rest += (double)a[i] * (double)b[i];
    for (size_t j = 0; j < SUMS; j++)
        rest += sums[j];
    return rest;
}

static void wide_forward(size_t count, size_t k, size_t o, const real *x, const real *w, const real *bias,
                         real *y) {
    for (size_t n = 0; n < count; n++)
        for (size_t i = 0; i < o; i++) {
            const double start = bias != NULL ? (double)bias[i] : 0;
            y[n * o + i] = (real)(start + wide_product(k, x + n * k, w + i * k));
        }
}

static double burn(long rounds, volatile real *kept) {
    enum { CHAINS = 12 };
    real sums[CHAINS] = {0};
    for (long round = 0; round < rounds; round++)
        for (int i = 0; i < CHAINS; i++)
            sums[i] = sums[i] * (real)0.999 + (real)1e-3;
    for (int i = 0; i < CHAINS; i++)
        *kept += sums[i];
    return 2.0 * CHAINS * (double)rounds;
}

static void relu(size_t n, const real *x, real *y) {
    for (size_t i = 0; i < n; i++)
        y[i] = x[i] < 0 ? 0 : x[i];
}

static void relu_backward(size_t n, const real *y, const real *dy, real *dx) {
    for (size_t i = 0; i < n; i++)
        dx[i] = y[i] > 0 ? dy[i] : 0;
}

static void tanh_values(size_t n, const real *x, real *y) {
    for (size_t i = 0; i < n; i++)
        y[i] = real_tanh(x[i]);
}

static void sigmoid_values(size_t n, real scale, const real *x, real *y) {
    for (size_t i = 0; i < n; i++)
        y[i] = real_sigmoid(scale * x[i]);
}

/* One place of the window against the best so far, for all channels of a pixel. */
static void pool_contest(int channels, const real *restrict x, real *restrict y,
                         unsigned char *restrict winner, unsigned char place) {
    for (int c = 0; c < channels; c++) {
        bool wins = (x[c] > y[c]) | (x[c] != x[c]);
        y[c] = wins ? x[c] : y[c];
        winner[c] = wins ? place : winner[c];
    }
}

static void max_pool(const pooling *p, const real *x, real *y, unsigned char *winner) {
    assert(pooling_is_valid(p));
    for (int oy = 0; oy < p->out_height; oy++) {
        for (int ox = 0; ox < p->out_width; ox++) {
            const real *corner =
                x + ((ptrdiff_t)oy * p->stride_height * p->width + ox * p->stride_width) * p->channels;
            memcpy(y, corner, (size_t)p->channels * sizeof *y);
            memset(winner, 0, (size_t)p->channels);
            for (int place = 1; place < p->kernel_height * p->kernel_width; place++) {
                int ky = place / p->kernel_width, kx = place % p->kernel_width;
                pool_contest(p->channels, corner + ((ptrdiff_t)ky * p->width + kx) * p->channels, y, winner,
                             (unsigned char)place);
            }
            y += p->channels;
            winner += p->channels;
        }
    }
}

/* The share of one place of the window, for all channels of a pixel. */
static void pool_return(int channels, const real *restrict dy, const unsigned char *restrict winner,
                        unsigned char place, bool first, real *restrict dx) {
    if (first)
        for (int c = 0; c < channels; c++)
            dx[c] = winner[c] == place ? dy[c] : 0;
    else
        for (int c = 0; c < channels; c++)
            dx[c] += winner[c] == place ? dy[c] : 0;
}

static void max_pool_backward(const pooling *p, const real *dy, const unsigned char *winner, real *dx) {
    assert(pooling_is_valid(p));
    const bool tile = windows_tile(p);
    if (!tile)
        memset(dx, 0, (size_t)p->height * (size_t)p->width * (size_t)p->channels * sizeof *dx);
    for (int oy = 0; oy < p->out_height; oy++) {
        for (int ox = 0; ox < p->out_width; ox++) {
            real *corner =
                dx + ((ptrdiff_t)oy * p->stride_height * p->width + ox * p->stride_width) * p->channels;
            for (int place = 0; place < p->kernel_height * p->kernel_width; place++) {
                int ky = place / p->kernel_width, kx = place % p->kernel_width;
                pool_return(p->channels, dy, winner, (unsigned char)place, tile,
                            corner + ((ptrdiff_t)ky * p->width + kx) * p->channels);
            }
            dy += p->channels;
            winner += p->channels;
        }
    }
}

static void transpose(const real *restrict x, real *restrict y) {
    for (int j = 0; j < PANEL; j++)
        for (int i = 0; i < PANEL; i++)
            y[j * PANEL + i] = x[i * PANEL + j];
}

/* Few columns are summed several rows at a time, so that they fill vectors. */
static void column_sums(size_t rows, size_t columns, const real *restrict x, real *restrict sums) {
    enum { WIDTH = 64 };
    const size_t together = columns <= WIDTH ? WIDTH / columns : 1, width = together * columns;
    real wide[WIDTH] = {0};
    size_t r = 0;
    for (; together > 1 && r + together <= rows; r += together, x += width)
        for (size_t i = 0; i < width; i++)
            wide[i] += x[i];
    for (size_t i = 0; together > 1 && i < width; i++)
        sums[i % columns] += wide[i];
    for (; r < rows; r++, x += columns)
        for (size_t j = 0; j < columns; j++)
            sums[j] += x[j];
}

/* `channels` is a constant where the compiler can then vectorise. */
static inline void interleave(size_t n, const int channels, const unsigned char *restrict x, const real *gain,
                              const real *shift, real *restrict y) {
    for (size_t i = 0; i < n; i++)
        for (int c = 0; c < channels; c++)
            y[i * (size_t)channels + (size_t)c] = (real)x[(size_t)c * n + i] * gain[c] + shift[c];
}

/* Samples of one pixel: each channel has its own scale. */
static void scale_features(size_t n, const unsigned char *restrict x, const real *restrict gain,
                           const real *restrict shift, real *restrict y) {
    for (size_t i = 0; i < n; i++)
        y[i] = (real)x[i] * gain[i] + shift[i];
}

static void scale_bytes(size_t n, int channels, const unsigned char *x, const real *gain, const real *shift,
                        real *y) {
    if (n == 1)
        scale_features((size_t)channels, x, gain, shift, y);
    else if (channels == 3)
        interleave(n, 3, x, gain, shift, y);
    else if (channels == 1)
        interleave(n, 1, x, gain, shift, y);
    else
        interleave(n, channels, x, gain, shift, y);
}

static void sgd(const update *u) {
    real *restrict w = u->w, *restrict v = u->first;
    const real *restrict g = u->g;
    const real lr = u->lr, momentum = u->decay1, decay = u->weight_decay;
    if (u->nesterov)
        for (size_t i = 0; i < u->n; i++) {
            real gradient = g[i] + decay * w[i];
            v[i] = momentum * v[i] + gradient;
            w[i] -= lr * (gradient + momentum * v[i]);
        }
    else
        for (size_t i = 0; i < u->n; i++) {
            v[i] = momentum * v[i] + (g[i] + decay * w[i]);
            w[i] -= lr * v[i];
        }
}

/* `decoupled` is a constant: a loop for each. */
static inline void adam_step(const update *u, const bool decoupled) {
    real *restrict w = u->w, *restrict m = u->first, *restrict v = u->second;
    const real *restrict g = u->g;
    const real b1 = u->decay1, b2 = u->decay2, new1 = u->fresh1, new2 = u->fresh2;
    for (size_t i = 0; i < u->n; i++) {
        real gradient = decoupled ? g[i] : g[i] + u->weight_decay * w[i];
        m[i] = b1 * m[i] + new1 * gradient;
        v[i] = b2 * v[i] + new2 * gradient * gradient;
        if (decoupled)
            w[i] -= u->weight_decay * w[i];
        w[i] -= u->lr * m[i] / (real_sqrt(v[i]) * u->correction + u->epsilon);
    }
}

static void adam(const update *u) {
    if (u->decoupled)
        adam_step(u, true);
    else
        adam_step(u, false);
}

static void rmsprop_momentum(const update *u, real inside, real outside) {
    real *restrict w = u->w, *restrict b = u->first, *restrict v = u->second;
    const real *restrict g = u->g;
    for (size_t i = 0; i < u->n; i++) {
        real gradient = g[i] + u->weight_decay * w[i];
        v[i] = u->decay2 * v[i] + u->fresh2 * gradient * gradient;
        b[i] = u->decay1 * b[i] + gradient / (real_sqrt(v[i] + inside) + outside);
        w[i] -= u->lr * b[i];
    }
}

static void rmsprop(const update *u) {
    real *restrict w = u->w, *restrict v = u->second;
    const real *restrict g = u->g;
    const real inside = u->epsilon_inside ? u->epsilon : 0, outside = u->epsilon_inside ? 0 : u->epsilon;
    if (u->first != NULL) {
        rmsprop_momentum(u, inside, outside);
        return;
    }
    for (size_t i = 0; i < u->n; i++) {
        real gradient = g[i] + u->weight_decay * w[i];
        v[i] = u->decay2 * v[i] + u->fresh2 * gradient * gradient;
        w[i] -= u->lr * gradient / (real_sqrt(v[i] + inside) + outside);
    }
}

const kernel_set KERNEL(plain_kernels) = {
    .name = "reference",
    .lanes = 1,
    .product = plain_product,
    .burn = burn,
    .tiny_forward = KERNEL(tiny_forward),
    .tiny_backward = KERNEL(tiny_backward),
    .wide_forward = wide_forward,
    .relu = relu,
    .relu_backward = relu_backward,
    .tanh = tanh_values,
    .sigmoid = sigmoid_values,
    .gelu = KERNEL(gelu),
    .gelu_backward = KERNEL(gelu_backward),
    .gelu_tanh = KERNEL(gelu_tanh),
    .gelu_tanh_backward = KERNEL(gelu_tanh_backward),
    .silu = KERNEL(silu),
    .silu_backward = KERNEL(silu_backward),
    .softplus = KERNEL(softplus),
    .softplus_backward = KERNEL(softplus_backward),
    .layer_norm = KERNEL(layer_norm),
    .layer_norm_backward = KERNEL(layer_norm_backward),
    .max_pool = max_pool,
    .max_pool_backward = max_pool_backward,
    .winograd_input = KERNEL(winograd_input),
    .winograd_input_transposed = KERNEL(winograd_input_transposed),
    .winograd_evaluate = KERNEL(winograd_evaluate),
    .winograd_evaluate_transposed = KERNEL(winograd_evaluate_transposed),
    .correlate_planes = KERNEL(correlate_planes),
    .correlate_planes_gradient = KERNEL(correlate_planes_gradient),
    .depthwise = KERNEL(depthwise),
    .depthwise_gradient = KERNEL(depthwise_gradient),
    .transpose = transpose,
    .column_sums = column_sums,
    .scale_bytes = scale_bytes,
    .sgd = sgd,
    .adam = adam,
    .rmsprop = rmsprop,
};
