/* Arrays of .npy and HDF5 files: every type, rows in parts, and every way in which a file can be wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "array_files.h"
#include "group_directory.h"
#include "io/array_file.h"
#include "io/path.h"

static array_file *open_array(const char *path) {
    array_file *a;
    error_info error = {0};
    if (array_file_open(&a, path, &error) != STATUS_OK)
        fail_msg("%s", error.text);
    return a;
}

static void assert_refused(status code, const char *path, const char *message) {
    array_file *a;
    error_info error = {0};
    assert_int_equal(array_file_open(&a, path, &error), code);
    assert_null(a);
    if (strstr(error.text, message) == NULL)
        fail_msg("got \"%s\", expected \"%s\"", error.text, message);
}

static void every_npy_type_is_read(void **state) {
    (void)state;
    const struct {
        const char *descr;
        size_t bytes;
        array_type type;
        const void *numbers;
    } cases[] = {
        {"|u1", 2, ARRAY_BYTE, (uint8_t[]){2, 255}},    {"|i1", 2, ARRAY_INTEGER, (int8_t[]){-2, 3}},
        {"<i2", 4, ARRAY_INTEGER, (int16_t[]){-2, 3}},  {"<i4", 8, ARRAY_INTEGER, (int32_t[]){-2, 3}},
        {"<i8", 16, ARRAY_INTEGER, (int64_t[]){-2, 3}}, {"<f4", 8, ARRAY_FLOAT, (float[]){-2, 3}},
        {"<f8", 16, ARRAY_FLOAT, (double[]){-2, 3}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        array_file *a =
            open_array(write_npy(&directory, "a.npy", cases[i].descr, "2", cases[i].numbers, cases[i].bytes));
        union {
            uint8_t bytes[2];
            int64_t integers[2];
            float floats[2];
        } out;
        assert_int_equal(array_file_shape(a)->type, cases[i].type);
        assert_int_equal(array_file_read_rows(a, 2, &out, NULL), STATUS_OK);
        if (cases[i].type == ARRAY_BYTE)
            assert_true(out.bytes[0] == 2 && out.bytes[1] == 255);
        else if (cases[i].type == ARRAY_INTEGER)
            assert_true(out.integers[0] == -2 && out.integers[1] == 3);
        else
            assert_true(out.floats[0] == -2 && out.floats[1] == 3);
        array_file_close(&a);
        assert_null(a);
    }
}

static void assert_rows_come_in_parts(const char *path) {
    array_file *a = open_array(path);
    const array_shape *s = array_file_shape(a);
    assert_true(s->type == ARRAY_FLOAT && s->rank == 3 && s->row_size == 4);
    assert_true(s->dims[0] == 3 && s->dims[1] == 2 && s->dims[2] == 2);
    float out[12];
    assert_int_equal(array_file_read_rows(a, 1, out, NULL), STATUS_OK);
    assert_int_equal(array_file_read_rows(a, 2, out + 4, NULL), STATUS_OK);
    for (int i = 0; i < 12; i++)
        assert_true(out[i] == (float)i);
    array_file_close(&a);
}

static void rows_come_in_parts(void **state) {
    (void)state;
    double numbers[12];
    for (int i = 0; i < 12; i++)
        numbers[i] = i;
    assert_rows_come_in_parts(write_npy(&directory, "a.npy", "<f8", "3, 2, 2", numbers, sizeof numbers));
    write_hdf5(temporary_directory_file(&directory, "a.h5"), "/x", H5T_NATIVE_DOUBLE, 3, (hsize_t[]){3, 2, 2},
               numbers);
    assert_rows_come_in_parts(temporary_directory_file(&directory, "a.h5:/x"));
}

/* More numbers than are converted at a time. */
static void long_arrays_are_read(void **state) {
    (void)state;
    enum { COUNT = 10000 };
    static float numbers[COUNT];
    for (int i = 0; i < COUNT; i++)
        numbers[i] = (float)i;
    float *values;
    size_t rows, columns;
    const char *path = write_npy(&directory, "a.npy", "<f4", "10000", numbers, sizeof numbers);
    assert_int_equal(array_file_read(path, &values, &rows, &columns, NULL), STATUS_OK);
    assert_int_equal(columns, COUNT);
    assert_memory_equal(values, numbers, sizeof numbers);
    free(values);
}

