/* Short ways to write layers in tests. */
#ifndef TESTS_UNIT_NETWORKS_H
#define TESTS_UNIT_NETWORKS_H

#include "engine/engine.h"

#define DENSE(n)                                                                                             \
    { .kind = LAYER_DENSE, .units = (n), .bias = true }
#define CONV(o, kh, kw, sh, sw, ph, pw)                                                                      \
    {                                                                                                        \
        .kind = LAYER_CONV, .filters = (o), .kernel_height = (kh), .kernel_width = (kw),                     \
        .stride_height = (sh), .stride_width = (sw), .padding_height = (ph), .padding_width = (pw),          \
        .bias = true                                                                                         \
    }
/* Stride s and padding p in both directions, dilations, groups; no bias. */
#define GROUPED(o, kh, kw, s, p, dh, dw, g)                                                                  \
    {                                                                                                        \
        .kind = LAYER_CONV, .filters = (o), .kernel_height = (kh), .kernel_width = (kw),                     \
        .stride_height = (s), .stride_width = (s), .padding_height = (p), .padding_width = (p),              \
        .dilation_height = (dh), .dilation_width = (dw), .groups = (g)                                       \
    }
#define POOL(kh, kw, sh, sw)                                                                                 \
    {                                                                                                        \
        .kind = LAYER_MAX_POOL, .kernel_height = (kh), .kernel_width = (kw), .stride_height = (sh),          \
        .stride_width = (sw)                                                                                 \
    }
#define AVG_POOL(kh, kw, sh, sw)                                                                             \
    {                                                                                                        \
        .kind = LAYER_AVG_POOL, .kernel_height = (kh), .kernel_width = (kw), .stride_height = (sh),          \
        .stride_width = (sw)                                                                                 \
    }
#define PADDED(pool, kh, kw, sh, sw, ph, pw)                                                                 \
    {                                                                                                        \
        .kind = LAYER_##pool, .kernel_height = (kh), .kernel_width = (kw), .stride_height = (sh),            \
        .stride_width = (sw), .padding_height = (ph), .padding_width = (pw)                                  \
    }
#define BATCH_NORM                                                                                           \
    { .kind = LAYER_BATCH_NORM, .momentum = 0.99, .epsilon = 1e-3 }
#define LAYER_NORM                                                                                           \
    { .kind = LAYER_LAYER_NORM, .epsilon = 1e-3 }
#define GROUP_NORM(g)                                                                                        \
    { .kind = LAYER_GROUP_NORM, .groups = (g), .epsilon = 1e-3 }
#define DROPOUT(share)                                                                                       \
    { .kind = LAYER_DROPOUT, .rate = (share) }
#define SOFTPLUS(b, t)                                                                                       \
    { .kind = LAYER_SOFTPLUS, .beta = (b), .threshold = (t) }
#define LAYER(name)                                                                                          \
    { .kind = LAYER_##name }
#define RELU                                                                                                 \
    { .kind = LAYER_RELU }

/* The network of jobs/entropy_sensitivity.yaml: 9 layers. */
#define SIMPLE_CNN                                                                                           \
    {                                                                                                        \
        CONV(32, 3, 3, 1, 1, 1, 1), RELU, POOL(2, 2, 2, 2), CONV(64, 3, 3, 1, 1, 1, 1), RELU,                \
            POOL(2, 2, 2, 2), DENSE(128), RELU, DENSE(10)                                                    \
    }

#endif
