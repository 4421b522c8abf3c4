/* Does a results file belong to the job at hand? */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/results_internal.h"

/* The differing keys on one line, separated by "; ". NULL when memory is out; the caller frees it. */
static char *list_differences(const char *in_file, const char *in_job) {
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    if (stream == NULL)
        return NULL;
    job_print_differences(stream, in_file, in_job);
    if (fclose(stream) != 0) {
        free(text);
        return NULL;
    }
    while (size > 0 && text[size - 1] == '\n')
        text[--size] = '\0';
    for (char *end = strchr(text, '\n'); end != NULL; end = strchr(end, '\n'))
        *end = ';';
    return text;
}

static status other_job(const char *path, const char *in_file, const char *in_job, error_info *error) {
    char *differences = list_differences(in_file, in_job);
    error_set(
        error, STATUS_USAGE,
        "%s: holds the results of another job; name another file with -o, or undo these changes (file → "
        "job): %s",
        path, differences != NULL ? differences : "not listed, out of memory");
    free(differences);
    return STATUS_USAGE;
}

status results_check_job(results_reader *reader, const char *path, const job *j, const char *kernels,
                         error_info *error) {
    char *canonical = NULL, *made_with = NULL;
    status result = results_reader_attribute(reader, "job_canonical", &canonical, error);
    if (result == STATUS_OK)
        result = results_reader_attribute(reader, "kernels", &made_with, error);
    if (result == STATUS_OK && strcmp(canonical, j->canonical) != 0)
        result = other_job(path, canonical, j->canonical, error);
    if (result == STATUS_OK && strcmp(made_with, kernels) != 0)
        result =
            error_set(error, STATUS_USAGE,
                      "%s: was made with the kernel set %s, and this run uses %s, which rounds differently; "
                      "set MPISWEEP_KERNELS=%s, or name another file with -o",
                      path, made_with, kernels, made_with);
    free(canonical);
    free(made_with);
    return result;
}
