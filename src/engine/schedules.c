#include "engine/schedules.h"

#include <math.h>

/* How far a training is. */
typedef struct schedule_time {
    uint64_t step;
    int epoch;
} schedule_time;

static double constant(const schedule_spec *s, double lr, schedule_time now) {
    (void)s, (void)now;
    return lr;
}

static double step_decay(const schedule_spec *s, double lr, schedule_time now) {
    const int decays = now.epoch / s->every; /* rounded down */
    return lr * pow(s->factor, decays);
}

static double factors_at(const schedule_spec *s, double lr, schedule_time now) {
    double product = 1;
    for (int i = 0; i < s->count; i++)
        if ((double)now.step >= s->values[i])
            product *= s->factor;
    return lr * product;
}

static double sequence(const schedule_spec *s, double lr, schedule_time now) {
    (void)lr;
    const int place = now.epoch / s->every;
    return s->values[place < s->count ? place : s->count - 1];
}

/* Smith, "Cyclical learning rates for training neural networks", 2017, with s = half_cycle, t = step:
 *
 *   cycle = ⌊1 + t / (2s)⌋    x = |t / s − 2 cycle + 1|    rate = base + (max − base) max(0, 1 − x) scale
 *
 * with scale 1 (triangular), 1 / 2^(cycle − 1) (triangular2), gamma^t (exp_range). */
static double cyclical(const schedule_spec *s, double lr, schedule_time now) {
    (void)lr;
    const double t = (double)now.step, half = s->half_cycle;
    const double cycle = floor(1 + t / (2 * half)), x = fabs(t / half - 2 * cycle + 1);
    double scale = 1;
    if (s->policy == CYCLE_TRIANGULAR2)
        scale = pow(2, 1 - cycle);
    else if (s->policy == CYCLE_EXP_RANGE)
        scale = pow(s->gamma, t);
    return s->base + (s->max - s->base) * fmax(0, 1 - x) * scale;
}

typedef struct schedule_row {
    const char *name;
    double (*rate)(const schedule_spec *s, double lr, schedule_time now);
} schedule_row;

static const schedule_row rows[SCHEDULE_KIND_COUNT] = {
    [SCHEDULE_CONSTANT] = {"constant", constant},
    [SCHEDULE_STEP_DECAY] = {"step_decay", step_decay},
    [SCHEDULE_FACTORS_AT] = {"factors_at", factors_at},
    [SCHEDULE_SEQUENCE] = {"sequence", sequence},
    [SCHEDULE_CYCLICAL] = {"cyclical", cyclical},
    [SCHEDULE_PLATEAU] = {"plateau", constant}, /* of a rate that the monitor lowers */
};

const name_table schedule_names = NAME_TABLE(rows);

double schedule_rate(const schedule_spec *s, double lr, uint64_t step, int epoch) {
    return rows[s->kind].rate(s, lr, (schedule_time){step, epoch});
}
