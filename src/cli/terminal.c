#include "cli/terminal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { USUAL_COLUMNS = 80 };

/* 0: no terminal, or one that does not know. */
static int columns_of(int file) {
    struct winsize size = {0};
    return isatty(file) && ioctl(file, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

static bool is_dumb(void) {
    const char *kind = getenv("TERM");
    return kind != NULL && strcmp(kind, "dumb") == 0;
}

bool terminal_draws(int file) {
    return isatty(file) && !is_dumb();
}

int terminal_columns(int file) {
    const int columns = columns_of(file);
    return columns > 0 ? columns : USUAL_COLUMNS;
}

static bool colour_is_wanted(void) {
    const char *no = getenv("NO_COLOR");
    return (no == NULL || no[0] == '\0') && !is_dumb();
}

bool terminal_has_colour(int file) {
    return isatty(file) && colour_is_wanted();
}

/* mpirun gives ranks pseudo-terminals without a size: they are none. */
int terminal_output_columns(void) {
    const char *launch = getenv(LAUNCH_COLUMNS_VARIABLE);
    return launch != NULL ? atoi(launch) : columns_of(STDOUT_FILENO);
}

bool terminal_output_has_colour(void) {
    return terminal_output_columns() > 0 && colour_is_wanted();
}

/* Does a character of UTF-8 continue here? */
static bool is_inside(char c) {
    return ((unsigned char)c & 0xc0) == 0x80;
}

void terminal_print_line(const char *line, int columns) {
    static const char cut[] = "...";
    int length = (int)strlen(line);
    const bool fits = columns <= (int)sizeof cut || length < columns; /* a full row may wrap */
    if (!fits)
        length = columns - (int)sizeof cut;
    while (!fits && length > 0 && is_inside(line[length]))
        length--;
    printf("%.*s%s\n", length, line, fits ? "" : cut);
}
