/* One directory for all tests of a program: cmocka_run_group_tests(tests, make_directory, remove_directory).
 */
#ifndef TESTS_GROUP_DIRECTORY_H
#define TESTS_GROUP_DIRECTORY_H

#include "temporary_directory.h"

static temporary_directory directory;

static int make_directory(void **state) {
    (void)state;
    directory = temporary_directory_make();
    return 0;
}

static int remove_directory(void **state) {
    (void)state;
    temporary_directory_remove(&directory);
    return 0;
}

#endif
