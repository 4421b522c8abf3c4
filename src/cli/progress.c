#include "cli/progress.h"
#include "base/clock.h"
#include "base/log.h"
#include "cli/launch_report.h"
#include "cli/terminal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Seconds: not for every cell, there may be thousands a second. */
static const double ROW_INTERVAL = 0.2, LINE_INTERVAL = 60, REPORT_INTERVAL = 0.5;

static bool is_accuracy(const record_variable *v) {
    return v != NULL && record_is_accuracy(v->quantity);
}

const record_variable *progress_choose_variable(const record_layout *layout) {
    const record_variable *chosen = NULL;
    for (int i = layout->variable_count - 1; i >= 0; i--) {
        const record_variable *v = &layout->variables[i];
        if (v->rank == 0 && (is_accuracy(v) || !is_accuracy(chosen)))
            chosen = v;
    }
    return chosen;
}

/* ---- What there is to show ---------------------------------------------------------------------- */

static enum progress_way choose_way(const progress_setup *setup) {
    if (setup->quiet)
        return PROGRESS_NOWHERE;
    if (setup->report >= 0 && getenv(LAUNCH_BAR_VARIABLE) != NULL)
        return PROGRESS_LAUNCH;
    return terminal_draws(STDERR_FILENO) ? PROGRESS_ROW : PROGRESS_LINES;
}

/* Costs are as the coordinator counts them: never nothing. */
static double cost_of(const progress *p, size_t cell) {
    return p->setup.costs[cell] + 1;
}

static void count_cells(progress *p) {
    const progress_setup *setup = &p->setup;
    for (size_t cell = 0; cell < grid_cells(setup->grid); cell++) {
        if (!setup->selected[cell])
            continue;
        p->state.total++;
        p->state.tally[setup->states[cell]]++;
        p->cost += setup->left_out[cell] ? 0 : cost_of(p, cell);
    }
}

/* "tiny: 24 cells on 2 ranks into tiny.h5, 10 of them finished before" */
static void announce(const progress *p) {
    const uint64_t before = p->state.total - p->state.tally[CELL_PENDING];
    char done[64] = "";
    if (before > 0)
        snprintf(done, sizeof done, ", %llu of them finished before", (unsigned long long)before);
    log_note("%s: %llu cells on %d rank%s into %s%s", p->setup.job, (unsigned long long)p->state.total,
             p->setup.workers, p->setup.workers == 1 ? "" : "s", p->setup.results_path, done);
}

