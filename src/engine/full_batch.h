/* Training with truncated Newton or L-BFGS: the whole training set is one batch, NLopt (Johnson, "The NLopt
 * nonlinear-optimization package") chooses where to evaluate its cost and gradient. Private to the engine.
 *
 * Each evaluation counts as one step and one epoch, is recorded as both, and there are at most spec.epochs;
 * the last is spent on the best point of all, so that the last values describe the result. The methods are
 * Luksan's (NLopt's LD_TNEWTON_PRECOND and LD_LBFGS), which draw no random numbers. NLopt does not expose
 * what it has learnt of the curvature, so a search that is stopped starts again from the beginning. */
#ifndef ENGINE_FULL_BATCH_H
#define ENGINE_FULL_BATCH_H

#include "engine/trainer.h"

/* Train t for at least one epoch with its full-batch optimiser, up to what is recorded at the end.
 * STATUS_INTERNAL when NLopt cannot allocate memory. */
status full_batch_train(trainer *t, error_info *error);

#endif
