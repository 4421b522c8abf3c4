#include "io/results/merge_input.h"

#include <stdlib.h>
#include <string.h>

#include "io/results/check.h"
#include "io/results/file_layout.h"
#include "io/results/lock.h"
#include "io/results/settings.h"

static bool same_array(const results_array *a, const results_array *b) {
    return strcmp(a->name, b->name) == 0 && a->type == b->type && a->row_bytes == b->row_bytes;
}

/* Files of one job and the same data record the same, unless the programs that made them differ. */
static status check_arrays(const merge_input *in, const merge_input *model, error_info *error) {
    bool same = in->layout->array_count == model->layout->array_count;
    for (int i = 0; same && i < in->layout->array_count; i++)
        same = same_array(&in->layout->arrays[i], &model->layout->arrays[i]);
    return same ? STATUS_OK
                : error_set(error, STATUS_USAGE, "%s: does not have the data sets of %s", in->path,
                            model->path);
}

static status check(merge_input *in, const merge_input *model, error_info *error) {
    RETURN_IF_FAILED(results_check_same_job(in->reader, model->reader, error));
    RETURN_IF_FAILED(results_check_same_settings(in->reader, model->reader, error));
    return check_arrays(in, model, error);
}

static status open_file(merge_input *in, error_info *error) {
    RETURN_IF_FAILED(results_reader_open(&in->reader, in->path, error));
    RETURN_IF_FAILED(results_reader_check_writable(in->reader, error));
    in->file = results_reader_descriptor(in->reader);
    if (in->file < 0)
        return error_set(error, STATUS_IO, "%s: cannot be read raw", in->path);
    RETURN_IF_FAILED(results_share(in->file, in->path, error));
    in->layout = malloc(sizeof *in->layout);
    if (in->layout == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory");
    return results_file_layout(in->reader, in->layout, error);
}

status merge_input_open(merge_input *in, const char *path, int number, const merge_input *model,
                        error_info *error) {
    *in = (merge_input){.path = path, .number = number};
    status result = open_file(in, error);
    if (result == STATUS_OK && model != NULL)
        result = check(in, model, error);
    if (result != STATUS_OK)
        merge_input_close(in);
    return result;
}

void merge_input_close(merge_input *in) {
    results_reader_close(&in->reader);
    free(in->layout);
    in->layout = NULL;
}
