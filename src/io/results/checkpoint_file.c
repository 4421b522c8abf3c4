#include "io/results/checkpoint_file.h"
#include "base/clock.h"
#include "base/log.h"
#include "grid/cell.h"
#include "grid/grid.h"
#include "io/file/bytes.h"
#include "io/file/temporary_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define MAGIC "MSWPCKPT"

enum { KERNELS_SIZE = 32 };

/* Synced at once: the kernel would take any amount, and a single sync at the end would take long. */
enum { PORTION_BYTES = 64 << 20 };

static const double PATIENCE = 3;     /* seconds that a stop allows for checkpoints */
static const double SAVE_EVERY = 0.1; /* seconds from one save during a stop to the next */

typedef struct file_header {
    char magic[8];
    uint64_t version, job_digest, values, numerics;
    data_digests data;
    char kernels[KERNELS_SIZE];
} file_header;

/* Followed by its bytes. */
typedef struct entry_header {
    uint64_t cell, size;
    uint64_t checksum; /* CRC-32 of cell, size and bytes */
} entry_header;

typedef struct entry {
    entry_header header;
    uint64_t offset; /* of the bytes */
} entry;

struct checkpoint_file {
    char *path, *temporary; /* temporary: where the next file is written; NULL: nowhere yet */
    file_header header;     /* of this job */
    size_t cells;
    bool foreign;   /* the file of its name is not ours: it stays as it is */
    int old, next;  /* descriptors; -1: there was no file, nothing was kept yet */
    entry *entries; /* (entry_count) of the old file whose cells have no newer one */
    size_t entry_count;
    arena buffer;         /* bytes of the entry that was read last */
    uint64_t end, synced; /* bytes of the next file */
    double deadline;      /* on clock_seconds(); 0: no hurry */
    double next_save;     /* on the same clock */
    bool published;       /* the next file is in its place; more is appended to it */
    bool finished;        /* nothing more is written */
    size_t late;          /* entries that came after that */
    error_info failure;   /* of writing it; nothing more is written then */
};

static uint64_t checksum_of(const entry_header *h, const void *bytes) {
    uLong crc = crc32_z(0, (const Bytef *)&h->cell, sizeof h->cell);
    crc = crc32_z(crc, (const Bytef *)&h->size, sizeof h->size);
    return crc32_z(crc, bytes, h->size);
}

static void release(checkpoint_file **f_) {
    checkpoint_file *f = *f_;
    if (f->old >= 0)
        close(f->old); /* was read only */
    if (f->next >= 0)
        close(f->next); /* was synced, or is abandoned */
    arena_release(&f->buffer);
    free(f->entries);
    free(f->temporary);
    free(f->path);
    free(f);
    *f_ = NULL;
}

/* ---- The file of an earlier session ------------------------------------------------------------ */

