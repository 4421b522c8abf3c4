#include "engine/data/batch.h"

#include <assert.h>

void input_transform_carve(input_transform *t, tensor_shape shape, arena *a) {
    t->shape = shape;
    t->gain = arena_take(a, (size_t)shape.channels * sizeof(real));
    t->shift = arena_take(a, (size_t)shape.channels * sizeof(real));
}

void input_transform_fill(input_transform *t, const normalize_spec *spec, const dataset *data) {
    assert(t->shape.channels == data->shape.channels && spec->channels <= ENGINE_MAX_LIST);
    assert(spec->channels <= 1 || spec->channels == data->shape.channels);
    const double natural = data->train.pixels != NULL ? 255 : 1;
    const double divide = spec->divide != 0 ? spec->divide : natural;
    t->shape = data->shape;
    t->target_count = data->target_count;
    t->feature_mean = data->feature_mean;
    t->feature_std = data->feature_std;
    t->kernels = kernels_select();
    for (int c = 0; c < data->shape.channels; c++) {
        const int own = spec->channels > 1 ? c : 0;
        const double mean = spec->channels > 0 ? spec->mean[own] : 0;
        const double std = spec->channels > 0 ? spec->std[own] : 1;
        t->gain[c] = (real)(1 / (divide * std));
        t->shift[c] = (real)((spec->offset - mean) / std);
    }
}

/* ---- Samples: planes (C, H·W) → (H·W, C) ------------------------------------------------------- */

static size_t plane_of(const input_transform *t) {
    return (size_t)t->shape.height * (size_t)t->shape.width;
}

static void gather_features(const input_transform *t, const float *features, real *out) {
    const size_t plane = plane_of(t), channels = (size_t)t->shape.channels;
    assert(features != NULL);
    for (size_t c = 0; c < channels; c++)
        for (size_t i = 0; i < plane; i++)
            out[i * channels + c] = (real)features[c * plane + i] * t->gain[c] + t->shift[c];
}

/* `pixels` or `features`, the other is NULL. */
static void gather_standardized(const input_transform *t, const uint8_t *pixels, const float *features,
                                real *out) {
    const size_t plane = plane_of(t), channels = (size_t)t->shape.channels;
    assert(pixels != NULL || features != NULL);
    for (size_t c = 0; c < channels; c++)
        for (size_t i = 0; i < plane; i++) {
            const size_t k = c * plane + i;
            const real value = pixels != NULL ? (real)pixels[k] : (real)features[k];
            out[i * channels + c] = (value - (real)t->feature_mean[k]) / (real)t->feature_std[k];
        }
}

static void gather_sample(const input_transform *t, const dataset_split *split, size_t place, real *out) {
    const size_t start = place * (size_t)t->shape.channels * plane_of(t);
    const uint8_t *pixels = split->pixels != NULL ? split->pixels + start : NULL;
    const float *features = split->features != NULL ? split->features + start : NULL;
    if (t->feature_mean != NULL)
        gather_standardized(t, pixels, features, out);
    else if (pixels != NULL)
        t->kernels->scale_bytes(plane_of(t), t->shape.channels, pixels, t->gain, t->shift, out);
    else
        gather_features(t, features, out);
}

/* ---- Batches ----------------------------------------------------------------------------------- */

/* Which samples of a split make up a batch. */
typedef struct selection {
    const dataset_split *split;
    const uint32_t *order; /* or NULL: as stored */
    size_t first, count;
} selection;

/* Where in the order's split sample n of the batch is. */
static size_t ordered(const uint32_t *order, size_t n) {
    return order != NULL ? order[n] : n;
}

static size_t place_of(const selection *s, size_t n) {
    return split_place(s->split, ordered(s->order, s->first + n));
}

/* One number of each sample. Gathering must not cost more than a network of a few units itself: the usual
 * order has a loop of its own. */
static void gather_each(const selection *s, const float *numbers, real gain, real shift, real *restrict out) {
    const uint32_t *order = s->split->index == NULL && s->order != NULL ? s->order + s->first : NULL;
    for (size_t n = 0; order != NULL && n < s->count; n++)
        out[n] = (real)numbers[order[n]] * gain + shift;
    for (size_t n = 0; order == NULL && n < s->count; n++)
        out[n] = (real)numbers[place_of(s, n)] * gain + shift;
}

static void gather_inputs(const input_transform *t, const selection *s, real *out) {
    const size_t size = (size_t)t->shape.channels * plane_of(t);
    if (size == 1 && s->split->features != NULL && t->feature_mean == NULL) {
        gather_each(s, s->split->features, t->gain[0], t->shift[0], out);
        return;
    }
    for (size_t n = 0; n < s->count; n++)
        gather_sample(t, s->split, place_of(s, n), out + n * size);
}

static void gather_targets(const input_transform *t, const selection *s, const batch_targets *targets) {
    const size_t size = (size_t)t->target_count;
    const uint8_t *labels = s->split->labels;
    const float *values = s->split->targets;
    real *restrict out = targets->values;
    for (size_t n = 0; labels != NULL && n < s->count; n++)
        targets->labels[n] = labels[place_of(s, n)];
    if (labels == NULL && values != NULL && size == 1)
        gather_each(s, values, 1, 0, out);
    for (size_t n = 0; labels == NULL && values != NULL && size > 1 && n < s->count; n++)
        for (size_t k = 0; k < size; k++)
            out[n * size + k] = (real)values[place_of(s, n) * size + k];
}

void batch_gather(const input_transform *t, const dataset_split *split, const uint32_t *order, size_t first,
                  size_t count, real *inputs, const batch_targets *targets) {
    const selection s = {.split = split, .order = order, .first = first, .count = count};
    gather_inputs(t, &s, inputs);
    gather_targets(t, &s, targets);
}

void mirror_image(tensor_shape shape, real *image) {
    const size_t width = (size_t)shape.width, channels = (size_t)shape.channels;
    for (real *row = image; row < image + (size_t)shape.height * width * channels; row += width * channels)
        for (size_t x = 0; x < width / 2; x++)
            for (size_t c = 0; c < channels; c++) {
                real *left = row + x * channels + c, *right = row + (width - 1 - x) * channels + c;
                const real value = *left;
                *left = *right;
                *right = value;
            }
}

void batch_mirror(const input_transform *t, const uint8_t *mirrored, const uint32_t *order, size_t first,
                  size_t count, real *inputs) {
    const size_t size = (size_t)t->shape.channels * (size_t)t->shape.height * (size_t)t->shape.width;
    for (size_t n = 0; n < count; n++)
        if (mirrored[ordered(order, first + n)])
            mirror_image(t->shape, inputs + n * size);
}
