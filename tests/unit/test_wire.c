/* Messages: what goes in comes out, and garbage is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "sweep/wire.h"

static const float values[] = {1.5f, -2.0f, 0.25f};

static hello_message sample_hello(void) {
    return (hello_message){.job_digest = 0x123456789abcdef0,
                           .program = "mpisweep 1",
                           .kernels = "avx2",
                           .host = "n1",
                           .rank = 3,
                           .numerics = 2,
                           .data.splits = {{1, 2}, {0, 0}, {3, 4}},
                           .data_shape = "3 + 0 + 2 samples",
                           .data_places = {"x.npy", "x.npy", "t.npy"}};
}

static const assigned_cell assigned[] = {
    {{.cell = 41}, false}, {{42, sizeof values, values}, true}, {{43, 4, values + 1}, false}};

static const cell_record records[] = {{.cell = 41,
                                       .status = CELL_DIVERGED,
                                       .rank = 2,
                                       .steps_taken = 1173,
                                       .seconds = 0.5,
                                       .host = "n2",
                                       .value_count = 3,
                                       .values = values},
                                      {.cell = 7, .status = CELL_DONE, .host = "n3"}};

enum { ASSIGNED = 3, RECORDS = 2, HEADER = 16, CELL = 24 };

static arena batches[2]; /* that the samples point to */

static wire_batch sample_cells(void) {
    size_t size = 0;
    for (int i = 0; i < ASSIGNED; i++)
        assert_int_equal(wire_append_cell(&assigned[i], &batches[0], &size, NULL), STATUS_OK);
    return (wire_batch){batches[0].memory, size};
}

static wire_batch sample_results(void) {
    size_t size = 0;
    for (int i = 0; i < RECORDS; i++)
        assert_int_equal(wire_append_result(&records[i], &batches[1], &size, NULL), STATUS_OK);
    return (wire_batch){batches[1].memory, size};
}

static message sample(message_type type) {
    message m = {.type = type};
    if (type == MESSAGE_HELLO)
        m.hello = sample_hello();
    else if (type == MESSAGE_ASSIGN)
        m.cells = sample_cells();
    else if (type == MESSAGE_CHECKPOINT)
        m.checkpoint = (cell_checkpoint){.cell = 42, .size = sizeof values, .bytes = values};
    else if (type == MESSAGE_RESULTS)
        m.results = sample_results();
    return m;
}

static void assert_same_checkpoint(const cell_checkpoint *a, const cell_checkpoint *b) {
    assert_int_equal(a->cell, b->cell);
    assert_int_equal(a->size, b->size);
    if (a->size > 0)
        assert_memory_equal(a->bytes, b->bytes, a->size);
}

static void assert_same_record(const cell_record *a, const cell_record *b) {
    assert_int_equal(a->cell, b->cell);
    assert_int_equal(a->status, b->status);
    assert_int_equal(a->rank, b->rank);
    assert_int_equal(a->steps_taken, b->steps_taken);
    assert_true(a->seconds == b->seconds);
    assert_string_equal(a->host, b->host);
    assert_int_equal(a->value_count, b->value_count);
    if (a->value_count > 0)
        assert_memory_equal(a->values, b->values, a->value_count * sizeof *a->values);
}

/* What a decoded message holds is what the samples hold. */
static void assert_sample(message *m, message_type type) {
    const hello_message hello = sample_hello();
    assigned_cell cell;
    cell_record record;
    assert_int_equal(m->type, type);
    if (type == MESSAGE_HELLO)
        assert_memory_equal(&m->hello, &hello, sizeof hello);
    else if (type == MESSAGE_CHECKPOINT)
        assert_same_checkpoint(&m->checkpoint, &assigned[1].from);
    for (int i = 0; type == MESSAGE_ASSIGN && i < ASSIGNED; i++) {
        assert_true(wire_take_cell(&m->cells, &cell));
        assert_same_checkpoint(&cell.from, &assigned[i].from);
        assert_int_equal(cell.joins, assigned[i].joins);
    }
    for (int i = 0; type == MESSAGE_RESULTS && i < RECORDS; i++) {
        assert_true(wire_take_result(&m->results, &record));
        assert_same_record(&record, &records[i]);
    }
    assert_false(type == MESSAGE_ASSIGN && wire_take_cell(&m->cells, &cell));
    assert_false(type == MESSAGE_RESULTS && wire_take_result(&m->results, &record));
}

