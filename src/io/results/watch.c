/* Is the results file still what this session writes, or was it removed, moved, replaced, truncated or
 * overwritten? */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/file/bytes.h"
#include "io/file/path.h"
#include "io/results/layout.h"
#include "io/results/lock.h"
#include "io/results/rows.h"
#include "io/results/watch.h"
#include "io/results/writer.h"

static const double LOOK_EVERY = 1; /* seconds */

enum { PLACE_SIZE = PATH_MAX + 64 };

/* Of the open file, which knows its present name: "was removed", "was moved to X". False: neither. */
static bool describe_fate(const results *r, const struct stat *open_file, char text[PLACE_SIZE]) {
    char link[64], now[PATH_MAX];
    snprintf(text, PLACE_SIZE, "was removed");
    if (open_file->st_nlink == 0)
        return true;
    snprintf(link, sizeof link, "/proc/self/fd/%d", r->file);
    const ssize_t length = readlink(link, now, sizeof now - 1);
    snprintf(text, PLACE_SIZE, "was moved");
    if (length <= 0 || now[0] != '/')
        return true;
    now[length] = '\0';
    if (strcmp(now, r->path) == 0)
        return false;
    snprintf(text, PLACE_SIZE, "was moved to %s", now);
    return true;
}

/* What happened to the cells, and what to do. */
static status gone(results *r, const struct stat *open_file, bool replaced) {
    char fate[PLACE_SIZE];
    const bool known = describe_fate(r, open_file, fate);
    const char *other = replaced ? ", and another file has its name" : "";
    const char *next = replaced ? "what the other file lacks" : "all cells again";
    if (!known) /* the path leads elsewhere, or where this process may not look */
        return error_set(&r->failure, STATUS_IO,
                         "%s: can no longer be reached by its name; this session has stopped. "
                         "The cells stored before are in it",
                         r->path);
    if (open_file->st_nlink == 0)
        return error_set(
            &r->failure, STATUS_IO,
            "%s: %s while this session wrote it%s; the %d cells that this session stored are lost with it. "
            "The same command trains %s",
            r->path, fate, other, (int)r->session_cells, next);
    return error_set(&r->failure, STATUS_IO,
                     "%s: %s while this session wrote it%s; it holds all cells that were stored, %d of them "
                     "by this session. "
                     "Move it back, or name it with -o, and run the same command again to resume",
                     r->path, fate, other, (int)r->session_cells);
}

static status overwritten(results *r, const char *how) {
    return error_set(&r->failure, STATUS_IO,
                     "%s: was %s by another program while this session wrote it; what it held, with %d cells "
                     "of this session, "
                     "is damaged. Remove it or put a copy in its place, and run the same command again",
                     r->path, how, (int)r->session_cells);
}

/* The first bytes never change once the file is made, and only this session writes its row of the
 * sessions. */
static bool keeps_content(results *r) {
    unsigned char head[RESULTS_HEAD_BYTES];
    double start;
    return raw_read(r->file, r->path, head, sizeof head, 0, NULL) == STATUS_OK &&
           memcmp(head, r->head, sizeof head) == 0 &&
           results_read_row(r, ARRAY_SESSION_START, r->session, &start) == STATUS_OK &&
           start == r->session_start;
}

status results_watch_begin(results *r) {
    struct stat info;
    if (fstat(r->file, &info) != 0)
        return error_set(&r->failure, STATUS_IO, "%s: cannot look at it: %s", r->path, strerror(errno));
    r->size = info.st_size;
    r->next_look = clock_seconds() + LOOK_EVERY;
    RETURN_IF_FAILED(results_read_row(r, ARRAY_SESSION_START, r->session, &r->session_start));
    return raw_read(r->file, r->path, r->head, sizeof r->head, 0, &r->failure);
}

status results_watch_look(results *r) {
    struct stat ours, named;
    if (fstat(r->file, &ours) != 0)
        return error_set(&r->failure, STATUS_IO, "%s: can no longer be read: %s", r->path, strerror(errno));
    const bool there = lstat(r->path, &named) == 0;
    if (!there || named.st_dev != ours.st_dev || named.st_ino != ours.st_ino)
        return gone(r, &ours, there);
    if (ours.st_size != r->size)
        return overwritten(r, ours.st_size < r->size ? "truncated" : "extended");
    if (!keeps_content(r))
        return overwritten(r, "overwritten");
    return results_keep_lock(&r->lock, r->path, &r->failure);
}

status results_watch_tick(results *r) {
    const double now = clock_seconds();
    if (now < r->next_look)
        return STATUS_OK;
    r->next_look = now + LOOK_EVERY;
    return results_watch_look(r);
}
