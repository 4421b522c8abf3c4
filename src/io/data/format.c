/* What all formats of data sets use. */
#include "io/data/format.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

status data_path(char path[PATH_MAX], const char *directory, const char *name, error_info *error) {
    int length = snprintf(path, PATH_MAX, "%s/%s", directory, name);
    if (length < 0 || length >= PATH_MAX)
        return error_set(error, STATUS_USAGE, "%.100s…: the data directory's name is too long", directory);
    return STATUS_OK;
}

status data_missing(const char *path, const char *what, error_info *error) {
    return error_set(
        error, STATUS_IO,
        "%s: %s; %s is expected there; --data DIR or $MPISWEEP_DATA names the directory of the data sets, "
        "mpisweep-data downloads them",
        path, strerror(errno), what);
}

status data_named(const data_request *request, const char *path, status outcome, error_info *error) {
    if (outcome != STATUS_IO || access(path, F_OK) == 0 || errno != ENOENT)
        return outcome;
    char text[ERROR_TEXT_SIZE];
    snprintf(text, sizeof text, "; %s names it, and relative paths begin at the directory of that file",
             request->spec->job_path);
    return error_append(error, text);
}

const data_files *data_files_of(const data_request *request) {
    const data_spec *spec = request->spec;
    return request->part == PART_TRAIN  ? &spec->train
           : request->part == PART_TEST ? &spec->test
                                        : &spec->validation;
}

status data_refuse(const data_request *request, size_t field, error_info *error, const char *format, ...) {
    char text[ERROR_TEXT_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    *request->faulty_field = field;
    return error_set(error, STATUS_USAGE, "%s", text);
}
