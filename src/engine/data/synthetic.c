/* Synthetic images: a stand-in for photographs where no data set is available.
 *
 * A class is a texture: in every colour channel a sum of two plane waves whose directions, wavelengths and
 * colours belong to the class. An image shows its class's texture at a random offset (so that position
 * carries no information), with random contrast and brightness, mixed with the texture of another class and
 * with pixel noise: a network must learn filters, and how well it does in a few epochs depends on the
 * learning rate. */
#include <assert.h>
#include <math.h>

#include "base/random.h"
#include "engine/engine.h"

enum { WAVES = 2, MAX_CHANNELS = SYNTHETIC_MAX_CHANNELS };

static const double two_pi = 6.283185307179586;
static const double distractor_share = 0.45; /* of the other class's texture, at most */
static const double noise_level = 0.35;      /* standard deviation against a wave's amplitude of 1 */

typedef struct texture {
    double frequency_x[WAVES], frequency_y[WAVES]; /* radians per pixel */
    double amplitude[WAVES][MAX_CHANNELS];
    double phase[WAVES][MAX_CHANNELS];
} texture;

static texture class_texture(uint64_t seed, int class) {
    random_stream stream = random_stream_open(seed, 0, RANDOM_SYNTHETIC, (uint64_t) class);
    texture t;
    for (int w = 0; w < WAVES; w++) {
        double direction = two_pi * random_uniform(&stream);
        double wavelength = 3.0 + 7.0 * random_uniform(&stream); /* pixels */
        t.frequency_x[w] = two_pi / wavelength * cos(direction);
        t.frequency_y[w] = two_pi / wavelength * sin(direction);
        for (int c = 0; c < MAX_CHANNELS; c++) {
            t.amplitude[w][c] = 2.0 * random_uniform(&stream) - 1.0;
            t.phase[w][c] = two_pi * random_uniform(&stream);
        }
    }
    return t;
}

/* One texture laid at an offset. */
typedef struct placed_texture {
    texture t;
    double x, y;
} placed_texture;

static double brightness(const placed_texture *p, int channel, int x, int y) {
    double sum = 0;
    for (int w = 0; w < WAVES; w++)
        sum += p->t.amplitude[w][channel] * cos(p->t.frequency_x[w] * (x + p->x) +
                                                p->t.frequency_y[w] * (y + p->y) + p->t.phase[w][channel]);
    return sum;
}

static placed_texture place_texture(uint64_t seed, int class, random_stream *stream) {
    placed_texture p = {.t = class_texture(seed, class)};
    p.x = 64 * random_uniform(stream);
    p.y = 64 * random_uniform(stream);
    return p;
}

static uint8_t to_pixel(double value) {
    double pixel = floor(127.5 + 64.0 * value + 0.5);
    return pixel < 0 ? 0 : pixel > 255 ? 255 : (uint8_t)pixel;
}

static void draw_image(const synthetic_spec *spec, uint64_t seed, size_t index, int class, uint8_t *pixels) {
    random_stream stream =
        random_stream_open(seed, 0, RANDOM_SYNTHETIC, (uint64_t)ENGINE_MAX_CLASSES + (uint64_t)index);
    int other = (class + 1 + (int)random_below(&stream, (uint32_t)spec->classes)) % spec->classes;
    const placed_texture own = place_texture(seed, class, &stream);
    const placed_texture distractor = place_texture(seed, other, &stream);
    const double share = distractor_share * random_uniform(&stream);
    const double contrast = 0.5 + random_uniform(&stream);
    const double shift = 0.4 * (random_uniform(&stream) - 0.5);
    for (int c = 0; c < spec->shape.channels; c++)
        for (int y = 0; y < spec->shape.height; y++)
            for (int x = 0; x < spec->shape.width; x++) {
                double value =
                    (1 - share) * brightness(&own, c, x, y) + share * brightness(&distractor, c, x, y);
                *pixels++ = to_pixel(contrast * value + shift + noise_level * random_normal(&stream));
            }
}

void synthetic_images(const synthetic_spec *spec, uint64_t seed, size_t first, size_t count, uint8_t *pixels,
                      uint8_t *labels) {
    const tensor_shape s = spec->shape;
    assert(s.channels <= MAX_CHANNELS);
    const size_t size = (size_t)s.channels * (size_t)s.height * (size_t)s.width;
    for (size_t n = 0; n < count; n++) {
        int class = (int)((first + n) % (size_t)spec->classes);
        draw_image(spec, seed, first + n, class, pixels + n * size);
        labels[n] = (uint8_t) class;
    }
}
