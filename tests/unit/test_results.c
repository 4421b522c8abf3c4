/* The results file's writer: creation, resuming, salvage, locks, refusals. How files look to other programs
 * is tested in tests/python/test_results_*.py. */
#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/log.h"
#include "grid/cell.h"
#include "grid/digest.h"
#include "io/job/job.h"
#include "io/results/damage.h"
#include "io/results/digest.h"
#include "io/results/layout.h"
#include "io/results/lock.h"
#include "io/results/origin.h"
#include "io/results/reader.h"
#include "io/results/results.h"
#include "io/results/running.h"
#include "io/results/writer.h"
#include "tools/results_job.h"
#include "unit/temporary_directory.h"

enum { RUNS = 3, CELLS = 4 * RUNS };

static const results_origin origin = {
    .version = "mpisweep test", .commit = "none", .kernels = "reference", .cpu = "any", .libraries = "none"};

typedef struct fixture {
    temporary_directory directory;
    char path[128];
    job job;
    error_info error;
} fixture;

static int set_up(void **state) {
    fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    log_set_quiet(true);
    f->directory = temporary_directory_make();
    snprintf(f->path, sizeof f->path, "%s/results.h5", f->directory.path);
    f->job = results_job_make(RUNS);
    *state = f;
    return 0;
}

static int tear_down(void **state) {
    fixture *f = *state;
    temporary_directory_remove(&f->directory);
    free(f);
    return 0;
}

static status open_results(fixture *f, results **r) {
    return results_open(r, f->path, &f->job, &results_job_records, &origin, 2, &f->error);
}

static results *open_good(fixture *f) {
    results *r;
    if (open_results(f, &r) != STATUS_OK)
        fail_msg("%s", f->error.text);
    return r;
}

static void close_good(fixture *f, results *r) {
    if (results_close(&r, &f->error) != STATUS_OK)
        fail_msg("%s", f->error.text);
}

static void store(fixture *f, results *r, size_t cell) {
    float values[VALUES];
    const cell_record record = results_job_record(cell, values);
    if (results_store(r, &record, &f->error) != STATUS_OK)
        fail_msg("%s", f->error.text);
}

static void store_all(fixture *f) {
    results *r = open_good(f);
    for (size_t cell = 0; cell < CELLS; cell++)
        store(f, r, cell);
    close_good(f, r);
}

