/* The writer: opens or resumes a results file, stores cells, and publishes their statuses after a sync.
 *
 * Order of writes to a cell: values, provenance, checksum; after a sync that covers them, its status. A cell
 * with a checksum and no status was stored and not published: it is taken over when the checksum holds. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "io/results_internal.h"

typedef struct cell_list {
    size_t *cells; /* (capacity), the first `count` in use */
    size_t count, capacity;
} cell_list;

struct results {
    char *path;
    int file; /* -1: nothing can be written, see `repacked` */
    int lock;
    bool repacked; /* complete, and rewritten by another tool */
    record_layout records;
    results_layout layout;
    uint8_t *states;    /* (cells) */
    unsigned char *row; /* (row_bytes) science of one cell, array after array */
    size_t row_bytes;
    float *no_values;                /* (records.value_count) NaN */
    char (*hosts)[RECORD_HOST_SIZE]; /* (RESULTS_HOSTS), the first host_count in use */
    int host_count;
    size_t session;     /* row of the session tables */
    cell_list unsynced; /* stored since the last sync began */
    cell_list syncing;  /* covered by the sync that runs */
    bool sync_running;
    pthread_t sync_thread;
    double sync_started;
    error_info failure; /* the first error; nothing is written after it */
};

static const double sync_interval = 1; /* seconds */

/* ---- Rows -------------------------------------------------------------------------------------- */

static uint64_t row_offset(const results *r, int array, size_t row) {
    const results_array *a = &r->layout.arrays[array];
    return a->offset + row * a->row_bytes;
}

static status write_row(results *r, int array, size_t row, const void *bytes) {
    return raw_write(r->file, r->path, bytes, r->layout.arrays[array].row_bytes, row_offset(r, array, row),
                     &r->failure);
}

static status read_row(results *r, int array, size_t row, void *bytes) {
    return raw_read(r->file, r->path, bytes, r->layout.arrays[array].row_bytes, row_offset(r, array, row),
                    &r->failure);
}

typedef enum direction { FROM_FILE, TO_FILE } direction;

/* Move the science of a cell between r->row and the file. */
static status move_science(results *r, size_t cell, direction to) {
    unsigned char *at = r->row;
    for (int i = ARRAY_STEPS_TAKEN; i < r->layout.array_count; i++) {
        RETURN_IF_FAILED(to == TO_FILE ? write_row(r, i, cell, at) : read_row(r, i, cell, at));
        at += r->layout.arrays[i].row_bytes;
    }
    return STATUS_OK;
}

/* CRC-32 of cell number and r->row; the status comes last, see finish_checksum. */
static uint32_t science_checksum(const results *r, uint64_t cell) {
    uLong crc = crc32_z(0, (const Bytef *)&cell, sizeof cell);
    return (uint32_t)crc32_z(crc, r->row, r->row_bytes);
}

/* 0 in the file means that nothing was stored. */
static uint32_t finish_checksum(uint32_t crc, uint8_t state) {
    crc = (uint32_t)crc32_z(crc, &state, 1);
    return crc != 0 ? crc : 1;
}

static status append_cell(cell_list *list, size_t cell, error_info *error) {
    if (list->count == list->capacity) {
        size_t capacity = list->capacity > 0 ? 2 * list->capacity : 256;
        size_t *cells = realloc(list->cells, capacity * sizeof *cells);
        if (cells == NULL)
            return error_set(error, STATUS_INTERNAL, "out of memory");
        *list = (cell_list){.cells = cells, .count = list->count, .capacity = capacity};
    }
    list->cells[list->count++] = cell;
    return STATUS_OK;
}

/* ---- Sync and publish -------------------------------------------------------------------------- */

static status sync_failed(results *r, int reason) {
    return error_set(&r->failure, STATUS_IO, "%s: cannot sync: %s; cells stored last may be lost", r->path,
                     strerror(reason));
}

