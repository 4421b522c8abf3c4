/* Takes samples one by one. */
#include <math.h>
#include <string.h>

#include "io/data/format.h"

bool sample_sink_is_full(const sample_sink *sink) {
    return sink->kept == sink->wanted;
}

bool sample_sink_needs_samples(const sample_sink *sink) {
    return sink->samples != NULL || sink->looks_at_samples;
}

/* The stored sample (C, H, W) without its border → (C, H − 2·border, W − 2·border). */
static void keep_sample(sample_sink *sink, const unsigned char *sample) {
    const size_t border = (size_t)sink->border, bytes = sink->element_bytes;
    const size_t height = (size_t)sink->stored.height, width = (size_t)sink->stored.width;
    const size_t rows = height - 2 * border, row_bytes = (width - 2 * border) * bytes;
    const size_t channels = (size_t)sink->stored.channels;
    unsigned char *out = sink->samples + sink->kept * channels * rows * row_bytes;
    for (size_t c = 0; c < channels; c++)
        for (size_t y = border; y < border + rows; y++, out += row_bytes)
            memcpy(out, sample + ((c * height + y) * width + border) * bytes, row_bytes);
}

void sample_sink_put(sample_sink *sink, const void *sample, uint8_t label) {
    if (sink->per_class > 0 && sink->class_counts[label] == sink->per_class)
        return;
    if (sink->samples != NULL) {
        keep_sample(sink, sample);
        sink->labels[sink->kept] = label;
    }
    sink->class_counts[label]++;
    sink->kept++;
}

void sample_sink_put_targets(sample_sink *sink, const void *sample, const float *targets) {
    const size_t size = (size_t)sink->target_count;
    for (size_t i = 0; i < size; i++) {
        sink->least_target = sink->kept + i == 0 ? targets[0] : fmin(sink->least_target, targets[i]);
        sink->greatest_target = sink->kept + i == 0 ? targets[0] : fmax(sink->greatest_target, targets[i]);
    }
    if (sink->samples != NULL) {
        keep_sample(sink, sample);
        memcpy(sink->targets + sink->kept * size, targets, size * sizeof *targets);
    }
    sink->kept++;
}
