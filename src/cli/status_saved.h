/* What early ends of cells have saved. */
#ifndef CLI_STATUS_SAVED_H
#define CLI_STATUS_SAVED_H

#include <stdint.h>

#include "base/status.h"
#include "io/results/reader.h"

/* The share of the steps of done cells that were not needed, 0 to 1; NaN when the job watches no number, or
 * no cell is done. */
status status_read_saved(results_reader *r, const uint8_t *states, double *saved, error_info *error);

/* A line about that share; none for 0 and NaN. */
void status_print_saved(double saved);

#endif
