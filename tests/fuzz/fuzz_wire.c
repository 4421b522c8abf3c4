/* A message between ranks. What decodes must encode to the same bytes. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "sweep/wire.h"

static void check_round_trip(const message *m, const uint8_t *input, size_t size) {
    arena encoded = {0};
    size_t length;
    error_info error = {0};
    if (wire_encode(m, &encoded, &length, &error) != STATUS_OK || length != size ||
        memcmp(encoded.memory, input, size) != 0)
        abort();
    arena_release(&encoded);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size) {
    arena received = {0};
    message m;
    error_info error = {0};
    if (arena_reserve(&received, size > 0 ? size : 1, &error) != STATUS_OK)
        return 0;
    memcpy(received.memory, input, size);
    status result = wire_decode(received.memory, size, &m, &error);
    fuzz_check(result, &error);
    if (result == STATUS_OK) {
        check_round_trip(&m, input, size);
        if (m.type == MESSAGE_HELLO)
            fuzz_check(wire_check_hello(&m.hello, &(hello_message){.program = "a"}, &error), &error);
    }
    arena_release(&received);
    return 0;
}