static void messages_come_back(void **state) {
    (void)state;
    arena bytes = {0};
    for (int type = MESSAGE_HELLO; type <= MESSAGE_CHECKPOINT; type++) {
        message m = sample((message_type)type), decoded;
        size_t size;
        assert_int_equal(wire_encode(&m, &bytes, &size, NULL), STATUS_OK);
        assert_int_equal(wire_decode(bytes.memory, size, &decoded, NULL), STATUS_OK);
        assert_sample(&decoded, (message_type)type);
    }
    arena_release(&bytes);
}

/* A copy of exactly `size` bytes, so that a sanitizer sees every read past the end. */
static status decode_copy(const void *bytes, size_t size, error_info *error) {
    void *copy = malloc(size + (size == 0));
    memcpy(copy, bytes, size);
    message decoded;
    status result = wire_decode(copy, size, &decoded, error);
    free(copy);
    return result;
}

static void every_truncation_is_refused(void **state) {
    (void)state;
    arena bytes = {0};
    for (int type = MESSAGE_HELLO; type <= MESSAGE_CHECKPOINT; type++) {
        message m = sample((message_type)type);
        size_t size;
        assert_int_equal(wire_encode(&m, &bytes, &size, NULL), STATUS_OK);
        for (size_t length = 0; length < size; length++)
            assert_int_not_equal(decode_copy(bytes.memory, length, NULL), STATUS_OK);
    }
    arena_release(&bytes);
}

/* Change one byte at a time to random values: whatever is accepted must be safe to read. */
static void damaged_messages_do_no_harm(void **state) {
    (void)state;
    arena bytes = {0};
    random_stream random = random_stream_open(1, 0, RANDOM_SHUFFLE, 0);
    for (int type = MESSAGE_HELLO; type <= MESSAGE_CHECKPOINT; type++) {
        message m = sample((message_type)type);
        size_t size;
        for (int round = 0; round < 5000; round++) {
            assert_int_equal(wire_encode(&m, &bytes, &size, NULL), STATUS_OK);
            for (int change = 0; change < 3; change++)
                bytes.memory[random_below(&random, (uint32_t)size)] = (unsigned char)random_u32(&random);
            decode_copy(bytes.memory, size, NULL);
        }
    }
    arena_release(&bytes);
}

static void random_bytes_are_refused(void **state) {
    (void)state;
    random_stream random = random_stream_open(2, 0, RANDOM_SHUFFLE, 0);
    for (int round = 0; round < 20000; round++) {
        unsigned char bytes[200];
        size_t size = random_below(&random, sizeof bytes + 1);
        for (size_t i = 0; i < size; i++)
            bytes[i] = (unsigned char)random_u32(&random);
        assert_int_not_equal(decode_copy(bytes, size, NULL), STATUS_OK);
    }
}

/* Encode `m`, overwrite `size` bytes at `offset`, and see the result refused. */
static void assert_refused(const message *m, size_t offset, const void *replacement, size_t length) {
    arena bytes = {0};
    size_t size;
    error_info error = {0};
    assert_int_equal(wire_encode(m, &bytes, &size, NULL), STATUS_OK);
    memcpy(bytes.memory + offset, replacement, length);
    assert_int_not_equal(decode_copy(bytes.memory, size, &error), STATUS_OK);
    assert_true(error.text[0] != '\0');
    arena_release(&bytes);
}

static void wrong_fields_are_refused(void **state) {
    (void)state;
    message result = sample(MESSAGE_RESULTS), hello = sample(MESSAGE_HELLO);
    uint16_t other_protocol = WIRE_PROTOCOL + 1, no_type = 99;
    uint64_t huge = (UINT64_C(1) << 62) + 3; /* × sizeof(float) is 12 again */
    char unterminated[WIRE_PLACE_SIZE];
    memset(unterminated, 'x', sizeof unterminated);
    assert_refused(&result, 4, &other_protocol, sizeof other_protocol);
    assert_refused(&result, 6, &no_type, sizeof no_type);
    assert_refused(&result, HEADER + 32 + RECORD_HOST_SIZE, &huge, sizeof huge); /* value_count */
    assert_refused(&result, HEADER + 32, unterminated, RECORD_HOST_SIZE);        /* host */
    for (int32_t outcome = -1; outcome <= CELL_STATUS_COUNT; outcome += CELL_STATUS_COUNT + 1)
        assert_refused(&result, HEADER + 8, &outcome, sizeof outcome);
    assert_refused(&hello, HEADER + offsetof(hello_message, program), unterminated, WIRE_PROGRAM_SIZE);
    assert_refused(&hello, HEADER + offsetof(hello_message, data_shape), unterminated, WIRE_TEXT_SIZE);
    assert_refused(&hello, HEADER + offsetof(hello_message, data_places[2]), unterminated, WIRE_PLACE_SIZE);
}

