/* Status codes and error messages: how every function of mpisweep reports failure.
 *
 * A function that can fail returns a `status` (STATUS_OK is zero) and takes an `error_info *` as its last
 * argument, in which it says what went wrong, where, with which value, and what would be accepted.
 * No function but main ends the program or prints an error. */
#ifndef BASE_STATUS_H
#define BASE_STATUS_H

#include <stdbool.h>

/* X(name, exit code, meaning). The exit codes are part of the command line's contract (docs/architecture.md).
 */
#define STATUS_CODES(X)                                                                                      \
    X(STATUS_OK, 0, "success")                                                                               \
    X(STATUS_INCOMPLETE, 1,                                                                                  \
      "finished, but some cells failed, diverged or timed out; two files differ; a kernel is slow")          \
    X(STATUS_COMMAND, 2, "bad command line")                                                                 \
    X(STATUS_USAGE, 2, "bad job file, or a request that the job or a results file does not allow")           \
    X(STATUS_IO, 3, "a file could not be read or written")                                                   \
    X(STATUS_STOPPED, 75, "stopped cleanly; run the same command again to resume")                           \
    X(STATUS_INTERNAL, 70, "out of memory, an MPI failure or a defect of the program")

typedef enum status {
#define X(name, exit_code, meaning) name,
    STATUS_CODES(X)
#undef X
} status;

enum { ERROR_TEXT_SIZE = 1024 };

typedef struct error_info {
    status code;
    char text[ERROR_TEXT_SIZE]; /* one line, no trailing newline; "" while nothing went wrong */
    bool is_reported;           /* whoever started this process knows its status: it exits with 0 */
} error_info;

/* Store `code` and the formatted text in `error` and return `code`, so that callers can write
 * `return error_set(error, STATUS_IO, ...)`. `error` may be NULL. */
status error_set(error_info *error, status code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Put the formatted text in front of a message that is already there ("FILE: " + what the callee said). */
status error_prefix(error_info *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Append the text to a message that is already there. */
status error_append(error_info *error, const char *text);

/* The process exit code for a status. */
int status_exit_code(status code);

/* Return from the calling function when `call` fails. For use before the first acquisition only;
 * after it, use one exit with clean-up. */
#define RETURN_IF_FAILED(call)                                                                               \
    do {                                                                                                     \
        status return_if_failed_ = (call);                                                                   \
        if (return_if_failed_ != STATUS_OK)                                                                  \
            return return_if_failed_;                                                                        \
    } while (0)

#endif
