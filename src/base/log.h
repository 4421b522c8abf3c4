/* The log: every message to the user that is not a result goes to standard error through here. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { LOG_BAR_SIZE = 1024 };

/* With quiet, log_note prints nothing; warnings are always printed. Call once, before any thread starts. */
void log_set_quiet(bool quiet);

/* One line to standard error; the newline is added. Written in one piece, so that lines of several ranks do
 * not mix. */
void log_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Keep `row` at the bottom of the terminal that is standard error, below all that the log prints from now on:
 * no newline, `length` columns of the `columns` that the terminal has now, shorter than LOG_BAR_SIZE. "" (0
 * columns) removes it. */
void log_set_bar(const char *row, int length, int columns);

/* Copy whole lines of somebody else (size) to `out`, above the bar. */
void log_pass(FILE *out, const char *lines, size_t size);

#endif
