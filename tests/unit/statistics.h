/* Tests of distributions. */
#ifndef TESTS_UNIT_STATISTICS_H
#define TESTS_UNIT_STATISTICS_H

#include <math.h>
#include <stddef.h>
#include <stdlib.h>

static inline int compare_doubles(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Kolmogorov–Smirnov: the largest distance between the empirical distribution of sorted x (n) and `cdf`,
 * times √n; below 1.95 with probability 0.999 when x follows cdf. */
static inline double kolmogorov_smirnov(double *x, size_t n, double (*cdf)(double)) {
    qsort(x, n, sizeof *x, compare_doubles);
    double distance = 0;
    for (size_t i = 0; i < n; i++) {
        double p = cdf(x[i]);
        distance = fmax(distance, fmax(p - (double)i / (double)n, (double)(i + 1) / (double)n - p));
    }
    return distance * sqrt((double)n);
}

static inline double uniform_cdf(double x) {
    return x;
}

static inline double normal_cdf(double x) {
    return 0.5 * erfc(-x / sqrt(2));
}

#endif
