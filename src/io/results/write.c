/* Storing cells, and publishing their statuses after a sync (results_writer.h has the order). */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "grid/cell.h"
#include "io/results/checksum.h"
#include "io/results/content.h"
#include "io/results/crash_notes.h"
#include "io/results/layout.h"
#include "io/results/results.h"
#include "io/results/rows.h"
#include "io/results/watch.h"
#include "io/results/writer.h"

static const double sync_interval = 1; /* seconds */

/* ---- Sync and publish -------------------------------------------------------------------------- */

static status sync_failed(results *r, int reason) {
    return error_set(&r->failure, STATUS_IO, "%s: cannot sync: %s; cells stored last may be lost", r->path,
                     strerror(reason));
}

/* The cells that the finished sync covers are whole on disk: publish them. */
static status publish(results *r) {
    for (size_t i = 0; i < r->syncing.count; i++) {
        size_t cell = r->syncing.cells[i];
        RETURN_IF_FAILED(results_write_row(r, ARRAY_STATUS, cell, &r->states[cell]));
    }
    r->syncing.count = 0;
    const double now = clock_unix_seconds(), seconds = clock_seconds() - r->session_started;
    RETURN_IF_FAILED(results_write_row(r, ARRAY_SESSION_CELLS, r->session, &r->session_cells));
    RETURN_IF_FAILED(results_write_row(r, ARRAY_SESSION_SECONDS, r->session, &seconds));
    RETURN_IF_FAILED(results_write_row(r, ARRAY_SESSION_UPDATED, r->session, &now));
    return results_flush_rows(r);
}

static void begin_batch(results *r) {
    cell_list empty = r->syncing;
    r->syncing = r->unsynced;
    r->unsynced = empty;
    r->sync_started = clock_seconds();
}

/* When no thread can be started now, a later tick tries again. */
static status start_sync(results *r) {
    RETURN_IF_FAILED(results_flush_rows(r));
    if (background_sync_start(&r->sync, r->file))
        begin_batch(r);
    return STATUS_OK;
}

static status end_sync(results *r, int reason) {
    if (r->failure.code != STATUS_OK)
        return r->failure.code;
    return reason == 0 ? publish(r) : sync_failed(r, reason);
}

static status wait_for_sync(results *r) {
    int reason;
    return background_sync_wait(&r->sync, &reason) ? end_sync(r, reason) : STATUS_OK;
}

/* Make everything stored so far durable and published at once. */
static status flush(results *r) {
    RETURN_IF_FAILED(wait_for_sync(r));
    RETURN_IF_FAILED(results_flush_rows(r));
    begin_batch(r);
    if (fdatasync(r->file) != 0)
        return sync_failed(r, errno);
    return publish(r);
}

/* ---- Store ------------------------------------------------------------------------------------- */

static status check_record(results *r, const cell_record *record) {
    if (record->cell < r->layout.cells && record->status > CELL_PENDING &&
        record->status < CELL_STATUS_COUNT && record->status != CELL_LEFT_OUT &&
        (record->value_count == r->records.value_count || record->value_count == 0) &&
        record->steps_taken >= 0 && record->steps_taken <= INT32_MAX)
        return STATUS_OK;
    return error_set(&r->failure, STATUS_INTERNAL,
                     "%s: cannot store cell %llu of %zu with status %d, %lld steps and %llu of %zu values",
                     r->path, (unsigned long long)record->cell, r->layout.cells, record->status,
                     (long long)record->steps_taken, (unsigned long long)record->value_count,
                     r->records.value_count);
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
    return results_write_row(r, ARRAY_HOSTS, (size_t)*out, name);
}

static status write_provenance(results *r, const cell_record *record) {
    const size_t cell = record->cell;
    const double now = clock_unix_seconds();
    const int32_t tries = ++r->tries[cell];
    int32_t host;
    RETURN_IF_FAILED(find_host(r, record->host, &host));
    RETURN_IF_FAILED(results_write_row(r, ARRAY_SECONDS, cell, &record->seconds));
    RETURN_IF_FAILED(results_write_row(r, ARRAY_RANK, cell, &record->rank));
    RETURN_IF_FAILED(results_write_row(r, ARRAY_TRIES, cell, &tries));
    RETURN_IF_FAILED(results_write_row(r, ARRAY_FINISHED, cell, &now));
    return results_write_row(r, ARRAY_HOST, cell, &host);
}

