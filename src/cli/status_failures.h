/* Which values failed cells have in common. */
#ifndef CLI_STATUS_FAILURES_H
#define CLI_STATUS_FAILURES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "grid/grid.h"

/* For each status of failure and each axis: the fewest values that nine of ten such cells have, when they are
 * no more than half of the axis's values and than half of the cells. As lines, or as a member of a JSON
 * object.
 */
status status_print_failures(const grid *g, const uint8_t *states, bool json, error_info *error);

#endif