/* The file refuses to open with `code` and a message that contains `words`. */
static void assert_refused(fixture *f, status code, const char *words) {
    results *r;
    assert_int_equal(open_results(f, &r), code);
    assert_null(r);
    if (strstr(f->error.text, words) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", f->error.text, words);
}

/* Where an array begins in the file. */
static uint64_t offset_of(fixture *f, const char *name) {
    results_reader *reader;
    results_dataset d;
    assert_int_equal(results_reader_open(&reader, f->path, &f->error), STATUS_OK);
    assert_int_equal(results_reader_describe(reader, name, &d, &f->error), STATUS_OK);
    results_reader_close(&reader);
    assert_true(d.offset > 0);
    return d.offset;
}

static void move_bytes(fixture *f, uint64_t offset, void *bytes, size_t size, bool to_file) {
    FILE *stream = fopen(f->path, "r+b");
    assert_non_null(stream);
    assert_int_equal(fseek(stream, (long)offset, SEEK_SET), 0);
    size_t moved = to_file ? fwrite(bytes, 1, size, stream) : fread(bytes, 1, size, stream);
    assert_int_equal(moved, size);
    assert_int_equal(fclose(stream), 0);
}

static int8_t status_in_file(fixture *f, size_t cell) {
    int8_t value;
    move_bytes(f, offset_of(f, "status") + cell, &value, 1, false);
    return value;
}

static void set_status_in_file(fixture *f, size_t cell, int8_t value) {
    move_bytes(f, offset_of(f, "status") + cell, &value, 1, true);
}

static bool exists(fixture *f, const char *suffix) {
    char path[160];
    snprintf(path, sizeof path, "%s%s", f->path, suffix);
    return access(path, F_OK) == 0;
}

/* ---- Writing and resuming ---------------------------------------------------------------------- */

static void test_new_file_is_pending(void **state) {
    fixture *f = *state;
    results *r = open_good(f);
    for (size_t cell = 0; cell < CELLS; cell++)
        assert_int_equal(results_states(r)[cell], CELL_PENDING);
    close_good(f, r);
    float value;
    move_bytes(f, offset_of(f, "test_accuracy_curve"), &value, sizeof value, false);
    assert_true(isnan(value));
    assert_false(exists(f, ".tmp"));
    assert_false(exists(f, ".lock"));
}

static void test_resume_keeps_states_and_values(void **state) {
    fixture *f = *state;
    results *r = open_good(f);
    store(f, r, 5);
    store(f, r, 6);
    close_good(f, r);
    r = open_good(f);
    for (size_t cell = 0; cell < CELLS; cell++)
        assert_int_equal(results_states(r)[cell], cell == 5   ? CELL_DONE
                                                  : cell == 6 ? CELL_DIVERGED
                                                              : CELL_PENDING);
    close_good(f, r);
    float finals[2], curve[EPOCHS];
    move_bytes(f, offset_of(f, "test_accuracy") + 5 * sizeof *finals, finals, sizeof finals, false);
    assert_true(finals[0] == 552);
    assert_true(isnan(finals[1]));
    move_bytes(f, offset_of(f, "test_accuracy_curve") + 6 * sizeof curve, curve, sizeof curve, false);
    assert_true(curve[0] == 650 && curve[2] == 652);
}

/* The interruption of a session: the file as it is on disk when the process is gone without results_close. */
static void store_and_die(fixture *f, size_t cell) {
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        results *r = open_good(f);
        store(f, r, cell);
        _exit(results_tick(r, NULL) == STATUS_OK
                  ? 0
                  : 1); /* it is in the file; its status is not, until the next */
    }
    int how;
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_int_equal(how, 0);
}

static void test_stored_cell_is_salvaged(void **state) {
    fixture *f = *state;
    for (size_t cell = 5; cell <= 6; cell++) {
        store_and_die(f, cell);
        assert_int_equal(status_in_file(f, cell), CELL_PENDING);
        results *r = open_good(f);
        assert_int_equal(results_states(r)[cell], results_job_status(cell));
        close_good(f, r);
        assert_int_equal(status_in_file(f, cell), results_job_status(cell));
    }
}

static void test_torn_cell_is_not_salvaged(void **state) {
    fixture *f = *state;
    static const char *const arrays[] = {"steps_taken", "train_loss_curve", "test_accuracy", "weights_0",
                                         "test_gradient_0"};
    const size_t row_bytes[] = {sizeof(int32_t), STEPS * sizeof(float), sizeof(float), 6 * sizeof(float),
                                2 * EPOCHS * sizeof(float)};
    for (int i = 0; i < 5; i++) {
        store_and_die(f, 5);
        char byte;
        const uint64_t place = offset_of(f, arrays[i]) + 6 * row_bytes[i] - 1; /* the last of cell 5 */
        move_bytes(f, place, &byte, 1, false);
        byte ^= 1;
        move_bytes(f, place, &byte, 1, true);
        results *r = open_good(f);
        assert_int_equal(results_states(r)[5], CELL_PENDING);
        close_good(f, r);
        assert_int_equal(unlink(f->path), 0);
    }
}

static void test_status_follows_its_sync(void **state) {
    fixture *f = *state;
    results *r = open_good(f);
    store(f, r, 5);
    assert_int_equal(status_in_file(f, 5), CELL_PENDING);
    for (int i = 0; i < 6000 && status_in_file(f, 5) == CELL_PENDING; i++) {
        assert_int_equal(results_tick(r, &f->error), STATUS_OK);
        clock_sleep(0.01);
    }
    assert_int_equal(status_in_file(f, 5), CELL_DONE);
    close_good(f, r);
}

static const bool all_cells[CELLS] = {[0 ... CELLS - 1] = true};

