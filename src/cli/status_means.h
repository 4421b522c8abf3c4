/* Means over runs, as tables for people. */
#ifndef CLI_STATUS_MEANS_H
#define CLI_STATUS_MEANS_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "io/results/reader.h"

/* What is shown of them. */
typedef struct means_view {
    const char *variable; /* only this one; NULL: all */
    size_t most_rows;     /* of a table or a list; of longer ones the best are shown */
    int columns;          /* of the terminal, which no row exceeds; 0: none */
} means_view;

/* Means over runs of the cells that are done according to `states` (cells). */
status status_print_means(results_reader *reader, const char *path, const uint8_t *states,
                          const means_view *view, error_info *error);

#endif
