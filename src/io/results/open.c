/* Opening a results file for writing: create it or resume it. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "grid/cell.h"
#include "io/file/path.h"
#include "io/file/temporary_file.h"
#include "io/job/job.h"
#include "io/results/check.h"
#include "io/results/checksum.h"
#include "io/results/content.h"
#include "io/results/create.h"
#include "io/results/damage.h"
#include "io/results/layout.h"
#include "io/results/lock.h"
#include "io/results/origin.h"
#include "io/results/reader.h"
#include "io/results/results.h"
#include "io/results/rows.h"
#include "io/results/settings.h"
#include "io/results/source.h"
#include "io/results/watch.h"
#include "io/results/writer.h"

static status check_states(results *r, error_info *error) {
    size_t pending = 0;
    for (size_t cell = 0; cell < r->layout.cells; cell++)
        pending += r->states[cell] == CELL_PENDING;
    if (r->repacked && pending > 0)
        return error_set(error, STATUS_IO,
                         "%s: was rewritten by another tool (h5repack?) with %zu cells pending; it can be "
                         "read, but not resumed",
                         r->path, pending);
    return STATUS_OK;
}

static status read_states(results *r, results_reader *reader, error_info *error) {
    void *states;
    RETURN_IF_FAILED(results_reader_states(reader, &states, error));
    r->states = states;
    return STATUS_OK;
}

/* sweep.where decides which cells without a result are left out and which are pending: it may change between
 * sessions. A cell with a result keeps it. */
static status leave_out(results *r, const job *j) {
    size_t changed = 0, kept = 0;
    for (size_t cell = 0; cell < r->layout.cells; cell++) {
        const uint8_t state = job_leaves_out(j, cell) ? CELL_LEFT_OUT : CELL_PENDING;
        kept += state == CELL_LEFT_OUT && cell_has_result(r->states[cell]);
        if (cell_has_result(r->states[cell]) || r->states[cell] == state)
            continue;
        changed++;
        r->states[cell] = state;
        if (!r->repacked)
            RETURN_IF_FAILED(results_write_row(r, ARRAY_STATUS, cell, &r->states[cell]));
    }
    if (kept > 0)
        log_note("%s: %zu of the cells that sweep.where leaves out have a result, which they keep", r->path,
                 kept);
    return changed > 0 && !r->repacked ? results_flush_rows(r) : STATUS_OK;
}

/* List the cells in the log that do not match their checksums, and keep those that have a status. One without
 * a valid status is pending: it is taken over when it matches its checksum, else trained again. */
static void report_damage(results *r) {
    char names[512];
    size_t kept = 0;
    for (size_t i = 0; i < r->damaged.count; i++)
        if (r->states[r->damaged.cells[i]] != CELL_PENDING)
            r->damaged.cells[kept++] = r->damaged.cells[i];
    if (kept < r->damaged.count)
        log_warning("%s: %zu cells have a status that does not exist; they are taken over where they match "
                    "their checksum, else trained again",
                    r->path, r->damaged.count - kept);
    r->damaged.count = kept;
    if (kept == 0)
        return;
    results_name_cells(r->layout.grid, r->damaged.cells, kept, names, sizeof names);
    log_warning("%s: %zu of %zu cells with results are damaged: they do not match their checksum: %s; "
                "--retry-failed trains them again",
                r->path, kept, r->damaged.checked, names);
}

static status check_cells(results *r, results_reader *reader, error_info *error) {
    RETURN_IF_FAILED(results_find_damage(reader, &r->damaged, error));
    report_damage(r);
    return STATUS_OK;
}

/* Learn offsets and states from the file, and look at its cells. */
static status learn(results *r, results_reader *reader, error_info *error) {
    bool contiguous;
    RETURN_IF_FAILED(results_locate(reader, &r->layout, &contiguous, error));
    r->repacked = !contiguous;
    RETURN_IF_FAILED(read_states(r, reader, error));
    return check_cells(r, reader, error);
}

/* Check the file and, unless it must first be made again (`renew`), learn from it. */
static status inspect(results *r, const job *j, const results_origin *origin, bool *renew,
                      error_info *error) {
    results_reader *reader;
    bool grows, adopts = false;
    RETURN_IF_FAILED(results_reader_open(&reader, r->path, error));
    status result = results_reader_check_writable(reader, error);
    if (result == STATUS_OK)
        result = results_check_job(reader, r->path, j, &grows, error);
    if (result == STATUS_OK)
        result = results_check_settings(reader, r->path, origin, &adopts, error);
    *renew = result == STATUS_OK && (grows || adopts);
    if (result == STATUS_OK && !*renew)
        result = learn(r, reader, error);
    results_reader_close(&reader);
    return result;
}

