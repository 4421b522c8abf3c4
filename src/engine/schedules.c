/* Every schedule is a function of one count t, of steps or epochs, from 0. Formulas are those of PyTorch 1.13
 * (torch.optim.lr_scheduler) in closed form; lr is the optimiser's rate. */
#include "engine/schedules.h"

#include <limits.h>
#include <math.h>

static double constant(const schedule *s, uint64_t t) {
    (void)t;
    return s->lr;
}

/* StepLR: lr factor^⌊t / every⌋ */
static double step_decay(const schedule *s, uint64_t t) {
    const uint64_t decays = t / (uint64_t)s->spec.every; /* rounded down */
    return s->lr * pow(s->spec.factor, (double)decays);
}

/* MultiStepLR */
static double factors_at(const schedule *s, uint64_t t) {
    double product = 1;
    for (int i = 0; i < s->spec.count; i++)
        if ((double)t >= s->spec.values[i])
            product *= s->spec.factor;
    return s->lr * product;
}

static double sequence(const schedule *s, uint64_t t) {
    const uint64_t place = t / (uint64_t)s->spec.every, last = (uint64_t)s->spec.count - 1;
    return s->spec.values[place < last ? place : last];
}

/* Smith, "Cyclical learning rates for training neural networks", 2017, with s = half_cycle:
 *
 *   cycle = ⌊1 + t / (2s)⌋    x = |t / s − 2 cycle + 1|    rate = base + (max − base) max(0, 1 − x) scale
 *
 * with scale 1 (triangular), 1 / 2^(cycle − 1) (triangular2), gamma^t (exp_range). */
static double cyclical(const schedule *s, uint64_t count) {
    const schedule_spec *c = &s->spec;
    const double t = (double)count, half = c->half_cycle;
    const double cycle = floor(1 + t / (2 * half)), x = fabs(t / half - 2 * cycle + 1);
    double scale = 1;
    if (c->policy == CYCLE_TRIANGULAR2)
        scale = pow(2, 1 - cycle);
    else if (c->policy == CYCLE_EXP_RANGE)
        scale = pow(c->gamma, t);
    return c->base + (c->max - c->base) * fmax(0, 1 - x) * scale;
}

/* Half a period of a cosine from `first` (share 0) to `last` (share 1). */
static double half_cosine(double first, double last, double share) {
    return last + (first - last) * (1 + cos(M_PI * share)) / 2;
}

/* Where a period with restarts is: t becomes the count in it; returns its length, period · multiplier^i. */
static double find_period(const schedule_spec *s, double *t) {
    double length = s->period;
    if (s->multiplier == 1)
        *t = fmod(*t, length);
    for (; *t >= length; length *= s->multiplier)
        *t -= length;
    return length;
}

/* CosineAnnealingLR: min_lr + (lr − min_lr) (1 + cos(π t / length)) / 2, which rises again after `length`;
 * CosineAnnealingWarmRestarts: the same in each period, with the counts since its beginning. */
static double cosine(const schedule *s, uint64_t count) {
    double t = (double)count;
    const double length = s->spec.period > 0 ? find_period(&s->spec, &t) : s->spec.length;
    return half_cosine(s->lr, s->spec.min_lr, t / length);
}

static double line(double first, double last, double share) {
    return first + (last - first) * fmin(share, 1);
}

/* LinearLR: lr (start + (end − start) min(t / length, 1)) */
static double linear(const schedule *s, uint64_t t) {
    return s->lr * line(s->spec.start, s->spec.end, (double)t / s->spec.length);
}

/* ExponentialLR */
static double exponential(const schedule *s, uint64_t t) {
    return s->lr * pow(s->spec.factor, (double)t);
}

/* OneCycleLR with anneal_strategy cos and two phases, without a cycle of the momentum: half a cosine from
 * lr / div_factor to lr, which is reached at t = rise · length − 1, and another from there to the first rate
 * / final_div_factor at t = length − 1. After that, where PyTorch refuses to go, the rate stays. */
static double one_cycle(const schedule *s, uint64_t count) {
    const double t = (double)count, last = s->spec.length - 1.0, top = s->spec.rise * s->spec.length - 1;
    const double first = s->lr / s->spec.div_factor;
    if (t < top)
        return half_cosine(first, s->lr, t / top);
    const double share = t > top ? fmin((t - top) / (last - top), 1) : 0;
    return half_cosine(s->lr, first / s->spec.final_div_factor, share);
}

typedef struct schedule_row {
    const char *name;
    double (*rate)(const schedule *s, uint64_t t);
} schedule_row;

static const schedule_row rows[SCHEDULE_KIND_COUNT] = {
    [SCHEDULE_CONSTANT] = {"constant", constant},
    [SCHEDULE_STEP_DECAY] = {"step_decay", step_decay},
    [SCHEDULE_FACTORS_AT] = {"factors_at", factors_at},
    [SCHEDULE_SEQUENCE] = {"sequence", sequence},
    [SCHEDULE_CYCLICAL] = {"cyclical", cyclical},
    [SCHEDULE_COSINE] = {"cosine", cosine},
    [SCHEDULE_LINEAR] = {"linear", linear},
    [SCHEDULE_EXPONENTIAL] = {"exponential", exponential},
    [SCHEDULE_ONE_CYCLE] = {"one_cycle", one_cycle},
    [SCHEDULE_PLATEAU] = {"plateau", constant}, /* of a rate that the monitor lowers */
};

const name_table schedule_names = NAME_TABLE(rows);

static const char *const per_list[] = {
    [SCHEDULE_PER_AUTO] = "auto", [SCHEDULE_PER_STEP] = "step", [SCHEDULE_PER_EPOCH] = "epoch"};
const name_table schedule_per_names = NAME_TABLE(per_list);

/* ---- In a training ----------------------------------------------------------------------------- */

static bool counts_epochs(const schedule_spec *s) {
    if (s->per == SCHEDULE_PER_AUTO)
        return SCHEDULES_PER_EPOCH >> s->kind & 1;
    return s->per == SCHEDULE_PER_EPOCH;
}

void schedule_open(schedule *s, const schedule_spec *spec, double lr, int epochs, size_t steps_per_epoch) {
    *s = (schedule){.spec = *spec, .lr = lr, .per_epoch = counts_epochs(spec)};
    const double all = s->per_epoch ? epochs : (double)epochs * (double)steps_per_epoch;
    const double left = fmin(fmax(all - spec->warmup, 1), INT_MAX);
    if (spec->length == 0)
        s->spec.length = (int)left;
}

/* LinearLR before the schedule, as SequentialLR joins them: up to lr, or, where the schedule has its own
 * rates, the first of these. Then the schedule starts from its beginning. */
double schedule_rate(const schedule *s, uint64_t step, uint64_t epoch) {
    const schedule_row *row = &rows[s->spec.kind];
    const uint64_t t = s->per_epoch ? epoch : step, warmup = (uint64_t)s->spec.warmup;
    if (t >= warmup)
        return row->rate(s, t - warmup);
    const double full = SCHEDULES_WITH_LR >> s->spec.kind & 1 ? s->lr : row->rate(s, 0);
    return full * line(s->spec.warmup_start, 1, (double)t / (double)warmup);
}

bool schedule_varies(const schedule_spec *spec) {
    return spec->kind != SCHEDULE_CONSTANT || spec->warmup > 0;
}
