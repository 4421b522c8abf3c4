/* A specification that was planned, with the model that was built for it. Private to the engine. */
#ifndef ENGINE_TRAINING_H
#define ENGINE_TRAINING_H

#include "engine/trainer.h"

struct training {
    training_plan plan;
    trainer trainer;
};

#endif
