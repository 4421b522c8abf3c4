/* Mean and standard deviation of every feature over a split. */
#include <math.h>

#include "engine/data/batch.h"

/* Features whose sums are kept at a time: a cache line of bytes. */
enum { BLOCK = 64 };

/* The mean over the samples of v − centre, or of its square, for features first … first + count − 1. */
static void block_moments(const dataset_split *split, size_t size, size_t first, size_t count,
                          const double *centre, bool squared, double *moments) {
    double sums[BLOCK] = {0};
    for (size_t n = 0; n < split->count; n++)
        for (size_t k = 0; k < count; k++) {
            const double deviation = split_value(split, size, n, first + k) - centre[k];
            sums[k] += squared ? deviation * deviation : deviation;
        }
    for (size_t k = 0; k < count; k++)
        moments[k] = sums[k] / (double)split->count;
}

void dataset_statistics(const dataset_split *split, size_t size, float *mean, float *std) {
    for (size_t first = 0; first < size; first += BLOCK) {
        const size_t count = size - first < BLOCK ? size - first : BLOCK;
        static const double zero[BLOCK] = {0};
        double means[BLOCK], variances[BLOCK];
        block_moments(split, size, first, count, zero, false, means);
        block_moments(split, size, first, count, means, true, variances);
        for (size_t k = 0; k < count; k++) {
            mean[first + k] = (float)means[k];
            std[first + k] = variances[k] > 0 ? (float)sqrt(variances[k]) : 1;
        }
    }
}
