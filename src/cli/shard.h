/* --shard I/N: which part of the grid a session trains. */
#ifndef CLI_SHARD_H
#define CLI_SHARD_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/options.h"
#include "grid/grid.h"
#include "grid/shard.h"

/* Of an option: "2/8", the second of eight shards; a grid_shard. */
extern const cli_kind shard_kind;

/* Deselect the cells of other shards: selected (cells). */
void shard_select(grid_shard shard, size_t cells, bool *selected);

enum { SHARD_NAME_SIZE = GRID_NAME_SIZE + sizeof ".shard--of-.h5" + 2 * 20 };

/* The name of a job's results file, different for all shards, so that they do not meet in one file: "JOB.h5",
 * "JOB.shard-2-of-8.h5". Returns `name`. */
const char *shard_results_name(grid_shard shard, const char *job, char name[SHARD_NAME_SIZE]);

#endif
