#include "io/results/checkpoint_file.h"
#include "base/clock.h"
#include "base/log.h"
#include "grid/cell.h"
#include "grid/grid.h"
#include "io/file/background_sync.h"
#include "io/file/bytes.h"
#include "io/file/temporary_file.h"
#include "io/results/checkpoint_entries.h"
#include "io/results/checkpoint_header.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Synced at once: the kernel would take any amount, and a single sync at the end would take long. */
enum { PORTION_BYTES = 64 << 20 };

/* A file is written anew when it has this many bytes, and as many as those that count, that do not. */
enum { MOST_STALE_BYTES = 1 << 20 };

static const double PATIENCE = 3;     /* seconds that a stop allows for checkpoints */
static const double SAVE_EVERY = 0.1; /* seconds from one save during a stop to the next, … */
static const double SYNC_EVERY = 1;   /* … and otherwise */
static const double RETRY_AFTER = 2;  /* seconds, when checkpoints could not be written */

struct checkpoint_file {
    char *path, *temporary;   /* temporary: where the next file is written; NULL: nowhere yet */
    checkpoint_header header; /* of this job */
    size_t cells;
    bool foreign;  /* the file of its name is not ours: it stays as it is */
    int old, next; /* descriptors; old: of the file in its place, unless that is the next one. −1: none */
    checkpoint_entries entries; /* that count, of both */
    arena buffer;               /* bytes of the entry that was read last */
    uint64_t end, synced;       /* bytes of the next file */
    background_sync sync;       /* of the next file, up to byte `syncing` */
    uint64_t syncing;
    double deadline;    /* on clock_seconds(); 0: no hurry */
    double next_save;   /* on the same clock */
    double retry;       /* the same: nothing is written before, because that failed */
    bool published;     /* the next file is in its place; more is appended to it */
    bool finished;      /* nothing more is written */
    bool warned;        /* that checkpoints cannot be written */
    size_t late;        /* entries that came after that */
    error_info failure; /* of writing; nothing more is written until it is handled */
};

static void release(checkpoint_file **f_) {
    checkpoint_file *f = *f_;
    background_sync_wait(&f->sync, &(int){0});
    if (f->old >= 0)
        close(f->old); /* is read only */
    if (f->next >= 0)
        close(f->next); /* was synced, or is abandoned */
    arena_release(&f->buffer);
    free(f->entries.items);
    free(f->temporary);
    free(f->path);
    free(f);
    *f_ = NULL;
}

/* ---- The file of an earlier session ------------------------------------------------------------ */

static status read_old(checkpoint_file *f, error_info *error) {
    checkpoint_header header;
    struct stat info;
    f->foreign = !checkpoint_header_is_ours(f->old);
    if (f->foreign || fstat(f->old, &info) != 0)
        return error_set(error, STATUS_IO, "%s: is not a checkpoint file of mpisweep and is left as it is",
                         f->path);
    RETURN_IF_FAILED(raw_read(f->old, f->path, &header, sizeof header, 0, error));
    const char *foreign = checkpoint_header_difference(&header, &f->header);
    if (foreign != NULL)
        return error_set(error, STATUS_IO, "%s: is dropped: it was made with another %s", f->path, foreign);
    return checkpoint_entries_find(&f->entries, f->old, f->path, sizeof header, (uint64_t)info.st_size,
                                   f->cells, error);
}

