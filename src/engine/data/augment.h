/* Changes of training images that are drawn again every epoch: crops, flips, cutouts. Private to the engine.
 *
 * Each kind has a random stream of its own for every epoch, of which a sample has one block: what becomes of
 * an image depends on seed, cell, epoch and sample, not on its batch. */
#ifndef ENGINE_DATA_AUGMENT_H
#define ENGINE_DATA_AUGMENT_H

#include "engine/data/batch.h"

/* The streams of a cell in one epoch. */
typedef struct augment_epoch {
    uint64_t seed, coordinates, epoch;
} augment_epoch;

/* Is anything changed? */
bool augment_changes(const augment_spec *spec);

/* Change inputs (count, H, W, C), the samples order[first … first + count − 1] of the split, which
 * batch_gather has made: a crop, then flips, then a cutout. */
void augment_batch(const augment_spec *spec, augment_epoch now, const input_transform *t,
                   const dataset_split *split, const uint32_t *order, size_t first, size_t count,
                   real *inputs);

#endif