/* The cells that the finished sync covers are whole on disk: say so. */
static status publish(results *r) {
    for (size_t i = 0; i < r->syncing.count; i++) {
        size_t cell = r->syncing.cells[i];
        RETURN_IF_FAILED(write_row(r, ARRAY_STATUS, cell, &r->states[cell]));
    }
    r->syncing.count = 0;
    double now = clock_unix_seconds();
    return write_row(r, ARRAY_SESSION_UPDATED, r->session, &now);
}

static void begin_batch(results *r) {
    cell_list empty = r->syncing;
    r->syncing = r->unsynced;
    r->unsynced = empty;
    r->sync_started = clock_seconds();
}

static void *sync_in_background(void *file) {
    return (void *)(intptr_t)(fdatasync((int)(intptr_t)file) == 0 ? 0 : errno);
}

/* Without a thread to be had now, a later tick tries again. Signals are for the other threads. */
static void start_sync(results *r) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    r->sync_running =
        pthread_create(&r->sync_thread, NULL, sync_in_background, (void *)(intptr_t)r->file) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (r->sync_running)
        begin_batch(r);
}

static status end_sync(results *r, void *reason) {
    r->sync_running = false;
    if (r->failure.code != STATUS_OK)
        return r->failure.code;
    return reason == NULL ? publish(r) : sync_failed(r, (int)(intptr_t)reason);
}

static status wait_for_sync(results *r) {
    void *reason;
    if (!r->sync_running)
        return STATUS_OK;
    pthread_join(r->sync_thread, &reason);
    return end_sync(r, reason);
}

/* Make everything stored so far durable and published, here and now. */
static status flush(results *r) {
    RETURN_IF_FAILED(wait_for_sync(r));
    begin_batch(r);
    if (fdatasync(r->file) != 0)
        return sync_failed(r, errno);
    return publish(r);
}

/* ---- Store ------------------------------------------------------------------------------------- */

static status check_record(results *r, const cell_record *record) {
    if (record->cell < r->layout.cells && record->status > CELL_PENDING &&
        record->status < CELL_STATUS_COUNT &&
        (record->value_count == r->records.value_count || record->value_count == 0) &&
        record->steps_taken >= 0 && record->steps_taken <= INT32_MAX)
        return STATUS_OK;
    return error_set(&r->failure, STATUS_INTERNAL,
                     "%s: cannot store cell %llu of %zu with status %d, %lld steps and %llu of %zu values",
                     r->path, (unsigned long long)record->cell, r->layout.cells, record->status,
                     (long long)record->steps_taken, (unsigned long long)record->value_count,
                     r->records.value_count);
}

static unsigned char *append_bytes(unsigned char *at, const void *bytes, size_t size) {
    memcpy(at, bytes, size);
    return at + size;
}

/* Fill r->row: steps taken, then what is recorded, array after array. */
static void gather_science(results *r, const cell_record *record) {
    const float *values = record->value_count > 0 ? record->values : r->no_values;
    const int32_t steps = (int32_t)record->steps_taken;
    unsigned char *at = append_bytes(r->row, &steps, sizeof steps);
    for (int i = ARRAY_RECORDS; i < r->layout.array_count; i++) {
        const results_array *a = &r->layout.arrays[i];
        const float final = record->status == CELL_DONE ? record_final(a->source, values) : NAN;
        at = append_bytes(at, a->is_final ? &final : values + a->source->offset, a->row_bytes);
    }
}

/* The row of a host in /provenance/hosts, -1 when the table is full. */
static status find_host(results *r, const char *host, int32_t *out) {
    char name[RECORD_HOST_SIZE] = "";
    snprintf(name, sizeof name, "%s", host);
    for (*out = 0; *out < r->host_count; ++*out)
        if (strcmp(r->hosts[*out], name) == 0)
            return STATUS_OK;
    if (r->host_count == RESULTS_HOSTS) {
        *out = -1;
        return STATUS_OK;
    }
    memcpy(r->hosts[r->host_count++], name, sizeof name);
    return write_row(r, ARRAY_HOSTS, (size_t)*out, name);
}