static void hdf5_types_are_told_apart(void **state) {
    (void)state;
    const hsize_t two[] = {2};
    const char *file = temporary_directory_file(&directory, "a.h5");
    write_hdf5(file, "/bytes", H5T_NATIVE_UINT8, 1, two, (uint8_t[]){2, 255});
    write_hdf5(file, "/integers", H5T_NATIVE_INT16, 1, two, (int16_t[]){-2, 300});
    write_hdf5(file, "/words", H5T_NATIVE_UINT16, 1, two, (uint16_t[]){2, 300});
    uint8_t bytes[2];
    int64_t integers[2];
    array_file *a = open_array(temporary_directory_file(&directory, "a.h5:/bytes"));
    assert_int_equal(array_file_shape(a)->type, ARRAY_BYTE);
    assert_int_equal(array_file_read_rows(a, 2, bytes, NULL), STATUS_OK);
    assert_true(bytes[0] == 2 && bytes[1] == 255);
    array_file_close(&a);
    a = open_array(temporary_directory_file(&directory, "a.h5:/integers"));
    assert_int_equal(array_file_shape(a)->type, ARRAY_INTEGER);
    assert_int_equal(array_file_read_rows(a, 2, integers, NULL), STATUS_OK);
    assert_true(integers[0] == -2 && integers[1] == 300);
    array_file_close(&a);
    a = open_array(temporary_directory_file(&directory, "a.h5:/words"));
    assert_int_equal(array_file_shape(a)->type, ARRAY_INTEGER);
    array_file_close(&a);
}

static void wrong_npy_files_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *header, *message;
    } cases[] = {
        {"{'descr': '>f4', 'fortran_order': False, 'shape': (2,), }", "byte 25: descr; accepted: |u1"},
        {"{'descr': '<f4', 'fortran_order': True, 'shape': (2,), }", "fortran_order; accepted: False"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (), }", "shape; accepted: 1 to 4 dimensions"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,2), }", "shape; accepted"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (-2,), }", "shape; accepted"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999999,), }",
         "shape; accepted"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2 2), }", "shape; accepted"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }", "75 bytes, but its header says 79"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", "75 bytes, but its header says 71"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296,4294967296), }", "more than"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (0,2), }", "bytes, but its header says"},
        {"{'descr': '<f4', 'fortran_order': False}", "the header is incomplete"},
        {"{'descr': '<f4', 'shape': (2,), 'colour': 'red'}", "a key that is unknown"},
        {"{'descr': '<f4' 'shape': (2,)}", "the header is no dictionary"},
        {"{'descr", "the header is no dictionary"},
        {"", "byte 0: not a .npy file of version 1.0 or 2.0"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_refused(STATUS_IO, write_npy_header(&directory, "a.npy", cases[i].header, (float[]){1, 2}, 8),
                       cases[i].message);
    assert_refused(STATUS_IO,
                   temporary_directory_write(&directory, "a.npy", "\x93NUMPZ\x01\x00\x02\x00{}", 12),
                   "not a .npy file");
    assert_refused(STATUS_IO,
                   temporary_directory_write(&directory, "a.npy", "\x93NUMPY\x03\x00\x02\x00{}", 12),
                   "not a .npy file");
    assert_refused(STATUS_IO,
                   temporary_directory_write(&directory, "a.npy", "\x93NUMPY\x01\x00\x10\x00{}", 12),
                   "byte 10: the file ends early");
    assert_refused(STATUS_IO, temporary_directory_file(&directory, "none.npy"), "No such file");
    assert_refused(STATUS_IO, write_npy(&directory, "a.npy", "<f4", "0", "", 0), "dimension 0 is 0");
    assert_refused(STATUS_USAGE, "a.csv", "accepted: FILE.npy or FILE.h5:/NAME");
}