static status open_old(checkpoint_file *f, error_info *error) {
    f->old = open(f->path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (f->old < 0 && errno == ENOENT)
        return STATUS_OK;
    f->foreign = f->old < 0; /* a link, or a file that this user may not read */
    error_info reason;
    status result =
        f->old < 0 ? error_set(&reason, STATUS_IO, "%s: %s", f->path, strerror(errno)) : read_old(f, &reason);
    if (result == STATUS_INTERNAL)
        return error_set(error, result, "%s", reason.text);
    if (result != STATUS_OK)
        log_warning("%s; cells without a checkpoint are trained from their start", reason.text);
    return STATUS_OK;
}

status checkpoint_file_open(checkpoint_file **out, const char *results_path, const job *j,
                            const results_origin *origin, size_t values, error_info *error) {
    checkpoint_file *f = calloc(1, sizeof *f);
    if (f == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory");
    f->old = f->next = -1;
    f->cells = grid_cells(&j->grid);
    checkpoint_header_fill(&f->header, j, origin, values);
    status result = STATUS_OK;
    if (asprintf(&f->path, "%s.checkpoint", results_path) < 0)
        result = error_set(error, STATUS_INTERNAL, "out of memory");
    if (result == STATUS_OK) {
        temporary_remove_leftovers(f->path);
        result = open_old(f, error);
    }
    *out = f;
    if (result != STATUS_OK)
        release(out);
    return result;
}

/* A cell may have several entries: the last that is whole. */
void checkpoint_file_read(checkpoint_file *f, cell_checkpoint *checkpoint) {
    checkpoint->size = 0;
    for (size_t i = f->entries.count; i > 0 && checkpoint->size == 0; i--) {
        const checkpoint_entry *e = &f->entries.items[i - 1];
        error_info reason;
        if (e->header.cell != checkpoint->cell)
            continue;
        if (checkpoint_entry_read(e, e->in_next ? f->next : f->old, f->path, &f->buffer, &reason) ==
            STATUS_OK) {
            checkpoint->size = e->header.size;
            checkpoint->bytes = f->buffer.memory;
        } else {
            log_warning("%s; it resumes from an earlier one or is trained from its start", reason.text);
        }
    }
}

void checkpoint_file_drop(checkpoint_file *f, const uint8_t *states) {
    checkpoint_entries_drop_finished(&f->entries, states);
}

/* ---- The file of this session ------------------------------------------------------------------ */

static const char *name_of_next(const checkpoint_file *f) {
    return f->published ? f->path : f->temporary;
}

static status append(checkpoint_file *f, const void *bytes, size_t size) {
    RETURN_IF_FAILED(raw_write(f->next, name_of_next(f), bytes, size, f->end, &f->failure));
    f->end += size;
    return STATUS_OK;
}

static status begin_next(checkpoint_file *f) {
    if (f->foreign)
        return error_set(&f->failure, STATUS_IO, "%s: is not a checkpoint file of mpisweep; rename it",
                         f->path);
    RETURN_IF_FAILED(temporary_create(f->path, 0666, &f->temporary, &f->next, &f->failure));
    f->end = f->synced = 0;
    return append(f, &f->header, sizeof f->header);
}

static status sync_next(checkpoint_file *f) {
    if (fdatasync(f->next) != 0)
        return error_set(&f->failure, STATUS_IO, "%s: cannot sync: %s", name_of_next(f), strerror(errno));
    f->synced = f->end;
    return STATUS_OK;
}

/* Header and bytes; what was written of an entry that fails is written over by the next. */
static status append_entry(checkpoint_file *f, const cell_checkpoint *c) {
    const checkpoint_entry e = {
        .header = checkpoint_entry_header(c), .offset = f->end + sizeof e.header, .in_next = true};
    const uint64_t before = f->end;
    status result = append(f, &e.header, sizeof e.header);
    if (result == STATUS_OK)
        result = append(f, c->bytes, c->size);
    if (result == STATUS_OK)
        result = checkpoint_entries_add(&f->entries, &e, &f->failure);
    if (result != STATUS_OK)
        f->end = before;
    return result;
}

static void write_entry(checkpoint_file *f, const cell_checkpoint *c) {
    if (f->next < 0 && f->failure.code == STATUS_OK)
        begin_next(f);
    if (f->failure.code != STATUS_OK || append_entry(f, c) != STATUS_OK)
        return;
    checkpoint_entries_drop_superseded(&f->entries, c->cell);
    if (f->deadline > 0 && f->end - f->synced >= PORTION_BYTES)
        sync_next(f);
}

void checkpoint_file_add(checkpoint_file *f, const cell_checkpoint *checkpoint) {
    if (f->finished)
        f->late++;
    else if (f->deadline > 0 || clock_seconds() >= f->retry)
        write_entry(f, checkpoint);
}

/* The cells that have an entry in the next file: (cells), the caller's; NULL without memory. */
static bool *cells_in_next(checkpoint_file *f) {
    bool *found = calloc(f->cells, sizeof *found);
    if (found == NULL)
        error_set(&f->failure, STATUS_INTERNAL, "%s: out of memory", f->path);
    for (size_t i = 0; found != NULL && i < f->entries.count; i++)
        found[f->entries.items[i].header.cell] |= f->entries.items[i].in_next;
    return found;
}

/* Checkpoints of the old file that have no newer one are kept. */
static void copy_entries(checkpoint_file *f) {
    const size_t count = f->entries.count;
    bool *copied = count > 0 ? cells_in_next(f) : NULL;
    for (size_t i = 0; copied != NULL && i < f->entries.count && i < count; i++) {
        cell_checkpoint c = {.cell = f->entries.items[i].header.cell};
        if (copied[c.cell])
            continue;
        copied[c.cell] = true;
        checkpoint_file_read(f, &c);
        if (c.size > 0)
            write_entry(f, &c);
    }
    free(copied);
}

/* From here on only the next file counts. */
static status rename_next(checkpoint_file *f) {
    if (rename(f->temporary, f->path) != 0)
        return error_set(&f->failure, STATUS_IO, "%s: cannot rename %s to it: %s", f->path, f->temporary,
                         strerror(errno));
    f->published = true;
    if (f->old >= 0)
        close(f->old); /* is read only */
    f->old = -1;
    checkpoint_entries_drop_file(&f->entries, false);
    return STATUS_OK;
}

/* The file stays in its place until another one, which the next entry begins, takes it. */
static void retire_next(checkpoint_file *f) {
    if (ftruncate(f->next, (off_t)f->end) != 0)
        log_warning("%s: cannot remove what is left of an entry: %s", f->path, strerror(errno));
    f->old = f->next;
    f->next = -1;
    f->published = false;
    free(f->temporary);
    f->temporary = NULL;
    for (size_t i = 0; i < f->entries.count; i++)
        f->entries.items[i].in_next = false;
}

/* Give up what is being written; what is in its place stays. */
static void abandon_next(checkpoint_file *f) {
    background_sync_wait(&f->sync, &(int){0});
    if (f->next < 0)
        return;
    if (f->published) {
        retire_next(f);
        return;
    }
    close(f->next);
    unlink(f->temporary); /* the next session removes what stays */
    free(f->temporary);
    f->temporary = NULL;
    f->next = -1;
    checkpoint_entries_drop_file(&f->entries, true);
}

/* ---- While the sweep continues ------------------------------------------------------------------- */

/* Nothing of this ends a sweep. */
static void handle_failure(checkpoint_file *f) {
    if (f->failure.code == STATUS_OK)
        return;
    if (!f->warned)
        log_warning("%s; until that works again, cells that are killed resume from earlier checkpoints",
                    f->failure.text);
    f->warned = true;
    f->failure = (error_info){0};
    abandon_next(f);
    f->retry = clock_seconds() + RETRY_AFTER;
}

static void note_success(checkpoint_file *f) {
    if (f->warned)
        log_note("%s: checkpoints are written again", f->path);
    f->warned = false;
}

/* The bytes are on disk before the name leads to them. */
static void end_sync(checkpoint_file *f) {
    int reason;
    if (!background_sync_ended(&f->sync, &reason))
        return;
    if (reason != 0) {
        error_set(&f->failure, STATUS_IO, "%s: cannot sync: %s", name_of_next(f), strerror(reason));
        return;
    }
    f->synced = f->syncing;
    if (!f->published && rename_next(f) == STATUS_OK)
        raw_sync_directory(f->path, &f->failure);
    if (f->failure.code == STATUS_OK)
        note_success(f);
}

static bool is_mostly_stale(const checkpoint_file *f) {
    const uint64_t needed = sizeof f->header + checkpoint_entries_bytes(&f->entries);
    return f->published && f->end >= 2 * needed + MOST_STALE_BYTES;
}

/* Without a thread for the sync a later call tries again. */
static void begin_sync(checkpoint_file *f, const uint8_t *states) {
    checkpoint_entries_drop_finished(&f->entries, states);
    if (is_mostly_stale(f))
        retire_next(f);
    if (!f->published)
        copy_entries(f);
    f->syncing = f->end;
    if (f->failure.code == STATUS_OK && f->next >= 0)
        background_sync_start(&f->sync, f->next);
    f->next_save = clock_seconds() + SYNC_EVERY;
}

static bool has_unsaved(const checkpoint_file *f) {
    return f->next >= 0 && f->failure.code == STATUS_OK && (!f->published || f->end > f->synced);
}

static void keep_up(checkpoint_file *f, const uint8_t *states) {
    end_sync(f);
    if (!f->sync.running && has_unsaved(f) && clock_seconds() >= f->next_save)
        begin_sync(f, states);
    handle_failure(f);
}

/* ---- At a stop --------------------------------------------------------------------------------- */

/* Rename the file to its place and sync what was kept. In this order, because a session may have only a
 * quarter of a second before it is killed: from the rename on a checkpoint counts. After a power cut before
 * the sync, checksums show what is missing. Later entries are appended: of two entries of one cell the last
 * counts. */
static void save(checkpoint_file *f, const uint8_t *states) {
    if (!f->published) {
        checkpoint_entries_drop_finished(&f->entries, states);
        copy_entries(f);
    }
    if (f->failure.code == STATUS_OK && !f->published && rename_next(f) == STATUS_OK &&
        sync_next(f) == STATUS_OK)
        raw_sync_directory(f->path, &f->failure);
    if (f->failure.code == STATUS_OK && f->end > f->synced)
        sync_next(f);
    if (f->failure.code != STATUS_OK && f->next >= 0 && !f->published)
        unlink(f->temporary); /* the next session removes what stays */
}

/* When nothing is left of them. */
static void remove_files(checkpoint_file *f) {
    if (f->next >= 0 && !f->published)
        unlink(f->temporary); /* the same */
    if ((f->published || f->old >= 0) && !f->foreign && unlink(f->path) != 0)
        error_set(&f->failure, STATUS_IO, "%s: cannot remove: %s", f->path, strerror(errno));
}

/* Rename the file of this session to its place, or remove the old one when nothing is left of it. */
static void finish(checkpoint_file *f, const uint8_t *states) {
    if (f->deadline == 0)
        handle_failure(f);
    f->finished = true;
    checkpoint_entries_drop_finished(&f->entries, states);
    if (f->entries.count == 0 && f->failure.code == STATUS_OK)
        remove_files(f);
    else if (f->next >= 0 || f->failure.code != STATUS_OK)
        save(f, states);
}

/* What could not be written before is tried again. */
static void begin_stop(checkpoint_file *f) {
    handle_failure(f);
    f->deadline = clock_seconds() + PATIENCE;
    f->next_save = 0;
}

static void hurry(checkpoint_file *f, const uint8_t *states) {
    if (f->deadline == 0)
        begin_stop(f);
    const double now = clock_seconds();
    if (now > f->deadline) {
        finish(f, states);
    } else if (now >= f->next_save && has_unsaved(f)) {
        save(f, states);
        f->next_save = clock_seconds() + SAVE_EVERY;
    }
}

void checkpoint_file_tick(checkpoint_file *f, const uint8_t *states, bool stopping) {
    if (f->finished)
        return;
    if (stopping || f->deadline > 0)
        hurry(f, states);
    else
        keep_up(f, states);
}

void checkpoint_file_close(checkpoint_file **f_, const uint8_t *states) {
    checkpoint_file *f = *f_;
    if (!f->finished)
        finish(f, states);
    if (f->late > 0)
        log_warning("%s: %zu checkpoints arrived too late and were dropped", f->path, f->late);
    if (f->failure.code != STATUS_OK)
        log_warning("%s; cells in flight will be trained from their start", f->failure.text);
    release(f_);
}
