#include "base/random.h"

#include <math.h>

static uint32_t multiply_high(uint32_t a, uint32_t b, uint32_t *low) {
    uint64_t product = (uint64_t)a * b;
    *low = (uint32_t)product;
    return (uint32_t)(product >> 32);
}

void philox4x32_10(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]) {
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    uint32_t k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; round++) {
        uint32_t low0, low1;
        uint32_t high0 = multiply_high(0xD2511F53u, c0, &low0);
        uint32_t high1 = multiply_high(0xCD9E8D57u, c2, &low1);
        c0 = high1 ^ c1 ^ k0;
        c1 = low1;
        c2 = high0 ^ c3 ^ k1;
        c3 = low0;
        k0 += 0x9E3779B9u; /* golden ratio */
        k1 += 0xBB67AE85u; /* sqrt(3) − 1 */
    }
    out[0] = c0, out[1] = c1, out[2] = c2, out[3] = c3;
}

static uint64_t mix64(uint64_t h) {
    h ^= h >> 33;
    h *= 0xFF51AFD7ED558CCDull;
    h ^= h >> 33;
    h *= 0xC4CEB9FE1A85EC53ull;
    h ^= h >> 33;
    return h;
}

uint64_t hash_bytes(const void *bytes, size_t size) {
    const unsigned char *byte = bytes;
    uint64_t h = 0xCBF29CE484222325ull;
    for (size_t i = 0; i < size; i++)
        h = (h ^ byte[i]) * 0x100000001B3ull;
    return mix64(h);
}

random_stream random_stream_open(uint64_t seed, uint64_t coordinates, random_purpose purpose,
                                 uint64_t index) {
    /* Hash the three little-endian words byte by byte, so that the identity is the same on every machine. */
    uint64_t parts[3] = {coordinates, (uint64_t)purpose, index};
    unsigned char bytes[sizeof parts];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(parts[i / 8] >> (8 * (i % 8)));
    return (random_stream){
        .key = {(uint32_t)seed, (uint32_t)(seed >> 32)},
        .identity = hash_bytes(bytes, sizeof bytes),
    };
}

uint32_t random_u32(random_stream *stream) {
    if (stream->unused == 0) {
        uint32_t counter[4] = {(uint32_t)stream->block, (uint32_t)(stream->block >> 32),
                               (uint32_t)stream->identity, (uint32_t)(stream->identity >> 32)};
        philox4x32_10(counter, stream->key, stream->words);
        stream->block++;
        stream->unused = 4;
    }
    return stream->words[4 - stream->unused--];
}

double random_uniform(random_stream *stream) {
    uint64_t high = random_u32(stream) >> 5; /* 27 bits */
    uint64_t low = random_u32(stream) >> 6;  /* 26 bits */
    return (double)(high << 26 | low) * 0x1p-53;
}

double random_normal(random_stream *stream) {
    const double two_pi = 6.283185307179586;
    double u = 1.0 - random_uniform(stream); /* in (0, 1]: the logarithm is finite */
    double v = random_uniform(stream);
    return sqrt(-2.0 * log(u)) * cos(two_pi * v);
}

uint32_t random_below(random_stream *stream, uint32_t bound) {
    uint64_t product = (uint64_t)random_u32(stream) * bound;
    if ((uint32_t)product < bound) {
        uint32_t threshold = -bound % bound;
        while ((uint32_t)product < threshold)
            product = (uint64_t)random_u32(stream) * bound;
    }
    return (uint32_t)(product >> 32);
}

void random_permutation(random_stream *stream, uint32_t *order, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        uint32_t j = random_below(stream, i + 1);
        order[i] = order[j];
        order[j] = i;
    }
}
