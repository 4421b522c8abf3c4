#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

static bool quiet_log;

void log_set_quiet(bool quiet) {
    quiet_log = quiet;
}

static void write_line(const char *prefix, const char *format, va_list arguments) {
    char line[2048];
    int used = snprintf(line, sizeof line, "%s", prefix);
    vsnprintf(line + used, sizeof line - (size_t)used, format, arguments);
    fprintf(stderr, "%s\n", line);
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
