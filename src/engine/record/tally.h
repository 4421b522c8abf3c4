/* What metrics need to know of a set of samples, added up sample by sample, and the metrics. Private to the
 * engine. */
#ifndef ENGINE_RECORD_TALLY_H
#define ENGINE_RECORD_TALLY_H

#include "engine/losses.h"
#include "engine/record/records.h"

/* All numbers are in one block, so that a checkpoint can keep it. */
typedef struct tally {
    int classes; /* 0: a regression */
    int outputs; /* K */
    int k;       /* of the top-k accuracy */
    /* All 0 before the first sample; NULL: no record needs them. The samples; those whose class is among the
     * k likeliest; then of classes the samples (classes, classes), rows their true class, columns the
     * predicted one; of a regression (K, 4): Σ|z − t|, Σ(z − t)², the mean of t and Σ(t − mean)². */
    double *values;
} tally;

/* Of everything that a training measures. */
typedef struct tallies {
    tally sets[SET_COUNT]; /* SET_BATCH: of the last batch */
    tally epoch;           /* of the epoch's batches so far */
} tallies;

/* Does a record need a tally of the set? */
bool tally_is_needed(const training_spec *spec, sample_set set);

/* Take memory from `a` (measuring or real), uninitialised: for what a training must keep, its batch's and its
 * epoch's tally in one block of *size bytes (0: not needed); then for the sets that are evaluated. */
void *tallies_carve_kept(tallies *t, const training_spec *spec, const loss_function *l, size_t *size,
                         arena *a);
void tallies_carve_sets(tallies *t, const training_spec *spec, const loss_function *l, arena *a);

/* No sample. Like the next, without effect on a tally without memory. */
void tally_clear(tally *t);

/* Add samples, whose outputs are z (count, K). */
void tally_add(tally *t, const loss_function *l, const real *z, const batch_targets *targets, size_t count);

/* Add a batch, the first of its epoch or not. */
void tallies_add_batch(tallies *t, const loss_function *l, const real *z, const batch_targets *targets,
                       size_t count, bool first);

/* The metrics of a tally with samples; tally.c has the formulas. */
double tally_top_k_accuracy(const tally *t);      /* percent */
double tally_balanced_accuracy(const tally *t);   /* percent */
double tally_macro_f1(const tally *t);            /* percent */
double tally_mean_absolute_error(const tally *t); /* of a regression, like the next */
double tally_r2(const tally *t);                  /* NaN for one sample */

/* (classes, classes) */
const double *tally_confusion(const tally *t);

#endif
