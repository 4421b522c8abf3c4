#include "engine/recorder.h"

#include <math.h>

static double percent_correct(loss_sums s) {
    return 100.0 * (double)s.correct / (double)s.samples;
}

static double quantity_value(record_quantity quantity, const loss_spec *loss, const moment *now, double lr,
                             const loss_sums *test) {
    switch (quantity) {
    case RECORD_TRAIN_LOSS:
        return loss_value(loss, now->train);
    case RECORD_TRAIN_ACCURACY:
        return percent_correct(now->train);
    case RECORD_LEARNING_RATE:
        return lr;
    case RECORD_TEST_LOSS:
        return loss_value(loss, *test);
    case RECORD_TEST_ACCURACY:
        return percent_correct(*test);
    default:
        return NAN;
    }
}

static bool needs_test(record_quantity quantity) {
    return quantity == RECORD_TEST_LOSS || quantity == RECORD_TEST_ACCURACY;
}

void recorder_open(recorder *r, trainer *t, const record_layout *layout, float *values) {
    *r = (recorder){t, layout, values};
    for (size_t i = 0; i < layout->value_count; i++)
        values[i] = NAN;
}

/* The test set is gone through once however many records ask for it. */
void recorder_note(const recorder *r, const moment *now) {
    trainer *t = r->trainer;
    loss_sums test = {0};
    const record_variable *v = r->layout->variables;
    for (int q = 0; q < RECORD_QUANTITY_COUNT; q++) {
        const record_spec *spec = &t->spec->records[q];
        if (record_due(spec, now->unit, now->done)) {
            if (needs_test((record_quantity)q) && test.samples == 0)
                test = trainer_evaluate(t, &t->data->test);
            r->values[v->offset + (size_t)(now->done / spec->every) - 1] =
                (float)quantity_value((record_quantity)q, &t->spec->loss, now, t->lr, &test);
        }
        v += spec->every > 0;
    }
}
