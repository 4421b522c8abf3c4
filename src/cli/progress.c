#include "cli/progress.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "grid/cell.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { BAR_WIDTH = 24, LINE_SIZE = 256 };
static const double BAR_INTERVAL = 0.2, LINE_INTERVAL = 60; /* seconds */

static bool is_accuracy(const record_variable *v) {
    return v != NULL && record_is_accuracy(v->quantity);
}

/* The first accuracy with one number per cell, else the first with one number per cell; NULL. */
static const record_variable *choose_variable(const record_layout *layout) {
    const record_variable *chosen = NULL;
    for (int i = layout->variable_count - 1; i >= 0; i--) {
        const record_variable *v = &layout->variables[i];
        if (v->rank == 0 && (is_accuracy(v) || !is_accuracy(chosen)))
            chosen = v;
    }
    return chosen;
}

void progress_start(progress *p, const record_layout *layout, bool quiet) {
    *p = (progress){.quiet = quiet, .terminal = isatty(STDERR_FILENO), .started = clock_seconds()};
    p->last_shown = p->started;
    p->variable = choose_variable(layout);
}

void progress_add(progress *p, const cell_record *record) {
    p->tally[record->status]++;
    if (p->variable == NULL || record->status != CELL_DONE)
        return;
    float final = record_final(p->variable, record->values);
    if (!isfinite(final))
        return;
    p->sum += final;
    p->count++;
}

/* "12 of 50 cells, 1 diverged, 3.4 cells/min, 11 min left, mean test_accuracy 45.3 percent" */
static void describe(const progress *p, const coordinator_counts *counts, char line[LINE_SIZE]) {
    double elapsed = clock_seconds() - p->started;
    int used = snprintf(line, LINE_SIZE, "%zu of %zu cells", counts->finished, counts->total);
    for (int i = CELL_DONE + 1; i < CELL_STATUS_COUNT; i++)
        if (p->tally[i] > 0)
            used += snprintf(line + used, LINE_SIZE - (size_t)used, ", %zu %s", p->tally[i],
                             cell_status_label((cell_status)i));
    if (counts->finished > 0) {
        double rate = (double)counts->finished / elapsed;
        char left[TEXT_NUMBER_SIZE];
        text_duration((double)(counts->total - counts->finished) / rate, left);
        used += snprintf(line + used, LINE_SIZE - (size_t)used, ", %.3g cells/min, %s left", 60 * rate, left);
    }
    if (p->count > 0) {
        char mean[TEXT_NUMBER_SIZE];
        text_value(p->sum / (double)p->count, is_accuracy(p->variable), mean);
        snprintf(line + used, LINE_SIZE - (size_t)used, ", mean %s %s%s", p->variable->name, mean,
                 is_accuracy(p->variable) ? " percent" : "");
    }
}

static void draw(const coordinator_counts *counts, const char *line) {
    int filled = counts->total > 0 ? (int)(BAR_WIDTH * counts->finished / counts->total) : BAR_WIDTH;
    char bar[BAR_WIDTH + 1];
    memset(bar, '.', BAR_WIDTH);
    memset(bar, '#', (size_t)filled);
    bar[BAR_WIDTH] = '\0';
    fprintf(stderr, "\r\033[K[%s] %s", bar, line);
    fflush(stderr);
}

void progress_show(progress *p, const coordinator_counts *counts) {
    double now = clock_seconds();
    if (p->quiet || now - p->last_shown < (p->terminal ? BAR_INTERVAL : LINE_INTERVAL))
        return;
    p->last_shown = now;
    char line[LINE_SIZE];
    describe(p, counts, line);
    if (p->terminal)
        draw(counts, line);
    else
        log_note("%s", line);
}

void progress_finish(progress *p, const coordinator_counts *counts) {
    if (!counts->stopping) {
        p->last_shown = -INFINITY;
        progress_show(p, counts);
    }
    if (p->terminal && !p->quiet)
        fputc('\n', stderr);
}
