/* Private to the writer: its state, and what opening and storing share.
 *
 * Order of writes to a cell: values, provenance, checksum; after a sync that covers them, its status. A cell
 * with a checksum and no status was stored and not published: it is taken over when the checksum holds. */
#ifndef IO_RESULTS_WRITER_H
#define IO_RESULTS_WRITER_H

#include <pthread.h>

#include "io/results_internal.h"

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
    uint8_t *states;       /* (cells) */
    damaged_cells damaged; /* found at opening */
    unsigned char *row;    /* (row_bytes) science of one cell, array after array */
    size_t row_bytes;
    float *no_values;                /* (records.value_count) NaN */
    char (*hosts)[RECORD_HOST_SIZE]; /* (RESULTS_HOSTS), the first host_count in use */
    int host_count;
    size_t session;         /* row of the session tables */
    double session_started; /* on clock_seconds(): calendars of two sessions may differ */
    int32_t session_cells;  /* stored in it */
    cell_list unsynced;     /* stored since the last sync began */
    cell_list syncing;      /* covered by the sync that runs */
    bool sync_running;
    pthread_t sync_thread;
    double sync_started;
    off_t size; /* of the file, which never changes */
    unsigned char head[RESULTS_HEAD_BYTES];
    double session_start; /* as it is in the file */
    double next_look;     /* at the file's name and content; on clock_seconds() */
    error_info failure;   /* the first error; nothing is written after it */
};

/* Write or read one row of an array. A failure is kept in r->failure. */
status results_write_row(results *r, int array, size_t row, const void *bytes);
status results_read_row(results *r, int array, size_t row, void *bytes);

/* Move the science of a cell between r->row and the file. */
status results_write_science(results *r, size_t cell);
status results_read_science(results *r, size_t cell);

/* All of the cell but its status is written: the next sync covers it. */
status results_add_unsynced(results *r, size_t cell, uint8_t state);

/* ---- Is it still the same file? (results_watch.c) ----------------------------------------------- */

/* Remember what the open file is, after this session was entered into it. */
status results_watch_begin(results *r);

/* Compare name, size and content with that. A difference becomes r->failure: what happened, and what is
 * saved. */
status results_watch_look(results *r);

/* The same, when the last look is a second old. */
status results_watch_tick(results *r);

/* Free everything; nothing is written. */
void results_release(results **r);

#endif
