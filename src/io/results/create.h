/* Makes a results file, all or nothing. */
#ifndef IO_RESULTS_CREATE_H
#define IO_RESULTS_CREATE_H

#include <stdbool.h>

#include "io/job/job.h"
#include "io/results/layout.h"
#include "io/results/origin.h"
#include "io/results/reader.h"
#include "io/results/source.h"

/* Make a whole results file appear at `path`, also in place of another: all or nothing, even when the machine
 * dies meanwhile. It has the cells, owner and mode of `source`, or none when that is NULL. */
status results_create(const char *path, const results_layout *layout, const job *j,
                      const results_origin *origin, const results_source *source, error_info *error);

/* Find the offsets of all arrays. STATUS_IO when the file has them differently; *contiguous is false when it
 * was repacked and cannot be written raw. */
status results_locate(results_reader *reader, results_layout *layout, bool *contiguous, error_info *error);

#endif
