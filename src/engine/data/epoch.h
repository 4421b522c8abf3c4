/* What is drawn again for every epoch. Private to the engine. */
#ifndef ENGINE_DATA_EPOCH_H
#define ENGINE_DATA_EPOCH_H

#include <stddef.h>
#include <stdint.h>

/* A random order of the samples 0 … count − 1. */
void epoch_order(uint64_t seed, uint64_t coordinates, int epoch, uint32_t *order, uint32_t count);

/* mirrored (count): 1 with `probability`, else 0; drawn independently for every sample. */
void epoch_mirrors(uint64_t seed, uint64_t coordinates, int epoch, double probability, uint8_t *mirrored,
                   size_t count);

#endif
