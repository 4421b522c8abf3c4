/* The kinds of values that options take. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/options.h"

void cli_option_name(const cli_option *o, char name[CLI_NAME_SIZE]) {
    if (o->name != NULL)
        snprintf(name, CLI_NAME_SIZE, "--%s", o->name);
    else
        snprintf(name, CLI_NAME_SIZE, "-%c", o->letter);
}

status cli_refuse(const cli_option *o, const char *value, error_info *error, const char *expected, ...) {
    char name[CLI_NAME_SIZE], text[256];
    va_list arguments;
    va_start(arguments, expected);
    vsnprintf(text, sizeof text, expected, arguments);
    va_end(arguments);
    cli_option_name(o, name);
    return error_set(error, STATUS_COMMAND, "%s \"%s\": expected %s", name, value, text);
}

static status read_flag(const cli_option *o, const char *value, void *field, error_info *error) {
    (void)o, (void)value, (void)error;
    *(bool *)field = true;
    return STATUS_OK;
}

static status read_number(const cli_option *o, const char *value, void *field, error_info *error) {
    char *end;
    errno = 0;
    const long number = strtol(value, &end, 10);
    const bool is_number = end != value && *end == '\0' && errno == 0;
    if (o->maximum != 0 && (!is_number || number < o->minimum || number > o->maximum))
        return cli_refuse(o, value, error, "a whole number from %ld to %ld", o->minimum, o->maximum);
    if (!is_number || number < o->minimum)
        return cli_refuse(o, value, error, "a whole number of at least %ld", o->minimum);
    *(long *)field = number;
    return STATUS_OK;
}

static status read_list(const cli_option *o, const char *value, void *field, error_info *error) {
    cli_texts *list = field;
    if (list->count == CLI_MAX_REPEATS)
        return cli_refuse(o, value, error, "the option at most %d times", CLI_MAX_REPEATS);
    list->items[list->count++] = value;
    return STATUS_OK;
}

static status read_name(const cli_option *o, const char *value, const char *what, void *field,
                        error_info *error) {
    if (value[0] == '\0')
        return cli_refuse(o, value, error, "the name of a %s", what);
    *(const char **)field = value;
    return STATUS_OK;
}

static status read_file(const cli_option *o, const char *value, void *field, error_info *error) {
    return read_name(o, value, "file", field, error);
}

static status read_directory(const cli_option *o, const char *value, void *field, error_info *error) {
    return read_name(o, value, "directory", field, error);
}

const cli_kind cli_flag = {.read = read_flag};
const cli_kind cli_number = {.read = read_number};
const cli_kind cli_list = {.read = read_list, .repeats = true};
const cli_kind cli_file = {.read = read_file};
const cli_kind cli_directory = {.read = read_directory};

const char *cli_data_directory(const char *option) {
    const char *environment = getenv("MPISWEEP_DATA");
    if (option != NULL)
        return option;
    return environment != NULL && environment[0] != '\0' ? environment : "./data";
}
