/* Losses and the accuracy that goes with them. Private to the engine. */
#ifndef ENGINE_LOSSES_H
#define ENGINE_LOSSES_H

#include "engine/engine.h"

/* Sums over samples, so that batches add up to an epoch or a test set. */
typedef struct loss_sums {
    double loss;
    size_t correct, samples;
} loss_sums;

/* Loss of logits (count, classes) against labels (count). d_logits (count, classes) receives the gradient of
 * the MEAN loss over the count samples, or is NULL. */
loss_sums loss_evaluate(const loss_spec *spec, const real *logits, const uint8_t *labels, size_t count,
                        int classes, real *d_logits);

#endif
