#include "sweep/wire.h"

#include <stdbool.h>
#include <string.h>

#include "base/clock.h"

enum { WIRE_MAGIC = 0x5057534d }; /* "MSWP" */

typedef struct wire_header {
    uint32_t magic;
    uint16_t protocol, type;
    uint64_t length; /* of the body */
} wire_header;

/* A record without its values, which follow it. */
typedef struct wire_record {
    uint64_t cell;
    int32_t status, rank;
    int64_t steps_taken;
    double seconds;
    char host[RECORD_HOST_SIZE];
    uint64_t value_count;
} wire_record;

/* One cell of an assignment, without its checkpoint, which follows it. */
typedef struct wire_cell {
    uint64_t cell, size, joins;
} wire_cell;

static size_t body_size(const message *m) {
    switch (m->type) {
    case MESSAGE_HELLO:
        return sizeof m->hello;
    case MESSAGE_ASSIGN:
        return m->cells.size;
    case MESSAGE_CHECKPOINT:
        return sizeof m->checkpoint.cell + m->checkpoint.size;
    case MESSAGE_RESULTS:
        return m->results.size;
    case MESSAGE_STOP:
        break;
    }
    return 0;
}

static unsigned char *append(unsigned char *at, const void *bytes, size_t size) {
    if (size > 0)
        memcpy(at, bytes, size);
    return at + size;
}

static void encode_checkpoint(const cell_checkpoint *checkpoint, unsigned char *body) {
    memcpy(body, &checkpoint->cell, sizeof checkpoint->cell);
    if (checkpoint->size > 0)
        memcpy(body + sizeof checkpoint->cell, checkpoint->bytes, checkpoint->size);
}

status wire_encode(const message *m, arena *out, size_t *size, error_info *error) {
    wire_header header = {WIRE_MAGIC, WIRE_PROTOCOL, (uint16_t)m->type, body_size(m)};
    *size = sizeof header + header.length;
    RETURN_IF_FAILED(arena_reserve(out, *size, error));
    unsigned char *body = out->memory + sizeof header;
    memcpy(out->memory, &header, sizeof header);
    if (m->type == MESSAGE_HELLO)
        memcpy(body, &m->hello, sizeof m->hello);
    else if (m->type == MESSAGE_ASSIGN)
        append(body, m->cells.bytes, m->cells.size);
    else if (m->type == MESSAGE_CHECKPOINT)
        encode_checkpoint(&m->checkpoint, body);
    else if (m->type == MESSAGE_RESULTS)
        append(body, m->results.bytes, m->results.size);
    return STATUS_OK;
}

/* A part with a fixed size, and what follows it. */
static status append_item(const void *fixed, size_t fixed_size, const void *rest, size_t rest_size,
                          arena *out, size_t *size, error_info *error) {
    RETURN_IF_FAILED(arena_extend(out, *size, *size + fixed_size + rest_size, error));
    append(append(out->memory + *size, fixed, fixed_size), rest, rest_size);
    *size += fixed_size + rest_size;
    return STATUS_OK;
}

status wire_append_cell(const assigned_cell *cell, arena *out, size_t *size, error_info *error) {
    const wire_cell fixed = {cell->from.cell, cell->from.size, cell->joins};
    return append_item(&fixed, sizeof fixed, cell->from.bytes, cell->from.size, out, size, error);
}

status wire_append_result(const cell_record *record, arena *out, size_t *size, error_info *error) {
    wire_record fixed = {record->cell, record->status,     record->rank, record->steps_taken, record->seconds,
                         {0},          record->value_count};
    memcpy(fixed.host, record->host, sizeof fixed.host);
    return append_item(&fixed, sizeof fixed, record->values, record->value_count * sizeof(float), out, size,
                       error);
}

static bool is_text(const char *text, size_t size) {
    return memchr(text, '\0', size) != NULL;
}

static bool decode_hello(const unsigned char *body, size_t length, hello_message *hello) {
    if (length != sizeof *hello)
        return false;
    memcpy(hello, body, sizeof *hello);
    for (int i = 0; i < SPLIT_COUNT; i++)
        if (!is_text(hello->data_places[i], sizeof hello->data_places[i]))
            return false;
    return is_text(hello->data_shape, sizeof hello->data_shape) &&
           is_text(hello->program, sizeof hello->program) && is_text(hello->kernels, sizeof hello->kernels) &&
           is_text(hello->host, sizeof hello->host);
}

