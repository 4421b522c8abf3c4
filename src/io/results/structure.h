/* The one time that a results file is written through HDF5. */
#ifndef IO_RESULTS_STRUCTURE_H
#define IO_RESULTS_STRUCTURE_H

#include "io/job/job.h"
#include "io/results/layout.h"
#include "io/results/origin.h"

/* Create `path` with all scales, arrays and attributes; arrays are allocated and not filled. */
status results_write_structure(const char *path, const results_layout *layout, const job *j,
                               const results_origin *origin, error_info *error);

#endif
