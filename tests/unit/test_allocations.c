/* Lack of memory: the first, the second, … allocation of our libraries fails, until a scenario needs no more.
 * Each failure is a status with a message, without a leak or a hang.
 *
 * The linker gives us the allocations of our own object files only (--wrap, see tests/CMakeLists.txt). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "array_files.h"
#include "base/log.h"
#include "cli/status_summary.h"
#include "io/array/array_file.h"
#include "io/job/data.h"
#include "io/results/compare.h"
#include "io/results/damage.h"
#include "io/results/digest.h"
#include "io/results/merge.h"
#include "io/results/reader.h"
#include "io/results/recheck.h"
#include "io/results/results.h"
#include "sweep/sweep.h"
#include "sweep/transport_local.h"

/* ---- The allocator ----------------------------------------------------------------------------- */

static atomic_long allocations, live;
static atomic_long failing; /* the number of the allocation that fails; 0: none */

static bool refuse(void) {
    return atomic_fetch_add(&allocations, 1) + 1 == atomic_load(&failing);
}

static void *count_live(void *block) {
    atomic_fetch_add(&live, block != NULL);
    return block;
}

#define WRAPPED(type, name, parameters, arguments)                                                           \
    type __real_##name parameters;                                                                           \
    type __wrap_##name parameters;                                                                           \
    type __wrap_##name parameters {                                                                          \
        return refuse() ? NULL : count_live(__real_##name arguments);                                        \
    }

WRAPPED(void *, malloc, (size_t size), (size))
WRAPPED(void *, calloc, (size_t count, size_t size), (count, size))
WRAPPED(void *, aligned_alloc, (size_t alignment, size_t size), (alignment, size))
WRAPPED(char *, strdup, (const char *text), (text))
WRAPPED(char *, strndup, (const char *text, size_t size), (text, size))
/* Once the stream is closed the text exists, and we free it. */
WRAPPED(FILE *, open_memstream, (char **text, size_t *size), (text, size))

void *__real_realloc(void *block, size_t size);
void *__wrap_realloc(void *block, size_t size);
void *__wrap_realloc(void *block, size_t size) {
    if (refuse())
        return NULL;
    return block == NULL ? count_live(__real_realloc(NULL, size)) : __real_realloc(block, size);
}

int __wrap_asprintf(char **text, const char *format, ...);
int __wrap_asprintf(char **text, const char *format, ...) {
    if (refuse())
        return -1;
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(text, format, arguments);
    va_end(arguments);
    count_live(*text);
    return length;
}

void __real_free(void *block);
void __wrap_free(void *block);
void __wrap_free(void *block) {
    atomic_fetch_sub(&live, block != NULL);
    __real_free(block);
}

/* ---- Every allocation in turn ------------------------------------------------------------------ */

typedef status scenario(error_info *error);

static void assert_clear(status result, const error_info *error, long allocation) {
    if (result == STATUS_INTERNAL && strstr(error->text, "memory") != NULL)
        return;
    fail_msg("allocation %ld failed: status %d, \"%s\"", allocation, result, error->text);
}

/* AddressSanitizer follows the stack at each of them, which takes minutes for all. */
#ifdef __SANITIZE_ADDRESS__
enum { EVERY = 5 };
#else
enum { EVERY = 1 };
#endif

/* `harmless`: this many allocations may fail without a failure of the whole. */
static void fail_every_allocation(scenario *run, long harmless) {
    long unharmed = 0;
    for (long n = 1;; n += EVERY) {
        error_info error = {0};
        atomic_store(&allocations, 0);
        atomic_store(&live, 0);
        atomic_store(&failing, n);
        status result = run(&error);
        atomic_store(&failing, 0);
        assert_int_equal(atomic_load(&live), 0);
        if (atomic_load(&allocations) < n) {
            assert_int_equal(result, STATUS_OK);
            assert_true(n > 1);
            break;
        }
        if (result != STATUS_OK)
            assert_clear(result, &error, n);
        unharmed += result == STATUS_OK;
    }
    assert_in_range(unharmed, 0, harmless);
}

/* ---- Scenarios --------------------------------------------------------------------------------- */

static temporary_directory directory;
static char job_path[PATH_MAX];

