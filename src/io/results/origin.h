/* Where the cells of a results file come from. */
#ifndef IO_RESULTS_ORIGIN_H
#define IO_RESULTS_ORIGIN_H

#include "grid/digest.h"

/* Facts about this program, machine and data that are stored with the results. Cells of one file have the
 * same kernels, numerics and data; the rest is provenance. */
typedef struct results_origin {
    const char *version; /* "mpisweep 1.0.0-rc1" */
    const char *commit;
    const char *kernels; /* engine_kernels() */
    const char *cpu;
    const char *libraries;
    int numerics;                         /* ENGINE_NUMERICS */
    data_digests data;                    /* of the samples */
    const char *data_places[SPLIT_COUNT]; /* where they come from, for messages; NULL: not known */
} results_origin;

#endif
