#include "cli/progress_bar.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "cli/terminal.h"
#include "cli/time_left.h"

enum {
    BAR_LEAST = 10,
    BAR_MOST = 40,
    BAR_FRAME = 3 /* "[" and "] " */,
    ROOM_FOR_BAR = 50,
    PART_SIZE = 256,
    WIDEST = 240,
    MARGIN = 3
};

#define GREEN "\033[32m"
#define RED "\033[31m"
#define PLAIN "\033[0m"

static uint64_t finished(const progress_state *s) {
    return s->total - s->tally[CELL_PENDING];
}

/* ---- Parts -------------------------------------------------------------------------------------- */

/* "1 diverged, 2 failed"; "": none. */
static void describe_failures(const progress_state *s, char text[PART_SIZE]) {
    int used = 0;
    text[0] = '\0';
    for (int i = CELL_DONE + 1; i < CELL_LEFT_OUT; i++)
        if (s->tally[i] > 0)
            used += snprintf(text + used, PART_SIZE - (size_t)used, "%s%llu %s", used > 0 ? ", " : "",
                             (unsigned long long)s->tally[i], cell_status_label((cell_status)i));
}

/* In the unit that needs the fewest digits. */
static void describe_rate(const progress_state *s, char text[PART_SIZE]) {
    text[0] = '\0';
    if (s->rate >= 1)
        snprintf(text, PART_SIZE, "%.*f cells/s", s->rate < 10 ? 1 : 0, s->rate);
    else if (60 * s->rate >= 1)
        snprintf(text, PART_SIZE, "%.*f cells/min", 60 * s->rate < 10 ? 1 : 0, 60 * s->rate);
    else if (s->rate > 0)
        snprintf(text, PART_SIZE, "%.2g cells/h", 3600 * s->rate);
}

/* Before the first cell is done, for how long the first ones have been trained. */
static void describe_time(const progress_state *s, char text[PART_SIZE]) {
    char span[TEXT_NUMBER_SIZE];
    text[0] = '\0';
    if (s->tally[CELL_PENDING] == 0)
        return;
    if (s->stopping)
        snprintf(text, PART_SIZE, "stopping");
    else if (!isnan(s->left_low)) {
        time_left_text(s->left_low, s->left_high, span);
        snprintf(text, PART_SIZE, "%s left", span);
    } else if (s->running > 0) {
        text_duration(floor(s->elapsed), span);
        snprintf(text, PART_SIZE, "%s so far", span);
    }
}

static void describe_best(const progress_state *s, bool named, char text[PART_SIZE]) {
    char value[TEXT_NUMBER_SIZE];
    text[0] = '\0';
    if (isnan(s->best))
        return;
    text_value(s->best, s->percent, value);
    snprintf(text, PART_SIZE, "best %s%s%s%s", named ? s->variable : "", named ? " " : "", value,
             s->percent ? " %" : "");
}

/* ---- A line ------------------------------------------------------------------------------------- */

static void append(char *text, size_t size, const char *separator, const char *part) {
    const size_t used = strlen(text);
    if (part[0] != '\0')
        snprintf(text + used, size - used, "%s%s", separator, part);
}

void progress_line(const progress_state *s, char line[PROGRESS_LINE_SIZE]) {
    char part[PART_SIZE];
    snprintf(line, PROGRESS_LINE_SIZE, "%llu of %llu cells", (unsigned long long)finished(s),
             (unsigned long long)s->total);
    describe_failures(s, part);
    append(line, PROGRESS_LINE_SIZE, ", ", part);
    describe_rate(s, part);
    append(line, PROGRESS_LINE_SIZE, ", ", part);
    describe_time(s, part);
    append(line, PROGRESS_LINE_SIZE, ", ", part);
    describe_best(s, true, part);
    append(line, PROGRESS_LINE_SIZE, ", ", part);
}

/* ---- A row -------------------------------------------------------------------------------------- */

