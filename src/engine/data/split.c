/* The hold-out split: which samples of the training set are kept for validation. */
#include <math.h>

#include "base/random.h"
#include "engine/engine.h"

static size_t held_out_of(double fraction, size_t count) {
    return (size_t)floor(fraction * (double)count + 0.5);
}

size_t hold_out_count(double fraction, const size_t class_counts[], int classes) {
    size_t total = 0;
    for (int c = 0; c < classes; c++)
        total += held_out_of(fraction, class_counts[c]);
    return total;
}

/* What is still to be seen of a class, and how much of that is still to be held out. */
typedef struct stratum {
    random_stream stream;
    uint32_t left, wanted;
} stratum;

/* Selection sampling (Knuth, "The art of computer programming", volume 2, 3.4.2, algorithm S): a sample is
 * taken with probability wanted / left, which gives every subset of the right size the same chance. */
static bool select_next(stratum *s) {
    const bool taken = random_below(&s->stream, s->left--) < s->wanted;
    s->wanted -= taken;
    return taken;
}

void hold_out_draw(double fraction, const uint8_t *labels, size_t count, uint64_t seed, uint32_t *train,
                   uint32_t *held_out) {
    stratum strata[ENGINE_MAX_CLASSES] = {0};
    for (size_t i = 0; i < count; i++)
        strata[labels != NULL ? labels[i] : 0].left++;
    for (uint64_t c = 0; c < ENGINE_MAX_CLASSES; c++) {
        strata[c].stream = random_stream_open(seed, 0, RANDOM_SPLIT, c);
        strata[c].wanted = (uint32_t)held_out_of(fraction, strata[c].left);
    }
    for (size_t i = 0; i < count; i++)
        if (select_next(&strata[labels != NULL ? labels[i] : 0]))
            *held_out++ = (uint32_t)i;
        else
            *train++ = (uint32_t)i;
}
