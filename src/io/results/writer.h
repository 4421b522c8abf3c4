/* Private to the writer: its state, and what opening and storing share.
 *
 * Order of writes to a cell: values, provenance, checksum; after a sync that covers them, its status. A cell
 * with a checksum and no status was stored and not published: it is taken over when the checksum matches. */
#ifndef IO_RESULTS_WRITER_H
#define IO_RESULTS_WRITER_H

#include "io/file/background_sync.h"
#include "io/results/damage.h"
#include "io/results/layout.h"
#include "io/results/results.h"

typedef struct cell_list {
    size_t *cells; /* (capacity), the first `count` in use */
    size_t count, capacity;
} cell_list;

enum { RESULTS_HEAD_BYTES = 512 }; /* superblock and what follows it; every results file is longer */

struct results {
    char *path; /* absolute, without links */
    int file;   /* -1: nothing can be written, see `repacked` */
    int lock;
    bool repacked; /* complete, and rewritten by another tool */
    record_layout records;
    results_layout layout;
    uint8_t *states;          /* (cells) */
    damaged_cells damaged;    /* found at opening */
    struct row_run *runs;     /* (layout.array_count) rows.h */
    unsigned char *run_bytes; /* of all runs */
    int32_t *tries;           /* (cells) */
    unsigned char *row;       /* (row_bytes) content of one cell, array after array */
    size_t row_bytes;
    float *no_values;                /* (records.value_count) NaN */
    char (*hosts)[RECORD_HOST_SIZE]; /* (RESULTS_HOSTS), the first host_count in use */
    int host_count;
    size_t session;         /* row of the session tables */
    double session_started; /* on clock_seconds(): calendars of two sessions may differ */
    int32_t session_cells;  /* stored in it */
    cell_list unsynced;     /* stored since the last sync began */
    cell_list syncing;      /* covered by the running sync */
    background_sync sync;
    double sync_started;
    off_t size; /* of the file, which never changes */
    unsigned char head[RESULTS_HEAD_BYTES];
    double session_start; /* as it is in the file */
    double next_look;     /* last check of the file's name and content; on clock_seconds() */
    error_info failure;   /* the first error; nothing is written after it */
};

/* Free everything; nothing is written. */
void results_release(results **r);

#endif
