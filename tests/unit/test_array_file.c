/* Arrays of .npy and HDF5 files: every type, rows in parts, and every way in which a file can be wrong. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "array_files.h"
#include "group_directory.h"
#include "io/array/array_file.h"
#include "io/file/path.h"

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

/* One and three in binary16, and −2 and 3 as others store them. */
static void every_npy_type_is_read(void **state) {
    (void)state;
    const struct {
        const char *descr, *name;
        size_t bytes;
        array_type type;
        const void *numbers;
        double first, second;
    } cases[] = {
        {"|u1", "uint8", 2, ARRAY_BYTE, (uint8_t[]){2, 255}, 2, 255},
        {"<u1", "uint8", 2, ARRAY_BYTE, (uint8_t[]){2, 255}, 2, 255},
        {"|b1", "bool", 2, ARRAY_BYTE, (uint8_t[]){1, 0}, 1, 0},
        {"|i1", "int8", 2, ARRAY_INTEGER, (int8_t[]){-2, 3}, -2, 3},
        {"<i2", "int16", 4, ARRAY_INTEGER, (int16_t[]){-2, 3}, -2, 3},
        {"<i4", "int32", 8, ARRAY_INTEGER, (int32_t[]){-2, 3}, -2, 3},
        {"<i8", "int64", 16, ARRAY_INTEGER, (int64_t[]){-2, 3}, -2, 3},
        {">i4", "int32", 8, ARRAY_INTEGER, "\xff\xff\xff\xfe\0\0\0\3", -2, 3},
        {"<u2", "uint16", 4, ARRAY_INTEGER, (uint16_t[]){65535, 3}, 65535, 3},
        {"<u4", "uint32", 8, ARRAY_INTEGER, (uint32_t[]){4294967295u, 3}, 4294967295.0, 3},
        {"=u8", "uint64", 16, ARRAY_INTEGER, (uint64_t[]){1ull << 52, 3}, 4503599627370496.0, 3},
        {">u2", "uint16", 4, ARRAY_INTEGER, "\1\0\0\3", 256, 3},
        {"<f2", "float16", 4, ARRAY_FLOAT, (uint16_t[]){0x3c00, 0x4200}, 1, 3},
        {">f2", "float16", 4, ARRAY_FLOAT, "\x3c\0\x42\0", 1, 3},
        {"<f4", "float32", 8, ARRAY_FLOAT, (float[]){-2, 3}, -2, 3},
        {"<f8", "float64", 16, ARRAY_FLOAT, (double[]){-2, 3}, -2, 3},
        {">f8", "float64", 16, ARRAY_FLOAT, "\xc0\0\0\0\0\0\0\0\x40\x08\0\0\0\0\0\0", -2, 3},
        {"<f16", "float128", 32, ARRAY_FLOAT, (long double[]){-2, 3}, -2, 3},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *path =
            write_npy(&directory, "a.npy", cases[i].descr, "2", cases[i].numbers, cases[i].bytes);
        array_file *a = open_array(path);
        double doubles[2];
        uint8_t small[2];
        assert_int_equal(array_file_shape(a)->type, cases[i].type);
        assert_string_equal(array_file_shape(a)->type_name, cases[i].name);
        assert_int_equal(array_file_read_rows(a, 2, ARRAY_AS_DOUBLES, doubles, NULL), STATUS_OK);
        if (doubles[0] != cases[i].first || doubles[1] != cases[i].second)
            fail_msg("%s: got %g and %g", cases[i].descr, doubles[0], doubles[1]);
        array_file_close(&a);
        assert_null(a);
        if (cases[i].type != ARRAY_BYTE)
            continue;
        a = open_array(path);
        assert_int_equal(array_file_read_rows(a, 2, ARRAY_AS_BYTES, small, NULL), STATUS_OK);
        assert_true(small[0] == cases[i].first && small[1] == cases[i].second);
        array_file_close(&a);
    }
}

/* The numbers of a Fortran-ordered array (3, 2, 2) whose C order is 0, 1, … */
static void columns_are_turned_into_rows(void **state) {
    (void)state;
    static const double columns[] = {0, 4, 8, 2, 6, 10, 1, 5, 9, 3, 7, 11};
    static const char header[] = "{'descr': '<f8', 'fortran_order': True, 'shape': (3, 2, 2), }";
    for (size_t first = 1; first <= 3; first++) { /* rows that are read at once */
        array_file *a = open_array(write_npy_header(&directory, "a.npy", header, columns, sizeof columns));
        float out[12];
        for (size_t row = 0; row < 3; row += first) {
            const size_t count = row + first < 3 ? first : 3 - row;
            assert_int_equal(array_file_read_rows(a, count, ARRAY_AS_FLOATS, out + 4 * row, NULL), STATUS_OK);
        }
        for (int i = 0; i < 12; i++)
            assert_true(out[i] == (float)i);
        array_file_close(&a);
    }
}

