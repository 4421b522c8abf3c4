/* Shards: parts of a grid that several sessions train, each into a results file of its own. */
#ifndef GRID_SHARD_H
#define GRID_SHARD_H

#include <stdbool.h>
#include <stddef.h>

/* Part `index` of `count`, from 1; count 0: all of the grid. */
typedef struct grid_shard {
    size_t index, count;
} grid_shard;

/* Is the cell in the shard? Depends on the number of the cell alone: the sum of its digits in base `count`,
 * modulo `count`, is index − 1 (the Thue-Morse sequence for two shards). Of every `count` cells from a
 * multiple of it, each shard has one, so that shards differ by one cell at most. cell % count would do the
 * same, but give all cells of a value to one shard where the length of an axis is a multiple of `count`, and
 * costs often depend on one axis. */
bool grid_shard_has(grid_shard shard, size_t cell);

#endif
