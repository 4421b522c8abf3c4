/* Makes a results file, all or nothing. */
#ifndef IO_RESULTS_CREATE_H
#define IO_RESULTS_CREATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "io/job/job.h"
#include "io/results/layout.h"
#include "io/results/origin.h"
#include "io/results/reader.h"
#include "io/results/source.h"

/* Make a whole results file appear at `path`, also in place of another: all or nothing, even when the machine
 * dies meanwhile. It has the cells, owner and mode of `source`, or none when that is NULL. */
status results_create(const char *path, const results_layout *layout, const job *j,
                      const results_origin *origin, const results_source *source, error_info *error);

/* How a results file is made: its structure is written to a new file, whose arrays are then filled with NaN
 * and 0, and its cells are added. */
typedef struct results_recipe {
    const char *path;
    mode_t mode;                  /* less the umask */
    const results_layout *layout; /* without offsets */
    uint64_t bytes;               /* to reserve for the structure */
    void *context;
    /* Write the structure to `temporary`, which is open as `file` and has at least `bytes`. */
    status (*write_structure)(void *context, const char *temporary, int file, error_info *error);
    /* Add cells and tables to the arrays, which are at the offsets of `located`. */
    status (*add_cells)(void *context, int file, const results_layout *located, error_info *error);
} results_recipe;

/* Make a results file appear at recipe->path, as results_create does. */
status results_make(const results_recipe *recipe, error_info *error);

/* Find the offsets of all arrays. STATUS_IO when the file has them differently; *contiguous is false when it
 * was repacked and cannot be written raw. */
status results_locate(results_reader *reader, results_layout *layout, bool *contiguous, error_info *error);

#endif