static status write_provenance(results *r, const cell_record *record) {
    const size_t cell = record->cell;
    const double now = clock_unix_seconds();
    int32_t tries, host;
    RETURN_IF_FAILED(read_row(r, ARRAY_TRIES, cell, &tries));
    tries++;
    RETURN_IF_FAILED(find_host(r, record->host, &host));
    RETURN_IF_FAILED(write_row(r, ARRAY_SECONDS, cell, &record->seconds));
    RETURN_IF_FAILED(write_row(r, ARRAY_RANK, cell, &record->rank));
    RETURN_IF_FAILED(write_row(r, ARRAY_TRIES, cell, &tries));
    RETURN_IF_FAILED(write_row(r, ARRAY_FINISHED, cell, &now));
    return write_row(r, ARRAY_HOST, cell, &host);
}

/* Mark a stored cell as pending; a sync must follow before its values are touched. */
static status retract(results *r, size_t cell) {
    const uint32_t nothing = 0;
    r->states[cell] = CELL_PENDING;
    RETURN_IF_FAILED(write_row(r, ARRAY_STATUS, cell, &r->states[cell]));
    return write_row(r, ARRAY_CHECKSUM, cell, &nothing);
}

static status store(results *r, const cell_record *record) {
    RETURN_IF_FAILED(check_record(r, record));
    const size_t cell = record->cell;
    const uint8_t state = (uint8_t)record->status;
    if (r->states[cell] != CELL_PENDING) {
        RETURN_IF_FAILED(flush(r));
        RETURN_IF_FAILED(retract(r, cell));
        RETURN_IF_FAILED(flush(r));
    }
    gather_science(r, record);
    RETURN_IF_FAILED(move_science(r, cell, TO_FILE));
    RETURN_IF_FAILED(write_provenance(r, record));
    const uint32_t checksum = finish_checksum(science_checksum(r, cell), state);
    RETURN_IF_FAILED(write_row(r, ARRAY_CHECKSUM, cell, &checksum));
    r->states[cell] = state;
    return append_cell(&r->unsynced, cell, &r->failure);
}

/* ---- Open and resume --------------------------------------------------------------------------- */

