/* Data sets in memory: splits, held-out samples, generated samples. Part of engine.h. */
#ifndef ENGINE_DATASET_H
#define ENGINE_DATASET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct tensor_shape {
    int channels, height, width; /* a flat vector of K values is (K, 1, 1) */
} tensor_shape;

/* Samples as they are stored: images of bytes (channel planes) or numbers, with labels or with targets. The
 * engine only reads them; they may be in memory shared by several processes. Several splits may share one
 * store. */
typedef struct dataset_split {
    size_t count;
    const uint32_t *index; /* (count) position in the store of each sample; NULL: 0 … count − 1 */
    const uint8_t *pixels; /* (stored, C, H, W), or NULL and … */
    const float *features; /* … (stored, C, H, W) */
    const uint8_t *labels; /* (stored), each < classes; NULL for a regression */
    const float *targets; /* (stored, target_count); NULL for a classification. Several labels: 0 and 1, which
                             is for the caller to check */
} dataset_split;

/* Points of the plane or the line, drawn by the engine (points.h has the distributions). */
typedef enum point_kind { POINTS_NONE, POINTS_XOR, POINTS_ABSOLUTE_VALUE } point_kind;

typedef struct point_spec {
    point_kind kind;
    size_t train_count, validation_count, test_count;
    double spread; /* xor: standard deviation of a cluster; absolute_value: x is uniform in ±spread */
    bool per_cell; /* every training draws its own points; else all of a job have the same */
} point_spec;

typedef struct dataset {
    tensor_shape shape;
    int classes;                             /* of the labels; 0: a regression, or several labels */
    int target_count;                        /* numbers per sample of a regression, or labels */
    const float *feature_mean, *feature_std; /* (C, H, W) of the stored values of the training set: samples
                                                are standardised by feature; NULL: by normalize_spec */
    dataset_split train, validation, test;
    point_spec points; /* unless POINTS_NONE: what the splits' counts count; their pointers are NULL */
} dataset;

/* For each of the `size` stored values of a sample, its mean over the split and its standard deviation
 * (divisor: the number of samples; 1 where it would be 0); mean and std (size). */
void dataset_statistics(const dataset_split *split, size_t size, float *mean, float *std);

/* How many samples are held out: Σ over the classes of round(fraction · class_counts[c]). A random hold-out
 * knows one class, of all samples. */
size_t hold_out_count(double fraction, const size_t class_counts[], int classes);

/* Draw which of `count` samples are held out: the same share of each class of `labels` (count), or of all
 * samples when labels is NULL. Fills held_out (as many as hold_out_count says) and train (the rest) in
 * ascending order. */
void hold_out_draw(double fraction, const uint8_t *labels, size_t count, uint64_t seed, uint32_t *train,
                   uint32_t *held_out);

/* The built-in synthetic images: 10 classes of coloured textures with shifted position, changing contrast and
 * noise; learnable, but not at any learning rate. Deterministic in (seed, index of the image). */
enum { SYNTHETIC_MAX_CHANNELS = 16 };

typedef struct synthetic_spec {
    tensor_shape shape; /* of at most SYNTHETIC_MAX_CHANNELS channels */
    int classes;
    size_t train_count, test_count;
} synthetic_spec;

/* Fill pixels (count, C, H, W) and labels (count) with images first … first + count − 1 of the stream; labels
 * cycle through the classes. Test images are those after the training images. */
void synthetic_images(const synthetic_spec *spec, uint64_t seed, size_t first, size_t count, uint8_t *pixels,
                      uint8_t *labels);

#endif
