/* The file of checkpoints: kept checkpoints are read back, damaged ones are not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "group_directory.h"
#include "io/results/checkpoint_file.h"

enum { CELLS = 6, MOST_BYTES = 4096, VALUES = 3 };

static double axis_values[CELLS];
static const char *in_directory(const char *name) {
    return temporary_directory_file(&directory, name);
}

static job some_job(uint64_t digest) {
    return (job){
        .digest = digest,
        .grid = {.axis_count = 1,
                 .axes = {{.name = "x", .kind = AXIS_NUMBER, .count = CELLS, .numbers = axis_values}}}};
}

static const char *file_path(void) {
    return in_directory("results.h5");
}

static bool file_exists(void) {
    return access(in_directory("results.h5.checkpoint"), F_OK) == 0;
}

static const results_origin own = {.kernels = "k", .numerics = 7, .data.splits = {{1, 2}, {0, 0}, {3, 4}}};

static checkpoint_file *open_of(uint64_t digest, const results_origin *origin, size_t values) {
    const job j = some_job(digest);
    checkpoint_file *f;
    assert_int_equal(checkpoint_file_open(&f, file_path(), &j, origin, values, NULL), STATUS_OK);
    return f;
}

static checkpoint_file *open_file(void) {
    return open_of(1, &own, VALUES);
}

/* The number and the values of a cell's bytes, different in every round. */
static cell_checkpoint sample(uint64_t cell, int round) {
    static unsigned char bytes[1000];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(i * 31 + cell * 7 + (size_t)round);
    return (cell_checkpoint){.cell = cell, .size = 30 + 10 * cell, .bytes = bytes};
}

static void add(checkpoint_file *f, uint64_t cell, int round) {
    const cell_checkpoint c = sample(cell, round);
    checkpoint_file_add(f, &c);
}

/* True when there is one; then it is the right one. */
static bool comes_back(checkpoint_file *f, uint64_t cell, int round) {
    const cell_checkpoint expected = sample(cell, round);
    cell_checkpoint found = {.cell = cell};
    checkpoint_file_read(f, &found);
    if (found.size == 0)
        return false;
    assert_int_equal(found.cell, cell);
    assert_int_equal(found.size, expected.size);
    assert_memory_equal(found.bytes, expected.bytes, expected.size);
    return true;
}

static const uint8_t pending[CELLS];

/* Cells 1 and 4 of round 0. */
static void leave_two(void) {
    checkpoint_file *f = open_file();
    add(f, 4, 0);
    add(f, 1, 0);
    checkpoint_file_close(&f, pending);
    assert_null(f);
    assert_true(file_exists());
}

static void what_is_kept_comes_back(void **state) {
    (void)state;
    leave_two();
    checkpoint_file *f = open_file();
    for (uint64_t cell = 0; cell < CELLS; cell++)
        assert_int_equal(comes_back(f, cell, 0), cell == 4 || cell == 1);
    checkpoint_file_close(&f, pending);
    assert_true(file_exists());
    assert_int_equal(temporary_directory_count(&directory, "results.h5"), 1); /* nothing temporary stays */
}

static void nothing_kept_leaves_no_file(void **state) {
    (void)state;
    checkpoint_file *f = open_file();
    checkpoint_file_close(&f, pending);
    assert_false(file_exists());
}

/* The earlier checkpoint of such a cell stays. */
static void what_comes_late_is_let_go(void **state) {
    (void)state;
    leave_two();
    checkpoint_file *f = open_file();
    checkpoint_file_tick(f, pending, true);
    add(f, 0, 1);
    clock_sleep(3.1);
    checkpoint_file_tick(f, pending, true);
    add(f, 2, 1);
    add(f, 4, 1);
    checkpoint_file *next = open_file();
    assert_true(comes_back(next, 0, 1) && comes_back(next, 1, 0) && comes_back(next, 4, 0));
    assert_false(comes_back(next, 2, 1));
    checkpoint_file_close(&next, pending);
    checkpoint_file_close(&f, pending);
}

/* As when the session is killed after the stop: nobody finishes the file. The earlier checkpoints stay as
 * well. */
