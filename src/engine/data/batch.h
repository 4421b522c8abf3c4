/* From stored samples to a batch of network inputs. Private to the engine. */
#ifndef ENGINE_DATA_BATCH_H
#define ENGINE_DATA_BATCH_H

#include "engine/engine.h"
#include "engine/kernels/kernels.h"

/* What the outputs for a batch should be: one or the other. */
typedef struct batch_targets {
    uint8_t *labels; /* (count) of a classification */
    real *values;    /* (count, targets) of a regression */
} batch_targets;

/* How stored values become inputs: (v − feature_mean) / feature_std, or where these are NULL, by channel:
 * (v / divide + offset − mean) / std. */
typedef struct input_transform {
    tensor_shape shape;
    int target_count;
    const float *feature_mean, *feature_std; /* (C, H, W) */
    real *gain, *shift;                      /* (C) the same by channel of the data: v·gain + shift */
    const kernel_set *kernels;
} input_transform;

/* Take memory for samples of this shape from `a` (measuring or real), uninitialised. */
void input_transform_carve(input_transform *t, tensor_shape shape, arena *a);

/* Fill what input_transform_carve took for the data's shape. One value in `spec` is that of all channels. */
void input_transform_fill(input_transform *t, const normalize_spec *spec, const dataset *data);

/* Where in the store a sample of the split is. */
static inline size_t split_place(const dataset_split *split, size_t sample) {
    return split->index != NULL ? split->index[sample] : sample;
}

/* Of the `size` stored values of a sample that of one feature. */
static inline float split_value(const dataset_split *split, size_t size, size_t sample, size_t feature) {
    const size_t place = split_place(split, sample) * size + feature;
    return split->pixels != NULL ? split->pixels[place] : split->features[place];
}

/* Samples order[first … first + count − 1] of a split (in stored order when order is NULL) →
 * inputs (count, H, W, C) and targets, which a split of mere points does not have. */
void batch_gather(const input_transform *t, const dataset_split *split, const uint32_t *order, size_t first,
                  size_t count, real *inputs, const batch_targets *targets);

/* Flip image (H, W, C) left to right. */
void mirror_image(tensor_shape shape, real *image);

/* Flip those samples left to right in inputs (count, H, W, C) for which mirrored[order[first + n]]. */
void batch_mirror(const input_transform *t, const uint8_t *mirrored, const uint32_t *order, size_t first,
                  size_t count, real *inputs);

#endif
