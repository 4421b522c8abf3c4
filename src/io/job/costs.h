/* What training will cost: counted from the specification, or measured on this machine. */
#ifndef IO_JOB_COSTS_H
#define IO_JOB_COSTS_H

#include "base/status.h"
#include "engine/engine.h"
#include "io/job/job.h"

/* Predict the FLOPs of every cell: costs (cells). The run axis does not change them. */
status job_predict_costs(const job *j, const dataset *data, double *costs, error_info *error);

/* Time `steps` training steps of `spec` on generated images of the shape and classes of `described`. */
status job_time_steps(const training_spec *spec, const dataset *described, int steps, engine_times *times,
                      error_info *error);

#endif
