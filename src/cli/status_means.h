/* Means over runs, as tables for people. */
#ifndef CLI_STATUS_MEANS_H
#define CLI_STATUS_MEANS_H

#include <stdint.h>

#include "base/status.h"
#include "io/results/reader.h"

/* Means over runs of the cells that are done according to `states` (cells). */
status status_print_means(results_reader *reader, const char *path, const uint8_t *states, error_info *error);

#endif
