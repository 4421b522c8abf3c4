/* A damaged results file. The input is a list of changes to a good one: each an offset (three bytes, the
 * lowest first), a length (one byte) and so many bytes to write there; length 0 cuts the file off at the
 * offset. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "fuzz.h"
#include "io/results.h"
#include "tools/results_job.h"

enum { RUNS = 2, STORED = 3, CHANGE_BYTES = 4 };

static const results_origin origin = {"mpisweep test", "none", "reference", "any", "none"};

/* Opened for writing, and the first cells stored that it lacks. */
static status write_file(const char *path, size_t runs, error_info *error) {
    const job j = results_job_make(runs);
    results *r;
    RETURN_IF_FAILED(results_open(&r, path, &j, &results_job_records, &origin, 1, error));
    status result = STATUS_OK;
    for (size_t cell = 0; result == STATUS_OK && cell < STORED; cell++) {
        float values[VALUES];
        const cell_record record = results_job_record(cell, values);
        if (results_states(r)[cell] == CELL_PENDING)
            result = results_store(r, &record, error);
    }
    status closed = results_close(&r, result == STATUS_OK ? error : NULL);
    return result != STATUS_OK ? result : closed;
}

typedef struct good_file {
    char path[PATH_MAX];
    unsigned char *bytes;
    size_t size;
} good_file;

/* Made at the first call. */
static const good_file *make_good_file(void) {
    static good_file good;
    error_info error = {0};
    if (good.bytes != NULL)
        return &good;
    fuzz_path(good.path, "good.h5");
    if (freopen("/dev/null", "w", stdout) == NULL || write_file(good.path, RUNS, &error) != STATUS_OK)
        abort();
    log_set_quiet(true);
    struct stat info;
    int file = open(good.path, O_RDONLY);
    if (file < 0 || fstat(file, &info) != 0)
        abort();
    good.size = (size_t)info.st_size;
    good.bytes = malloc(good.size);
    if (good.bytes == NULL || read(file, good.bytes, good.size) != (ssize_t)good.size)
        abort();
    close(file);
    return &good;
}

static void apply_changes(const char *path, size_t file_size, const uint8_t *input, size_t size) {
    int file = open(path, O_RDWR);
    for (size_t at = 0; at + CHANGE_BYTES <= size;) {
        const uint8_t *change = input + at;
        const size_t offset = (size_t)change[0] | (size_t)change[1] << 8 | (size_t)change[2] << 16;
        size_t length = change[3];
        at += CHANGE_BYTES;
        length = length <= size - at ? length : size - at;
        const bool done =
            change[3] == 0 ? ftruncate(file, (off_t)(offset % file_size)) == 0
                           : pwrite(file, input + at, length, (off_t)(offset % file_size)) == (ssize_t)length;
        if (!done)
            abort();
        at += length;
    }
    close(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size) {
    const good_file *good = make_good_file();
    char path[PATH_MAX], difference[1024];
    bool equal;
    error_info error = {0};
    fuzz_write("damaged.h5", good->bytes, good->size);
    fuzz_path(path, "damaged.h5");
    apply_changes(path, good->size, input, size);
    fuzz_check(results_print_status(path, true, &error), &error);
    fuzz_check(results_print_status(path, false, &error), &error);
    fuzz_check(results_compare(path, good->path, &equal, difference, sizeof difference, &error), &error);
    fuzz_check(results_compare(path, path, &equal, difference, sizeof difference, &error), &error);
    fuzz_check(write_file(path, RUNS, &error), &error);
    fuzz_check(write_file(path, RUNS + 1, &error), &error); /* it grows */
    return 0;
}