static void npy_version_2_is_read(void **state) {
    (void)state;
    static const char bytes[] = "\x93NUMPY\x02\x00\x3a\x00\x00\x00"
                                "{'shape': (1,), 'fortran_order': False, 'descr': '|u1'   }\x07";
    array_file *a = open_array(temporary_directory_write(&directory, "a.npy", bytes, sizeof bytes - 1));
    uint8_t value;
    assert_int_equal(array_file_read_rows(a, 1, &value, NULL), STATUS_OK);
    assert_int_equal(value, 7);
    array_file_close(&a);
}

static void wrong_hdf5_files_are_refused(void **state) {
    (void)state;
    const hsize_t ones[] = {1, 1, 1, 1, 1};
    const char *file = temporary_directory_file(&directory, "a.h5");
    write_hdf5(file, "/deep", H5T_NATIVE_FLOAT, 5, ones, (float[]){1});
    write_hdf5(file, "/text", H5T_C_S1, 1, ones, "a");
    assert_refused(STATUS_IO, temporary_directory_file(&directory, "a.h5:/deep"), "1 to 4 dimensions");
    assert_refused(STATUS_IO, temporary_directory_file(&directory, "a.h5:/text"),
                   "integers or floating-point");
    assert_refused(STATUS_IO, temporary_directory_file(&directory, "a.h5:/x"), "there is no such data set");
    assert_refused(STATUS_IO, temporary_directory_file(&directory, "b.h5:/x"), "No such file or directory");
    temporary_directory_write(&directory, "c.h5", "no", 2);
    assert_refused(STATUS_IO, temporary_directory_file(&directory, "c.h5:/x"), "cannot be opened");
}

static void whole_arrays_are_matrices(void **state) {
    (void)state;
    static const float numbers[] = {1, 2, 3, 4, 5, 6};
    static const struct {
        const char *shape;
        size_t rows, columns;
    } cases[] = {{"6", 1, 6}, {"2, 3", 2, 3}};
    float *values;
    size_t rows, columns;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *path = write_npy(&directory, "a.npy", "<f4", cases[i].shape, numbers, sizeof numbers);
        assert_int_equal(array_file_read(path, &values, &rows, &columns, NULL), STATUS_OK);
        assert_true(rows == cases[i].rows && columns == cases[i].columns);
        assert_memory_equal(values, numbers, sizeof numbers);
        free(values);
    }
    error_info error = {0};
    const char *path = write_npy(&directory, "a.npy", "|u1", "6", "abcdef", 6);
    assert_int_equal(array_file_read(path, &values, &rows, &columns, &error), STATUS_IO);
    assert_non_null(
        strstr(error.text, "integers of 1 dimensions; accepted: floating-point numbers of 1 or 2"));
    assert_null(values);
}

static void paths_begin_beside_the_job_file(void **state) {
    (void)state;
    char out[PATH_MAX], longest[PATH_MAX + 1];
    assert_int_equal(path_beside("jobs/x.yaml", "a/b.npy", out, NULL), STATUS_OK);
    assert_string_equal(out, "jobs/a/b.npy");
    assert_int_equal(path_beside("x.yaml", "b.npy", out, NULL), STATUS_OK);
    assert_string_equal(out, "b.npy");
    assert_int_equal(path_beside("jobs/x.yaml", "/b.npy", out, NULL), STATUS_OK);
    assert_string_equal(out, "/b.npy");
    memset(longest, 'x', PATH_MAX);
    longest[PATH_MAX] = '\0';
    assert_int_equal(path_beside("x.yaml", longest, out, NULL), STATUS_USAGE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_npy_type_is_read, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(rows_come_in_parts, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(long_arrays_are_read, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(hdf5_types_are_told_apart, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(wrong_npy_files_are_refused, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(npy_version_2_is_read, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(wrong_hdf5_files_are_refused, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(whole_arrays_are_matrices, make_directory, remove_directory),
        cmocka_unit_test(paths_begin_beside_the_job_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
