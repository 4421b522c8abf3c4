/* The entries of checkpoint files: a header and the bytes of a checkpoint each. Private to results.
 *
 * A list knows which entries of two files still count: those of the file that is in its place, and those of
 * the next one, which is being written. Of several entries of one cell the last that is whole counts. */
#ifndef IO_RESULTS_CHECKPOINT_ENTRIES_H
#define IO_RESULTS_CHECKPOINT_ENTRIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"
#include "grid/cell.h"

/* As in a file; followed by its bytes. */
typedef struct entry_header {
    uint64_t cell, size; /* size is never 0 */
    uint64_t checksum;   /* CRC-32 of cell, size and bytes */
} entry_header;

typedef struct checkpoint_entry {
    entry_header header;
    uint64_t offset; /* of the bytes */
    bool in_next;    /* of the file that is being written */
} checkpoint_entry;

typedef struct checkpoint_entries {
    checkpoint_entry *items; /* (count) in the order of the files, those of the next one last */
    size_t count, capacity;
} checkpoint_entries;

/* What a file says of a checkpoint. */
entry_header checkpoint_entry_header(const cell_checkpoint *c);

/* Append one; STATUS_INTERNAL without memory. */
status checkpoint_entries_add(checkpoint_entries *list, const checkpoint_entry *e, error_info *error);

/* Find the entries of an open file of `size` bytes, from byte `at` on. STATUS_IO at the first that is
 * impossible; those before it were added. `cells`: of the grid. */
status checkpoint_entries_find(checkpoint_entries *list, int file, const char *path, uint64_t at,
                               uint64_t size, size_t cells, error_info *error);

/* Read the bytes of an entry to the start of `into`. STATUS_IO when they do not match their checksum. */
status checkpoint_entry_read(const checkpoint_entry *e, int file, const char *path, arena *into,
                             error_info *error);

/* Forget those of cells that have a result in `states` (cell_status by cell). */
void checkpoint_entries_drop_finished(checkpoint_entries *list, const uint8_t *states);

/* Forget those of one of the two files. */
void checkpoint_entries_drop_file(checkpoint_entries *list, bool in_next);

/* Forget those of a cell in the next file but the last. */
void checkpoint_entries_drop_superseded(checkpoint_entries *list, uint64_t cell);

/* The bytes, headers included, of those in the next file. */
uint64_t checkpoint_entries_bytes(const checkpoint_entries *list);

#endif
