/* Metrics of a set in addition to loss and accuracy: numbers, and the confusion matrix. */
#include <math.h>
#include <stdio.h>

#include "engine/record/row.h"

/* The tally of what a row describes, at this moment. */
static const tally *find_tally(note *n) {
    const tallies *t = &n->trainer->metrics;
    note_sums(n, n->of->set);
    const bool of_epoch = n->of->set == SET_BATCH && n->moment->unit != RECORD_PER_STEP;
    return of_epoch ? &t->epoch : &t->sets[n->of->set];
}

static bool has_samples(note *n) {
    return note_sums(n, n->of->set)->samples > 0;
}

/* ---- Numbers ----------------------------------------------------------------------------------- */

static status add_metric(builder *b, record_quantity q) {
    const record_variable v = record_new_variable(b, q);
    return record_append(b, &v);
}

static void write_metric(note *n, const record_variable *v, float *out) {
    static double (*const metrics[MEASURE_COUNT])(const tally *) = {
        [MEASURE_TOP_K_ACCURACY] = tally_top_k_accuracy,
        [MEASURE_BALANCED_ACCURACY] = tally_balanced_accuracy,
        [MEASURE_MACRO_F1] = tally_macro_f1,
        [MEASURE_MAE] = tally_mean_absolute_error,
        [MEASURE_R2] = tally_r2,
    };
    (void)v;
    *out = has_samples(n) ? (float)metrics[n->of->measure](find_tally(n)) : NAN;
}

/* "top-5 accuracy on the test set" */
static status add_top_k(builder *b, record_quantity q) {
    const int k = b->spec->records[q].k, classes = b->data->classes;
    if (k < 1 || k > classes)
        return record_refuse(b, RECORD_FIELD(q, k), "%d of %d classes; accepted: 1 to %d", k, classes,
                             classes);
    record_variable v = record_new_variable(b, q);
    char text[RECORD_LONG_NAME_SIZE];
    snprintf(text, sizeof text, "top-%d %.100s", k, v.long_name);
    snprintf(v.long_name, sizeof v.long_name, "%s", text);
    return record_append(b, &v);
}

/* ---- The confusion matrix ---------------------------------------------------------------------- */

static status add_confusion(builder *b, record_quantity q) {
    record_variable v = record_new_variable(b, q);
    record_add_dimension(&v, "true_class", (size_t)b->data->classes);
    record_add_dimension(&v, "predicted_class", (size_t)b->data->classes);
    return record_append(b, &v);
}

static void write_confusion(note *n, const record_variable *v, float *out) {
    if (!has_samples(n))
        return;
    const double *counts = tally_confusion(find_tally(n));
    for (size_t i = 0; i < record_moment_size(v); i++)
        out[i] = (float)counts[i];
}

/* ---- Rows -------------------------------------------------------------------------------------- */

#define OF_CLASSES(name, text, adds, writes)                                                                 \
    const record_row record_##name = {                                                                       \
        .long_name = (text), .of_classes = true, .add = (adds), .write = (writes)}

#define OF_NUMBERS(name, text)                                                                               \
    const record_row record_##name = {                                                                       \
        .long_name = (text), .of_numbers = true, .add = add_metric, .write = write_metric}

/* The metrics of a set: its name in front of theirs, and words around theirs in long names. */
#define METRICS(name, before, after)                                                                         \
    OF_CLASSES(name##_top_k_accuracy, before "accuracy" after, add_top_k, write_metric);                     \
    OF_CLASSES(name##_balanced_accuracy, before "balanced accuracy" after, add_metric, write_metric);        \
    OF_CLASSES(name##_macro_f1, before "macro-averaged F1" after, add_metric, write_metric);                 \
    OF_CLASSES(name##_confusion_matrix, before "confusion matrix" after, add_confusion, write_confusion);    \
    OF_NUMBERS(name##_mae, before "mean absolute error" after);                                              \
    OF_NUMBERS(name##_r2, before "coefficient of determination" after)

METRICS(train, "training ", "");
METRICS(train_set, "", " on the training set");
METRICS(validation, "", " on the validation set");
METRICS(test, "", " on the test set");