static status check_place(const char *path, error_info *error) {
    struct stat info;
    if (stat(path, &info) == 0 && S_ISDIR(info.st_mode))
        return error_set(error, STATUS_IO, "%s: is a directory; name a results file", path);
    char *copy = strdup(path);
    if (copy == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory");
    const char *directory = dirname(copy);
    status result = STATUS_OK;
    if (stat(directory, &info) != 0)
        result = error_set(error, STATUS_IO, "%s: the directory %s: %s", path, directory, strerror(errno));
    free(copy);
    return result;
}

static status check_states(results *r, error_info *error) {
    size_t pending = 0;
    for (size_t cell = 0; cell < r->layout.cells; cell++) {
        if (r->states[cell] >= CELL_STATUS_COUNT)
            return error_set(error, STATUS_IO, "%s: is damaged: cell %zu has status %d", r->path, cell,
                             r->states[cell]);
        pending += r->states[cell] == CELL_PENDING;
    }
    if (r->repacked && pending > 0)
        return error_set(
            error, STATUS_IO,
            "%s: was rewritten by another tool (h5repack?) with %zu cells pending; it can be read, "
            "but not be finished",
            r->path, pending);
    return STATUS_OK;
}

/* Check the file and learn offsets and states from it. */
static status inspect(results *r, const job *j, const char *kernels, error_info *error) {
    results_reader *reader;
    RETURN_IF_FAILED(results_reader_open(&reader, r->path, error));
    void *states = NULL;
    bool contiguous = true;
    status result = results_check_job(reader, r->path, j, kernels, error);
    if (result == STATUS_OK &&
        (result = results_locate(reader, &r->layout, &contiguous, error)) == STATUS_OK) {
        results_dataset d;
        result = results_reader_describe(reader, "status", &d, error);
        if (result == STATUS_OK)
            result = results_reader_read_all(reader, &d, &states, error);
    }
    results_reader_close(&reader);
    r->states = states;
    r->repacked = !contiguous;
    return result == STATUS_OK ? check_states(r, error) : result;
}

static status allocate(results *r, error_info *error) {
    for (int i = ARRAY_STEPS_TAKEN; i < r->layout.array_count; i++)
        r->row_bytes += r->layout.arrays[i].row_bytes;
    r->row = malloc(r->row_bytes);
    r->no_values = malloc((r->records.value_count + 1) * sizeof *r->no_values);
    r->hosts = calloc(RESULTS_HOSTS, sizeof *r->hosts);
    if (r->row == NULL || r->no_values == NULL || r->hosts == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory");
    for (size_t i = 0; i < r->records.value_count; i++)
        r->no_values[i] = NAN;
    return STATUS_OK;
}

static status open_raw(results *r, error_info *error) {
    r->file = open(r->path, O_RDWR | O_CLOEXEC);
    if (r->file < 0)
        return error_set(error, STATUS_IO, "%s: cannot open for writing: %s", r->path, strerror(errno));
    return results_share(r->file, r->path, error);
}

static status load_hosts(results *r) {
    for (size_t i = 0; i < RESULTS_HOSTS; i++) {
        RETURN_IF_FAILED(read_row(r, ARRAY_HOSTS, i, r->hosts[i]));
        r->hosts[i][RECORD_HOST_SIZE - 1] = '\0';
        if (r->hosts[i][0] == '\0')
            return STATUS_OK;
        r->host_count++;
    }
    return STATUS_OK;
}

/* Enter this run into the table of sessions; when it is full, the last row is used again. */
static status start_session(results *r, int32_t ranks) {
    double start = 0;
    for (r->session = 0; r->session < RESULTS_SESSIONS - 1; r->session++) {
        RETURN_IF_FAILED(read_row(r, ARRAY_SESSION_START, r->session, &start));
        if (isnan(start))
            break;
    }
    start = clock_unix_seconds();
    RETURN_IF_FAILED(write_row(r, ARRAY_SESSION_START, r->session, &start));
    RETURN_IF_FAILED(write_row(r, ARRAY_SESSION_UPDATED, r->session, &start));
    return write_row(r, ARRAY_SESSION_RANKS, r->session, &ranks);
}

/* Take a cell over that was stored whole and not published: its status is the one that fits the checksum. */
static status salvage_cell(results *r, size_t cell, uint32_t checksum) {
    RETURN_IF_FAILED(move_science(r, cell, FROM_FILE));
    const uint32_t crc = science_checksum(r, cell);
    for (uint8_t state = CELL_DONE; state < CELL_STATUS_COUNT; state++)
        if (finish_checksum(crc, state) == checksum) {
            r->states[cell] = state;
            return append_cell(&r->unsynced, cell, &r->failure);
        }
    return STATUS_OK;
}

static status salvage(results *r) {
    for (size_t cell = 0; cell < r->layout.cells; cell++) {
        uint32_t checksum;
        if (r->states[cell] != CELL_PENDING)
            continue;
        RETURN_IF_FAILED(read_row(r, ARRAY_CHECKSUM, cell, &checksum));
        if (checksum != 0)
            RETURN_IF_FAILED(salvage_cell(r, cell, checksum));
    }
    if (r->unsynced.count > 0)
        log_note("%s: took over %zu cells that had been stored before the last run ended", r->path,
                 r->unsynced.count);
    return STATUS_OK;
}

static status resume(results *r, int ranks) {
    RETURN_IF_FAILED(open_raw(r, &r->failure));
    RETURN_IF_FAILED(load_hosts(r));
    RETURN_IF_FAILED(start_session(r, ranks));
    return salvage(r);
}

static status prepare(results *r, const job *j, const results_origin *origin, int ranks) {
    error_info *error = &r->failure;
    RETURN_IF_FAILED(results_layout_make(&r->layout, &j->grid, &r->records, error));
    RETURN_IF_FAILED(check_place(r->path, error));
    RETURN_IF_FAILED(results_lock(&r->lock, r->path, error));
    if (access(r->path, F_OK) != 0)
        RETURN_IF_FAILED(results_create(r->path, &r->layout, j, origin, error));
    RETURN_IF_FAILED(inspect(r, j, origin->kernels, error));
    RETURN_IF_FAILED(allocate(r, error));
    return r->repacked ? STATUS_OK : resume(r, ranks);
}

static void release(results **results_) {
    results *r = *results_;
    if (r->file >= 0)
        close(r->file);
    results_unlock(r->lock, r->path);
    free(r->syncing.cells);
    free(r->unsynced.cells);
    free(r->hosts);
    free(r->no_values);
    free(r->row);
    free(r->states);
    free(r->path);
    free(r);
    *results_ = NULL;
}

/* ---- Interface --------------------------------------------------------------------------------- */

status results_open(results **out, const char *path, const job *j, const record_layout *layout,
                    const results_origin *origin, int ranks, error_info *error) {
    *out = NULL;
    results *r = calloc(1, sizeof *r);
    if (r == NULL || (r->path = strdup(path)) == NULL) {
        free(r);
        return error_set(error, STATUS_INTERNAL, "out of memory");
    }
    signal(SIGXFSZ, SIG_IGN); /* a file size limit shall be an error, not a death */
    r->file = r->lock = -1;
    r->records = *layout;
    if (prepare(r, j, origin, ranks) == STATUS_OK) {
        *out = r;
        return STATUS_OK;
    }
    status result = error_set(error, r->failure.code, "%s", r->failure.text);
    release(&r);
    return result;
}

const uint8_t *results_states(const results *r) {
    return r->states;
}

/* The answer of every call: the first failure is final. */
static status outcome(const results *r, error_info *error) {
    return r->failure.code == STATUS_OK ? STATUS_OK
                                        : error_set(error, r->failure.code, "%s", r->failure.text);
}

static bool writable(results *r) {
    if (r->repacked)
        error_set(&r->failure, STATUS_IO, "%s: was rewritten by another tool and cannot be written", r->path);
    return r->failure.code == STATUS_OK;
}

status results_retry_failed(results *r, size_t *count, error_info *error) {
    *count = 0;
    status result = STATUS_OK;
    for (size_t cell = 0; result == STATUS_OK && cell < r->layout.cells; cell++) {
        if (r->states[cell] != CELL_FAILED && r->states[cell] != CELL_TIMED_OUT)
            continue;
        if (*count == 0 && (!writable(r) || flush(r) != STATUS_OK))
            break;
        result = retract(r, cell);
        ++*count;
    }
    if (result == STATUS_OK && *count > 0)
        flush(r);
    return outcome(r, error);
}

status results_store(results *r, const cell_record *record, error_info *error) {
    if (writable(r))
        store(r, record);
    return outcome(r, error);
}

status results_tick(results *r, error_info *error) {
    void *reason;
    if (r->sync_running && pthread_tryjoin_np(r->sync_thread, &reason) == 0)
        end_sync(r, reason);
    if (r->failure.code == STATUS_OK && !r->sync_running && r->unsynced.count > 0 &&
        clock_seconds() - r->sync_started >= sync_interval)
        start_sync(r);
    return outcome(r, error);
}

static void finish(results *r) {
    wait_for_sync(r);
    if (!r->repacked && r->failure.code == STATUS_OK && flush(r) == STATUS_OK && fsync(r->file) != 0)
        sync_failed(r, errno);
}

status results_close(results **results_, error_info *error) {
    results *r = *results_;
    if (r == NULL)
        return STATUS_OK;
    finish(r);
    status result = outcome(r, error);
    release(results_);
    return result;
}
