#include "engine/schedules.h"

#include <math.h>

static double cyclical_rate(const schedule_spec *s, uint64_t step) {
    const double t = (double)step, half = s->half_cycle;
    const double cycle = floor(1 + t / (2 * half)), x = fabs(t / half - 2 * cycle + 1);
    double scale = 1;
    if (s->policy == CYCLE_TRIANGULAR2)
        scale = pow(2, 1 - cycle);
    else if (s->policy == CYCLE_EXP_RANGE)
        scale = pow(s->gamma, t);
    return s->base + (s->max - s->base) * fmax(0, 1 - x) * scale;
}

static double factors_reached(const schedule_spec *s, uint64_t step) {
    double product = 1;
    for (int i = 0; i < s->count; i++)
        if ((double)step >= s->values[i])
            product *= s->factor;
    return product;
}

double schedule_rate(const schedule_spec *s, double lr, uint64_t step, int epoch) {
    switch (s->kind) {
    case SCHEDULE_STEP_DECAY:
        return lr * pow(s->factor, epoch / s->every);
    case SCHEDULE_FACTORS_AT:
        return lr * factors_reached(s, step);
    case SCHEDULE_SEQUENCE: {
        int place = epoch / s->every;
        return s->values[place < s->count ? place : s->count - 1];
    }
    case SCHEDULE_CYCLICAL:
        return cyclical_rate(s, step);
    case SCHEDULE_CONSTANT:
        break;
    }
    return lr;
}