static void test_failed_cell_is_retried(void **state) {
    fixture *f = *state;
    results *r = open_good(f);
    const cell_record failed = {.cell = 5, .status = CELL_FAILED, .host = "node1"};
    assert_int_equal(results_store(r, &failed, &f->error), STATUS_OK);
    store(f, r, 6);
    close_good(f, r);
    assert_int_equal(status_in_file(f, 5), CELL_FAILED);
    r = open_good(f);
    size_t count;
    assert_int_equal(results_retry_failed(r, all_cells, &count, &f->error), STATUS_OK);
    assert_int_equal(count, 1);
    assert_int_equal(results_states(r)[5], CELL_PENDING);
    assert_int_equal(results_states(r)[6], CELL_DIVERGED);
    assert_int_equal(status_in_file(f, 5), CELL_PENDING);
    store(f, r, 5);
    close_good(f, r);
    assert_int_equal(status_in_file(f, 5), CELL_DONE);
    int32_t tries;
    move_bytes(f, offset_of(f, "provenance/tries") + 5 * sizeof tries, &tries, sizeof tries, false);
    assert_int_equal(tries, 2);
}

static void test_rewritten_cell_is_retracted_first(void **state) {
    fixture *f = *state;
    results *r = open_good(f);
    store(f, r, 5);
    store(f, r, 6);
    store(f, r, 5);
    assert_int_equal(status_in_file(f, 6), CELL_DIVERGED);
    assert_int_equal(status_in_file(f, 5), CELL_PENDING);
    close_good(f, r);
    assert_int_equal(status_in_file(f, 5), CELL_DONE);
}

static void test_bad_record_is_refused(void **state) {
    fixture *f = *state;
    const cell_record bad[] = {{.cell = CELLS, .status = CELL_FAILED},
                               {.cell = 0, .status = CELL_PENDING},
                               {.cell = 0, .status = CELL_STATUS_COUNT},
                               {.cell = 0, .status = CELL_DONE, .value_count = VALUES - 1}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        results *r = open_good(f);
        assert_int_equal(results_store(r, &bad[i], &f->error), STATUS_INTERNAL);
        assert_int_equal(results_close(&r, &f->error), STATUS_INTERNAL);
    }
}

/* ---- Layout ------------------------------------------------------------------------------------ */

static const results_array *array_named(const results_layout *layout, const char *name) {
    for (int i = 0; i < layout->array_count; i++)
        if (strcmp(layout->arrays[i].name, name) == 0)
            return &layout->arrays[i];
    fail_msg("there is no array %s", name);
    return NULL;
}

static void test_strides_have_scales_of_their_own(void **state) {
    fixture *f = *state;
    record_layout records = results_job_records;
    records.variables[records.variable_count++] = (record_variable){.name = "validation_loss",
                                                                    .units = "1",
                                                                    .axis = RECORD_AXIS_EPOCH,
                                                                    .first = 3,
                                                                    .every = 3,
                                                                    .count = 1,
                                                                    .offset = VALUES};
    records.variables[records.variable_count++] = (record_variable){.name = "train_accuracy",
                                                                    .units = "percent",
                                                                    .axis = RECORD_AXIS_STEP,
                                                                    .first = 2,
                                                                    .every = 2,
                                                                    .count = STEPS};
    results_layout layout;
    assert_int_equal(results_layout_make(&layout, &f->job.grid, &records, &f->error), STATUS_OK);
    assert_string_equal(array_named(&layout, "train_loss_curve")->scales[3], "step");
    assert_string_equal(array_named(&layout, "test_accuracy_curve")->scales[3], "epoch");
    assert_string_equal(array_named(&layout, "validation_loss_curve")->scales[3], "epoch_3");
    assert_string_equal(array_named(&layout, "train_accuracy_curve")->scales[3], "step");
    assert_int_equal(array_named(&layout, "validation_loss_curve")->dims[3], 1);
}