static void what_has_come_counts_before_the_rest_comes(void **state) {
    (void)state;
    leave_two();
    checkpoint_file *f = open_file();
    add(f, 0, 1);
    checkpoint_file_tick(f, pending, true);
    checkpoint_file *killed = open_file();
    assert_true(comes_back(killed, 0, 1) && comes_back(killed, 1, 0) && comes_back(killed, 4, 0));
    add(f, 4, 1);
    clock_sleep(0.15);
    checkpoint_file_tick(f, pending, true);
    checkpoint_file *later = open_file();
    assert_true(comes_back(later, 0, 1) && comes_back(later, 1, 0) && comes_back(later, 4, 1));
    checkpoint_file_close(&later, pending);
    checkpoint_file_close(&killed, pending);
    checkpoint_file_close(&f, pending);
    assert_true(file_exists());
}

static void entries_after_the_first_save_are_kept_at_the_end(void **state) {
    (void)state;
    checkpoint_file *f = open_file();
    add(f, 3, 1);
    checkpoint_file_tick(f, pending, true);
    add(f, 5, 1);
    checkpoint_file_close(&f, (const uint8_t[CELLS]){[3] = CELL_DONE});
    f = open_file();
    assert_true(comes_back(f, 5, 1));
    checkpoint_file_close(&f, (const uint8_t[CELLS]){[3] = CELL_DONE, [5] = CELL_DONE});
    assert_false(file_exists());
}

static void the_file_goes_with_its_cells(void **state) {
    (void)state;
    uint8_t states[CELLS] = {[4] = CELL_DONE};
    leave_two();
    checkpoint_file *f = open_file();
    checkpoint_file_close(&f, states);
    assert_true(file_exists());
    states[1] = CELL_TIMED_OUT;
    f = open_file();
    checkpoint_file_close(&f, states);
    assert_false(file_exists());
}

static void a_later_run_adds_replaces_and_drops(void **state) {
    (void)state;
    leave_two();
    checkpoint_file *f = open_file();
    add(f, 0, 1);
    add(f, 4, 1);
    checkpoint_file_close(&f, pending);
    f = open_file();
    assert_true(comes_back(f, 0, 1) && comes_back(f, 1, 0) && comes_back(f, 4, 1));
    add(f, 5, 2);
    checkpoint_file_close(&f, (const uint8_t[CELLS]){[1] = CELL_DONE});
    f = open_file();
    assert_true(comes_back(f, 0, 1) && comes_back(f, 4, 1) && comes_back(f, 5, 2));
    assert_false(comes_back(f, 1, 0));
    checkpoint_file_close(&f, pending);
}

static void those_of_another_job_are_left_alone(void **state) {
    (void)state;
    leave_two();
    results_origin kernels = own, numerics = own, data = own;
    kernels.kernels = "other";
    numerics.numerics++;
    data.data.splits[SPLIT_TEST].low++;
    checkpoint_file *others[] = {open_of(2, &own, VALUES), open_of(1, &kernels, VALUES),
                                 open_of(1, &numerics, VALUES), open_of(1, &data, VALUES),
                                 open_of(1, &own, 4)};
    for (int i = 0; i < 5; i++) {
        assert_false(comes_back(others[i], 4, 0));
        add(others[i], 2, i);
        checkpoint_file_close(&others[i], pending);
    }
    checkpoint_file *f = open_of(1, &own, 4);
    assert_true(comes_back(f, 2, 4));
    checkpoint_file_close(&f, pending);
}

static size_t read_bytes(unsigned char bytes[MOST_BYTES]) {
    FILE *file = fopen(in_directory("results.h5.checkpoint"), "rb");
    assert_non_null(file);
    const size_t size = fread(bytes, 1, MOST_BYTES, file);
    assert_int_equal(fclose(file), 0);
    assert_in_range(size, 1, MOST_BYTES - 1);
    return size;
}

/* ---- While the sweep continues ------------------------------------------------------------------- */

static void tick(checkpoint_file *f, const uint8_t *states) {
    checkpoint_file_tick(f, states, false);
}

static off_t file_size(void) {
    struct stat info;
    return stat(in_directory("results.h5.checkpoint"), &info) == 0 ? info.st_size : 0;
}

/* Whether the file in its place has these bytes somewhere. */
static bool file_has(const cell_checkpoint *c) {
    unsigned char bytes[MOST_BYTES];
    return file_exists() && memmem(bytes, read_bytes(bytes), c->bytes, c->size) != NULL;
}

/* Until what was added is there; a minute is enough for any disk. */
static void wait_for(checkpoint_file *f, uint64_t cell, int round) {
    for (int tries = 0; tries < 6000; tries++) {
        const cell_checkpoint expected = sample(cell, round);
        tick(f, pending);
        if (file_has(&expected))
            return;
        clock_sleep(0.01);
    }
    fail_msg("waited in vain for cell %d", (int)cell);
}

