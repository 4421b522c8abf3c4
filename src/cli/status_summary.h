/* What a results file says about its sweep: counts, rate, expected end. */
#ifndef CLI_STATUS_SUMMARY_H
#define CLI_STATUS_SUMMARY_H

#include <stdbool.h>

#include "base/status.h"

/* Print the counts, rate, expected end and means over runs of a results file to standard output, as text or
 * as one JSON object {"total", "done", "failed", "diverged", "pending", …}. Works while a session is
 * writing. */
status status_print_summary(const char *path, bool json, error_info *error);

#endif
