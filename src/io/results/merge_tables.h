/* The tables of hosts and sessions of files that are joined. */
#ifndef IO_RESULTS_MERGE_TABLES_H
#define IO_RESULTS_MERGE_TABLES_H

#include "grid/cell.h"
#include "io/results/merge_input.h"

/* Zero it before the first use. */
typedef struct merge_tables {
    char (*hosts)[RECORD_HOST_SIZE]; /* (RESULTS_HOSTS), the first host_count in use */
    int host_count;
    unsigned char *sessions; /* (session_capacity, session_bytes) rows of all columns, session_count in use */
    size_t session_count, session_capacity, session_bytes;
} merge_tables;

/* Add those of a file. host_rows (RESULTS_HOSTS): where its rows of hosts are in the joined table; −1 when
 * that is full. */
status merge_tables_add(merge_tables *t, const merge_input *in, int32_t host_rows[RESULTS_HOSTS],
                        error_info *error);

/* Write them to a new file, whose tables are empty. Sessions are ordered by their start; one that several
 * files have is written once, as it was last updated. When there are too many, the oldest are left out, with
 * a warning. */
status merge_tables_write(merge_tables *t, int file, const char *path, const results_layout *layout,
                          error_info *error);

void merge_tables_release(merge_tables *t);

#endif
