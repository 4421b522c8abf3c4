/* Numbers: what is measured on a set of samples, and the learning rate. */
#include <math.h>

#include "engine/penalties.h"
#include "engine/record/row.h"

static status add_number(builder *b, record_quantity q) {
    const record_variable v = record_new_variable(b, q);
    return record_append(b, &v);
}

const loss_sums *note_sums(note *n, sample_set set) {
    loss_sums *sums = &n->sums[set];
    trainer *t = n->trainer;
    if (set == SET_BATCH)
        *sums = n->moment->train;
    else if (sums->samples == 0)
        *sums = trainer_evaluate(t, record_split(t->data, set), &t->metrics.sets[set]);
    return sums;
}

static double measured(note *n) {
    const trainer *t = n->trainer;
    const sample_set set = n->of->set;
    const loss_spec *loss = &t->spec->loss;
    const loss_sums *sums = note_sums(n, set);
    const double samples = (double)sums->samples;
    if (sums->samples == 0)
        return NAN;
    switch (n->of->measure) {
    case MEASURE_LOSS:
        return loss_value(loss, *sums);
    case MEASURE_COST:
        return loss_value(loss, *sums) +
               (set == SET_BATCH ? sums->penalty / samples : penalty_value(&t->model, loss));
    case MEASURE_ACCURACY:
        return loss_accuracy(&t->loss, *sums);
    default: /* not a row of this file */
        break;
    }
    return NAN;
}

static void write_measured(note *n, const record_variable *v, float *out) {
    (void)v;
    *out = (float)measured(n);
}

static void write_learning_rate(note *n, const record_variable *v, float *out) {
    (void)v;
    const training_progress *p = &n->trainer->progress;
    *out = (float)(p->steps > 0 ? p->lr : NAN);
}

/* ---- Rows -------------------------------------------------------------------------------------- */

#define MEASURED(name, text)                                                                                 \
    const record_row record_##name = {.long_name = (text), .add = add_number, .write = write_measured}

MEASURED(train_loss, "training loss");
MEASURED(train_cost, "training loss with penalties");
MEASURED(train_accuracy, "training accuracy");
MEASURED(train_set_loss, "loss over the training set");
MEASURED(train_set_cost, "loss over the training set with penalties");
MEASURED(train_set_accuracy, "accuracy on the training set");
MEASURED(validation_loss, "loss over the validation set");
MEASURED(validation_cost, "loss over the validation set with penalties");
MEASURED(validation_accuracy, "validation accuracy");
MEASURED(test_loss, "loss over the test set");
MEASURED(test_cost, "loss over the test set with penalties");
MEASURED(test_accuracy, "test accuracy");

const record_row record_learning_rate = {
    .long_name = "learning rate", .add = add_number, .write = write_learning_rate};
