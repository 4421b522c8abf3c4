#include "engine/data/augment.h"

#include <string.h>

#include "base/random.h"

bool augment_changes(const augment_spec *spec) {
    return spec->padding > 0 || spec->flip_horizontal > 0 || spec->flip_vertical > 0 || spec->cutout > 0;
}

/* What a kind draws for one sample. */
static random_stream open_at(const augment_epoch *now, random_purpose purpose, uint32_t sample) {
    random_stream stream = random_stream_open(now->seed, now->coordinates, purpose, now->epoch);
    random_stream_seek(&stream, sample);
    return stream;
}

/* ---- Crop -------------------------------------------------------------------------------------- */

/* torchvision, RandomCrop(size, padding): the image with `padding` zeros on each side, from row and column
 * `randint(0, 2 padding + 1)` on. Offsets of that corner from the image's own. */
typedef struct crop {
    int top, left;
} crop;

static crop draw_crop(random_stream stream, int padding) {
    const uint32_t offsets = 2 * (uint32_t)padding + 1;
    const int top = (int)random_below(&stream, offsets), left = (int)random_below(&stream, offsets);
    return (crop){top - padding, left - padding};
}

/* Pixels (count, C) as a stored 0 becomes. */
static void fill_black(const input_transform *t, int count, real *pixels) {
    const size_t channels = (size_t)t->shape.channels;
    for (int x = 0; x < count; x++)
        for (size_t c = 0; c < channels; c++)
            pixels[(size_t)x * channels + c] = t->shift[c];
}

/* Row `from` (W, C) moved to the left → `to`, which may be the same. */
static void crop_row(const input_transform *t, int left, const real *from, real *to) {
    const int width = t->shape.width, kept = width - (left < 0 ? -left : left);
    const size_t channels = (size_t)t->shape.channels;
    const int first = left < 0 ? -left : 0; /* column of `to` that is the first of the image's */
    if (kept <= 0) {
        fill_black(t, width, to);
        return;
    }
    memmove(to + (size_t)first * channels, from + (size_t)(first + left) * channels,
            (size_t)kept * channels * sizeof *to);
    fill_black(t, first, to);
    fill_black(t, width - kept - first, to + (size_t)(first + kept) * channels);
}

/* In place: from the side where no row is overwritten that is still needed. */
static void crop_image(const input_transform *t, crop at, real *image) {
    const int height = t->shape.height, width = t->shape.width;
    const size_t row = (size_t)width * (size_t)t->shape.channels;
    for (int i = 0; i < height; i++) {
        const int y = at.top >= 0 ? i : height - 1 - i, from = y + at.top;
        if (from < 0 || from >= height)
            fill_black(t, width, image + (size_t)y * row);
        else
            crop_row(t, at.left, image + (size_t)from * row, image + (size_t)y * row);
    }
}

/* Every place has a mean and a deviation of its own: from the stored values. */
static void crop_standardized(const input_transform *t, crop at, const dataset_split *split, size_t sample,
                              real *image) {
    const int channels = t->shape.channels, height = t->shape.height, width = t->shape.width;
    const size_t size = (size_t)channels * (size_t)height * (size_t)width;
    size_t k = 0;
    for (int c = 0; c < channels; c++)
        for (int y = 0; y < height; y++)
            for (int x = 0; x < width; x++, k++) {
                const int from_y = y + at.top, from_x = x + at.left;
                const bool inside = from_y >= 0 && from_y < height && from_x >= 0 && from_x < width;
                const size_t from = (size_t)((c * height + from_y) * width + from_x);
                const real value = inside ? (real)split_value(split, size, sample, from) : 0;
                image[(y * width + x) * channels + c] =
                    (value - (real)t->feature_mean[k]) / (real)t->feature_std[k];
            }
}

/* ---- Flips and cutout -------------------------------------------------------------------------- */

static void swap(real *a, real *b, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const real value = a[i];
        a[i] = b[i];
        b[i] = value;
    }
}

static void flip_image(tensor_shape shape, real *image) {
    const size_t row = (size_t)shape.width * (size_t)shape.channels, height = (size_t)shape.height;
    for (size_t y = 0; y < height / 2; y++)
        swap(image + y * row, image + (height - 1 - y) * row, row);
}

static int clip(int value, int most) {
    return value < 0 ? 0 : value > most ? most : value;
}

/* DeVries and Taylor, "Improved regularization of convolutional neural networks with cutout", 2017: a square
 * around a pixel of the image, so that a part of it may be outside, becomes 0. */
static void cut_out(tensor_shape shape, random_stream stream, int side, real *image) {
    const int y = (int)random_below(&stream, (uint32_t)shape.height) - side / 2;
    const int x = (int)random_below(&stream, (uint32_t)shape.width) - side / 2;
    const int top = clip(y, shape.height), bottom = clip(y + side, shape.height);
    const int left = clip(x, shape.width), right = clip(x + side, shape.width);
    for (int row = top; row < bottom; row++)
        memset(image + ((size_t)row * (size_t)shape.width + (size_t)left) * (size_t)shape.channels, 0,
               (size_t)(right - left) * (size_t)shape.channels * sizeof *image);
}

/* ---- Batches ----------------------------------------------------------------------------------- */

static void crop_sample(const augment_spec *spec, const augment_epoch *now, const input_transform *t,
                        const dataset_split *split, uint32_t sample, real *image) {
    const crop at = draw_crop(open_at(now, RANDOM_CROP, sample), spec->padding);
    if (t->feature_mean != NULL)
        crop_standardized(t, at, split, sample, image);
    else
        crop_image(t, at, image);
}

static bool happens(const augment_epoch *now, random_purpose purpose, uint32_t sample, double probability) {
    random_stream stream = open_at(now, purpose, sample);
    return random_uniform(&stream) < probability;
}

static void augment_sample(const augment_spec *spec, const augment_epoch *now, const input_transform *t,
                           const dataset_split *split, uint32_t sample, real *image) {
    if (spec->padding > 0)
        crop_sample(spec, now, t, split, sample, image);
    if (spec->flip_horizontal > 0 && happens(now, RANDOM_HFLIP, sample, spec->flip_horizontal))
        mirror_image(t->shape, image);
    if (spec->flip_vertical > 0 && happens(now, RANDOM_VFLIP, sample, spec->flip_vertical))
        flip_image(t->shape, image);
    if (spec->cutout > 0)
        cut_out(t->shape, open_at(now, RANDOM_CUTOUT, sample), spec->cutout, image);
}

void augment_batch(const augment_spec *spec, augment_epoch now, const input_transform *t,
                   const dataset_split *split, const uint32_t *order, size_t first, size_t count,
                   real *inputs) {
    const size_t size = (size_t)t->shape.channels * (size_t)t->shape.height * (size_t)t->shape.width;
    for (size_t n = 0; n < count; n++)
        augment_sample(spec, &now, t, split, order[first + n], inputs + n * size);
}
