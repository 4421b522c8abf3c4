/* Small networks trained as many at a time as a vector has lanes. Private to the engine.
 *
 * An eligible network is always trained so, alone, too: in a group it computes the same, bit for bit, whoever
 * the others are. Members of a group have the same shape: layers and sizes, batch, epochs, loss, optimiser
 * and the moments of records. They may differ in numbers (rates, coefficients, slopes), in their initial
 * parameters and in their random streams. */
#ifndef ENGINE_LOCKSTEP_LOCKSTEP_H
#define ENGINE_LOCKSTEP_LOCKSTEP_H

#include "engine/training.h"

/* Kinds that have lane kernels, as sets; docs/performance.md lists them. */
enum {
    LOCKSTEP_LAYERS = 1 << LAYER_DENSE | 1 << LAYER_RELU | 1 << LAYER_LEAKY_RELU | 1 << LAYER_ELU |
                      1 << LAYER_TANH | 1 << LAYER_SIGMOID | 1 << LAYER_SCALED_SIGMOID | 1 << LAYER_IDENTITY |
                      1 << LAYER_FLATTEN,
    LOCKSTEP_LOSSES =
        1 << LOSS_CROSS_ENTROPY | 1 << LOSS_BINARY_CROSS_ENTROPY | 1 << LOSS_SQUARED_ERROR | 1 << LOSS_HUBER,
    LOCKSTEP_OPTIMIZERS = 1 << OPTIMIZER_SGD | 1 << OPTIMIZER_NESTEROV | 1 << OPTIMIZER_ADAM |
                          1 << OPTIMIZER_RMSPROP | 1 << OPTIMIZER_ADAMW,
};

/* What a built trainer's group must have in common; 0: it is not eligible, and trained by itself. */
uint64_t lockstep_shape(const trainer *t);

/* Bytes of a group whose first member this is, next to those of its trainers. */
size_t lockstep_bytes(training *first);

#endif