/* What is on a row, and how many of its columns that takes: colours take none. */
typedef struct row_text {
    char *text; /* (PROGRESS_LINE_SIZE) */
    size_t used;
    int columns, limit;
    bool colour;
} row_text;

static void put(row_text *r, const char *colour, const char *part) {
    const bool coloured = r->colour && colour != NULL;
    const int n = snprintf(r->text + r->used, PROGRESS_LINE_SIZE - r->used, "%s%s%s", coloured ? colour : "",
                           part, coloured ? PLAIN : "");
    r->used += (size_t)n;
    r->columns += (int)strlen(part);
}

/* False: there is no room for it. */
static bool put_next(row_text *r, const char *colour, const char *part) {
    const char *separator = "  ";
    if (part[0] == '\0')
        return true;
    if (r->columns + (int)(strlen(separator) + strlen(part)) > r->limit)
        return false;
    put(r, NULL, separator);
    put(r, colour, part);
    return true;
}

static void put_best(row_text *r, const progress_state *s) {
    char part[PART_SIZE], whole[PART_SIZE + sizeof " at " + PROGRESS_CELL_SIZE] = "";
    describe_best(s, true, part);
    if (part[0] != '\0')
        snprintf(whole, sizeof whole, "%s at %s", part, s->best_cell);
    if (put_next(r, NULL, whole) || put_next(r, NULL, part))
        return;
    describe_best(s, false, part);
    put_next(r, NULL, part);
}

/* Without the bar, in the order of what must stay. */
static void put_parts(row_text *r, const progress_state *s) {
    char part[PART_SIZE];
    snprintf(part, sizeof part, "%llu of %llu", (unsigned long long)finished(s),
             (unsigned long long)s->total);
    if ((int)strlen(part) > r->limit)
        return;
    put(r, NULL, part);
    describe_failures(s, part);
    put_next(r, RED, part);
    describe_time(s, part);
    put_next(r, NULL, part);
    describe_rate(s, part);
    put_next(r, NULL, part);
    put_best(r, s);
}

static void put_bar(row_text *r, const progress_state *s, int width) {
    char bar[BAR_MOST + 1];
    const int filled = (int)(width * finished(s) / s->total);
    put(r, NULL, "[");
    memset(bar, '#', (size_t)filled);
    bar[filled] = '\0';
    put(r, GREEN, bar);
    memset(bar, '.', (size_t)(width - filled));
    bar[width - filled] = '\0';
    put(r, NULL, bar);
    put(r, NULL, "] ");
}

int progress_row(const progress_state *s, int columns, bool colour, char row[PROGRESS_LINE_SIZE]) {
    char parts[PROGRESS_LINE_SIZE] = "";
    const int most = (columns < WIDEST ? columns : WIDEST) - MARGIN;
    const int reserved = columns >= ROOM_FOR_BAR ? BAR_LEAST + BAR_FRAME : 0;
    row_text text = {.text = parts, .limit = most - reserved, .colour = colour};
    put_parts(&text, s);
    row_text whole = {.text = row, .limit = most, .colour = colour};
    row[0] = '\0';
    const int width = most - text.columns - BAR_FRAME;
    if (reserved > 0)
        put_bar(&whole, s, width < BAR_MOST ? width : BAR_MOST);
    snprintf(row + whole.used, PROGRESS_LINE_SIZE - whole.used, "%s", parts);
    return whole.columns + text.columns;
}

/* ---- On the terminal ---------------------------------------------------------------------------- */

void progress_draw(const progress_state *s) {
    char row[PROGRESS_LINE_SIZE];
    const int columns = terminal_columns(STDERR_FILENO);
    const int length = progress_row(s, columns, terminal_has_colour(STDERR_FILENO), row);
    log_set_bar(row, length, columns);
}

void progress_say(const char *text) {
    const int columns = terminal_columns(STDERR_FILENO), length = (int)strlen(text);
    if (terminal_draws(STDERR_FILENO) && length < columns)
        log_set_bar(text, length, columns);
}

void progress_clear(void) {
    log_set_bar("", 0, terminal_columns(STDERR_FILENO));
}