/* What a size says would be beyond the message, and there are too many cells or none. */
static void wrong_assignments_are_refused(void **state) {
    (void)state;
    const message three = sample(MESSAGE_ASSIGN), nothing = {.type = MESSAGE_ASSIGN};
    const uint64_t too_long = 3 * CELL + sizeof values, wraps = UINT64_MAX - 3, no_truth = 2;
    assert_refused(&three, HEADER + 8, &too_long, sizeof too_long);
    assert_refused(&three, HEADER + 8, &wraps, sizeof wraps);
    assert_refused(&three, HEADER + 16, &no_truth, sizeof no_truth);
    assert_refused(&nothing, 6, &(uint16_t){MESSAGE_ASSIGN}, sizeof(uint16_t));
    assert_refused(&nothing, 6, &(uint16_t){MESSAGE_RESULTS}, sizeof(uint16_t));
    arena many = {0};
    size_t size = 0;
    for (int i = 0; i < WIRE_BATCH + 1; i++)
        assert_int_equal(wire_append_cell(&(assigned_cell){{.cell = 1}, false}, &many, &size, NULL),
                         STATUS_OK);
    const message full = {.type = MESSAGE_ASSIGN, .cells = {many.memory, size - CELL}};
    const message too_full = {.type = MESSAGE_ASSIGN, .cells = {many.memory, size}};
    arena bytes = {0};
    assert_int_equal(wire_encode(&full, &bytes, &size, NULL), STATUS_OK);
    assert_int_equal(decode_copy(bytes.memory, size, NULL), STATUS_OK);
    assert_refused(&too_full, 6, &(uint16_t){MESSAGE_ASSIGN}, sizeof(uint16_t));
    arena_release(&bytes);
    arena_release(&many);
}

static void assert_hello_refused(const hello_message *worker, status code, const char *expected) {
    hello_message own = sample_hello();
    error_info error = {0};
    assert_int_equal(wire_check_hello(worker, &own, &error), code);
    assert_non_null(strstr(error.text, expected));
    assert_non_null(strstr(error.text, "rank 7 on n9"));
}

static void ranks_that_differ_are_refused(void **state) {
    (void)state;
    hello_message own = sample_hello(), peer = own;
    peer.rank = 7;
    snprintf(peer.host, sizeof peer.host, "n9");
    assert_int_equal(wire_check_hello(&peer, &own, NULL), STATUS_OK);
    hello_message other = peer;
    snprintf(other.program, sizeof other.program, "mpisweep 2");
    assert_hello_refused(&other, STATUS_USAGE, "mpisweep 2");
    other = peer;
    snprintf(other.kernels, sizeof other.kernels, "avx512");
    assert_hello_refused(&other, STATUS_USAGE, "avx512");
    other = peer;
    other.job_digest++;
    assert_hello_refused(&other, STATUS_USAGE, "the same job file");
    other = peer;
    other.numerics++;
    assert_hello_refused(&other, STATUS_USAGE, "numerics 3, rank 0 with 2");
}

static void ranks_with_other_data_are_refused(void **state) {
    (void)state;
    hello_message peer = sample_hello();
    peer.rank = 7;
    snprintf(peer.host, sizeof peer.host, "n9");
    hello_message other = peer;
    snprintf(other.data_shape, sizeof other.data_shape, "4 + 0 + 2 samples");
    assert_hello_refused(&other, STATUS_IO, "4 + 0 + 2 samples in x.npy, not 3 + 0 + 2 samples in x.npy");
    other = peer;
    other.data.splits[SPLIT_TEST].high = 0xabc;
    assert_hello_refused(&other, STATUS_IO,
                         "test split: digest 0000000000000abc0000000000000004 of t.npy, not "
                         "00000000000000030000000000000004 of t.npy");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_come_back),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(damaged_messages_do_no_harm),
        cmocka_unit_test(random_bytes_are_refused),
        cmocka_unit_test(wrong_fields_are_refused),
        cmocka_unit_test(wrong_assignments_are_refused),
        cmocka_unit_test(ranks_that_differ_are_refused),
        cmocka_unit_test(ranks_with_other_data_are_refused),
    };
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    for (int i = 0; i < 2; i++)
        arena_release(&batches[i]);
    return failed;
}