/* As when the session is killed at any time: nobody finishes the file. */
static void what_is_added_is_soon_in_its_place(void **state) {
    (void)state;
    leave_two();
    checkpoint_file *f = open_file();
    add(f, 0, 1);
    wait_for(f, 0, 1);
    checkpoint_file *killed = open_file();
    assert_true(comes_back(killed, 0, 1) && comes_back(killed, 1, 0) && comes_back(killed, 4, 0));
    checkpoint_file_close(&killed, pending);
    add(f, 4, 2);
    wait_for(f, 4, 2);
    add(f, 0, 2);
    wait_for(f, 0, 2);
    assert_true(comes_back(f, 0, 2) && comes_back(f, 1, 0) && comes_back(f, 4, 2));
    checkpoint_file_close(&f, pending);
    f = open_file();
    assert_true(comes_back(f, 0, 2) && comes_back(f, 1, 0) && comes_back(f, 4, 2));
    checkpoint_file_close(&f, pending);
    assert_int_equal(temporary_directory_count(&directory, "results.h5"), 1);
}

static void those_of_finished_cells_are_dropped(void **state) {
    (void)state;
    const uint8_t done[CELLS] = {[0] = CELL_DONE, [1] = CELL_DONE, [4] = CELL_DONE};
    leave_two();
    checkpoint_file *f = open_file();
    add(f, 0, 1);
    wait_for(f, 0, 1);
    checkpoint_file_drop(f, done);
    assert_false(comes_back(f, 0, 1) || comes_back(f, 1, 0) || comes_back(f, 4, 0));
    checkpoint_file_close(&f, done);
    assert_false(file_exists());
    f = open_file();
    add(f, 2, 1);
    checkpoint_file_close(&f, (const uint8_t[CELLS]){[2] = CELL_DONE});
    assert_false(file_exists());
    assert_int_equal(temporary_directory_count(&directory, "results.h5"), 0);
}

/* The file is replaced by one without the stale ones. */
static void the_file_does_not_grow_forever(void **state) {
    (void)state;
    enum { LARGE = 300000, ROUNDS = 8 };
    static unsigned char large[LARGE];
    const cell_checkpoint c = {.cell = 3, .size = LARGE, .bytes = large};
    checkpoint_file *f = open_file();
    add(f, 1, 0);
    for (int round = 0; round < ROUNDS; round++) {
        memset(large, round, LARGE);
        checkpoint_file_add(f, &c);
        tick(f, pending);
    }
    for (int tries = 0; tries < 6000 && (file_size() == 0 || file_size() > 4 * LARGE); tries++) {
        tick(f, pending);
        clock_sleep(0.01);
    }
    assert_in_range(file_size(), LARGE, 4 * LARGE);
    checkpoint_file *killed = open_file();
    cell_checkpoint found = {.cell = 3};
    checkpoint_file_read(killed, &found);
    assert_int_equal(found.size, LARGE);
    assert_memory_equal(found.bytes, large, LARGE);
    assert_true(comes_back(killed, 1, 0));
    checkpoint_file_close(&killed, pending);
    checkpoint_file_close(&f, pending);
}

/* After a failure nothing is written for a while. */
static void add_until_written(checkpoint_file *f, uint64_t cell, int round) {
    const cell_checkpoint expected = sample(cell, round);
    for (int tries = 0; tries < 600 && !file_has(&expected); tries++) {
        add(f, cell, round);
        tick(f, pending);
        clock_sleep(0.1);
    }
    assert_true(file_has(&expected));
}

/* The sweep continues, with the earlier checkpoints in their place; later ones are written again. */
static void a_full_disk_costs_only_its_checkpoints(void **state) {
    (void)state;
    struct rlimit before;
    leave_two();
    checkpoint_file *f = open_file();
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &(struct rlimit){200, before.rlim_max}), 0);
    add(f, 4, 1);
    tick(f, pending);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    checkpoint_file *killed = open_file();
    assert_true(comes_back(killed, 4, 0) && comes_back(killed, 1, 0));
    checkpoint_file_close(&killed, pending);
    assert_int_equal(temporary_directory_count(&directory, "results.h5"), 1);
    add_until_written(f, 4, 2);
    assert_true(comes_back(f, 1, 0));
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &(struct rlimit){(rlim_t)file_size() + 10, before.rlim_max}), 0);
    add(f, 5, 2); /* half of it */
    tick(f, pending);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    killed = open_file();
    assert_true(comes_back(killed, 4, 2) && comes_back(killed, 1, 0) && !comes_back(killed, 5, 2));
    checkpoint_file_close(&killed, pending);
    checkpoint_file_tick(f, pending, true); /* a stop tries again at once */
    add(f, 5, 3);
    checkpoint_file_close(&f, pending);
    f = open_file();
    assert_true(comes_back(f, 4, 2) && comes_back(f, 1, 0) && comes_back(f, 5, 3));
    checkpoint_file_close(&f, pending);
}

