/* CIFAR-10 files made up for the test, with every way in which they can be wrong, and the generated images.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "io/data/dataset_reader.h"
#include "temporary_directory.h"

enum { PIXELS = 3072, RECORD_BYTES = 3073, RECORDS = 10000, FILES = 6 };

static const char *const names[FILES] = {
    "cifar-10-batches-bin/data_batch_1.bin", "cifar-10-batches-bin/data_batch_2.bin",
    "cifar-10-batches-bin/data_batch_3.bin", "cifar-10-batches-bin/data_batch_4.bin",
    "cifar-10-batches-bin/data_batch_5.bin", "cifar-10-batches-bin/test_batch.bin",
};

static temporary_directory directory;

static void write_bytes(const char *name, long offset, const void *bytes, size_t size) {
    FILE *stream = fopen(temporary_directory_file(&directory, name), "r+b");
    assert_non_null(stream);
    assert_int_equal(fseek(stream, offset, SEEK_SET), 0);
    assert_int_equal(fwrite(bytes, 1, size, stream), size);
    assert_int_equal(fclose(stream), 0);
}

/* Sparse files of the right size; the first and last record of file f have labels f and f + 1 and begin and
 * end with pixels that identify them. */
static int make_files(void **state) {
    (void)state;
    directory = temporary_directory_make();
    assert_int_equal(mkdir(temporary_directory_file(&directory, "cifar-10-batches-bin"), 0700), 0);
    for (int f = 0; f < FILES; f++) {
        const char *path = temporary_directory_write(&directory, names[f], "", 0);
        assert_int_equal(truncate(path, (off_t)RECORDS * RECORD_BYTES), 0);
        write_bytes(names[f], 0, (uint8_t[]){(uint8_t)f, (uint8_t)(10 + f)}, 2);
        write_bytes(names[f], (RECORDS - 1L) * RECORD_BYTES, (uint8_t[]){(uint8_t)(f + 1)}, 1);
        write_bytes(names[f], (long)RECORDS * RECORD_BYTES - 1, (uint8_t[]){(uint8_t)(20 + f)}, 1);
    }
    return 0;
}

static int remove_files(void **state) {
    (void)state;
    temporary_directory_remove(&directory);
    return 0;
}

static void *allocate(const stored_dataset *d) {
    void *memory = malloc(dataset_bytes(d));
    assert_non_null(memory);
    return memory;
}

static void assert_shape(const dataset *d, int channels, int height, int width) {
    assert_int_equal(d->shape.channels, channels);
    assert_int_equal(d->shape.height, height);
    assert_int_equal(d->shape.width, width);
}

static void whole_sets_are_read(void **state) {
    (void)state;
    const data_spec spec = {.source = DATA_CIFAR10};
    error_info error = {0};
    stored_dataset d;
    assert_int_equal(dataset_describe(&spec, directory.path, &d, &error), STATUS_OK);
    const stored_dataset described = d;
    assert_null(d.data.train.pixels);
    assert_shape(&d.data, 3, 32, 32);
    assert_int_equal(d.data.classes, 10);
    assert_int_equal(d.data.train.count, 50000);
    assert_int_equal(d.data.test.count, 10000);
    void *memory = allocate(&d);
    assert_int_equal(dataset_read(&spec, directory.path, 0, memory, &d, &error), STATUS_OK);
    for (size_t f = 0; f < FILES; f++) {
        const dataset_split *split = f < 5 ? &d.data.train : &d.data.test;
        size_t first = f < 5 ? f * RECORDS : 0, last = first + RECORDS - 1;
        assert_int_equal(split->labels[first], f);
        assert_int_equal(split->labels[last], f + 1);
        assert_int_equal(split->pixels[first * PIXELS], 10 + f);
        assert_int_equal(split->pixels[last * PIXELS + PIXELS - 1], 20 + f);
    }
    stored_dataset attached = described;
    dataset_attach(&attached, memory);
    assert_memory_equal(&attached, &d, sizeof d);
    free(memory);
}

static void first_samples_are_read(void **state) {
    (void)state;
    const data_spec spec = {.source = DATA_CIFAR10, .train_count = 10001, .test_count = 2};
    error_info error = {0};
    stored_dataset d;
    assert_int_equal(dataset_describe(&spec, directory.path, &d, &error), STATUS_OK);
    assert_int_equal(d.data.train.count, 10001);
    assert_int_equal(d.data.test.count, 2);
    void *memory = allocate(&d);
    assert_int_equal(dataset_read(&spec, directory.path, 0, memory, &d, &error), STATUS_OK);
    assert_int_equal(d.data.train.labels[10000], 1);
    assert_int_equal(d.data.train.pixels[(size_t)10000 * PIXELS], 11);
    assert_int_equal(d.data.test.labels[0], 5);
    free(memory);
}

