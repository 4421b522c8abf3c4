#include "base/log.h"

#include <stdarg.h>

#define CLEAR_ROW "\r\033[K" /* of the terminal, from its first column on */

static bool quiet_log;
/* As it is on the terminal, under the lock of stderr; "": none. */
static char bar[LOG_BAR_SIZE];
static int bar_length; /* in columns */

void log_set_quiet(bool quiet) {
    quiet_log = quiet;
}

static const char *clear_bar(void) {
    return bar[0] != '\0' ? CLEAR_ROW : "";
}

static void write_line(const char *prefix, const char *format, va_list arguments) {
    char line[2048];
    int used = snprintf(line, sizeof line, "%s", prefix);
    vsnprintf(line + used, sizeof line - (size_t)used, format, arguments);
    flockfile(stderr);
    fprintf(stderr, "%s%s\n%s", clear_bar(), line, bar);
    funlockfile(stderr);
}

void log_note(const char *format, ...) {
    if (quiet_log)
        return;
    va_list arguments;
    va_start(arguments, format);
    write_line("mpisweep: ", format, arguments);
    va_end(arguments);
}

void log_warning(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    write_line("mpisweep: warning: ", format, arguments);
    va_end(arguments);
}

/* Most terminals wrap the rows that they show when they become narrower. */
void log_set_bar(const char *row, int length, int columns) {
    flockfile(stderr);
    if (bar_length > columns)
        fprintf(stderr, "\r\033[%dA\033[J%s", (bar_length - 1) / columns, row);
    else
        fprintf(stderr, "%s%s", clear_bar(), row);
    snprintf(bar, sizeof bar, "%s", row);
    bar_length = length;
    funlockfile(stderr);
}

void log_pass(FILE *out, const char *lines, size_t size) {
    flockfile(stderr);
    fputs(clear_bar(), stderr);
    fwrite(lines, 1, size, out);
    fflush(out);
    fputs(bar, stderr);
    funlockfile(stderr);
}