/* Moments before the dimensions of an array; what is recorded once has no dimension for moments. */
static void test_arrays_have_their_dimensions(void **state) {
    fixture *f = *state;
    results_layout layout;
    assert_int_equal(results_layout_make(&layout, &f->job.grid, &results_job_records, &f->error), STATUS_OK);
    assert_int_equal(array_named(&layout, "test_loss")->rank, 3);
    const results_array *weights = array_named(&layout, "weights_0");
    assert_int_equal(weights->rank, 5);
    assert_string_equal(weights->scales[3], "weights_0_output");
    assert_int_equal(weights->dims[4], 3);
    assert_int_equal(weights->row_bytes, 6 * sizeof(float));
    const results_array *gradient = array_named(&layout, "test_gradient_0");
    assert_int_equal(gradient->rank, 5);
    assert_string_equal(gradient->scales[3], "epoch");
    assert_string_equal(gradient->scales[4], "test_gradient_0_weight");
    assert_int_equal(array_named(&layout, "grid_output")->rank, 6);
}

/* Cell 4 ends earlier than others: its last value is not at the end of the row. */
static void test_final_value_is_the_last_recorded(void **state) {
    fixture *f = *state;
    results *r = open_good(f);
    store(f, r, 4);
    close_good(f, r);
    float final, curve[STEPS];
    move_bytes(f, offset_of(f, "train_loss") + 4 * sizeof final, &final, sizeof final, false);
    assert_true(final == 400 + SHORT_STEPS - 1);
    move_bytes(f, offset_of(f, "train_loss_curve") + 4 * sizeof curve, curve, sizeof curve, false);
    assert_true(curve[SHORT_STEPS - 1] == final && isnan(curve[SHORT_STEPS]));
}

/* ---- Refusals ---------------------------------------------------------------------------------- */

static void test_second_writer_is_refused(void **state) {
    fixture *f = *state;
    results *r = open_good(f);
    assert_refused(f, STATUS_IO, "another session");
    close_good(f, r);
    close_good(f, open_good(f));
}

static void test_open_elsewhere_is_refused(void **state) {
    fixture *f = *state;
    close_good(f, open_good(f));
    FILE *elsewhere = fopen(f->path, "r+b");
    assert_non_null(elsewhere);
    assert_int_equal(flock(fileno(elsewhere), LOCK_EX), 0);
    assert_refused(f, STATUS_IO, "open for writing in another program");
    assert_int_equal(fclose(elsewhere), 0);
}

static void test_other_job_is_refused(void **state) {
    fixture *f = *state;
    store_all(f);
    char canonical[] = "optimizer.lr = 0.02\nsweep.lr.set = optimizer.lr\n";
    f->job.canonical = canonical;
    f->job.grid.axis_count = 2;
    assert_refused(f, STATUS_USAGE, "another job");
    assert_refused(f, STATUS_USAGE, "optimizer.lr: 0.01");
}

/* Sessions that may not add to each other's cells, and what a refusal says. */
#define OTHER .version = "t", .commit = "c", .cpu = "any", .libraries = "none"
static const struct {
    results_origin origin;
    status code;
    const char *words;
} others[] = {
    {{OTHER, .kernels = "avx512"}, STATUS_USAGE, "MPISWEEP_KERNELS=reference"},
    {{OTHER, .kernels = "reference", .numerics = 3},
     STATUS_USAGE,
     "made with numerics 0 by mpisweep test (commit none), and this program has numerics 3"},
    {{OTHER, .kernels = "reference", .data.splits[SPLIT_VALIDATION] = {0x0123456789abcdef, 1},
      .data_places[SPLIT_VALIDATION] = "x.npy"},
     STATUS_IO,
     "in the validation split: digest none in the file, 0123456789abcdef0000000000000001 of x.npy"},
};
enum { OTHERS = sizeof others / sizeof *others };

static void test_other_settings_are_refused(void **state) {
    fixture *f = *state;
    store_all(f);
    for (int i = 0; i < OTHERS; i++) {
        results *r;
        assert_int_equal(
            results_open(&r, f->path, &f->job, &results_job_records, &others[i].origin, 1, &f->error),
            others[i].code);
        if (strstr(f->error.text, others[i].words) == NULL)
            fail_msg("\"%s\" does not say \"%s\"", f->error.text, others[i].words);
    }
    close_good(f, open_good(f));
}