/* ---- Errors ------------------------------------------------------------------------------------ */

static void assert_io_error(status result, const error_info *error, const char *name, const char *message) {
    assert_int_equal(result, STATUS_IO);
    const char *path = temporary_directory_file(&directory, name);
    if (strncmp(error->text, path, strlen(path)) != 0 || strstr(error->text, message) == NULL)
        fail_msg("got \"%s\", expected \"%s: …%s\"", error->text, path, message);
}

static void assert_describe_fails(const char *name, const char *message) {
    const data_spec spec = {.source = DATA_CIFAR10};
    error_info error = {0};
    stored_dataset d;
    assert_io_error(dataset_describe(&spec, directory.path, &d, &error), &error, name, message);
}

static void wrong_size_is_refused(void **state) {
    (void)state;
    assert_int_equal(truncate(temporary_directory_file(&directory, names[5]), 30729999), 0);
    assert_describe_fails(names[5], "wrong size: expected 30730000 bytes, found 30729999");
    assert_int_equal(truncate(temporary_directory_file(&directory, names[5]), 30730001), 0);
    assert_describe_fails(names[5], "wrong size: expected 30730000 bytes, found 30730001");
}

static void missing_file_is_refused(void **state) {
    (void)state;
    assert_int_equal(remove(temporary_directory_file(&directory, names[2])), 0);
    assert_describe_fails(names[2], "No such file or directory");
    assert_describe_fails(names[2], "--data DIR or $MPISWEEP_DATA");
}

static void directory_in_place_of_a_file_is_refused(void **state) {
    (void)state;
    const char *path = temporary_directory_file(&directory, names[0]);
    assert_int_equal(remove(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_describe_fails(names[0], "not a regular file");
}

static void too_long_directory_is_refused(void **state) {
    (void)state;
    char name[PATH_MAX + 1];
    memset(name, 'x', PATH_MAX);
    name[PATH_MAX] = '\0';
    const data_spec spec = {.source = DATA_CIFAR10};
    error_info error = {0};
    stored_dataset d;
    assert_int_equal(dataset_describe(&spec, name, &d, &error), STATUS_USAGE);
    assert_non_null(strstr(error.text, "too long"));
}

static void bad_label_is_refused(void **state) {
    (void)state;
    write_bytes(names[3], 7L * RECORD_BYTES, (uint8_t[]){10}, 1);
    const data_spec spec = {.source = DATA_CIFAR10};
    error_info error = {0};
    stored_dataset d;
    assert_int_equal(dataset_describe(&spec, directory.path, &d, &error), STATUS_OK);
    void *memory = allocate(&d);
    assert_io_error(dataset_read(&spec, directory.path, 0, memory, &d, &error), &error, names[3],
                    "label 10 at byte 21511; accepted: 0 to 9");
    free(memory);
}

/* ---- Synthetic images -------------------------------------------------------------------------- */

static void synthetic_images_fill_both_splits(void **state) {
    (void)state;
    const data_spec spec = {
        .source = DATA_SYNTHETIC,
        .synthetic = {.shape = {3, 8, 9}, .classes = 10, .train_count = 23, .test_count = 11}};
    const size_t image = 3 * 8 * 9;
    error_info error = {0};
    stored_dataset d;
    assert_int_equal(dataset_describe(&spec, "/nonexistent", &d, &error), STATUS_OK);
    void *memory = allocate(&d);
    assert_int_equal(dataset_read(&spec, "/nonexistent", 5, memory, &d, &error), STATUS_OK);
    uint8_t pixels[34 * 3 * 8 * 9], labels[34];
    synthetic_images(&spec.synthetic, 5, 0, 34, pixels, labels);
    assert_memory_equal(d.data.train.pixels, pixels, 23 * image);
    assert_memory_equal(d.data.test.pixels, pixels + 23 * image, 11 * image);
    assert_memory_equal(d.data.train.labels, labels, 23);
    assert_memory_equal(d.data.test.labels, labels + 23, 11);
    free(memory);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(whole_sets_are_read, make_files, remove_files),
        cmocka_unit_test_setup_teardown(first_samples_are_read, make_files, remove_files),
        cmocka_unit_test_setup_teardown(wrong_size_is_refused, make_files, remove_files),
        cmocka_unit_test_setup_teardown(missing_file_is_refused, make_files, remove_files),
        cmocka_unit_test_setup_teardown(directory_in_place_of_a_file_is_refused, make_files, remove_files),
        cmocka_unit_test(too_long_directory_is_refused),
        cmocka_unit_test_setup_teardown(bad_label_is_refused, make_files, remove_files),
        cmocka_unit_test(synthetic_images_fill_both_splits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
