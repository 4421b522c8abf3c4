/* The cells of a file against their checksums. */
#ifndef IO_RESULTS_DAMAGE_H
#define IO_RESULTS_DAMAGE_H

#include <stddef.h>

#include "io/results/reader.h"

typedef struct damaged_cells {
    size_t *cells; /* (count) ascending; the caller's to free */
    size_t count;
    size_t checked; /* cells that have a status */
} damaged_cells;

/* Check every cell with a status against its checksum; a status that does not exist is damage, too. Reads the
 * file once, array after array in blocks; the file may be being written. */
status results_find_damage(results_reader *reader, damaged_cells *out, error_info *error);

/* "run=3, lr=0.01; run=4, lr=0.01; and 2 more": axis values of the first cells of a list. */
void results_name_cells(const grid *g, const size_t *cells, size_t count, char *text, size_t size);

/* The cells of a file that have a status, against their checksums. */
typedef struct results_damage {
    size_t checked, damaged;
    char
        cells[1024]; /* axis values of the first damaged ones: "run=3, lr=0.01; run=4, lr=0.01; and 2 more" */
} results_damage;

status results_check_cells(const char *path, results_damage *out, error_info *error);

#endif
