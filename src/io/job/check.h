/* What the engine's faults are called in a job file. */
#ifndef IO_JOB_CHECK_H
#define IO_JOB_CHECK_H

#include "engine/engine.h"

enum { FAULT_KEY_SIZE = 128 };

/* The key that a fault is about: "optimizer.weight_decay", "model.layers[2]"; "" for FAULT_NONE. */
void job_fault_key(fault f, char key[FAULT_KEY_SIZE]);

#endif
