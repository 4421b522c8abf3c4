/* CRC-32 of zlib over the number of the cell, its row and its state. */
#include <zlib.h>

#include "grid/cell.h"
#include "io/results/checksum.h"

uint32_t results_checksum(uint64_t cell, const unsigned char *row, size_t bytes, uint8_t state) {
    uLong crc = crc32_z(0, (const Bytef *)&cell, sizeof cell);
    crc = crc32_z(crc, row, bytes);
    crc = crc32_z(crc, &state, 1);
    return crc != 0 ? (uint32_t)crc : 1;
}

uint8_t results_find_state(uint64_t cell, const unsigned char *row, size_t bytes, uint32_t checksum) {
    for (uint8_t state = 0; checksum != 0 && state < CELL_STATUS_COUNT; state++)
        if (cell_has_result(state) && results_checksum(cell, row, bytes, state) == checksum)
            return state;
    return CELL_PENDING;
}
