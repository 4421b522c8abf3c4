/* Losses and the accuracy that goes with them. Private to the engine.
 *
 * z (K) is what the model gives for a sample, p the probabilities that its link makes of z, y the one-hot
 * label; with one output for two classes y is the label itself. losses.c has a row for every kind, with the
 * formula of the loss of a sample; the losses over outputs are divided by K where over_outputs is
 * REDUCE_MEAN. The loss of a batch or a set is the mean or the sum over its samples. A softmax or sigmoid
 * that ends the model is the link, so that a logarithm of a probability is computed from z (Goodfellow,
 * Bengio, Courville, "Deep learning", 2016, section 6.2.2) and nothing overflows or becomes log 0, and
 * neither a large number that all z have in common nor a p close to 1 costs digits of the loss or its
 * gradient.
 *
 * Several labels: binary_cross_entropy with y_k, 0 or 1, as targets.
 *
 * Where classes have weights, the mean over samples divides by the sum of the weights of their classes. */
#ifndef ENGINE_LOSSES_H
#define ENGINE_LOSSES_H

#include "engine/data/batch.h"
#include "engine/layers/layer.h"

typedef struct loss_function loss_function;

/* The loss of sample n, whose outputs are z (K); dz (K) receives its gradient, or is NULL. */
typedef real (*sample_loss)(const loss_function *l, const real *z, const batch_targets *targets, size_t n,
                            real *dz);

struct loss_function {
    loss_spec spec;
    sample_loss of_sample;
    output_link link; /* what turns the model's outputs into probabilities */
    int model_layers; /* layers of the specification that z comes from: all, or all before the link */
    int classes;      /* 0: a regression, or several labels (binary_cross_entropy) */
    int outputs;      /* K */
};

/* Sums over samples, so that batches add up to an epoch or a set. */
typedef struct loss_sums {
    double loss;
    double weight;  /* of the samples' classes; their number where classes have none */
    double penalty; /* once per sample; where training costs are recorded, else 0 */
    size_t correct; /* samples whose class is right, or labels where there are several; a regression: 0 */
    size_t samples;
} loss_sums;

void loss_sums_add(loss_sums *total, loss_sums more);

/* Find the link; `outputs` is for the caller to set, who builds the model. STATUS_USAGE when
 * binary_cross_entropy is requested for a model that does not end with a link, or with logits for one that
 * does. */
status loss_open(loss_function *l, const loss_spec *spec, const model_spec *model, int classes,
                 error_info *error);

/* Sums of the losses of z (count, K) and of correct classes. dz (count, K) receives the gradient of `scale`
 * times the sum of the losses, or is NULL. */
loss_sums loss_evaluate(const loss_function *l, const real *z, const batch_targets *targets, size_t count,
                        double scale, real *dz);

/* What the sum over a sample's outputs is multiplied by. */
double loss_share(const loss_function *l);

/* The weights of the samples with these labels (count), summed up; a loss without weights of classes needs
 * no labels. */
double loss_weight(const loss_function *l, const uint8_t *labels, size_t count);

/* What the sum over samples that weigh `weight` is multiplied by to give the loss of the batch or the set. */
double loss_scale(const loss_spec *spec, double weight);

/* The loss of a batch or a set from its sums. */
double loss_value(const loss_spec *spec, loss_sums sums);

/* Percent of the classes, or of the labels where there are several, that are right. */
double loss_accuracy(const loss_function *l, loss_sums sums);

/* What the model says: out (count, K) = the probabilities of z (count, K), or z itself; out may be z. */
void loss_outputs(const loss_function *l, const real *z, size_t count, real *out);

/* The probability of the true class `label`; with one output, which is that of class 1, of 0 or 1. */
real loss_probability(const loss_function *l, const real *z, int label);

/* The class that z (K) predicts: the first of the largest; with one output, 1 where it exceeds ½. */
int loss_class(const loss_function *l, const real *z);

#endif
