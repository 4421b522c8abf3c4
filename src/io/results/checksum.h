/* The checksum of what a results file holds of a cell. */
#ifndef IO_RESULTS_CHECKSUM_H
#define IO_RESULTS_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/* The checksum of `row`, all that the file holds of a cell from ARRAY_STEPS_TAKEN on, in `state`; never 0,
 * which means that nothing was stored. */
uint32_t results_checksum(uint64_t cell, const unsigned char *row, size_t bytes, uint8_t state);

/* The state with which `row` matches `checksum`; CELL_PENDING when there is none. */
uint8_t results_find_state(uint64_t cell, const unsigned char *row, size_t bytes, uint32_t checksum);

#endif
