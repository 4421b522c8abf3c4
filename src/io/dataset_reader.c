/* CIFAR-10, binary version (https://www.cs.toronto.edu/~kriz/cifar.html): five training files and one test
 * file, each of 10,000 records of one label byte and 3 × 32 × 32 pixel bytes, red plane first. */
#include "io/dataset_reader.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum {
    CIFAR10_CLASSES = 10,
    CIFAR10_PIXELS = 3 * 32 * 32,
    CIFAR10_RECORD_BYTES = 1 + CIFAR10_PIXELS,
    CIFAR10_RECORDS_PER_FILE = 10000,
    CIFAR10_FILE_BYTES = CIFAR10_RECORDS_PER_FILE * CIFAR10_RECORD_BYTES,
    CIFAR10_TRAIN_FILES = 5,
    CIFAR10_FILES = 6,
};

static const char *const cifar10_files[CIFAR10_FILES] = {
    "data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin",
    "data_batch_4.bin", "data_batch_5.bin", "test_batch.bin",
};

/* ---- Layout in memory: training pixels, test pixels, training labels, test labels -------------- */

static size_t pixels_per_image(const dataset *d) {
    return (size_t)d->shape.channels * (size_t)d->shape.height * (size_t)d->shape.width;
}

size_t dataset_bytes(const dataset *described) {
    return (described->train.count + described->test.count) * (pixels_per_image(described) + 1);
}

typedef struct split_memory {
    size_t count;
    uint8_t *pixels; /* (count, C, H, W) */
    uint8_t *labels; /* (count) */
} split_memory;

static void lay_out(const dataset *d, void *memory, split_memory *train, split_memory *test) {
    uint8_t *train_pixels = memory;
    uint8_t *test_pixels = train_pixels + d->train.count * pixels_per_image(d);
    uint8_t *train_labels = test_pixels + d->test.count * pixels_per_image(d);
    *train = (split_memory){d->train.count, train_pixels, train_labels};
    *test = (split_memory){d->test.count, test_pixels, train_labels + d->train.count};
}

void dataset_attach(dataset *d, void *memory) {
    split_memory train, test;
    lay_out(d, memory, &train, &test);
    d->train = (dataset_split){.count = train.count, .pixels = train.pixels, .labels = train.labels};
    d->test = (dataset_split){.count = test.count, .pixels = test.pixels, .labels = test.labels};
}

/* ---- CIFAR-10 ---------------------------------------------------------------------------------- */

static status cifar10_path(char path[PATH_MAX], const char *directory, int file, error_info *error) {
    int length = snprintf(path, PATH_MAX, "%s/cifar-10-batches-bin/%s", directory, cifar10_files[file]);
    if (length < 0 || length >= PATH_MAX)
        return error_set(error, STATUS_USAGE, "%.100s…: the data directory's name is too long", directory);
    return STATUS_OK;
}

static status missing_file(const char *path, error_info *error) {
    return error_set(
        error, STATUS_IO,
        "%s: %s; CIFAR-10 (binary version) is looked for there: --data DIR or $MPISWEEP_DATA says "
        "in which directory the data sets lie",
        path, strerror(errno));
}

static status check_cifar10_files(const char *directory, error_info *error) {
    for (int file = 0; file < CIFAR10_FILES; file++) {
        char path[PATH_MAX];
        RETURN_IF_FAILED(cifar10_path(path, directory, file, error));
        struct stat info;
        if (stat(path, &info) != 0)
            return missing_file(path, error);
        if (!S_ISREG(info.st_mode))
            return error_set(error, STATUS_IO, "%s: not a regular file", path);
        if (info.st_size != CIFAR10_FILE_BYTES)
            return error_set(error, STATUS_IO, "%s: wrong size: expected %d bytes, found %lld", path,
                             CIFAR10_FILE_BYTES, (long long)info.st_size);
    }
    return STATUS_OK;
}

