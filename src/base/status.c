#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A message is one line, and values that it quotes do not reach a terminal as control characters. */
static void blank_controls(char *text) {
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            *text = ' ';
}

status error_set(error_info *error, status code, const char *format, ...) {
    if (error != NULL) {
        error->code = code;
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(error->text, sizeof error->text, format, arguments);
        va_end(arguments);
        blank_controls(error->text);
    }
    return code;
}

status error_prefix(error_info *error, const char *format, ...) {
    if (error == NULL)
        return STATUS_INTERNAL;
    char message[2 * ERROR_TEXT_SIZE];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(message, ERROR_TEXT_SIZE, format, arguments);
    va_end(arguments);
    if (length < 0)
        length = 0;
    if (length >= ERROR_TEXT_SIZE)
        length = ERROR_TEXT_SIZE - 1;
    memcpy(message + length, error->text, strlen(error->text) + 1);
    memcpy(error->text, message, sizeof error->text - 1);
    error->text[sizeof error->text - 1] = '\0';
    blank_controls(error->text);
    return error->code;
}

status error_append(error_info *error, const char *text) {
    if (error == NULL)
        return STATUS_INTERNAL;
    const size_t length = strlen(error->text);
    snprintf(error->text + length, sizeof error->text - length, "%s", text);
    return error->code;
}

int status_exit_code(status code) {
    switch (code) {
#define X(name, exit_code, meaning)                                                                          \
    case name:                                                                                               \
        return exit_code;
        STATUS_CODES(X)
#undef X
    }
    return 70;
}