/* Replace the file by one of the job's grid and the session's settings, with all its contents. */
static status grow(results *r, const job *j, const results_origin *origin, error_info *error) {
    results_source *source;
    RETURN_IF_FAILED(results_source_open(&source, r->path, &j->grid, error));
    status result = results_create(r->path, &r->layout, j, origin, source, error);
    results_source_close(&source);
    return result;
}

/* Have the whole file in its place, and know its states. */
static status provide(results *r, const job *j, const results_origin *origin, error_info *error) {
    if (access(r->path, F_OK) != 0)
        RETURN_IF_FAILED(results_create(r->path, &r->layout, j, origin, NULL, error));
    bool renew;
    RETURN_IF_FAILED(inspect(r, j, origin, &renew, error));
    if (!renew)
        return STATUS_OK;
    RETURN_IF_FAILED(grow(r, j, origin, error));
    return inspect(r, j, origin, &renew, error);
}

static status allocate(results *r, error_info *error) {
    r->row_bytes = results_row_bytes(&r->layout);
    r->row = malloc(r->row_bytes);
    r->runs = calloc((size_t)r->layout.array_count, sizeof *r->runs);
    r->tries = malloc(r->layout.cells * sizeof *r->tries);
    r->no_values = malloc((r->records.value_count + 1) * sizeof *r->no_values);
    r->hosts = calloc(RESULTS_HOSTS, sizeof *r->hosts);
    if (r->row == NULL || r->runs == NULL || r->tries == NULL || r->no_values == NULL || r->hosts == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory");
    for (size_t i = 0; i < r->records.value_count; i++)
        r->no_values[i] = NAN;
    return results_allocate_runs(r);
}

static status open_raw(results *r, error_info *error) {
    r->file = open(r->path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    if (r->file < 0)
        return error_set(error, STATUS_IO, "%s: cannot open for writing: %s", r->path, strerror(errno));
    return results_share(r->file, r->path, error);
}

static status load_hosts(results *r) {
    for (size_t i = 0; i < RESULTS_HOSTS; i++) {
        RETURN_IF_FAILED(results_read_row(r, ARRAY_HOSTS, i, r->hosts[i]));
        r->hosts[i][RECORD_HOST_SIZE - 1] = '\0';
        if (r->hosts[i][0] == '\0')
            return STATUS_OK;
        r->host_count++;
    }
    return STATUS_OK;
}

static status write_session_text(results *r, int array, const char *text) {
    char row[RECORD_HOST_SIZE] = "";
    snprintf(row, sizeof row, "%s", text);
    return results_write_row(r, array, r->session, row);
}

static status write_session(results *r, const results_origin *origin, int32_t ranks) {
    const double start = clock_unix_seconds(), seconds = 0;
    const int32_t numerics = origin->numerics;
    RETURN_IF_FAILED(results_write_row(r, ARRAY_SESSION_RANKS, r->session, &ranks));
    RETURN_IF_FAILED(write_session_text(r, ARRAY_SESSION_VERSION, origin->version));
    RETURN_IF_FAILED(write_session_text(r, ARRAY_SESSION_COMMIT, origin->commit));
    RETURN_IF_FAILED(write_session_text(r, ARRAY_SESSION_KERNELS, origin->kernels));
    RETURN_IF_FAILED(write_session_text(r, ARRAY_SESSION_CPU, origin->cpu));
    RETURN_IF_FAILED(results_write_row(r, ARRAY_SESSION_NUMERICS, r->session, &numerics));
    r->session_started = clock_seconds();
    RETURN_IF_FAILED(results_write_row(r, ARRAY_SESSION_CELLS, r->session, &r->session_cells));
    RETURN_IF_FAILED(results_write_row(r, ARRAY_SESSION_SECONDS, r->session, &seconds));
    RETURN_IF_FAILED(results_write_row(r, ARRAY_SESSION_START, r->session, &start));
    return results_write_row(r, ARRAY_SESSION_UPDATED, r->session, &start);
}

/* Enter this session into the table of sessions; when it is full, the last row is used again. */
static status start_session(results *r, const results_origin *origin, int32_t ranks) {
    double start = 0;
    for (r->session = 0; r->session < RESULTS_SESSIONS - 1; r->session++) {
        RETURN_IF_FAILED(results_read_row(r, ARRAY_SESSION_START, r->session, &start));
        if (isnan(start))
            break;
    }
    return write_session(r, origin, ranks);
}

/* Take over a cell that was stored whole and not published: its status is the one that matches the
 * checksum. */
static status salvage_cell(results *r, size_t cell, uint32_t checksum) {
    RETURN_IF_FAILED(results_read_content(r, cell));
    const uint8_t state = results_find_state(cell, r->row, r->row_bytes, checksum);
    return state == CELL_PENDING ? STATUS_OK : results_add_unsynced(r, cell, state);
}

static status salvage(results *r) {
    enum { BLOCK = 1024 }; /* a read for every cell takes seconds for millions */
    uint32_t checksums[BLOCK];
    for (size_t first = 0; first < r->layout.cells; first += BLOCK) {
        const size_t left = r->layout.cells - first, count = left < BLOCK ? left : BLOCK;
        RETURN_IF_FAILED(results_read_rows(r, ARRAY_CHECKSUM, first, count, checksums));
        for (size_t i = 0; i < count; i++)
            if (r->states[first + i] == CELL_PENDING && checksums[i] != 0)
                RETURN_IF_FAILED(salvage_cell(r, first + i, checksums[i]));
    }
    if (r->unsynced.count > 0)
        log_note("%s: took over %zu cells that had been stored before the last session ended", r->path,
                 r->unsynced.count);
    return STATUS_OK;
}

static status resume(results *r, const results_origin *origin, int ranks) {
    RETURN_IF_FAILED(open_raw(r, &r->failure));
    RETURN_IF_FAILED(load_hosts(r));
    RETURN_IF_FAILED(start_session(r, origin, ranks));
    RETURN_IF_FAILED(results_flush_rows(r)); /* readers see at once that a session has begun */
    RETURN_IF_FAILED(results_watch_begin(r));
    RETURN_IF_FAILED(results_read_rows(r, ARRAY_TRIES, 0, r->layout.cells, r->tries));
    return salvage(r);
}

static status prepare(results *r, const job *j, const results_origin *origin, int ranks) {
    error_info *error = &r->failure;
    RETURN_IF_FAILED(results_layout_make(&r->layout, &j->grid, &r->records, error));
    RETURN_IF_FAILED(results_check_place(r->path, error));
    RETURN_IF_FAILED(results_lock(&r->lock, r->path, error));
    temporary_remove_leftovers(r->path);
    RETURN_IF_FAILED(provide(r, j, origin, error));
    RETURN_IF_FAILED(allocate(r, error));
    if (!r->repacked)
        RETURN_IF_FAILED(resume(r, origin, ranks));
    RETURN_IF_FAILED(leave_out(r, j));
    return check_states(r, error);
}

void results_release(results **results_) {
    results *r = *results_;
    if (r->file >= 0)
        close(r->file); /* was synced, or the first failure is known */
    results_unlock(r->lock, r->path);
    free(r->run_bytes);
    free(r->runs);
    free(r->tries);
    free(r->syncing.cells);
    free(r->unsynced.cells);
    free(r->hosts);
    free(r->no_values);
    free(r->row);
    free(r->damaged.cells);
    free(r->states);
    free(r->path);
    free(r);
    *results_ = NULL;
}

status results_open(results **out, const char *path, const job *j, const record_layout *layout,
                    const results_origin *origin, int ranks, error_info *error) {
    char resolved[PATH_MAX];
    *out = NULL;
    RETURN_IF_FAILED(path_resolve(path, resolved, error));
    results *r = calloc(1, sizeof *r);
    if (r == NULL || (r->path = strdup(resolved)) == NULL) {
        free(r);
        return error_set(error, STATUS_INTERNAL, "out of memory");
    }
    signal(SIGXFSZ, SIG_IGN); /* exceeding a file size limit must be an error, not a death */
    r->file = r->lock = -1;
    r->records = *layout;
    if (prepare(r, j, origin, ranks) == STATUS_OK) {
        *out = r;
        return STATUS_OK;
    }
    status result = error_set(error, r->failure.code, "%s", r->failure.text);
    results_release(&r);
    return result;
}
