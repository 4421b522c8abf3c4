/* Opening a results file for writing: create it or go on with what is there. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "io/path.h"
#include "io/results_writer.h"
#include "io/temporary_file.h"

/* What has the name is a file that a lock of that name protects. */
static status check_place(const char *path, error_info *error) {
    struct stat info;
    if (lstat(path, &info) != 0)
        return STATUS_OK;
    if (!S_ISREG(info.st_mode))
        return error_set(error, STATUS_IO, "%s: is not a regular file; name a results file", path);
    if (info.st_nlink > 1)
        return error_set(
            error, STATUS_IO,
            "%s: has %lu names (hard links), of which a run would lock or enlarge one only; copy it, or "
            "remove the others (find DIRECTORY -samefile %s)",
            path, (unsigned long)info.st_nlink, path);
    return STATUS_OK;
}

static status check_states(results *r, error_info *error) {
    size_t pending = 0;
    for (size_t cell = 0; cell < r->layout.cells; cell++)
        pending += r->states[cell] == CELL_PENDING;
    if (r->repacked && pending > 0)
        return error_set(
            error, STATUS_IO,
            "%s: was rewritten by another tool (h5repack?) with %zu cells pending; it can be read, "
            "but not be finished",
            r->path, pending);
    return STATUS_OK;
}

static status read_states(results *r, results_reader *reader, error_info *error) {
    void *states;
    RETURN_IF_FAILED(results_reader_states(reader, &states, error));
    r->states = states;
    return check_states(r, error);
}

/* Check the file and, unless it has to grow first, learn offsets and states from it. */
static status inspect(results *r, const job *j, const char *kernels, bool *grows, error_info *error) {
    results_reader *reader;
    RETURN_IF_FAILED(results_reader_open(&reader, r->path, error));
    bool contiguous;
    status result = results_check_job(reader, r->path, j, kernels, grows, error);
    if (result == STATUS_OK && !*grows) {
        result = results_locate(reader, &r->layout, &contiguous, error);
        r->repacked = result == STATUS_OK && !contiguous;
        if (result == STATUS_OK)
            result = read_states(r, reader, error);
    }
    results_reader_close(&reader);
    return result;
}

/* Replace the file by one of the job's grid, which has all that is in it. */
static status grow(results *r, const job *j, const results_origin *origin, error_info *error) {
    results_part *part;
    RETURN_IF_FAILED(results_part_open(&part, r->path, &j->grid, error));
    status result = results_create(r->path, &r->layout, j, origin, part, error);
    results_part_close(&part);
    return result;
}

/* Have the whole file at its place, and know its states. */
static status provide(results *r, const job *j, const results_origin *origin, error_info *error) {
    if (access(r->path, F_OK) != 0)
        RETURN_IF_FAILED(results_create(r->path, &r->layout, j, origin, NULL, error));
    bool grows;
    RETURN_IF_FAILED(inspect(r, j, origin->kernels, &grows, error));
    if (!grows)
        return STATUS_OK;
    RETURN_IF_FAILED(grow(r, j, origin, error));
    return inspect(r, j, origin->kernels, &grows, error);
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

/* Enter this run into the table of sessions; when it is full, the last row is used again. */
static status start_session(results *r, int32_t ranks) {
    double start = 0;
    for (r->session = 0; r->session < RESULTS_SESSIONS - 1; r->session++) {
        RETURN_IF_FAILED(results_read_row(r, ARRAY_SESSION_START, r->session, &start));
        if (isnan(start))
            break;
    }
    const double seconds = 0;
    start = clock_unix_seconds();
    r->session_started = clock_seconds();
    RETURN_IF_FAILED(results_write_row(r, ARRAY_SESSION_CELLS, r->session, &r->session_cells));
    RETURN_IF_FAILED(results_write_row(r, ARRAY_SESSION_SECONDS, r->session, &seconds));
    RETURN_IF_FAILED(results_write_row(r, ARRAY_SESSION_START, r->session, &start));
    RETURN_IF_FAILED(results_write_row(r, ARRAY_SESSION_UPDATED, r->session, &start));
    return results_write_row(r, ARRAY_SESSION_RANKS, r->session, &ranks);
}

/* Take a cell over that was stored whole and not published: its status is the one that fits the checksum. */
static status salvage_cell(results *r, size_t cell, uint32_t checksum) {
    RETURN_IF_FAILED(results_read_science(r, cell));
    const uint8_t state = results_find_state(cell, r->row, r->row_bytes, checksum);
    return state == CELL_PENDING ? STATUS_OK : results_add_unsynced(r, cell, state);
}

static status salvage(results *r) {
    for (size_t cell = 0; cell < r->layout.cells; cell++) {
        uint32_t checksum;
        if (r->states[cell] != CELL_PENDING)
            continue;
        RETURN_IF_FAILED(results_read_row(r, ARRAY_CHECKSUM, cell, &checksum));
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
    RETURN_IF_FAILED(results_watch_begin(r));
    return salvage(r);
}

static status prepare(results *r, const job *j, const results_origin *origin, int ranks) {
    error_info *error = &r->failure;
    RETURN_IF_FAILED(results_layout_make(&r->layout, &j->grid, &r->records, error));
    RETURN_IF_FAILED(check_place(r->path, error));
    RETURN_IF_FAILED(results_lock(&r->lock, r->path, error));
    temporary_remove_leftovers(r->path);
    RETURN_IF_FAILED(provide(r, j, origin, error));
    RETURN_IF_FAILED(allocate(r, error));
    return r->repacked ? STATUS_OK : resume(r, ranks);
}

void results_release(results **results_) {
    results *r = *results_;
    if (r->file >= 0)
        close(r->file); /* was synced, or the first failure is known */
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
    signal(SIGXFSZ, SIG_IGN); /* a file size limit shall be an error, not a death */
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
