/* A digest of the scientific content of a results file. */
#ifndef IO_RESULTS_DIGEST_H
#define IO_RESULTS_DIGEST_H

#include "base/status.h"
#include "grid/digest.h"

/* A quotable digest of the scientific content (everything but /provenance): equal for files that are equal
 * for results_compare. */
status results_content_digest(const char *path, digest128 *out, error_info *error);

#endif
