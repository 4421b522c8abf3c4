/* Sobol's sequence: points that fill the unit cube more evenly than independent random numbers do. */
#ifndef BASE_SOBOL_H
#define BASE_SOBOL_H

#include <stdint.h>

enum { SOBOL_DIMENSIONS = 16 };

/* Coordinate `dimension` (0 … SOBOL_DIMENSIONS − 1) of point `index`, times 2^32. Point 0 is the origin; the
 * points are in the order of Gray's code, as in published tables. */
uint32_t sobol_point(int dimension, uint32_t index);

#endif