static const char job_text[] =
    "job: tiny\n"
    "data: {source: synthetic, height: 4, width: 4, train_count: 20, test_count: 10}\n"
    "model: {init_file: start.npy, layers: [dense: 10]}\n"
    "optimizer: {kind: sgd, lr: 0.1}\n"
    "train: {epochs: 1, batch: 10}\n"
    "record: {train_loss: {every: 1 step}}\n"
    "sweep:\n"
    "  run: 2\n"
    "  layers: {set: model.layers, values: {one: [dense: 10], two: [relu, dense: 10]}}\n";

/* A job and what its cells record. */
typedef struct loaded_job {
    job *job;
    stored_dataset data;
    record_layout records;
} loaded_job;

/* On failure, too, the caller destroys the job. */
static status load(loaded_job *l, const char *setting, error_info *error) {
    training_plan plan;
    RETURN_IF_FAILED(job_load(&l->job, job_path, &setting, 1, error));
    RETURN_IF_FAILED(job_describe_data(l->job, ".", &l->data, error));
    RETURN_IF_FAILED(job_check(l->job, &l->data.data, &plan, error));
    return job_layout(l->job, &l->data.data, &l->records, error);
}

static status load_job(error_info *error) {
    loaded_job l = {0};
    status result = load(&l, "optimizer.momentum=0.5", error);
    job_destroy(&l.job);
    return result;
}

static status load_drawn_job(error_info *error) {
    loaded_job l = {0};
    status result = load(&l,
                         "sweep={run: 2, lr: {set: optimizer.lr, uniform: [0, 1], count: 3}, "
                         "x: {loss.l2: {uniform: [0, 1]}, train.shuffle: {choice: [true, false]}, count: 4}, "
                         "where: [{run: 1, x: [0, 2]}]}",
                         error);
    job_destroy(&l.job);
    return result;
}

static loaded_job one_run, two_runs; /* for the scenarios that do not load one */

static status read_dataset(const data_spec *spec, error_info *error) {
    static unsigned char memory[4096] __attribute__((aligned(64)));
    stored_dataset d;
    RETURN_IF_FAILED(dataset_describe(spec, directory.path, &d, error));
    assert_true(dataset_bytes(&d) <= sizeof memory);
    return dataset_read(spec, directory.path, 1, memory, &d, error);
}

static status read_datasets(error_info *error) {
    const data_files npy = {.x = "x.npy", .y = "y.npy"}, hdf5 = {.file = "data.h5"};
    const data_spec specs[] = {
        {.source = DATA_MNIST},
        {.source = DATA_NPY, .job_path = job_path, .train = npy, .test = npy},
        {.source = DATA_HDF5, .job_path = job_path, .train = hdf5},
    };
    for (size_t i = 0; i < sizeof specs / sizeof *specs; i++)
        RETURN_IF_FAILED(read_dataset(&specs[i], error));
    return STATUS_OK;
}

/* Open, store what is missing, close. */
static status write_results(const loaded_job *l, error_info *error) {
    const results_origin origin = {.version = "mpisweep test",
                                   .commit = "none",
                                   .kernels = "reference",
                                   .cpu = "any",
                                   .libraries = "none"};
    static const float values[100];
    results *r;
    assert_true(l->records.value_count <= sizeof values / sizeof *values);
    RETURN_IF_FAILED(results_open(&r, temporary_directory_file(&directory, "r.h5"), l->job, &l->records,
                                  &origin, 1, error));
    status result = STATUS_OK;
    for (size_t cell = 0; result == STATUS_OK && cell < grid_cells(&l->job->grid); cell++) {
        const cell_record record = {.cell = cell,
                                    .status = CELL_DONE,
                                    .host = "here",
                                    .value_count = l->records.value_count,
                                    .values = values};
        if (results_states(r)[cell] == CELL_PENDING)
            result = results_store(r, &record, error);
    }
    status closed = results_close(&r, result == STATUS_OK ? error : NULL);
    return result != STATUS_OK ? result : closed;
}

static status write_resume_and_grow(error_info *error) {
    unlink(temporary_directory_file(&directory, "r.h5"));
    RETURN_IF_FAILED(write_results(&one_run, error));
    RETURN_IF_FAILED(write_results(&one_run, error));
    return write_results(&two_runs, error);
}

