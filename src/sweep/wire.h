/* The messages between the coordinator and its workers, and how they become bytes.
 *
 * A message is a 16-byte header (magic, protocol version, type, length of what follows) and a body. Numbers
 * are in the byte order of the machine: all ranks of a sweep run the same program, and a foreign byte order
 * shows in the magic number. Decoding checks everything; garbage is an error, never a crash. */
#ifndef SWEEP_WIRE_H
#define SWEEP_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"
#include "engine/engine.h"
#include "grid/cell.h"
#include "grid/digest.h"
#include "sweep/transport.h"

enum {
    WIRE_PROTOCOL = 4,
    WIRE_GROUP = ENGINE_GROUP, /* cells of an assignment, at most */
    WIRE_PROGRAM_SIZE = 96,
    WIRE_KERNELS_SIZE = 32,
    WIRE_TEXT_SIZE = 160,
    WIRE_PLACE_SIZE = 256
};

/* The life of a worker: HELLO, then for every ASSIGN a RESULT for each of its cells, in any order, or
 * CHECKPOINT where a stop ends one, then one STOP each way. */
typedef enum message_type {
    MESSAGE_HELLO = 1, /* worker → coordinator: who I am; give me a cell */
    MESSAGE_ASSIGN, /* coordinator → worker: train these cells, from their checkpoints if there are any */
    MESSAGE_RESULT, /* worker → coordinator: the record of a cell; after the last, give me the next */
    MESSAGE_STOP, /* coordinator → worker: stop training and leave. Worker → coordinator: I am leaving */
    MESSAGE_CHECKPOINT, /* worker → coordinator: what a cell that I had to stop resumes from */
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

/* Cells for one worker, which may train them together. */
typedef struct assignment {
    uint64_t count;                    /* 1 to WIRE_GROUP */
    cell_checkpoint cells[WIRE_GROUP]; /* (count) */
} assignment;

typedef struct message {
    message_type type;
    union {
        hello_message hello;
        assignment assignment;      /* MESSAGE_ASSIGN */
        cell_record record;         /* MESSAGE_RESULT */
        cell_checkpoint checkpoint; /* MESSAGE_CHECKPOINT */
    };
} message;

/* Encode into the start of `out`, which is reserved again; *size is the length. */
status wire_encode(const message *m, arena *out, size_t *size, error_info *error);

/* Decode `size` bytes, aligned as an arena's memory is. Values of a record and bytes of checkpoints stay in
 * `bytes`. */
status wire_decode(const void *bytes, size_t size, message *m, error_info *error);

/* Send MESSAGE_STOP. Without memory it is retried for a second: a receiver that never gets it waits
 * forever. */
status wire_send_stop(transport *t, int peer, arena *outgoing, error_info *error);

/* When a worker may not take part in this sweep, names the rank and what differs: STATUS_IO for its data,
 * else STATUS_USAGE. */
status wire_check_hello(const hello_message *worker, const hello_message *coordinator, error_info *error);

#endif
