#include "engine/record/tally.h"

#include <math.h>
#include <string.h>

#include "engine/record/records.h"

/* ---- Memory ------------------------------------------------------------------------------------ */

enum { SAMPLES, AMONG_K, FIRST }; /* of a block; then counts or sums */

/* Of an output of a regression. */
typedef struct output_sums {
    double absolute, squares, mean, deviation;
} output_sums;

static bool needs_tally(const measurement *of) {
    return of->measure >= MEASURE_TOP_K_ACCURACY;
}

bool tally_is_needed(const training_spec *spec, sample_set set) {
    for (int q = 0; q < RECORD_QUANTITY_COUNT; q++) {
        const measurement *of = record_measurement((record_quantity)q);
        if (spec->records[q].every > 0 && of->set == set && needs_tally(of))
            return true;
    }
    return false;
}

/* Of the record of the set's top-k accuracy; there is one at most. */
static int find_k(const training_spec *spec, sample_set set) {
    for (int q = 0; q < RECORD_QUANTITY_COUNT; q++) {
        const measurement *of = record_measurement((record_quantity)q);
        if (of->set == set && of->measure == MEASURE_TOP_K_ACCURACY)
            return spec->records[q].k;
    }
    return 0;
}

static tally new_tally(const training_spec *spec, const loss_function *l, sample_set set) {
    return (tally){.classes = l->classes, .outputs = l->outputs, .k = find_k(spec, set)};
}

static size_t value_count(const tally *t) {
    const size_t classes = (size_t)t->classes, sums = sizeof(output_sums) / sizeof(double);
    return FIRST + (classes > 0 ? classes * classes : (size_t)t->outputs * sums);
}

void *tallies_carve_kept(tallies *t, const training_spec *spec, const loss_function *l, size_t *size,
                         arena *a) {
    tally *batch = &t->sets[SET_BATCH];
    *batch = t->epoch = new_tally(spec, l, SET_BATCH);
    *size = 0;
    if (!tally_is_needed(spec, SET_BATCH))
        return NULL;
    const size_t count = value_count(batch);
    *size = 2 * count * sizeof *batch->values;
    batch->values = arena_take(a, *size);
    t->epoch.values = batch->values != NULL ? batch->values + count : NULL;
    return batch->values;
}

void tallies_carve_sets(tallies *t, const training_spec *spec, const loss_function *l, arena *a) {
    for (sample_set set = SET_TRAIN; set < SET_COUNT; set++) {
        t->sets[set] = new_tally(spec, l, set);
        if (tally_is_needed(spec, set))
            t->sets[set].values = arena_take(a, value_count(&t->sets[set]) * sizeof(double));
    }
}

void tally_clear(tally *t) {
    if (t->values != NULL)
        memset(t->values, 0, value_count(t) * sizeof *t->values);
}

/* ---- Samples ----------------------------------------------------------------------------------- */

/* How many classes are likelier than the label: of equals the first, as in loss_class. NaN is likelier. */
static int rank_of(const loss_function *l, const real *z, int label) {
    int rank = 0;
    if (l->outputs == 1)
        return loss_class(l, z) != label;
    for (int i = 0; i < l->outputs; i++)
        rank += i != label && !(i < label ? z[i] < z[label] : z[i] <= z[label]);
    return rank;
}

static void add_class(tally *t, const loss_function *l, const real *z, int label) {
    t->values[AMONG_K] += rank_of(l, z, label) < t->k;
    t->values[FIRST + label * t->classes + loss_class(l, z)]++;
}

/* The mean and the squared deviations from it one by one (Welford 1962), as no sum of squares could. */
static void add_numbers(tally *t, const real *z, const real *targets) {
    output_sums *sums = (output_sums *)(t->values + FIRST);
    for (int k = 0; k < t->outputs; k++, sums++) {
        const double target = (double)targets[k], error = (double)z[k] - target;
        const double distance = target - sums->mean;
        sums->absolute += fabs(error);
        sums->squares += error * error;
        sums->mean += distance / t->values[SAMPLES];
        sums->deviation += distance * (target - sums->mean);
    }
}

