/* Memory that processes of a node share: it exists once it is promised, and an error says what to do when it
 * cannot. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "sweep/node_memory.h"

enum { BYTES = 3 << 20 };

static void two_mappings_are_one_memory(void **state) {
    (void)state;
    char path[PATH_MAX];
    void *first, *second;
    assert_int_equal(node_memory_create(BYTES, 2 * BYTES, path, &first, NULL), STATUS_OK);
    assert_int_equal(node_memory_attach(path, BYTES, &second, NULL), STATUS_OK);
    assert_int_equal(unlink(path), 0);
    assert_ptr_not_equal(first, second);
    memset(first, 7, BYTES);
    assert_memory_equal(first, second, BYTES);
    node_memory_release(first, BYTES);
    node_memory_release(second, BYTES);
}

static void none_of_size_zero_is_refused(void **state) {
    (void)state;
    char path[PATH_MAX];
    void *memory;
    assert_int_equal(node_memory_create(0, BYTES, path, &memory, NULL), STATUS_OK);
    assert_int_equal(unlink(path), 0);
    node_memory_release(memory, 0);
}

/* /dev/shm is in memory, /var/tmp is not. */
static void data_larger_than_half_of_the_memory_are_on_a_disk(void **state) {
    (void)state;
    char path[PATH_MAX];
    void *memory;
    assert_int_equal(node_memory_create(BYTES, 2 * BYTES - 1, path, &memory, NULL), STATUS_OK);
    assert_int_equal(unlink(path), 0);
    assert_null(strstr(path, "/dev/shm"));
    node_memory_release(memory, BYTES);
    assert_int_equal(node_memory_create(BYTES, 2 * BYTES, path, &memory, NULL), STATUS_OK);
    assert_int_equal(unlink(path), 0);
    assert_non_null(strstr(path, "/dev/shm"));
    node_memory_release(memory, BYTES);
    assert_true(node_memory_physical() > BYTES);
}

/* A limit of file sizes simulates full directories: no file of this size has room anywhere. */
static void lack_of_room_names_the_way_out(void **state) {
    (void)state;
    char path[PATH_MAX];
    void *memory;
    error_info error = {0};
    struct rlimit before;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &(struct rlimit){BYTES / 2, before.rlim_max}), 0);
    assert_int_equal(node_memory_create(BYTES, 2 * BYTES, path, &memory, &error), STATUS_INTERNAL);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_null(memory);
    assert_string_equal(path, "");
    assert_non_null(strstr(error.text, "no room for 3.1 MB"));
    assert_non_null(strstr(error.text, "/dev/shm: File too large"));
    assert_non_null(strstr(error.text, "--shm-size"));
    assert_non_null(strstr(error.text, "TMPDIR"));
}

static void what_is_gone_cannot_be_attached(void **state) {
    (void)state;
    void *memory;
    error_info error = {0};
    assert_int_equal(node_memory_attach("/no/such/file", BYTES, &memory, &error), STATUS_INTERNAL);
    assert_null(memory);
    assert_non_null(strstr(error.text, "No such file"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_mappings_are_one_memory),
        cmocka_unit_test(none_of_size_zero_is_refused),
        cmocka_unit_test(data_larger_than_half_of_the_memory_are_on_a_disk),
        cmocka_unit_test(lack_of_room_names_the_way_out),
        cmocka_unit_test(what_is_gone_cannot_be_attached),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