/* One after the other; a cell that was stored and not published counts. */
static void test_a_file_without_cells_takes_settings_over(void **state) {
    fixture *f = *state;
    results *r;
    close_good(f, open_good(f));
    for (int i = 0; i < OTHERS; i++) {
        assert_int_equal(
            results_open(&r, f->path, &f->job, &results_job_records, &others[i].origin, 1, &f->error),
            STATUS_OK);
        if (i == OTHERS - 1)
            store(f, r, 3);
        close_good(f, r);
    }
    set_status_in_file(f, 3, CELL_PENDING);
    assert_refused(f, STATUS_IO, "in the validation split");
}

/* The sessions of a file stay in it when it is made again. */
static void test_sessions_are_told(void **state) {
    fixture *f = *state;
    results *r;
    close_good(f, open_good(f));
    assert_int_equal(
        results_open(&r, f->path, &f->job, &results_job_records, &others[1].origin, 5, &f->error), STATUS_OK);
    close_good(f, r);
    int32_t numerics[2], ranks[2];
    char versions[2][RECORD_HOST_SIZE], commits[2][RECORD_HOST_SIZE], kernels[2][RECORD_HOST_SIZE];
    move_bytes(f, offset_of(f, "provenance/session_numerics"), numerics, sizeof numerics, false);
    move_bytes(f, offset_of(f, "provenance/session_ranks"), ranks, sizeof ranks, false);
    move_bytes(f, offset_of(f, "provenance/session_version"), versions, sizeof versions, false);
    move_bytes(f, offset_of(f, "provenance/session_commit"), commits, sizeof commits, false);
    move_bytes(f, offset_of(f, "provenance/session_kernels"), kernels, sizeof kernels, false);
    assert_int_equal(numerics[0], 0);
    assert_int_equal(numerics[1], 3);
    assert_int_equal(ranks[1], 5);
    assert_string_equal(versions[0], "mpisweep test");
    assert_string_equal(versions[1], "t");
    assert_string_equal(commits[1], "c");
    assert_string_equal(kernels[0], "reference");
}

static void test_truncated_file_is_refused(void **state) {
    fixture *f = *state;
    store_all(f);
    struct stat info;
    assert_int_equal(stat(f->path, &info), 0);
    assert_int_equal(truncate(f->path, info.st_size - 1), 0);
    assert_refused(f, STATUS_IO, "truncated");
    assert_int_equal(truncate(f->path, info.st_size / 2), 0);
    assert_refused(f, STATUS_IO, "truncated");
    assert_int_equal(truncate(f->path, 0), 0);
    assert_refused(f, STATUS_IO, "not an HDF5 file");
}

/* A status that does not exist is damage; the checksum gives the right one. */
static void test_an_unknown_status_is_mended(void **state) {
    fixture *f = *state;
    store_all(f);
    set_status_in_file(f, 3, 9);
    set_status_in_file(f, 6, -1);
    results_damage found;
    assert_int_equal(results_check_cells(f->path, &found, &f->error), STATUS_OK);
    assert_int_equal(found.damaged, 2);
    results *r = open_good(f);
    assert_int_equal(results_states(r)[3], CELL_DONE);
    assert_int_equal(results_states(r)[6], CELL_DIVERGED);
    close_good(f, r);
    assert_int_equal(status_in_file(f, 3), CELL_DONE);
    assert_int_equal(results_check_cells(f->path, &found, &f->error), STATUS_OK);
    assert_int_equal(found.damaged, 0);
}

/* ---- Damage ------------------------------------------------------------------------------------ */

/* Flip a bit of what the file holds of a cell in an array. */
static void flip_bit(fixture *f, const char *array, size_t row_bytes, size_t cell, size_t byte) {
    const uint64_t at = offset_of(f, array) + cell * row_bytes + byte;
    unsigned char value;
    move_bytes(f, at, &value, 1, false);
    value ^= 4;
    move_bytes(f, at, &value, 1, true);
}

