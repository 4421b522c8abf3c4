/* The log: everything that is said to the user and is not a result goes to standard error through here. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

/* With quiet, log_note says nothing; warnings are always said. Call once, before any thread starts. */
void log_set_quiet(bool quiet);

/* One line to standard error; the newline is added. Written in one piece, so that lines of several ranks do
 * not mix. */
void log_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
