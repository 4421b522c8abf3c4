/* Drives a group: steps in lanes, everything between steps by each trainer. */
#include <assert.h>
#include <math.h>

#include "base/clock.h"
#include "engine/lockstep/lockstep.h"
#include "engine/record/row.h"

typedef struct group {
    training_member *members; /* (count) */
    int count;
    lanes *lanes;
    const group_control *control;
    bool ended[LANES];
    bool stopped;    /* the caller wants all to end, */
    bool due;        /* or to leave checkpoints and continue */
    bool kept;       /* has left them, and not taken a step since */
    int stepping;    /* one that takes the next steps */
    double deadline; /* clock_seconds(): the first limit of those that step */
} group;

static trainer *trainer_of(const group *g, int i) {
    return &g->members[i].planned->trainer;
}

static bool should_stop(void *context) {
    group *g = context;
    const group_control *c = g->control;
    if (!g->stopped && c->stop != NULL)
        g->stopped = c->stop(c->context);
    if (!g->stopped && c->due != NULL && !g->kept)
        g->due = c->due(c->context, g->members[g->stepping].planned);
    g->kept = false;
    return g->stopped || g->due || (g->deadline < INFINITY && clock_seconds() >= g->deadline);
}

/* ---- Between steps ----------------------------------------------------------------------------- */

static void end(group *g, int i) {
    training_member *m = &g->members[i];
    training_finish(trainer_of(g, i), g->control->keep, &m->report);
    g->ended[i] = true;
    if (g->control->ended != NULL)
        g->control->ended(g->control->context, m);
}

/* When all are to stop, what is due is left to those who resume. */
static void record_moments(group *g, int i) {
    trainer *t = trainer_of(g, i);
    if (g->stopped || g->ended[i])
        return;
    const bool goes_on = training_note(t);
    g->stopped |= t->stopped;
    if (!goes_on || t->progress.outcome != TRAINING_DONE)
        end(g, i);
}

/* Everything but losses of batches and learning rates is taken from the parameters. */
static bool needs_parameters(record_quantity q) {
    return record_measurement(q)->set != SET_BATCH && q != RECORD_LEARNING_RATE;
}

/* Is anything recorded now that needs the parameters of a network that has taken a step? */
static bool is_due(const trainer *t) {
    const training_spec *spec = t->spec;
    const training_progress *p = &t->progress;
    const bool epoch_ends = p->position >= trainer_epoch_samples(spec, t->data);
    const bool ends = epoch_ends && p->epoch + 1 >= (uint64_t)spec->epochs;
    bool due = false;
    for (int q = 0; q < RECORD_QUANTITY_COUNT; q++) {
        const record_spec *r = &spec->records[q];
        due |= needs_parameters((record_quantity)q) &&
               (record_due(r, RECORD_PER_STEP, (long)p->steps) ||
                (epoch_ends && record_due(r, RECORD_PER_EPOCH, (long)p->epoch + 1)) ||
                (ends && record_due(r, RECORD_AT_END, 1)));
    }
    return due;
}

/* ---- Steps ------------------------------------------------------------------------------------- */

/* Steps until something may be recorded: the end of the epoch, or a record per step. */
static size_t steps_ahead(const trainer *t) {
    const training_progress *p = &t->progress;
    const size_t batch = (size_t)t->spec->batch;
    const size_t left = trainer_epoch_samples(t->spec, t->data) - p->position;
    size_t steps = (left + batch - 1) / batch;
    for (int q = 0; q < RECORD_QUANTITY_COUNT; q++) {
        const record_spec *r = &t->spec->records[q];
        const size_t ahead = r->every > 0 ? (size_t)r->every - p->steps % (size_t)r->every : steps;
        if (r->unit == RECORD_PER_STEP && ahead < steps)
            steps = ahead;
    }
    return steps;
}

static bool same_progress(const trainer *a, const trainer *b) {
    const training_progress *p = &a->progress, *q = &b->progress;
    return p->steps == q->steps && p->epoch == q->epoch && p->position == q->position;
}

/* Those that are the least far take part: of a group that resumes, some may be further than others. Returns
 * one of them, or NULL when all have ended. */
