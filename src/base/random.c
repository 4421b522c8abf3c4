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

/* ---- Many blocks at once ----------------------------------------------------------------------- */

/* As vectors of whatever width the CPU has; integers, so that the numbers are the same. Sanitizers do not
 * work with functions that are chosen while the program is loaded. */
#if defined(__x86_64__) && defined(__GLIBC__) && defined(__OPTIMIZE__) && !defined(__clang__) &&             \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define FOR_EACH_CPU __attribute__((target_clones("arch=x86-64-v4", "avx2", "default")))
#else
#define FOR_EACH_CPU
#endif

enum { BLOCKS = 32, BLOCK_WORDS = 4 };

/* Blocks first … first + BLOCKS − 1 of a stream → out (BLOCKS, BLOCK_WORDS) */
FOR_EACH_CPU static void draw_blocks(const random_stream *stream, uint64_t first, uint32_t *restrict out) {
    uint32_t c0[BLOCKS], c1[BLOCKS], c2[BLOCKS], c3[BLOCKS];
    uint32_t k0 = stream->key[0], k1 = stream->key[1];
    for (int i = 0; i < BLOCKS; i++) {
        c0[i] = (uint32_t)(first + (uint64_t)i);
        c1[i] = (uint32_t)((first + (uint64_t)i) >> 32);
        c2[i] = (uint32_t)stream->identity;
        c3[i] = (uint32_t)(stream->identity >> 32);
    }
    for (int round = 0; round < 10; round++, k0 += 0x9E3779B9u, k1 += 0xBB67AE85u)
        for (int i = 0; i < BLOCKS; i++) {
            const uint64_t a = (uint64_t)0xD2511F53u * c0[i], b = (uint64_t)0xCD9E8D57u * c2[i];
            c0[i] = (uint32_t)(b >> 32) ^ c1[i] ^ k0;
            c2[i] = (uint32_t)(a >> 32) ^ c3[i] ^ k1;
            c1[i] = (uint32_t)b;
            c3[i] = (uint32_t)a;
        }
    for (int i = 0; i < BLOCKS; i++) {
        out[BLOCK_WORDS * i] = c0[i];
        out[BLOCK_WORDS * i + 1] = c1[i];
        out[BLOCK_WORDS * i + 2] = c2[i];
        out[BLOCK_WORDS * i + 3] = c3[i];
    }
}

/* Two words each, as random_uniform has it; both parts and their sum are exact in double. */
FOR_EACH_CPU static void make_uniforms(const uint32_t *restrict words, size_t count,
                                       double *restrict values) {
    for (size_t i = 0; i < count; i++) {
        const double high = (double)(int32_t)(words[2 * i] >> 5),
                     low = (double)(int32_t)(words[2 * i + 1] >> 6);
        values[i] = (high * 0x1p26 + low) * 0x1p-53;
    }
}

void random_words(random_stream *stream, uint32_t *words, size_t count) {
    enum { WORDS = BLOCKS * BLOCK_WORDS };
    for (; count > 0 && stream->unused > 0; count--)
        *words++ = random_u32(stream);
    for (; count >= WORDS; count -= WORDS, words += WORDS, stream->block += BLOCKS)
        draw_blocks(stream, stream->block, words);
    for (; count > 0; count--)
        *words++ = random_u32(stream);
}

void random_uniforms(random_stream *stream, double *values, size_t count) {
    enum { CHUNK = 128 };
    uint32_t words[2 * CHUNK];
    for (size_t now; count > 0; count -= now, values += now) {
        now = count < CHUNK ? count : CHUNK;
        random_words(stream, words, 2 * now);
        make_uniforms(words, now, values);
    }
}

/* ---- Streams ----------------------------------------------------------------------------------- */

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

void random_stream_seek(random_stream *stream, uint64_t block) {
    stream->block = block;
    stream->unused = 0;
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

/* Words that were drawn ahead. */
typedef struct word_reader {
    random_stream *stream;
    size_t next, count;
    uint32_t words[BLOCKS * BLOCK_WORDS];
} word_reader;

/* The next word. `needed`, this one included, will be read for certain: no more are drawn. */
static inline uint32_t next_word(word_reader *r, size_t needed) {
    const size_t most = sizeof r->words / sizeof *r->words;
    if (r->next == r->count) {
        r->count = needed < most ? needed : most;
        r->next = 0;
        random_words(r->stream, r->words, r->count);
    }
    return r->words[r->next++];
}

/* As random_below draws each of them. */
void random_permutation(random_stream *stream, uint32_t *order, uint32_t count) {
    word_reader reader = {.stream = stream};
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t bound = i + 1;
        uint64_t product = (uint64_t)next_word(&reader, count - i) * bound;
        if ((uint32_t)product < bound)
            while ((uint32_t)product < -bound % bound)
                product = (uint64_t)next_word(&reader, count - i) * bound;
        const uint32_t j = (uint32_t)(product >> 32);
        order[i] = order[j];
        order[j] = i;
    }
}