static status read_cifar10_records(FILE *stream, const char *path, split_memory records, error_info *error) {
    for (size_t i = 0; i < records.count; i++) {
        size_t offset = i * CIFAR10_RECORD_BYTES;
        uint8_t *pixels = records.pixels + i * CIFAR10_PIXELS;
        if (fread(&records.labels[i], 1, 1, stream) != 1 ||
            fread(pixels, 1, CIFAR10_PIXELS, stream) != CIFAR10_PIXELS)
            return error_set(error, STATUS_IO, "%s: cannot read the record at byte %zu: %s", path, offset,
                             ferror(stream) ? strerror(errno) : "the file ends early");
        if (records.labels[i] >= CIFAR10_CLASSES)
            return error_set(error, STATUS_IO, "%s: label %d at byte %zu; accepted: 0 to %d", path,
                             records.labels[i], offset, CIFAR10_CLASSES - 1);
    }
    return STATUS_OK;
}

/* Fill a split from consecutive files, beginning with `file`. */
static status read_cifar10_split(const char *directory, int file, split_memory split, error_info *error) {
    while (split.count > 0) {
        size_t count = split.count < CIFAR10_RECORDS_PER_FILE ? split.count : CIFAR10_RECORDS_PER_FILE;
        char path[PATH_MAX];
        RETURN_IF_FAILED(cifar10_path(path, directory, file++, error));
        FILE *stream = fopen(path, "rb");
        if (stream == NULL)
            return missing_file(path, error);
        status result =
            read_cifar10_records(stream, path, (split_memory){count, split.pixels, split.labels}, error);
        fclose(stream); /* only read: nothing can be lost */
        RETURN_IF_FAILED(result);
        split =
            (split_memory){split.count - count, split.pixels + count * CIFAR10_PIXELS, split.labels + count};
    }
    return STATUS_OK;
}

static size_t limited(int wanted, size_t available) {
    return wanted > 0 && (size_t)wanted < available ? (size_t)wanted : available;
}

/* ---- Any source -------------------------------------------------------------------------------- */

status dataset_describe(const data_spec *spec, const char *data_directory, dataset *out, error_info *error) {
    switch (spec->source) {
    case DATA_CIFAR10:
        RETURN_IF_FAILED(check_cifar10_files(data_directory, error));
        *out = (dataset){
            .shape = {3, 32, 32},
            .classes = CIFAR10_CLASSES,
            .train.count = limited(spec->train_count, CIFAR10_TRAIN_FILES * CIFAR10_RECORDS_PER_FILE),
            .test.count = limited(spec->test_count, CIFAR10_RECORDS_PER_FILE),
        };
        return STATUS_OK;
    case DATA_SYNTHETIC:
        *out = (dataset){
            .shape = spec->synthetic.shape,
            .classes = spec->synthetic.classes,
            .train.count = spec->synthetic.train_count,
            .test.count = spec->synthetic.test_count,
        };
        return STATUS_OK;
    }
    return error_set(error, STATUS_INTERNAL, "unknown data source %d", (int)spec->source);
}

status dataset_read(const data_spec *spec, const char *data_directory, uint64_t seed, void *memory,
                    dataset *out, error_info *error) {
    dataset described;
    RETURN_IF_FAILED(dataset_describe(spec, data_directory, &described, error));
    split_memory train, test;
    lay_out(&described, memory, &train, &test);
    if (spec->source == DATA_SYNTHETIC) {
        synthetic_images(&spec->synthetic, seed, 0, train.count, train.pixels, train.labels);
        synthetic_images(&spec->synthetic, seed, train.count, test.count, test.pixels, test.labels);
    } else {
        RETURN_IF_FAILED(read_cifar10_split(data_directory, 0, train, error));
        RETURN_IF_FAILED(read_cifar10_split(data_directory, CIFAR10_TRAIN_FILES, test, error));
    }
    *out = described;
    dataset_attach(out, memory);
    return STATUS_OK;
}
