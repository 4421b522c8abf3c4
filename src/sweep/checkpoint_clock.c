#include "sweep/checkpoint_clock.h"

#include <math.h>

/* Of a worker's time that goes into its part of a checkpoint: copying and sending it. Rank 0 needs about
 * twice as long to check and write it, so that all of it takes a hundredth of the time that the ranks have.
 */
static const double MOST_SHARE = 1.0 / 300;

void checkpoint_clock_start(checkpoint_clock *c, checkpoint_rule rule, double now) {
    *c = (checkpoint_clock){.rule = rule,
                            .next = rule.every > 0 ? now + rule.phase * rule.every : (double)INFINITY};
}

void checkpoint_clock_begin(checkpoint_clock *c) {
    c->fresh = true;
}

bool checkpoint_clock_looks(const checkpoint_clock *c, double now) {
    return c->fresh || (now >= c->next && c->unconfirmed == 0);
}

/* Without a step since it began there is only the time that has passed. */
static double predicted_seconds(const checkpoint_clock *c, double now, double done) {
    const double seconds = now - c->begun, gained = done - c->at_first;
    return gained > 0 ? seconds / gained * (1 - c->at_first) : seconds;
}

static void note_beginning(checkpoint_clock *c, double now, double done) {
    if (!c->fresh)
        return;
    c->fresh = false;
    c->begun = now;
    c->at_first = done;
}

bool checkpoint_clock_rings(checkpoint_clock *c, double now, double done) {
    note_beginning(c, now, done);
    if (now < c->next || c->unconfirmed > 0)
        return false;
    c->rung = now;
    c->next += c->rule.every;
    if (c->next <= now)
        c->next = now + c->rule.every;
    return predicted_seconds(c, now, done) >= c->rule.longer;
}

/* Of a group several are sent; what counts is the time since the first began. */
void checkpoint_clock_sent(checkpoint_clock *c, double now) {
    c->unconfirmed++;
    c->next = fmax(c->next, now + (now - c->rung) / MOST_SHARE);
}

void checkpoint_clock_confirm(checkpoint_clock *c) {
    if (c->unconfirmed > 0)
        c->unconfirmed--;
}