/* The record at the start of a batch. */
static bool decode_record(const wire_batch *batch, cell_record *record) {
    wire_record fixed;
    if (batch->size < sizeof fixed)
        return false;
    memcpy(&fixed, batch->bytes, sizeof fixed);
    if (fixed.value_count > (batch->size - sizeof fixed) / sizeof(float))
        return false;
    if (fixed.status < CELL_PENDING || fixed.status >= CELL_STATUS_COUNT || fixed.status == CELL_LEFT_OUT ||
        !is_text(fixed.host, sizeof fixed.host))
        return false;
    *record = (cell_record){.cell = fixed.cell,
                            .status = fixed.status,
                            .rank = fixed.rank,
                            .steps_taken = fixed.steps_taken,
                            .seconds = fixed.seconds,
                            .value_count = fixed.value_count,
                            .values = (const float *)(batch->bytes + sizeof fixed)};
    memcpy(record->host, fixed.host, sizeof record->host);
    return true;
}

bool wire_take_result(wire_batch *batch, cell_record *record) {
    if (!decode_record(batch, record))
        return false;
    const size_t size = sizeof(wire_record) + record->value_count * sizeof(float);
    batch->bytes += size;
    batch->size -= size;
    return true;
}

static bool decode_results(const unsigned char *body, size_t length, wire_batch *batch) {
    cell_record record;
    *batch = (wire_batch){body, length};
    wire_batch rest = *batch;
    while (wire_take_result(&rest, &record))
        continue;
    return length > 0 && rest.size == 0;
}

static bool decode_checkpoint(const unsigned char *body, size_t length, cell_checkpoint *checkpoint) {
    *checkpoint = (cell_checkpoint){0};
    if (length < sizeof checkpoint->cell)
        return false;
    memcpy(&checkpoint->cell, body, sizeof checkpoint->cell);
    checkpoint->size = length - sizeof checkpoint->cell;
    if (checkpoint->size > 0)
        checkpoint->bytes = body + sizeof checkpoint->cell;
    return true;
}

bool wire_take_cell(wire_batch *batch, assigned_cell *cell) {
    wire_cell fixed;
    if (batch->size < sizeof fixed)
        return false;
    memcpy(&fixed, batch->bytes, sizeof fixed);
    if (fixed.size > batch->size - sizeof fixed || fixed.joins > 1)
        return false;
    const void *bytes = fixed.size > 0 ? batch->bytes + sizeof fixed : NULL;
    *cell = (assigned_cell){{fixed.cell, fixed.size, bytes}, fixed.joins};
    batch->bytes += sizeof fixed + fixed.size;
    batch->size -= sizeof fixed + fixed.size;
    return true;
}

static bool decode_cells(const unsigned char *body, size_t length, wire_batch *batch) {
    assigned_cell cell;
    int count = 0;
    *batch = (wire_batch){body, length};
    wire_batch rest = *batch;
    while (wire_take_cell(&rest, &cell))
        count++;
    return rest.size == 0 && count >= 1 && count <= WIRE_BATCH;
}

static bool decode_body(const unsigned char *body, size_t length, message *m) {
    switch (m->type) {
    case MESSAGE_HELLO:
        return decode_hello(body, length, &m->hello);
    case MESSAGE_ASSIGN:
        return decode_cells(body, length, &m->cells);
    case MESSAGE_CHECKPOINT:
        return decode_checkpoint(body, length, &m->checkpoint);
    case MESSAGE_RESULTS:
        return decode_results(body, length, &m->results);
    case MESSAGE_STOP:
        return length == 0;
    }
    return false;
}

