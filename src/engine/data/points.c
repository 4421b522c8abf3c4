#include "engine/data/points.h"

#include <math.h>

#include "base/random.h"

/* features (count, 2), labels (count) */
static void draw_xor(random_stream *stream, double spread, size_t count, float *features, uint8_t *labels) {
    for (size_t n = 0; n < count; n++) {
        const uint32_t cluster = random_below(stream, 4);
        const int sign[2] = {cluster & 1 ? 1 : -1, cluster & 2 ? 1 : -1};
        for (size_t k = 0; k < 2; k++)
            features[2 * n + k] = (float)(sign[k] + spread * random_normal(stream));
        labels[n] = sign[0] != sign[1];
    }
}

/* features and targets (count) */
static void draw_absolute_value(random_stream *stream, double spread, size_t count, float *features,
                                float *targets) {
    double values[256];
    for (size_t now; count > 0; count -= now, features += now, targets += now) {
        now = count < 256 ? count : 256;
        random_uniforms(stream, values, now);
        for (size_t n = 0; n < now; n++) {
            features[n] = (float)(spread * (2 * values[n] - 1));
            targets[n] = fabsf(features[n]);
        }
    }
}

static void draw_split(const point_spec *spec, random_stream stream, dataset_split *split, arena *a) {
    const bool classes = spec->kind == POINTS_XOR;
    float *features = arena_take(a, split->count * (classes ? 2 : 1) * sizeof *features);
    uint8_t *labels = classes ? arena_take(a, split->count) : NULL;
    float *targets = classes ? NULL : arena_take(a, split->count * sizeof *targets);
    split->features = features;
    split->labels = labels;
    split->targets = targets;
    if (features == NULL) /* measuring */
        return;
    if (classes)
        draw_xor(&stream, spec->spread, split->count, features, labels);
    else
        draw_absolute_value(&stream, spec->spread, split->count, features, targets);
}

void points_draw(dataset *data, uint64_t seed, uint64_t coordinates, arena *a) {
    enum { SPLITS = 3 };
    dataset_split *const splits[SPLITS] = {&data->train, &data->validation, &data->test};
    const uint64_t owner = data->points.per_cell ? coordinates : 0;
    for (uint64_t i = 0; i < SPLITS; i++)
        draw_split(&data->points, random_stream_open(seed, owner, RANDOM_POINTS, i), splits[i], a);
}
