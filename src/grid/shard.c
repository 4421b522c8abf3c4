#include "grid/shard.h"

bool grid_shard_has(grid_shard shard, size_t cell) {
    if (shard.count <= 1)
        return true;
    size_t sum = 0;
    for (; cell > 0; cell /= shard.count)
        sum += cell % shard.count;
    return sum % shard.count == shard.index - 1;
}
