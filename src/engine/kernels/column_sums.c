/* Column sums in vectors, for any count of columns: as many rows are seen as one as fill whole vectors, and
 * at least as many vectors as additions are under way at once. */
#include "engine/kernels/lanes.h"
#include "engine/kernels/set.h"

enum { VECTORS = 4 };

/* The first count of rows whose values fill whole vectors. */
static size_t rows_of_whole_vectors(size_t columns) {
    size_t rows = 1;
    while (rows * columns % LANES != 0 || rows * columns < VECTORS * LANES)
        rows *= 2;
    return rows;
}

/* Add rows of `width` values at `first` to the columns that these values are of; `vectors` is a constant. */
INLINE void sum_vectors(size_t rows, size_t width, const int vectors, const float *x, size_t first,
                        size_t columns, float *sums) {
    vector sum[VECTORS] = {0};
    x += first;
    for (size_t r = 0; r < rows; r++, x += width)
        for (int v = 0; v < vectors; v++)
            sum[v] += load(x + v * LANES);
    for (int v = 0; v < vectors; v++)
        for (int i = 0; i < LANES; i++)
            sums[(first + (size_t)(v * LANES + i)) % columns] += sum[v][i];
}

static void column_sums(size_t rows, size_t columns, const float *x, float *sums) {
    const size_t together = rows_of_whole_vectors(columns), width = together * columns,
                 whole = rows / together;
    size_t first = 0;
    for (; first + VECTORS * LANES <= width; first += VECTORS * LANES)
        sum_vectors(whole, width, VECTORS, x, first, columns, sums);
    for (; first < width; first += LANES)
        sum_vectors(whole, width, 1, x, first, columns, sums);
    x += whole * width;
    for (size_t i = 0; i < (rows - whole * together) * columns; i++)
        sums[i % columns] += x[i];
}

void KERNEL(fill_column_sums)(kernel_set *set) {
    set->column_sums = column_sums;
}
