/* From stored pixels to a batch of network inputs. Private to the engine. */
#ifndef ENGINE_DATA_BATCH_H
#define ENGINE_DATA_BATCH_H

#include "engine/engine.h"

enum { MAX_CHANNELS = ENGINE_MAX_LIST };

/* What the model should say of the samples of a batch. */
typedef struct batch_targets {
    uint8_t *labels; /* (count) */
    real *values;    /* (count, target_count), of a regression */
} batch_targets;

/* The 256 values that a pixel of a channel can become. */
typedef struct pixel_table {
    real values[MAX_CHANNELS][256];
} pixel_table;

/* (pixel / 255 − mean) / std, in the engine's number type as PyTorch does it; pixel / 255 without a spec. */
void pixel_table_fill(pixel_table *t, const normalize_spec *spec, int channels);

/* Samples order[first … first + count − 1] of a split (in stored order when order is NULL) →
 * inputs (count, H, W, C) and labels (count). */
void batch_gather(const dataset_split *split, tensor_shape shape, const pixel_table *table,
                  const uint32_t *order, size_t first, size_t count, real *inputs, uint8_t *labels);

#endif
