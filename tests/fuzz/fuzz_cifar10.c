/* CIFAR-10 in its binary version: the input is the size of the first file (four bytes, the lowest first) and
 * how it begins; the other files are whole and empty. */
#include <stdlib.h>
#include <unistd.h>

#include "fuzz.h"

enum { FILE_BYTES = 30730000, HEADER_BYTES = 4 };

static const char *const others[] = {
    "cifar-10-batches-bin/data_batch_2.bin", "cifar-10-batches-bin/data_batch_3.bin",
    "cifar-10-batches-bin/data_batch_4.bin", "cifar-10-batches-bin/data_batch_5.bin",
    "cifar-10-batches-bin/test_batch.bin",
};
static const char first[] = "cifar-10-batches-bin/data_batch_1.bin";

static void resize(const char *name, size_t bytes) {
    char path[PATH_MAX];
    fuzz_path(path, name);
    if (truncate(path, (off_t)bytes) != 0)
        abort();
}

static void write_others(void) {
    static bool written;
    for (size_t i = 0; !written && i < sizeof others / sizeof *others; i++) {
        fuzz_write(others[i], "", 0);
        resize(others[i], FILE_BYTES);
    }
    written = true;
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size) {
    if (size < HEADER_BYTES)
        return 0;
    const size_t bytes =
        (size_t)input[0] | (size_t)input[1] << 8 | (size_t)input[2] << 16 | (size_t)(input[3] & 1) << 24;
    write_others();
    fuzz_write(first, input + HEADER_BYTES, size - HEADER_BYTES);
    resize(first, bytes);
    const data_spec spec = {.source = DATA_CIFAR10, .train_count = 20, .test_count = 1, .border = 1};
    fuzz_read_dataset(&spec);
    return 0;
}
