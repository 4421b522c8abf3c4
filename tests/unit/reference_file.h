/* Vectors made by the scripts in tests/reference: lines NAME COUNT VALUE... */
#ifndef TESTS_UNIT_REFERENCE_FILE_H
#define TESTS_UNIT_REFERENCE_FILE_H

#include <stdio.h>

/* Read the next line, which must have this name and at most `capacity` values; returns how many. */
static inline int read_vector(FILE *file, const char *expected_name, double *values, int capacity) {
    char name[32];
    int count;
    assert_int_equal(fscanf(file, "%31s %d", name, &count), 2);
    assert_string_equal(name, expected_name);
    assert_in_range(count, 1, capacity);
    for (int i = 0; i < count; i++)
        assert_int_equal(fscanf(file, "%lf", &values[i]), 1);
    return count;
}

#endif