/* Every array that the checksum covers, the checksum itself, and the status. */
static void test_damaged_cells_are_found(void **state) {
    fixture *f = *state;
    results_damage found;
    store_all(f);
    assert_int_equal(results_check_cells(f->path, &found, &f->error), STATUS_OK);
    assert_int_equal(found.checked, CELLS);
    assert_int_equal(found.damaged, 0);
    flip_bit(f, "steps_taken", 4, 1, 0);
    flip_bit(f, "test_accuracy", 4, 3, 2);
    flip_bit(f, "train_loss_curve", 4 * STEPS, 6, 4 * STEPS - 1);
    flip_bit(f, "weights_0", 24, 8, 23);
    flip_bit(f, "provenance/checksum", 4, 10, 3);
    set_status_in_file(f, 11, CELL_TIMED_OUT);
    assert_int_equal(results_check_cells(f->path, &found, &f->error), STATUS_OK);
    assert_int_equal(found.damaged, 6);
    assert_string_equal(found.cells, "run=0, lr=0.01, model=cnn; run=0, lr=0.001, model=cnn; "
                                     "run=1, lr=0.001, model=mlp; and 3 more");
}

static void test_damaged_cells_are_kept_until_asked(void **state) {
    fixture *f = *state;
    results_damage found;
    size_t count;
    store_all(f);
    flip_bit(f, "test_loss", 4, 2, 1);
    flip_bit(f, "grid_output", 16, 6, 1);
    results *r = open_good(f);
    const size_t *cells = results_damaged(r, &count);
    assert_int_equal(count, 2);
    assert_int_equal(cells[0], 2);
    assert_int_equal(cells[1], 6);
    assert_int_equal(results_states(r)[2], CELL_DONE);
    assert_int_equal(results_retry_failed(r, all_cells, &count, &f->error), STATUS_OK);
    assert_int_equal(count, 2);
    assert_int_equal(results_states(r)[2], CELL_PENDING);
    assert_int_equal(results_states(r)[6], CELL_PENDING);
    results_damaged(r, &count);
    assert_int_equal(count, 0);
    store(f, r, 2);
    store(f, r, 6);
    close_good(f, r);
    assert_int_equal(results_check_cells(f->path, &found, &f->error), STATUS_OK);
    assert_int_equal(found.checked, CELLS);
    assert_int_equal(found.damaged, 0);
}

/* What ranks, times and hosts do to a file does not show in its digest; everything else does. */
static void test_the_digest_is_of_the_content(void **state) {
    fixture *f = *state;
    digest128 first, again;
    store_all(f);
    assert_int_equal(results_content_digest(f->path, &first, &f->error), STATUS_OK);
    flip_bit(f, "provenance/seconds", 8, 2, 1);
    flip_bit(f, "provenance/rank", 4, 2, 0);
    close_good(f, open_good(f));
    assert_int_equal(results_content_digest(f->path, &again, &f->error), STATUS_OK);
    assert_memory_equal(&first, &again, sizeof first);
    flip_bit(f, "weights_0", 24, 0, 0);
    assert_int_equal(results_content_digest(f->path, &again, &f->error), STATUS_OK);
    assert_memory_not_equal(&first, &again, sizeof first);
}

static void test_other_files_are_refused(void **state) {
    fixture *f = *state;
    temporary_directory_write(&f->directory, "results.h5", "some text\n", 10);
    assert_refused(f, STATUS_IO, "not an HDF5 file");
    snprintf(f->path, sizeof f->path, "%s", f->directory.path);
    assert_refused(f, STATUS_IO, "is a directory");
    snprintf(f->path, sizeof f->path, "%s/missing/results.h5", f->directory.path);
    assert_refused(f, STATUS_IO, "No such file or directory");
}

static void test_double_names_are_refused(void **state) {
    fixture *f = *state;
    snprintf(f->job.grid.axes[1].name, GRID_NAME_SIZE, "test_accuracy");
    assert_refused(f, STATUS_USAGE, "two arrays named \"test_accuracy\"");
    assert_false(exists(f, ""));
}

/* In a separate process: the limit is permanent. */
static void test_no_room_leaves_no_file(void **state) {
    fixture *f = *state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const struct rlimit limit = {4096, 4096};
        results *r;
        bool refused = setrlimit(RLIMIT_FSIZE, &limit) == 0 && open_results(f, &r) == STATUS_IO &&
                       strstr(f->error.text, "cannot reserve") != NULL;
        _exit(refused ? 0 : 1);
    }
    int how;
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_int_equal(how, 0);
    assert_false(exists(f, ""));
    assert_false(exists(f, ".tmp"));
    assert_false(exists(f, ".lock"));
}

