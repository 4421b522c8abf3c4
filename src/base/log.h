/* The log: every message to the user that is not a result goes to standard error through here. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

/* With quiet, log_note prints nothing; warnings are always printed. Call once, before any thread starts. */
void log_set_quiet(bool quiet);

/* One line to standard error; the newline is added. Written in one piece, so that lines of several ranks do
 * not mix. */
void log_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