static trainer *choose_steppers(group *g) {
    trainer *least = NULL;
    for (int i = 0; i < g->count; i++) {
        trainer *t = trainer_of(g, i);
        if (!g->ended[i] && (least == NULL || t->progress.steps < least->progress.steps)) {
            least = t;
            g->stepping = i;
        }
    }
    for (int i = 0; i < g->count; i++)
        g->lanes->alive[i] = !g->ended[i] && same_progress(trainer_of(g, i), least) ? -1 : 0;
    return least;
}

static void draw_orders(const group *g) {
    for (int i = 0; i < g->count; i++)
        if (g->lanes->alive[i] != 0 && !trainer_of(g, i)->order_drawn)
            trainer_draw_order(trainer_of(g, i));
}

/* Those that have no time left end here. */
static void set_deadline(group *g) {
    const double now = clock_seconds();
    g->deadline = INFINITY;
    for (int i = 0; i < g->count; i++) {
        trainer *t = trainer_of(g, i);
        const double limit = t->spec->max_seconds, at = t->started + limit - t->progress.seconds;
        if (g->ended[i] || limit <= 0)
            continue;
        g->deadline = fmin(g->deadline, at);
        if (now >= at && !g->stopped) {
            t->progress.outcome = TRAINING_TIMED_OUT;
            end(g, i);
        }
    }
}

/* Steps up to the next record, and what is recorded then. */
static void advance(group *g) {
    const trainer *any = choose_steppers(g);
    if (any == NULL)
        return;
    int32_t took_part[LANES];
    for (int i = 0; i < LANES; i++)
        took_part[i] = g->lanes->alive[i];
    draw_orders(g);
    if (lanes_run(g->lanes, steps_ahead(any), should_stop, g) == 0)
        return;
    for (int i = 0; i < g->count; i++) {
        if (took_part[i] == 0 || g->stopped)
            continue;
        if (is_due(trainer_of(g, i)))
            lanes_store(g->lanes, i);
        record_moments(g, i);
    }
}

static bool has_ended(const group *g) {
    bool ended = true;
    for (int i = 0; i < g->count; i++)
        ended &= g->ended[i];
    return ended;
}

/* What a network resumes from is in its lane. */
static void keep_all_if_due(group *g) {
    const group_control *c = g->control;
    for (int i = 0; i < g->count && g->due && !g->stopped; i++) {
        if (g->ended[i])
            continue;
        lanes_store(g->lanes, i);
        training_keep(g->members[i].planned, c->keep, c->kept, c->context);
    }
    g->kept |= g->due;
    g->due = false;
}

static void stop_all(group *g) {
    for (int i = 0; i < g->count; i++) {
        if (g->ended[i])
            continue;
        lanes_store(g->lanes, i);
        trainer_of(g, i)->stopped = true;
        end(g, i);
    }
}

static void train(group *g) {
    for (int i = 0; i < g->count; i++)
        lanes_load(g->lanes, i);
    for (int i = 0; i < g->count; i++)
        record_moments(g, i); /* what a checkpoint may have left to do */
    while (!has_ended(g) && !g->stopped) {
        set_deadline(g);
        advance(g);
        keep_all_if_due(g);
    }
    stop_all(g);
}

/* ---- The group --------------------------------------------------------------------------------- */

static status reserve(training_member *members, int count, arena *memory, error_info *error) {
    size_t bytes = lockstep_bytes(members[0].planned);
    for (int i = 0; i < count; i++)
        bytes += members[i].planned->trainer.bytes;
    return arena_reserve(memory, bytes, error);
}

status engine_train_group(training_member *members, int count, uint64_t seed, arena *memory,
                          const group_control *control, error_info *error) {
    group g = {.members = members, .count = count, .lanes = &members[0].planned->lanes, .control = control};
    trainer *trainers[LANES];
    assert(count > 0 && count <= ENGINE_GROUP && members[0].planned->plan.shape != 0);
    RETURN_IF_FAILED(reserve(members, count, memory, error));
    for (int i = 0; i < count; i++) {
        training_member *m = &members[i];
        assert(m->planned->plan.shape == members[0].planned->plan.shape);
        training_start(m->planned, seed, m->coordinates, memory, m->checkpoint, m->checkpoint_size,
                       &m->report);
        trainers[i] = &m->planned->trainer;
        trainers[i]->companions = count - 1;
        trainers[i]->stop = control->stop;
        trainers[i]->stop_context = control->context;
    }
    lanes_open(g.lanes, trainers, count, memory);
    train(&g);
    return STATUS_OK;
}
