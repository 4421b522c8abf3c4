/* Compares the scientific content of two results files. */
#ifndef IO_RESULTS_COMPARE_H
#define IO_RESULTS_COMPARE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

/* Compare the scientific content (everything but /provenance) and the digests of the data bit for bit. *equal
 * is the result; when false, the first difference is in `difference`. */
status results_compare(const char *path_a, const char *path_b, bool *equal, char *difference, size_t size,
                       error_info *error);

#endif
