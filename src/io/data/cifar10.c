/* CIFAR-10, binary version (https://www.cs.toronto.edu/~kriz/cifar.html): five training files and one test
 * file, each of 10,000 records of one label byte and 3 × 32 × 32 pixel bytes, red plane first. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "io/data/format.h"

enum { CLASSES = 10, PIXELS = 3 * 32 * 32, RECORD_BYTES = 1 + PIXELS, RECORDS = 10000, TRAIN_FILES = 5 };
enum { FILE_BYTES = RECORDS * RECORD_BYTES };

static const char *const train_files[] = {
    "cifar-10-batches-bin/data_batch_1.bin", "cifar-10-batches-bin/data_batch_2.bin",
    "cifar-10-batches-bin/data_batch_3.bin", "cifar-10-batches-bin/data_batch_4.bin",
    "cifar-10-batches-bin/data_batch_5.bin",
};
static const char *const test_files[] = {"cifar-10-batches-bin/test_batch.bin"};

static int file_count(const data_request *request) {
    return request->part == PART_TEST ? 1 : TRAIN_FILES;
}

static status file_path(const data_request *request, int file, char path[PATH_MAX], error_info *error) {
    return data_path(path, request->directory, (request->part == PART_TEST ? test_files : train_files)[file],
                     error);
}

static status missing(const char *path, error_info *error) {
    return data_missing(path, "CIFAR-10 (binary version)", error);
}

static status check_file(const char *path, error_info *error) {
    struct stat info;
    if (stat(path, &info) != 0)
        return missing(path, error);
    if (!S_ISREG(info.st_mode))
        return error_set(error, STATUS_IO, "%s: not a regular file", path);
    if (info.st_size != FILE_BYTES)
        return error_set(error, STATUS_IO, "%s: wrong size: expected %d bytes, found %lld", path, FILE_BYTES,
                         (long long)info.st_size);
    return STATUS_OK;
}

static status describe(const data_request *request, stored_split *out, error_info *error) {
    for (int file = 0; file < file_count(request); file++) {
        char path[PATH_MAX];
        RETURN_IF_FAILED(file_path(request, file, path, error));
        RETURN_IF_FAILED(check_file(path, error));
    }
    *out = (stored_split){
        .count = (size_t)file_count(request) * RECORDS, .shape = {3, 32, 32}, .classes = CLASSES};
    return STATUS_OK;
}

static status read_records(FILE *stream, const char *path, sample_sink *sink, error_info *error) {
    for (size_t offset = 0; offset < FILE_BYTES && !sample_sink_is_full(sink); offset += RECORD_BYTES) {
        uint8_t record[RECORD_BYTES];
        if (fread(record, 1, RECORD_BYTES, stream) != RECORD_BYTES)
            return error_set(error, STATUS_IO, "%s: cannot read the record at byte %zu: %s", path, offset,
                             ferror(stream) ? strerror(errno) : "the file ends early");
        if (record[0] >= CLASSES)
            return error_set(error, STATUS_IO, "%s: label %d at byte %zu; accepted: 0 to %d", path, record[0],
                             offset, CLASSES - 1);
        sample_sink_put(sink, record + 1, record[0]);
    }
    return STATUS_OK;
}

static status read_files(const data_request *request, const stored_split *split, sample_sink *sink,
                         error_info *error) {
    (void)split;
    for (int file = 0; file < file_count(request) && !sample_sink_is_full(sink); file++) {
        char path[PATH_MAX];
        RETURN_IF_FAILED(file_path(request, file, path, error));
        FILE *stream = fopen(path, "rb");
        if (stream == NULL)
            return missing(path, error);
        status result = read_records(stream, path, sink, error);
        fclose(stream); /* read only: nothing can be lost */
        RETURN_IF_FAILED(result);
    }
    return STATUS_OK;
}

const data_format data_cifar10 = {.home = HOME_DIRECTORY, .describe = describe, .read = read_files};
