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

/* One texture laid at an offset, and how much of it an image shows. */
typedef struct placed_texture {
    texture t;
    double x, y, share;
} placed_texture;

static placed_texture place_texture(uint64_t seed, int class, random_stream *stream) {
    placed_texture p = {.t = class_texture(seed, class)};
    p.x = 64 * random_uniform(stream);
    p.y = 64 * random_uniform(stream);
    return p;
}

/* One wave along a row of pixels: amplitude · cos φ and amplitude · sin φ, where φ grows by the same angle
 * from pixel to pixel, whose cosine and sine turn the two. */
typedef struct wave {
    double value, quadrature;
    double turn_cosine, turn_sine;
} wave;

static wave start_wave(const placed_texture *p, int number, int channel, int y) {
    const texture *t = &p->t;
    const double phase =
        t->frequency_x[number] * p->x + t->frequency_y[number] * (y + p->y) + t->phase[number][channel];
    const double amplitude = p->share * t->amplitude[number][channel];
    return (wave){amplitude * cos(phase), amplitude * sin(phase), cos(t->frequency_x[number]),
                  sin(t->frequency_x[number])};
}

static void turn(wave *w) {
    const double value = w->value * w->turn_cosine - w->quadrature * w->turn_sine;
    w->quadrature = w->value * w->turn_sine + w->quadrature * w->turn_cosine;
    w->value = value;
}

/* −2 … 2 → 0 … 255 */
static uint8_t to_pixel(double value) {
    const double pixel = 128 + 64 * value;
    return pixel < 0 ? 0 : pixel >= 255 ? 255 : (uint8_t)pixel;
}

/* How an image differs from others of its class. */
typedef struct appearance {
    placed_texture own, distractor;
    double contrast, shift;
    random_stream noise;
} appearance;

static appearance draw_appearance(const synthetic_spec *spec, uint64_t seed, size_t index, int class) {
    random_stream stream =
        random_stream_open(seed, 0, RANDOM_SYNTHETIC, (uint64_t)ENGINE_MAX_CLASSES + (uint64_t)index);
    const int other = (class + 1 + (int)random_below(&stream, (uint32_t)spec->classes)) % spec->classes;
    appearance a = {.own = place_texture(seed, class, &stream)};
    a.distractor = place_texture(seed, other, &stream);
    a.distractor.share = distractor_share * random_uniform(&stream);
    a.own.share = 1 - a.distractor.share;
    a.contrast = 0.5 + random_uniform(&stream);
    a.shift = 0.4 * (random_uniform(&stream) - 0.5);
    a.noise = stream;
    return a;
}

/* One row of one channel. */
static void draw_row(appearance *a, int channel, int y, int width, uint8_t *pixels) {
    wave waves[2 * WAVES];
    for (int w = 0; w < WAVES; w++) {
        waves[w] = start_wave(&a->own, w, channel, y);
        waves[WAVES + w] = start_wave(&a->distractor, w, channel, y);
    }
    for (int x = 0; x < width; x++) {
        double value = 0;
        for (int w = 0; w < 2 * WAVES; w++) {
            value += waves[w].value;
            turn(&waves[w]);
        }
        pixels[x] = to_pixel(a->contrast * value + a->shift + noise_level * random_normal(&a->noise));
    }
}

static void draw_image(const synthetic_spec *spec, uint64_t seed, size_t index, int class, uint8_t *pixels) {
    const tensor_shape s = spec->shape;
    appearance a = draw_appearance(spec, seed, index, class);
    for (int c = 0; c < s.channels; c++)
        for (int y = 0; y < s.height; y++, pixels += s.width)
            draw_row(&a, c, y, s.width, pixels);
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