/* Standard output is discarded meanwhile. */
static status read_results(error_info *error) {
    const char *path = temporary_directory_file(&directory, "r.h5");
    char difference[256];
    bool equal;
    results_damage damage;
    digest128 digest;
    RETURN_IF_FAILED(results_compare(path, path, &equal, difference, sizeof difference, error));
    RETURN_IF_FAILED(results_check_cells(path, &damage, error));
    assert_int_equal(damage.damaged, 0);
    RETURN_IF_FAILED(results_content_digest(path, &digest, error));
    fflush(stdout);
    const int out = dup(STDOUT_FILENO);
    assert_non_null(freopen("/dev/null", "w", stdout));
    const status_view view = {.most_rows = 40, .most_ranks = 20};
    size_t pending;
    status result = status_print_summary(path, &view, &pending, error);
    fflush(stdout);
    dup2(out, STDOUT_FILENO);
    close(out);
    return result;
}

/* What the file keeps of its job, and a cell of it that was trained again. */
static status restore_job(error_info *error) {
    char *settings;
    job *again = NULL;
    RETURN_IF_FAILED(job_list_settings(two_runs.job, &settings, error));
    const status result = job_restore(&again, job_path, two_runs.job->text, settings, NULL, 0, error);
    if (result == STATUS_OK)
        assert_string_equal(again->canonical, two_runs.job->canonical);
    job_destroy(&again);
    free(settings);
    return result;
}

static status recheck(results_reader *reader, error_info *error) {
    static const float values[100];
    const cell_record record = {
        .status = CELL_DONE, .value_count = two_runs.records.value_count, .values = values};
    results_recheck *c;
    recheck_answer answer;
    RETURN_IF_FAILED(results_recheck_open(&c, reader, &two_runs.records, 0, error));
    const status result = results_recheck_cell(c, &record, &answer, error);
    results_recheck_close(&c);
    return result;
}

static status recheck_a_cell(error_info *error) {
    results_reader *reader;
    RETURN_IF_FAILED(results_reader_open(&reader, temporary_directory_file(&directory, "r.h5"), error));
    const status result = recheck(reader, error);
    results_reader_close(&reader);
    return result;
}

/* Into a new file, then into that. */
static status merge_results(error_info *error) {
    static merge_report report;
    char input[PATH_MAX];
    char *const inputs[] = {input, input};
    snprintf(input, sizeof input, "%s", temporary_directory_file(&directory, "r.h5"));
    const char *path = temporary_directory_file(&directory, "m.h5");
    unlink(path);
    RETURN_IF_FAILED(results_merge(path, inputs, 2, &report, error));
    return results_merge(path, inputs, 1, &report, error);
}

static void cell_spec(void *context, size_t cell, training_spec *spec) {
    job_cell_spec(context, cell, spec);
}

static size_t failed_cells;

static status store(void *context, const cell_record *record, error_info *error) {
    (void)context, (void)error;
    failed_cells += record->status == CELL_FAILED;
    return STATUS_OK;
}

static status tick(void *context, const coordinator *c, error_info *error) {
    (void)context, (void)c, (void)error;
    return STATUS_OK;
}

static void recall(void *context, cell_checkpoint *checkpoint) {
    (void)context, (void)checkpoint;
}

/* The sweep of a job over the local transport, with one worker. A cell that finds no memory stays pending. */
static status sweep_locally(error_info *error) {
    static const hello_message hello = {.program = "p", .kernels = "k", .host = "here"};
    static const atomic_bool stop;
    const worker_setup worker = {.hello = hello,
                                 .grid = &one_run.job->grid,
                                 .data = &one_run.data.data,
                                 .seed = 1,
                                 .records = &one_run.records,
                                 .cell_spec = cell_spec,
                                 .context = one_run.job,
                                 .stop = &stop};
    const sweep_setup setup = {.coordinator = {.cells = grid_cells(&one_run.job->grid), .workers = 1},
                               .hello = hello,
                               .value_count = one_run.records.value_count,
                               .stop = &stop,
                               .store = store,
                               .recall = recall,
                               .tick = tick};
    local_hub *hub = NULL;
    coordinator_counts counts;
    failed_cells = 0;
    RETURN_IF_FAILED(local_hub_create(&hub, 1, error));
    status result = sweep_run(local_hub_endpoint(hub, TRANSPORT_COORDINATOR), &setup,
                              local_hub_endpoint(hub, 0), &worker, &counts, error);
    local_hub_destroy(&hub);
    assert_int_equal(failed_cells, 0);
    if (result == STATUS_OK && counts.no_memory > 0)
        return error_set(error, STATUS_INTERNAL, "a cell stays pending for want of memory");
    return result;
}

