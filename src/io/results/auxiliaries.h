/* The grid of a results file with what draws give to keys. */
#ifndef IO_RESULTS_AUXILIARIES_H
#define IO_RESULTS_AUXILIARIES_H

#include "io/results/reader.h"

/* The axes and auxiliary coordinates of a file, whose keys are not known. The caller frees *out with
 * grid_release, also on failure. */
status results_read_auxiliaries(results_reader *reader, grid *out, error_info *error);

#endif
