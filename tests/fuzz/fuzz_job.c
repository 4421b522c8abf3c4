/* A job file; or, when the input begins with "--set ", a setting over a good one; or, with "--only ", a
 * selection of its cells. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "io/job/data.h"

static const char good[] = "job: good\n"
                           "data: {source: synthetic, height: 8, width: 8, train_count: 40, test_count: 20}\n"
                           "model: {layers: [conv: {filters: 4, kernel: 3}, relu, max_pool: 2, dense: 10]}\n"
                           "optimizer: {kind: sgd, lr: 0.1}\n"
                           "train: {epochs: 1, batch: 20}\n"
                           "record: {train_loss: {every: 1 step}}\n"
                           "sweep: {run: 2, lr: {set: optimizer.lr, values: [0.1, 0.2]}}\n";

enum { MOST_CELLS = 1 << 20 };

static status select_cells(const job *j, const char *selection, error_info *error) {
    const size_t cells = grid_cells(&j->grid);
    bool *selected = malloc(cells * sizeof *selected);
    if (selected == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory");
    status result = grid_select(&j->grid, &selection, 1, selected, error);
    free(selected);
    return result;
}

static status use_job(const job *j, const char *selection, error_info *error) {
    stored_dataset data;
    training_plan plan;
    record_layout layout;
    training_spec spec;
    RETURN_IF_FAILED(job_describe_data(j, "/nonexistent", &data, error));
    RETURN_IF_FAILED(job_check(j, &data.data, &plan, error));
    RETURN_IF_FAILED(job_layout(j, &data.data, &layout, error));
    job_cell_spec(j, grid_cells(&j->grid) - 1, &spec);
    if (selection != NULL && grid_cells(&j->grid) <= MOST_CELLS)
        return select_cells(j, selection, error);
    return STATUS_OK;
}

/* What follows the word that `text` begins with, else NULL. */
static const char *behind(const char *text, const char *word) {
    return strncmp(text, word, strlen(word)) == 0 ? text + strlen(word) : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size) {
    char *text = malloc(size + 1), path[PATH_MAX];
    if (text == NULL)
        return 0;
    memcpy(text, input, size);
    text[size] = '\0';
    const char *setting = behind(text, "--set "), *selection = behind(text, "--only ");
    if (setting != NULL || selection != NULL)
        fuzz_write("job.yaml", good, strlen(good));
    else
        fuzz_write("job.yaml", input, size);
    fuzz_path(path, "job.yaml");
    job *j;
    error_info error = {0};
    const bool is_setting = setting != NULL && strchr(setting, '=') != NULL;
    status result = job_load(&j, path, &setting, is_setting, &error);
    if (result == STATUS_OK)
        result = use_job(j, selection, &error);
    fuzz_check(result, &error);
    job_destroy(&j);
    free(text);
    return 0;
}
