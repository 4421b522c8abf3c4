/* The messages between the coordinator and its workers, and how they become bytes.
 *
 * A message is a 16-byte header (magic, protocol version, type, length of what follows) and a body. Numbers
 * are in the byte order of the machine: all ranks of a sweep run the same program, and a foreign byte order
 * shows in the magic number. Decoding checks everything; garbage is an error, never a crash. */
#ifndef SWEEP_WIRE_H
#define SWEEP_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"
#include "engine/engine.h"
#include "grid/cell.h"
#include "grid/digest.h"
#include "sweep/transport.h"

enum {
    WIRE_PROTOCOL = 5,
    WIRE_BATCH = 256, /* cells of an assignment, at most */
    WIRE_PROGRAM_SIZE = 96,
    WIRE_KERNELS_SIZE = 32,
    WIRE_TEXT_SIZE = 160,
    WIRE_PLACE_SIZE = 256
};

/* The life of a worker: HELLO, then for every ASSIGN a record for each of its cells, in any order and as many
 * in a message as is convenient, or CHECKPOINT where a stop ends one, then one STOP each way. The next ASSIGN
 * may come before the last is done. While a cell is trained there may be a CHECKPOINT now and then, each
 * confirmed by one without bytes. */
typedef enum message_type {
    MESSAGE_HELLO = 1, /* worker → coordinator: who I am; give me a cell */
    MESSAGE_ASSIGN,  /* coordinator → worker: train these cells, from their checkpoints if there are any */
    MESSAGE_RESULTS, /* worker → coordinator: records of cells; after the last, give me the next */
    MESSAGE_STOP, /* coordinator → worker: stop training and leave. Worker → coordinator: I am leaving */
    MESSAGE_CHECKPOINT, /* worker → coordinator: what a cell resumes from that I had to stop, or that I still
                           train. Coordinator → worker: I have stored that of a cell that you still train */
} message_type;

/* What must be the same on all ranks, or cells of one sweep would be trained differently; and where the rank
 * is. */
typedef struct hello_message {
    uint64_t job_digest;
    int32_t rank;
    int32_t numerics;                /* ENGINE_NUMERICS */
    data_digests data;               /* of the samples that it trains on; all 0 before they are read */
    char data_shape[WIRE_TEXT_SIZE]; /* what they look like, for people and for comparison */
    char data_places[SPLIT_COUNT][WIRE_PLACE_SIZE]; /* where they come from, for people */
    char program[WIRE_PROGRAM_SIZE];                /* version and commit */
    char kernels[WIRE_KERNELS_SIZE];
    char host[RECORD_HOST_SIZE];
} hello_message;

/* A cell for a worker. Those that follow each other with `joins` may be trained together, ENGINE_GROUP at
 * most. */
typedef struct assigned_cell {
    cell_checkpoint from;
    bool joins; /* the cell before it */
} assigned_cell;

/* Items as wire_append_* has encoded them, one after the other. */
typedef struct wire_batch {
    const unsigned char *bytes; /* (size) */
    size_t size;
} wire_batch;

typedef struct message {
    message_type type;
    union {
        hello_message hello;
        wire_batch cells;           /* MESSAGE_ASSIGN: assigned_cell, 1 to WIRE_BATCH */
        wire_batch results;         /* MESSAGE_RESULTS: cell_record, at least 1 */
        cell_checkpoint checkpoint; /* MESSAGE_CHECKPOINT */
    };
} message;

/* Append to the *size bytes of a batch in `out`. */
status wire_append_cell(const assigned_cell *cell, arena *out, size_t *size, error_info *error);
status wire_append_result(const cell_record *record, arena *out, size_t *size, error_info *error);

/* Remove the first item of a decoded batch; false when there is none. */
bool wire_take_cell(wire_batch *batch, assigned_cell *cell);
bool wire_take_result(wire_batch *batch, cell_record *record);

/* Encode into the start of `out`, which is reserved again; *size is the length. */
status wire_encode(const message *m, arena *out, size_t *size, error_info *error);

/* Decode `size` bytes, aligned as an arena's memory is. Records and their values, and bytes of checkpoints,
 * stay in `bytes`. */
status wire_decode(const void *bytes, size_t size, message *m, error_info *error);

/* Send MESSAGE_STOP. Without memory it is retried for a second: a receiver that never gets it waits
 * forever. */
status wire_send_stop(transport *t, int peer, arena *outgoing, error_info *error);

/* When a worker may not take part in this sweep, names the rank and what differs: STATUS_IO for its data,
 * else STATUS_USAGE. */
status wire_check_hello(const hello_message *worker, const hello_message *coordinator, error_info *error);

#endif