/* ---- Damage ------------------------------------------------------------------------------------ */

static void write_bytes(const unsigned char *bytes, size_t size) {
    temporary_directory_write(&directory, "results.h5.checkpoint", bytes, size);
}

/* How many of the two are read back. */
static int count_two(void) {
    checkpoint_file *f = open_file();
    const int count = comes_back(f, 4, 0) + comes_back(f, 1, 0);
    for (uint64_t cell = 0; cell < CELLS; cell++)
        if (cell != 4 && cell != 1)
            assert_false(comes_back(f, cell, 0));
    checkpoint_file_close(&f, pending);
    return count;
}

/* Warnings of hundreds of damaged files would flood the log of the test. */
static int silence(void) {
    const int saved = dup(STDERR_FILENO), nowhere = open("/dev/null", O_WRONLY);
    dup2(nowhere, STDERR_FILENO);
    close(nowhere);
    return saved;
}

static void speak(int saved) {
    dup2(saved, STDERR_FILENO);
    close(saved);
}

static void a_truncated_file_loses_what_is_cut_off(void **state) {
    (void)state;
    unsigned char bytes[MOST_BYTES];
    leave_two();
    const size_t size = read_bytes(bytes);
    const int saved = silence();
    int last = 0;
    for (size_t left = 0; left <= size; left++) {
        write_bytes(bytes, left);
        const int count = count_two();
        assert_true(count >= last); /* the longer, the more */
        last = count;
        write_bytes(bytes, size);
    }
    assert_int_equal(last, 2);
    speak(saved);
}

static void a_changed_byte_loses_its_checkpoint(void **state) {
    (void)state;
    unsigned char bytes[MOST_BYTES];
    leave_two();
    const size_t size = read_bytes(bytes);
    const int saved = silence();
    for (size_t i = 0; i < size; i++)
        for (int bit = 0; bit < 8; bit++) {
            bytes[i] ^= (unsigned char)(1 << bit);
            write_bytes(bytes, size);
            assert_in_range(count_two(), 0, 1);
            bytes[i] ^= (unsigned char)(1 << bit);
        }
    speak(saved);
}

static void what_is_no_file_is_left_alone(void **state) {
    (void)state;
    assert_int_equal(mkdir(in_directory("results.h5.checkpoint"), 0777), 0);
    assert_int_equal(count_two(), 0);
    assert_int_equal(rmdir(in_directory("results.h5.checkpoint")), 0);
    assert_int_equal(mkfifo(in_directory("results.h5.checkpoint"), 0666), 0);
    assert_int_equal(count_two(), 0);
}

/* The old file stays when the new one cannot be made. */
static void a_file_that_cannot_be_written_costs_no_result(void **state) {
    (void)state;
    struct rlimit files;
    leave_two();
    checkpoint_file *f = open_file();
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &(struct rlimit){.rlim_max = files.rlim_max}), 0);
    add(f, 4, 1);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
    add(f, 5, 1);
    checkpoint_file_close(&f, pending);
    assert_int_equal(count_two(), 2);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_directory, remove_directory)
    const struct CMUnitTest tests[] = {
        TEST(what_is_kept_comes_back),
        TEST(nothing_kept_leaves_no_file),
        TEST(what_comes_late_is_let_go),
        TEST(what_has_come_counts_before_the_rest_comes),
        TEST(entries_after_the_first_save_are_kept_at_the_end),
        TEST(the_file_goes_with_its_cells),
        TEST(a_later_run_adds_replaces_and_drops),
        TEST(those_of_another_job_are_left_alone),
        TEST(what_is_added_is_soon_in_its_place),
        TEST(those_of_finished_cells_are_dropped),
        TEST(the_file_does_not_grow_forever),
        TEST(a_full_disk_costs_only_its_checkpoints),
        TEST(a_truncated_file_loses_what_is_cut_off),
        TEST(a_changed_byte_loses_its_checkpoint),
        TEST(what_is_no_file_is_left_alone),
        TEST(a_file_that_cannot_be_written_costs_no_result),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
