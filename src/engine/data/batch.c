#include "engine/data/batch.h"

void pixel_table_fill(pixel_table *t, const normalize_spec *spec, int channels) {
    for (int c = 0; c < channels; c++) {
        for (int pixel = 0; pixel < 256; pixel++) {
            real value = (real)pixel / 255;
            if (spec->channels > 0)
                value = (value - (real)spec->mean[c]) / (real)spec->std[c];
            t->values[c][pixel] = value;
        }
    }
}

/* One image: planes (C, H·W) of bytes → (H·W, C). */
static void gather_image(const uint8_t *pixels, tensor_shape shape, const pixel_table *table, real *out) {
    const size_t plane = (size_t)shape.height * (size_t)shape.width, channels = (size_t)shape.channels;
    for (size_t c = 0; c < channels; c++)
        for (size_t i = 0; i < plane; i++)
            out[i * channels + c] = table->values[c][pixels[c * plane + i]];
}

void batch_gather(const dataset_split *split, tensor_shape shape, const pixel_table *table,
                  const uint32_t *order, size_t first, size_t count, real *inputs, uint8_t *labels) {
    const size_t size = (size_t)shape.channels * (size_t)shape.height * (size_t)shape.width;
    for (size_t n = 0; n < count; n++) {
        size_t sample = order != NULL ? order[first + n] : first + n;
        gather_image(split->pixels + sample * size, shape, table, inputs + n * size);
        labels[n] = split->labels[sample];
    }
}
