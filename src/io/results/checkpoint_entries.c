#include "io/results/checkpoint_entries.h"

#include <stdlib.h>
#include <zlib.h>

#include "io/file/bytes.h"

static uint64_t checksum_of(const entry_header *h, const void *bytes) {
    uLong crc = crc32_z(0, (const Bytef *)&h->cell, sizeof h->cell);
    crc = crc32_z(crc, (const Bytef *)&h->size, sizeof h->size);
    return crc32_z(crc, bytes, h->size);
}

entry_header checkpoint_entry_header(const cell_checkpoint *c) {
    entry_header header = {.cell = c->cell, .size = c->size};
    header.checksum = checksum_of(&header, c->bytes);
    return header;
}

static bool has_room(checkpoint_entries *list) {
    if (list->count < list->capacity)
        return true;
    const size_t capacity = list->capacity > 0 ? 2 * list->capacity : 64;
    checkpoint_entry *items = realloc(list->items, capacity * sizeof *items);
    if (items == NULL)
        return false;
    list->items = items;
    list->capacity = capacity;
    return true;
}

status checkpoint_entries_add(checkpoint_entries *list, const checkpoint_entry *e, error_info *error) {
    if (!has_room(list))
        return error_set(error, STATUS_INTERNAL, "out of memory");
    list->items[list->count++] = *e;
    return STATUS_OK;
}

status checkpoint_entries_find(checkpoint_entries *list, int file, const char *path, uint64_t at,
                               uint64_t size, size_t cells, error_info *error) {
    while (at < size) {
        checkpoint_entry e = {.offset = at + sizeof e.header};
        RETURN_IF_FAILED(raw_read(file, path, &e.header, sizeof e.header, at, error));
        if (e.header.cell >= cells || e.header.size == 0 || e.header.size > size - e.offset)
            return error_set(error, STATUS_IO, "%s: is damaged or truncated at byte %llu", path,
                             (unsigned long long)at);
        RETURN_IF_FAILED(checkpoint_entries_add(list, &e, error));
        at = e.offset + e.header.size;
    }
    return STATUS_OK;
}

status checkpoint_entry_read(const checkpoint_entry *e, int file, const char *path, arena *into,
                             error_info *error) {
    RETURN_IF_FAILED(arena_reserve(into, e->header.size, error));
    RETURN_IF_FAILED(raw_read(file, path, into->memory, e->header.size, e->offset, error));
    if (checksum_of(&e->header, into->memory) != e->header.checksum)
        return error_set(error, STATUS_IO, "%s: the checkpoint of cell %llu is damaged", path,
                         (unsigned long long)e->header.cell);
    return STATUS_OK;
}

void checkpoint_entries_drop_finished(checkpoint_entries *list, const uint8_t *states) {
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++)
        if (states[list->items[i].header.cell] == CELL_PENDING)
            list->items[kept++] = list->items[i];
    list->count = kept;
}

void checkpoint_entries_drop_file(checkpoint_entries *list, bool in_next) {
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].in_next != in_next)
            list->items[kept++] = list->items[i];
    list->count = kept;
}

void checkpoint_entries_drop_superseded(checkpoint_entries *list, uint64_t cell) {
    size_t last = list->count, kept = 0;
    while (last > 0 && (list->items[last - 1].header.cell != cell || !list->items[last - 1].in_next))
        last--;
    for (size_t i = 0; i < list->count; i++) {
        const checkpoint_entry *e = &list->items[i];
        if (e->header.cell != cell || !e->in_next || i + 1 >= last)
            list->items[kept++] = *e;
    }
    list->count = kept;
}

uint64_t checkpoint_entries_bytes(const checkpoint_entries *list) {
    uint64_t bytes = 0;
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].in_next)
            bytes += sizeof list->items[i].header + list->items[i].header.size;
    return bytes;
}