/* Mark a stored cell as pending; a sync must follow before its values are touched. */
static status retract(results *r, size_t cell) {
    const uint32_t nothing = 0;
    r->states[cell] = CELL_PENDING;
    RETURN_IF_FAILED(results_write_row(r, ARRAY_STATUS, cell, &r->states[cell]));
    return results_write_row(r, ARRAY_CHECKSUM, cell, &nothing);
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
    results_fill_row(&r->layout, record, r->no_values, r->row);
    RETURN_IF_FAILED(results_write_content(r, cell));
    RETURN_IF_FAILED(write_provenance(r, record));
    const uint32_t checksum = results_checksum(cell, r->row, r->row_bytes, state);
    RETURN_IF_FAILED(results_write_row(r, ARRAY_CHECKSUM, cell, &checksum));
    r->session_cells++;
    return results_add_unsynced(r, cell, state);
}

/* ---- Interface --------------------------------------------------------------------------------- */

const char *results_path(const results *r) {
    return r->path;
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

const size_t *results_damaged(const results *r, size_t *count) {
    *count = r->damaged.count;
    return r->damaged.cells;
}

/* Cells are queried in ascending order; *next is the position among the damaged ones. */
static bool is_damaged(const results *r, size_t cell, size_t *next) {
    if (*next == r->damaged.count || r->damaged.cells[*next] != cell)
        return false;
    ++*next;
    return true;
}

/* Its crashes are forgotten, too. */
static status retry(results *r, size_t cell) {
    RETURN_IF_FAILED(retract(r, cell));
    return results_write_row(r, ARRAY_CRASHES, cell, &(int32_t){0});
}

status results_retry_failed(results *r, const bool *selected, size_t *count, error_info *error) {
    *count = 0;
    status result = STATUS_OK;
    size_t next = 0, kept = 0;
    for (size_t cell = 0; result == STATUS_OK && cell < r->layout.cells; cell++) {
        const bool damaged = is_damaged(r, cell, &next);
        const bool failed = r->states[cell] == CELL_FAILED || r->states[cell] == CELL_TIMED_OUT;
        if (!selected[cell]) {
            if (damaged)
                r->damaged.cells[kept++] = cell;
            continue;
        }
        if (!damaged && !failed)
            continue;
        if (*count == 0 && (!writable(r) || flush(r) != STATUS_OK))
            break;
        result = retry(r, cell);
        ++*count;
    }
    if (result == STATUS_OK && *count > 0)
        flush(r);
    r->damaged.count = kept;
    return outcome(r, error);
}

void results_crash_notes(const results *r, crash_notes *out) {
    struct stat info;
    *out = (crash_notes){.crashes = r->layout.arrays[ARRAY_CRASHES].offset,
                         .signals = r->layout.arrays[ARRAY_SIGNAL].offset};
    if (r->repacked || fstat(r->file, &info) != 0 || realpath(r->path, out->path) == NULL)
        return;
    out->inode = info.st_ino;
    out->size = (uint64_t)info.st_size;
}

status results_read_crashes(results *r, int32_t crashes[], error_info *error) {
    if (r->repacked)
        memset(crashes, 0, r->layout.cells * sizeof *crashes); /* it is complete: they do not matter */
    else
        results_read_rows(r, ARRAY_CRASHES, 0, r->layout.cells, crashes);
    return outcome(r, error);
}

status results_read_signal(results *r, size_t cell, int32_t *signal, error_info *error) {
    results_read_row(r, ARRAY_SIGNAL, cell, signal);
    return outcome(r, error);
}

status results_store(results *r, const cell_record *record, error_info *error) {
    if (writable(r))
        store(r, record);
    return outcome(r, error);
}

status results_tick(results *r, error_info *error) {
    int reason;
    if (background_sync_ended(&r->sync, &reason))
        end_sync(r, reason);
    if (r->failure.code == STATUS_OK && !r->sync.running && r->unsynced.count > 0 &&
        clock_seconds() - r->sync_started >= sync_interval)
        start_sync(r);
    if (r->failure.code == STATUS_OK && !r->repacked)
        results_watch_tick(r);
    return outcome(r, error);
}

static void finish(results *r) {
    wait_for_sync(r);
    if (r->repacked || r->failure.code != STATUS_OK || results_watch_look(r) != STATUS_OK ||
        flush(r) != STATUS_OK)
        return;
    if (fsync(r->file) != 0)
        sync_failed(r, errno);
    else
        results_watch_look(r);
}

status results_close(results **results_, error_info *error) {
    results *r = *results_;
    if (r == NULL)
        return STATUS_OK;
    finish(r);
    status result = outcome(r, error);
    results_release(results_);
    return result;
}