void tally_add(tally *t, const loss_function *l, const real *z, const batch_targets *targets, size_t count) {
    const size_t size = (size_t)t->outputs;
    for (size_t n = 0; t->values != NULL && n < count; n++) {
        t->values[SAMPLES]++;
        if (t->classes > 0)
            add_class(t, l, z + n * size, targets->labels[n]);
        else
            add_numbers(t, z + n * size, targets->values + n * size);
    }
}

void tallies_add_batch(tallies *t, const loss_function *l, const real *z, const batch_targets *targets,
                       size_t count, bool first) {
    if (first)
        tally_clear(&t->epoch);
    tally_clear(&t->sets[SET_BATCH]);
    tally_add(&t->sets[SET_BATCH], l, z, targets, count);
    tally_add(&t->epoch, l, z, targets, count);
}

/* ---- Metrics ----------------------------------------------------------------------------------- */

const double *tally_confusion(const tally *t) {
    return t->values + FIRST;
}

/* What a confusion matrix C says of a class. */
typedef struct class_counts {
    double right, occurs, predicted; /* C_cc, Σ_j C_cj, Σ_i C_ic */
} class_counts;

static class_counts count_class(const tally *t, int c) {
    const double *matrix = tally_confusion(t);
    class_counts counts = {.right = matrix[c * t->classes + c]};
    for (int i = 0; i < t->classes; i++) {
        counts.occurs += matrix[c * t->classes + i];
        counts.predicted += matrix[i * t->classes + c];
    }
    return counts;
}

double tally_top_k_accuracy(const tally *t) {
    return 100 * t->values[AMONG_K] / t->values[SAMPLES];
}

/* The mean of C_cc / Σ_j C_cj over the classes that occur: balanced_accuracy_score of scikit-learn. */
double tally_balanced_accuracy(const tally *t) {
    double sum = 0;
    int classes = 0;
    for (int c = 0; c < t->classes; c++) {
        const class_counts counts = count_class(t, c);
        if (counts.occurs == 0)
            continue;
        sum += counts.right / counts.occurs;
        classes++;
    }
    return 100 * sum / classes;
}

/* The mean of F1 = 2 C_cc / (Σ_j C_cj + Σ_i C_ic), the harmonic mean of precision and recall, over the
 * classes that occur or are predicted: f1_score(average="macro", zero_division=0) of scikit-learn. */
double tally_macro_f1(const tally *t) {
    double sum = 0;
    int classes = 0;
    for (int c = 0; c < t->classes; c++) {
        const class_counts counts = count_class(t, c);
        if (counts.occurs + counts.predicted == 0)
            continue;
        sum += 2 * counts.right / (counts.occurs + counts.predicted);
        classes++;
    }
    return 100 * sum / classes;
}

static const output_sums *sums_of(const tally *t) {
    return (const output_sums *)(t->values + FIRST);
}

/* The mean over samples and outputs of |z − t|. */
double tally_mean_absolute_error(const tally *t) {
    double sum = 0;
    for (int k = 0; k < t->outputs; k++)
        sum += sums_of(t)[k].absolute;
    return sum / (t->values[SAMPLES] * t->outputs);
}

/* 1 − Σ(z − t)² / Σ(t − mean)²; where all targets are equal 1 if all are met, else 0. */
static double r2_of(const output_sums *sums) {
    if (sums->deviation == 0)
        return isnan(sums->squares) ? NAN : sums->squares == 0;
    return 1 - sums->squares / sums->deviation;
}

/* The mean over outputs: r2_score of scikit-learn. */
double tally_r2(const tally *t) {
    double sum = 0;
    for (int k = 0; k < t->outputs; k++)
        sum += r2_of(&sums_of(t)[k]);
    return t->values[SAMPLES] > 1 ? sum / t->outputs : NAN;
}
