/* What a results file says about its sweep: counts, rate, expected end, failures, what is in training. */
#ifndef CLI_STATUS_SUMMARY_H
#define CLI_STATUS_SUMMARY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

typedef struct status_view {
    bool json;         /* one object in one line; else text */
    bool skips_damage; /* trust the checksums: reading the whole file takes a second per gigabyte */
    size_t most_rows;  /* of a table */
    size_t most_ranks; /* that are listed with what they train */
    int columns;       /* of the terminal, which no table exceeds; 0: none */
} status_view;

/* Print them to standard output; *pending: the cells without a result. Works while a session is writing.
 * docs/results-format.md has the keys of the object. */
status status_print_summary(const char *path, const status_view *view, size_t *pending, error_info *error);

#endif
