#include "io/results/running.h"

#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/file/bytes.h"
#include "io/results/checksum.h"
#include "io/results/lock.h"
#include "io/results/writer.h"

/* After the lock file's first line: a head and its rows. */
typedef struct running_head {
    uint32_t checksum; /* of all that follows it */
    uint32_t count;
    double updated;
} running_head;

enum { ATTEMPTS = 5, MOST_ROWS = 1 << 20 };
static const double PAUSE = 0.01; /* seconds between attempts to read what is being written */

static uint32_t checksum_of(const running_head *head, size_t bytes) {
    return results_checksum(head->count, (const unsigned char *)&head->count, bytes - sizeof head->checksum,
                            0);
}

/* ---- Writing ------------------------------------------------------------------------------------ */

/* Readers see a mixture of the old and the new by its checksum. */
static status write_rows(const results *r, running_head *head, const running_row rows[], error_info *error) {
    const size_t bytes = sizeof *head + head->count * sizeof *rows;
    memcpy(head + 1, rows, head->count * sizeof *rows);
    head->checksum = checksum_of(head, bytes);
    return raw_write(r->lock, r->path, head, bytes, RESULTS_LOCK_HEAD, error);
}

status results_note_running(const results *r, const running_row rows[], size_t count, error_info *error) {
    if (r->lock < 0 || !results_lock_is_ours(r->lock))
        return STATUS_OK;
    running_head *head = malloc(sizeof *head + count * sizeof *rows);
    if (head == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory");
    *head = (running_head){.count = (uint32_t)count, .updated = clock_unix_seconds()};
    const status result = write_rows(r, head, rows, error);
    free(head);
    return result;
}

/* ---- Reading ------------------------------------------------------------------------------------ */

/* NULL in *head: there is nothing, or nothing whole. */
static status read_head(int file, running_head **head, error_info *error) {
    struct stat info;
    *head = NULL;
    if (fstat(file, &info) != 0 || !S_ISREG(info.st_mode))
        return STATUS_OK;
    const size_t most = sizeof **head + MOST_ROWS * sizeof(running_row);
    const size_t there = info.st_size > RESULTS_LOCK_HEAD ? (size_t)info.st_size - RESULTS_LOCK_HEAD : 0;
    if (there < sizeof **head || there > most)
        return STATUS_OK;
    *head = malloc(there);
    if (*head == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory");
    if (raw_read(file, "", *head, there, RESULTS_LOCK_HEAD, NULL) == STATUS_OK) {
        const size_t bytes = sizeof **head + (size_t)(*head)->count * sizeof(running_row);
        if (bytes <= there && (*head)->checksum == checksum_of(*head, bytes))
            return STATUS_OK;
    }
    free(*head);
    *head = NULL;
    return STATUS_OK;
}

static status take_rows(const running_head *head, running_cells *out, error_info *error) {
    out->rows = malloc(head->count * sizeof *out->rows + 1); /* never of size zero */
    if (out->rows == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory");
    out->updated = head->updated;
    out->count = head->count;
    memcpy(out->rows, head + 1, head->count * sizeof *out->rows);
    for (uint32_t i = 0; i < out->count; i++)
        out->rows[i].host[RECORD_HOST_SIZE - 1] = '\0';
    return STATUS_OK;
}

static status read_file(int file, running_cells *out, error_info *error) {
    running_head *head = NULL;
    status result = STATUS_OK;
    if (!results_lock_is_ours(file))
        return STATUS_OK;
    for (int i = 0; i < ATTEMPTS && head == NULL && result == STATUS_OK; i++) {
        if (i > 0)
            clock_sleep(PAUSE);
        result = read_head(file, &head, error);
    }
    if (head != NULL)
        result = take_rows(head, out, error);
    free(head);
    return result;
}

/* The lock of a file that is reached through a link is next to the file. */
static int open_lock_of(const char *path) {
    char place[PATH_MAX], *name;
    if (realpath(path, place) == NULL || asprintf(&name, "%s.lock", place) < 0)
        return -1;
    const int file = open(name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    free(name);
    return file;
}

status results_read_running(const char *path, running_cells *out, error_info *error) {
    *out = (running_cells){.updated = NAN};
    const int file = open_lock_of(path);
    if (file < 0)
        return STATUS_OK;
    const status result = read_file(file, out, error);
    close(file); /* nothing was written */
    return result;
}
