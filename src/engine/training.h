/* A planned specification with its model. Private to the engine. */
#ifndef ENGINE_TRAINING_H
#define ENGINE_TRAINING_H

#include "engine/trainer.h"

struct training {
    training_plan plan;
    trainer trainer;
};

#endif
