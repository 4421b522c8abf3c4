/* `mpisweep bench --kernels`: a table of all kernels over counts of channels. */
#ifndef CLI_BENCH_KERNELS_H
#define CLI_BENCH_KERNELS_H

#include <stdbool.h>

#include "base/status.h"

/* Time and print them; `blocks` of a millisecond for each count of channels. STATUS_INCOMPLETE when a kernel
 * takes too long with some count (KERNEL_MOST_RELATIVE). */
status bench_kernels(int blocks, bool json, error_info *error);

#endif
