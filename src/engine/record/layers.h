/* The norm of the last step's gradient, which no checkpoint keeps. Private to the records. */
#ifndef ENGINE_RECORD_LAYERS_H
#define ENGINE_RECORD_LAYERS_H

#include "engine/trainer.h"

/* The norm, from then on kept in t->progress. */
double record_gradient_norm_now(trainer *t);

/* Keep it where it is recorded, before the model's gradients become others. */
void record_settle_gradient_norm(trainer *t);

#endif
