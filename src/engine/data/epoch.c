#include "engine/data/epoch.h"

#include "base/random.h"

void epoch_order(uint64_t seed, uint64_t coordinates, int epoch, uint32_t *order, uint32_t count) {
    random_stream stream = random_stream_open(seed, coordinates, RANDOM_SHUFFLE, (uint64_t)epoch);
    random_permutation(&stream, order, count);
}

void epoch_mirrors(uint64_t seed, uint64_t coordinates, int epoch, double probability, uint8_t *mirrored,
                   size_t count) {
    random_stream stream = random_stream_open(seed, coordinates, RANDOM_MIRROR, (uint64_t)epoch);
    for (size_t i = 0; i < count; i++)
        mirrored[i] = random_uniform(&stream) < probability;
}