/* ---- What is in training ------------------------------------------------------------------------- */

static void read_running(fixture *f, uint32_t count) {
    running_cells running;
    assert_int_equal(results_read_running(f->path, &running, NULL), STATUS_OK);
    assert_int_equal(running.count, count);
    assert_int_equal(isnan(running.updated) != 0, count == 0);
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(running.rows[i].cell, 5 + i);
        assert_string_equal(running.rows[i].host, "node");
    }
    free(running.rows);
}

static void test_what_is_in_training_is_reported(void **state) {
    fixture *f = *state;
    const running_row rows[] = {{.cell = 5, .count = 1, .host = "node"},
                                {.cell = 6, .count = 3, .rank = 1, .host = "node"}};
    results *r = open_good(f);
    read_running(f, 0);
    for (size_t count = 2; count > 0; count--) {
        assert_int_equal(results_note_running(r, rows, count, NULL), STATUS_OK);
        read_running(f, (uint32_t)count);
    }
    close_good(f, r);
    assert_false(exists(f, ".lock"));
    read_running(f, 0);
}

/* As read while it is written, or left by somebody else. */
static void test_what_is_not_whole_is_not_reported(void **state) {
    fixture *f = *state;
    const running_row row = {.cell = 5, .count = 1, .host = "node"};
    char lock[160], first = 0;
    results *r = open_good(f);
    snprintf(lock, sizeof lock, "%s.lock", f->path);
    struct stat info;
    assert_int_equal(results_note_running(r, &row, 1, NULL), STATUS_OK);
    assert_int_equal(stat(lock, &info), 0);
    const int file = open(lock, O_RDWR);
    for (off_t at = RESULTS_LOCK_HEAD; at < info.st_size; at += 7) {
        char byte;
        assert_int_equal(pread(file, &byte, 1, at), 1);
        byte ^= 64;
        assert_int_equal(pwrite(file, &byte, 1, at), 1);
        read_running(f, 0);
        byte ^= 64;
        assert_int_equal(pwrite(file, &byte, 1, at), 1);
    }
    read_running(f, 1);
    assert_int_equal(ftruncate(file, info.st_size - 1), 0);
    read_running(f, 0);
    assert_int_equal(pwrite(file, &first, 1, 0), 1); /* not ours: neither read nor written */
    assert_int_equal(results_note_running(r, &row, 1, NULL), STATUS_OK);
    assert_int_equal(fstat(file, &info), 0);
    read_running(f, 0);
    close(file);
    close_good(f, r);
    assert_true(exists(f, ".lock"));
    unlink(lock);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_new_file_is_pending),
        TEST(test_resume_keeps_states_and_values),
        TEST(test_stored_cell_is_salvaged),
        TEST(test_torn_cell_is_not_salvaged),
        TEST(test_status_follows_its_sync),
        TEST(test_failed_cell_is_retried),
        TEST(test_rewritten_cell_is_retracted_first),
        TEST(test_bad_record_is_refused),
        TEST(test_strides_have_scales_of_their_own),
        TEST(test_arrays_have_their_dimensions),
        TEST(test_final_value_is_the_last_recorded),
        TEST(test_second_writer_is_refused),
        TEST(test_open_elsewhere_is_refused),
        TEST(test_other_job_is_refused),
        TEST(test_other_settings_are_refused),
        TEST(test_truncated_file_is_refused),
        TEST(test_a_file_without_cells_takes_settings_over),
        TEST(test_sessions_are_told),
        TEST(test_an_unknown_status_is_mended),
        TEST(test_damaged_cells_are_found),
        TEST(test_damaged_cells_are_kept_until_asked),
        TEST(test_the_digest_is_of_the_content),
        TEST(test_other_files_are_refused),
        TEST(test_double_names_are_refused),
        TEST(test_no_room_leaves_no_file),
        TEST(test_what_is_in_training_is_reported),
        TEST(test_what_is_not_whole_is_not_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