static void assert_rows_come_in_parts(const char *path) {
    array_file *a = open_array(path);
    const array_shape *s = array_file_shape(a);
    assert_true(s->type == ARRAY_FLOAT && s->rank == 3 && s->row_size == 4);
    assert_true(s->dims[0] == 3 && s->dims[1] == 2 && s->dims[2] == 2);
    float out[12];
    assert_int_equal(array_file_read_rows(a, 1, ARRAY_AS_FLOATS, out, NULL), STATUS_OK);
    assert_int_equal(array_file_read_rows(a, 2, ARRAY_AS_FLOATS, out + 4, NULL), STATUS_OK);
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
    double integers[2];
    array_file *a = open_array(temporary_directory_file(&directory, "a.h5:/bytes"));
    assert_int_equal(array_file_shape(a)->type, ARRAY_BYTE);
    assert_int_equal(array_file_read_rows(a, 2, ARRAY_AS_BYTES, bytes, NULL), STATUS_OK);
    assert_true(bytes[0] == 2 && bytes[1] == 255);
    array_file_close(&a);
    a = open_array(temporary_directory_file(&directory, "a.h5:/integers"));
    assert_int_equal(array_file_shape(a)->type, ARRAY_INTEGER);
    assert_int_equal(array_file_read_rows(a, 2, ARRAY_AS_DOUBLES, integers, NULL), STATUS_OK);
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
        {"{'descr': '<c8', 'fortran_order': False, 'shape': (2,), }",
         "byte 20: descr; accepted: numbers such as"},
        {"{'descr': '|O', 'fortran_order': False, 'shape': (2,), }", "found '|O', 'fortran_order'"},
        {"{'descr': '<f3', 'fortran_order': False, 'shape': (2,), }", "descr; accepted: numbers"},
        {"{'descr': '<U7', 'fortran_order': False, 'shape': (2,), }", "descr; accepted: numbers"},
        {"{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,), }", "descr; accepted: numbers"},
        {"{'descr': '<f4', 'descr': '<f4', 'shape': (2,), }", "descr, which appears twice"},
        {"{'descr': '<f4', 'fortran_order': Maybe, 'shape': (2,), }",
         "fortran_order; accepted: False or True"},
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
        {"{'descr': '<f4' 'shape': (2,)}", "the header is not a dictionary"},
        {"{'descr", "the header is not a dictionary"},
        {"", "byte 0: not a .npy file of version 1.0, 2.0 or 3.0"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_refused(STATUS_IO, write_npy_header(&directory, "a.npy", cases[i].header, (float[]){1, 2}, 8),
                       cases[i].message);
    assert_refused(STATUS_IO,
                   temporary_directory_write(&directory, "a.npy", "\x93NUMPZ\x01\x00\x02\x00{}", 12),
                   "not a .npy file");
    assert_refused(STATUS_IO,
                   temporary_directory_write(&directory, "a.npy", "\x93NUMPY\x04\x00\x02\x00{}", 12),
                   "not a .npy file");
    assert_refused(STATUS_IO,
                   temporary_directory_write(&directory, "a.npy", "\x93NUMPY\x01\x00\x10\x00{}", 12),
                   "byte 10: the file ends early");
    assert_refused(STATUS_IO, temporary_directory_file(&directory, "none.npy"), "No such file");
    assert_refused(STATUS_IO, write_npy(&directory, "a.npy", "<f4", "0", "", 0), "dimension 0 is 0");
    assert_refused(STATUS_USAGE, "a.csv", "accepted: FILE.npy or FILE.h5:/NAME");
}

static void long_headers_are_read(void **state) {
    (void)state;
    static const char bytes[] = "\x93NUMPY\x02\x00\x3a\x00\x00\x00"
                                "{'shape': (1L,), 'fortran_order': False, 'descr': '|u1'  }\x07";
    array_file *a = open_array(temporary_directory_write(&directory, "a.npy", bytes, sizeof bytes - 1));
    uint8_t value;
    assert_int_equal(array_file_read_rows(a, 1, ARRAY_AS_BYTES, &value, NULL), STATUS_OK);
    assert_int_equal(value, 7);
    array_file_close(&a);
}

static void wrong_hdf5_files_are_refused(void **state) {
    (void)state;
    const hsize_t ones[] = {1, 1, 1, 1, 1};
    const char *file = temporary_directory_file(&directory, "a.h5");
    write_hdf5(file, "/deep", H5T_NATIVE_FLOAT, 5, ones, (float[]){1});
    write_hdf5(file, "/text", H5T_C_S1, 1, ones, "a");
    assert_refused(STATUS_IO, temporary_directory_file(&directory, "a.h5:/deep"), "5 dimensions; accepted");
    assert_refused(STATUS_IO, temporary_directory_file(&directory, "a.h5:/text"),
                   "text; accepted: a data set of integers, booleans or floating-point");
    assert_refused(STATUS_USAGE, temporary_directory_file(&directory, "a.h5:/x"),
                   "no data set /x; the file has /deep, /text");
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
    const char *path = write_npy(&directory, "a.npy", "|u1", "1, 2, 3", "abcdef", 6);
    assert_int_equal(array_file_read(path, &values, &rows, &columns, &error), STATUS_IO);
    assert_non_null(strstr(error.text, "3 dimensions; accepted: 1 or 2"));
    assert_null(values);
    path = write_npy(&directory, "a.npy", "<f4", "2", (float[]){1, NAN}, 8);
    assert_int_equal(array_file_read(path, &values, &rows, &columns, &error), STATUS_IO);
    assert_non_null(strstr(error.text, "number 1 is nan; accepted: finite numbers"));
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
        cmocka_unit_test_setup_teardown(columns_are_turned_into_rows, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(rows_come_in_parts, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(long_arrays_are_read, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(hdf5_types_are_told_apart, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(wrong_npy_files_are_refused, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(long_headers_are_read, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(wrong_hdf5_files_are_refused, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(whole_arrays_are_matrices, make_directory, remove_directory),
        cmocka_unit_test(paths_begin_beside_the_job_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
