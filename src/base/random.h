/* Counter-based random streams.
 *
 * Every random number of a sweep is a pure function of (job seed, cell coordinates, purpose, index,
 * position): Philox4x32-10 (Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC
 * 2011) with the job seed as key and a hash of the rest in the counter's upper half. No state outlives a
 * stream, so results cannot depend on rank, order or restarts. */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* What a stream is used for. Part of every result: never renumber, only append. */
typedef enum random_purpose {
    RANDOM_INIT = 1,      /* initial parameters; index: layer */
    RANDOM_SHUFFLE = 2,   /* order of the samples; index: epoch */
    RANDOM_SYNTHETIC = 3, /* generated data; index: see the generator */
    RANDOM_DROPOUT = 4,   /* masks; index: step and layer */
    RANDOM_SPLIT = 5,     /* hold-out split; index: class */
    RANDOM_MIRROR = 6,    /* which images are mirrored; index: epoch */
    RANDOM_POINTS = 7,    /* generated points; index: split */
    RANDOM_DRAW = 8,      /* values of drawn axes; index: the draw, or 0 for a shift of all */
    RANDOM_CROP = 9,      /* where training images are cropped; index: epoch, with a block for each sample */
    RANDOM_HFLIP = 10,    /* which are flipped left to right; the same */
    RANDOM_VFLIP = 11,    /* which are flipped upside down; the same */
    RANDOM_CUTOUT = 12,   /* where squares are cut out; the same */
} random_purpose;

typedef struct random_stream {
    uint32_t key[2];
    uint64_t identity; /* upper half of the counter */
    uint64_t block;    /* lower half: how many blocks of four words were drawn */
    uint32_t words[4];
    int unused; /* words of the current block not handed out yet */
} random_stream;

/* The bare generator: ten rounds on a 128-bit counter with a 64-bit key; `out` receives four words. */
void philox4x32_10(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

/* A stream for one purpose of one cell. `coordinates` identifies the cell (grid_coordinates; 0 for job-wide
 * streams such as generated data). */
random_stream random_stream_open(uint64_t seed, uint64_t coordinates, random_purpose purpose, uint64_t index);

/* Go to the start of a block of four words. */
void random_stream_seek(random_stream *stream, uint64_t block);

uint32_t random_u32(random_stream *stream);

/* Uniform in [0, 1), 53 bits. */
double random_uniform(random_stream *stream);

/* The next `count` numbers of the stream, as `count` calls of the function for one would give them, but
 * faster. */
void random_words(random_stream *stream, uint32_t *words, size_t count);
void random_uniforms(random_stream *stream, double *values, size_t count);

/* Standard normal (Box and Muller 1958). Each call takes two uniforms and gives the cosine branch, so that
 * the number of draws does not depend on the history. */
double random_normal(random_stream *stream);

/* Uniform on 0 … bound − 1 without bias (Lemire 2019); bound ≥ 1. */
uint32_t random_below(random_stream *stream, uint32_t bound);

/* Fill order (count) with a uniformly random permutation of 0 … count − 1 (Fisher and Yates). */
void random_permutation(random_stream *stream, uint32_t *order, uint32_t count);

/* 64-bit FNV-1a of `size` bytes, then a finaliser that spreads the last bytes over all bits (MurmurHash3's
 * fmix64). Not cryptographic; stable across machines. */
uint64_t hash_bytes(const void *bytes, size_t size);

#endif