status wire_decode(const void *bytes, size_t size, message *m, error_info *error) {
    wire_header header;
    if (size < sizeof header)
        return error_set(error, STATUS_INTERNAL, "message of %zu bytes is shorter than its header", size);
    memcpy(&header, bytes, sizeof header);
    if (header.magic != WIRE_MAGIC)
        return error_set(error, STATUS_INTERNAL,
                         "message starts with 0x%08x and not 0x%08x: not from mpisweep", header.magic,
                         (unsigned)WIRE_MAGIC);
    if (header.protocol != WIRE_PROTOCOL)
        return error_set(error, STATUS_USAGE,
                         "another rank uses protocol %d, this one %d: run the same binary on all ranks",
                         header.protocol, WIRE_PROTOCOL);
    m->type = header.type;
    if (header.length != size - sizeof header ||
        !decode_body((const unsigned char *)bytes + sizeof header, header.length, m))
        return error_set(error, STATUS_INTERNAL, "message of type %d and %zu bytes is malformed", header.type,
                         size);
    return STATUS_OK;
}

static status send_stop(transport *t, int peer, arena *outgoing, error_info *error) {
    size_t size;
    RETURN_IF_FAILED(wire_encode(&(message){.type = MESSAGE_STOP}, outgoing, &size, error));
    return t->send(t, peer, outgoing->memory, size, error);
}

status wire_send_stop(transport *t, int peer, arena *outgoing, error_info *error) {
    status result = send_stop(t, peer, outgoing, error);
    for (int tries = 0; result != STATUS_OK && tries < 100; tries++) {
        clock_sleep(0.01);
        result = send_stop(t, peer, outgoing, error);
    }
    return result;
}

static status check_data(const hello_message *worker, const hello_message *coordinator, error_info *error) {
    const data_split_kind split = data_digests_differ(&worker->data, &coordinator->data);
    char digest[DIGEST_TEXT_SIZE], expected[DIGEST_TEXT_SIZE];
    if (split == SPLIT_COUNT)
        return STATUS_OK;
    digest_text(&worker->data.splits[split], digest);
    digest_text(&coordinator->data.splits[split], expected);
    return error_set(
        error, STATUS_IO,
        "rank %d on %s does not have the same data as rank 0 on %s in the %s split: digest %s of %s, not "
        "%s of %s; put the "
        "same files there, or say where they are with --data, $MPISWEEP_DATA or the job's paths",
        worker->rank, worker->host, coordinator->host, data_split_label(split), digest,
        worker->data_places[split], expected, coordinator->data_places[split]);
}

status wire_check_hello(const hello_message *worker, const hello_message *coordinator, error_info *error) {
    if (strcmp(worker->program, coordinator->program) != 0)
        return error_set(error, STATUS_USAGE,
                         "rank %d on %s runs %s, rank 0 runs %s: run the same binary on all ranks",
                         worker->rank, worker->host, worker->program, coordinator->program);
    if (worker->numerics != coordinator->numerics)
        return error_set(
            error, STATUS_USAGE,
            "rank %d on %s computes with numerics %d, rank 0 with %d: run the same binary on all ranks",
            worker->rank, worker->host, worker->numerics, coordinator->numerics);
    if (strcmp(worker->kernels, coordinator->kernels) != 0)
        return error_set(
            error, STATUS_USAGE,
            "rank %d on %s computes with the %s kernels, rank 0 with %s, and results would differ: "
            "set MPISWEEP_KERNELS to a set that all have",
            worker->rank, worker->host, worker->kernels, coordinator->kernels);
    if (worker->job_digest != coordinator->job_digest)
        return error_set(
            error, STATUS_USAGE,
            "rank %d on %s did not read the same job file as rank 0 (digest %016llx, not %016llx)",
            worker->rank, worker->host, (unsigned long long)worker->job_digest,
            (unsigned long long)coordinator->job_digest);
    if (strcmp(worker->data_shape, coordinator->data_shape) != 0)
        return error_set(
            error, STATUS_IO,
            "rank %d on %s does not have the same data as rank 0 on %s: %s in %s, not %s in %s; put the same "
            "files there, or say where they are with --data, $MPISWEEP_DATA or the job's paths",
            worker->rank, worker->host, coordinator->host, worker->data_shape,
            worker->data_places[SPLIT_TRAIN], coordinator->data_shape, coordinator->data_places[SPLIT_TRAIN]);
    return check_data(worker, coordinator, error);
}
