/* A damaged results file. The input is a list of changes to a good one: each an offset (three bytes, the
 * lowest first), a length (one byte) and that many bytes to write there; length 0 cuts the file off at the
 * offset. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/status_summary.h"
#include "fuzz.h"
#include "io/job/data.h"
#include "io/results/compare.h"
#include "io/results/damage.h"
#include "io/results/digest.h"
#include "io/results/results.h"

enum { STORED = 3, VALUES = 100, CHANGE_BYTES = 4 };

static const char job_text[] =
    "job: good\n"
    "data: {source: synthetic, height: 2, width: 2, train_count: 20, test_count: 9}\n"
    "model: {layers: [dense: 10]}\n"
    "optimizer: {kind: sgd, lr: 0.1}\n"
    "train: {epochs: 2, batch: 10}\n"
    "record: {train_loss: {every: 1 step}, test_accuracy: {every: 1 epoch}}\n"
    "sweep: {run: 2, x: {set: loss.kind, values: [cross_entropy, squared_error]}}\n";

static status load_job(job **j, record_layout *records, const char *setting, error_info *error) {
    char path[PATH_MAX];
    stored_dataset data;
    training_plan plan;
    fuzz_write("job.yaml", job_text, strlen(job_text));
    fuzz_path(path, "job.yaml");
    RETURN_IF_FAILED(job_load(j, path, &setting, 1, error));
    RETURN_IF_FAILED(job_describe_data(*j, ".", &data, error));
    RETURN_IF_FAILED(job_check(*j, &data.data, &plan, error));
    return job_layout(*j, &data.data, records, error);
}

/* The first cells stored that the file lacks. */
static status store_cells(results *r, const record_layout *records, error_info *error) {
    static const float values[VALUES];
    for (size_t cell = 0; cell < STORED; cell++) {
        const cell_record record = {
            .cell = cell, .status = CELL_DONE, .value_count = records->value_count, .values = values};
        if (results_states(r)[cell] == CELL_PENDING)
            RETURN_IF_FAILED(results_store(r, &record, error));
    }
    return STATUS_OK;
}

/* Opened for writing by the job with this setting. */
static status write_file(const char *path, const char *setting, error_info *error) {
    static const results_origin origin = {.version = "mpisweep test",
                                          .commit = "none",
                                          .kernels = "reference",
                                          .cpu = "any",
                                          .libraries = "none"};
    job *j;
    record_layout records;
    results *r = NULL;
    if (load_job(&j, &records, setting, error) != STATUS_OK || records.value_count > VALUES)
        abort();
    status result = results_open(&r, path, j, &records, &origin, 1, error);
    if (result == STATUS_OK)
        result = store_cells(r, &records, error);
    status closed = results_close(&r, result == STATUS_OK ? error : NULL);
    job_destroy(&j);
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
    if (freopen("/dev/null", "w", stdout) == NULL ||
        write_file(good.path, "sweep.run=2", &error) != STATUS_OK)
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
    size_t pending;
    error_info error = {0};
    fuzz_write("damaged.h5", good->bytes, good->size);
    fuzz_path(path, "damaged.h5");
    apply_changes(path, good->size, input, size);
    fuzz_check(status_print_summary(path, &(status_view){.json = true}, &pending, &error), &error);
    fuzz_check(status_print_summary(path, &(status_view){.most_rows = 40}, &pending, &error), &error);
    results_damage damage;
    digest128 digest;
    fuzz_check(results_check_cells(path, &damage, &error), &error);
    fuzz_check(results_content_digest(path, &digest, &error), &error);
    fuzz_check(results_compare(path, good->path, &equal, difference, sizeof difference, &error), &error);
    fuzz_check(results_compare(path, path, &equal, difference, sizeof difference, &error), &error);
    fuzz_check(write_file(path, "sweep.run=2", &error), &error);
    fuzz_check(write_file(path, "sweep.run=3", &error), &error); /* it grows */
    return 0;
}
