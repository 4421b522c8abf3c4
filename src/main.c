/* The command line: picks the verb, prints the error, picks the exit code. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/build_info.h"
#include "cli/help.h"
#include "cli/verbs.h"

static bool is_any(const char *word, const char *a, const char *b, const char *c) {
    return word != NULL && (strcmp(word, a) == 0 || strcmp(word, b) == 0 || strcmp(word, c) == 0);
}

/* "--" ends our own options. */
static bool asks_for_help(int argc, char **argv) {
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (is_any(argv[i], "--help", "-h", "-?"))
            return true;
    return false;
}

static status dispatch(int argc, char **argv, error_info *error) {
    const char *word = argc > 1 ? argv[1] : NULL;
    if (is_any(word, "help", "--help", "-h"))
        return help_print_topic(stdout, argc > 2 && !is_any(argv[2], "help", "--help", "-h") ? argv[2] : NULL,
                                error);
    if (is_any(word, "version", "--version", "-V")) {
        puts(build_program);
        return STATUS_OK;
    }
    const cli_verb *v = cli_find_verb(word);
    if (v == NULL)
        return cli_no_such_verb(word, error);
    return asks_for_help(argc - 1, argv + 1) ? help_print_topic(stdout, word, error)
                                             : v->run(argc - 1, argv + 1, error);
}

/* A file opened while descriptor 0, 1 or 2 is closed gets that number, and messages are written into it.
 * Child processes inherit the descriptors. False when /dev/null cannot be opened; there is no way to report
 * that. */
static bool open_standard_descriptors(void) {
    for (int file = STDIN_FILENO; file <= STDERR_FILENO; file++)
        if (fcntl(file, F_GETFD) < 0 && errno == EBADF && open("/dev/null", O_RDWR) != file)
            return false;
    return true;
}

int main(int argc, char **argv) {
    error_info error = {0};
    if (!open_standard_descriptors())
        return status_exit_code(STATUS_INTERNAL);
    status result = dispatch(argc, argv, &error);
    if (fflush(stdout) != 0 && result == STATUS_OK)
        result = error_set(&error, STATUS_IO, "cannot write to standard output");
    if (result != STATUS_OK && error.text[0] != '\0')
        fprintf(stderr, "mpisweep: %s\n", error.text);
    if (result == STATUS_COMMAND && error.text[0] != '\0')
        help_print_usage(stderr, argc > 1 ? cli_find_verb(argv[1]) : NULL);
    return error.is_reported ? 0 : status_exit_code(result);
}