static status add_entry(checkpoint_file *f, const entry *e, error_info *error) {
    entry *entries = realloc(f->entries, (f->entry_count + 1) * sizeof *entries);
    if (entries == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory");
    f->entries = entries;
    f->entries[f->entry_count++] = *e;
    return STATUS_OK;
}

/* Find the entries; STATUS_IO at the first that is impossible; those before it may be tried. */
static status list_entries(checkpoint_file *f, uint64_t file_size, error_info *error) {
    for (uint64_t at = sizeof f->header; at < file_size;) {
        entry e = {.offset = at + sizeof e.header};
        RETURN_IF_FAILED(raw_read(f->old, f->path, &e.header, sizeof e.header, at, error));
        if (e.header.cell >= f->cells || e.header.size > file_size - e.offset)
            return error_set(error, STATUS_IO, "%s: is damaged or truncated at byte %llu", f->path,
                             (unsigned long long)at);
        RETURN_IF_FAILED(add_entry(f, &e, error));
        at = e.offset + e.header.size;
    }
    return STATUS_OK;
}

/* What in a header differs from this session, for people; NULL when nothing does. */
static const char *foreign_part(const file_header *found, const file_header *own) {
    if (memcmp(found->magic, own->magic, sizeof own->magic) != 0 || found->version != own->version)
        return "format";
    if (found->job_digest != own->job_digest || found->values != own->values)
        return "job";
    if (found->numerics != own->numerics)
        return "numerics number (version of the program)";
    if (data_digests_differ(&found->data, &own->data) != SPLIT_COUNT)
        return "set of data";
    return memcmp(found->kernels, own->kernels, sizeof own->kernels) != 0 ? "kernel set" : NULL;
}

/* A file that does not begin like ours belongs to somebody else. */
static bool is_ours(int file) {
    char magic[sizeof((file_header *)0)->magic];
    struct stat info;
    return fstat(file, &info) == 0 && S_ISREG(info.st_mode) &&
           pread(file, magic, sizeof magic, 0) == sizeof magic && memcmp(magic, MAGIC, sizeof magic) == 0;
}

static status read_old(checkpoint_file *f, error_info *error) {
    file_header header;
    struct stat info;
    f->foreign = !is_ours(f->old);
    if (f->foreign || fstat(f->old, &info) != 0)
        return error_set(error, STATUS_IO, "%s: is not a checkpoint file of mpisweep and is left as it is",
                         f->path);
    RETURN_IF_FAILED(raw_read(f->old, f->path, &header, sizeof header, 0, error));
    const char *foreign = foreign_part(&header, &f->header);
    if (foreign != NULL)
        return error_set(error, STATUS_IO, "%s: is dropped: it was made with another %s", f->path, foreign);
    return list_entries(f, (uint64_t)info.st_size, error);
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
    f->header = (file_header){.magic = MAGIC,
                              .version = 2,
                              .job_digest = j->digest,
                              .values = values,
                              .numerics = (uint64_t)origin->numerics,
                              .data = origin->data};
    snprintf(f->header.kernels, sizeof f->header.kernels, "%s", origin->kernels);
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

static status read_entry(checkpoint_file *f, const entry *e, error_info *error) {
    RETURN_IF_FAILED(arena_reserve(&f->buffer, e->header.size, error));
    RETURN_IF_FAILED(raw_read(f->old, f->path, f->buffer.memory, e->header.size, e->offset, error));
    if (checksum_of(&e->header, f->buffer.memory) != e->header.checksum)
        return error_set(error, STATUS_IO, "%s: the checkpoint of cell %llu is damaged", f->path,
                         (unsigned long long)e->header.cell);
    return STATUS_OK;
}

/* In a file that another program wrote a cell may have several entries: the last that is whole. */
void checkpoint_file_read(checkpoint_file *f, cell_checkpoint *checkpoint) {
    checkpoint->size = 0;
    for (size_t i = f->entry_count; i > 0 && checkpoint->size == 0; i--) {
        const entry *e = &f->entries[i - 1];
        error_info reason;
        if (e->header.cell != checkpoint->cell)
            continue;
        if (read_entry(f, e, &reason) == STATUS_OK) {
            checkpoint->size = e->header.size;
            checkpoint->bytes = f->buffer.memory;
        } else {
            log_warning("%s; it is trained from its start", reason.text);
        }
    }
}

/* ---- The file of this session ------------------------------------------------------------------ */

static status append(checkpoint_file *f, const void *bytes, size_t size) {
    RETURN_IF_FAILED(raw_write(f->next, f->temporary, bytes, size, f->end, &f->failure));
    f->end += size;
    return STATUS_OK;
}

static status begin_next(checkpoint_file *f) {
    if (f->foreign)
        return error_set(&f->failure, STATUS_IO, "%s: is not a checkpoint file of mpisweep; rename it",
                         f->path);
    RETURN_IF_FAILED(temporary_create(f->path, 0666, &f->temporary, &f->next, &f->failure));
    return append(f, &f->header, sizeof f->header);
}

static status sync_next(checkpoint_file *f) {
    if (fdatasync(f->next) != 0)
        return error_set(&f->failure, STATUS_IO, "%s: cannot sync: %s", f->temporary, strerror(errno));
    f->synced = f->end;
    return STATUS_OK;
}

static void write_entry(checkpoint_file *f, const cell_checkpoint *c) {
    entry_header header = {.cell = c->cell, .size = c->size};
    header.checksum = checksum_of(&header, c->bytes);
    if (f->next < 0 && f->failure.code == STATUS_OK)
        begin_next(f);
    if (f->failure.code == STATUS_OK && append(f, &header, sizeof header) == STATUS_OK &&
        append(f, c->bytes, c->size) == STATUS_OK && f->end - f->synced >= PORTION_BYTES)
        sync_next(f);
}

/* Forget the old entries of a cell. */
static void drop_cell(checkpoint_file *f, uint64_t cell) {
    size_t kept = 0;
    for (size_t i = 0; i < f->entry_count; i++)
        if (f->entries[i].header.cell != cell)
            f->entries[kept++] = f->entries[i];
    f->entry_count = kept;
}

/* Forget those of cells that have a result. */
static void drop_finished(checkpoint_file *f, const uint8_t *states) {
    size_t kept = 0;
    for (size_t i = 0; i < f->entry_count; i++)
        if (states[f->entries[i].header.cell] == CELL_PENDING)
            f->entries[kept++] = f->entries[i];
    f->entry_count = kept;
}

void checkpoint_file_add(checkpoint_file *f, const cell_checkpoint *checkpoint) {
    if (f->finished) {
        f->late++;
        return;
    }
    drop_cell(f, checkpoint->cell);
    write_entry(f, checkpoint);
}

/* Unused checkpoints are kept for the next session. */
static void copy_entries(checkpoint_file *f) {
    for (size_t i = 0; i < f->entry_count; i++) {
        cell_checkpoint c = {.cell = f->entries[i].header.cell};
        checkpoint_file_read(f, &c);
        if (c.size > 0)
            write_entry(f, &c);
    }
}

static status publish(checkpoint_file *f) {
    if (rename(f->temporary, f->path) != 0)
        return error_set(&f->failure, STATUS_IO, "%s: cannot rename %s to it: %s", f->path, f->temporary,
                         strerror(errno));
    f->published = true;
    RETURN_IF_FAILED(sync_next(f));
    return raw_sync_directory(f->path, &f->failure);
}

/* Rename the file to its place and sync what was kept. In this order, because a session may have only a
 * quarter of a second before it is killed: from the rename on a checkpoint counts. After a power cut before
 * the sync, checksums show what is missing. Later entries are appended: of two entries of one cell the last
 * counts. */
static void save(checkpoint_file *f, const uint8_t *states) {
    if (!f->published) {
        drop_finished(f, states);
        copy_entries(f);
    }
    if (f->failure.code == STATUS_OK && !f->published)
        publish(f);
    if (f->failure.code == STATUS_OK && f->end > f->synced)
        sync_next(f);
    if (f->failure.code != STATUS_OK && f->next >= 0 && !f->published)
        unlink(f->temporary); /* the next session removes what stays */
}

/* Rename the file of this session to its place, or remove the old one when nothing is left of it. */
static void finish(checkpoint_file *f, const uint8_t *states) {
    f->finished = true;
    if (f->next >= 0 || f->failure.code != STATUS_OK) {
        save(f, states);
        return;
    }
    drop_finished(f, states);
    if (f->entry_count == 0 && f->old >= 0 && !f->foreign && unlink(f->path) != 0)
        error_set(&f->failure, STATUS_IO, "%s: cannot remove: %s", f->path, strerror(errno));
}

static bool has_unsaved(const checkpoint_file *f) {
    return f->next >= 0 && f->failure.code == STATUS_OK && (!f->published || f->end > f->synced);
}

void checkpoint_file_hurry(checkpoint_file *f, const uint8_t *states) {
    const double now = clock_seconds();
    if (f->finished)
        return;
    if (f->deadline == 0)
        f->deadline = now + PATIENCE;
    if (now > f->deadline) {
        finish(f, states);
    } else if (now >= f->next_save && has_unsaved(f)) {
        save(f, states);
        f->next_save = clock_seconds() + SAVE_EVERY;
    }
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