status progress_start(progress *p, const progress_setup *setup, error_info *error) {
    *p = (progress){.setup = *setup, .started = clock_seconds(), .way = choose_way(setup)};
    p->next_shown = p->way == PROGRESS_LINES ? p->started + LINE_INTERVAL : 0;
    p->state.best = NAN;
    p->variable = progress_choose_variable(setup->layout);
    if (p->variable != NULL)
        snprintf(p->state.variable, sizeof p->state.variable, "%s", p->variable->name);
    p->state.percent = is_accuracy(p->variable);
    count_cells(p);
    p->busy = calloc((size_t)setup->workers, sizeof *p->busy);
    if (p->busy == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory for %d workers", setup->workers);
    announce(p);
    return STATUS_OK;
}

void progress_offer(progress *p, size_t cell, double value) {
    progress_state *s = &p->state;
    const bool highest = p->variable != NULL && record_is_best_high(p->variable->quantity);
    if (!isfinite(value) || (highest ? value <= s->best : value >= s->best))
        return;
    s->best = value;
    grid_cell_text(p->setup.grid, cell, s->best_cell, sizeof s->best_cell);
}

/* Those of a cell that was resumed include the time before its checkpoint, which was not this session's. */
static double seconds_of(const progress *p, const cell_record *record) {
    return fmin(record->seconds, clock_seconds() - p->started);
}

void progress_add(progress *p, const cell_record *record) {
    p->state.tally[CELL_PENDING]--;
    p->state.tally[record->status]++;
    p->cost -= cost_of(p, record->cell);
    time_left_add(&p->time, record->seconds, cost_of(p, record->cell));
    if (record->rank >= 0 && record->rank < p->setup.workers && record->seconds > 0)
        p->busy[record->rank] += seconds_of(p, record);
    if (p->variable != NULL && record->status == CELL_DONE)
        progress_offer(p, record->cell, record_final(p->variable, record->values));
}

/* ---- Estimates ---------------------------------------------------------------------------------- */

/* What a worker has behind it of the cells that it trains, by the pace of those that are done. */
static void add_work(const coordinator_work *work, double pace, double now, work_left *left) {
    const double ran = now - work->since;
    if (work->count == 0)
        return;
    left->credit += fmin(ran / pace, work->cost);
    left->longest = fmax(left->longest, work->cost * pace - ran);
}

static void estimate(progress *p, const coordinator *c) {
    progress_state *s = &p->state;
    const coordinator_counts counts = coordinator_count(c);
    const double now = clock_seconds(), pace = time_left_pace(&p->time);
    work_left left = {.elapsed = now - p->started, .cost = p->cost, .count = counts.total - counts.finished};
    for (int worker = 0; counts.finished > 0 && worker < p->setup.workers; worker++) {
        const coordinator_work work = coordinator_work_of(c, worker);
        add_work(&work, pace, now, &left);
    }
    s->running = counts.in_flight;
    s->stopping = counts.stopping;
    s->elapsed = left.elapsed;
    s->rate = counts.finished > 0 ? (double)counts.finished / left.elapsed : 0;
    time_left_estimate(&p->time, &left, &s->left_low, &s->left_high);
}

/* ---- Showing ------------------------------------------------------------------------------------ */

static void write_line(const progress *p) {
    char line[PROGRESS_LINE_SIZE];
    progress_line(&p->state, line);
    log_note("%s", line);
}

/* For people, where this process shows them something. */
static void show(progress *p, const coordinator *c, double now) {
    if (now < p->next_shown)
        return;
    p->next_shown = now + (p->way == PROGRESS_ROW ? ROW_INTERVAL : LINE_INTERVAL);
    estimate(p, c);
    if (p->way == PROGRESS_ROW)
        progress_draw(&p->state);
    else
        write_line(p);
}

/* For launch, which counts on it and may show it. */
static void report(progress *p, const coordinator *c, double now) {
    const bool shows = p->way == PROGRESS_LAUNCH;
    const uint64_t advance = p->setup.advance + 2 * coordinator_count(c).finished;
    if (now < p->next_report)
        return;
    p->next_report = now + (shows ? ROW_INTERVAL : REPORT_INTERVAL);
    if (shows)
        estimate(p, c);
    launch_report_progress(p->setup.report, advance, shows ? &p->state : NULL);
}

void progress_show(progress *p, const coordinator *c) {
    const double now = clock_seconds();
    if (p->setup.report >= 0)
        report(p, c, now);
    if (p->way == PROGRESS_ROW || p->way == PROGRESS_LINES)
        show(p, c, now);
}

void progress_finish(progress *p, const coordinator_counts *counts) {
    p->ended = clock_seconds();
    const double seconds = p->ended - p->started;
    p->trained = counts->finished;
    for (int rank = 0; rank < p->setup.workers; rank++)
        p->busy[rank] = fmin(p->busy[rank] / seconds, 1);
    p->state.left_low = p->state.left_high = NAN;
    p->state.running = 0;
    p->state.stopping = counts->stopping;
    p->state.rate = counts->finished > 0 ? (double)counts->finished / seconds : 0;
    if (p->way == PROGRESS_ROW)
        progress_clear();
    else if (p->way == PROGRESS_LAUNCH)
        launch_report_progress(p->setup.report, p->setup.advance + 2 * counts->finished, NULL);
    else if (p->way == PROGRESS_LINES && !counts->stopping)
        write_line(p);
}

void progress_release(progress *p) {
    free(p->busy);
    p->busy = NULL;
}
