#include "cli/run_summary.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "cli/best_cell.h"
#include "cli/status_means.h"
#include "cli/status_saved.h"
#include "cli/status_session.h"
#include "cli/terminal.h"
#include "io/results/reader.h"

enum { MOST_ROWS = 12 }; /* of the table: it must not push the rest off the screen */

/* ---- Reading back ------------------------------------------------------------------------------- */

static status offer_earlier(progress *p, results_reader *r, error_info *error) {
    best_cell best;
    RETURN_IF_FAILED(best_find(r, p->variable->name, p->setup.states, p->setup.selected, &best, error));
    if (best.known)
        progress_offer(p, best.cell, best.value);
    return STATUS_OK;
}

/* Without it the sweep goes the same way. */
void run_offer_earlier(progress *p) {
    results_reader *reader = NULL;
    error_info failure = {0};
    if (p->variable == NULL || p->state.tally[CELL_DONE] == 0 || p->setup.quiet)
        return;
    status result = results_reader_open(&reader, p->setup.results_path, &failure);
    if (result == STATUS_OK)
        result = offer_earlier(p, reader, &failure);
    if (result != STATUS_OK)
        log_warning("the best of the earlier cells is not shown: %s", failure.text);
    results_reader_close(&reader);
}

static status print_means(const progress *p, results_reader *r, error_info *error) {
    const means_view view = {
        .variable = p->variable->name, .most_rows = MOST_ROWS, .columns = terminal_output_columns()};
    void *states;
    double saved;
    RETURN_IF_FAILED(results_reader_states(r, &states, error));
    status result = status_read_saved(r, states, &saved, error);
    if (result == STATUS_OK)
        status_print_saved(saved);
    if (result == STATUS_OK)
        result = status_print_means(r, p->setup.results_path, states, &view, error);
    free(states);
    return result;
}

static void print_table(const progress *p) {
    results_reader *reader = NULL;
    error_info failure = {0};
    if (p->variable == NULL || p->state.tally[CELL_DONE] == 0)
        return;
    status result = results_reader_open(&reader, p->setup.results_path, &failure);
    if (result == STATUS_OK)
        result = print_means(p, reader, &failure);
    if (result != STATUS_OK)
        log_warning("the means are not shown: %s", failure.text);
    results_reader_close(&reader);
}

/* ---- Duration and ranks ------------------------------------------------------------------------- */

static void print_duration(const progress *p, size_t trained) {
    char text[TEXT_NUMBER_SIZE];
    text_duration(p->ended - p->started, text);
    printf("trained %zu cell%s in %s\n", trained, trained == 1 ? "" : "s", text);
    if (!p->state.stopping) /* else what was in training has not counted */
        status_print_busy(p->busy, p->setup.workers);
}

/* ---- The best, and what is next ----------------------------------------------------------------- */

static void print_best(const progress *p) {
    const progress_state *s = &p->state;
    const bool bold = terminal_output_has_colour();
    char value[TEXT_NUMBER_SIZE];
    if (isnan(s->best))
        return;
    text_value(s->best, s->percent, value);
    printf("best %s: %s%s%s%s at %s\n", s->variable, bold ? "\033[1m" : "", value,
           s->percent ? " percent" : "", bold ? "\033[0m" : "", s->best_cell);
}

/* As a word of a shell. */
static void print_word(const char *word) {
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,-./:=@_";
    if (word[strspn(word, plain)] == '\0') {
        fputs(word, stdout);
        return;
    }
    putchar('\'');
    for (; *word != '\0'; word++)
        fputs(*word == '\'' ? "'\\''" : (char[]){*word, '\0'}, stdout);
    putchar('\'');
}

static void print_advice(const progress *p) {
    static const char *const commands[] = {"next: mpisweep status ", "      analysis/report.py "};
    const int count = p->state.tally[CELL_DONE] > 0 ? 2 : 1; /* there is nothing to draw otherwise */
    for (int i = 0; i < count; i++) {
        fputs(commands[i], stdout);
        print_word(p->setup.results_path);
        putchar('\n');
    }
}

void run_print_summary(const progress *p, bool whole) {
    if (p->setup.quiet)
        return;
    if (p->trained > 0)
        print_duration(p, p->trained);
    print_best(p);
    if (whole) {
        print_table(p);
        print_advice(p);
    }
}