/* ---- Tests ------------------------------------------------------------------------------------- */

static int make_files(void **state) {
    (void)state;
    static const uint8_t images[] = {0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1, 7, 8},
                         labels[] = {0, 0, 8, 1, 0, 0, 0, 2, 1, 0};
    static float start[16 * 3 * 10 + 10];
    directory = temporary_directory_make();
    log_set_quiet(true);
    mkdir(temporary_directory_file(&directory, "mnist"), 0700);
    for (int test = 0; test < 2; test++) {
        temporary_directory_write(&directory,
                                  test ? "mnist/t10k-images-idx3-ubyte" : "mnist/train-images-idx3-ubyte",
                                  images, sizeof images);
        temporary_directory_write(&directory,
                                  test ? "mnist/t10k-labels-idx1-ubyte" : "mnist/train-labels-idx1-ubyte",
                                  labels, sizeof labels);
    }
    write_npy(&directory, "x.npy", "<f4", "2, 3", start, 2 * 3 * sizeof(float));
    write_npy(&directory, "y.npy", "|u1", "2", labels + 8, 2);
    write_npy(&directory, "start.npy", "<f4", "490", start, sizeof start);
    write_hdf5(temporary_directory_file(&directory, "data.h5"), "/x", H5T_NATIVE_FLOAT, 2, (hsize_t[]){2, 3},
               start);
    write_hdf5(temporary_directory_file(&directory, "data.h5"), "/y", H5T_NATIVE_UINT8, 1, (hsize_t[]){2},
               labels + 8);
    strcpy(job_path, temporary_directory_write(&directory, "job.yaml", job_text, strlen(job_text)));
    assert_int_equal(load(&one_run, "sweep.run=1", NULL), STATUS_OK);
    assert_int_equal(load(&two_runs, "sweep.run=2", NULL), STATUS_OK);
    return 0;
}

static int remove_files(void **state) {
    (void)state;
    job_destroy(&one_run.job);
    job_destroy(&two_runs.job);
    temporary_directory_remove(&directory);
    return 0;
}

static void while_a_job_is_loaded(void **state) {
    (void)state;
    fail_every_allocation(load_job, 0);
    fail_every_allocation(load_drawn_job, 0);
}

static void while_data_sets_are_read(void **state) {
    (void)state;
    fail_every_allocation(read_datasets, 0);
}

/* Harmless: the lock file may stay behind, unlocked. */
static void while_results_are_written(void **state) {
    (void)state;
    fail_every_allocation(write_resume_and_grow, 6); /* leftovers that were not looked for stay */
}

/* Harmless: the same. */
static void while_results_are_merged(void **state) {
    (void)state;
    error_info error = {0};
    assert_int_equal(write_resume_and_grow(&error), STATUS_OK);
    fail_every_allocation(merge_results, 4);
}

static void while_a_cell_is_trained_again(void **state) {
    (void)state;
    error_info error = {0};
    assert_int_equal(write_resume_and_grow(&error), STATUS_OK);
    fail_every_allocation(restore_job, 0);
    fail_every_allocation(recheck_a_cell, 0);
}

static void while_results_are_read(void **state) {
    (void)state;
    error_info error = {0};
    assert_int_equal(write_resume_and_grow(&error), STATUS_OK);
    fail_every_allocation(read_results, 0);
}

/* Harmless: a STOP that could not be sent, either way, is sent again. */
static void while_cells_are_trained(void **state) {
    (void)state;
    error_info error = {0};
    void *memory = malloc(dataset_bytes(&one_run.data));
    const data_spec *spec = &one_run.job->data;
    assert_int_equal(dataset_read(spec, ".", 1, memory, &one_run.data, &error), STATUS_OK);
    fail_every_allocation(sweep_locally, 2);
    free(memory);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(while_a_job_is_loaded),     cmocka_unit_test(while_data_sets_are_read),
        cmocka_unit_test(while_results_are_written), cmocka_unit_test(while_results_are_read),
        cmocka_unit_test(while_results_are_merged),  cmocka_unit_test(while_a_cell_is_trained_again),
        cmocka_unit_test(while_cells_are_trained),
    };
    return cmocka_run_group_tests(tests, make_files, remove_files);
}
